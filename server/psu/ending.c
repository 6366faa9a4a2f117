#include "psu/ending.h"

/* Consent journey 8. The texts are machine values: exactly these. */
static const struct ending_row rows[ENDINGS] = {
    [ENDING_NOT_AUTHENTICATED] = {ENDING_NO_PATCH, "access_denied", "user_failed_to_authenticate",
                                  "tries"},
    [ENDING_DENIED] = {ENDING_NO_PATCH, "access_denied", "user_failed_to_authenticate", "denied"},
    [ENDING_TIMED_OUT] = {ENDING_NO_PATCH, "access_denied", "user_failed_to_authenticate",
                          "expired"},
    [ENDING_LEFT] = {ENDING_NO_PATCH, "access_denied", "user_failed_to_authenticate", NULL},
    [ENDING_BLOCKED] = {ENDING_NO_PATCH, "access_denied", "user_account_blocked", "blocked"},
    [ENDING_NOT_OWNER] = {ENDING_NO_PATCH, "access_denied", "user_failed_to_authenticate",
                          "not-owner"},
    [ENDING_CONSENT_CLOSED] = {ENDING_NO_PATCH, "access_denied", "session_expired", "closed"},
    [ENDING_FAILED_EARLY] = {ENDING_NO_PATCH, "server_error", "lfi_internal_error", "failed"},
    [ENDING_BUSY_EARLY] = {ENDING_NO_PATCH, "temporarily_unavailable",
                           "lfi_temporarily_unavailable", "busy"},
    [ENDING_HUB_EARLY] = {ENDING_NO_PATCH, "server_error", "api_hub_communication_error", "hub"},
    [ENDING_CANCELLED] = {ENDING_PATCH, "access_denied", "user_rejected_consent", NULL},
    [ENDING_NO_ACCOUNTS] = {ENDING_PATCH, "invalid_request", "user_lacks_eligible_accounts",
                            "no-accounts"},
    [ENDING_NO_POLICIES] = {ENDING_PATCH, "invalid_request", "user_lacks_eligible_policies",
                            "no-policies"},
    [ENDING_NO_FILE] = {ENDING_PATCH, "server_error", "lfi_internal_error", "no-file"},
    [ENDING_NOT_DEBTOR] = {ENDING_PATCH, "invalid_request", "user_does_not_own_debtor_account",
                           "not-debtor"},
    [ENDING_NOT_SUPPORTED] = {ENDING_PATCH, "access_denied", "consent_not_supported",
                              "not-supported"},
    [ENDING_STEP_UP] = {ENDING_PATCH, "access_denied", "user_failed_step_up_authentication",
                        "step-up"},
    [ENDING_QUOTE] = {ENDING_PATCH, "access_denied", "session_expired", "quote"},
    [ENDING_EXPIRED] = {ENDING_PATCH, "access_denied", "session_expired", "expired"},
    [ENDING_FAILED] = {ENDING_PATCH, "server_error", "lfi_internal_error", "failed"},
    [ENDING_BUSY] = {ENDING_PATCH, "temporarily_unavailable", "lfi_temporarily_unavailable",
                     "busy"},
    [ENDING_HUB] = {ENDING_PATCH_TRIED, "server_error", "api_hub_communication_error", "hub"},
};

const struct ending_row *ending_row(enum ending ending)
{
    return &rows[ending];
}

/* --- what depends on the stage ---------------------------------------------------------------- */

/* Whether the customer is known: before, the consent must not be tied to a customer. */
static bool is_known(enum session_stage stage)
{
    return stage == SESSION_REVIEW || stage == SESSION_STEP_UP;
}

enum ending ending_of_hub(enum session_stage stage)
{
    return is_known(stage) ? ENDING_HUB : ENDING_HUB_EARLY;
}

enum ending ending_of_core(enum session_stage stage, int core_status)
{
    if (core_status == LFI_UNAVAILABLE) {
        return is_known(stage) ? ENDING_BUSY : ENDING_BUSY_EARLY;
    }
    return is_known(stage) ? ENDING_FAILED : ENDING_FAILED_EARLY;
}

enum ending ending_of_leaving(enum session_stage stage)
{
    return is_known(stage) ? ENDING_CANCELLED : ENDING_LEFT;
}

enum ending ending_of_time(enum session_stage stage)
{
    return is_known(stage) ? ENDING_EXPIRED : ENDING_TIMED_OUT;
}
