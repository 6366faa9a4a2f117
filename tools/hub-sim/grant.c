#include "grant.h"

#include "base/base64.h"

#include <stdio.h>

#define RANDOM_BYTES 32

bool grant_random(char out[GRANT_RANDOM_MAX])
{
    unsigned char bytes[RANDOM_BYTES];
    struct buf text;
    if (!id_random(bytes, sizeof(bytes))) {
        return false;
    }
    buf_init(&text, GRANT_RANDOM_MAX - 1);
    base64_append_url(&text, bytes, sizeof(bytes));
    bool whole = !text.failed;
    (void)snprintf(out, GRANT_RANDOM_MAX, "%.*s", SLICE_ARG(buf_slice(&text)));
    buf_free(&text);
    return whole;
}

int64_t grant_number(const cJSON *grant, const char *name)
{
    int64_t value = 0;
    json_get_int(grant, name, &value);
    return value;
}

void grant_set_number(cJSON *grant, const char *name, int64_t value)
{
    cJSON_DeleteItemFromObjectCaseSensitive(grant, name);
    cJSON_AddNumberToObject(grant, name, (double)value);
}

bool grant_give_code(const struct sim *sim, struct consent *consent, char out[GRANT_RANDOM_MAX])
{
    int64_t now_s = clock_now_s(sim->clock);
    if (!grant_random(out)) {
        return false;
    }
    cJSON_DeleteItemFromObjectCaseSensitive(consent->grant, "code");
    cJSON_DeleteItemFromObjectCaseSensitive(consent->grant, "codeUsed");
    cJSON_AddStringToObject(consent->grant, "code", out);
    grant_set_number(consent->grant, "codeUntil",
                     now_s + switches_get(&sim->switches, SWITCH_CODE_LIFE));
    grant_set_number(consent->grant, "authTime", now_s);
    store_touch(sim->store, consent);
    return true;
}

void grant_void_tokens(const struct sim *sim, struct consent *consent)
{
    grant_set_number(consent->grant, "generation", grant_number(consent->grant, "generation") + 1);
    store_touch(sim->store, consent);
}
