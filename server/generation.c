#include "generation.h"

#include "base/file.h"
#include "caap/keys.h"
#include "caller/connect_token.h"
#include "caller/secret_use.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define KEY_BYTES 32

struct generation_parts {
    atomic_int holders;    /* one of them is struct generations */
    struct config *config; /* NULL: borrowed */
    struct config_pair c3;
    struct hub_identity *identity;         /* NULL: the Hub is sent no tokens */
    struct caller_provider *callers;       /* by provider index */
    struct access_rules *access;           /* by provider index */
    struct access_keys *access_keys;       /* NULL: none of our own access tokens */
    struct connect_tokens *connect_tokens; /* NULL: none */
    struct oauth_client *clients;
    struct secret_use *secret_uses; /* by provider index */
    size_t client_count;
    struct psu_endpoint *endpoints;
    size_t endpoint_count;
};

struct generations {
    struct generation_shared shared;
    pthread_mutex_t lock; /* guards `current` */
    struct generation *current;
};

static void generation_free(struct generation *generation)
{
    struct generation_parts *parts = generation->parts;

    psu_free(generation->psu);
    oauth_free(generation->oauth);
    caller_free(generation->caller);
    pii_reader_free(generation->pii);
    caap_keys_free(generation->caap);
    verdict_judge_free(generation->verdicts);
    for (size_t i = 0; i < parts->endpoint_count; i++) {
        hub_free(parts->endpoints[i].hub);
    }
    hub_identity_free(parts->identity);
    free(parts->endpoints);
    for (size_t i = 0; i < parts->client_count; i++) {
        caller_secrets_free(parts->clients[i].secrets);
    }
    free(parts->clients);
    free(parts->secret_uses);
    access_keys_free(parts->access_keys);
    connect_tokens_free(parts->connect_tokens);
    free(parts->access);
    free(parts->callers);
    config_free(parts->config);
    free(parts);
    free(generation->hubs);
    free(generation->offers);
    free(generation);
}

/* A key; empty when there is no file. Ends with buf_free. */
static int read_key(struct buf *out, const char *file, struct lfi_error *error)
{
    buf_init_secret(out, KEY_BYTES);
    if (!file) {
        return 0;
    }
    if (file_read(file, out, error) != 0) {
        return -1;
    }
    return out->len == KEY_BYTES ? 0 : error_set(error, "%s: must have 32 bytes", file);
}

/* A key and the one before it; empty where there is none. To be freed in any case. */
struct keys {
    struct buf current, previous;
};

static int read_keys(struct keys *out, const char *file, const char *previous_file,
                     struct lfi_error *error)
{
    buf_init(&out->previous, 0);
    return read_key(&out->current, file, error) == 0
               ? read_key(&out->previous, previous_file, error)
               : -1;
}

/* Those that seal sessions. */
static int read_session_keys(struct keys *out, const struct config *config, struct lfi_error *error)
{
    return read_keys(out, config->session_key_file, config->previous_session_key_file, error);
}

static struct lfi_slice previous_of(const struct keys *keys)
{
    return keys->previous.len > 0 ? buf_slice(&keys->previous) : (struct lfi_slice){NULL, 0};
}

static void free_keys(struct keys *keys)
{
    buf_free(&keys->current);
    buf_free(&keys->previous);
}

/* --- access tokens ---------------------------------------------------------------------------- */

/* Sealed with the key of sessions: a box opens for its own purpose alone. */
static int make_access_keys(struct generation_parts *parts, const struct config *config,
                            struct lfi_error *error)
{
    struct keys keys;
    int rc = read_session_keys(&keys, config, error);

    if (rc == 0) {
        const struct access_keys_config access = {.issuer = config->issuer,
                                                  .seal_key = buf_slice(&keys.current),
                                                  .previous_seal_key = previous_of(&keys),
                                                  .signing_key = config->token_key,
                                                  .previous_signing_key =
                                                      config->previous_token_key};
        rc = access_keys_new(&parts->access_keys, &access, error);
    }
    free_keys(&keys);
    return rc;
}

/* NULL where no key is configured: then no provider takes such tokens. */
static int make_connect_tokens(struct generation_parts *parts, const struct config *config,
                               struct lfi_error *error)
{
    struct keys keys;
    int rc = read_keys(&keys, config->connect_token_key_file,
                       config->previous_connect_token_key_file, error);

