#include "config.h"

#include "base/array.h"
#include "base/file.h"
#include "base/json.h"
#include "contract/contract.h"
#include "contract_hub_sim.h"
#include "roles.h"
#include "versions.h"

#include <stdlib.h>

#define FILE_BYTES (256 * 1024)
#define ARENA_BYTES (1024 * 1024)
#define BANK_MS 15000 /* the real time-out is not published */

struct reader {
    struct arena *arena;
    const char *base_dir;
    bool short_of_memory;
};

static const char *read_text(struct reader *reader, const cJSON *object, const char *name)
{
    struct lfi_slice value = json_get_string(object, name);
    if (!value.ptr) {
        return NULL;
    }
    char *text = arena_text(reader->arena, value);
    reader->short_of_memory |= !text;
    return text;
}

/* An object as JSON text. */
static const char *read_part(struct reader *reader, const cJSON *object, const char *name)
{
    const cJSON *part = json_get(object, name);
    char *text = part ? cJSON_PrintUnformatted(part) : NULL;
    const char *kept = text ? arena_text(reader->arena, slice_of(text)) : NULL;
    cJSON_free(text);
    reader->short_of_memory |= part && !kept;
    return kept;
}

static const char *read_path(struct reader *reader, const cJSON *object, const char *name)
{
    const char *text = read_text(reader, object, name);
    if (!text) {
        return NULL;
    }
    char *resolved = file_resolve(reader->base_dir, text);
    const char *kept = resolved ? arena_text(reader->arena, slice_of(resolved)) : NULL;
    free(resolved);
    reader->short_of_memory |= !kept;
    return kept;
}

static struct config_address read_address(struct reader *reader, const cJSON *object)
{
    int64_t port = 0;
    json_get_int(object, "port", &port);
    return (struct config_address){read_text(reader, object, "address"), (int)port};
}

static enum log_level read_level(const cJSON *root)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    struct lfi_slice level = json_get_string(json_get(root, "log"), "level");
    for (int i = LOG_DEBUG; i <= LOG_ERROR; i++) {
        if (slice_equal_text(level, names[i])) {
            return (enum log_level)i;
        }
    }
    return LOG_INFO;
}

/* The schema makes each mode's members required with it. */
static void read_auth(struct reader *reader, struct config_hub *out, const cJSON *auth)
{
    static const char *const names[] = {[HUB_AUTH_JWT] = "jwt",
                                        [HUB_AUTH_API_KEY] = "api-key",
                                        [HUB_AUTH_CLIENT_CREDENTIALS] = "client-credentials",
                                        [HUB_AUTH_MTLS] = "mtls"};
    struct lfi_slice mode = json_get_string(auth, "mode");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (slice_equal_text(mode, names[i])) {
            out->auth = (enum hub_auth)i;
        }
    }
    out->secret_file = read_path(reader, auth, "secretFile");
    out->retired_file = read_path(reader, auth, "retiredFile");
    out->token_url = read_text(reader, auth, "tokenUrl");
    out->client_id = read_text(reader, auth, "clientId");
}

/* CAAP is of an organisation of its own; all else is the Hub's. */
static void read_caap(struct reader *reader, struct config_hub *out, const cJSON *caap)
{
    struct config_hub *copy = caap ? arena_array(reader->arena, 1, sizeof *copy) : NULL;
    if (!copy) {
        reader->short_of_memory = reader->short_of_memory || caap;
        return;
    }
    *copy = *out;
    copy->certificate = read_path(reader, caap, "clientCertificate");
    copy->key = read_path(reader, caap, "clientKey");
    copy->signing_key = read_path(reader, caap, "signingKey");
    copy->kid = read_text(reader, caap, "kid");
    out->caap = copy;
}

static enum hub_form read_form(const cJSON *item, const char *name)
{
    return slice_equal_text(json_get_string(item, name), "v2.2") ? HUB_FORM_2_2 : HUB_FORM_2_1;
}

static void read_versions(uint32_t *out, const cJSON *list)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        *out++ = version_read(slice_of(item->valuestring));
    }
}

