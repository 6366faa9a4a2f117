#include "http/listener.h"

#include "base/clock.h"
#include "base/datetime.h"
#include "base/text.h"
#include "http/chunk.h"
#include "http/head.h"

#include <civetweb.h>
#include <openssl/crypto.h>
#include <poll.h>

#define REPLY_HEAD_BYTES 8192
#define KEPT_BYTES ((size_t)256 * 1024) /* larger buffers are not kept for the next request */
#define READ_BYTES ((size_t)16 * 1024)
#define LAST_CHUNK "0\r\n\r\n" /* what CivetWeb sees of a chunked body */

/* --- replies ---------------------------------------------------------------------------------- */

static void append_digits(struct buf *out, int64_t number, unsigned digits, const char *after)
{
    char text[TEXT_NUMBER_MAX];

    buf_append(out, text, text_write_number(number, digits, text));
    buf_append_text(out, after);
}

/* "Sat, 21 Nov 2026 03:09:25 GMT" */
static void append_date(struct buf *out)
{
    static const char days[] = "ThuFriSatSunMonTueWed";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const struct clock system_time = {0};
    int64_t now = clock_now_s(&system_time);
    int64_t year;
    unsigned month, day;

    datetime_civil_from_days(now / 86400, &year, &month, &day);
    buf_append(out, days + 3 * (now / 86400 % 7), 3);
    buf_append_text(out, ", ");
    append_digits(out, day, 2, " ");
    buf_append(out, months + 3 * (month - 1), 3);
    buf_append_text(out, " ");
    append_digits(out, year, 4, " ");
    append_digits(out, now / 3600 % 24, 2, ":");
    append_digits(out, now / 60 % 60, 2, ":");
    append_digits(out, now % 60, 2, " GMT\r\n");
}

static bool has_body(int status)
{
    return status >= 200 && status != 204 && status != 304;
}

/*
 * Head and body in one buffer: they leave in one write. A caller that is told how long a connection
 * is kept does not send its next request just when it is closed.
 */
static void compose(struct buf *out, const struct mg_connection *connection,
                    const struct reply *reply, bool head_only, int keep_ms)
{
    buf_clear(out);
    buf_reserve(out, REPLY_HEAD_BYTES + reply->body.len);
    buf_append_text(out, "HTTP/1.1 ");
    append_digits(out, reply->status, 3, " ");
    buf_append_text(out, mg_get_response_code_text(connection, reply->status));
    buf_append_text(out, "\r\nDate: ");
    append_date(out);
    buf_append_text(out, keep_ms > 0 ? "Connection: keep-alive\r\n" : "Connection: close\r\n");
    if (keep_ms >= 1000) {
        buf_append_text(out, "Keep-Alive: timeout=");
        append_digits(out, keep_ms / 1000, 0, "\r\n");
    }
    if (reply->content_type) {
        buf_append_text(out, "Content-Type: ");
        buf_append_text(out, reply->content_type);
        buf_append_text(out, "\r\n");
    }
    if (has_body(reply->status)) {
        buf_append_text(out, "Content-Length: ");
        append_digits(out, (int64_t)reply->body.len, 0, "\r\n");
    }
    buf_append_slice(out, buf_slice(&reply->headers));
    buf_append_text(out, "\r\n");
    if (has_body(reply->status) && !head_only) {
        buf_append_slice(out, buf_slice(&reply->body));
    }
}

/* Once the request is over. Little memory is kept for the next one. */
static void forget(struct buf *buf)
{
    buf_clear(buf);
    if (buf->cap > KEPT_BYTES) {
        buf_free(buf);
    }
}

static int send_reply(struct worker *worker, struct mg_connection *connection,
                      const struct reply *reply, bool head_only, bool keep_alive)
{
    const struct http_listener *listener = worker->listener;
    int keep_ms = keep_alive ? listener->config.limits.idle_ms : 0;
    struct buf *out = &worker->out;

    if (reply->hang_up) {
        mg_disable_connection_keep_alive(connection);
        return 500;
    }
    out->secret = reply->body.secret;
    compose(out, connection, reply, head_only, keep_ms);
    worker_set_phase(worker, WORKER_SENDING);
    if (!keep_alive) {
        mg_disable_connection_keep_alive(connection);
    }
    if (out->failed || mg_write(connection, out->ptr, out->len) != (int)out->len) {
        mg_disable_connection_keep_alive(connection);
    }
    forget(out);
    return reply->status;
}

