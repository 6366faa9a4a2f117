#include "serve.h"

#include "admin.h"
#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "chores.h"
#include "connect/connect.h"
#include "generation.h"
#include "http/http.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define OPERATOR_TOKEN_MIN 16
#define OPERATOR_TOKEN_MAX 256
#define FILES_BESIDE 256 /* open files that are no connections of callers: stores, logs, calls */
#define LOG_STOP_MS 500  /* for a reader of the log that stalls */

struct serve {
    struct config *config; /* of the start */
    struct clock clock;
    struct log log;
    struct metrics *metrics;
    struct provider_set *providers;
    struct connect *connect;
    struct generations *generations;
    struct chores *chores;
    struct admin admin;
    struct explain *explain;
    struct overrides *overrides;
    struct buf operator_token;
    struct http_listener *hub_listener, *public_listener, *admin_listener;
};

static enum log_level level_of(const char *name)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    size_t level = 0;

    while (level < LOG_ERROR && strcmp(names[level], name) != 0) {
        level++;
    }
    return (enum log_level)level;
}

static enum connect_check check_of(const char *name)
{
    if (strcmp(name, "off") == 0) {
        return CONNECT_CHECK_OFF;
    }
    return strcmp(name, "log") == 0 ? CONNECT_CHECK_LOG : CONNECT_CHECK_ENFORCE;
}

/* --- requests --------------------------------------------------------------------------------- */

static void handle_hub(void *ctx, const struct request *request, struct reply *reply)
{
    struct serve *serve = ctx;
    struct generation *generation = generations_hold(serve->generations);

    const struct connect_peers peers = {generation->caller, generation->hubs};

    connect_handle(serve->connect, &peers, request, reply);
    generations_release(generation);
}

static void handle_public(void *ctx, const struct request *request, struct reply *reply)
{
    struct serve *serve = ctx;
    struct generation *generation = generations_hold(serve->generations);

    psu_handle(generation->psu, request, reply);
    generations_release(generation);
}

/* --- start ------------------------------------------------------------------------------------ */

static int open_providers(struct serve *serve, struct lfi_error *error)
{
    const struct config *config = serve->config;
    struct provider_config *providers = calloc(config->provider_count, sizeof(*providers));

    if (providers == NULL) {
        return error_set(error, "out of memory");
    }
    for (size_t i = 0; i < config->provider_count; i++) {
        const struct config_provider *from = &config->providers[i];
        providers[i] = (struct provider_config){.id = from->id,
                                                .segment = from->segment,
                                                .audience = from->audience,
                                                .library = from->core_library,
                                                .settings = from->core_settings,
                                                .base_dir = config->base_dir,
                                                .offers = from->offers,
                                                .statement_day = from->statement_day};
    }
    int status = provider_set_open(&serve->providers, providers, config->provider_count,
                                   &serve->clock, &serve->log, error);
    free(providers);
    return status;
}

static int make_metrics(struct serve *serve, struct lfi_error *error)
{
    const struct config *config = serve->config;
    size_t operation_count = connect_operation_ids(NULL, 0);
    const char **names = calloc(config->provider_count + operation_count, sizeof(*names));

    if (names != NULL) {
        for (size_t i = 0; i < config->provider_count; i++) {
            names[i] = config->providers[i].id;
        }
        connect_operation_ids(names + config->provider_count, operation_count);
        serve->metrics = metrics_new(&(struct metrics_labels){
            names, config->provider_count, names + config->provider_count, operation_count});
        free(names);
    }
    serve->admin.metrics = serve->metrics;
    return serve->metrics != NULL ? 0 : error_set(error, "out of memory");
}

static int listen_at(struct http_listener **out, struct serve *serve, const char *name,
                     const struct config_listener *at, http_handler_fn *handler,
                     struct lfi_error *error)
{
    const struct http_tls tls = {.certificate = at->certificate,
                                 .key = at->key,
                                 .client_ca = at->client_ca,
                                 .client_crl = at->client_crl,
                                 .client_required = at->client_ca != NULL,
                                 .min_version = at->min_tls};
    const struct http_listener_config config = {
        .name = name,
        .address = at->address,
        .port = at->port,
        .tls = at->certificate != NULL ? &tls : NULL,
        .limits = {.body_bytes = serve->config->body_bytes,
                   .reply_bytes = LIMIT_REPLY_BYTES,
                   .request_ms = serve->config->request_ms,
                   .idle_ms = serve->config->idle_ms,
                   .threads = at->threads,
                   .queue_ms = serve->config->queue_ms,
                   .pending = serve->config->pending,
                   .pending_per_peer = serve->config->pending_per_peer,
                   .connection_s = serve->config->connection_s},
        .handler = handler,
        .ctx = handler == admin_handle ? (void *)&serve->admin : serve,
        .log = &serve->log,
        .metrics = serve->metrics,
    };

