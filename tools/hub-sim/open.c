#include "credential.h"
#include "sim.h"

#include "base/limits.h"
#include "connect/families.h"
#include "events.h"
#include "judge.h"
#include "keystore.h"
#include "scripting.h"
#include "store.h"

#include <stdio.h>

#define BANK_MS 15000 /* the real time-out is not published */

const struct sim_hub *sim_hub_of(const struct sim *sim, struct lfi_slice provider_id)
{
    for (size_t i = 0; i < sim->hub_count; i++) {
        if (slice_equal_text(provider_id, sim->hubs[i].config->provider_id)) {
            return &sim->hubs[i];
        }
    }
    return NULL;
}

/* --- the parts -------------------------------------------------------------------------------- */

static int open_hub(struct sim *sim, const struct config_hub *config, struct lfi_error *error)
{
    struct sim_hub *hub = &sim->hubs[sim->hub_count++];
    hub->config = config;
    (void)snprintf(hub->issuer, sizeof hub->issuer, "%s/as/%s", sim->config->url,
                   config->provider_id);
    struct http_client_config client = {.ca_file = sim->config->bank_ca,
                                        .certificate = config->certificate,
                                        .key = config->key,
                                        .timeout_ms = BANK_MS,
                                        .reply_bytes = LIMIT_REPLY_BYTES};
    if (certificate_read_subject(&hub->subject, config->certificate, error) ||
        jose_signer_load(&hub->signer, config->signing_key, config->kid, error) ||
        http_client_new(&hub->client, &client, error) ||
        credential_open(&hub->credential, config, error)) {
        return -1;
    }
    if (directory_publish(sim->directory, &hub->subject, hub->signer)) {
        return error_set(error, "the key store is full");
    }
    return 0;
}

static int publish(struct sim *sim, const struct config_published *published,
                   struct lfi_error *error)
{
    struct certificate_subject subject;
    struct jose_signer *signer = NULL;
    if (certificate_read_subject(&subject, published->certificate, error) ||
        jose_signer_load(&signer, published->key, published->kid, error)) {
        return -1;
    }
    int rc = directory_publish(sim->directory, &subject, signer);
    jose_signer_free(signer);
    return rc ? error_set(error, "the key store is full") : 0;
}

/* The simulator reads the bank's keys from its own store by plain HTTP, out of reach of faults. */
static int open_caller(struct sim *sim, struct lfi_error *error)
{
    const struct sim_config *config = sim->config;
    for (size_t i = 0; i < config->hub_count; i++) {
        sim->callers[i] = (struct caller_provider){.id = config->hubs[i].provider_id,
                                                   .mode = CALLER_JWT,
                                                   .audience = config->hubs[i].audience};
    }
    (void)snprintf(sim->key_base, sizeof sim->key_base, "http://%s:%d/keystore",
                   config->http.address, config->http.port);
    return caller_new(&sim->caller,
                      &(struct caller_config){.allowed_ous = &config->bank_ou,
                                              .allowed_ou_count = 1,
                                              .providers = sim->callers,
                                              .provider_count = config->hub_count,
                                              .jwks_base = sim->key_base,
                                              .max_life_s = LIMIT_TOKEN_LIFE_S},
                      sim->clock, sim->log, NULL, error);
}

int sim_open(struct sim *sim, struct lfi_error *error)
{
    const struct sim_config *config = sim->config;
    sim->directory = directory_new();
    sim->faults = faults_new();
    sim->store = store_new(sim->clock, sim->log);
    if (!sim->directory || !sim->faults || !sim->store) {
        return error_set(error, "out of memory");
    }
    if (connect_apis_new(&sim->bank, NULL, error) || judge_open(sim, error) ||
        scripting_open(sim, error) || keystore_open(sim, error)) {
        return -1;
    }
    for (size_t i = 0; i < config->hub_count; i++) {
        if (open_hub(sim, &config->hubs[i], error)) {
            return -1;
        }
    }
    for (size_t i = 0; i < config->published_count; i++) {
        if (publish(sim, &config->published[i], error)) {
            return -1;
        }
    }
    if (config->bank_clock_url &&
        bank_clock_new(&sim->bank_clock,
                       &(struct bank_clock_config){.url = config->bank_clock_url,
                                                   .token_file = config->operator_token},
                       sim->clock, sim->log, error)) {
        return -1;
    }
    if (store_keep(sim->store, sim, error)) {
        return -1;
    }
    if (open_caller(sim, error)) {
        return -1;
    }
    sim->events = events_start(sim);
    return sim->events ? 0 : error_set(error, "no thread for events");
}

void sim_close(struct sim *sim)
{
    events_stop(sim->events);
    caller_free(sim->caller);
    apis_free(sim->bank);
    for (size_t i = 0; i < sim->hub_count; i++) {
        http_client_free(sim->hubs[i].client);
        jose_signer_free(sim->hubs[i].signer);
        credential_free(sim->hubs[i].credential);
    }
    bank_clock_free(sim->bank_clock);
    judge_close(sim);
    apis_free(sim->script_apis);
    apis_free(sim->key_apis);
    store_free(sim->store);
    faults_free(sim->faults);
    directory_free(sim->directory);
}
