/* Documents that a TPP hands over with what it has verified of a customer. (Insurance 7.4.) */
#ifndef PAYMENTS_QUOTE_DOCUMENTS_H
#define PAYMENTS_QUOTE_DOCUMENTS_H

#include "base/json.h"
#include "flow/call.h"

/* Each of the array, NULL for none: Base64 of what its type and its hash say, under a plain name.
 * 0, or -1: refused, QUOTE-DOCUMENT 400. */
int quote_documents_check(struct call *call, const cJSON *documents);

#endif
