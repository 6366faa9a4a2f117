/*
 * What the Hubs may do either way, since the sources of the standard differ or say nothing: a table
 * with what each switch is for clients (tolerant) and for tests of the standard (strict). Set by
 * the configuration, and by a script while the simulator runs. Names and values are those of the
 * schema openapi/components/switches.yaml, which explains them. Any thread.
 */
#ifndef HUB_SIM_SWITCHES_H
#define HUB_SIM_SWITCHES_H

#include "base/json.h"

enum hub_switch {
    SWITCH_PAR_STATUS,
    SWITCH_REQUEST_OBJECT_ERROR,
    SWITCH_CODE_LIFE,
    SWITCH_REQUEST_URI_LIFE,
    SWITCH_REFRESH_ROTATION,
    SWITCH_REPLAY_SCOPE,
    SWITCH_SKEW,
    SWITCH_ASSERTION_LIFE,
    SWITCH_REQUIRE_IAT,
    SWITCH_STRICT_CLAIMS,
    SWITCH_INTERACTION_ID_REQUIRED,
    SWITCH_CONSENT_READ_TOKEN,
    SWITCH_PATCH_JSON,
    SWITCH_PATCH_TERMINAL,
    SWITCH_IDEMPOTENCY_MISMATCH,
    SWITCH_SHORT_PATHS,
    SWITCH_UTILITIES,
    SWITCH_WEBHOOK_RETRIES,
    SWITCH_ACCESS_TOKEN_FORM,
    SWITCH_WWW_AUTHENTICATE,
    SWITCH_COUNT
};

/* The values of those that are texts. */
enum { REQUEST_OBJECT_ERROR_OWN, REQUEST_OBJECT_ERROR_REQUEST };
enum { REPLAY_ENDPOINT, REPLAY_GLOBAL, REPLAY_OFF };
enum { CONSENT_READ_BOTH, CONSENT_READ_CLIENT };
enum { PATCH_TERMINAL_ACCEPT, PATCH_TERMINAL_REFUSE };
enum { IDEMPOTENCY_STORED, IDEMPOTENCY_CONFLICT };
enum { TOKEN_OPAQUE, TOKEN_JWT };

struct switches {
    _Atomic int values[SWITCH_COUNT];
};

/* As the profile "tolerant" has them. */
void switches_init(struct switches *switches);
/*
 * Changes those that `changes` names, an object that obeys the schema; a profile in it comes first,
 * and sets all.
 */
void switches_apply(struct switches *switches, const cJSON *changes);
/* A number, a bool as 0 or 1, or the place of a text among its values. */
int switches_get(const struct switches *switches, enum hub_switch which);
/* All by name, but for the profile; the caller frees it. */
cJSON *switches_describe(const struct switches *switches);

#endif
