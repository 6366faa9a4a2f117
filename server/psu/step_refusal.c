#include "psu/step_refusal.h"

#include "base/array.h"

#include <lfi/base.h>

#define CORE_UNAVAILABLE                                                                           \
    {                                                                                              \
        .id = "CORE-UNAVAILABLE", .status = 503                                                    \
    }
#define STATE_UNAVAILABLE                                                                          \
    {                                                                                              \
        .id = "STATE-UNAVAILABLE", .status = 503                                                   \
    }

static const struct rule {
    enum step_subject subject;
    int status; /* of core or state */
    struct step_refusal refusal;
} rules[] = {
    {STEP_APP, LFI_UNKNOWN, {.id = "APP-UNKNOWN", .status = 404}},
    {STEP_APP, LFI_DENIED, {.id = "APP-DECIDED", .status = 409}},
    {STEP_PASSKEY, LFI_UNKNOWN, {.id = "PASSKEY-UNKNOWN", .status = 404}},
    {STEP_PASSKEY, LFI_DENIED, {.id = "PASSKEY-LIMIT", .status = 409}},
    {STEP_EXTENSION, LFI_UNKNOWN, {.id = "SESSION-LONGEST", .status = 409}}, /* it is over */
    {STEP_EXTENSION, LFI_DENIED, {.id = "SESSION-LONGEST", .status = 409}},
    {STEP_REVOCATION, LFI_DENIED, {.id = "REVOCATION-LIMIT", .status = 429}},
};

/* Of every other status. */
static const struct step_refusal others[STEP_SUBJECTS] = {
    [STEP_CORE] = CORE_UNAVAILABLE,       [STEP_STATE] = STATE_UNAVAILABLE,
    [STEP_APP] = CORE_UNAVAILABLE,        [STEP_PASSKEY] = {.id = NULL},
    [STEP_EXTENSION] = STATE_UNAVAILABLE, [STEP_REVOCATION] = STATE_UNAVAILABLE,
};

struct step_refusal step_refusal_of(enum step_subject subject, int status,
                                    const struct lfi_error *error)
{
    struct step_refusal refusal = others[subject];
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        if (rules[i].subject == subject && rules[i].status == status) {
            refusal = rules[i].refusal;
        }
    }
    refusal.detail = error->message[0] ? error->message : NULL;
    return refusal;
}