    if (rc == 0 && keys.current.len > 0) {
        rc = connect_tokens_new(&parts->connect_tokens, buf_slice(&keys.current),
                                previous_of(&keys), error);
    }
    free_keys(&keys);
    return rc;
}

static int load_secrets(struct oauth_client *client, const struct generations *generations,
                        struct lfi_error *error)
{
    const struct generation *previous = generations->current;

    if (!client->settings->secrets_file) {
        return 0;
    }
    if (caller_secrets_load(&client->secrets, client->settings->secrets_file, error) != 0) {
        return -1;
    }
    if (previous) {
        secret_use_continue(client->use, &previous->parts->secret_uses[client->provider],
                            client->secrets);
    }
    return 0;
}

static int make_clients(struct generation_parts *parts, const struct generations *generations,
                        const struct config *config, struct lfi_error *error)
{
    for (size_t i = 0; i < config->provider_count; i++) {
        const struct client *settings = &config->providers[i].client;
        struct oauth_client *client = &parts->clients[parts->client_count];
        if (!settings->id) {
            continue;
        }
        client->settings = settings;
        client->provider = i;
        client->use = &parts->secret_uses[i];
        parts->client_count++;
        if (load_secrets(client, generations, error) != 0) {
            return -1;
        }
    }
    return parts->client_count > 0 ? make_access_keys(parts, config, error) : 0;
}

static int make_oauth(struct generation *generation, const struct generation_shared *shared,
                      struct lfi_error *error)
{
    const struct generation_parts *parts = generation->parts;
    const struct oauth_config oauth = {.clients = {parts->clients, parts->client_count},
                                       .keys = parts->access_keys,
                                       .caller = generation->caller,
                                       .state = shared->state,
                                       .clock = shared->clock,
                                       .log = shared->log,
                                       .metrics = shared->metrics,
                                       .first_operation = shared->first_token_operation,
                                       .explain = shared->explain};

    return parts->client_count > 0 ? oauth_new(&generation->oauth, &oauth, error) : 0;
}

static int make_caller(struct generation *generation, const struct generations *generations,
                       const struct config *config, struct lfi_error *error)
{
    const struct generation_shared *shared = &generations->shared;
    struct caller_provider *callers = generation->parts->callers;
    const struct caller_config caller = {
        .allowed_ous = config->caller_ous,
        .allowed_ou_count = config->caller_ou_count,
        .providers = callers,
        .provider_count = config->provider_count,
        .jwks_base = config->jwks_base,
        .jwks_override = config->jwks_override,
        .jwks_ca_file = config->jwks_ca,
        .max_life_s = config->token_max_life_s,
        .replay_entries = (size_t)config->replay_entries,
        .connect_tokens = generation->parts->connect_tokens,
        .previous = generations->current ? generations->current->caller : NULL,
        .workers = config->hub.threads,
    };

    for (size_t i = 0; i < config->provider_count; i++) {
        struct access_rules *access = &generation->parts->access[i];
        callers[i] = config->providers[i].caller;
        *access = config->providers[i].access;
        access->keys = config->providers[i].client.id ? generation->parts->access_keys : NULL;
        callers[i].access = access;
        callers[i].api_keys = &config->providers[i].api_keys;
    }
    return caller_new(&generation->caller, &caller, shared->clock, shared->log, shared->metrics,
                      error);
}

static int make_pii(struct generation *generation, const struct generations *generations,
                    const struct config *config, struct lfi_error *error)
{
    const struct generation_shared *shared = &generations->shared;
    const struct config_encryption *encryption = &config->encryption;
    const struct pii_config pii = {.keys = encryption->keys,
                                   .key_count = encryption->key_count,
                                   .jwks_base = encryption->jwks_base,
                                   .jwks_ca_file = encryption->jwks_ca,
                                   .audience = encryption->audience,
                                   .skip_later_times = !encryption->judge_times_later,
                                   .previous =
                                       generations->current ? generations->current->pii : NULL};

    return pii.key_count > 0 ? pii_reader_new(&generation->pii, &pii, shared->clock, shared->log,
                                              shared->metrics, error)
                             : 0;
}