    return http_listener_start(out, &config, error);
}

/* The levers need a token of some length; the file's last line end does not count. */
static int make_levers(struct serve *serve, struct lfi_error *error)
{
    const char *file = serve->config->operator_token_file;
    struct lfi_slice token = {NULL, 0};

    serve->explain = explain_new();
    serve->overrides = overrides_new();
    if (serve->explain == NULL || serve->overrides == NULL) {
        return error_set(error, "out of memory");
    }
    buf_init(&serve->operator_token, OPERATOR_TOKEN_MAX);
    if (file != NULL) {
        if (file_read(file, &serve->operator_token, error) != 0) {
            return -1;
        }
        token = buf_slice(&serve->operator_token);
        while (token.len > 0 && token.ptr[token.len - 1] == '\n') {
            token.len--;
        }
        if (token.len < OPERATOR_TOKEN_MIN) {
            return error_set(error, "%s: a token has at least %d bytes", file, OPERATOR_TOKEN_MIN);
        }
    }
    serve->admin.levers = (struct operator_levers){.token = token,
                                                   .providers = serve->providers,
                                                   .overrides = serve->overrides,
                                                   .explain = serve->explain,
                                                   .clock = &serve->clock,
                                                   .log = &serve->log};
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

static int start_parts(struct serve *serve, struct lfi_error *error)
{
    const struct config *config = serve->config;

    if (make_metrics(serve, error) != 0 || open_providers(serve, error) != 0 ||
        make_levers(serve, error) != 0) {
        return -1;
    }
    const struct connect_config connect = {.providers = serve->providers,
                                           .check_responses = check_of(config->check_responses),
                                           .host_name = config->host_name,
                                           .bank_name = config->bank_name,
                                           .explain = serve->explain,
                                           .overrides = serve->overrides};
    const struct generation_ground ground = {
        .providers = serve->providers,
        .clock = &serve->clock,
        .log = &serve->log,
        .metrics = serve->metrics,
        .explain = serve->explain,
        .overrides = serve->overrides,
    };
    if (connect_new(&serve->connect, &connect, &serve->clock, &serve->log, serve->metrics, error) !=
            0 ||
        generations_new(&serve->generations, &ground, config, error) != 0 ||
        listen_at(&serve->admin_listener, serve, "admin", &config->admin, admin_handle, error) !=
            0 ||
        listen_at(&serve->hub_listener, serve, "hub", &config->hub, handle_hub, error) != 0 ||
        listen_at(&serve->public_listener, serve, "public", &config->public_, handle_public,
                  error) != 0 ||
        chores_start(&serve->chores, serve->generations, error) != 0) {
        return -1;
    }
    return 0;
}

int serve_start(struct serve **out, struct config *config, struct lfi_error *error)
{
    struct serve *serve = calloc(1, sizeof(*serve));

    if (serve == NULL) {
        config_free(config);
        return error_set(error, "out of memory");
    }
    serve->config = config;
    serve->log.fd = STDERR_FILENO;
    serve->log.level = level_of(config->log_level);
    serve->log.clock = &serve->clock;
    if (log_start(&serve->log) != 0) {
        error_set(error, "out of memory");
    }
    raise_file_limit(serve);
    if (serve->log.queue == NULL || start_parts(serve, error) != 0) {
        LOG_EVENT(&serve->log, LOG_ERROR, "start-failed",
                  LOG_TEXT("reason", slice_of(error->message)));
        serve_stop(serve);
        return -1;
    }
    atomic_store(&serve->admin.ready, true);
    LOG_EVENT(&serve->log, LOG_INFO, "started",
              LOG_NUMBER("providers", (int64_t)config->provider_count),
              LOG_NUMBER("hubPort", http_listener_port(serve->hub_listener)),
              LOG_NUMBER("publicPort", http_listener_port(serve->public_listener)),
              LOG_NUMBER("adminPort", http_listener_port(serve->admin_listener)));
    *out = serve;
    return 0;
}

/* --- reload ----------------------------------------------------------------------------------- */

static bool same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_listener(const struct config_listener *a, const struct config_listener *b)
{
    return same(a->address, b->address) && a->port == b->port && a->threads == b->threads &&
           same(a->certificate, b->certificate) && same(a->key, b->key) &&
           same(a->client_ca, b->client_ca) && same(a->client_crl, b->client_crl) &&
           a->min_tls == b->min_tls;
}

/* However they are written. */
static bool same_settings(const char *a, const char *b)
{
    cJSON *one = json_parse(slice_of(a));
    cJSON *other = json_parse(slice_of(b));
    bool equal = cJSON_Compare(one, other, true);

    cJSON_Delete(one);
    cJSON_Delete(other);
    return equal;
}

static bool same_providers(const struct config *a, const struct config *b)
{
    if (a->provider_count != b->provider_count) {
        return false;
    }
    for (size_t i = 0; i < a->provider_count; i++) {
        const struct config_provider *old = &a->providers[i];
        const struct config_provider *new = &b->providers[i];
        if (!same(old->id, new->id) || !same(old->segment, new->segment) ||
            !same(old->audience, new->audience) || old->statement_day != new->statement_day ||
            !same(old->core_library, new->core_library) ||
            !same_settings(old->core_settings, new->core_settings)) {
            return false;
        }
    }
    return true;
}

/* The first setting that cannot change while the server runs, but did; NULL: none. */
static const char *needs_restart(const struct config *old, const struct config *new)
{
    const struct {
        const char *setting;
        bool same;
    } fixed[] = {
        {"hubListener", same_listener(&old->hub, &new->hub)},
        {"publicListener", same_listener(&old->public_, &new->public_)},
        {"adminListener", same_listener(&old->admin, &new->admin) &&
                              same(old->operator_token_file, new->operator_token_file)},
        {"limits", old->body_bytes == new->body_bytes && old->request_ms == new->request_ms &&
                       old->idle_ms == new->idle_ms && old->queue_ms == new->queue_ms &&
                       old->pending == new->pending &&
                       old->pending_per_peer == new->pending_per_peer &&
                       old->connection_s == new->connection_s && old->drain_ms == new->drain_ms &&
                       old->drain_delay_ms == new->drain_delay_ms},
        {"hostName", same(old->host_name, new->host_name)},
        {"providers", same_providers(old, new)},
    };

    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        if (!fixed[i].same) {
            return fixed[i].setting;
        }
    }
    return NULL;
}

