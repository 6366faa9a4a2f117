/*
 * Load over mutual TLS 1.3: N connections, a thread each, send one request after the other; each
 * reply's status and length are checked. Prints the figures as one JSON object. At a given rate a
 * request's time counts from when it should have gone out, so that a slow reply is not hidden by
 * the requests that it kept from being sent.
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
    struct buf head;      /* request line and headers, without Authorization and those of body */
    struct buf body;      /* empty: none */
    struct buf rows_text; /* a row a line; empty: texts have no columns in them */
    struct lfi_slice *rows;
    uint64_t row_count;
    struct buf tokens_text; /* what `tokens` points into */
    struct lfi_slice *tokens;
    uint64_t token_count;
    uint32_t *latencies_us; /* by request */
    pthread_barrier_t start;
    _Atomic int64_t start_us;
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

/* Column n of a row, which columns are cut from by tabs; 1 is the first. */
static struct lfi_slice column_of(struct lfi_slice row, int n)
{
    struct lfi_slice column = {NULL, 0};

    while (n-- > 0 && slice_next(&row, '\t', &column)) {
    }
    return column;
}

/* The text with the columns of the request's row in the places of $1 to $9. */
static void append_expanded(const struct run *run, uint64_t number, struct lfi_slice text,
                            struct buf *out)
{
    while (run->row_count > 0 && text.len > 0) {
        const char *mark = memchr(text.ptr, '$', text.len);
        size_t before = mark ? (size_t)(mark - text.ptr) : text.len;
        if (before + 1 >= text.len) {
            break;
        }
        buf_append(out, text.ptr, before);
        if (mark[1] == '0') {
            buf_append_format(out, "%09llu", (unsigned long long)(run->options->skip + number));
        } else {
            buf_append_slice(out, column_of(run->rows[number % run->row_count], mark[1] - '0'));
        }
        text = (struct lfi_slice){mark + 2, text.len - before - 2};
    }
    buf_append_slice(out, text);
}

/* A thread's own: the request, and its body before that. */
struct drafts {
    struct buf request, body;
};

static struct lfi_slice build_request(const struct run *run, uint64_t number, struct drafts *drafts)
{
    struct buf *out = &drafts->request;

    buf_clear(out);
    append_expanded(run, number, buf_slice(&run->head), out);
    if (run->token_count > 0) {
        uint64_t at = (run->options->skip + number) % run->token_count;
        buf_append_text(out, "Authorization: Bearer ");
        buf_append_slice(out, run->tokens[at]);
        buf_append_text(out, "\r\n");
    }
    if (run->body.len > 0) {
        buf_clear(&drafts->body);
        append_expanded(run, number, buf_slice(&run->body), &drafts->body);
        buf_append_format(out, "Content-Type: application/json\r\nContent-Length: %zu\r\n",
                          drafts->body.len);
    }
    buf_append_text(out, "\r\n");
    if (run->body.len > 0) {
        buf_append_slice(out, buf_slice(&drafts->body));
    }
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

/* When the request goes out, which is now without a rate; waits until then. */
static int64_t wait_for_turn(const struct run *run, uint64_t number)
{
    int64_t now_us = clock_monotonic_us();
    int64_t due_us = now_us;

    if (run->options->rate > 0) {
        due_us = atomic_load(&run->start_us) + (int64_t)(number * 1000000 / run->options->rate);
    }
    if (due_us > now_us) {
        const struct timespec left = {(due_us - now_us) / 1000000,
                                      (due_us - now_us) % 1000000 * 1000};
        (void)nanosleep(&left, NULL);
    }
    return due_us;
}

static void *work(void *ctx)
{
    struct run *run = ctx;
    struct connection connection;
    struct lfi_error error = {""};
    struct drafts drafts;
    uint64_t number;

    connection_init(&connection);
    buf_init(&drafts.request, REQUEST_BYTES);
    buf_init(&drafts.body, REQUEST_BYTES);
    if (!run->options->handshakes && connection_open(&connection, &run->endpoint, &error) != 0) {
        connection_close(&connection); /* the first request tries again and says why */
    }
    if (pthread_barrier_wait(&run->start) == PTHREAD_BARRIER_SERIAL_THREAD) {
        atomic_store(&run->start_us, clock_monotonic_us());
    }
    (void)pthread_barrier_wait(&run->start);
    while ((number = atomic_fetch_add(&run->next, 1)) < run->options->requests) {
        struct lfi_slice text = build_request(run, number, &drafts);
        int64_t before = wait_for_turn(run, number);
        (void)send_one(run, &connection, text);
        run->latencies_us[number] = (uint32_t)(clock_monotonic_us() - before);
    }
    connection_free(&connection);
    buf_free(&drafts.request);
    buf_free(&drafts.body);
    return NULL;
}

/* --- preparing -------------------------------------------------------------------------------- */

/* The lines of a file that are not empty; *count is how many. */
static int read_lines(const char *path, struct buf *text, struct lfi_slice **out, uint64_t *count,
                      struct lfi_error *error)
{
    struct lfi_slice line, rest;
    uint64_t i = 0;

    if (file_read(path, text, error) != 0) {
        return -1;
    }
    for (rest = buf_slice(text); slice_next(&rest, '\n', &line);) {
        *count += line.len > 0;
    }
    *out = calloc(*count + 1, sizeof(**out));
    if (!*out || *count == 0) {
        return error_set(error, "%s: no lines", path);
    }
    for (rest = buf_slice(text); slice_next(&rest, '\n', &line);) {
        if (line.len > 0) {
            (*out)[i++] = line;
        }
    }
    return 0;
}

static int read_tokens(struct run *run, struct lfi_error *error)
{
    const struct options *options = run->options;

    if (read_lines(options->tokens_file, &run->tokens_text, &run->tokens, &run->token_count,
                   error) != 0) {
        return -1;
    }
    if (!options->reuse_tokens && run->token_count < options->skip + options->requests) {
        return error_set(error, "%s: %llu tokens are too few for fresh ones", options->tokens_file,
                         (unsigned long long)run->token_count);
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

static int run_init(struct run *run, const struct options *options, struct lfi_error *error)
{
    *run = (struct run){.options = options, .body_len = UINT64_MAX};
    buf_init(&run->head, REQUEST_BYTES);
    buf_init(&run->body, REQUEST_BYTES);
    buf_init(&run->tokens_text, FILE_BYTES);
    buf_init(&run->rows_text, FILE_BYTES);
    pthread_mutex_init(&run->lock, NULL);
    run->latencies_us = calloc(options->requests, sizeof(*run->latencies_us));
    if (!run->latencies_us ||
        pthread_barrier_init(&run->start, NULL, (unsigned)options->connections + 1) != 0) {
        return error_set(error, "out of memory");
    }
    if (endpoint_init(&run->endpoint, options->host, (int)options->port, &options->files, error) !=
            0 ||
        build_head(run, error) != 0) {
        return -1;
    }
    if (options->body_file && file_read(options->body_file, &run->body, error) != 0) {
        return -1;
    }
    if (options->rows_file &&
        read_lines(options->rows_file, &run->rows_text, &run->rows, &run->row_count, error) != 0) {
        return -1;
    }
    return options->tokens_file ? read_tokens(run, error) : 0;
}

static void run_free(struct run *run)
{
    endpoint_free(&run->endpoint);
    buf_free(&run->head);
    buf_free(&run->body);
    buf_free(&run->tokens_text);
    buf_free(&run->rows_text);
    free(run->tokens);
    free(run->rows);
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