static void read_hubs(struct reader *reader, struct sim_config *config, const cJSON *list)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        struct config_hub *hub = &config->hubs[config->hub_count++];
        *hub = (struct config_hub){
            .provider_id = read_text(reader, item, "providerId"),
            .segment = read_text(reader, item, "segment"),
            .user_type = read_text(reader, item, "userType"),
            .name = read_part(reader, item, "name"),
            .text = read_part(reader, item, "text"),
            .audience = read_text(reader, item, "audience"),
            .certificate = read_path(reader, item, "clientCertificate"),
            .key = read_path(reader, item, "clientKey"),
            .signing_key = read_path(reader, item, "signingKey"),
            .kid = read_text(reader, item, "kid"),
            .response_key = read_path(reader, item, "responseKey"),
            .response_kid = read_text(reader, item, "responseKid"),
            .authorize_url = read_text(reader, item, "authorizeUrl"),
            .offers_validate = json_get_bool(item, "offersValidate", false),
            .sends_events = json_get_bool(item, "sendsEvents", false),
            .payment_log = read_form(item, "paymentLog"),
            .quote_log = read_form(item, "quoteLog"),
        };
        const cJSON *versions = json_get(item, "standardVersions");
        const cJSON *bank_versions = json_get(item, "bankVersions");
        hub->versions[0] = VERSION_FIRST;
        read_versions(hub->versions, versions);
        hub->bank_versions[0] = VERSION_FIRST;
        read_versions(hub->bank_versions, bank_versions ? bank_versions : versions);
        read_auth(reader, hub, json_get(item, "callerAuth"));
        read_caap(reader, hub, json_get(item, "caap"));
    }
}

static void read_published(struct reader *reader, struct sim_config *config, const cJSON *list)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        config->published[config->published_count++] = (struct config_published){
            .certificate = read_path(reader, item, "certificate"),
            .key = read_path(reader, item, "key"),
            .kid = read_text(reader, item, "kid"),
        };
    }
}

static unsigned read_roles(const cJSON *list)
{
    unsigned roles = 0;
    for (size_t i = 0; i < TPP_ROLES; i++) {
        bool listed = !list || json_lists(list, slice_of(tpp_role_names[i].name));
        roles |= listed ? (unsigned)tpp_role_names[i].role : 0;
    }
    return roles;
}

static void read_tpps(struct reader *reader, struct sim_config *config, const cJSON *list)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        struct config_tpp *tpp = &config->tpps[config->tpp_count++];
        const cJSON *uri;
        *tpp = (struct config_tpp){
            .slug = read_text(reader, item, "slug"),
            .signing_key = read_path(reader, item, "signingKey"),
            .kid = read_text(reader, item, "kid"),
            .transport_cert = read_path(reader, item, "transportCert"),
            .transport_key = read_path(reader, item, "transportKey"),
            .encryption_key = read_path(reader, item, "encryptionKey"),
            .encryption_kid = read_text(reader, item, "encryptionKid"),
            .roles = read_roles(json_get(item, "roles")),
        };
        cJSON_ArrayForEach(uri, json_get(item, "redirectUris"))
        {
            tpp->redirect_uris[tpp->redirect_uri_count++] =
                arena_text(reader->arena, slice_of(uri->valuestring));
        }
    }
}

static void read_webhooks(struct reader *reader, struct sim_config *config, const cJSON *webhooks)
{
    static const int usual_ms[] = {1000, 5000, 25000};
    const cJSON *list = json_get(webhooks, "retryMs"), *ms;
    const char *ca = read_path(reader, webhooks, "caFile");
    config->webhook_ca = ca ? ca : config->bank_ca;
    for (size_t i = 0; !list && i < ARRAY_LEN(usual_ms); i++) {
        config->webhook_retry_ms[config->webhook_retry_count++] = usual_ms[i];
    }
    cJSON_ArrayForEach(ms, list)
    {
        config->webhook_retry_ms[config->webhook_retry_count++] = ms->valueint;
    }
}

