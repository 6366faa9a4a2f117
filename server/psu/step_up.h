/*
 * Confirming a decision once more, in the app or by a passkey, and only that decision. Internal to
 * this room.
 */
#ifndef PSU_STEP_UP_H
#define PSU_STEP_UP_H

#include "psu/payment_terms.h"
#include "psu/steps.h"

/* Digest of a decision: of this session, the choice (JSON) and these payments. */
struct lfi_slice step_up_digest(struct actor actor, struct lfi_slice choice,
                                const struct payment_terms *payment);
/* Keeps the choice and has it confirmed; answers. `accounts`: how many it is about. */
void step_up_ask(struct context *context, struct lfi_slice choice, const struct consent *consent,
                 const struct payment_terms *payment, int count);

/* The choice that the session's digest is of, as claim_find. */
int step_up_find(struct actor actor, struct lfi_slice *choice, struct lfi_error *error);

#endif
