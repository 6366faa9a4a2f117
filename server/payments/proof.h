/*
 * The proof that a TPP has authenticated the customer itself, which each payment under delegated
 * authentication carries in its PII. (Payment PII 9.1.)
 */
#ifndef PAYMENTS_PROOF_H
#define PAYMENTS_PROOF_H

#include "base/json.h"
#include "http/refusal.h"
#include "provider/payment_rules.h"

/*
 * `pii` is the opened PII; auth_us when the customer was authenticated, as x-fapi-auth-date says.
 * Refusals: PAYMENT-PROOF-ABSENT 400 Body.InvalidFormat; PAYMENT-PROOF-OUTCOME, -FLOW, -FACTORS,
 * -TIME, -DATE 400 Consent.FailsControlParameters.
 */
struct proof_times {
    int64_t auth_us, now_us;
};
int proof_check(const cJSON *pii, const struct payment_rules *rules, struct proof_times times,
                struct refusal *refusal);

#endif
