/*
 * Reading the configuration. First the shape (config.schema.yaml, through the contract check), then
 * the values into struct config, then what the shape cannot say. All memory is one arena.
 */
#include "config/config.h"

#include "base/arena.h"
#include "base/array.h"
#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
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
#define PATH_ROOM 128 /* of "$.providers[15].consentManager" */

struct loader {
    struct config config; /* first: config_free gets its address */
    struct arena *arena;
    struct lfi_error *error;
    bool failed;
};

int config_error(const struct config *config, const char *path, const char *cause,
                 struct lfi_error *error)
{
    struct lfi_slice at = config_locate(config->text, path);
    size_t line = contract_line_of(config->text, (size_t)(at.ptr - config->text.ptr));
    return error_set(error, "%s:%zu: %s: %s", config->path, line, path, cause);
}

/* --- messages --------------------------------------------------------------------------------- */

/* The first mistake is the one that is told. */
static void fail(struct loader *loader, const char *path, const char *cause)
{
    if (loader->failed)
        return;
    loader->failed = true;
    (void)config_error(&loader->config, path, cause, loader->error);
}

static void fail_memory(struct loader *loader)
{
    if (!loader->failed)
        error_set(loader->error, "%s: out of memory", loader->config.path);
    loader->failed = true;
}

static const char *join(char out[PATH_ROOM], const char *path, const char *name)
{
    snprintf(out, PATH_ROOM, "%.64s.%.62s", path, name); /* all are much shorter */
    return out;
}

/* --- words by their enum ---------------------------------------------------------------------- */

static const char *const log_levels[] = {
    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error", NULL};
static const char *const caller_modes[] = {[CALLER_MTLS_ONLY] = "mtls",
                                           [CALLER_JWT] = "jwt",
                                           [CALLER_API_KEY] = "api-key",
                                           [CALLER_CLIENT_CREDENTIALS] = "client-credentials",
                                           NULL};
static const char *const token_forms[] = {[ACCESS_OPAQUE] = "opaque", [ACCESS_JWT] = "jwt", NULL};
static const char *const contract_replies[] = {[CONTRACT_REPLIES_ENFORCE] = "enforce",
                                               [CONTRACT_REPLIES_LOG] = "log",
                                               [CONTRACT_REPLIES_OFF] = "off",
                                               NULL};
static const char *const statement_days[] = {[LFI_STATEMENT_OPENING_DATE] = "OpeningDate",
                                             [LFI_STATEMENT_STATEMENT_DATE] = "StatementDate",
                                             NULL};
static const char *const tls_versions[] = {"1.2", "1.3", NULL}; /* 12, 13 */

/* --- values ----------------------------------------------------------------------------------- */

static const char *keep(struct loader *loader, const char *text)
{
    char *copy = arena_text(loader->arena, slice_of(text));
    if (!copy)
        fail_memory(loader);
    return copy;
}

static const char *text_of(struct loader *loader, const cJSON *object, const char *name,
                           const char *fallback)
{
    const cJSON *value = json_get(object, name);
    return value ? keep(loader, value->valuestring) : fallback;
}

/*
 * The place of a member's text among the words, which are the schema's enum; -1 when it is absent.
 * A word that only the schema knows is refused, not taken for another.
 */
static int word_of(struct loader *loader, const cJSON *object, const char *path, const char *name,
                   const char *const *words)
{
    char where[PATH_ROOM];
    const cJSON *value = json_get(object, name);
    if (!value)
        return -1;
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], value->valuestring) == 0)
            return i;
    fail(loader, join(where, path, name), "is not supported");
    return -1;
}

static int word_or(int word, int fallback)
{
    return word < 0 ? fallback : word;
}

static int int_of(const cJSON *object, const char *name, int fallback)
{
    int64_t value;
    return json_get_int(object, name, &value) ? (int)value : fallback;
}

