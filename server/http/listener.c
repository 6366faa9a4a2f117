#include "http/listener.h"

#include "base/clock.h"
#include "http/head.h"

#include <civetweb.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define START_MS 10000 /* a busy machine may take long to run the first worker */
#define ALIVE_MS 5000  /* CivetWeb looks at its sockets some times a second */
#define STEP_US 5000
#define CUT_MS 500 /* for requests that are cut to end */
#define NUMBER_MAX 16
#define ADDRESS_MAX 80
#define MAX_THREADS 4096

/* --- CivetWeb's callbacks, on the worker's thread --------------------------------------------- */

static void *on_thread_begin(const struct mg_context *server, int type)
{
    struct http_listener *listener = mg_get_user_data(server);

    return worker_enter(&listener->pool, listener, type == 0);
}

static void on_thread_end(const struct mg_context *server, int type, void *worker)
{
    (void)server;
    (void)type;
    worker_leave(worker);
}

static int on_request(struct mg_connection *connection)
{
    struct worker *worker = mg_get_thread_pointer(connection);

    if (!worker || !worker->connection) { /* no memory when the thread began */
        mg_disable_connection_keep_alive(connection);
        return 500;
    }
    return exchange_serve(worker, connection);
}

static void on_request_end(const struct mg_connection *connection, int status)
{
    struct worker *worker = mg_get_thread_pointer(connection);

    (void)status;
    if (worker && worker->phase == WORKER_SENDING) {
        worker_set_phase(worker, WORKER_WAITING);
    }
}

/* CivetWeb could not make sense of what came. It says little about why, and too much to callers. */
static void explain(const struct worker *worker, const struct mg_request_info *info, int status,
                    bool parsed, struct refusal *refusal)
{
    if (worker->expired) {
        refusal_set(refusal, "HTTP-TIMEOUT", 408, "GenericError",
                    "The request took too long to arrive.");
    } else if (status == 411) {
        refusal_set(refusal, "HTTP-CL-FORM", 400, "GenericError",
                    "Content-Length must be a number.");
    } else if (status == 505) {
        refusal_set(refusal, "HTTP-VERSION", 505, "GenericError",
                    "The HTTP version is not supported.");
    } else if (!parsed && worker->received >= CONNECTION_INPUT_BYTES) {
        refusal_set(refusal, "HTTP-HEAD-LARGE", 431, "GenericError",
                    "The request head is too large.");
    } else if (parsed && info->http_version && !head_is_known_method(info->request_method)) {
        head_refuse_method(refusal);
    } else {
        refusal_set(refusal, "HTTP-HEAD-FORM", 400, "GenericError",
                    "The request head is malformed.");
    }
}

static int on_error(struct mg_connection *connection, int status, const char *message)
{
    struct worker *worker = mg_get_thread_pointer(connection);
    struct refusal refusal;

    if (worker && worker->connection) {
        /* Before a head is complete, the request's data are those of the one before. */
        bool parsed = strcmp(message, "Malformed message") != 0;
        explain(worker, mg_get_request_info(connection), status, parsed, &refusal);
        exchange_refuse(worker, connection, &refusal);
    }
    return 0;
}

/* The server as a whole has no options (RFC 9110, 9.3.7). */
static bool asks_for_options(const struct mg_request_info *info)
{
    return info->request_uri && strcmp(info->request_uri, "*") == 0 &&
           strcmp(info->request_method, "OPTIONS") == 0;
}

/* A request that CivetWeb drops without a reply: its target is `*` or no address at all. */
static void on_close(const struct mg_connection *connection)
{
    struct worker *worker = mg_get_thread_pointer(connection);
    struct refusal refusal;

    if (!worker || !worker->connection) {
        return;
    }
    if (worker->phase == WORKER_RECEIVING && worker->received > 0) {
        if (asks_for_options(mg_get_request_info(connection))) {
            head_refuse_method(&refusal);
        } else {
            refusal_set(&refusal, "HTTP-TARGET", 400, "GenericError",
                        "The request target is malformed.");
        }
        exchange_refuse(worker, (struct mg_connection *)(uintptr_t)connection, &refusal);
    }
    if (!worker->leaving) {
        connection_say_end(worker->connection);
    }
}

static void on_closed(const struct mg_connection *connection)
{
    struct worker *worker = mg_get_thread_pointer(connection);

    if (worker) {
        worker_disconnect(worker);
    }
}

static int on_message(const struct mg_connection *connection, const char *message)
{
    const struct http_listener *listener = NULL;

    if (connection) {
        listener = mg_get_user_data(mg_get_context(connection));
    }
    if (listener) {
        LOG_EVENT(listener->config.log, LOG_INFO, "connection",
                  LOG_TEXT("listener", slice_of(listener->config.name)),
                  LOG_TEXT("message", slice_of(message)),
                  LOG_TEXT("remote", slice_of(mg_get_request_info(connection)->remote_addr)));
    }
    return 1;
}

