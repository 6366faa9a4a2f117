/* The authentication of the providers' Hubs: callerAuth. */
#include "config/loader.h"

#include "base/json.h"
#include "base/limits.h"
#include "caller/binding.h"

#include <stdio.h>
#include <string.h>

const char *const config_caller_modes[CALLER_MODES + 1] = {[CALLER_MTLS_ONLY] = "mtls",
                                                           [CALLER_JWT] = "jwt",
                                                           [CALLER_API_KEY] = "api-key",
                                                           [CALLER_CLIENT_CREDENTIALS] =
                                                               "client-credentials",
                                                           NULL};
static const char *const token_forms[] = {[ACCESS_OPAQUE] = "opaque", [ACCESS_JWT] = "jwt", NULL};

/* The key store, which `what` needs. */
static void check_key_store(struct loader *loader, const char *what)
{
    const struct config *config = &loader->config;
    char cause[PATH_ROOM];
    if (config->jwks_override) {
        loader_check_key_store(loader, "$.caller.jwksOverride", config->jwks_override,
                               config->jwks_ca);
    } else if (config->jwks_base) {
        loader_check_key_store(loader, "$.caller.jwksBase", config->jwks_base, config->jwks_ca);
    } else {
        snprintf(cause, sizeof(cause), "%s needs jwksBase or jwksOverride", what);
        loader_fail(loader, "$.caller", cause);
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

static unsigned algorithms_of(const cJSON *object)
{
    const cJSON *list = json_get(object, "algorithms"), *item;
    unsigned algorithms = 0;
    cJSON_ArrayForEach(item, list)
    {
        algorithms |= jose_algorithm(slice_of(item->valuestring));
    }
    return list ? algorithms : JOSE_PS256;
}

/* The settings that each method needs. */
static void check_client(struct loader *loader, const struct client *client, const char *path)
{
    const struct config *config = &loader->config;
    bool secret = client->methods & (1u << CLIENT_SECRET_BASIC | 1u << CLIENT_SECRET_POST);
    if (secret && !client->secrets_file) {
        loader_fail(loader, path, "client_secret_basic and client_secret_post need file");
    }
    if (client->methods & 1u << CLIENT_PRIVATE_KEY_JWT) {
        check_key_store(loader, "private_key_jwt");
    }
    if (client->methods & 1u << CLIENT_TLS && !*client->subjects) {
        loader_fail(loader, path, "tls_client_auth needs subjects");
    }
    if (client->form == ACCESS_JWT && !config->token_key) {
        loader_fail(loader, path, "tokens that are a JWT need caller.tokenKey");
    }
}

/* The provider's Hub as a client of our own token endpoint. */
static void read_client(struct loader *loader, const cJSON *object, struct config_provider *out,
                        const char *path)
{
    static const char *const none[] = {NULL};
    struct config *config = &loader->config;
    out->client = (struct client){
        .id = loader_text(loader, object, "id", out->id),
        .provider = out->id,
        .methods = methods_of(object),
        .secrets_file = loader_file(loader, object, path, "file"),
        .subjects = loader_texts(loader, object, "subjects", none),
        .scopes = loader_texts(loader, object, "scopes", none),
        .life_s = loader_int(object, "lifeSeconds", LIMIT_TOKEN_LIFE_S),
        .form = (enum access_form)loader_word_or(
            loader_word(loader, object, path, "tokens", token_forms), ACCESS_OPAQUE)};
    out->access = (struct access_rules){
        .provider = out->id, .client = out->client.id, .scopes = out->client.scopes};
    check_client(loader, &out->client, path);
    if (!config->issuer) {
        config->issuer =
            arena_format(loader->arena, "https://%s:%d", config->host_name, config->hub.port).ptr;
    }
    if (!config->issuer) {
        loader_fail_memory(loader);
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
                              .client = loader_text(loader, object, "clientId", NULL),
                              .scopes = loader_texts(loader, object, "scopes", none),
                              .issuer = loader_text(loader, object, "issuer", NULL),
                              .audience = loader_text(loader, object, "audience", NULL),
                              .jwks_url = loader_url(loader, object, path, "jwksUrl"),
                              .algorithms = algorithms_of(object),
                              .allow_unbound = !json_get_bool(object, "certificateBound", true)};
    loader_check_key_store(loader, loader_join(where, path, "jwksUrl"), out->access.jwks_url,
                           loader->config.jwks_ca);
}

static void read_client_credentials(struct loader *loader, const cJSON *auth,
                                    struct config_provider *out, const char *path)
{
    char where[PATH_ROOM];
    const cJSON *clients = json_get(auth, "clients"), *issuer = json_get(auth, "issuer");
    if (out->caller.mode != CALLER_CLIENT_CREDENTIALS) {
        if (clients || issuer) {
            loader_fail(loader, path, "clients and issuer are for mode client-credentials");
        }
    } else if (!clients == !issuer) {
        loader_fail(loader, path, "mode client-credentials needs clients or issuer, and not both");
    } else if (clients) {
        read_client(loader, clients, out, loader_join(where, path, "clients"));
    } else {
        read_issuer(loader, issuer, out, loader_join(where, path, "issuer"));
    }
}

static void read_api_keys(struct loader *loader, const cJSON *auth, struct config_provider *out,
                          const char *path)
{
    char where[PATH_ROOM];
    const cJSON *keys = json_get(auth, "apiKeys");
    if (!keys != (out->caller.mode != CALLER_API_KEY)) {
        loader_fail(loader, path,
                    keys ? "apiKeys are for mode api-key" : "mode api-key needs apiKeys");
    } else if (keys) {
        out->api_keys = (struct api_keys){
            .file = loader_file(loader, keys, loader_join(where, path, "apiKeys"), "file"),
            .prefix = loader_text(loader, keys, "prefix", "")};
    }
}

/* A provider's own callerAuth, or the mode that all share. */
/* The certificates that may call, and for what. */
static void read_bindings(struct loader *loader, const cJSON *provider, struct config_provider *out,
                          const char *path)
{
    static const char *const operations[] = {"hub", "caap", "both", NULL};
    static const unsigned kinds[] = {CALLER_HUB, CALLER_CAAP, CALLER_HUB | CALLER_CAAP};
    char list[PATH_ROOM], where[PATH_ROOM];
    const cJSON *callers = json_get(provider, "callers"), *item;
    struct caller_binding *bindings =
        arena_array(loader->arena, (size_t)cJSON_GetArraySize(callers), sizeof(*bindings));
    if (!bindings) {
        loader_fail_memory(loader);
        return;
    }
    out->caller.bindings = bindings;
    cJSON_ArrayForEach(item, callers)
    {
        struct caller_binding *binding = &bindings[out->caller.binding_count];
        snprintf(where, sizeof(where), "%s[%zu]", loader_join(list, path, "callers"),
                 out->caller.binding_count++);
        *binding = (struct caller_binding){
            .ou = loader_text(loader, item, "organisationUnit", NULL),
            .cn = loader_text(loader, item, "commonName", NULL),
            .kinds = kinds[loader_word_or(
                loader_word(loader, item, where, "operations", operations), 2)]};
    }
}

void loader_read_caller_auth(struct loader *loader, const cJSON *root, const cJSON *provider,
                             struct config_provider *out, const char *path)
{
    char where[PATH_ROOM];
    const cJSON *auth = json_get(provider, "callerAuth");
    int shared =
        loader_word(loader, json_get(root, "caller"), "$.caller", "mode", config_caller_modes);
    int own = loader_word(loader, auth, loader_join(where, path, "callerAuth"), "mode",
                          config_caller_modes);
    out->caller = (struct caller_provider){
        .id = out->id,
        .audience = out->audience,
        .mode = (enum caller_mode)loader_word_or(own, loader_word_or(shared, CALLER_JWT)),
        .takes_connect_tokens = json_get_bool(auth, "connectTokens", false)};
    if (out->caller.takes_connect_tokens && !loader->config.connect_token_key_file) {
        loader_fail(loader, where, "connectTokens need caller.connectTokenKey");
    }
    if (out->caller.mode == CALLER_JWT) {
        check_key_store(loader, "mode jwt");
    }
    read_api_keys(loader, auth, out, where);
    read_client_credentials(loader, auth, out, where);
    read_bindings(loader, provider, out, path);
}
