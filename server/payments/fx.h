/*
 * Quotes of currency exchange that a TPP asks for, under no consent: POST /fx-quotes, the quote,
 * its acceptance, and the Hub's log of it. A QuoteReference of a client means one quote, unless
 * that was refused, withdrawn or left to expire. (Other service initiation 5.)
 */
#ifndef PAYMENTS_FX_H
#define PAYMENTS_FX_H

#include "flow/call.h"
#include "payments/push_context.h"

/*
 * `client_id` is the TPP's, of o3-caller-client-id. 204 when the bank does not quote this.
 * Refusals: FX-TRADE-CURRENCY, FX-REMITTANCE 400, FX-REPEATED 409.
 */
int fx_quote(struct call *call, struct lfi_slice client_id);
/* FX-QUOTE-UNKNOWN 404, also of what another client has asked for. */
int fx_find(struct call *call, struct lfi_slice client_id, struct lfi_slice quote_id);
/* 204. FX-QUOTE-UNKNOWN 404, FX-TERMS 400 when it repeats the quote otherwise than it is,
 * FX-QUOTE-ENDED 409. */
int fx_accept(struct call *call, struct lfi_slice client_id, struct lfi_slice quote_id);

#define FX_KIND "fx-quote-status" /* of a task's record */

/* As those of payments (payments/push.h). */
bool fx_read_feed(const struct push *push);
void fx_deliver(const struct push *push, struct hub *hub, struct arena *arena, cJSON *record);

#endif