/* --- start and stop --------------------------------------------------------------------------- */

/* Why the address cannot be had, which CivetWeb does not say; 0: it can. */
static int try_address(const char *address, int number)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                                   .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char port[NUMBER_MAX];
    int on = 1;
    int reason = EADDRNOTAVAIL;

    snprintf(port, sizeof(port), "%d", number);
    if (getaddrinfo(address, port, &hints, &found) == 0) {
        int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bool bound = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
                     bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, 1) == 0;
        reason = bound ? 0 : errno;
        if (fd >= 0) {
            close(fd);
        }
        freeaddrinfo(found);
    }
    return reason;
}

/* Both loopback addresses, or the one of IPv4 where there is no other. */
static int settle_localhost(char *out, size_t size, int port)
{
    int reason = try_address("127.0.0.1", port);

    if (reason != 0) {
        return reason;
    }
    reason = try_address("::1", port);
    if (reason == EADDRNOTAVAIL || reason == EAFNOSUPPORT) {
        snprintf(out, size, "127.0.0.1:%d", port);
        return 0;
    }
    snprintf(out, size, "127.0.0.1:%d,[::1]:%d", port, port);
    return reason;
}

/* As CivetWeb writes what the configuration means, if it can be had; else why not. */
static int settle_address(char *out, size_t size, const struct http_listener_config *config)
{
    if (strcmp(config->address, "localhost") == 0) {
        return settle_localhost(out, size, config->port);
    }
    const char *format = strcmp(config->address, "::") == 0 ? "+%2$d"
                         : strchr(config->address, ':')     ? "[%1$s]:%2$d"
                                                            : "%1$s:%2$d";
    snprintf(out, size, format, config->address, config->port);
    return try_address(config->address, config->port);
}

int http_listener_try(const char *address, int port)
{
    char unused[ADDRESS_MAX];

    return strcmp(address, "localhost") == 0 ? settle_localhost(unused, sizeof(unused), port)
                                             : try_address(address, port);
}

/* CivetWeb's own time-outs come last: they only end what the worker's limits have let pass. */
static int start_server(struct http_listener *listener, struct lfi_error *error)
{
    const struct http_listener_config *config = &listener->config;
    char address[ADDRESS_MAX], threads[NUMBER_MAX], timeout[NUMBER_MAX], input[NUMBER_MAX];
    char reason[160] = "";
    const char *options[] = {"listening_ports",
                             address,
                             "num_threads",
                             threads,
                             "request_timeout_ms",
                             timeout,
                             "keep_alive_timeout_ms",
                             timeout,
                             "max_request_size",
                             input,
                             "enable_keep_alive",
                             "yes",
                             "tcp_nodelay",
                             "1",
                             "connection_queue",
                             "128",
                             "listen_backlog",
                             "4096",
                             "decode_url",
                             "no",
                             "enable_directory_listing",
                             "no",
                             "enable_auth_domain_check",
                             "no",
                             NULL};
    const struct mg_callbacks callbacks = {.begin_request = on_request,
                                           .end_request = on_request_end,
                                           .log_message = on_message,
                                           .connection_close = on_close,
                                           .connection_closed = on_closed,
                                           .http_error = on_error,
                                           .init_thread = on_thread_begin,
                                           .exit_thread = on_thread_end};
    struct mg_init_data init = {&callbacks, listener, options};
    struct mg_error_data failure = {.text = reason, .text_buffer_size = sizeof(reason)};

    snprintf(threads, sizeof(threads), "%d", config->limits.threads);
    snprintf(timeout, sizeof(timeout), "%d",
             config->limits.request_ms + config->limits.idle_ms + 1000);
    snprintf(input, sizeof(input), "%d", CONNECTION_INPUT_BYTES);
    int reason_code = settle_address(address, sizeof(address), config);
    if (reason_code == 0) {
        listener->server = mg_start2(&init, &failure);
    }
    if (!listener->server) {
        return error_set(error, "%s listener: cannot listen on %s port %d: %s", config->name,
                         config->address, config->port,
                         reason_code == EADDRINUSE ? "already in use"
                         : reason_code != 0        ? strerror(reason_code)
                                                   : reason);
    }
    return 0;
}

/* Without the interception no limit would hold; see worker.h. */
static int check_interception(struct http_listener *listener, struct lfi_error *error)
{
    for (int waited_us = 0; waited_us < START_MS * 1000; waited_us += STEP_US) {
        if (atomic_load(&listener->pool.intercepted)) {
            return 0;
        }
        usleep(STEP_US);
    }
    return error_set(error, "%s listener: CivetWeb waits otherwise than by poll",
                     listener->config.name);
}

static int or_default(int value, int standard)
{
    return value > 0 ? value : standard;
}

