/*
 * What the TPP app keeps of the consents that it asks for: state, PKCE verifier and tokens of each,
 * the last payment, and what went over the wire. The newest FLOWS_MAX. A browser gets at its own
 * alone, by the value of its cookie. They outlive the simulator where its state does:
 * FOLDER/app.jsonl, which has secrets and is readable by its owner only.
 */
#ifndef HUB_SIM_TPP_APP_FLOWS_H
#define HUB_SIM_TPP_APP_FLOWS_H

#include "tpp_app/flow.h"

#define FLOWS_MAX 128
#define FLOW_NOTES 80 /* exchanges that are kept of a flow: the first half and the newest */

struct flows;

/* With what the folder of the configuration keeps, if any; after store_keep. Any thread may use it.
 */
int flows_open(struct flows **out, const struct sim *sim, struct lfi_error *error);
void flows_close(struct flows *flows); /* NULL is fine */

/* Takes the place of the oldest when there are FLOWS_MAX. -1: memory is short. */
int flows_add(struct flows *flows, const struct flow *flow);
/* Whether the value of a cookie is of a browser that has a flow. */
bool flows_know(struct flows *flows, struct lfi_slice browser);
/* The browser's flow with this state or consent id, copied. */
bool flows_find(struct flows *flows, struct lfi_slice browser, struct lfi_slice id,
                struct flow *out);
/* The browser's flows, newest first, one by one; `take` may not call these functions. */
void flows_each(struct flows *flows, struct lfi_slice browser,
                void (*take)(void *ctx, const struct flow *flow), void *ctx);
/* Keeps what was changed in the copy, if the flow is still there. */
void flows_update(struct flows *flows, const struct flow *flow);
/* True for the first caller only: a code is redeemed once. */
bool flows_begin_arrival(struct flows *flows, const char *state);
/*
 * The payment that was last begun, for a repeat of it: `key` is its idempotency key. The message
 * is written down before it is sent; the copy that is found is the caller's, NULL: the last one had
 * another key.
 */
void flows_keep_payment(struct flows *flows, const struct flow *flow, const char *key,
                        const cJSON *message);
cJSON *flows_find_payment(struct flows *flows, const char *state, const char *key);
/* Takes the note over; it gets its number. */
void flows_note(struct flows *flows, const struct flow *flow, cJSON *note);
/* What went over the wire, oldest first; the caller frees it. */
cJSON *flows_wire(struct flows *flows, const char *state);

#endif
