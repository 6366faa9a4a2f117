/* hub-sim: reads the configuration, opens its listeners, waits for a signal, ends. */
#include "bank.h"
#include "base/array.h"
#include "base/descriptors.h"
#include "base/limits.h"
#include "contract_hub_sim.h"
#include "events.h"
#include "http/http.h"
#include "judge.h"
#include "keystore.h"
#include "lfi_version.h"
#include "scripting.h"
#include "tpp/side.h"
#include "webhooks.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define EXIT_USAGE 2
#define THREADS 256
#define FILE_BYTES (16 * 1024 * 1024)  /* of a TPP: a file of payments, which is held whole */
#define REPLY_BYTES (32 * 1024 * 1024) /* a bank's largest page, wrapped once more */
#define DRAIN_MS 1000
#define LOG_STOP_MS 500 /* for a reader of the log that stalls */

static const char usage[] =
    "usage: hub-sim --config FILE\n"
    "\n"
    "Plays the API Hub towards a bank: Headless Heimdall, Consent Manager and key store for one "
    "or\n"
    "more providers, the Hubs' side that TPPs call, and a TPP that starts consents. See\n"
    "config.example.json.\n"
    "\n"
    "  --config FILE  the configuration\n"
    "  --version      the version\n"
    "  --help         this text\n";

/* --- the listeners ---------------------------------------------------------------------------- */

struct listeners {
    struct http_listener *http, *https, *keystore, *tpp;
};

/* Name, address, TLS, body_bytes, handler and its context; the rest is the same for all. */
static int start(struct http_listener **out, const struct sim *sim,
                 const struct http_listener_config *own, struct lfi_error *error)
{
    struct http_listener_config config = {
        .name = own->name,
        .address = own->address,
        .port = own->port,
        .tls = own->tls,
        .limits = {.body_bytes = own->limits.body_bytes,
                   .reply_bytes = REPLY_BYTES,
                   .request_ms = LIMIT_REQUEST_MS,
                   .idle_ms = LIMIT_IDLE_MS,
                   .threads = THREADS},
        .handler = own->handler,
        .ctx = own->ctx,
        .log = sim->log,
    };
    return http_listener_start(out, &config, error);
}

static int start_all(struct listeners *listeners, struct sim *sim, struct tpp_side *side,
                     struct lfi_error *error)
{
    const struct sim_config *config = sim->config;
    struct http_tls open = {
        .certificate = config->certificate, .key = config->key, .min_version = 12};
    struct http_tls asking = open;
    asking.client_ca = config->client_ca;
    struct http_tls mutual = asking;
    mutual.client_required = true;
    const struct http_listener_config keystore = {.name = "keystore",
                                                  .address = config->keystore.address,
                                                  .port = config->keystore.port,
                                                  .tls = &open,
                                                  .limits.body_bytes = LIMIT_BODY_BYTES,
                                                  .handler = keystore_handle,
                                                  .ctx = sim};
    const struct http_listener_config https = {.name = "https",
                                               .address = config->https.address,
                                               .port = config->https.port,
                                               .tls = &mutual,
                                               .limits.body_bytes = LIMIT_BODY_BYTES,
                                               .handler = judge_handle,
                                               .ctx = sim};
    const struct http_listener_config tpp = {.name = "tpp",
                                             .address = config->tpp.address,
                                             .port = config->tpp.port,
                                             .tls = &asking,
                                             .limits.body_bytes = FILE_BYTES,
                                             .handler = tpp_side_handle,
                                             .ctx = side};
    const struct http_listener_config http = {.name = "http",
                                              .address = config->http.address,
                                              .port = config->http.port,
                                              .limits.body_bytes = LIMIT_BODY_BYTES,
                                              .handler = scripting_handle,
                                              .ctx = sim};
    /* The plain one last: when it answers, all do. */
    return start(&listeners->keystore, sim, &keystore, error) ||
                   start(&listeners->https, sim, &https, error) ||
                   (side && start(&listeners->tpp, sim, &tpp, error)) ||
                   start(&listeners->http, sim, &http, error)
               ? -1
               : 0;
}

static int stop_all(struct listeners *listeners)
{
    int status = 0;
    struct http_listener *all[] = {listeners->http, listeners->https, listeners->keystore,
                                   listeners->tpp};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (http_listener_stop(all[i], DRAIN_MS)) {
            status = -1;
        }
    }
    return status;
}

/* --- the program ------------------------------------------------------------------------------ */

static int serve(const struct sim_config *config, const sigset_t *ends)
{
    struct clock clock = {0};
    struct log log = {.fd = STDERR_FILENO, .level = config->level, .clock = &clock};
    struct sim sim = {.config = config,
                      .clock = &clock,
                      .log = &log,
                      .tell = bank_tell,
                      .announce = webhooks_announce};
    struct listeners listeners = {0};
    struct tpp_side *side = NULL;
    struct lfi_error error = {""};
    int got = 0, status = EXIT_FAILURE;

    if (log_start(&log)) {
        (void)fprintf(stderr, "hub-sim: out of memory\n");
        return EXIT_FAILURE;
    }
    if (sim_open(&sim, &error) || tpp_side_open(&side, &sim, &error) ||
        start_all(&listeners, &sim, side, &error) || events_start(&sim, &error) ||
        webhooks_start(&sim, &error)) {
        LOG_EVENT(&log, LOG_ERROR, "start-failed", LOG_TEXT("reason", slice_of(error.message)));
        goto out;
    }
    LOG_EVENT(&log, LOG_INFO, "started", LOG_TEXT("url", slice_of(config->url)));
    sigwait(ends, &got);
    LOG_EVENT(&log, LOG_INFO, "stopping", LOG_NUMBER("signal", got));
    status = EXIT_SUCCESS;
out:
    if (sim.faults) {
        faults_stop(sim.faults);
    }
    if (stop_all(&listeners)) {
        log_flush(&log, LOG_STOP_MS);
        _exit(status); /* threads are left */
    }
    tpp_side_close(side);
    sim_close(&sim);
    log_stop(&log, LOG_STOP_MS);
    return status;
}

int main(int argc, char **argv)
{
    struct sim_config *config = NULL;
    struct lfi_error error = {""};
    sigset_t ends;
    int status = EXIT_USAGE;

    descriptors_open_standard();
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        (void)fputs(usage, stdout);
        scripting_print_help(stdout);
        return EXIT_SUCCESS;
    }
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        (void)puts("hub-sim " LFI_VERSION);
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

    if (contract_init(&contract_hub_sim, &error) != 0 ||
        sim_config_load(&config, argv[2], &error) != 0) {
        (void)fprintf(stderr, "hub-sim: %s\n", error.message);
    } else {
        status = serve(config, &ends);
    }
    sim_config_free(config);
    contract_fini(&contract_hub_sim);
    return status;
}
