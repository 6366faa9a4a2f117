#include "credential.h"
#include "sim.h"

#include "base/limits.h"
#include "connect/families.h"
#include "events.h"
#include "jose/private_key.h"
#include "judge.h"
#include "jwe_key.h"
#include "keystore.h"
#include "scripting.h"
#include "store.h"
#include "tpp_app/app.h"
#include "tpps.h"
#include "webhook_receiver.h"
#include "webhooks.h"

#include <stdio.h>

/* --- the parts -------------------------------------------------------------------------------- */

static int publish_signer(struct sim *sim, const struct certificate_subject *owner,
                          const struct jose_signer *signer, struct lfi_error *error)
{
    struct buf jwk;
    buf_init(&jwk, LIMIT_JWKS_BYTES);
    jose_signer_append_jwk(signer, &jwk);
    int rc = jwk.failed ? -1 : directory_publish(sim->directory, owner, buf_slice(&jwk));
    buf_free(&jwk);
    return rc ? error_set(error, "the key store is full") : 0;
}

/* Sig2 is published under the bank's organisation, beside the key that TPPs encrypt with. */
static int open_responses(struct sim *sim, struct sim_hub *hub, struct lfi_error *error)
{
    struct certificate_subject bank = {0};
    (void)snprintf(bank.ou, sizeof bank.ou, "%s", sim->config->bank_ou);
    return jose_signer_load(&hub->responses, hub->config->response_key, hub->config->response_kid,
                            error) ||
                   publish_signer(sim, &bank, hub->responses, error)
               ? -1
               : 0;
}

/* What it presents to the bank. */
static int open_identity(struct sim *sim, struct sim_hub *hub, struct lfi_error *error)
{
    const struct config_hub *config = hub->config;
    struct http_client_config client = {.ca_file = sim->config->bank_ca,
                                        .certificate = config->certificate,
                                        .key = config->key,
                                        .timeout_ms = sim->config->bank_ms,
                                        .reply_bytes = LIMIT_REPLY_BYTES};
    return certificate_read_subject(&hub->subject, config->certificate, error) ||
                   jose_signer_load(&hub->signer, config->signing_key, config->kid, error) ||
                   http_client_new(&hub->client, &client, error) ||
                   credential_open(&hub->credential, config, error)
               ? -1
               : 0;
}

/* CAAP has one key for all Hubs, which is published once. */
static int open_caap(struct sim *sim, struct sim_hub *hub, struct lfi_error *error)
{
    struct sim_hub *caap = &sim->caaps[sim->caap_count++];
    *caap = *hub;
    caap->config = hub->config->caap;
    caap->signer = caap->responses = NULL;
    caap->client = NULL;
    caap->credential = NULL;
    hub->caap = caap;
    if (open_identity(sim, caap, error)) {
        return -1;
    }
    for (const struct sim_hub *other = sim->caaps; other < caap; other++) {
        if (strcmp(other->subject.cn, caap->subject.cn) == 0) {
            return 0;
        }
    }
    return publish_signer(sim, &caap->subject, caap->signer, error);
}

static int open_hub(struct sim *sim, const struct config_hub *config, struct lfi_error *error)
{
    struct sim_hub *hub = &sim->hubs[sim->hub_count++];
    hub->config = config;
    if (sim->config->tpp_url) {
        (void)snprintf(hub->issuer, sizeof hub->issuer, "%s/auth1.%s.apihub", sim->config->tpp_url,
                       config->provider_id);
        (void)snprintf(hub->resources, sizeof hub->resources, "%s/rs1.%s.apihub",
                       sim->config->tpp_url, config->provider_id);
    } else {
        (void)snprintf(hub->issuer, sizeof hub->issuer, "%s/as/%s", sim->config->url,
                       config->provider_id);
    }
    if (open_identity(sim, hub, error) || publish_signer(sim, &hub->subject, hub->signer, error)) {
        return -1;
    }
    if (config->response_key && open_responses(sim, hub, error)) {
        return -1;
    }
    return config->caap ? open_caap(sim, hub, error) : 0;
}

static int publish_key(struct sim *sim, const struct certificate_subject *owner,
                       const struct jwe_key *key, struct lfi_error *error)
{
    struct buf jwk;
    buf_init(&jwk, LIMIT_JWKS_BYTES);
    jwe_key_append_jwk(key, &jwk);
    int rc = jwk.failed ? -1 : directory_publish(sim->directory, owner, buf_slice(&jwk));
    buf_free(&jwk);
    return rc ? error_set(error, "the key store is full") : 0;
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
    int rc = publish_signer(sim, &subject, signer, error);
    jose_signer_free(signer);
    return rc;
}