/* All or nothing, but for the listeners' files: each listener takes its own or keeps its old. */
static int reload(struct serve *serve, struct lfi_error *error)
{
    struct config *config;

    if (config_load(&config, serve->config->path, error) != 0) {
        return -1;
    }
    const char *setting = needs_restart(serve->config, config);
    if (setting != NULL) {
        config_free(config);
        return error_set(error, "%s cannot change without a restart", setting);
    }
    enum log_level level = level_of(config->log_level);
    enum connect_check check = check_of(config->check_responses);
    if (http_listener_reload(serve->hub_listener, error) != 0 ||
        http_listener_reload(serve->public_listener, error) != 0 ||
        generations_replace(serve->generations, config, error) != 0) {
        config_free(config);
        return -1;
    }
    atomic_store(&serve->log.level, level);
    connect_set_check(serve->connect, check);
    return 0;
}

void serve_reload(struct serve *serve)
{
    struct lfi_error error = {""};

    if (reload(serve, &error) != 0) {
        LOG_EVENT(&serve->log, LOG_ERROR, "reload-failed",
                  LOG_TEXT("reason", slice_of(error.message)));
    } else {
        log_write(&serve->log, LOG_INFO, "reloaded", NULL, 0);
    }
}

/* --- stop ------------------------------------------------------------------------------------- */

static int left_ms(int64_t deadline_us)
{
    int64_t left = deadline_us - clock_monotonic_us();
    return left > 0 ? (int)(left / 1000) : 0;
}

/* Readiness turns first, so that a balancer sends its callers elsewhere before they are refused. */
static int drain(struct serve *serve)
{
    const struct config *config = serve->config;
    int status = 0;

    if (atomic_exchange(&serve->admin.ready, false)) {
        LOG_EVENT(&serve->log, LOG_INFO, "stopping", LOG_NUMBER("delayMs", config->drain_delay_ms),
                  LOG_NUMBER("drainMs", config->drain_ms));
        usleep((useconds_t)config->drain_delay_ms * 1000);
    }
    int64_t deadline_us = clock_monotonic_us() + (int64_t)config->drain_ms * 1000;
    http_listener_close(serve->hub_listener);
    http_listener_close(serve->public_listener);
    status |= http_listener_stop(serve->hub_listener, left_ms(deadline_us));
    status |= http_listener_stop(serve->public_listener, left_ms(deadline_us));
    status |= http_listener_stop(serve->admin_listener, left_ms(deadline_us));
    return status;
}

int serve_stop(struct serve *serve)
{
    if (!serve) {
        return 0;
    }
    if (drain(serve) != 0) {
        log_write(&serve->log, LOG_WARN, "stopped", NULL, 0);
        log_flush(&serve->log, LOG_STOP_MS);
        return -1;
    }
    chores_stop(serve->chores);
    generations_free(serve->generations);
    connect_free(serve->connect);
    overrides_free(serve->overrides);
    explain_free(serve->explain);
    buf_free(&serve->operator_token);
    provider_set_close(serve->providers);
    log_write(&serve->log, LOG_INFO, "stopped", NULL, 0);
    log_stop(&serve->log, LOG_STOP_MS);
    metrics_free(serve->metrics);
    config_free(serve->config);
    free(serve);
    return 0;
}