static void clear_reply(struct worker *worker)
{
    const struct http_listener *listener = worker->listener;

    if (worker->out.max == 0) {
        buf_init(&worker->out, listener->config.limits.reply_bytes + 2 * REPLY_HEAD_BYTES);
        buf_init(&worker->reply.headers, REPLY_HEAD_BYTES);
        buf_init(&worker->reply.body, listener->config.limits.reply_bytes);
        buf_init_secret(&worker->body, listener->config.limits.body_bytes); /* passwords */
    }
    worker->reply.status = 0;
    worker->reply.content_type = NULL;
    worker->reply.hang_up = false;
    buf_clear(&worker->reply.headers);
    buf_clear(&worker->reply.body);
    worker->reply.body.secret = false;
}

/* `since_us` 0: it never began to come. */
static void count_request(const struct http_listener *listener, int status, int64_t since_us)
{
    metrics_listener_request(listener->config.metrics, listener->config.metrics_label, status,
                             since_us > 0 ? clock_monotonic_us() - since_us : 0);
}

static void log_refusal(const struct http_listener *listener, const struct connection *connection,
                        const struct refusal *refusal)
{
    char remote[CONNECTION_REMOTE_MAX];

    connection_remote(connection, remote);
    LOG_EVENT(listener->config.log, LOG_WARN, "refused",
              LOG_TEXT("listener", slice_of(listener->config.name)),
              LOG_TEXT("id", slice_of(refusal->id)), LOG_NUMBER("status", refusal->status),
              LOG_TEXT("reason", slice_of(refusal->detail)), LOG_TEXT("remote", slice_of(remote)));
}

static void note_refusal(const struct http_listener *listener, const struct connection *connection,
                         const struct refusal *refusal, struct reply *reply)
{
    const struct http_listener_config *config = &listener->config;

    metrics_listener_count(config->metrics, config->metrics_label,
                           refusal->status == 503   ? METRICS_REFUSED_BUSY
                           : refusal->status == 401 ? METRICS_REFUSED_CALLER
                                                    : METRICS_REFUSED_MALFORMED);
    count_request(listener, refusal->status, connection->received_us);
    log_refusal(listener, connection, refusal);
    reply_refusal(reply, refusal);
    if (refusal->status == 503) {
        reply_header(reply, "Retry-After", SLICE("1"));
    }
}

int exchange_refuse(struct worker *worker, struct mg_connection *connection,
                    const struct refusal *refusal)
{
    clear_reply(worker);
    note_refusal(worker->listener, worker->connection, refusal, &worker->reply);
    send_reply(worker, connection, &worker->reply, false, false);
    /* Refused before the whole request was read. */
    worker_drain(worker,
                 refusal->status == 413 || refusal->status == 431 || refusal->status == 503);
    return refusal->status;
}

