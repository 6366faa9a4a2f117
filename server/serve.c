#include "serve.h"

#include "base/crash.h"
#include "base/datetime.h"
#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/notify.h"
#include "config/material.h"
#include "connect/connect.h"
#include "connect/families.h"
#include "generation.h"
#include "http/http.h"
#include "operator/admin.h"
#include "operator/callers.h"
#include "operator/readiness.h"
#include "payments/fx.h"
#include "payments/opening.h"
#include "payments/push.h"
#include "payments/quotes.h"
#include "psu/task.h"
#include "tasks/background.h"
#include "watch.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define LEAVE_MS 3000 /* for background workers, once the listeners have ended */
#define LEAVE_POLL_MS 10
#define THREADS_BESIDE 32 /* that call a core and belong to no listener, and reserves */
#define FILES_BESIDE 256  /* open files that are no connections of callers: stores, logs, calls */
#define SWITCH_RETRY_S 60 /* after the switch to another certificate failed */
#define LOG_STOP_MS 500   /* for a reader of the log that stalls */

struct serve {
    struct config *config;         /* of the start */
    const struct config *in_force; /* of the last reload; of the current generation */
    struct watch watch;
    int64_t retry_us; /* a switch of certificates that failed is not tried before; monotonic */
    struct clock clock;
    struct log log;
    struct metrics *metrics;
    struct figures *figures;
    struct provider_set *providers;
    struct state *state;
    struct apis *apis; /* of the Hub's listener */
    struct connect *connect;
    struct shares *public_shares; /* what hangs holds them across reloads */
    struct generations *generations;
    struct background *background;
    struct admin admin;
    struct explain *explain;
    struct overrides *overrides;
    struct call_log *calls;            /* NULL: nobody could read it */
    struct operator_api *operator_api; /* NULL: switched off */
    struct material material;          /* of the configuration in force */
    struct material_warnings warnings;
    struct readiness *readiness;
    struct http_listener *hub_listener, *public_listener, *admin_listener;
    atomic_bool workers_ended; /* nothing hangs: leave_late need not */
};

/* --- requests --------------------------------------------------------------------------------- */

