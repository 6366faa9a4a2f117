#include "generation.h"

#include "base/file.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define SESSION_KEY_BYTES 32

struct generation_parts {
    atomic_int holders;    /* one of them is struct generations */
    struct config *config; /* NULL: borrowed */
    struct config_pair c3;
    struct caller_provider *callers; /* by provider index */
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
    caller_free(generation->caller);
    for (size_t i = 0; parts && i < parts->endpoint_count; i++) {
        hub_free(parts->endpoints[i].hub);
    }
    if (parts) {
        free(parts->endpoints);
        free(parts->callers);
        config_free(parts->config);
    }
    free(parts);
    free(generation->hubs);
    free(generation);
}

static int make_caller(struct generation *generation, const struct generation_shared *shared,
                       const struct config *config, struct lfi_error *error)
{
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
    };

    for (size_t i = 0; i < config->provider_count; i++) {
        callers[i] = config->providers[i].caller;
    }
    return caller_new(&generation->caller, &caller, shared->clock, shared->log, shared->metrics,
                      error);
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
        .signing_key = config->hub_signing_key,
        .kid = config->hub_kid,
        .audience = provider->hub_audience,
        .timeout_ms = config->hub_timeout_ms,
    };

    endpoint->path = provider->authorize_path;
    endpoint->brand = provider->brand;
    endpoint->brand_logo = provider->brand_logo;
    endpoint->scheme_logo = provider->scheme_logo;
    endpoint->scheme_mark = provider->scheme_mark;
    endpoint->provider = provider_find(shared->providers, slice_of(provider->id));
    endpoint->provider_index = provider_index(shared->providers, endpoint->provider);
    if (hub_new(&endpoint->hub, &hub, shared->clock, shared->log, shared->metrics, error) != 0) {
        return -1;
    }
    generation->hubs[endpoint->provider_index] = endpoint->hub;
    generation->parts->endpoint_count++;
    return 0;
}

static int read_key(struct buf *out, const char *file, struct lfi_error *error)
{
    buf_init(out, SESSION_KEY_BYTES);
    if (!file) {
        return 0;
    }
    if (file_read(file, out, error) != 0) {
        return -1;
    }
    return out->len == SESSION_KEY_BYTES ? 0 : error_set(error, "%s: must have 32 bytes", file);
}

static void wipe(struct buf *key)
{
    OPENSSL_cleanse(key->ptr, key->cap);
    buf_free(key);
}

static int make_psu(struct generation *generation, const struct generation_shared *shared,
                    const struct config *config, struct lfi_error *error)
{
    struct buf current, previous;
    int status = -1;

    buf_init(&previous, 0);
    if (read_key(&current, config->session_key_file, error) == 0 &&
        read_key(&previous, config->previous_session_key_file, error) == 0) {
        const struct psu_config psu = {
            .endpoints = generation->parts->endpoints,
            .endpoint_count = generation->parts->endpoint_count,
            .public_url = config->public_url,
            .bank_name = config->bank_name,
            .session_key = buf_slice(&current),
            .previous_session_key =
                previous.len > 0 ? buf_slice(&previous) : (struct lfi_slice){NULL, 0},
            .session_s = config->session_s,
            .max_attempts = config->max_attempts,
            .step_up_data_sharing = config->step_up_data_sharing,
            .demo_app = config->demo_app,
            .state = shared->state,
            .explain = shared->explain,
            .overrides = shared->overrides,
            .shares = shared->public_shares,
            .metrics = shared->metrics,
        };
        status = psu_new(&generation->psu, &psu, shared->clock, shared->log, error);
    }
    wipe(&current);
    wipe(&previous);
    return status;
}

static int make_parts(struct generation *generation, const struct generation_shared *shared,
                      const struct config *config, const struct config_pair *c3,
                      struct lfi_error *error)
{
    struct generation_parts *parts = calloc(1, sizeof(*parts));

    generation->parts = parts;
    if (!parts) {
        return error_set(error, "out of memory");
    }
    parts->holders = 1;
    parts->c3 = *c3;
    parts->callers = calloc(config->provider_count, sizeof(*parts->callers));
    parts->endpoints = calloc(config->provider_count, sizeof(*parts->endpoints));
    generation->hubs = calloc(config->provider_count, sizeof(struct hub *));
    if (!parts->callers || !parts->endpoints || !generation->hubs) {
        return error_set(error, "out of memory");
    }
    if (make_caller(generation, shared, config, error) != 0) {
        return -1;
    }
    for (size_t i = 0; i < config->provider_count; i++) {
        if (config->providers[i].authorize_path &&
            make_endpoint(generation, shared, config, &config->providers[i], error) != 0) {
            return -1;
        }
    }
    return make_psu(generation, shared, config, error);
}

static int generation_new(struct generation **out, const struct generation_shared *shared,
                          const struct config *config, const struct config_pair *c3,
                          struct lfi_error *error)
{
    struct generation *generation = calloc(1, sizeof(*generation));

    if (!generation) {
        return error_set(error, "out of memory");
    }
    if (make_parts(generation, shared, config, c3, error) != 0) {
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
    if (generation_new(&generations->current, shared, config, c3, error) != 0) {
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
        pthread_mutex_destroy(&generations->lock);
        free(generations);
    }
}

int generations_replace(struct generations *generations, struct config *config,
                        const struct config_pair *c3, struct lfi_error *error)
{
    struct generation *next = NULL;

    if (generation_new(&next, &generations->shared, config, c3, error) != 0) {
        return -1;
    }
    next->parts->config = config;
    pthread_mutex_lock(&generations->lock);
    struct generation *old = generations->current;
    generations->current = next;
    pthread_mutex_unlock(&generations->lock);
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
