#include "flow/outcome.h"

/* What a kind of call makes of the core's statuses. One that is left out is the core's fault. */
struct outcomes {
    struct outcome failed, unavailable, unknown;
    struct outcome denied; /* LFI_BLOCKED too */
    struct outcome in_doubt;
};

#define CORE_FAILS                                                                                 \
    .failed = {"CORE-FAILED", 500, "GenericError", "The bank could not answer."},                  \
    .unavailable = {"CORE-UNAVAILABLE", 500, "GenericRecoverableError",                            \
                    "The bank cannot answer at the moment."}
#define NOT_HELD                                                                                   \
    {                                                                                              \
        "ACCOUNT-NOT-HELD", 403, "Consent.PermanentAccountAccessFailure",                          \
            "The account is permanently inaccessible."                                             \
    }
#define POLICY_NOT_HELD                                                                            \
    {                                                                                              \
        "POLICY-NOT-HELD", 403, "Consent.PermanentPolicyAccessFailure",                            \
            "The policy is permanently inaccessible."                                              \
    }
#define LEVER(unknown_text)                                                                        \
    {                                                                                              \
        .failed = {"LEVER-FAILED", 500, "GenericError", "The core could not do it."},              \
        .unavailable = {"LEVER-UNAVAILABLE", 503, "GenericError",                                  \
                        "The core cannot do it at the moment."},                                   \
        .unknown = {"LEVER-UNKNOWN", 404, "GenericError", unknown_text},                           \
        .denied = {"LEVER-DENIED", 409, "GenericError", "The core does not allow it."},            \
    }

/*
 * An account that cannot be reached is a matter of that account (403, which may be tried again),
 * not a failure of the bank. (Request headers and errors 2.2.)
 */
static const struct outcomes kinds[OUTCOME_KINDS] = {
    [OUTCOME_BANK] = {CORE_FAILS},
    [OUTCOME_USER] = {CORE_FAILS, .unknown = {"PSU-UNKNOWN", 400, "Consent.InvalidUserIdentifier",
                                              "The PSU identifier is invalid."}},
    [OUTCOME_ACCOUNT] = {.failed = {"CORE-FAILED", 500, "GenericError",
                                    "The bank could not answer."},
                         .unavailable = {"ACCOUNT-UNREACHABLE", 403,
                                         "Consent.TransientAccountAccessFailure",
                                         "The account cannot be reached at the moment."},
                         .unknown = NOT_HELD},
    /* The Hub is told the same of the server's state as of the core. */
    [OUTCOME_STATE] = {.failed = {"STATE-FAILED", 500, "GenericError",
                                  "The bank could not answer."},
                       .unavailable = {"STATE-UNAVAILABLE", 500, "GenericRecoverableError",
                                       "The bank cannot answer at the moment."}},
    [OUTCOME_PAYMENT] = {CORE_FAILS, .unknown = {"PAYMENT-UNKNOWN", 404, "Resource.NotFound",
                                                 "There is no such payment."}},
    [OUTCOME_ORDER] = {CORE_FAILS, .unknown = NOT_HELD,
                       .in_doubt = {"PAYMENT-IN-DOUBT", 500, "GenericRecoverableError",
                                    "The bank cannot tell yet whether the payment was made: repeat "
                                    "it with the same key."}},
    [OUTCOME_POLICY] = {.failed = {"CORE-FAILED", 500, "GenericError",
                                   "The bank could not answer."},
                        .unavailable = {"POLICY-UNREACHABLE", 403,
                                        "Consent.TransientAccountAccessFailure",
                                        "The policy cannot be reached at the moment."},
                        .unknown = POLICY_NOT_HELD},
    [OUTCOME_OPENING] = {CORE_FAILS, .unknown = {"OPENING-UNKNOWN", 404, "Resource.NotFound",
                                                 "No such account was asked for."}},
    [OUTCOME_QUOTE] = {CORE_FAILS,
                       .unknown = {"FX-QUOTE-UNKNOWN", 404, "Resource.NotFound",
                                   "There is no such quote."},
                       .denied = {"FX-QUOTE-ENDED", 409, "GenericError",
                                  "The quote cannot be accepted any more."}},
    [OUTCOME_INSURANCE_QUOTE] = {CORE_FAILS,
                                 .unknown = {"QUOTE-UNKNOWN", 404, "Resource.NotFound",
                                             "There is no such quote."},
                                 .denied = {"QUOTE-STATE", 409, "Quote.InvalidState",
                                            "The quote does not permit this now."}},
    [OUTCOME_LEVER] = LEVER("There is no such account."),
    [OUTCOME_CREDIT] = LEVER("There is no such account that could receive payments."),
    [OUTCOME_MOVE] = LEVER("There is no such payment."),
    [OUTCOME_TASK] = LEVER("There is no such parked task."),
};

static const struct outcome *find(const struct outcomes *kind, int core_status)
{
    switch (core_status) {
    case LFI_UNKNOWN:
        return &kind->unknown;
    case LFI_DENIED:
    case LFI_BLOCKED:
        return &kind->denied;
    case LFI_UNAVAILABLE:
        return &kind->unavailable;
    case LFI_IN_DOUBT:
        return &kind->in_doubt;
    default:
        return &kind->failed;
    }
}

const struct outcome *outcome_find(enum outcome_about about, int core_status)
{
    static const struct outcome good;
    if (core_status == LFI_OK) {
        return &good;
    }
    const struct outcome *found = find(&kinds[about], core_status);
    return found->id ? found : &kinds[about].failed;
}
