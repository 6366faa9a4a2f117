/*
 * Accounts that customers of a TPP ask for, under no consent: POST /accounts, the status, and the
 * Hub's log of it. A request is the same as one before when the same client names the same quote,
 * or without a quote says the same. (Other service initiation 4.)
 */
#ifndef PAYMENTS_OPENING_H
#define PAYMENTS_OPENING_H

#include "flow/call.h"
#include "payments/push_context.h"

/* `client_id` is the TPP's, of o3-caller-client-id. Refusals: OPENING-REPEATED 409. */
int opening_request(struct call *call, struct lfi_slice client_id);
/* OPENING-UNKNOWN 404, also of what another client has asked for. */
int opening_find(struct call *call, struct lfi_slice client_id, struct lfi_slice account_id);

#define OPENING_KIND "opening-status" /* of a task's record */

/* As those of payments (payments/push.h). */
bool opening_read_feed(const struct push *push);
void opening_deliver(const struct push *push, struct hub *hub, struct arena *arena, cJSON *record);

#endif
