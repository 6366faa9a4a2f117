#include "serve.h"
#include "base/crash.h"
#include "base/datetime.h"
#include "base/limits.h"
#include "base/notify.h"
#include "connect/connect.h"
#include "payments/fx.h"
#include "payments/opening.h"
#include "payments/push.h"
#include "payments/quotes.h"
#include "serve_parts.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define LEAVE_MS 3000 /* for background workers, once the listeners have ended */
#define LEAVE_POLL_MS 10
#define FILES_BESIDE 256 /* open files that are no connections of callers: stores, logs, calls */
#define LOG_STOP_MS 500  /* for a reader of the log that stalls */

/* --- requests --------------------------------------------------------------------------------- */

static void handle_hub(void *ctx, const struct request *request, struct reply *reply)
{
    struct serve *serve = ctx;
    struct generation *generation = generations_hold(serve->generations);

    if (oauth_owns(generation->oauth, request->path)) {
        oauth_handle(generation->oauth, request, reply);
    } else {
        const struct connect_peers peers = {generation->caller, generation->hubs, generation->pii,
                                            generation->caap, generation->offers};
        connect_handle(serve->connect, &peers, request, reply);
    }
    generations_release(generation);
}

static bool streams_of_hub(void *ctx, const struct request *request)
{
    const struct serve *serve = ctx;

    return connect_streams(serve->connect, request);
}

static void handle_public(void *ctx, const struct request *request, struct reply *reply)
{
    struct serve *serve = ctx;
    struct generation *generation = generations_hold(serve->generations);

    psu_handle(generation->psu, request, reply);
    generations_release(generation);
}

/* --- start ------------------------------------------------------------------------------------ */

static void log_warning(void *ctx, const char *path, const char *cause)
{
    const struct serve *serve = ctx;

    LOG_EVENT(&serve->log, LOG_WARN, "configuration", LOG_TEXT("setting", slice_of(path)),
              LOG_TEXT("cause", slice_of(cause)));
}

struct http_tls serve_tls(const struct config_listener *at, size_t in_use)
{
    return (struct http_tls){.certificate = at->pairs[in_use].certificate,
                             .key = at->pairs[in_use].key,
                             .client_ca = at->client_ca,
                             .client_crl = at->client_crl,
                             .client_required = at->client_ca,
                             .min_version = at->min_tls};
}

static int listen_as(struct http_listener **out, struct serve *serve, enum metrics_listener which,
                     struct lfi_error *error)
{
    const struct config *settings = serve->config;
    const size_t *in_use = serve->material.in_use;
    const struct {
        const char *name;
        const struct config_listener *at;
        size_t in_use;
        http_handler_fn *handler;
        void *ctx;
        http_streams_fn *streams;
    } listeners[METRICS_LISTENERS] = {
        [METRICS_HUB] = {"hub", &settings->hub, in_use[MATERIAL_HUB_LISTENER], handle_hub, serve,
                         streams_of_hub},
        [METRICS_PUBLIC] = {"public", &settings->public_, in_use[MATERIAL_PUBLIC_LISTENER],
                            handle_public, serve, NULL},
        [METRICS_ADMIN] = {"admin", &settings->admin, 0, admin_handle, &serve->admin, NULL},
    };
    const struct config_listener *at = listeners[which].at;
    const struct http_tls tls = serve_tls(at, listeners[which].in_use);
    const struct http_listener_config config = {
        .name = listeners[which].name,
        .address = at->address,
        .port = at->port,
        .tls = tls.certificate ? &tls : NULL,
        .limits = {.body_bytes = settings->body_bytes,
                   .reply_bytes = LIMIT_REPLY_BYTES,
                   .stream_bytes = LIMIT_STREAM_BYTES,
                   .request_ms = settings->request_ms,
                   .idle_ms = settings->idle_ms,
                   .threads = at->threads,
                   .queue_ms = settings->queue_ms,
                   .pending = settings->pending,
                   .pending_per_peer = settings->pending_per_peer,
                   .connection_s = settings->connection_s},
        .handler = listeners[which].handler,
        .streams = listeners[which].streams,
        .ctx = listeners[which].ctx,
        .log = &serve->log,
        .metrics = serve->metrics,
        .metrics_label = which,
    };

    return http_listener_start(out, &config, error);
}

/* Each listener may have as many connections as its threads, and twice those that wait. */
static void raise_file_limit(struct serve *serve)
{
    const struct config *config = serve->config;
    rlim_t wanted = FILES_BESIDE + (rlim_t)(config->hub.threads + config->public_.threads +
                                            config->admin.threads + 6 * config->pending);
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) {
        return;
    }
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted) {
        LOG_EVENT(&serve->log, LOG_WARN, "open-files-low",
                  LOG_NUMBER("limit", (int64_t)limit.rlim_cur),
                  LOG_NUMBER("wanted", (int64_t)wanted));
    }
}

