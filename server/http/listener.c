#include "http/listener.h"

#include "base/clock.h"

#include <civetweb.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define START_MS 2000
#define STEP_US 5000
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

static int on_connection(const struct mg_connection *connection, void **data)
{
    struct worker *worker = mg_get_thread_pointer(connection);

    (void)data;
    if (worker != NULL) {
        worker_connect(worker, WORKER_WAITING);
        if (worker->phase == WORKER_HANDSHAKE) {
            worker_set_phase(worker, WORKER_WAITING);
        }
    }
    return 0;
}

static int on_request(struct mg_connection *connection)
{
    struct worker *worker = mg_get_thread_pointer(connection);

    if (worker == NULL) { /* no memory when the thread began */
        mg_disable_connection_keep_alive(connection);
        return 500;
    }
    return exchange_serve(worker, connection);
}

static void on_request_end(const struct mg_connection *connection, int status)
{
    struct worker *worker = mg_get_thread_pointer(connection);

    (void)status;
    if (worker != NULL && worker->phase == WORKER_SENDING) {
        worker_set_phase(worker, WORKER_WAITING);
    }
}

static bool is_known_method(const char *method)
{
    static const char *const known[] = {"GET",    "HEAD",    "POST",    "PUT",
                                        "DELETE", "OPTIONS", "CONNECT", "PATCH"};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(method, known[i]) == 0) {
            return true;
        }
    }
    return false;
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
    } else if (!parsed && worker->received >= LISTENER_INPUT_BYTES) {
        refusal_set(refusal, "HTTP-HEAD-LARGE", 431, "GenericError",
                    "The request head is too large.");
    } else if (parsed && info->http_version != NULL && !is_known_method(info->request_method)) {
        refusal_set(refusal, "HTTP-METHOD", 405, "GenericError", "The method is not supported.");
    } else {
        refusal_set(refusal, "HTTP-HEAD-FORM", 400, "GenericError",
                    "The request head is malformed.");
    }
}

static int on_error(struct mg_connection *connection, int status, const char *message)
{
    struct worker *worker = mg_get_thread_pointer(connection);
    struct refusal refusal;

    if (worker != NULL) {
        /* Before a head is complete, the request's data are those of the one before. */
        bool parsed = strcmp(message, "Malformed message") != 0;
        explain(worker, mg_get_request_info(connection), status, parsed, &refusal);
        exchange_refuse(worker, connection, &refusal);
    }
    return 0;
}

/* A request that CivetWeb drops without a word: its target is `*` or names another server. */
static void on_close(const struct mg_connection *connection)
{
    struct worker *worker = mg_get_thread_pointer(connection);
    struct refusal refusal;

    if (worker != NULL && worker->phase == WORKER_RECEIVING && worker->received > 0) {
        refusal_set(&refusal, "HTTP-TARGET", 400, "GenericError",
                    "The request target is malformed.");
        exchange_refuse(worker, (struct mg_connection *)(uintptr_t)connection, &refusal);
    }
}

static void on_closed(const struct mg_connection *connection)
{
    struct worker *worker = mg_get_thread_pointer(connection);

    if (worker != NULL) {
        worker_disconnect(worker);
    }
}

static int on_message(const struct mg_connection *connection, const char *message)
{
    const struct http_listener *listener = NULL;

    if (connection != NULL) {
        listener = mg_get_user_data(mg_get_context(connection));
    }
    if (listener != NULL) {
        char remote[WORKER_REMOTE_MAX]; /* before a handshake is done, CivetWeb does not tell it */
        worker_remote(remote);
        LOG_EVENT(listener->config.log, LOG_INFO, "connection",
                  LOG_TEXT("listener", slice_of(listener->config.name)),
                  LOG_TEXT("message", slice_of(message)), LOG_TEXT("remote", slice_of(remote)));
    }
    return 1;
}

static int on_tls(void **context, void *user_data)
{
    struct http_listener *listener = user_data;

    *context = tls_context(listener->tls);
    return 1;
}

/* --- start and stop --------------------------------------------------------------------------- */

/* CivetWeb's own time-outs come last: they only end what the worker's limits have let pass. */
static int start_server(struct http_listener *listener, struct lfi_error *error)
{
    const struct http_listener_config *config = &listener->config;
    char address[ADDRESS_MAX], threads[NUMBER_MAX], timeout[NUMBER_MAX], input[NUMBER_MAX];
    char reason[160] = "";
    bool ipv6 = strchr(config->address, ':') != NULL;
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
                             "512",
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
                                           .external_ssl_ctx = on_tls,
                                           .connection_close = on_close,
                                           .connection_closed = on_closed,
                                           .http_error = on_error,
                                           .init_thread = on_thread_begin,
                                           .exit_thread = on_thread_end,
                                           .init_connection = on_connection};
    struct mg_init_data init = {&callbacks, listener, options};
    struct mg_error_data failure = {.text = reason, .text_buffer_size = sizeof(reason)};

    snprintf(address, sizeof(address), ipv6 ? "[%s]:%d%s" : "%s:%d%s", config->address,
             config->port, listener->tls != NULL ? "s" : "");
    snprintf(threads, sizeof(threads), "%d",
             config->limits.threads + WORKER_RESERVE(config->limits.threads));
    snprintf(timeout, sizeof(timeout), "%d",
             config->limits.request_ms + config->limits.idle_ms + 1000);
    snprintf(input, sizeof(input), "%d", LISTENER_INPUT_BYTES);
    listener->server = mg_start2(&init, &failure);
    if (listener->server == NULL) {
        return error_set(error, "%s listener: cannot listen on %s port %d: %s", config->name,
                         config->address, config->port, reason);
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

int http_listener_start(struct http_listener **out, const struct http_listener_config *config,
                        struct lfi_error *error)
{
    if (config->limits.threads < 1 || config->limits.threads > MAX_THREADS) {
        return error_set(error, "%s listener: threads must be 1 to %d", config->name, MAX_THREADS);
    }
    struct http_listener *listener = calloc(1, sizeof(*listener));
    if (listener == NULL) {
        return error_set(error, "%s listener: out of memory", config->name);
    }
    mg_init_library(MG_FEATURES_TLS);
    listener->config = *config;
    listener->pool.threads = config->limits.threads;
    listener->pool.request_ms = config->limits.request_ms;
    listener->pool.idle_ms = config->limits.idle_ms;
    listener->pool.tls = config->tls != NULL;
    if (config->tls != NULL) {
        listener->tls_config = *config->tls;
        listener->config.tls = &listener->tls_config;
        if (tls_new(&listener->tls, &listener->tls_config, error) != 0) {
            goto failed;
        }
    }
    if (start_server(listener, error) != 0 || check_interception(listener, error) != 0) {
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

int http_listener_reload(struct http_listener *listener, struct lfi_error *error)
{
    return listener->tls != NULL ? tls_reload(listener->tls, error) : 0;
}

void http_listener_stop(struct http_listener *listener, int drain_ms)
{
    if (listener == NULL) {
        return;
    }
    if (listener->server != NULL) {
        int64_t deadline = clock_monotonic_us() + (int64_t)drain_ms * 1000;
        atomic_store(&listener->pool.stopping, true);
        while (atomic_load(&listener->pool.busy) > 0 && clock_monotonic_us() < deadline) {
            usleep(STEP_US);
        }
        mg_stop(listener->server);
    }
    tls_free(listener->tls);
    mg_exit_library();
    free(listener);
}