static void handle_hub(void *ctx, const struct request *request, struct reply *reply)
{
    struct serve *serve = ctx;
    struct generation *generation = generations_hold(serve->generations);

    if (oauth_owns(generation->oauth, request->path)) {
        oauth_handle(generation->oauth, request, reply);
    } else {
        const struct connect_peers peers = {generation->caller, generation->hubs, generation->pii,
                                            generation->caap};
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

/* Each listener has some more of its own, and there are a few beside. */
static uint32_t count_threads(const struct config *config)
{
    int threads = config->hub.threads + config->public_.threads + config->admin.threads;
    size_t workers = config->provider_count * LIMIT_TASK_WORKERS;

    return (uint32_t)(threads + threads / 8 + THREADS_BESIDE) + (uint32_t)workers;
}

static void log_warning(void *ctx, const char *path, const char *cause)
{
    const struct serve *serve = ctx;

    LOG_EVENT(&serve->log, LOG_WARN, "configuration", LOG_TEXT("setting", slice_of(path)),
              LOG_TEXT("cause", slice_of(cause)));
}

/* In development the cores' settings may be those of a demonstration. */
static void tell_warnings_of_cores(struct serve *serve)
{
    char path[CONFIG_PATH_MAX];

    for (size_t i = 0; i < provider_count(serve->providers) && !serve->config->development; i++) {
        const char *cause = provider_at(serve->providers, i)->warning.message;
        snprintf(path, sizeof(path), "$.providers[%zu].core.settings", i);
        if (cause[0]) {
            serve->warnings.warn(serve->warnings.ctx, path, cause);
        }
    }
}

struct provider_config serve_provider(const struct config *config, size_t index)
{
    const struct config_provider *from = &config->providers[index];

    return (struct provider_config){.id = from->id,
                                    .segment = from->segment,
                                    .audience = from->audience,
                                    .library = from->core_library,
                                    .settings = from->core_settings,
                                    .base_dir = config->base_dir,
                                    .threads = count_threads(config),
                                    .caap = from->caap,
                                    .caap_rules = from->caap_rules,
                                    .offers = from->offers,
                                    .statement_day = from->statement_day,
                                    .payment_log = from->payment_log,
                                    .payment_rules = from->payment_rules};
}

static int open_providers(struct serve *serve, struct lfi_error *error)
{
    const struct config *config = serve->config;
    struct provider_config *providers = calloc(config->provider_count, sizeof(*providers));

    if (!providers) {
        return error_set(error, "out of memory");
    }
    for (size_t i = 0; i < config->provider_count; i++) {
        providers[i] = serve_provider(config, i);
    }
    struct lfi_error cause = {""};
    size_t failed = 0;
    int status = provider_set_open(&serve->providers, providers, config->provider_count,
                                   &serve->clock, &serve->log, &failed, &cause);
    free(providers);
    if (status != 0) {
        char path[CONFIG_PATH_MAX];
        snprintf(path, sizeof(path), "$.providers[%zu].core", failed);
        (void)config_error(config, path, cause.message, error);
        return status;
    }
    tell_warnings_of_cores(serve);
    return 0;
}

/* `create`: make the store when it is not there yet. */
static int open_state(struct serve *serve, bool create, struct lfi_error *error)
{
    struct state_config config = serve->config->state;
    struct lfi_error cause = {""};

    config.create = create;
    config.threads = count_threads(serve->config);
    return state_open(&serve->state, &config, &serve->clock, &cause) == 0
               ? 0
               : config_error(serve->config, "$.state", cause.message, error);
}

static int make_apis(struct serve *serve, struct lfi_error *error)
{
    struct lfi_error cause = {""};
    if (connect_apis_new(&serve->apis, serve->config->base_paths, &cause) != 0) {
        return config_error(serve->config, "$.hubListener.basePaths", cause.message, error);
    }
    return 0;
}

static void warn_of_version(const struct serve *serve, const char *path, uint32_t version)
{
    enum contract_standing standing = apis_standing_of(serve->apis, version);
    char cause[120];
    if (standing == CONTRACT_FINAL) {
        return;
    }
    snprintf(cause, sizeof(cause), "v%u.%u is %s", version >> 16, version & 0xffff,
             standing == CONTRACT_DRAFT
                 ? "a draft"
                 : "not known here: its calls are answered as those of the version before");
    serve->warnings.warn(serve->warnings.ctx, path, cause);
}

/* Of a list that stands for several families, once. */
static void warn_of_versions(const struct serve *serve)
{
    char path[CONFIG_PATH_MAX];
    const struct config *config = serve->config;
    for (size_t i = 0; i < config->provider_count; i++) {
        const uint32_t *const *lists = config->providers[i].offers.versions;
        for (size_t family = 0; family < CONTRACT_FAMILIES; family++) {
            const uint32_t *all = lists[CONTRACT_CONSENT_EVENTS]; /* has no list of its own */
            if (family != CONTRACT_CONSENT_EVENTS && lists[family] == all) {
                continue;
            }
            snprintf(path, sizeof(path), "$.providers[%zu].offers.%s%s", i,
                     lists[family] == all ? "standardVersions" : "familyVersions.",
                     lists[family] == all ? "" : contract_family_names[family]);
            for (const uint32_t *version = lists[family]; *version; version++) {
                warn_of_version(serve, path, *version);
            }
        }
    }
}

/* Those of the Hub's APIs, then those of the token endpoint; as many as there is room for. */
static size_t name_operations(const struct serve *serve, const char **out, size_t room)
{
    const struct contract_api *tokens = oauth_contract();
    size_t of_apis = apis_operation_count(serve->apis);
    size_t count = of_apis + contract_operation_count(tokens);

    for (size_t i = 0; i < count && i < room; i++) {
        out[i] = contract_operation_id(i < of_apis ? apis_operation_at(serve->apis, i)
                                                   : contract_operation_at(tokens, i - of_apis));
    }
    return count;
}

static int make_metrics(struct serve *serve, struct lfi_error *error)
{
    const struct config *config = serve->config;
    size_t operation_count = name_operations(serve, NULL, 0);
    const struct contract_api *versioned = apis_versioned(serve->apis);
    size_t version_count = contract_version_count(versioned);
    const char **names = calloc(config->provider_count + operation_count, sizeof(*names));
    uint32_t *versions = calloc(version_count + 1, sizeof(*versions));

    if (names && versions) {
        for (size_t i = 0; i < version_count; i++) {
            versions[i] = contract_version_at(versioned, i);
        }
        for (size_t i = 0; i < config->provider_count; i++) {
            names[i] = config->providers[i].id;
        }
        (void)name_operations(serve, names + config->provider_count, operation_count);
        serve->metrics = metrics_new(
            &(struct metrics_labels){names, config->provider_count, names + config->provider_count,
                                     operation_count, versions, version_count});
    }
    free(names);
    free(versions);
    serve->admin.metrics = serve->metrics;
    return serve->metrics ? 0 : error_set(error, "out of memory");
}

static struct http_tls tls_of(const struct config_listener *at, size_t in_use)
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
    const struct http_tls tls = tls_of(at, listeners[which].in_use);
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

static void append_caller(void *ctx, size_t provider, struct json_writer *w)
{
    const struct serve *serve = ctx;
    struct generation *generation = generations_hold(serve->generations);
    callers_append(w, generation->config, provider);
    generations_release(generation);
}

static int make_operator_api(struct serve *serve, struct lfi_error *error)
{
    serve->explain = explain_new();
    serve->overrides = overrides_new();
    serve->calls = serve->config->operator_token_file ? call_log_new() : NULL;
    serve->figures = figures_new(serve->metrics, serve->state);
    if (!serve->explain || !serve->overrides || !serve->figures ||
        (serve->config->operator_token_file && !serve->calls)) {
        return error_set(error, "out of memory");
    }
    const struct operator_config config = {.token_file = serve->config->operator_token_file,
                                           .places_file = serve->config->places_file,
                                           .demonstration_file = serve->config->demonstration_file,
                                           .providers = serve->providers,
                                           .state = serve->state,
                                           .apis = serve->apis,
                                           .is_step = psu_is_step,
                                           .retry_task = task_retry,
                                           .drop_task = task_drop,
                                           .overrides = serve->overrides,
                                           .explain = serve->explain,
                                           .append_caller = append_caller,
                                           .append_caller_ctx = serve,
                                           .figures = serve->figures,
                                           .calls = serve->calls,
                                           .readiness = &serve->admin.readiness,
                                           .clock = &serve->clock,
                                           .log = &serve->log};
    if (config.token_file && operator_new(&serve->operator_api, &config, error) != 0) {
        return -1;
    }
    serve->admin.log = &serve->log;
    serve->admin.operator_api = serve->operator_api;
    return 0;
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

static int check_material(struct serve *serve, const struct config *config,
                          struct material *material, struct lfi_error *error)
{
    if (config->operator_token_file) {
        serve->warnings.warn(
            serve->warnings.ctx, "$.adminListener.operatorToken",
            "the operator's levers are switched on: they change clock, accounts, answers");
    }
    return material_check(config, &serve->warnings, material, error);
}

/* All but what other programs see: no listener, no background worker. */
static int build_parts(struct serve *serve, bool create, struct lfi_error *error)
{
    const struct config *config = serve->config;

    if (check_material(serve, config, &serve->material, error) != 0 ||
        make_apis(serve, error) != 0 || make_metrics(serve, error) != 0 ||
        open_providers(serve, error) != 0 || open_state(serve, create, error) != 0 ||
        make_operator_api(serve, error) != 0) {
        return -1;
    }
    warn_of_versions(serve);
    const struct connect_config connect = {.apis = serve->apis,
                                           .providers = serve->providers,
                                           .state = serve->state,
                                           .workers = config->hub.threads,
                                           .check_responses = config->check_responses,
                                           .host_name = config->host_name,
                                           .bank_name = config->bank_name,
                                           .explain = serve->explain,
                                           .overrides = serve->overrides,
                                           .calls = serve->calls};
    serve->public_shares = shares_new(provider_count(serve->providers), config->public_.threads);
    const struct generation_shared shared = {
        .providers = serve->providers,
        .state = serve->state,
        .clock = &serve->clock,
        .log = &serve->log,
        .metrics = serve->metrics,
        .first_token_operation = apis_operation_count(serve->apis),
        .explain = serve->explain,
        .overrides = serve->overrides,
        .calls = serve->calls,
        .public_shares = serve->public_shares,
    };
    if (!serve->public_shares) {
        return error_set(error, "out of memory");
    }
    if (connect_new(&serve->connect, &connect, &serve->clock, &serve->log, serve->metrics, error) !=
        0) {
        return -1;
    }
    return generations_new(&serve->generations, &shared, config,
                           &config->hub_pairs[serve->material.in_use[MATERIAL_HUB]], error);
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
    const struct push push = {provider_at(serve->providers, provider), serve->state, &serve->clock,
                              &serve->log};
    struct generation *generation = generations_hold(serve->generations);
    bool more = psu_run_task(generation->psu, push.provider);
    generations_release(generation);
    keep_figures(serve, provider, false);
    more |= push_read_feed(&push);
    more |= opening_read_feed(&push);
    more |= fx_read_feed(&push);
    return more | quotes_read_feed(&push);
}

static int start_background(struct serve *serve, struct lfi_error *error)
{
    const struct background_work work = {run_due, serve, provider_count(serve->providers)};
    return background_start(&serve->background, &work, error);
}

static int start_parts(struct serve *serve, struct lfi_error *error)
{
    if (build_parts(serve, true, error) != 0 ||
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
    status = build_parts(serve, false, error);
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

/* --- reload ----------------------------------------------------------------------------------- */

static int refuse_restart(const struct serve *serve, const struct config *config,
                          struct lfi_error *error)
{
    static const char cause[] = "cannot change without a restart";
    char path[CONFIG_PATH_MAX];

    if (config_needs_restart(serve->config, config, path)) {
        return config_error(config, path, cause, error);
    }
    if (!serve->config->public_.pairs[0].certificate != !config->public_.pairs[0].certificate) {
        return config_error(config, "$.publicListener.certificate", cause, error);
    }
    if (serve->operator_api && !operator_token_is_same(serve->operator_api)) {
        return config_error(config, "$.adminListener.operatorToken",
                            "its content cannot change without a restart", error);
    }
    return 0;
}

static int prepare_listeners(struct serve *serve, const struct config *config,
                             const struct material *material, struct lfi_error *error)
{
    const struct http_tls hub = tls_of(&config->hub, material->in_use[MATERIAL_HUB_LISTENER]);
    const struct http_tls public_ =
        tls_of(&config->public_, material->in_use[MATERIAL_PUBLIC_LISTENER]);

    return http_listener_prepare(serve->hub_listener, &hub, error) != 0
               ? -1
               : http_listener_prepare(serve->public_listener, &public_, error);
}

/* Everything is read and judged aside before anything of it counts. */
static int take_config(struct serve *serve, struct config *config, struct lfi_error *error)
{
    const uint64_t fingerprint = watch_fingerprint(config);
    struct material material;

    watch_take(&serve->watch, fingerprint);
    if (refuse_restart(serve, config, error) != 0 ||
        check_material(serve, config, &material, error) != 0 ||
        prepare_listeners(serve, config, &material, error) != 0) {
        return -1;
    }
    if (watch_fingerprint(config) != fingerprint) {
        return error_set(error, "%s: its files changed while they were read", config->path);
    }
    if (generations_replace(serve->generations, config,
                            &config->hub_pairs[material.in_use[MATERIAL_HUB]], error) != 0) {
        return -1;
    }
    http_listener_commit(serve->hub_listener);
    http_listener_commit(serve->public_listener);
    readiness_set_material(serve->readiness, &material);
    atomic_store(&serve->log.level, config->log_level);
    connect_set_check(serve->connect, config->check_responses);
    serve->material = material;
    serve->in_force = config;
    return 0;
}

/* `cause` says what led to it. */
static int reload(struct serve *serve, int loaded, struct config *config, const char *cause,
                  struct lfi_error *error)
{
    int status = loaded == 0 ? take_config(serve, config, error) : -1;

    if (status != 0) {
        config_free(config);
        LOG_EVENT(&serve->log, LOG_ERROR, "reload-failed",
                  LOG_TEXT("reason", slice_of(error->message)), LOG_TEXT("cause", slice_of(cause)));
    } else {
        LOG_EVENT(&serve->log, LOG_INFO, "reloaded", LOG_TEXT("cause", slice_of(cause)));
    }
    return status;
}

void serve_reload(struct serve *serve)
{
    struct lfi_error error = {""};
    struct config *config = NULL;
    int loaded = config_load(&config, serve->config->path, &error);

    (void)reload(serve, loaded, config, "signal", &error);
}

void serve_poll(struct serve *serve)
{
    const struct clock system_time = {0};
    const time_t switch_at = serve->material.changes_at;
    const int64_t now_us = clock_monotonic_us();
    bool due = switch_at != 0 && switch_at <= (time_t)clock_now_s(&system_time) &&
               now_us >= serve->retry_us;
    bool changed = serve->in_force->watch_files && watch_poll(&serve->watch, serve->in_force);
    struct lfi_error error = {""};
    struct config *config = NULL;

    if (!due && !changed) {
        return;
    }
    int loaded = config_load_again(&config, serve->in_force, &error);
    if (reload(serve, loaded, config, changed ? "files" : "dates", &error) != 0) {
        serve->retry_us = now_us + (int64_t)SWITCH_RETRY_S * 1000000;
    }
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
