/*
 * What the standard leaves to the bank at payments: configuration of a provider. Constant.
 * (Payments 2.3, 3.4, 13.1; payment PII 4, 6, 9.1.)
 */
#ifndef PROVIDER_PAYMENT_RULES_H
#define PROVIDER_PAYMENT_RULES_H

#include <stdbool.h>
#include <stdint.h>

struct payment_rules {
    bool any_references;           /* of 1 to 35 characters, as before v2.1.8 */
    bool other_pii_forms;          /* at a payment: that of a consent, or with a nested creditor */
    const char *const *test_ibans; /* whose check digits may be wrong; NULL at the end or: none */
    int64_t proof_age_s, proof_skew_s; /* of the TPP's own authentication of a customer */
    uint32_t key_life_s;               /* for how long an idempotency key means one payment */
    const char *pii_audience;          /* aud of signed PII; NULL: that of encryption.signatures */
};

#endif