/* The key with which TPPs encrypt for the bank, among the bank's own. */
static int open_bank_key(struct sim *sim, struct lfi_error *error)
{
    const char *certificate = sim->config->bank_encryption.certificate;
    struct certificate_subject subject;
    if (!certificate) {
        return 0;
    }
    if (certificate_read_subject(&subject, certificate, error) ||
        jwe_key_new(&sim->bank_key, certificate_read_key(certificate, error),
                    sim->config->bank_encryption.kid, error) ||
        publish_key(sim, &subject, sim->bank_key, error)) {
        return -1;
    }
    subject.cn[0] = '\0'; /* TPPs look below the organisation alone */
    return publish_key(sim, &subject, sim->bank_key, error);
}

/* Published by software statement, beside the empty set of keys that are not used any more. */
static int open_tpp(struct sim *sim, const struct config_tpp *config, struct lfi_error *error)
{
    const struct tpp *tpp = tpp_of_slug(slice_of(config->slug));
    struct certificate_subject active = {0}, inactive = {.cn = "inactive"}, organisation = {0};
    if (!tpp) {
        return error_set(error, "there is no TPP %s", config->slug);
    }
    struct jose_signer **signer = &sim->tpp_signers[tpp - tpps];
    (void)snprintf(active.ou, sizeof active.ou, "%s", tpp->software_id);
    (void)snprintf(inactive.ou, sizeof inactive.ou, "%s", tpp->software_id);
    (void)snprintf(organisation.ou, sizeof organisation.ou, "%s", tpp->org_id);
    if (jose_signer_load(signer, config->signing_key, config->kid, error) ||
        publish_signer(sim, &active, *signer, error) ||
        publish_signer(sim, &organisation, *signer, error)) {
        return -1;
    }
    struct jwe_key **key = &sim->tpp_keys[tpp - tpps];
    if (config->encryption_key &&
        (jwe_key_new(key, private_key_read(config->encryption_key, error), config->encryption_kid,
                     error) ||
         publish_key(sim, &active, *key, error) || publish_key(sim, &organisation, *key, error))) {
        return -1;
    }
    return directory_publish(sim->directory, &inactive, SLICE(""))
               ? error_set(error, "the key store is full")
               : 0;
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

/* Its keys are found as those of an organisation are, below the name "directory". */
static int open_directory(struct sim *sim, struct lfi_error *error)
{
    struct certificate_subject owner = {.ou = "directory"};
    const char *key = sim->config->directory_key;
    if (!key) {
        return 0;
    }
    if (!sim->config->keystore_url) {
        return error_set(error, "keystore.signingKey needs keystore.url");
    }
    return jose_signer_load(&sim->directory_signer, key, NULL, error) ||
                   publish_signer(sim, &owner, sim->directory_signer, error)
               ? -1
               : 0;
}

static void open_switches(struct sim *sim)
{
    const struct sim_config *config = sim->config;
    cJSON *given = config->switches ? cJSON_Parse(config->switches) : NULL;
    cJSON *retries = cJSON_CreateObject();
    cJSON_AddNumberToObject(retries, "webhookRetries", (double)config->webhook_retry_count);
    switches_init(&sim->switches);
    if (!json_get_string(given, "profile").ptr) {
        switches_apply(&sim->switches, retries);
    }
    switches_apply(&sim->switches, given);
    cJSON_Delete(retries);
    cJSON_Delete(given);
}

int sim_open(struct sim *sim, struct lfi_error *error)
{
    const struct sim_config *config = sim->config;
    open_switches(sim);
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
    for (size_t i = 0; i < config->tpp_count; i++) {
        if (open_tpp(sim, &config->tpps[i], error)) {
            return -1;
        }
    }
    if (open_bank_key(sim, error) || open_directory(sim, error)) {
        return -1;
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
    return events_open(sim, error) || webhook_receiver_open(sim, error) ||
                   webhooks_open(sim, error) || tpp_app_open(&sim->app, sim, error)
               ? -1
               : 0;
}

static void close_identity(struct sim_hub *hub)
{
    http_client_free(hub->client);
    jose_signer_free(hub->signer);
    credential_free(hub->credential);
}

void sim_close(struct sim *sim)
{
    events_halt(sim); /* both end what is under way at the same time */
    webhooks_close(sim);
    events_close(sim);
    webhook_receiver_close(sim);
    tpp_app_close(sim->app);
    caller_free(sim->caller);
    apis_free(sim->bank);
    for (size_t i = 0; i < sim->hub_count; i++) {
        close_identity(&sim->hubs[i]);
        jose_signer_free(sim->hubs[i].responses);
    }
    for (size_t i = 0; i < sim->caap_count; i++) {
        close_identity(&sim->caaps[i]);
    }
    for (size_t i = 0; i < SIM_TPPS; i++) {
        jose_signer_free(sim->tpp_signers[i]);
        jwe_key_free(sim->tpp_keys[i]);
    }
    jose_signer_free(sim->directory_signer);
    jwe_key_free(sim->bank_key);
    bank_clock_free(sim->bank_clock);
    judge_close(sim);
    apis_free(sim->script_apis);
    apis_free(sim->key_apis);
    store_free(sim->store);
    faults_free(sim->faults);
    directory_free(sim->directory);
}
