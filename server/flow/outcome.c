#include "flow/outcome.h"

#include <stdbool.h>

#define STATUSES 8 /* enum lfi_status, by its negative */

#define FAILED                                                                                     \
    {                                                                                              \
        "CORE-FAILED", 500, "GenericError", "The bank could not answer."                           \
    }
#define UNAVAILABLE                                                                                \
    {                                                                                              \
        "CORE-UNAVAILABLE", 500, "GenericRecoverableError",                                        \
            "The bank cannot answer at the moment."                                                \
    }
#define NOT_HELD                                                                                   \
    {                                                                                              \
        "ACCOUNT-NOT-HELD", 403, "Consent.PermanentAccountAccessFailure",                          \
            "The account is permanently inaccessible."                                             \
    }

/* The Hub is told the same of the server's state as of the core. */
#define STATE_FAILED                                                                               \
    {                                                                                              \
        "STATE-FAILED", 500, "GenericError", "The bank could not answer."                          \
    }
#define STATE_UNAVAILABLE                                                                          \
    {                                                                                              \
        "STATE-UNAVAILABLE", 500, "GenericRecoverableError",                                       \
            "The bank cannot answer at the moment."                                                \
    }
#define LEVER_DENIED                                                                               \
    {                                                                                              \
        "LEVER-DENIED", 409, "GenericError", "The core does not allow it."                         \
    }
#define LEVER_FAILED                                                                               \
    {                                                                                              \
        "LEVER-FAILED", 500, "GenericError", "The core could not do it."                           \
    }
#define LEVER(unknown)                                                                             \
    {                                                                                              \
        [0] = {0}, [-LFI_UNKNOWN] = {"LEVER-UNKNOWN", 404, "GenericError", unknown},               \
        [-LFI_DENIED] = LEVER_DENIED, [-LFI_BLOCKED] = LEVER_DENIED,                               \
        [-LFI_UNAVAILABLE] = {"LEVER-UNAVAILABLE", 503, "GenericError",                            \
                              "The core cannot do it at the moment."},                             \
        [-LFI_FAILED] = LEVER_FAILED, [-LFI_STOPPED] = LEVER_FAILED,                               \
        [-LFI_IN_DOUBT] = LEVER_FAILED,                                                            \
    }

/*
 * A status that a kind of call cannot have is the core's fault. An account that cannot be reached
 * is a matter of that account (403, which may be tried again), not a failure of the bank. (Request
 * headers and errors 2.2.)
 */
static const struct outcome outcomes[OUTCOME_KINDS][STATUSES] = {
    [OUTCOME_BANK] = {[0] = {0},
                      [-LFI_UNKNOWN] = FAILED,
                      [-LFI_DENIED] = FAILED,
                      [-LFI_BLOCKED] = FAILED,
                      [-LFI_UNAVAILABLE] = UNAVAILABLE,
                      [-LFI_FAILED] = FAILED,
                      [-LFI_STOPPED] = FAILED,
                      [-LFI_IN_DOUBT] = FAILED},
    [OUTCOME_USER] = {[0] = {0},
                      [-LFI_UNKNOWN] = {"PSU-UNKNOWN", 400, "Consent.InvalidUserIdentifier",
                                        "The PSU identifier is invalid."},
                      [-LFI_DENIED] = FAILED,
                      [-LFI_BLOCKED] = FAILED,
                      [-LFI_UNAVAILABLE] = UNAVAILABLE,
                      [-LFI_FAILED] = FAILED,
                      [-LFI_STOPPED] = FAILED,
                      [-LFI_IN_DOUBT] = FAILED},
    [OUTCOME_ACCOUNT] = {[0] = {0},
                         [-LFI_UNKNOWN] = NOT_HELD,
                         [-LFI_DENIED] = FAILED,
                         [-LFI_BLOCKED] = FAILED,
                         [-LFI_UNAVAILABLE] = {"ACCOUNT-UNREACHABLE", 403,
                                               "Consent.TransientAccountAccessFailure",
                                               "The account cannot be reached at the moment."},
                         [-LFI_FAILED] = FAILED,
                         [-LFI_STOPPED] = FAILED,
                         [-LFI_IN_DOUBT] = FAILED},
    [OUTCOME_STATE] = {[0] = {0},
                       [-LFI_UNKNOWN] = STATE_FAILED,
                       [-LFI_DENIED] = STATE_FAILED,
                       [-LFI_BLOCKED] = STATE_FAILED,
                       [-LFI_UNAVAILABLE] = STATE_UNAVAILABLE,
                       [-LFI_FAILED] = STATE_FAILED,
                       [-LFI_STOPPED] = STATE_FAILED,
                       [-LFI_IN_DOUBT] = STATE_FAILED},
    [OUTCOME_PAYMENT] = {[0] = {0},
                         [-LFI_UNKNOWN] = {"PAYMENT-UNKNOWN", 404, "Resource.NotFound",
                                           "There is no such payment."},
                         [-LFI_DENIED] = FAILED,
                         [-LFI_BLOCKED] = FAILED,
                         [-LFI_UNAVAILABLE] = UNAVAILABLE,
                         [-LFI_FAILED] = FAILED,
                         [-LFI_STOPPED] = FAILED,
                         [-LFI_IN_DOUBT] = FAILED},
    [OUTCOME_ORDER] = {[0] = {0},
                       [-LFI_UNKNOWN] = NOT_HELD,
                       [-LFI_DENIED] = FAILED,
                       [-LFI_BLOCKED] = FAILED,
                       [-LFI_UNAVAILABLE] = UNAVAILABLE,
                       [-LFI_FAILED] = FAILED,
                       [-LFI_STOPPED] = FAILED,
                       [-LFI_IN_DOUBT] = {"PAYMENT-IN-DOUBT", 500, "GenericRecoverableError",
                                          "The bank cannot tell yet whether the payment was made: "
                                          "repeat it with the same key."}},
    [OUTCOME_LEVER] = LEVER("There is no such account."),
    [OUTCOME_CREDIT] = LEVER("There is no such account that could receive payments."),
    [OUTCOME_MOVE] = LEVER("There is no such payment."),
    [OUTCOME_TASK] = LEVER("There is no such parked task."),
};

const struct outcome *outcome_find(enum outcome_about about, int core_status)
{
    bool known = core_status <= 0 && core_status > -STATUSES;
    return &outcomes[about][known ? -core_status : -LFI_FAILED];
}