/* NULL where no provider's customers decide at CAAP. */
static int make_caap(struct generation *generation, const struct config *config,
                     struct lfi_error *error)
{
    struct keys keys;
    bool wanted = false;
    for (size_t i = 0; i < config->provider_count; i++) {
        wanted = wanted || config->providers[i].caap;
    }
    if (!wanted) {
        return 0;
    }
    int rc = read_session_keys(&keys, config, error);
    if (rc == 0) {
        rc = caap_keys_new(&generation->caap, buf_slice(&keys.current), previous_of(&keys), error);
    }
    free_keys(&keys);
    return rc;
}

static int make_verdicts(struct generation *generation, const struct generations *generations,
                         const struct config *config, struct lfi_error *error)
{
    const struct generation_shared *shared = &generations->shared;
    const struct generation *current = generations->current;
    const struct verdict_config verdicts = {.jwks_urls = config->encryption.verdict_jwks_urls,
                                            .jwks_ca_file = config->jwks_ca,
                                            .previous = current ? current->verdicts : NULL};

    return verdict_judge_new(&generation->verdicts, &verdicts, shared->clock, shared->log,
                             shared->metrics, error);
}

static int make_endpoint(struct generation *generation, const struct generation_shared *shared,
                         const struct config *config, const struct config_provider *provider,
                         struct lfi_error *error)
{
    struct psu_endpoint *endpoint =
        &generation->parts->endpoints[generation->parts->endpoint_count];
    const struct hub_config hub = {
        .provider_id = provider->id,
        .heimdall_url = provider->heimdall_url,
        .consent_manager_url = provider->consent_manager_url,
        .ca_file = config->hub_ca,
        .certificate = generation->parts->c3.certificate,
        .key = generation->parts->c3.key,
        .identity = generation->parts->identity,
        .audience = provider->hub_audience,
        .timeout_ms = config->hub_timeout_ms,
        .calls = shared->calls,
    };

    endpoint->path = provider->authorize_path;
    endpoint->connect_tokens =
        provider->caller.takes_connect_tokens ? generation->parts->connect_tokens : NULL;
    endpoint->brand = provider->brand;
    endpoint->brand_logo = provider->brand_logo;
    endpoint->scheme_logo = provider->scheme_logo;
    endpoint->scheme_mark = provider->scheme_mark;
    endpoint->provider = provider_find(shared->providers, slice_of(provider->id));
    endpoint->provider_index = provider_index(shared->providers, endpoint->provider);
    endpoint->offers = &provider->offers;
    if (hub_new(&endpoint->hub, &hub, shared->clock, shared->log, shared->metrics, error) != 0) {
        return -1;
    }
    generation->hubs[endpoint->provider_index] = endpoint->hub;
    generation->parts->endpoint_count++;
    return 0;
}

/* An authorizePath would take the page's place. */
static int check_paths(const struct config *config, struct lfi_error *error)
{
    for (size_t i = 0; i < config->provider_count; i++) {
        const char *path = config->providers[i].authorize_path;
        if (path && psu_owns_path(slice_of(path))) {
            char where[CONFIG_PATH_MAX];
            snprintf(where, sizeof(where), "$.providers[%zu].authorizePath", i);
            return config_error(config, where, "is the address of one of our own pages", error);
        }
    }
    return 0;
}

static int make_psu(struct generation *generation, const struct generation_shared *shared,
                    const struct config *config, struct lfi_error *error)
{
    struct keys keys;

    if (check_paths(config, error) != 0) {
        return -1;
    }
    int status = read_session_keys(&keys, config, error);
    if (status == 0) {
        const struct psu_config psu = {
            .endpoints = generation->parts->endpoints,
            .endpoint_count = generation->parts->endpoint_count,
            .public_url = config->public_url,
            .bank_name = config->bank_name,
            .session_key = buf_slice(&keys.current),
            .previous_session_key = previous_of(&keys),
            .session_s = config->session_s,
            .proxies = config->proxies,
            .max_attempts = config->max_attempts,
            .step_up_data_sharing = config->step_up_data_sharing,
            .demo_app = config->demo_app,
            .state = shared->state,
            .explain = shared->explain,
            .overrides = shared->overrides,
            .shares = shared->public_shares,
            .metrics = shared->metrics,
            .pii = generation->pii,
            .verdicts = generation->verdicts,
        };
        status = psu_new(&generation->psu, &psu, shared->clock, shared->log, error);
    }
    free_keys(&keys);
    return status;
}

