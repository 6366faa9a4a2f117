/* Query strings: writing what request_parameter() reads. */
#ifndef HUB_SIM_QUERY_H
#define HUB_SIM_QUERY_H

#include "base/buf.h"

/* Percent-encodes with lower-case digits, unlike most: a re-encoding on the way shows. */
void query_append_encoded(struct buf *out, struct lfi_slice text);
/* name=value, with '&' before it when there is something already. */
void query_append_pair(struct buf *out, const char *name, struct lfi_slice value);

#endif
