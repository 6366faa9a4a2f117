/* hub-sim: reads the configuration, opens three listeners, waits for a signal, ends. */
#include "contract_hub_consent_manager.h"
#include "contract_hub_heimdall.h"
#include "contract_hub_sim.h"
#include "contract_ozone_connect.h"
#include "http/http.h"
#include "judge.h"
#include "scripting.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define EXIT_USAGE 2
#define THREADS 64
#define REPLY_BYTES (32 * 1024 * 1024) /* a bank's largest page, wrapped once more */
#define DRAIN_MS 1000
#define BANK_MS 15000

static const char usage[] =
    "usage: hub-sim --config FILE\n"
    "\n"
    "Plays the API Hub towards a bank: Headless Heimdall, Consent Manager and key store for one "
    "or\n"
    "more providers, and a TPP that starts consents. See config.example.json.\n"
    "\n"
    "  --config FILE  the configuration\n"
    "  --help         this text\n";

const struct sim_hub *sim_hub_of(const struct sim *sim, struct lfi_slice provider_id)
{
    for (size_t i = 0; i < sim->hub_count; i++)
        if (slice_equal_text(provider_id, sim->hubs[i].config->provider_id))
            return &sim->hubs[i];
    return NULL;
}

/* --- the parts
 * ------------------------------------------------------------------------------------- */

static const struct contract_api *const contracts[] = {&contract_hub_sim, &contract_hub_heimdall,
                                                       &contract_hub_consent_manager,
                                                       &contract_ozone_connect};
#define CONTRACTS (sizeof contracts / sizeof contracts[0])

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
        http_client_new(&hub->client, &client, error))
        return -1;
    if (keystore_publish(sim->keystore, &hub->subject, hub->signer))
        return error_set(error, "the key store is full");
    return 0;
}

static int publish(struct sim *sim, const struct config_published *published,
                   struct lfi_error *error)
{
    struct certificate_subject subject;
    struct jose_signer *signer = NULL;
    if (certificate_read_subject(&subject, published->certificate, error) ||
        jose_signer_load(&signer, published->key, published->kid, error))
        return -1;
    int rc = keystore_publish(sim->keystore, &subject, signer);
    jose_signer_free(signer);
    return rc ? error_set(error, "the key store is full") : 0;
}

/* The simulator reads the bank's keys from its own store by plain HTTP, out of reach of faults. */
static int open_caller(struct sim *sim, struct lfi_error *error)
{
    const struct sim_config *config = sim->config;
    const char *audiences[SIM_HUBS], *ous[] = {config->bank_ou};
    char base[64];
    for (size_t i = 0; i < config->hub_count; i++)
        audiences[i] = config->hubs[i].audience;
    (void)snprintf(base, sizeof base, "http://%s:%d/keystore", config->http.address,
                   config->http.port);
    return caller_new(&sim->caller,
                      &(struct caller_config){.mode = CALLER_JWT,
                                              .allowed_ous = ous,
                                              .allowed_ou_count = 1,
                                              .audiences = audiences,
                                              .audience_count = config->hub_count,
                                              .jwks_base = base,
                                              .max_life_s = LIMIT_TOKEN_LIFE_S},
                      sim->clock, sim->log, NULL, error);
}

static int open_parts(struct sim *sim, struct lfi_error *error)
{
    const struct sim_config *config = sim->config;
    sim->keystore = keystore_new();
    sim->faults = faults_new();
    sim->store = store_new(sim->clock, sim->log);
    if (!sim->keystore || !sim->faults || !sim->store)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < config->hub_count; i++)
        if (open_hub(sim, &config->hubs[i], error))
            return -1;
    for (size_t i = 0; i < config->published_count; i++)
        if (publish(sim, &config->published[i], error))
            return -1;
    if (judge_check_tables(error))
        return -1;
    return open_caller(sim, error);
}

static void close_parts(struct sim *sim)
{
    caller_free(sim->caller);
    for (size_t i = 0; i < sim->hub_count; i++) {
        http_client_free(sim->hubs[i].client);
        jose_signer_free(sim->hubs[i].signer);
    }
    store_free(sim->store);
    faults_free(sim->faults);
    keystore_free(sim->keystore);
}

/* --- the listeners
 * --------------------------------------------------------------------------------- */