static int make_parts(struct generation *generation, const struct generations *generations,
                      const struct config *config, struct lfi_error *error)
{
    const struct generation_shared *shared = &generations->shared;
    struct generation_parts *parts = generation->parts;

    parts->callers = calloc(config->provider_count, sizeof(*parts->callers));
    parts->access = calloc(config->provider_count, sizeof(*parts->access));
    parts->clients = calloc(config->provider_count, sizeof(*parts->clients));
    parts->secret_uses = calloc(config->provider_count, sizeof(*parts->secret_uses));
    parts->endpoints = calloc(config->provider_count, sizeof(*parts->endpoints));
    generation->hubs = calloc(config->provider_count, sizeof(struct hub *));
    generation->offers = calloc(config->provider_count, sizeof(*generation->offers));
    if (!parts->callers || !parts->access || !parts->clients || !parts->secret_uses ||
        !parts->endpoints || !generation->hubs || !generation->offers) {
        return error_set(error, "out of memory");
    }
    for (size_t i = 0; i < config->provider_count; i++) {
        generation->offers[i] = &config->providers[i].offers;
    }
    if ((config->hub_signing_key &&
         hub_identity_new(&parts->identity, parts->c3.certificate, config->hub_signing_key,
                          config->hub_kid, error) != 0) ||
        make_connect_tokens(parts, config, error) != 0 ||
        make_clients(parts, generations, config, error) != 0 ||
        make_caller(generation, generations, config, error) != 0 ||
        make_oauth(generation, shared, error) != 0 ||
        make_pii(generation, generations, config, error) != 0 ||
        make_caap(generation, config, error) != 0 ||
        make_verdicts(generation, generations, config, error) != 0) {
        return -1;
    }
    for (size_t i = 0; i < config->provider_count; i++) {
        const struct config_provider *provider = &config->providers[i];
        bool tells_hub =
            provider->authorize_path || (provider->caap && provider->consent_manager_url);
        if (tells_hub && make_endpoint(generation, shared, config, provider, error) != 0) {
            return -1;
        }
    }
    return make_psu(generation, shared, config, error);
}

static int generation_new(struct generation **out, const struct generations *generations,
                          const struct config *config, const struct config_pair *c3,
                          struct lfi_error *error)
{
    struct generation *generation = calloc(1, sizeof(*generation));
    struct generation_parts *parts = calloc(1, sizeof(*parts));

    if (!generation || !parts) {
        free(generation);
        free(parts);
        return error_set(error, "out of memory");
    }
    generation->config = config;
    generation->parts = parts;
    parts->holders = 1;
    parts->c3 = *c3;
    if (make_parts(generation, generations, config, error) != 0) {
        generation_free(generation);
        return -1;
    }
    *out = generation;
    return 0;
}

int generations_new(struct generations **out, const struct generation_shared *shared,
                    const struct config *config, const struct config_pair *c3,
                    struct lfi_error *error)
{
    struct generations *generations = calloc(1, sizeof(*generations));

    if (!generations) {
        return error_set(error, "out of memory");
    }
    generations->shared = *shared;
    if (pii_init(error) != 0) {
        free(generations);
        return -1;
    }
    if (generation_new(&generations->current, generations, config, c3, error) != 0) {
        pii_fini();
        free(generations);
        return -1;
    }
    pthread_mutex_init(&generations->lock, NULL);
    *out = generations;
    return 0;
}

void generations_free(struct generations *generations)
{
    if (generations) {
        generations_release(generations->current);
        pii_fini();
        pthread_mutex_destroy(&generations->lock);
        free(generations);
    }
}

int generations_replace(struct generations *generations, struct config *config,
                        const struct config_pair *c3, struct lfi_error *error)
{
    struct generation *next = NULL;

    if (generation_new(&next, generations, config, c3, error) != 0) {
        return -1;
    }
    next->parts->config = config;
    pthread_mutex_lock(&generations->lock);
    struct generation *old = generations->current;
    generations->current = next;
    pthread_mutex_unlock(&generations->lock);
    caller_commit(next->caller);
    generations_release(old);
    return 0;
}

struct generation *generations_hold(struct generations *generations)
{
    pthread_mutex_lock(&generations->lock);
    struct generation *generation = generations->current;
    atomic_fetch_add(&generation->parts->holders, 1);
    pthread_mutex_unlock(&generations->lock);
    return generation;
}

void generations_release(struct generation *generation)
{
    if (atomic_fetch_sub(&generation->parts->holders, 1) == 1) {
        generation_free(generation);
    }
}
