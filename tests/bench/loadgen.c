/*
 * Load over mutual TLS 1.3: N connections, a thread each, send one request after the other; each
 * reply's status and length are checked. Prints the figures as one JSON object.
 */
#include "options.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#define FILE_BYTES ((size_t)2048 * 1024 * 1024)
#define REQUEST_BYTES ((size_t)2 * 1024 * 1024)
#define SHOWN_BYTES 200 /* of a reply that is an error */

/* What all threads share. Without tokens, requests carry no Authorization. */
struct run {
    struct endpoint endpoint;
    const struct options *options;
    struct buf head;        /* request line and headers, without Authorization and the last line */
    struct buf body;        /* with the empty line before it */
    struct buf tokens_text; /* what `tokens` points into */
    struct lfi_slice *tokens;
    uint64_t token_count;
    uint32_t *latencies_us; /* by request */
    pthread_barrier_t start;
    _Atomic uint64_t next;     /* request */
    _Atomic uint64_t errors;   /* requests without the expected reply */
    _Atomic uint64_t reopened; /* connections that the server ended */
    _Atomic uint64_t body_len; /* of every reply: that of the first one; UINT64_MAX: none yet */
    pthread_mutex_t lock;      /* of the two below */
    struct lfi_error error;    /* the first one */
    bool saved;
};

static void note_error(struct run *run, const char *message)
{
    atomic_fetch_add(&run->errors, 1);
    pthread_mutex_lock(&run->lock);
    if (run->error.message[0] == '\0') {
        error_set(&run->error, "%s", message);
    }
    pthread_mutex_unlock(&run->lock);
}

static void save_body(struct run *run, struct lfi_slice body)
{
    FILE *file = NULL;

    pthread_mutex_lock(&run->lock);
    if (!run->saved) {
        run->saved = true;
        file = fopen(run->options->save_file, "wb");
    }
    pthread_mutex_unlock(&run->lock);
    if (file && (fwrite(body.ptr, 1, body.len, file) != body.len || fclose(file) != 0)) {
        note_error(run, "the reply cannot be saved");
    }
}

static void check_reply(struct run *run, const struct reply_seen *reply)
{
    uint64_t expected = UINT64_MAX;
    struct lfi_error error;

    if (reply->status != 200 && reply->status != 201) {
        struct lfi_slice start = reply->body;
        start.len = start.len < SHOWN_BYTES ? start.len : SHOWN_BYTES;
        error_set(&error, "status %d: %.*s", reply->status, SLICE_ARG(start));
        note_error(run, error.message);
        return;
    }
    if (!atomic_compare_exchange_strong(&run->body_len, &expected, reply->body.len) &&
        expected != reply->body.len) {
        error_set(&error, "a reply of %zu bytes after one of %llu", reply->body.len,
                  (unsigned long long)expected);
        note_error(run, error.message);
        return;
    }
    if (run->options->save_file) {
        save_body(run, reply->body);
    }
}

static struct lfi_slice build_request(const struct run *run, uint64_t number, struct buf *out)
{
    buf_clear(out);
    buf_append_slice(out, buf_slice(&run->head));
    if (run->token_count > 0) {
        uint64_t at = (run->options->skip + number) % run->token_count;
        buf_append_text(out, "Authorization: Bearer ");
        buf_append_slice(out, run->tokens[at]);
        buf_append_text(out, "\r\n");
    }
    buf_append_slice(out, buf_slice(&run->body));
    return buf_slice(out);
}

static int send_one(struct run *run, struct connection *connection, struct lfi_slice request)
{
    struct reply_seen reply;
    struct lfi_error error = {""};

    if ((!connection->ssl && connection_open(connection, &run->endpoint, &error) != 0) ||
        connection_exchange(connection, request, &reply, &error) != 0) {
        note_error(run, error.message);
        connection_close(connection);
        return -1;
    }
    check_reply(run, &reply);
    if (run->options->handshakes) {
        connection_close(connection);
    } else if (reply.closes) {
        atomic_fetch_add(&run->reopened, 1);
        connection_close(connection);
    }
    return 0;
}