/* A file that must be there and readable; NULL when it is not configured. */
static const char *file_of(struct loader *loader, const cJSON *object, const char *path,
                           const char *name)
{
    char where[PATH_ROOM];
    const cJSON *value = json_get(object, name);
    if (!value)
        return NULL;
    char *resolved = file_resolve(loader->config.base_dir, value->valuestring);
    const char *kept = resolved ? keep(loader, resolved) : NULL;
    free(resolved);
    struct stat status;
    if (!kept)
        fail_memory(loader);
    else if (loader->config.file_count == CONFIG_FILES_MAX)
        fail(loader, join(where, path, name), "is one file too many");
    else if (stat(kept, &status) != 0 || !S_ISREG(status.st_mode) || access(kept, R_OK) != 0)
        fail(loader, join(where, path, name), "there is no such file, or it cannot be read");
    else
        loader->config.files[loader->config.file_count++] = kept;
    return kept;
}

static const char *key_file_of(struct loader *loader, const cJSON *object, const char *path,
                               const char *name)
{
    char where[PATH_ROOM];
    struct stat status;
    const char *file = file_of(loader, object, path, name);
    if (file && stat(file, &status) == 0 && status.st_size != SESSION_KEY_BYTES)
        fail(loader, join(where, path, name), "the file must have 32 bytes");
    return file;
}

/* An address to call. Plain HTTP is for development. */
static const char *url_of(struct loader *loader, const cJSON *object, const char *path,
                          const char *name)
{
    char where[PATH_ROOM];
    const char *url = text_of(loader, object, name, NULL);
    if (url && strncmp(url, "https:", 6) != 0 && !loader->config.development)
        fail(loader, join(where, path, name), "must be https outside development");
    return url;
}

/* --- parts of the file ------------------------------------------------------------------------ */

static struct config_pair read_pair(struct loader *loader, const cJSON *object, const char *path)
{
    const struct config_pair pair = {.certificate = file_of(loader, object, path, "certificate"),
                                     .key = file_of(loader, object, path, "key")};
    if (!pair.certificate != !pair.key)
        fail(loader, path, "certificate and key go together");
    return pair;
}

static void read_pairs(struct loader *loader, const cJSON *object, const char *path,
                       struct config_pair out[CONFIG_PAIRS])
{
    char where[PATH_ROOM];
    out[0] = read_pair(loader, object, path);
    out[1] = read_pair(loader, json_get(object, "next"), join(where, path, "next"));
    if (out[1].certificate && !out[0].certificate)
        fail(loader, where, "needs certificate and key beside it");
}

static void read_listener(struct loader *loader, const cJSON *root, const char *name, int threads,
                          struct config_listener *out)
{
    char path[PATH_ROOM], where[PATH_ROOM];
    unsigned char address[sizeof(struct in6_addr)];
    const cJSON *object = json_get(root, name);
    join(path, "$", name);
    out->address = text_of(loader, object, "address", "127.0.0.1");
    out->port = int_of(object, "port", 0);
    out->threads = int_of(object, "threads", threads);
    read_pairs(loader, object, path, out->pairs);
    out->client_ca = file_of(loader, object, path, "clientCa");
    out->client_crl = file_of(loader, object, path, "clientCrl");
    out->min_tls = 12 + word_or(word_of(loader, object, path, "minTls", tls_versions), 0);
    if (out->address && strcmp(out->address, "localhost") != 0 &&
        inet_pton(AF_INET, out->address, address) != 1 &&
        inet_pton(AF_INET6, out->address, address) != 1)
        fail(loader, join(where, path, "address"), "must be a numeric address");
}

static void read_base_paths(struct loader *loader, const cJSON *object)
{
    for (size_t i = 0; i < CONTRACT_FAMILIES; i++)
        loader->config.base_paths[i] = text_of(loader, object, contract_family_names[i], "");
}

