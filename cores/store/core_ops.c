#include "store/core_ops.h"
#include "store/payments.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int bad_settings(struct lfi_error *error, const char *what)
{
    (void)snprintf(error->message, sizeof(error->message), "core settings: %s", what);
    return LFI_FAILED;
}

/* The first setting that is none, which may be a slip in the name of one. */
static const char *find_unknown(const cJSON *settings)
{
    static const char *const known[] = {"store",          "mapMiB",      "instances",
                                        "passwordRounds", "uaeftsOpens", "uaeftsCloses"};
    const cJSON *one;
    cJSON_ArrayForEach(one, settings)
    {
        size_t i = 0;
        while (i < sizeof(known) / sizeof(known[0]) && strcmp(one->string, known[i]) != 0) {
            i++;
        }
        if (i == sizeof(known) / sizeof(known[0])) {
            return one->string;
        }
    }
    return NULL;
}

static bool read_number(const cJSON *settings, const char *name, uint32_t *out)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(settings, name);
    if (!item) {
        return true;
    }
    if (!cJSON_IsNumber(item) || item->valueint < 1) {
        return false;
    }
    *out = (uint32_t)item->valueint;
    return true;
}

/* Fewer rounds than the default are for demonstrations, whose passwords everybody knows. */
static bool read_rounds(const cJSON *settings, uint32_t *out)
{
    *out = PASSWORD_ROUNDS;
    return read_number(settings, "passwordRounds", out) && *out >= PASSWORD_ROUNDS_MIN &&
           *out <= PASSWORD_ROUNDS_MAX;
}

/* Both or neither; hours of the day in the Gulf. */
static bool read_hours(const cJSON *settings, struct store_options *options)
{
    const cJSON *opens = cJSON_GetObjectItemCaseSensitive(settings, "uaeftsOpens");
    const cJSON *closes = cJSON_GetObjectItemCaseSensitive(settings, "uaeftsCloses");
    if (!opens && !closes) {
        return true;
    }
    if (!cJSON_IsNumber(opens) || !cJSON_IsNumber(closes) || opens->valueint < 0 ||
        opens->valueint >= closes->valueint || closes->valueint > 24) {
        return false;
    }
    options->uaefts_opens = (uint32_t)opens->valueint;
    options->uaefts_closes = (uint32_t)closes->valueint;
    return true;
}

int store_core_open(void **out, const struct lfi_core_config *config, struct lfi_error *error)
{
    int rc = LFI_FAILED;
    char *path = NULL;
    struct store *store = NULL;
    struct store_options options = {.segment = config->segment,
                                    .now_us = config->now_us,
                                    .clock = config->clock,
                                    .threads = config->threads,
                                    .payments = true};
    cJSON *settings = cJSON_Parse(config->settings);
    const cJSON *folder = cJSON_GetObjectItemCaseSensitive(settings, "store");
    const char *unknown = find_unknown(settings);
    if (unknown) {
        (void)store_say(error,
                        "core settings: there is no \"%.60s\": there are store, mapMiB, instances, "
                        "passwordRounds, uaeftsOpens and uaeftsCloses",
                        unknown);
        goto out;
    }
    if (!cJSON_IsString(folder)) {
        rc = bad_settings(error, "\"store\" must name a folder");
        goto out;
    }
    if (!read_number(settings, "mapMiB", &options.map_mib) ||
        !read_number(settings, "instances", &options.instances)) {
        rc = bad_settings(error, "mapMiB and instances are positive numbers");
        goto out;
    }
    if (!read_hours(settings, &options)) {
        rc = bad_settings(error, "uaeftsOpens is an hour from 0 to 23, uaeftsCloses a later one");
        goto out;
    }
    if (!read_rounds(settings, &options.password_rounds)) {
        rc = bad_settings(error, "passwordRounds must be between 10000 and 10000000");
        goto out;
    }
    const char *base = folder->valuestring[0] == '/' ? "" : config->base_dir;
    size_t len = strlen(base) + strlen(folder->valuestring) + 2;
    path = malloc(len);
    if (!path) {
        rc = bad_settings(error, "out of memory");
        goto out;
    }
    (void)snprintf(path, len, "%s%s%s", base, base[0] ? "/" : "", folder->valuestring);
    options.path = path;
    rc = store_open(&store, &options, error);
    if (rc == LFI_OK && (rc = payments_start(store, error)) != LFI_OK) {
        store_close(store);
        store = NULL;
    }
    *out = store;
    if (rc == LFI_OK && options.password_rounds < PASSWORD_ROUNDS) {
        (void)store_say(error, "passwordRounds is %u; passwords that are not public need %d",
                        options.password_rounds, PASSWORD_ROUNDS);
    }
out:
    free(path);
    cJSON_Delete(settings);
    return rc;
}