static void settle_limits(struct http_listener *listener)
{
    struct http_limits *limits = &listener->config.limits;

    limits->queue_ms = or_default(limits->queue_ms, LIMIT_QUEUE_MS);
    limits->pending = or_default(limits->pending, LIMIT_PENDING);
    limits->pending_per_peer = or_default(limits->pending_per_peer, LIMIT_PENDING_PER_PEER);
    limits->connection_s = or_default(limits->connection_s, LIMIT_CONNECTION_S);
    listener->pool.threads = limits->threads;
    listener->pool.request_ms = limits->request_ms;
    listener->pool.idle_ms = limits->idle_ms + LIMIT_IDLE_SLACK_MS;
    listener->pool.queue_ms = limits->queue_ms;
    listener->pool.pending = limits->pending;
    listener->pool.pending_per_peer = limits->pending_per_peer;
}

int http_listener_start(struct http_listener **out, const struct http_listener_config *config,
                        struct lfi_error *error)
{
    if (config->limits.threads < 1 || config->limits.threads > MAX_THREADS) {
        return error_set(error, "%s listener: threads must be 1 to %d", config->name, MAX_THREADS);
    }
    struct http_listener *listener = calloc(1, sizeof(*listener));
    if (!listener) {
        return error_set(error, "%s listener: out of memory", config->name);
    }
    mg_init_library(0);
    listener->config = *config;
    settle_limits(listener);
    if (config->tls) {
        listener->tls_config = *config->tls;
        listener->config.tls = &listener->tls_config;
        if (tls_new(&listener->tls, &listener->tls_config, error) != 0) {
            goto failed;
        }
    }
    const struct intake_config intake = {.listener = &listener->config,
                                         .pool = &listener->pool,
                                         .tls = listener->tls,
                                         .refuse = exchange_refuse_waiting,
                                         .ctx = listener};
    if (intake_new(&listener->pool.intake, &intake, error) != 0 ||
        start_server(listener, error) != 0 || check_interception(listener, error) != 0) {
        goto failed;
    }
    *out = listener;
    return 0;
failed:
    http_listener_stop(listener, 0);
    return -1;
}

int http_listener_port(const struct http_listener *listener)
{
    struct mg_server_port port;

    return mg_get_server_ports(listener->server, 1, &port) == 1 ? port.port : -1;
}

int http_listener_prepare(struct http_listener *listener, const struct http_tls *tls,
                          struct lfi_error *error)
{
    return listener->tls ? tls_prepare(listener->tls, tls, error) : 0;
}

void http_listener_commit(struct http_listener *listener)
{
    if (listener->tls) {
        tls_commit(listener->tls);
    }
}

bool http_listener_is_alive(const struct http_listener *listener)
{
    int64_t since_us = clock_monotonic_us() - atomic_load(&listener->pool.looked_us);

    return since_us < (int64_t)ALIVE_MS * 1000;
}

void http_listener_look(const struct http_listener *listener, struct http_listener_use *out)
{
    const struct worker_pool *pool = &listener->pool;
    bool asks_certificate = listener->tls && listener->tls_config.client_ca;

    *out = (struct http_listener_use){
        .workers = pool->threads,
        .workers_busy = atomic_load(&pool->busy),
        .connections = atomic_load(&pool->connections),
        .connections_limit = pool->threads + pool->pending * (asks_certificate ? 2 : 1),
    };
}

static int requests_of(const struct http_listener *listener)
{
    return atomic_load(&listener->pool.busy) + intake_requests(listener->pool.intake);
}

static void wait_until_idle(const struct http_listener *listener, int wait_ms)
{
    int64_t deadline_us = clock_monotonic_us() + (int64_t)wait_ms * 1000;

    while (requests_of(listener) > 0 && clock_monotonic_us() < deadline_us) {
        usleep(STEP_US);
    }
}

void http_listener_close(struct http_listener *listener)
{
    if (listener) {
        atomic_store(&listener->pool.stopping, true);
    }
}

static void log_cut(const struct http_listener *listener, int count)
{
    LOG_EVENT(listener->config.log, LOG_WARN, "requests-cut",
              LOG_TEXT("listener", slice_of(listener->config.name)), LOG_NUMBER("count", count));
}

int http_listener_stop(struct http_listener *listener, int drain_ms)
{
    if (!listener) {
        return 0;
    }
    if (listener->server) {
        http_listener_close(listener);
        wait_until_idle(listener, drain_ms);
        int cut = requests_of(listener);
        if (cut > 0) {
            log_cut(listener, cut);
        }
        atomic_store(&listener->pool.cutting, true);
        wait_until_idle(listener, cut > 0 ? CUT_MS : 0);
        if (atomic_load(&listener->pool.busy) > 0) {
            return -1;
        }
        mg_stop(listener->server);
    }
    intake_free(listener->pool.intake);
    tls_free(listener->tls);
    mg_exit_library();
    free(listener);
    return 0;
}