static void read_proxies(struct loader *loader, const cJSON *texts)
{
    struct forwarded_proxies *proxies = &loader->config.proxies;
    const cJSON *text;
    cJSON_ArrayForEach(text, texts)
    {
        if (!forwarded_network_read(&proxies->networks[proxies->count++], text->valuestring)) {
            fail(loader, "$.publicListener.proxies",
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
        file_of(loader, json_get(root, "adminListener"), "$.adminListener", "operatorToken");
    config->levers_in_production =
        json_get_bool(json_get(root, "adminListener"), "leversInProduction", false);
    if (config->operator_token_file && !config->development && !config->levers_in_production)
        fail(loader, "$.adminListener.operatorToken",
             "the operator's levers change clock, accounts and answers: outside development they "
             "need leversInProduction");
    config->public_url =
        url_of(loader, json_get(root, "publicListener"), "$.publicListener", "url");
    read_proxies(loader, json_get(json_get(root, "publicListener"), "proxies"));
    if (config->public_.port == config->hub.port)
        fail(loader, "$.publicListener.port", "is the port of hubListener");
    if (config->admin.port == config->hub.port || config->admin.port == config->public_.port)
        fail(loader, "$.adminListener.port", "is the port of another listener");
}

static void read_caller(struct loader *loader, const cJSON *root)
{
    struct config *config = &loader->config;
    const cJSON *caller = json_get(root, "caller"), *item;
    const cJSON *units = json_get(caller, "organisationUnits");
    config->caller_ous =
        arena_array(loader->arena, (size_t)cJSON_GetArraySize(units), sizeof(*config->caller_ous));
    if (!config->caller_ous) {
        fail_memory(loader);
        return;
    }
    cJSON_ArrayForEach(item, units)
    {
        config->caller_ous[config->caller_ou_count++] = keep(loader, item->valuestring);
    }
    config->jwks_base = url_of(loader, caller, "$.caller", "jwksBase");
    config->jwks_override = url_of(loader, caller, "$.caller", "jwksOverride");
    config->jwks_ca = file_of(loader, caller, "$.caller", "jwksCa");
    config->token_max_life_s = int_of(caller, "maxTokenLifeSeconds", LIMIT_TOKEN_LIFE_S);
    config->replay_entries = int_of(caller, "replayEntries", 0);
    config->issuer = url_of(loader, caller, "$.caller", "issuer");
    config->token_key = file_of(loader, caller, "$.caller", "tokenKey");
    config->previous_token_key = file_of(loader, caller, "$.caller", "previousTokenKey");
    if (config->previous_token_key && !config->token_key) {
        fail(loader, "$.caller.previousTokenKey", "there is no tokenKey that came after it");
    }
}

static void read_hub(struct loader *loader, const cJSON *root)
{
    struct config *config = &loader->config;
    const cJSON *hub = json_get(root, "hub");
    config->hub_ca = file_of(loader, hub, "$.hub", "ca");
    read_pairs(loader, hub, "$.hub", config->hub_pairs);
    config->hub_signing_key = file_of(loader, hub, "$.hub", "signingKey");
    config->hub_kid = text_of(loader, hub, "kid", NULL);
    config->hub_timeout_ms = int_of(hub, "timeoutMs", LIMIT_HUB_CALL_MS);
    if (config->hub_kid && !config->hub_signing_key)
        fail(loader, "$.hub.kid", "there is no signingKey that it could name");
}

/* The kinds of consents whose approval is confirmed once more: payments always are. */
static void read_step_up(struct loader *loader, const cJSON *kinds)
{
    bool payments = !kinds;
    const cJSON *kind;
    cJSON_ArrayForEach(kind, kinds)
    {
        if (strcmp(kind->valuestring, "payments") == 0)
            payments = true;
        else
            loader->config.step_up_data_sharing = true;
    }
    if (!payments)
        fail(loader, "$.journey.stepUp", "must name payments");
}

static void read_journey(struct loader *loader, const cJSON *root)
{
    struct config *config = &loader->config;
    const cJSON *journey = json_get(root, "journey");
    config->bank_name = text_of(loader, journey, "bankName", NULL);
    config->session_key_file = key_file_of(loader, journey, "$.journey", "sessionKey");
    config->previous_session_key_file =
        key_file_of(loader, journey, "$.journey", "previousSessionKey");
    config->session_s = int_of(journey, "sessionSeconds", 900);
    config->max_attempts = int_of(journey, "maxAttempts", 3);
    read_step_up(loader, json_get(journey, "stepUp"));
    config->demo_app = json_get_bool(journey, "demoApp", false);
    if (config->demo_app && !config->development)
        fail(loader, "$.journey.demoApp", "is for development only");
}

static void read_state(struct loader *loader, const cJSON *root)
{
    const cJSON *state = json_get(root, "state");
    char *path = file_resolve(loader->config.base_dir, json_get(state, "path")->valuestring);
    loader->config.state = (struct state_config){
        .driver = text_of(loader, state, "driver", "lmdb"),
        .path = path ? keep(loader, path) : NULL,
        .max_megabytes = (uint32_t)int_of(state, "maxMegabytes", STATE_MEGABYTES),
        .max_tasks = (uint32_t)int_of(state, "maxTasks", STATE_TASKS),
        .instances = (uint32_t)int_of(state, "instances", STATE_INSTANCES),
    };
    free(path);
    if (!loader->config.state.path) {
        fail_memory(loader);
    }
}

/* A list that ends with NULL. */
static const char *const *texts_of(struct loader *loader, const cJSON *object, const char *name,
                                   const char *const *fallback)
{
    size_t count = 0;
    const cJSON *list = json_get(object, name), *item;
    if (!list)
        return fallback;
    const char **texts =
        arena_array(loader->arena, (size_t)cJSON_GetArraySize(list) + 1, sizeof(*texts));
    if (!texts) {
        fail_memory(loader);
        return fallback;
    }
    cJSON_ArrayForEach(item, list)
    {
        texts[count++] = keep(loader, item->valuestring);
    }
    texts[count] = NULL;
    return texts;
}

static const char *const *data_sharing_alone(struct loader *loader)
{
    const char **types = arena_array(loader->arena, 2, sizeof(*types));
    if (!types) {
        fail_memory(loader);
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
        fail_memory(loader);
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
    join(where, path, "offers.closingVersions");
    for (size_t i = 0; i < closing; i++) {
        if (!version_is_listed(served, offers->closing[i])) {
            fail(loader, where, "names a version in which data sharing is not served");
        }
    }
    if (closing >= count_versions(served)) {
        fail(loader, where, "must leave a version for new consents");
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
    static const char *const sub_types[] = {"CurrentAccount", "Savings", "CreditCard",
                                            "Mortgage",       "Finance", NULL};
    struct offers offers = {
        .consent_types = texts_of(loader, object, "consentTypes", data_sharing_alone(loader)),
        .account_types = texts_of(loader, object, "accountTypes", own_types(segment)),
        .account_sub_types = texts_of(loader, object, "accountSubTypes", sub_types)};
    read_versions(loader, object, &offers);
    return offers;
}

/* A part of the file as it stands there. */
static const char *part_of(struct loader *loader, const char *where)
{
    const char *text = arena_text(loader->arena, config_locate(loader->config.text, where));
    if (!text)
        fail_memory(loader);
    return text;
}

/* Where the Hub's keys come from, which `what` cannot do without. */
static void check_key_store(struct loader *loader, const char *what)
{
    const struct config *config = &loader->config;
    const char *used = config->jwks_override ? config->jwks_override : config->jwks_base;
    char cause[PATH_ROOM];
    if (!used) {
        snprintf(cause, sizeof(cause), "%s needs jwksBase or jwksOverride", what);
        fail(loader, "$.caller", cause);
    } else if (strncmp(used, "https:", 6) == 0 && !config->jwks_ca) {
        fail(loader, "$.caller", "a key store with https needs jwksCa");
    }
}

static unsigned methods_of(const cJSON *object)
{
    const cJSON *list = json_get(object, "methods"), *item;
    unsigned methods = 0;
    cJSON_ArrayForEach(item, list)
    {
        for (unsigned i = 0; client_method_names[i]; i++) {
            methods |= strcmp(client_method_names[i], item->valuestring) == 0 ? 1u << i : 0;
        }
    }
    return list ? methods : 1u << CLIENT_SECRET_BASIC | 1u << CLIENT_SECRET_POST;
}

/* What each method cannot do without. */
static void check_client(struct loader *loader, const struct client *client, const char *path)
{
    const struct config *config = &loader->config;
    bool secret = client->methods & (1u << CLIENT_SECRET_BASIC | 1u << CLIENT_SECRET_POST);
    if (secret && !client->secrets_file) {
        fail(loader, path, "client_secret_basic and client_secret_post need file");
    }
    if (client->methods & 1u << CLIENT_PRIVATE_KEY_JWT) {
        check_key_store(loader, "private_key_jwt");
    }
    if (client->methods & 1u << CLIENT_TLS && !*client->subjects) {
        fail(loader, path, "tls_client_auth needs subjects");
    }
    if (client->form == ACCESS_JWT && !config->token_key) {
        fail(loader, path, "tokens that are a JWT need caller.tokenKey");
    }
}

/* The provider's Hub as a client of our own token endpoint. */
static void read_client(struct loader *loader, const cJSON *object, struct config_provider *out,
                        const char *path)
{
    static const char *const none[] = {NULL};
    struct config *config = &loader->config;
    out->client =
        (struct client){.id = text_of(loader, object, "id", out->id),
                        .provider = out->id,
                        .methods = methods_of(object),
                        .secrets_file = file_of(loader, object, path, "file"),
                        .subjects = texts_of(loader, object, "subjects", none),
                        .scopes = texts_of(loader, object, "scopes", none),
                        .life_s = int_of(object, "lifeSeconds", LIMIT_TOKEN_LIFE_S),
                        .form = (enum access_form)word_or(
                            word_of(loader, object, path, "tokens", token_forms), ACCESS_OPAQUE)};
    out->access = (struct access_rules){
        .provider = out->id, .client = out->client.id, .scopes = out->client.scopes};
    check_client(loader, &out->client, path);
    if (!config->issuer) {
        config->issuer =
            arena_format(loader->arena, "https://%s:%d", config->host_name, config->hub.port).ptr;
    }
    if (!config->issuer) {
        fail_memory(loader);
    }
}

/* The bank's other authorisation server. */
static void read_issuer(struct loader *loader, const cJSON *object, struct config_provider *out,
                        const char *path)
{
    char where[PATH_ROOM];
    static const char *const none[] = {NULL};
    out->access =
        (struct access_rules){.provider = out->id,
                              .client = text_of(loader, object, "clientId", NULL),
                              .scopes = texts_of(loader, object, "scopes", none),
                              .issuer = text_of(loader, object, "issuer", NULL),
                              .audience = text_of(loader, object, "audience", NULL),
                              .jwks_url = url_of(loader, object, path, "jwksUrl"),
                              .allow_unbound = !json_get_bool(object, "certificateBound", true)};
    if (strncmp(out->access.jwks_url, "https:", 6) == 0 && !loader->config.jwks_ca) {
        fail(loader, join(where, path, "jwksUrl"), "a key store with https needs caller.jwksCa");
    }
}

static void read_client_credentials(struct loader *loader, const cJSON *auth,
                                    struct config_provider *out, const char *path)
{
    char where[PATH_ROOM];
    const cJSON *clients = json_get(auth, "clients"), *issuer = json_get(auth, "issuer");
    if (out->caller.mode != CALLER_CLIENT_CREDENTIALS) {
        if (clients || issuer) {
            fail(loader, path, "clients and issuer are for mode client-credentials");
        }
    } else if (!clients == !issuer) {
        fail(loader, path, "mode client-credentials needs clients or issuer, and not both");
    } else if (clients) {
        read_client(loader, clients, out, join(where, path, "clients"));
    } else {
        read_issuer(loader, issuer, out, join(where, path, "issuer"));
    }
}

static void read_api_keys(struct loader *loader, const cJSON *auth, struct config_provider *out,
                          const char *path)
{
    char where[PATH_ROOM];
    const cJSON *keys = json_get(auth, "apiKeys");
    if (!keys != (out->caller.mode != CALLER_API_KEY)) {
        fail(loader, path, keys ? "apiKeys are for mode api-key" : "mode api-key needs apiKeys");
    } else if (keys) {
        out->api_keys =
            (struct api_keys){.file = file_of(loader, keys, join(where, path, "apiKeys"), "file"),
                              .prefix = text_of(loader, keys, "prefix", "")};
    }
}

/* How a provider's Hub proves itself: its own callerAuth, or the mode that all share. */
static void read_caller_auth(struct loader *loader, const cJSON *root, const cJSON *provider,
                             struct config_provider *out, const char *path)
{
    char where[PATH_ROOM];
    const cJSON *auth = json_get(provider, "callerAuth");
    int shared = word_of(loader, json_get(root, "caller"), "$.caller", "mode", caller_modes);
    int own = word_of(loader, auth, join(where, path, "callerAuth"), "mode", caller_modes);
    out->caller = (struct caller_provider){
        .id = out->id,
        .audience = out->audience,
        .mode = (enum caller_mode)word_or(own, word_or(shared, CALLER_JWT))};
    if (out->caller.mode == CALLER_JWT) {
        check_key_store(loader, "mode jwt");
    }
    read_api_keys(loader, auth, out, where);
    read_client_credentials(loader, auth, out, where);
}

static void read_provider(struct loader *loader, const cJSON *root, const cJSON *object,
                          size_t index)
{
    char path[PATH_ROOM], where[PATH_ROOM];
    struct config_provider *out = &loader->config.providers[index];
    const cJSON *core = json_get(object, "core");
    snprintf(path, sizeof(path), "$.providers[%zu]", index);
    out->id = text_of(loader, object, "id", NULL);
    out->segment = text_of(loader, object, "segment", "");
    out->audience = text_of(loader, object, "audience", out->id);
    out->hub_audience = text_of(loader, object, "hubAudience", out->id);
    out->core_library = file_of(loader, core, join(where, path, "core"), "library");
    out->core_settings = "{}";
    if (json_get(core, "settings"))
        out->core_settings = part_of(loader, join(where, path, "core.settings"));
    if (json_get(object, "brand")) {
        out->brand = part_of(loader, join(where, path, "brand"));
        out->brand_logo = file_of(loader, json_get(object, "brand"), where, "logo");
        out->scheme_logo = file_of(loader, json_get(object, "brand"), where, "schemeLogo");
        out->scheme_mark = file_of(loader, json_get(object, "brand"), where, "schemeMark");
    }
    out->offers = read_offers(loader, json_get(object, "offers"), out->segment);
    check_closing(loader, &out->offers, path);
    out->statement_day = (enum lfi_statement_day)word_or(
        word_of(loader, object, path, "statementsBy", statement_days), LFI_STATEMENT_OPENING_DATE);
    read_caller_auth(loader, root, object, out, path);
    out->authorize_path = text_of(loader, object, "authorizePath", NULL);
    out->heimdall_url = url_of(loader, object, path, "heimdall");
    out->consent_manager_url = url_of(loader, object, path, "consentManager");
    if (out->authorize_path && !out->heimdall_url)
        fail(loader, path, "authorizePath needs heimdall");
    if (out->authorize_path && !out->consent_manager_url)
        fail(loader, path, "authorizePath needs consentManager");
    for (size_t i = 0; i < index && !loader->failed; i++) {
        const struct config_provider *other = &loader->config.providers[i];
        if (strcmp(other->id, out->id) == 0)
            fail(loader, join(where, path, "id"), "another provider has this id");
        if (out->authorize_path && other->authorize_path &&
            strcmp(other->authorize_path, out->authorize_path) == 0)
            fail(loader, join(where, path, "authorizePath"), "another provider has this path");
        if (out->client.id && other->client.id && strcmp(out->client.id, other->client.id) == 0) {
            fail(loader, join(where, path, "callerAuth"),
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
        fail_memory(loader);
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
    config->host_name = text_of(loader, root, "hostName", NULL);
    config->log_level = (enum log_level)word_or(
        word_of(loader, json_get(root, "log"), "$.log", "level", log_levels), LOG_INFO);
    config->body_bytes = (size_t)int_of(limits, "bodyBytes", LIMIT_BODY_BYTES);
    config->request_ms = int_of(limits, "requestMs", LIMIT_REQUEST_MS);
    config->idle_ms = int_of(limits, "idleMs", LIMIT_IDLE_MS);
    config->queue_ms = int_of(limits, "queueMs", LIMIT_QUEUE_MS);
    config->pending = int_of(limits, "waitingConnections", LIMIT_PENDING);
    config->pending_per_peer = int_of(limits, "waitingPerAddress", LIMIT_PENDING_PER_PEER);
    config->connection_s = int_of(limits, "connectionSeconds", LIMIT_CONNECTION_S);
    config->drain_ms = int_of(limits, "drainMs", config->request_ms);
    config->drain_delay_ms =
        int_of(limits, "drainDelayMs", config->development ? 0 : LIMIT_DRAIN_DELAY_MS);
    config->check_responses = (enum contract_replies)word_or(
        word_of(loader, json_get(root, "contract"), "$.contract", "responses", contract_replies),
        CONTRACT_REPLIES_ENFORCE);
    read_listeners(loader, root);
    read_caller(loader, root);
    read_hub(loader, root);
    read_journey(loader, root);
    read_state(loader, root);
    read_providers(loader, root);
}

/* --- entry ------------------------------------------------------------------------------------ */

static int check_shape(struct loader *loader)
{
    struct contract_violation violation;
    if (contract_init(&contract_config, loader->error) != 0)
        return -1;
    int rc = contract_check_json(contract_schema_named(&contract_config, "Config"),
                                 loader->config.text, &violation);
    contract_fini(&contract_config);
    if (rc != 0)
        error_set(loader->error, "%s:%zu: %s: %s", loader->config.path,
                  contract_line_of(loader->config.text, violation.offset), violation.where,
                  violation.message);
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
    if (slash)
        folder = (struct lfi_slice){path, slash == path ? 1 : (size_t)(slash - path)};
    loader->arena = arena;
    loader->error = error;
    loader->config.path = path; /* keep() needs it for its message */
    loader->config.path = keep(loader, path);
    loader->config.base_dir = arena_text(arena, folder);
    if (!loader->config.base_dir)
        fail_memory(loader);
    return loader;
}

static int load_text(struct config **out, const char *path, struct lfi_slice text,
                     struct lfi_error *error)
{
    cJSON *root = NULL;
    *out = NULL;
    struct loader *loader = new_loader(path, error);
    if (!loader || loader->failed)
        goto out;
    loader->config.text = arena_keep(loader->arena, text);
    if (!loader->config.text.ptr) {
        fail_memory(loader);
        goto out;
    }
    if (check_shape(loader) != 0)
        goto out;
    root = json_parse(loader->config.text);
    if (!root)
        fail_memory(loader);
    else
        read_config(loader, root);
    if (!loader->failed)
        *out = &loader->config;
out:
    cJSON_Delete(root);
    if (!*out)
        config_free(loader ? &loader->config : NULL);
    return *out ? 0 : -1;
}

int config_load(struct config **out, const char *path, struct lfi_error *error)
{
    struct buf text;
    *out = NULL;
    buf_init(&text, LIMIT_CONFIG_BYTES);
    int rc = file_read(path, &text, error);
    if (rc == 0)
        rc = load_text(out, path, buf_slice(&text), error);
    buf_free(&text);
    return rc;
}

int config_load_again(struct config **out, const struct config *loaded, struct lfi_error *error)
{
    return load_text(out, loaded->path, loaded->text, error);
}

void config_free(struct config *config)
{
    if (config)
        arena_free(((struct loader *)config)->arena);
}
