#include "http/listener.h"

#include "base/clock.h"
#include "base/datetime.h"
#include "http/head.h"

#include <civetweb.h>
#include <stdio.h>

#define REPLY_HEAD_BYTES 8192
#define KEPT_BYTES ((size_t)256 * 1024) /* larger buffers are not kept for the next request */
#define CHUNK_BYTES ((size_t)16 * 1024)
#define DATE_MAX 64

/* --- replies ---------------------------------------------------------------------------------- */

/* "Sat, 21 Nov 2026 03:09:25 GMT" */
static void format_date(char out[DATE_MAX])
{
    static const char days[] = "ThuFriSatSunMonTueWed";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const struct clock system_time = {0};
    int64_t now = clock_now_s(&system_time);
    unsigned of_day = (unsigned)(now % 86400);
    int64_t year;
    unsigned month, day;

    datetime_civil_from_days(now / 86400, &year, &month, &day);
    snprintf(out, DATE_MAX, "%.3s, %02u %.3s %04d %02u:%02u:%02u GMT", days + 3 * (now / 86400 % 7),
             day, months + 3 * (month - 1), (int)year, of_day / 3600, of_day / 60 % 60,
             of_day % 60);
}

static bool has_body(int status)
{
    return status >= 200 && status != 204 && status != 304;
}

/* Head and body in one buffer: they leave in one write. */
static void compose(struct worker *worker, const struct mg_connection *connection,
                    const struct reply *reply, bool head_only, bool keep_alive)
{
    struct buf *out = &worker->out;
    char date[DATE_MAX];

    format_date(date);
    buf_clear(out);
    buf_reserve(out, REPLY_HEAD_BYTES + reply->body.len);
    buf_append_format(out, "HTTP/1.1 %d ", reply->status);
    buf_append_text(out, mg_get_response_code_text(connection, reply->status));
    buf_append_format(out, "\r\nDate: %s\r\nConnection: %s\r\n", date,
                      keep_alive ? "keep-alive" : "close");
    if (reply->content_type != NULL) {
        buf_append_format(out, "Content-Type: %s\r\n", reply->content_type);
    }
    if (has_body(reply->status)) {
        buf_append_format(out, "Content-Length: %zu\r\n", reply->body.len);
    }
    buf_append_slice(out, buf_slice(&reply->headers));
    buf_append_text(out, "\r\n");
    if (has_body(reply->status) && !head_only) {
        buf_append_slice(out, buf_slice(&reply->body));
    }
}

static void trim(struct buf *buf)
{
    if (buf->cap > KEPT_BYTES) {
        buf_free(buf);
    }
}

static int send_reply(struct worker *worker, struct mg_connection *connection,
                      const struct reply *reply, bool head_only, bool keep_alive)
{
    struct buf *out = &worker->out;

    if (reply->hang_up) {
        mg_disable_connection_keep_alive(connection);
        return 500;
    }
    compose(worker, connection, reply, head_only, keep_alive);
    worker_set_phase(worker, WORKER_SENDING);
    if (!keep_alive) {
        mg_disable_connection_keep_alive(connection);
    }
    if (out->failed || mg_write(connection, out->ptr, out->len) != (int)out->len) {
        mg_disable_connection_keep_alive(connection);
    }
    trim(out);
    return reply->status;
}

static void clear_reply(struct worker *worker)
{
    const struct http_listener *listener = worker->listener;

    if (worker->out.max == 0) {
        buf_init(&worker->out, listener->config.limits.reply_bytes + 2 * REPLY_HEAD_BYTES);
        buf_init(&worker->reply.headers, REPLY_HEAD_BYTES);
        buf_init(&worker->reply.body, listener->config.limits.reply_bytes);
        buf_init(&worker->body, listener->config.limits.body_bytes);
    }
    worker->reply.status = 0;
    worker->reply.content_type = NULL;
    worker->reply.hang_up = false;
    buf_clear(&worker->reply.headers);
    buf_clear(&worker->reply.body);
}

static void log_refusal(const struct http_listener *listener,
                        const struct mg_connection *connection, const struct refusal *refusal)
{
    LOG_EVENT(listener->config.log, LOG_WARN, "refused",
              LOG_TEXT("listener", slice_of(listener->config.name)),
              LOG_TEXT("id", slice_of(refusal->id)), LOG_NUMBER("status", refusal->status),
              LOG_TEXT("remote", slice_of(mg_get_request_info(connection)->remote_addr)));
}

int exchange_refuse(struct worker *worker, struct mg_connection *connection,
                    const struct refusal *refusal)
{
    const struct http_listener *listener = worker->listener;

    metrics_count(listener->config.metrics,
                  refusal->status == 503 ? METRICS_REFUSED_BUSY : METRICS_REFUSED_MALFORMED);
    log_refusal(listener, connection, refusal);
    clear_reply(worker);
    reply_refusal(&worker->reply, refusal);
    send_reply(worker, connection, &worker->reply, false, false);
    /* These are refused while there may be more to come. */
    worker_drain(worker,
                 refusal->status == 413 || refusal->status == 431 || refusal->status == 503);
    return refusal->status;
}

/* --- requests --------------------------------------------------------------------------------- */

