#include "switches.h"

#include "base/array.h"

#define WORDS_MAX 3

enum form { NUMBER, YES_NO, WORD };

static const struct {
    const char *name;
    enum form form;
    int tolerant, strict;
    const char *words[WORDS_MAX];
} table[] = {
    [SWITCH_PAR_STATUS] = {"parStatus", NUMBER, 201, 201, {NULL}},
    [SWITCH_REQUEST_OBJECT_ERROR] = {"requestObjectError",
                                     WORD,
                                     REQUEST_OBJECT_ERROR_OWN,
                                     REQUEST_OBJECT_ERROR_OWN,
                                     {"invalid_request_object", "invalid_request"}},
    [SWITCH_CODE_LIFE] = {"codeLife", NUMBER, 60, 60, {NULL}},
    [SWITCH_REQUEST_URI_LIFE] = {"requestUriLife", NUMBER, 90, 90, {NULL}},
    [SWITCH_REFRESH_ROTATION] = {"refreshRotation", YES_NO, 0, 0, {NULL}},
    [SWITCH_REPLAY_SCOPE] =
        {"replayScope", WORD, REPLAY_ENDPOINT, REPLAY_GLOBAL, {"endpoint", "global", "off"}},
    [SWITCH_SKEW] = {"skew", NUMBER, 10, 10, {NULL}},
    [SWITCH_ASSERTION_LIFE] = {"assertionLife", NUMBER, 300, 300, {NULL}},
    [SWITCH_REQUIRE_IAT] = {"requireIat", YES_NO, 0, 1, {NULL}},
    [SWITCH_STRICT_CLAIMS] = {"strictClaims", YES_NO, 0, 1, {NULL}},
    [SWITCH_INTERACTION_ID_REQUIRED] = {"interactionIdRequired", YES_NO, 0, 1, {NULL}},
    [SWITCH_CONSENT_READ_TOKEN] =
        {"consentReadToken", WORD, CONSENT_READ_BOTH, CONSENT_READ_CLIENT, {"both", "client"}},
    [SWITCH_PATCH_JSON] = {"patchJson", YES_NO, 1, 0, {NULL}},
    [SWITCH_PATCH_TERMINAL] =
        {"patchTerminal", WORD, PATCH_TERMINAL_ACCEPT, PATCH_TERMINAL_REFUSE, {"accept", "refuse"}},
    [SWITCH_IDEMPOTENCY_MISMATCH] = {"idempotencyMismatch",
                                     WORD,
                                     IDEMPOTENCY_STORED,
                                     IDEMPOTENCY_CONFLICT,
                                     {"stored", "conflict"}},
    [SWITCH_SHORT_PATHS] = {"shortPaths", YES_NO, 1, 0, {NULL}},
    [SWITCH_UTILITIES] = {"utilities", YES_NO, 0, 0, {NULL}},
    [SWITCH_WEBHOOK_RETRIES] = {"webhookRetries", NUMBER, 3, 3, {NULL}},
    [SWITCH_ACCESS_TOKEN_FORM] =
        {"accessTokenForm", WORD, TOKEN_OPAQUE, TOKEN_OPAQUE, {"opaque", "jwt"}},
    [SWITCH_WWW_AUTHENTICATE] = {"wwwAuthenticate", YES_NO, 0, 1, {NULL}},
};
_Static_assert(ARRAY_LEN(table) == SWITCH_COUNT, "a row for each");

void switches_init(struct switches *switches)
{
    for (size_t i = 0; i < SWITCH_COUNT; i++) {
        switches->values[i] = table[i].tolerant;
    }
}

static int place_of(const char *const *words, struct lfi_slice word)
{
    int place = 0;
    while (place + 1 < WORDS_MAX && words[place + 1] && !slice_equal_text(word, words[place])) {
        place++;
    }
    return place;
}

static void apply(struct switches *switches, enum hub_switch which, const cJSON *value)
{
    if (cJSON_IsNumber(value)) {
        switches->values[which] = value->valueint;
    } else if (cJSON_IsBool(value)) {
        switches->values[which] = cJSON_IsTrue(value);
    } else if (cJSON_IsString(value)) {
        switches->values[which] = place_of(table[which].words, slice_of(value->valuestring));
    }
}

void switches_apply(struct switches *switches, const cJSON *changes)
{
    struct lfi_slice profile = json_get_string(changes, "profile");
    for (size_t i = 0; i < SWITCH_COUNT; i++) {
        if (profile.ptr) {
            switches->values[i] =
                slice_equal_text(profile, "strict") ? table[i].strict : table[i].tolerant;
        }
        apply(switches, (enum hub_switch)i, json_get(changes, table[i].name));
    }
}

int switches_get(const struct switches *switches, enum hub_switch which)
{
    return switches->values[which];
}

cJSON *switches_describe(const struct switches *switches)
{
    cJSON *all = cJSON_CreateObject();
    for (size_t i = 0; i < SWITCH_COUNT; i++) {
        int value = switches->values[i];
        if (table[i].form == NUMBER) {
            cJSON_AddNumberToObject(all, table[i].name, value);
        } else if (table[i].form == YES_NO) {
            cJSON_AddBoolToObject(all, table[i].name, value);
        } else {
            cJSON_AddStringToObject(all, table[i].name, table[i].words[value]);
        }
    }
    return all;
}
