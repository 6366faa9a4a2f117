/*
 * Quotes of insurance that a TPP asks for, under no consent: the request, the quote, its acceptance
 * and what the TPP has verified, the policy made of it, and the Hub's log. A quote is its client's,
 * under its own sector alone. (Insurance 6 to 8.)
 */
#ifndef PAYMENTS_QUOTES_H
#define PAYMENTS_QUOTES_H

#include "flow/call.h"
#include "payments/push_context.h"

/* `client_id` is the TPP's, of o3-caller-client-id; the sector is the row's. */

/* 201, or 204 when the insurer declines. */
int quotes_request(struct call *call, struct lfi_slice client_id);
/* QUOTE-UNKNOWN 404, also of another client's and of another sector's. */
int quotes_find(struct call *call, struct lfi_slice client_id, struct lfi_slice quote_id);
/*
 * 200 or 204. Refusals: QUOTE-UNKNOWN 404; QUOTE-EXPIRED, QUOTE-STATE 409; QUOTE-TERMS 400 when it
 * repeats the quote otherwise than it is; QUOTE-DOCUMENT, QUOTE-UNVERIFIED 400.
 */
int quotes_update(struct call *call, struct lfi_slice client_id, struct lfi_slice quote_id);
/* 201. QUOTE-UNKNOWN 404, QUOTE-EXPIRED, QUOTE-STATE 409, QUOTE-UNVERIFIED 400. */
int quotes_issue(struct call *call, struct lfi_slice client_id);

#define QUOTES_KIND "quote-status" /* of a task's record */

/* As those of payments (payments/push.h). */
bool quotes_read_feed(const struct push *push);
void quotes_deliver(const struct push *push, struct hub *hub, struct arena *arena, cJSON *record);

#endif