void exchange_refuse_waiting(const void *listener, struct connection *connection,
                             const struct refusal *refusal)
{
    struct reply reply = {0};
    struct buf out;

    buf_init(&out, 2 * REPLY_HEAD_BYTES);
    buf_init(&reply.headers, REPLY_HEAD_BYTES);
    buf_init(&reply.body, REPLY_HEAD_BYTES);
    note_refusal(listener, connection, refusal, &reply);
    compose(&out, NULL, &reply, false, 0);
    if (!out.failed) {
        (void)connection_write(connection, out.ptr, out.len); /* who does not take it, loses it */
    }
    buf_free(&reply.headers);
    buf_free(&reply.body);
    buf_free(&out);
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

/*
 * Past CivetWeb, whose own reader is lenient, has no limit for what surrounds the body, and reads
 * byte by byte. It is given an empty body afterwards, so that it keeps the connection.
 */
struct incoming {
    struct worker *worker;
    struct mg_connection *connection;
    struct chunk_reader chunks;
    char *block; /* of READ_BYTES */
};

/* Some of the chunks. 1: there may be more; 0: the body has ended; -1: refused. */
static int read_some_chunks(struct incoming *in, struct refusal *refusal)
{
    struct worker *worker = in->worker;
    ssize_t got = worker_read(worker, in->block, READ_BYTES);
    size_t used = 0;
    char end;

    if (got <= 0) {
        return cut_short(worker, refusal);
    }
    switch (chunk_feed(&in->chunks, (struct lfi_slice){in->block, (size_t)got}, &used)) {
    case CHUNK_MORE:
        return 1;
    case CHUNK_LARGE:
        return too_large(refusal);
    case CHUNK_MALFORMED:
        return cut_short(worker, refusal);
    case CHUNK_DONE:
        break;
    }
    if (!connection_put_back(worker->connection, in->block + used, (size_t)got - used)) {
        mg_disable_connection_keep_alive(in->connection);
    }
    worker->replayed = LAST_CHUNK;
    return mg_read(in->connection, &end, 1) == 0 ? 0 : cut_short(worker, refusal);
}

static int read_chunks(struct worker *worker, struct mg_connection *connection,
                       struct refusal *refusal)
{
    char block[READ_BYTES];
    struct incoming in = {.worker = worker, .connection = connection, .block = block};
    int rc = 1;

    chunk_begin(&in.chunks, &worker->body);
    while (rc > 0) {
        rc = read_some_chunks(&in, refusal);
    }
    return rc;
}

static void go_on(struct mg_connection *connection, const struct head *head)
{
    static const char line[] = "HTTP/1.1 100 Continue\r\n\r\n";

    if (head->expects_continue && (head->chunked || head->length > 0)) {
        mg_write(connection, line, sizeof(line) - 1);
    }
}

/* The worker's deadline ends reads that dawdle. */
static int read_body(struct worker *worker, struct mg_connection *connection,
                     const struct head *head, struct refusal *refusal)
{
    struct buf *body = &worker->body;

    if (head->length > body->max) {
        return too_large(refusal);
    }
    go_on(connection, head);
    if (head->chunked) {
        return read_chunks(worker, connection, refusal);
    }
    if (head->length == 0) {
        return 0;
    }
    char *at = buf_reserve(body, (size_t)head->length);
    if (!at) {
        return too_large(refusal);
    }
    int got = mg_read(connection, at, (size_t)head->length);
    body->len = got > 0 ? (size_t)got : 0;
    return body->len == head->length ? 0 : cut_short(worker, refusal);
}

/* --- a body that the handler reads in pieces -------------------------------------------------- */

struct body_stream {
    struct request_stream base; /* first: the request has its address */
    struct incoming in;
    const struct head *head;
    int64_t begun_us; /* of the first piece; 0: none was asked for */
    uint64_t taken;   /* bytes of the body */
    bool ended;
};

/* Each piece within request_ms, and all of them no slower than the least rate. */
static void allow_time(struct body_stream *stream)
{
    struct worker *worker = stream->in.worker;
    int64_t now_us = clock_monotonic_us();
    int64_t allowed_us = (int64_t)worker->pool->request_ms * 1000;
    int64_t paced_us = stream->begun_us + allowed_us +
                       (int64_t)(stream->taken * 1000000 / LIMIT_STREAM_BYTES_PER_S);

    worker->deadline_us = now_us + allowed_us < paced_us ? now_us + allowed_us : paced_us;
}

static int next_of_length(struct body_stream *stream, struct lfi_slice *piece,
                          struct refusal *refusal)
{
    struct incoming *in = &stream->in;
    uint64_t left = stream->head->length - stream->taken;
    size_t wanted = left < READ_BYTES ? (size_t)left : READ_BYTES;

    if (left == 0) {
        return 0;
    }
    if (mg_read(in->connection, in->block, wanted) != (int)wanted) {
        return cut_short(in->worker, refusal);
    }
    *piece = (struct lfi_slice){in->block, wanted};
    return 1;
}

static int next_of_chunks(struct body_stream *stream, struct lfi_slice *piece,
                          struct refusal *refusal)
{
    struct buf *body = &stream->in.worker->body;
    int rc = 1;

    buf_clear(body);
    while (rc > 0 && body->len == 0) {
        rc = read_some_chunks(&stream->in, refusal);
    }
    stream->ended = rc == 0;
    *piece = buf_slice(body);
    return rc == 0 && body->len > 0 ? 1 : rc;
}

static int next_piece(struct request_stream *base, struct lfi_slice *piece, struct refusal *refusal)
{
    struct body_stream *stream = (struct body_stream *)base;
    struct worker *worker = stream->in.worker;
    int rc;

    *piece = (struct lfi_slice){NULL, 0};
    if (stream->ended) {
        return 0;
    }
    if (stream->begun_us == 0) {
        stream->begun_us = clock_monotonic_us();
        worker_set_phase(worker, WORKER_RECEIVING);
        go_on(stream->in.connection, stream->head);
    }
    allow_time(stream);
    rc = stream->head->chunked ? next_of_chunks(stream, piece, refusal)
                               : next_of_length(stream, piece, refusal);
    stream->taken += piece->len;
    stream->ended = stream->ended || rc == 0;
    if (stream->ended) {
        worker_set_phase(worker, WORKER_HANDLING);
        worker_has_body(worker);
    }
    return rc;
}

static bool is_streamed(const struct worker *worker, struct mg_connection *connection,
                        const struct head *head)
{
    const struct http_listener_config *config =
        &((const struct http_listener *)worker->listener)->config;
    const struct request request = {.method = head->method,
                                    .path = head->path,
                                    .query = head->query,
                                    .headers = head->headers,
                                    .header_count = head->header_count,
                                    .remote = mg_get_request_info(connection)->remote_addr};

    return config->streams && config->streams(config->ctx, &request);
}

static int begin_stream(struct body_stream *stream, const struct head *head,
                        struct refusal *refusal)
{
    const struct http_listener *listener = stream->in.worker->listener;
    uint64_t max = listener->config.limits.stream_bytes;

    stream->base.next = next_piece;
    stream->head = head;
    stream->ended = !head->chunked && head->length == 0;
    chunk_begin(&stream->in.chunks, &stream->in.worker->body);
    stream->in.chunks.max = max;
    return head->length > max ? too_large(refusal) : 0;
}

/* --- all of a request ------------------------------------------------------------------------- */

static int receive(struct worker *worker, struct mg_connection *connection, struct head *head,
                   struct body_stream *stream, struct refusal *refusal)
{
    const struct head_source source = {mg_get_request_info(connection), worker->input,
                                       worker->host};

    if (head_read(&source, worker->headers, head, refusal) != 0) {
        return -1;
    }
    const struct http_listener *listener = worker->listener;
    worker->in_body = true;
    if (listener->tls && tls_peer_check(listener->tls, &worker->connection->peer, refusal) != 0) {
        return -1;
    }
    clear_reply(worker);
    if (!worker->arena) {
        worker->arena = arena_new(LIMIT_ARENA_BYTES);
        if (!worker->arena) {
            return refusal_set(refusal, "HTTP-MEMORY", 503, "GenericRecoverableError",
                               "The server is busy. Please try again.");
        }
    }
    buf_clear(&worker->body);
    if (is_streamed(worker, connection, head)) {
        return begin_stream(stream, head, refusal);
    }
    if (read_body(worker, connection, head, refusal) != 0) {
        return -1;
    }
    worker_has_body(worker);
    return 0;
}

struct exchange_cancellation {
    struct cancellation base; /* first: the request has its address */
    const struct worker *worker;
};

static bool is_cancelled(const struct cancellation *cancellation)
{
    const struct worker *worker = ((const struct exchange_cancellation *)cancellation)->worker;
    struct pollfd peer = {.fd = worker->connection->fd, .events = POLLRDHUP};

    return atomic_load(&worker->pool->cutting) ||
           (poll(&peer, 1, 0) > 0 && (peer.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0);
}

static void handle(struct worker *worker, const struct mg_connection *connection,
                   const struct head *head, struct body_stream *stream)
{
    const struct http_listener *listener = worker->listener;
    const struct mg_request_info *info = mg_get_request_info(connection);
    struct reply *reply = &worker->reply;
    const struct exchange_cancellation cancellation = {{is_cancelled}, worker};
    const struct request request = {
        .method = head->method,
        .path = head->path,
        .query = head->query,
        .headers = head->headers,
        .header_count = head->header_count,
        .body = buf_slice(&worker->body),
        .stream = stream->base.next ? &stream->base : NULL,
        .peer = worker->connection->peer.certificate,
        .remote = info->remote_addr,
        .arena = worker->arena,
        .started_us = worker->started_us,
        .cancellation = &cancellation.base,
    };

    listener->config.handler(listener->config.ctx, &request, reply);
    if (!reply->hang_up && (reply->status == 0 || reply->body.failed || reply->headers.failed)) {
        struct refusal refusal;
        refusal_set(&refusal, "HTTP-REPLY", 500, "GenericError", "Internal error.");
        log_refusal(listener, worker->connection, &refusal);
        buf_clear(&reply->headers);
        reply_refusal(reply, &refusal);
    }
}

/* Not beyond a certain age, so that what a connection rests on is looked at anew. */
static bool may_stay(const struct worker *worker)
{
    const struct http_listener *listener = worker->listener;
    int64_t age_us = clock_monotonic_us() - worker->connection->opened_us;

    return age_us < (int64_t)listener->config.limits.connection_s * 1000000 &&
           !atomic_load(&worker->pool->stopping);
}

int exchange_serve(struct worker *worker, struct mg_connection *connection)
{
    struct refusal refusal;
    struct head head;
    char block[READ_BYTES];
    struct body_stream stream = {
        .in = {.worker = worker, .connection = connection, .block = block}};

    if (receive(worker, connection, &head, &stream, &refusal) != 0) {
        forget(&worker->body);
        return exchange_refuse(worker, connection, &refusal);
    }
    worker_set_phase(worker, WORKER_HANDLING);
    handle(worker, connection, &head, &stream);
    bool unread = stream.base.next && !stream.ended;
    worker_has_body(worker);
    int status =
        send_reply(worker, connection, &worker->reply, slice_equal(head.method, SLICE("HEAD")),
                   head.keep_alive && !unread && may_stay(worker));
    count_request(worker->listener, status, worker->started_us);
    if (unread) {
        worker_drain(worker, true);
    }
    if (stream.begun_us > 0) {
        OPENSSL_cleanse(block, sizeof(block)); /* personal data */
    }
    forget(&worker->body);
    forget(&worker->reply.body);
    arena_reset(worker->arena);
    worker->connection->served = true;
    return status;
}