/* What could not be kept is kept the next time. */
static void keep_figures(struct serve *serve, size_t provider, bool now)
{
    struct lfi_error error = {""};
    if (figures_keep(serve->figures, provider, now, &error) != LFI_OK) {
        LOG_EVENT(&serve->log, LOG_WARN, "figures-not-kept",
                  LOG_TEXT("provider", slice_of(provider_at(serve->providers, provider)->id)),
                  LOG_TEXT("reason", slice_of(error.message)));
    }
}

static bool run_due(void *ctx, size_t provider)
{
    struct serve *serve = ctx;
    struct generation *generation = generations_hold(serve->generations);
    const struct push push = {provider_at(serve->providers, provider), generation->offers[provider],
                              serve->state, &serve->clock, &serve->log};
    bool more = psu_run_task(generation->psu, push.provider);
    keep_figures(serve, provider, false);
    more |= push_read_feed(&push);
    more |= opening_read_feed(&push);
    more |= fx_read_feed(&push);
    more |= quotes_read_feed(&push);
    generations_release(generation);
    return more;
}

static int start_background(struct serve *serve, struct lfi_error *error)
{
    const struct background_work work = {run_due, serve, provider_count(serve->providers)};
    return background_start(&serve->background, &work, error);
}

static int start_parts(struct serve *serve, struct lfi_error *error)
{
    if (serve_build(serve, true, error) != 0 ||
        listen_as(&serve->admin_listener, serve, METRICS_ADMIN, error) != 0 ||
        listen_as(&serve->hub_listener, serve, METRICS_HUB, error) != 0 ||
        listen_as(&serve->public_listener, serve, METRICS_PUBLIC, error) != 0 ||
        start_background(serve, error) != 0) {
        return -1;
    }
    const struct readiness_config readiness = {
        .providers = serve->providers,
        .state = serve->state,
        .listeners = {{"hub", serve->hub_listener},
                      {"public", serve->public_listener},
                      {"admin", serve->admin_listener}},
        .log = &serve->log,
    };
    if (readiness_start(&serve->readiness, &readiness, error) != 0) {
        return -1;
    }
    readiness_set_material(serve->readiness, &serve->material);
    atomic_store(&serve->admin.readiness, serve->readiness);
    return 0;
}

int serve_start(struct serve **out, struct config *config, struct lfi_error *error)
{
    struct serve *serve = calloc(1, sizeof(*serve));

    if (!serve) {
        config_free(config);
        return error_set(error, "out of memory");
    }
    serve->config = config;
    serve->in_force = config;
    watch_take(&serve->watch, watch_fingerprint(config));
    serve->log.fd = STDERR_FILENO;
    serve->log.level = config->log_level;
    serve->log.clock = &serve->clock;
    serve->warnings = (struct material_warnings){log_warning, serve};
    if (log_start(&serve->log) != 0) {
        error_set(error, "out of memory");
    }
    crash_prepare(&serve->log);
    raise_file_limit(serve);
    if (!serve->log.queue || start_parts(serve, error) != 0) {
        LOG_EVENT(&serve->log, LOG_ERROR, "start-failed",
                  LOG_TEXT("reason", slice_of(error->message)));
        serve_stop(serve);
        return -1;
    }
    atomic_store(&serve->admin.ready, true);
    notify_service_manager("READY=1");
    LOG_EVENT(&serve->log, LOG_INFO, "started",
              LOG_NUMBER("providers", (int64_t)config->provider_count),
              LOG_NUMBER("hubPort", http_listener_port(serve->hub_listener)),
              LOG_NUMBER("publicPort", http_listener_port(serve->public_listener)),
              LOG_NUMBER("adminPort", http_listener_port(serve->admin_listener)));
    *out = serve;
    return 0;
}

/* --- check ------------------------------------------------------------------------------------ */

static void say_certificates(const struct material *material, FILE *out)
{
    const struct clock system_time = {0};
    time_t now = (time_t)(clock_now_us(&system_time) / 1000000);

    for (size_t i = 0; i < material->count; i++) {
        const struct material_certificate *one = &material->certificates[i];
        char when[DATETIME_TEXT_MAX];
        datetime_format_utc_ms((int64_t)one->not_after * 1000000, when);
        fprintf(out, "%s: %s expires on %.10s, in %d days\n", one->setting, one->subject, when,
                material_days_left(one, now));
    }
}

static void print_warning(void *ctx, const char *path, const char *cause)
{
    fprintf(stderr, "%s: warning: %s: %s\n", ((const struct config *)ctx)->path, path, cause);
}

