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

#define PAYMENTS_KEY_LIFE_S (24 * 3600) /* of an idempotency key */

/*
 * Whether the consent allows a payment now; `data` is request.Data, of the contract's shape.
 * Refusals, 400 with the code that the TPP hears: SIM-CONSENT-KIND, SIM-CONSENT-STATE and
 * SIM-PAYMENT-CONSENT (Consent.Invalid), SIM-PAYMENT-PURPOSE (Body.InvalidFormat),
 * SIM-PAYMENT-USED (Consent.BusinessRuleViolation), SIM-PAYMENT-CURRENCY, -TERMS, -AMOUNT, -DATE,
 * -COUNT and -VALUE (Consent.FailsControlParameters).
 */
int payments_check(const struct sim *sim, struct consent *consent, const cJSON *data,
                   struct refusal *refusal);

/* --- idempotency ------------------------------------------------------------------------------ */

/*
 * What was made with the key under the consent in the last 24 hours; NULL: nothing. With the switch
 * idempotencyMismatch at conflict refused when it was another payment, whatever its personal data:
 * SIM-KEY-OTHER, 409 GenericError.
 */
int payments_find_key(const struct sim *sim, const struct consent *consent,
                      struct lfi_slice idempotency_key, const cJSON *data, const cJSON **out,
                      struct refusal *refusal);
/* Whether the bank is being asked with this key. */
bool payments_is_reserved(const struct consent *consent, struct lfi_slice idempotency_key);
/* The payment counts from now on, until it is added or released. */
void payments_reserve(struct consent *consent, struct lfi_slice idempotency_key, const cJSON *data);
void payments_release(struct consent *consent, struct lfi_slice idempotency_key);

/* --- the log ---------------------------------------------------------------------------------- */

/* What the bank answered 201 to. */
struct payment_made {
    const cJSON *request; /* the body sent to the bank */
    const cJSON *data;    /* of the bank's answer */
    struct lfi_slice idempotency_key;
    const char *interaction_id;
};
/*
 * Notes it in the log in place of its reservation, and what of the consent it consumes. A repeat of
 * the bank's changes nothing.
 */
void payments_add(const struct sim *sim, struct consent *consent, const struct payment_made *made);

/* NULL: there is none. */
cJSON *payments_find(const struct consent *consent, struct lfi_slice payment_id);
/* Whose payment it is; NULL: nobody's. */
struct consent *payments_consent_of(struct store *store, const struct sim_hub *hub,
                                    struct lfi_slice payment_id);

/* What the bank tells of it by now, in the form of its answer; the caller frees it. */
cJSON *payments_told(const cJSON *payment);

/* Shows what the payments use of the consent, and ends it when nothing is left. */
void payments_update_consent(const struct sim *sim, struct consent *consent);

/*
 * The bank's patch of a payment, a body that obeys the contract. Refused: PAYMENT-FORM (not of the
 * Hub's version), PAYMENT-RAIL, PAYMENT-REASON, PAYMENT-TRANSACTION, PAYMENT-MOVE. Odd but lawful,
 * a finding: PAYMENT-PENDING, PAYMENT-TRANSACTION-MISSING, PAYMENT-REASONS-LOST,
 * PAYMENT-REASON-CODE, PAYMENT-BILLING. What says the same as the one before is taken once.
 */
int payments_patch(const struct sim *sim, struct consent *consent, cJSON *payment,
                   struct lfi_slice body, struct refusal *refusal);
/* As GET /payment-log shows it; the caller frees it. */
cJSON *payments_show(const cJSON *payment);

#endif