static void handle_keystore(void *ctx, const struct request *request, struct reply *reply)
{
    struct sim *sim = ctx;
    if (!faults_apply(sim->faults, FAULT_KEYSTORE, reply))
        keystore_reply(sim->keystore, request, request->path, reply);
    LOG_EVENT(sim->log, LOG_INFO, "keystore", LOG_TEXT("path", request->path),
              LOG_NUMBER("status", reply->status));
}

struct listeners {
    struct http_listener *http, *https, *keystore;
};

static int start(struct http_listener **out, struct sim *sim, const char *name,
                 const struct config_address *at, const struct http_tls *tls,
                 http_handler_fn *handler, struct lfi_error *error)
{
    struct http_listener_config config = {
        .name = name,
        .address = at->address,
        .port = at->port,
        .tls = tls,
        .limits = {.body_bytes = LIMIT_BODY_BYTES,
                   .reply_bytes = REPLY_BYTES,
                   .request_ms = LIMIT_REQUEST_MS,
                   .idle_ms = LIMIT_IDLE_MS,
                   .threads = THREADS},
        .handler = handler,
        .ctx = sim,
        .log = sim->log,
    };
    return http_listener_start(out, &config, error);
}

static int start_all(struct listeners *listeners, struct sim *sim, struct lfi_error *error)
{
    const struct sim_config *config = sim->config;
    struct http_tls open = {
        .certificate = config->certificate, .key = config->key, .min_version = 12};
    struct http_tls mutual = open;
    mutual.client_ca = config->client_ca;
    mutual.client_required = true;
    if (start(&listeners->http, sim, "http", &config->http, NULL, scripting_handle, error) ||
        start(&listeners->keystore, sim, "keystore", &config->keystore, &open, handle_keystore,
              error) ||
        start(&listeners->https, sim, "https", &config->https, &mutual, judge_handle, error))
        return -1;
    return 0;
}

static void stop_all(struct listeners *listeners)
{
    struct http_listener *all[] = {listeners->https, listeners->keystore, listeners->http};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i])
            http_listener_stop(all[i], DRAIN_MS);
}

/* --- the program
 * ----------------------------------------------------------------------------------- */

static int serve(const struct sim_config *config, const sigset_t *ends)
{
    static const struct clock clock; /* never moved */
    struct log log = {STDERR_FILENO, config->level, &clock};
    struct sim sim = {.config = config, .clock = &clock, .log = &log};
    struct listeners listeners = {0};
    struct lfi_error error = {""};
    int got = 0, status = EXIT_FAILURE;

    if (open_parts(&sim, &error) || start_all(&listeners, &sim, &error)) {
        LOG_EVENT(&log, LOG_ERROR, "start-failed", LOG_TEXT("reason", slice_of(error.message)));
        goto out;
    }
    LOG_EVENT(&log, LOG_INFO, "started", LOG_TEXT("url", slice_of(config->url)));
    sigwait(ends, &got);
    LOG_EVENT(&log, LOG_INFO, "stopping", LOG_NUMBER("signal", got));
    status = EXIT_SUCCESS;
out:
    if (sim.faults)
        faults_stop(sim.faults);
    stop_all(&listeners);
    close_parts(&sim);
    return status;
}

int main(int argc, char **argv)
{
    struct sim_config *config = NULL;
    struct lfi_error error = {""};
    sigset_t ends;
    int status = EXIT_USAGE;

    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        (void)fputs(usage, stdout);
        return EXIT_SUCCESS;
    }
    if (argc != 3 || strcmp(argv[1], "--config") != 0) {
        (void)fputs(usage, stderr);
        return EXIT_USAGE;
    }
    /* Blocked before any thread exists, so that only sigwait sees them. */
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    (void)signal(SIGPIPE, SIG_IGN);

    for (size_t i = 0; i < CONTRACTS; i++)
        if (contract_init(contracts[i], &error)) {
            (void)fprintf(stderr, "hub-sim: %s\n", error.message);
            goto out;
        }
    if (sim_config_load(&config, argv[2], &error)) {
        (void)fprintf(stderr, "hub-sim: %s\n", error.message);
        goto out;
    }
    status = serve(config, &ends);
out:
    sim_config_free(config);
    for (size_t i = 0; i < CONTRACTS; i++)
        contract_fini(contracts[i]);
    return status;
}
