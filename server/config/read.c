/*
 * Reading the configuration. First the shape (config.schema.yaml, through the contract check), then
 * the values into struct config, then the rules that a schema cannot express. All memory is one
 * arena.
 */
#include "config/config.h"

#include "base/array.h"
#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "config/loader.h"
#include "config/locate.h"
#include "consent/kind.h"
#include "contract/version.h"
#include "contract_config.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SESSION_KEY_BYTES 32
#define STATE_MEGABYTES 1024 /* address space, not disk */
#define STATE_TASKS 100000   /* of each provider: journeys that are open, revocations kept */
#define STATE_INSTANCES 4

/* --- words by their enum ---------------------------------------------------------------------- */

static const char *const log_levels[] = {
    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error", NULL};
static const char *const contract_replies[] = {[CONTRACT_REPLIES_ENFORCE] = "enforce",
                                               [CONTRACT_REPLIES_LOG] = "log",
                                               [CONTRACT_REPLIES_OFF] = "off",
                                               NULL};
static const char *const statement_days[] = {[LFI_STATEMENT_OPENING_DATE] = "OpeningDate",
                                             [LFI_STATEMENT_STATEMENT_DATE] = "StatementDate",
                                             NULL};
static const char *const tls_versions[] = {"1.2", "1.3", NULL}; /* 12, 13 */

static const char *key_file_of(struct loader *loader, const cJSON *object, const char *path,
                               const char *name)
{
    char where[PATH_ROOM];
    struct stat status;
    const char *file = loader_file(loader, object, path, name);
    if (file && stat(file, &status) == 0 && status.st_size != SESSION_KEY_BYTES) {
        loader_fail(loader, loader_join(where, path, name), "the file must have 32 bytes");
    }
    return file;
}

/* --- parts of the file ------------------------------------------------------------------------ */

static struct config_pair read_pair(struct loader *loader, const cJSON *object, const char *path)
{
    const struct config_pair pair = {.certificate =
                                         loader_file(loader, object, path, "certificate"),
                                     .key = loader_file(loader, object, path, "key")};
    if (!pair.certificate != !pair.key) {
        loader_fail(loader, path, "certificate and key go together");
    }
    return pair;
}

static void read_pairs(struct loader *loader, const cJSON *object, const char *path,
                       struct config_pair out[CONFIG_PAIRS])
{
    char where[PATH_ROOM];
    out[0] = read_pair(loader, object, path);
    out[1] = read_pair(loader, json_get(object, "next"), loader_join(where, path, "next"));
    if (out[1].certificate && !out[0].certificate) {
        loader_fail(loader, where, "needs certificate and key beside it");
    }
}

static void read_listener(struct loader *loader, const cJSON *root, const char *name, int threads,
                          struct config_listener *out)
{
    char path[PATH_ROOM], where[PATH_ROOM];
    unsigned char address[sizeof(struct in6_addr)];
    const cJSON *object = json_get(root, name);
    loader_join(path, "$", name);
    out->address = loader_text(loader, object, "address", "127.0.0.1");
    out->port = loader_int(object, "port", 0);
    out->threads = loader_int(object, "threads", threads);
    read_pairs(loader, object, path, out->pairs);
    out->client_ca = loader_file(loader, object, path, "clientCa");
    out->client_crl = loader_file(loader, object, path, "clientCrl");
    out->min_tls =
        12 + loader_word_or(loader_word(loader, object, path, "minTls", tls_versions), 0);
    if (out->address && strcmp(out->address, "localhost") != 0 &&
        inet_pton(AF_INET, out->address, address) != 1 &&
        inet_pton(AF_INET6, out->address, address) != 1) {
        loader_fail(loader, loader_join(where, path, "address"), "must be a numeric address");
    }
}

static void read_base_paths(struct loader *loader, const cJSON *object)
{
    for (size_t i = 0; i < CONTRACT_FAMILIES; i++) {
        loader->config.base_paths[i] = loader_text(loader, object, contract_family_names[i], "");
    }
}

static void read_proxies(struct loader *loader, const cJSON *texts)
{
    struct forwarded_proxies *proxies = &loader->config.proxies;
    const cJSON *text;
    cJSON_ArrayForEach(text, texts)
    {
        if (!forwarded_network_read(&proxies->networks[proxies->count++], text->valuestring)) {
            loader_fail(loader, "$.publicListener.proxies",
                        "each must be an address or a network, as 192.0.2.7 or 10.0.0.0/8");
        }
    }
}

static void read_listeners(struct loader *loader, const cJSON *root)
{
    struct config *config = &loader->config;
    read_listener(loader, root, "hubListener", 256, &config->hub);
    read_listener(loader, root, "publicListener", 256, &config->public_);
    read_listener(loader, root, "adminListener", 4, &config->admin);
    read_base_paths(loader, json_get(json_get(root, "hubListener"), "basePaths"));
    config->operator_token_file =
        loader_file(loader, json_get(root, "adminListener"), "$.adminListener", "operatorToken");
    config->places_file =
        loader_file(loader, json_get(root, "adminListener"), "$.adminListener", "places");
    config->demonstration_file =
        loader_file(loader, json_get(root, "adminListener"), "$.adminListener", "demonstration");
    if (config->demonstration_file && !config->development) {
        loader_fail(loader, "$.adminListener.demonstration",
                    "is for development alone: with it the console calls the bank as the Hub does");
    }
    config->levers_in_production =
        json_get_bool(json_get(root, "adminListener"), "leversInProduction", false);
    if (config->operator_token_file && !config->development && !config->levers_in_production) {
        loader_fail(
            loader, "$.adminListener.operatorToken",
            "the operator's levers change clock, accounts and answers: outside development they "
            "need leversInProduction");
    }
    config->public_url =
        loader_url(loader, json_get(root, "publicListener"), "$.publicListener", "url");
    read_proxies(loader, json_get(json_get(root, "publicListener"), "proxies"));
    if (config->public_.port == config->hub.port) {
        loader_fail(loader, "$.publicListener.port", "is the port of hubListener");
    }
    if (config->admin.port == config->hub.port || config->admin.port == config->public_.port) {
        loader_fail(loader, "$.adminListener.port", "is the port of another listener");
    }
}

static void read_caller(struct loader *loader, const cJSON *root)
{
    struct config *config = &loader->config;
    const cJSON *caller = json_get(root, "caller"), *item;
    const cJSON *units = json_get(caller, "organisationUnits");
    config->caller_ous =
        arena_array(loader->arena, (size_t)cJSON_GetArraySize(units), sizeof(*config->caller_ous));
    if (!config->caller_ous) {
        loader_fail_memory(loader);
        return;
    }
    cJSON_ArrayForEach(item, units)
    {
        config->caller_ous[config->caller_ou_count++] = loader_keep(loader, item->valuestring);
    }
    config->jwks_base = loader_url(loader, caller, "$.caller", "jwksBase");
    config->jwks_override = loader_url(loader, caller, "$.caller", "jwksOverride");
    config->jwks_ca = loader_file(loader, caller, "$.caller", "jwksCa");
    config->token_max_life_s = loader_int(caller, "maxTokenLifeSeconds", LIMIT_TOKEN_LIFE_S);
    config->replay_entries = loader_int(caller, "replayEntries", 0);
    config->issuer = loader_url(loader, caller, "$.caller", "issuer");
    config->token_key = loader_file(loader, caller, "$.caller", "tokenKey");
    config->previous_token_key = loader_file(loader, caller, "$.caller", "previousTokenKey");
    config->connect_token_key_file = key_file_of(loader, caller, "$.caller", "connectTokenKey");
    config->previous_connect_token_key_file =
        key_file_of(loader, caller, "$.caller", "previousConnectTokenKey");
    if (config->previous_connect_token_key_file && !config->connect_token_key_file) {
        loader_fail(loader, "$.caller.previousConnectTokenKey", "needs connectTokenKey beside it");
    }
    if (config->previous_token_key && !config->token_key) {
        loader_fail(loader, "$.caller.previousTokenKey", "needs tokenKey beside it");
    }
}

static void read_hub(struct loader *loader, const cJSON *root)
{
    struct config *config = &loader->config;
    const cJSON *hub = json_get(root, "hub");
    config->hub_ca = loader_file(loader, hub, "$.hub", "ca");
    read_pairs(loader, hub, "$.hub", config->hub_pairs);
    config->hub_signing_key = loader_file(loader, hub, "$.hub", "signingKey");
    config->hub_kid = loader_text(loader, hub, "kid", NULL);
    config->hub_timeout_ms = loader_int(hub, "timeoutMs", LIMIT_HUB_CALL_MS);
    if (config->hub_kid && !config->hub_signing_key) {
        loader_fail(loader, "$.hub.kid", "needs signingKey beside it");
    }
}

/* The kinds of consents that need step-up authentication: payments always do. */
static void read_step_up(struct loader *loader, const cJSON *kinds)
{
    bool payments = !kinds;
    const cJSON *kind;
    cJSON_ArrayForEach(kind, kinds)
    {
        if (strcmp(kind->valuestring, "payments") == 0) {
            payments = true;
        } else {
            loader->config.step_up_data_sharing = true;
        }
    }
    if (!payments) {
        loader_fail(loader, "$.journey.stepUp", "must name payments");
    }
}

static void read_journey(struct loader *loader, const cJSON *root)
{
    struct config *config = &loader->config;
    const cJSON *journey = json_get(root, "journey");
    config->bank_name = loader_text(loader, journey, "bankName", NULL);
    config->session_key_file = key_file_of(loader, journey, "$.journey", "sessionKey");
    config->previous_session_key_file =
        key_file_of(loader, journey, "$.journey", "previousSessionKey");
    config->session_s = loader_int(journey, "sessionSeconds", 900);
    config->max_attempts = loader_int(journey, "maxAttempts", 3);
    read_step_up(loader, json_get(journey, "stepUp"));
    config->demo_app = json_get_bool(journey, "demoApp", false);
    if (config->demo_app && !config->development) {
        loader_fail(loader, "$.journey.demoApp", "is for development only");
    }
}

static void read_state(struct loader *loader, const cJSON *root)
{
    const cJSON *state = json_get(root, "state");
    char *path = file_resolve(loader->config.base_dir, json_get(state, "path")->valuestring);
    loader->config.state = (struct state_config){
        .driver = loader_text(loader, state, "driver", "lmdb"),
        .path = path ? loader_keep(loader, path) : NULL,
        .max_megabytes = (uint32_t)loader_int(state, "maxMegabytes", STATE_MEGABYTES),
        .max_tasks = (uint32_t)loader_int(state, "maxTasks", STATE_TASKS),
        .instances = (uint32_t)loader_int(state, "instances", STATE_INSTANCES),
    };
    free(path);
    if (!loader->config.state.path) {
        loader_fail_memory(loader);
    }
}

static const char *const *data_sharing_alone(struct loader *loader)
{
    const char **types = arena_array(loader->arena, 2, sizeof(*types));
    if (!types) {
        loader_fail_memory(loader);
        return NULL;
    }
    types[0] = consent_kind_named("data-sharing")->type;
    types[1] = NULL;
    return types;
}

/* Versions of the standard, 0 at the end. */
static const uint32_t *versions_of(struct loader *loader, const cJSON *object, const char *name,
                                   const uint32_t *fallback)
{
    size_t count = 0;
    const cJSON *list = json_get(object, name), *item;
    if (!list) {
        return fallback;
    }
    uint32_t *versions =
        arena_array(loader->arena, (size_t)cJSON_GetArraySize(list) + 1, sizeof(*versions));
    if (!versions) {
        loader_fail_memory(loader);
        return fallback;
    }
    cJSON_ArrayForEach(item, list)
    {
        versions[count++] = version_read(slice_of(item->valuestring));
    }
    versions[count] = 0;
    return versions;
}

static void read_versions(struct loader *loader, const cJSON *object, struct offers *out)
{
    static const uint32_t usual[] = {CONTRACT_VERSION(2, 1), 0};
    const uint32_t *all = versions_of(loader, object, "standardVersions", usual);
    const cJSON *families = json_get(object, "familyVersions");
    for (size_t i = 0; i < CONTRACT_FAMILIES; i++) {
        out->versions[i] = versions_of(loader, families, contract_family_names[i], all);
    }
    out->closing = versions_of(loader, object, "closingVersions", NULL);
}

static size_t count_versions(const uint32_t *list)
{
    size_t count = 0;
    while (list && list[count]) {
        count++;
    }
    return count;
}

/* One that is closing must be served, and one must be left for new consents. */
static void check_closing(struct loader *loader, const struct offers *offers, const char *path)
{
    char where[PATH_ROOM];
    const uint32_t *served = offers->versions[CONTRACT_DATA_SHARING];
    size_t closing = count_versions(offers->closing);
    loader_join(where, path, "offers.closingVersions");
    for (size_t i = 0; i < closing; i++) {
        if (!version_is_listed(served, offers->closing[i])) {
            loader_fail(loader, where, "names a version in which data sharing is not served");
        }
    }
    if (closing >= count_versions(served)) {
        loader_fail(loader, where, "must leave a version for new consents");
    }
}

/* The account type that a segment is named after; of any other segment, all. */
static const char *const *own_types(const char *segment)
{
    static const char *const all[] = {"Retail", "SME", "Corporate", NULL};
    static const char *const own[][3] = {
        {"retail", "Retail"}, {"sme", "SME"}, {"corporate", "Corporate"}};
    for (size_t i = 0; i < ARRAY_LEN(own); i++) {
        if (strcmp(own[i][0], segment) == 0) {
            return &own[i][1];
        }
    }
    return all;
}

static struct offers read_offers(struct loader *loader, const cJSON *object, const char *segment)
{
    static const char *const unfit_names[] = {"refuse", "transliterate", NULL};
    static const char *const sub_types[] = {"CurrentAccount", "Savings", "CreditCard",
                                            "Mortgage",       "Finance", NULL};
    struct offers offers = {
        .consent_types = loader_texts(loader, object, "consentTypes", data_sharing_alone(loader)),
        .account_types = loader_texts(loader, object, "accountTypes", own_types(segment)),
        .account_sub_types = loader_texts(loader, object, "accountSubTypes", sub_types)};
    read_versions(loader, object, &offers);
    offers.transliterate = loader_word(loader, object, "$.offers", "unfitNames", unfit_names) > 0;
    return offers;
}

/* A part of the file as it stands there. */
static const char *part_of(struct loader *loader, const char *where)
{
    const char *text = arena_text(loader->arena, config_locate(loader->config.text, where));
    if (!text) {
        loader_fail_memory(loader);
    }
    return text;
}

/* Of the Hub, which is believed by hub.ca: an address without TLS could not be called. */
static const char *read_hub_url(struct loader *loader, const cJSON *object, const char *path,
                                const char *name)
{
    char where[PATH_ROOM];
    const char *url = loader_url(loader, object, path, name);
    if (url && strncmp(url, "https:", 6) != 0) {
        loader_fail(loader, loader_join(where, path, name), "the Hub is called by https alone");
    }
    return url;
}

static void read_provider(struct loader *loader, const cJSON *root, const cJSON *object,
                          size_t index)
{
    char path[PATH_ROOM], where[PATH_ROOM];
    struct config_provider *out = &loader->config.providers[index];
    const cJSON *core = json_get(object, "core");
    snprintf(path, sizeof(path), "$.providers[%zu]", index);
    out->id = loader_text(loader, object, "id", NULL);
    out->segment = loader_text(loader, object, "segment", "");
    out->audience = loader_text(loader, object, "audience", out->id);
    out->hub_audience = loader_text(loader, object, "hubAudience", out->id);
    out->core_library = loader_file(loader, core, loader_join(where, path, "core"), "library");
    out->core_settings = "{}";
    if (json_get(core, "settings")) {
        out->core_settings = part_of(loader, loader_join(where, path, "core.settings"));
    }
    if (json_get(object, "brand")) {
        out->brand = part_of(loader, loader_join(where, path, "brand"));
        out->brand_logo = loader_file(loader, json_get(object, "brand"), where, "logo");
        out->scheme_logo = loader_file(loader, json_get(object, "brand"), where, "schemeLogo");
        out->scheme_mark = loader_file(loader, json_get(object, "brand"), where, "schemeMark");
    }
    out->offers = read_offers(loader, json_get(object, "offers"), out->segment);
    check_closing(loader, &out->offers, path);
    out->statement_day = (enum lfi_statement_day)loader_word_or(
        loader_word(loader, object, path, "statementsBy", statement_days),
        LFI_STATEMENT_OPENING_DATE);
    loader_read_payments(loader, object, out, path);
    loader_read_caller_auth(loader, root, object, out, path);
    out->authorize_path = loader_text(loader, object, "authorizePath", NULL);
    out->heimdall_url = read_hub_url(loader, object, path, "heimdall");
    out->consent_manager_url = read_hub_url(loader, object, path, "consentManager");
    loader_read_caap(loader, root, object, out, path);
    if (out->authorize_path && !out->heimdall_url) {
        loader_fail(loader, path, "authorizePath needs heimdall");
    }
    if (out->authorize_path && !out->consent_manager_url) {
        loader_fail(loader, path, "authorizePath needs consentManager");
    }
    for (size_t i = 0; i < index && !loader->failed; i++) {
        const struct config_provider *other = &loader->config.providers[i];
        if (strcmp(other->id, out->id) == 0) {
            loader_fail(loader, loader_join(where, path, "id"), "another provider has this id");
        }
        if (out->authorize_path && other->authorize_path &&
            strcmp(other->authorize_path, out->authorize_path) == 0) {
            loader_fail(loader, loader_join(where, path, "authorizePath"),
                        "another provider has this path");
        }
        if (out->client.id && other->client.id && strcmp(out->client.id, other->client.id) == 0) {
            loader_fail(loader, loader_join(where, path, "callerAuth"),
                        "another provider has a client of this id");
        }
    }
}

static void read_providers(struct loader *loader, const cJSON *root)
{
    const cJSON *providers = json_get(root, "providers"), *item;
    size_t count = (size_t)cJSON_GetArraySize(providers);
    loader->config.providers = arena_array(loader->arena, count, sizeof(*loader->config.providers));
    if (!loader->config.providers) {
        loader_fail_memory(loader);
        return;
    }
    cJSON_ArrayForEach(item, providers)
    {
        read_provider(loader, root, item, loader->config.provider_count++);
    }
}

static void read_config(struct loader *loader, const cJSON *root)
{
    struct config *config = &loader->config;
    const cJSON *limits = json_get(root, "limits");
    config->development = json_get_bool(root, "development", false);
    config->watch_files = json_get_bool(root, "watchFiles", false);
    config->host_name = loader_text(loader, root, "hostName", NULL);
    config->log_level = (enum log_level)loader_word_or(
        loader_word(loader, json_get(root, "log"), "$.log", "level", log_levels), LOG_INFO);
    config->body_bytes = (size_t)loader_int(limits, "bodyBytes", LIMIT_BODY_BYTES);
    config->request_ms = loader_int(limits, "requestMs", LIMIT_REQUEST_MS);
    config->idle_ms = loader_int(limits, "idleMs", LIMIT_IDLE_MS);
    config->queue_ms = loader_int(limits, "queueMs", LIMIT_QUEUE_MS);
    config->pending = loader_int(limits, "waitingConnections", LIMIT_PENDING);
    config->pending_per_peer = loader_int(limits, "waitingPerAddress", LIMIT_PENDING_PER_PEER);
    config->connection_s = loader_int(limits, "connectionSeconds", LIMIT_CONNECTION_S);
    config->drain_ms = loader_int(limits, "drainMs", config->request_ms);
    config->drain_delay_ms =
        loader_int(limits, "drainDelayMs", config->development ? 0 : LIMIT_DRAIN_DELAY_MS);
    config->check_responses = (enum contract_replies)loader_word_or(
        loader_word(loader, json_get(root, "contract"), "$.contract", "responses",
                    contract_replies),
        CONTRACT_REPLIES_ENFORCE);
    read_listeners(loader, root);
    read_caller(loader, root);
    read_hub(loader, root);
    read_journey(loader, root);
    loader_read_encryption(loader, root);
    read_state(loader, root);
    read_providers(loader, root);
}

/* --- entry ------------------------------------------------------------------------------------ */

static int check_shape(struct loader *loader)
{
    if (contract_init(&contract_config, loader->error) != 0) {
        return -1;
    }
    int rc = contract_check_file(contract_schema_named(&contract_config, "Config"),
                                 loader->config.path, loader->config.text, loader->error);
    contract_fini(&contract_config);
    return rc;
}

static struct loader *new_loader(const char *path, struct lfi_error *error)
{
    struct arena *arena = arena_new(LIMIT_CONFIG_BYTES * 4);
    struct loader *loader = arena ? arena_alloc(arena, sizeof(*loader)) : NULL;
    if (!loader) {
        arena_free(arena);
        error_set(error, "%s: out of memory", path);
        return NULL;
    }
    const char *slash = strrchr(path, '/');
    struct lfi_slice folder = SLICE(".");
    if (slash) {
        folder = (struct lfi_slice){path, slash == path ? 1 : (size_t)(slash - path)};
    }
    loader->arena = arena;
    loader->error = error;
    loader->config.path = path; /* loader_keep() needs it for its message */
    loader->config.path = loader_keep(loader, path);
    loader->config.base_dir = arena_text(arena, folder);
    if (!loader->config.base_dir) {
        loader_fail_memory(loader);
    }
    return loader;
}

static int load_text(struct config **out, const char *path, struct lfi_slice text,
                     struct lfi_error *error)
{
    cJSON *root = NULL;
    *out = NULL;
    struct loader *loader = new_loader(path, error);
    if (!loader || loader->failed) {
        goto out;
    }
    loader->config.text = arena_keep(loader->arena, text);
    if (!loader->config.text.ptr) {
        loader_fail_memory(loader);
        goto out;
    }
    if (check_shape(loader) != 0) {
        goto out;
    }
    root = json_parse(loader->config.text);
    if (!root) {
        loader_fail_memory(loader);
    } else {
        read_config(loader, root);
    }
    if (!loader->failed) {
        *out = &loader->config;
    }
out:
    cJSON_Delete(root);
    if (!*out) {
        config_free(loader ? &loader->config : NULL);
    }
    return *out ? 0 : -1;
}

int config_load(struct config **out, const char *path, struct lfi_error *error)
{
    struct buf text;
    *out = NULL;
    buf_init(&text, LIMIT_CONFIG_BYTES);
    int rc = file_read(path, &text, error);
    if (rc == 0) {
        rc = load_text(out, path, buf_slice(&text), error);
    }
    buf_free(&text);
    return rc;
}

int config_load_again(struct config **out, const struct config *loaded, struct lfi_error *error)
{
    return load_text(out, loaded->path, loaded->text, error);
}

void config_free(struct config *config)
{
    if (config) {
        arena_free(((struct loader *)config)->arena);
    }
}
