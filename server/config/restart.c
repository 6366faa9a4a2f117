/* Which settings a reload can change; all others need a restart. */
#include "base/array.h"
#include "base/json.h"
#include "config/config.h"

#include <stdio.h>

/* With everything below them. `[]` stands for every item. */
static const char *const reloaded[] = {
    "$.log",
    "$.watchFiles",
    "$.hubListener.certificate",
    "$.hubListener.key",
    "$.hubListener.next",
    "$.hubListener.clientCa",
    "$.hubListener.clientCrl",
    "$.publicListener.url",
    "$.publicListener.proxies",
    "$.publicListener.certificate",
    "$.publicListener.key",
    "$.publicListener.next",
    "$.caller",
    "$.contract",
    "$.hub",
    "$.journey.sessionKey",
    "$.journey.previousSessionKey",
    "$.journey.sessionSeconds",
    "$.journey.maxAttempts",
    "$.journey.stepUp",
    "$.journey.demoApp",
    "$.encryption",
    "$.providers[].callerAuth",
    "$.providers[].callers",
    "$.providers[].authorizePath",
    "$.providers[].heimdall",
    "$.providers[].consentManager",
    "$.providers[].hubAudience",
    "$.providers[].brand",
    "$.providers[].offers.standardVersions",
    "$.providers[].offers.familyVersions",
    "$.providers[].offers.closingVersions",
    "$.providers[].offers.unfitNames",
    "$.providers[].paymentLog",
    "$.providers[].quoteLog",
};

/* A member as messages name it, and as the table above does. */
struct place {
    char path[CONFIG_PATH_MAX];
    char pattern[CONFIG_PATH_MAX];
};

static bool is_reloaded(const struct place *place)
{
    for (size_t i = 0; i < ARRAY_LEN(reloaded); i++) {
        if (strcmp(place->pattern, reloaded[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool holds_reloaded(const struct place *place)
{
    size_t len = strlen(place->pattern);
    for (size_t i = 0; i < ARRAY_LEN(reloaded); i++) {
        if (strncmp(reloaded[i], place->pattern, len) == 0 && reloaded[i][len] == '.') {
            return true;
        }
    }
    return false;
}

static bool differs(const cJSON *old, const cJSON *new, const struct place *place,
                    char out[CONFIG_PATH_MAX]);

static bool member_differs(const cJSON *old, const cJSON *new, const char *name,
                           const struct place *place, char out[CONFIG_PATH_MAX])
{
    struct place inner;
    snprintf(inner.path, sizeof(inner.path), "%.90s.%.30s", place->path, name);
    snprintf(inner.pattern, sizeof(inner.pattern), "%.90s.%.30s", place->pattern, name);
    return differs(json_get(old, name), json_get(new, name), &inner, out);
}

static bool object_differs(const cJSON *old, const cJSON *new, const struct place *place,
                           char out[CONFIG_PATH_MAX])
{
    const cJSON *both[] = {old, new};
    const cJSON *member;

    for (size_t i = 0; i < 2; i++) {
        cJSON_ArrayForEach(member, both[i])
        {
            if (member_differs(old, new, member->string, place, out)) {
                return true;
            }
        }
    }
    return false;
}

static bool list_differs(const cJSON *old, const cJSON *new, const struct place *place,
                         char out[CONFIG_PATH_MAX])
{
    int count = cJSON_GetArraySize(old);

    for (int i = 0; i < count; i++) {
        struct place inner;
        snprintf(inner.path, sizeof(inner.path), "%.110s[%d]", place->path, i);
        snprintf(inner.pattern, sizeof(inner.pattern), "%.110s[]", place->pattern);
        if (differs(cJSON_GetArrayItem(old, i), cJSON_GetArrayItem(new, i), &inner, out)) {
            return true;
        }
    }
    return false;
}

static bool differs(const cJSON *old, const cJSON *new, const struct place *place,
                    char out[CONFIG_PATH_MAX])
{
    if (is_reloaded(place) || (!old && !new) || cJSON_Compare(old, new, true)) {
        return false;
    }
    /* one that comes or goes is looked into where a reload can change a part of it */
    bool part = (!old || !new) && holds_reloaded(place);
    if ((cJSON_IsObject(old) || (!old && part)) && (cJSON_IsObject(new) || (!new &&part))) {
        return object_differs(old, new, place, out);
    }
    if (cJSON_IsArray(old) && cJSON_IsArray(new) &&
        cJSON_GetArraySize(old) == cJSON_GetArraySize(new)) {
        return list_differs(old, new, place, out);
    }
    memcpy(out, place->path, CONFIG_PATH_MAX);
    return true;
}

bool config_needs_restart(const struct config *old, const struct config *new,
                          char out[CONFIG_PATH_MAX])
{
    const struct place root = {"$", "$"};
    cJSON *old_tree = json_parse(old->text);
    cJSON *new_tree = json_parse(new->text);
    bool needs = differs(old_tree, new_tree, &root, out);

    cJSON_Delete(old_tree);
    cJSON_Delete(new_tree);
    return needs;
}