static void read_all(struct reader *reader, struct sim_config *config, const cJSON *root)
{
    const cJSON *http = json_get(root, "http"), *https = json_get(root, "https");
    const cJSON *bank = json_get(root, "bank"), *timeout = json_get(bank, "timeoutMs");
    config->level = read_level(root);
    config->http = read_address(reader, http);
    config->url = read_text(reader, http, "url");
    config->https = read_address(reader, https);
    config->certificate = read_path(reader, https, "certificate");
    config->key = read_path(reader, https, "key");
    config->client_ca = read_path(reader, https, "clientCa");
    config->keystore = read_address(reader, json_get(root, "keystore"));
    config->keystore_url = read_text(reader, json_get(root, "keystore"), "url");
    config->directory_key = read_path(reader, json_get(root, "keystore"), "signingKey");
    config->tpp = read_address(reader, json_get(root, "tppListener"));
    config->tpp_url = read_text(reader, json_get(root, "tppListener"), "url");
    config->switches = read_part(reader, json_get(root, "tppListener"), "switches");
    config->state_folder = read_path(reader, root, "stateFolder");
    config->bank_url = read_text(reader, bank, "ozoneConnectUrl");
    for (size_t i = 0; i < CONTRACT_FAMILIES; i++) {
        config->base_paths[i] =
            read_text(reader, json_get(bank, "basePaths"), contract_family_names[i]);
    }
    config->bank_ca = read_path(reader, bank, "caFile");
    config->bank_ms = timeout ? timeout->valueint : BANK_MS;
    read_webhooks(reader, config, json_get(root, "webhooks"));
    config->bank_code = read_text(reader, bank, "code");
    config->bank_ou = read_text(reader, bank, "organisationUnit");
    config->bank_pages_url = read_text(reader, bank, "pagesUrl");
    config->bank_admin_url = read_text(reader, bank, "adminUrl");
    config->places = read_path(reader, bank, "placesFile");
    config->bank_clock_url = read_text(reader, json_get(bank, "clock"), "url");
    config->operator_token = read_path(reader, json_get(bank, "clock"), "operatorToken");
    config->bank_encryption.certificate =
        read_path(reader, json_get(bank, "encryption"), "certificate");
    config->bank_encryption.kid = read_text(reader, json_get(bank, "encryption"), "kid");
    read_tpps(reader, config, json_get(root, "tpps"));
    read_hubs(reader, config, json_get(root, "hubs"));
    read_published(reader, config, json_get(root, "published"));
}

static int check_doubled(const struct sim_config *config, const char *path, struct lfi_error *error)
{
    for (size_t i = 0; i < config->hub_count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(config->hubs[i].provider_id, config->hubs[j].provider_id) == 0) {
                return error_set(error, "%s: $.hubs[%zu].providerId: \"%s\" is there twice", path,
                                 i, config->hubs[i].provider_id);
            }
        }
    }
    return 0;
}

static const char *folder_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash) {
        return ".";
    }
    return arena_text(arena, (struct lfi_slice){path, (size_t)(slash - path) + 1});
}

int sim_config_load(struct sim_config **out, const char *path, struct lfi_error *error)
{
    struct buf text;
    cJSON *root = NULL;
    struct sim_config *config = calloc(1, sizeof *config);
    int rc = -1;

    buf_init(&text, FILE_BYTES);
    if (!config || !(config->arena = arena_new(ARENA_BYTES))) {
        error_set(error, "out of memory");
        goto out;
    }
    if (file_read(path, &text, error)) {
        goto out;
    }
    const struct contract_schema *schema = contract_schema_named(&contract_hub_sim, "Config");
    if (contract_check_file(schema, path, buf_slice(&text), error) != 0) {
        goto out;
    }
    struct reader reader = {config->arena, folder_of(config->arena, path), false};
    root = json_parse(buf_slice(&text));
    if (root && reader.base_dir) {
        read_all(&reader, config, root);
    }
    if (!root || !reader.base_dir || reader.short_of_memory) {
        error_set(error, "out of memory");
        goto out;
    }
    rc = check_doubled(config, path, error);
out:
    cJSON_Delete(root);
    buf_free(&text);
    if (rc) {
        sim_config_free(config);
        config = NULL;
    }
    *out = config;
    return rc;
}

void sim_config_free(struct sim_config *config)
{
    if (!config) {
        return;
    }
    arena_free(config->arena);
    free(config);
}
