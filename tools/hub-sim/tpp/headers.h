/* What the bank is told of the headers of a TPP's request. */
#ifndef HUB_SIM_TPP_HEADERS_H
#define HUB_SIM_TPP_HEADERS_H

#include "tpp/call.h"

/* Its x-* headers by their names in small letters; the caller frees it. */
cJSON *headers_describe(const struct tpp_call *call);

#endif
