#include "payments/proof.h"

#include "base/array.h"
#include "base/datetime.h"

static int refuse(struct refusal *refusal, const char *id, const char *message)
{
    return refusal_set(refusal, id, 400, "Consent.FailsControlParameters", message);
}

/* The schema knows the types; one must be there beside IsUsed. */
static int count_factors(const cJSON *authentication)
{
    static const char *const factors[] = {"PossessionFactor", "KnowledgeFactor", "InherenceFactor"};
    int count = 0;
    for (size_t i = 0; i < ARRAY_LEN(factors); i++) {
        const cJSON *factor = json_get(authentication, factors[i]);
        count += json_get_bool(factor, "IsUsed", false) && json_get_string(factor, "Type").len > 0;
    }
    return count;
}

static int check_time(const cJSON *authentication, const struct payment_rules *rules,
                      struct proof_times times, struct refusal *refusal)
{
    struct datetime challenge;
    const int64_t age_us = INT64_C(1000000) * rules->proof_age_s;
    const int64_t skew_us = INT64_C(1000000) * rules->proof_skew_s;
    if (!datetime_parse(json_get_string(authentication, "ChallengeDateTime"), &challenge)) {
        return refuse(refusal, "PAYMENT-PROOF-TIME", "ChallengeDateTime must be there.");
    }
    int64_t at_us = datetime_utc_us(&challenge);
    if (at_us < times.now_us - age_us || at_us > times.now_us + skew_us) {
        return refuse(refusal, "PAYMENT-PROOF-TIME", "ChallengeDateTime must be recent.");
    }
    if (times.auth_us < at_us - age_us || times.auth_us > at_us + age_us) {
        return refuse(refusal, "PAYMENT-PROOF-DATE",
                      "ChallengeDateTime and x-fapi-auth-date are too far apart.");
    }
    return 0;
}

int proof_check(const cJSON *pii, const struct payment_rules *rules, struct proof_times times,
                struct refusal *refusal)
{
    const cJSON *debtor = json_get(json_get(pii, "Risk"), "DebtorIndicators");
    const cJSON *authentication = json_get(debtor, "Authentication");
    if (!authentication) {
        return refusal_set(refusal, "PAYMENT-PROOF-ABSENT", 400, "Body.InvalidFormat",
                           "Risk.DebtorIndicators.Authentication must be there.");
    }
    if (!slice_equal_text(json_get_string(authentication, "ChallengeOutcome"), "Pass")) {
        return refuse(refusal, "PAYMENT-PROOF-OUTCOME", "ChallengeOutcome must be Pass.");
    }
    if (!slice_equal_text(json_get_string(authentication, "AuthenticationFlow"), "MFA")) {
        return refuse(refusal, "PAYMENT-PROOF-FLOW", "AuthenticationFlow must be MFA.");
    }
    if (count_factors(authentication) < 2) {
        return refuse(refusal, "PAYMENT-PROOF-FACTORS",
                      "Two factors must have been used, each with its Type.");
    }
    return check_time(authentication, rules, times, refusal);
}
