/* What a provider whose customers decide at CAAP is configured with: caap. */
#include "base/array.h"
#include "base/json.h"
#include "caller/binding.h"
#include "config/loader.h"

#include <lfi/identity.h>
#include <stdio.h>
#include <string.h>

static const char *const challenges[] = {"always", "unless-verified", "never", NULL};
static const char *const languages[] = {"en", "ar", "both", NULL};

static void read_channels(const cJSON *list, struct caap_rules *out)
{
    static const struct {
        const char *name;
        enum lfi_channel channel;
    } channels[] = {
        {"app", LFI_CHANNEL_APP}, {"sms", LFI_CHANNEL_SMS}, {"email", LFI_CHANNEL_EMAIL}};
    const cJSON *item;
    if (!list) {
        out->channels[out->channel_count++] = LFI_CHANNEL_APP;
    }
    cJSON_ArrayForEach(item, list)
    {
        for (size_t i = 0; i < ARRAY_LEN(channels); i++) {
            if (strcmp(item->valuestring, channels[i].name) == 0) {
                out->channels[out->channel_count++] = channels[i].channel;
            }
        }
    }
}

/* A call that names no provider is told apart by its credential and its certificate. */
static bool can_be_confused(const struct caller_provider *a, const struct caller_provider *b)
{
    if (!caller_bindings_overlap(a, b)) {
        return false;
    }
    return a->mode == CALLER_MTLS_ONLY || b->mode == CALLER_MTLS_ONLY ||
           (a->mode == CALLER_JWT && b->mode == CALLER_JWT &&
            strcmp(a->audience, b->audience) == 0);
}

static void check_others(struct loader *loader, const struct config_provider *provider,
                         const char *path)
{
    for (size_t i = 0; &loader->config.providers[i] < provider; i++) {
        const struct config_provider *other = &loader->config.providers[i];
        if (other->caap && can_be_confused(&other->caller, &provider->caller)) {
            loader_fail(loader, path,
                        "another provider has authorization caap and the same credential: calls "
                        "that name no provider could be of either; callers can tell them apart");
        }
    }
}

void loader_read_caap(struct loader *loader, const cJSON *root, const cJSON *object,
                      struct config_provider *out, const char *path)
{
    static const char *const authorizations[] = {"own", "caap", NULL};
    char where[PATH_ROOM], places[PATH_ROOM];
    const cJSON *caap = json_get(object, "caap");
    const char *rules = loader_join(places, path, "caap");
    out->caap = loader_word(loader, object, path, "authorization", authorizations) == 1;
    out->caap_rules = (struct caap_rules){
        .challenge = (enum caap_challenge)loader_word_or(
            loader_word(loader, caap, rules, "challenge", challenges), CAAP_CHALLENGE_ALWAYS),
        .require_link = json_get_bool(caap, "requireLink", true),
        .clear_identity = json_get_bool(caap, "allowClearIdentity", false),
        .language = (enum caap_language)loader_word_or(
            loader_word(loader, caap, rules, "messageLanguage", languages), CAAP_ENGLISH)};
    read_channels(json_get(caap, "channels"), &out->caap_rules);
    if (out->caap_rules.clear_identity && !loader->config.development) {
        loader_fail(loader, loader_join(where, rules, "allowClearIdentity"),
                    "is for development only");
    }
    if (!out->caap) {
        return;
    }
    if (json_get(object, "authorizePath")) {
        loader_fail(loader, loader_join(where, path, "authorizePath"),
                    "customers of this provider decide at CAAP");
    }
    if (!json_get(root, "encryption")) {
        loader_fail(loader, loader_join(where, path, "authorization"),
                    "caap needs encryption.keys: who a customer is comes encrypted");
    }
    check_others(loader, out, loader_join(where, path, "authorization"));
}
