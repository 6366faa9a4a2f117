/*
 * The Hub's payments: its own checks of what a TPP asks for, its log of what the bank made, and
 * what the bank may tell of them. Called under the store's lock where a struct consent is passed.
 */
#ifndef HUB_SIM_PAYMENTS_H
#define HUB_SIM_PAYMENTS_H

#include "http/refusal.h"
#include "sim.h"
#include "store.h"

#define PAYMENTS_MAX 500    /* of a consent; the Hub has no such limit */
#define PAYMENTS_PATCHES 20 /* kept of a payment */

/*
 * Whether the consent's controls allow a payment of this amount, "100.00", now. Refusals, 403:
 * SIM-CONSENT-STATE, SIM-PAYMENT-USED, -AMOUNT, -DATE, -PERIOD, -COUNT, -VALUE; SIM-CONSENT-KIND.
 */
int payments_check(const struct sim *sim, struct consent *consent, struct lfi_slice amount,
                   struct refusal *refusal);

/* What the bank answered 201 to. */
struct payment_made {
    const cJSON *request; /* the body sent to the bank */
    const cJSON *data;    /* of the bank's answer */
    const char *idempotency_key, *interaction_id;
};
/* Notes it in the log; a consent to one payment is consumed by it. */
void payments_add(const struct sim *sim, struct consent *consent, const struct payment_made *made);

/* NULL: there is none. */
cJSON *payments_find(const struct consent *consent, struct lfi_slice payment_id);
cJSON *payments_find_key(const struct consent *consent, struct lfi_slice idempotency_key);
/* Whose payment it is; NULL: nobody's. */
struct consent *payments_consent_of(struct store *store, const struct sim_hub *hub,
                                    struct lfi_slice payment_id);

/*
 * The bank's patch of a payment, a body that obeys the contract. Refused: PAYMENT-FORM (not of the
 * Hub's version), PAYMENT-MOVE, PAYMENT-REASON, PAYMENT-TRANSACTION. Odd but lawful, a finding:
 * PAYMENT-AGAIN, what was told already; PAYMENT-PENDING.
 */
int payments_patch(const struct sim *sim, struct consent *consent, cJSON *payment,
                   struct lfi_slice body, struct refusal *refusal);
/* As GET /payment-log shows it; the caller frees it. */
cJSON *payments_show(const cJSON *payment);

#endif