int serve_try(const struct config *config, const struct material_warnings *warnings,
              struct material *material, struct lfi_error *error)
{
    struct serve *serve = calloc(1, sizeof(*serve));

    if (!serve) {
        return error_set(error, "out of memory");
    }
    int status = config_load_again(&serve->config, config, error);
    if (status != 0) {
        free(serve);
        return status;
    }
    serve->log = (struct log){.fd = -1, .level = LOG_ERROR, .clock = &serve->clock};
    serve->warnings = *warnings;
    status = serve_build(serve, false, error);
    *material = serve->material;
    (void)serve_stop(serve);
    return status;
}

int serve_check(const struct config *config, struct lfi_error *error)
{
    const struct material_warnings warnings = {print_warning, (void *)(uintptr_t)config};
    struct material material;

    if (serve_try(config, &warnings, &material, error) != 0) {
        return -1;
    }
    printf("%s: valid\n", config->path);
    for (size_t i = 0; i < config->provider_count; i++) {
        const struct config_provider *provider = &config->providers[i];
        printf("provider %s: segment %s, core %s%s\n", provider->id, provider->segment,
               provider->core_library, provider->authorize_path ? ", customer journey" : "");
    }
    say_certificates(&material, stdout);
    return 0;
}

/* --- stop ------------------------------------------------------------------------------------- */

static int left_ms(int64_t deadline_us)
{
    int64_t left = deadline_us - clock_monotonic_us();
    return left > 0 ? (int)(left / 1000) : 0;
}

/* /readyz fails first, so that a balancer sends its callers elsewhere before they are refused. */
static int drain(struct serve *serve)
{
    const struct config *config = serve->config;
    int status = 0;

    if (atomic_exchange(&serve->admin.ready, false)) {
        notify_service_manager("STOPPING=1");
        LOG_EVENT(&serve->log, LOG_INFO, "stopping", LOG_NUMBER("delayMs", config->drain_delay_ms),
                  LOG_NUMBER("drainMs", config->drain_ms));
        usleep((useconds_t)config->drain_delay_ms * 1000);
    }
    int64_t deadline_us = clock_monotonic_us() + (int64_t)config->drain_ms * 1000;
    readiness_forget_listeners(serve->readiness);
    http_listener_close(serve->hub_listener);
    http_listener_close(serve->public_listener);
    status |= http_listener_stop(serve->hub_listener, left_ms(deadline_us));
    status |= http_listener_stop(serve->public_listener, left_ms(deadline_us));
    status |= http_listener_stop(serve->admin_listener, left_ms(deadline_us));
    return status;
}

/* A background worker may be in a call of a core that hangs: then the program leaves without it. */
static void *leave_late(void *ctx)
{
    struct serve *serve = ctx;

    for (int waited = 0; waited < LEAVE_MS; waited += LEAVE_POLL_MS) {
        if (atomic_load(&serve->workers_ended)) {
            return NULL;
        }
        usleep(LEAVE_POLL_MS * 1000);
    }
    LOG_EVENT(&serve->log, LOG_WARN, "stopped", LOG_TEXT("left", SLICE("background-worker")));
    log_flush(&serve->log, LOG_STOP_MS);
    _exit(EXIT_SUCCESS);
}

int serve_stop(struct serve *serve)
{
    pthread_t late;

    if (!serve) {
        return 0;
    }
    if (drain(serve) != 0) {
        log_write(&serve->log, LOG_WARN, "stopped", NULL, 0);
        log_flush(&serve->log, LOG_STOP_MS);
        return -1;
    }
    bool waits = serve->readiness && pthread_create(&late, NULL, leave_late, serve) == 0;
    background_stop(serve->background);
    for (size_t i = 0; serve->figures && i < provider_count(serve->providers); i++) {
        keep_figures(serve, i, true);
    }
    readiness_stop(serve->readiness);
    generations_free(serve->generations);
    shares_free(serve->public_shares);
    connect_free(serve->connect);
    apis_free(serve->apis);
    overrides_free(serve->overrides);
    explain_free(serve->explain);
    call_log_free(serve->calls);
    operator_free(serve->operator_api);
    figures_free(serve->figures);
    provider_set_close(serve->providers);
    state_close(serve->state);
    atomic_store(&serve->workers_ended, true);
    if (waits) {
        (void)pthread_join(late, NULL);
    }
    log_write(&serve->log, LOG_INFO, "stopped", NULL, 0);
    crash_prepare(NULL);
    log_stop(&serve->log, LOG_STOP_MS);
    metrics_free(serve->metrics);
    config_free(serve->config);
    free(serve);
    return 0;
}