static int too_large(struct refusal *refusal)
{
    return refusal_set(refusal, "HTTP-BODY-LARGE", 413, "GenericError",
                       "The request body is too large.");
}

static int cut_short(const struct worker *worker, struct refusal *refusal)
{
    if (worker->expired) {
        return refusal_set(refusal, "HTTP-TIMEOUT", 408, "GenericError",
                           "The request took too long to arrive.");
    }
    return refusal_set(refusal, "HTTP-BODY-FORM", 400, "GenericError",
                       "The request body is incomplete or malformed.");
}

static int read_chunks(struct worker *worker, struct mg_connection *connection,
                       struct refusal *refusal)
{
    struct buf *body = &worker->body;

    for (;;) {
        size_t left = body->max - body->len;
        size_t room = left < CHUNK_BYTES ? left : CHUNK_BYTES;
        char beyond; /* at the limit: is there one byte more? */
        char *at = room > 0 ? buf_reserve(body, room) : &beyond;
        if (at == NULL) {
            return too_large(refusal);
        }
        int got = mg_read(connection, at, room > 0 ? room : 1);
        if (got <= 0) {
            return got == 0 ? 0 : cut_short(worker, refusal);
        }
        if (room == 0) {
            return too_large(refusal);
        }
        body->len += (size_t)got;
    }
}

/* The worker's deadline ends reads that dawdle. */
static int read_body(struct worker *worker, struct mg_connection *connection,
                     const struct head *head, struct refusal *refusal)
{
    struct buf *body = &worker->body;

    buf_clear(body);
    if (head->length > body->max) {
        return too_large(refusal);
    }
    if (head->expects_continue && (head->chunked || head->length > 0)) {
        static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
        mg_write(connection, go_on, sizeof(go_on) - 1);
    }
    if (head->chunked) {
        return read_chunks(worker, connection, refusal);
    }
    if (head->length == 0) {
        return 0;
    }
    char *at = buf_reserve(body, (size_t)head->length);
    if (at == NULL) {
        return too_large(refusal);
    }
    int got = mg_read(connection, at, (size_t)head->length);
    body->len = got > 0 ? (size_t)got : 0;
    return body->len == head->length ? 0 : cut_short(worker, refusal);
}

static bool is_busy(const struct worker_pool *pool)
{
    return atomic_load(&pool->busy) - atomic_load(&pool->waiting) > pool->threads;
}

static int receive(struct worker *worker, struct mg_connection *connection, struct head *head,
                   struct refusal *refusal)
{
    const struct mg_request_info *info = mg_get_request_info(connection);

    if (head_read(info, worker->input, worker->headers, head, refusal) != 0) {
        return -1;
    }
    if (is_busy(worker->pool)) {
        return refusal_set(refusal, "HTTP-BUSY", 503, "GenericRecoverableError",
                           "The server is busy. Please try again.");
    }
    clear_reply(worker);
    if (worker->arena == NULL) {
        worker->arena = arena_new(LIMIT_ARENA_BYTES);
        if (worker->arena == NULL) {
            return refusal_set(refusal, "HTTP-MEMORY", 503, "GenericRecoverableError",
                               "The server is busy. Please try again.");
        }
    }
    return read_body(worker, connection, head, refusal);
}

static void handle(struct worker *worker, const struct mg_connection *connection,
                   const struct head *head)
{
    const struct http_listener *listener = worker->listener;
    const struct mg_request_info *info = mg_get_request_info(connection);
    struct reply *reply = &worker->reply;
    const struct request request = {
        .method = head->method,
        .path = head->path,
        .query = head->query,
        .headers = head->headers,
        .header_count = head->header_count,
        .body = buf_slice(&worker->body),
        /* One that does not verify ends the handshake: tls.c asks for none or checks it. */
        .peer = info->client_cert != NULL ? info->client_cert->peer_cert : NULL,
        .remote = info->remote_addr,
        .arena = worker->arena,
        .started_us = worker->started_us,
    };

    listener->config.handler(listener->config.ctx, &request, reply);
    if (!reply->hang_up && (reply->status == 0 || reply->body.failed || reply->headers.failed)) {
        struct refusal refusal;
        refusal_set(&refusal, "HTTP-REPLY", 500, "GenericError", "Internal error.");
        log_refusal(listener, connection, &refusal);
        buf_clear(&reply->headers);
        reply_refusal(reply, &refusal);
    }
}

int exchange_serve(struct worker *worker, struct mg_connection *connection)
{
    struct refusal refusal;
    struct head head;

    if (worker->phase == WORKER_WAITING) { /* it came together with the one before */
        worker_set_phase(worker, WORKER_RECEIVING);
    }
    if (receive(worker, connection, &head, &refusal) != 0) {
        return exchange_refuse(worker, connection, &refusal);
    }
    worker_set_phase(worker, WORKER_HANDLING);
    handle(worker, connection, &head);
    bool keep_alive = head.keep_alive && !worker_pool_is_scarce(worker->pool) &&
                      !atomic_load(&worker->pool->stopping);
    int status = send_reply(worker, connection, &worker->reply,
                            slice_equal(head.method, SLICE("HEAD")), keep_alive);
    trim(&worker->body);
    trim(&worker->reply.body);
    arena_reset(worker->arena);
    worker->fresh = false;
    return status;
}
