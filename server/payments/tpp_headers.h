/*
 * The TPP's own headers, which reach the bank inside the body of POST /payments, as the object
 * requestHeaders; their names in any case. (Payments 2.1, 3.1.)
 */
#ifndef PAYMENTS_TPP_HEADERS_H
#define PAYMENTS_TPP_HEADERS_H

#include "base/json.h"

/* How a header is there. */
enum tpp_header { TPP_HEADER_ABSENT, TPP_HEADER_THERE, TPP_HEADER_AMBIGUOUS /* or not a text */ };

enum tpp_header tpp_header_find(const cJSON *headers, const char *name, struct lfi_slice *value);
/* IPv4 or IPv6, without port or zone. */
bool tpp_header_is_address(struct lfi_slice text);
/*
 * "Sun, 06 Nov 1994 08:49:37 GMT", or UTC. The day of the week is not compared with the date: the
 * official examples have it wrong.
 */
bool tpp_header_read_date(struct lfi_slice text, int64_t *utc_us);

#endif