static void *work(void *ctx)
{
    struct run *run = ctx;
    struct connection connection;
    struct lfi_error error = {""};
    struct buf request;
    uint64_t number;

    connection_init(&connection);
    buf_init(&request, REQUEST_BYTES);
    if (!run->options->handshakes && connection_open(&connection, &run->endpoint, &error) != 0) {
        connection_close(&connection); /* the first request tries again and says why */
    }
    (void)pthread_barrier_wait(&run->start);
    while ((number = atomic_fetch_add(&run->next, 1)) < run->options->requests) {
        struct lfi_slice text = build_request(run, number, &request);
        int64_t before = clock_monotonic_us();
        (void)send_one(run, &connection, text);
        run->latencies_us[number] = (uint32_t)(clock_monotonic_us() - before);
    }
    connection_free(&connection);
    buf_free(&request);
    return NULL;
}

/* --- preparing -------------------------------------------------------------------------------- */

static int split_tokens(struct run *run, struct lfi_error *error)
{
    struct lfi_slice line, rest = buf_slice(&run->tokens_text);
    uint64_t wanted = run->options->skip + run->options->requests;

    while (slice_next(&rest, '\n', &line)) {
        run->token_count += line.len > 0;
    }
    run->tokens = calloc(run->token_count + 1, sizeof(*run->tokens));
    if (!run->tokens || run->token_count == 0) {
        return error_set(error, "%s: no tokens", run->options->tokens_file);
    }
    if (!run->options->reuse_tokens && run->token_count < wanted) {
        return error_set(error, "%s: %llu tokens are too few for fresh ones",
                         run->options->tokens_file, (unsigned long long)run->token_count);
    }
    rest = buf_slice(&run->tokens_text);
    for (uint64_t i = 0; slice_next(&rest, '\n', &line);) {
        if (line.len > 0) {
            run->tokens[i++] = line;
        }
    }
    return 0;
}

/* A line "Name: value" each in the file; blank lines do not matter. */
static int build_head(struct run *run, struct lfi_error *error)
{
    const struct options *options = run->options;
    struct lfi_slice line, rest;
    struct buf lines;
    int rc = 0;

    buf_init(&lines, REQUEST_BYTES);
    buf_append_format(&run->head, "%s %s HTTP/1.1\r\nHost: %s:%d\r\n", options->method,
                      options->path, run->endpoint.host, run->endpoint.port);
    if (options->headers_file) {
        rc = file_read(options->headers_file, &lines, error);
    }
    rest = buf_slice(&lines);
    while (rc == 0 && slice_next(&rest, '\n', &line)) {
        if (line.len > 0) {
            buf_append_slice(&run->head, line);
            buf_append_text(&run->head, "\r\n");
        }
    }
    buf_free(&lines);
    if (options->handshakes) {
        buf_append_text(&run->head, "Connection: close\r\n");
    }
    return rc;
}

static int build_body(struct run *run, struct lfi_error *error)
{
    struct buf content;
    int rc = 0;

    buf_init(&content, REQUEST_BYTES);
    if (run->options->body_file) {
        rc = file_read(run->options->body_file, &content, error);
        buf_append_format(&run->body, "Content-Type: application/json\r\nContent-Length: %zu\r\n",
                          content.len);
    }
    buf_append_text(&run->body, "\r\n");
    buf_append_slice(&run->body, buf_slice(&content));
    buf_free(&content);
    return rc;
}

