/* What the personal data of payments is decrypted and verified with: encryption. */
#include "config/loader.h"

#include "base/json.h"

#include <stdio.h>
#include <string.h>

static void read_keys(struct loader *loader, const cJSON *list)
{
    struct config_encryption *out = &loader->config.encryption;
    const cJSON *item;
    struct jose_key_file *keys =
        arena_array(loader->arena, (size_t)cJSON_GetArraySize(list), sizeof(*keys));
    if (!keys) {
        loader_fail_memory(loader);
        return;
    }
    cJSON_ArrayForEach(item, list)
    {
        char path[PATH_ROOM];
        snprintf(path, sizeof(path), "$.encryption.keys[%zu]", out->key_count);
        keys[out->key_count++] =
            (struct jose_key_file){.kid = loader_text(loader, item, "kid", NULL),
                                   .file = loader_file(loader, item, path, "key")};
    }
    out->keys = keys;
}

/* Each must be reachable as the callers' key store is. */
static void read_verdicts(struct loader *loader, const cJSON *encryption)
{
    static const char *const none[] = {NULL};
    const char *const *urls =
        loader_texts(loader, json_get(encryption, "payeeVerdicts"), "jwksUrls", none);
    for (size_t i = 0; urls && urls[i]; i++) {
        char path[PATH_ROOM];
        snprintf(path, sizeof(path), "$.encryption.payeeVerdicts.jwksUrls[%zu]", i);
        if (strncmp(urls[i], "https:", 6) != 0 && !loader->config.development) {
            loader_fail(loader, path, "must be https outside development");
        }
        loader_check_key_store(loader, path, urls[i], loader->config.jwks_ca);
    }
    loader->config.encryption.verdict_jwks_urls = urls;
}

void loader_read_encryption(struct loader *loader, const cJSON *root)
{
    struct config_encryption *out = &loader->config.encryption;
    const cJSON *encryption = json_get(root, "encryption");
    const cJSON *signatures = json_get(encryption, "signatures");
    const char *path = "$.encryption.signatures";
    read_verdicts(loader, encryption);
    if (!encryption) {
        return;
    }
    read_keys(loader, json_get(encryption, "keys"));
    out->jwks_base = loader_url(loader, signatures, path, "jwksBase");
    out->jwks_ca = loader_file(loader, signatures, path, "jwksCa");
    out->audience = loader_text(loader, signatures, "audience", NULL);
    out->judge_times_later = json_get_bool(signatures, "judgeTimesLater", true);
    if (out->jwks_base) {
        loader_check_key_store(loader, "$.encryption.signatures.jwksBase", out->jwks_base,
                               out->jwks_ca);
    }
}