static int run_init(struct run *run, const struct options *options, struct lfi_error *error)
{
    *run = (struct run){.options = options, .body_len = UINT64_MAX};
    buf_init(&run->head, REQUEST_BYTES);
    buf_init(&run->body, REQUEST_BYTES);
    buf_init(&run->tokens_text, FILE_BYTES);
    pthread_mutex_init(&run->lock, NULL);
    run->latencies_us = calloc(options->requests, sizeof(*run->latencies_us));
    if (!run->latencies_us ||
        pthread_barrier_init(&run->start, NULL, (unsigned)options->connections + 1) != 0) {
        return error_set(error, "out of memory");
    }
    if (endpoint_init(&run->endpoint, options->host, (int)options->port, &options->files, error) !=
            0 ||
        build_head(run, error) != 0 || build_body(run, error) != 0) {
        return -1;
    }
    if (!options->tokens_file) {
        return 0;
    }
    if (file_read(options->tokens_file, &run->tokens_text, error) != 0) {
        return -1;
    }
    return split_tokens(run, error);
}

static void run_free(struct run *run)
{
    endpoint_free(&run->endpoint);
    buf_free(&run->head);
    buf_free(&run->body);
    buf_free(&run->tokens_text);
    free(run->tokens);
    free(run->latencies_us);
    pthread_mutex_destroy(&run->lock);
}

/* --- measuring -------------------------------------------------------------------------------- */

struct figures {
    int64_t elapsed_us;
    int64_t cpu_us; /* of this program */
};

static int64_t own_cpu_us(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    return ((int64_t)usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
           usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static int run_all(struct run *run, struct figures *out, struct lfi_error *error)
{
    pthread_t threads[MAX_CONNECTIONS];
    uint64_t n = run->options->connections;

    for (uint64_t i = 0; i < n; i++) {
        if (pthread_create(&threads[i], NULL, work, run) != 0) {
            return error_set(error, "no more threads"); /* those that run wait for ever: exit */
        }
    }
    (void)pthread_barrier_wait(&run->start);
    int64_t cpu = own_cpu_us();
    int64_t start = clock_monotonic_us();
    for (uint64_t i = 0; i < n; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    out->elapsed_us = clock_monotonic_us() - start;
    out->cpu_us = own_cpu_us() - cpu;
    return 0;
}

static int compare_latencies(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

    return (left > right) - (left < right);
}

static void print_figures(struct run *run, const struct figures *figures)
{
    uint64_t n = run->options->requests;
    uint32_t *sorted = run->latencies_us;
    struct json_writer w;
    struct buf line;

    qsort(sorted, n, sizeof(*sorted), compare_latencies);
    buf_init(&line, 4096);
    json_begin(&w, &line);
    json_open_object(&w, NULL);
    json_int(&w, "requests", (int64_t)n);
    json_int(&w, "errors", (int64_t)atomic_load(&run->errors));
    if (run->error.message[0] != '\0') {
        json_text(&w, "firstError", run->error.message);
    }
    json_int(&w, "reopened", (int64_t)atomic_load(&run->reopened));
    json_int(&w, "bodyBytes", (int64_t)atomic_load(&run->body_len));
    json_int(&w, "elapsedUs", figures->elapsed_us);
    json_int(&w, "perSecond", (int64_t)n * 1000000 / (figures->elapsed_us + 1));
    json_int(&w, "p50Us", sorted[(n - 1) / 2]);
    json_int(&w, "p99Us", sorted[(n - 1) * 99 / 100]);
    json_int(&w, "maxUs", sorted[n - 1]);
    json_int(&w, "clientCpuUs", figures->cpu_us);
    json_close_object(&w);
    printf("%.*s\n", SLICE_ARG(buf_slice(&line)));
    buf_free(&line);
}

int main(int argc, char **argv)
{
    struct run run;
    struct options options;
    struct figures figures = {0};
    struct lfi_error error = {""};
    int rc = 1;

    if (!options_read(argc, argv, &options)) {
        return 2;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    if (run_init(&run, &options, &error) != 0 || run_all(&run, &figures, &error) != 0) {
        fprintf(stderr, "loadgen: %s\n", error.message);
        return 1;
    }
    print_figures(&run, &figures);
    rc = atomic_load(&run.errors) == 0 ? 0 : 1;
    run_free(&run);
    return rc;
}
