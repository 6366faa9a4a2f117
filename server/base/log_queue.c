#include "base/log_queue.h"

#include "base/clock.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define GATHER_US 5000 /* the writer lets lines collect: waking it for each costs its caller */
#define HURRY_BYTES (LIMIT_LOG_QUEUE_BYTES / 2) /* unless so many are there */
#define FLUSH_LOOK_US 1000
#define LOOK_MS 200 /* how often a writer whose reader stalls looks whether it must end */

/*
 * Two buffers: callers fill one while the writer empties the other. A crash handler reads them
 * without the lock, so lengths change after the bytes they stand for.
 */
struct log_queue {
    int fd;
    log_dropped_fn *say_dropped;
    const void *ctx; /* of say_dropped */
    pthread_t writer;
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct {
        char *bytes;
        atomic_size_t len;
    } half[2];
    atomic_int filling;   /* index of the half that callers fill */
    atomic_size_t done;   /* bytes of the other half that are written */
    uint64_t dropped_new; /* since the last log-dropped line */
    atomic_uint_fast64_t dropped;
    bool ending;
    int64_t end_us; /* when a writer whose reader stalls gives up */
};

static size_t load(atomic_size_t *value)
{
    return atomic_load_explicit(value, memory_order_acquire);
}

static void drop(struct log_queue *queue, uint64_t lines)
{
    queue->dropped_new += lines;
    atomic_fetch_add(&queue->dropped, lines);
}

void log_queue_put(struct log_queue *queue, const char *line, size_t len)
{
    bool wake = false;

    pthread_mutex_lock(&queue->lock);
    int at = atomic_load(&queue->filling);
    size_t used = load(&queue->half[at].len);
    if (len > LIMIT_LOG_QUEUE_BYTES - used) {
        drop(queue, 1);
    } else {
        memcpy(queue->half[at].bytes + used, line, len);
        atomic_store_explicit(&queue->half[at].len, used + len, memory_order_release);
        wake = used == 0 || (used < HURRY_BYTES && used + len >= HURRY_BYTES);
    }
    pthread_mutex_unlock(&queue->lock);
    if (wake) {
        pthread_cond_signal(&queue->filled);
    }
}

/* --- the writer ------------------------------------------------------------------------------- */

/* Whole lines, as many as one write keeps together. */
static size_t piece(const char *bytes, size_t len)
{
    size_t end = len;

    if (len > LOG_LINE_BYTES) {
        end = LOG_LINE_BYTES;
        while (end > 0 && bytes[end - 1] != '\n') {
            end--;
        }
    }
    return end;
}

static uint64_t count_lines(const char *bytes, size_t len)
{
    uint64_t lines = 0;

    for (size_t i = 0; i < len; i++) {
        lines += bytes[i] == '\n';
    }
    return lines;
}

static bool must_give_up(struct log_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    bool up = queue->ending && clock_monotonic_us() >= queue->end_us;
    pthread_mutex_unlock(&queue->lock);
    return up;
}

/* Waits until a write does not block. A regular file is always ready. */
static bool wait_for_reader(struct log_queue *queue)
{
    const struct timespec look = {.tv_nsec = LOOK_MS * 1000000L};
    struct pollfd ready = {.fd = queue->fd, .events = POLLOUT};

    while (ppoll(&ready, 1, &look, NULL) <= 0) {
        if (must_give_up(queue)) {
            return false;
        }
    }
    return true;
}

/* Bytes of the piece that the descriptor refuses are lost with the rest of it. */
static void write_piece(struct log_queue *queue, const char *bytes, size_t len)
{
    size_t at = 0;

    while (at < len) {
        ssize_t wrote = write(queue->fd, bytes + at, len - at);
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote <= 0) {
            pthread_mutex_lock(&queue->lock);
            drop(queue, count_lines(bytes + at, len - at));
            pthread_mutex_unlock(&queue->lock);
            return;
        }
        at += (size_t)wrote;
    }
}

static bool write_half(struct log_queue *queue, int at)
{
    const char *bytes = queue->half[at].bytes;
    size_t len = load(&queue->half[at].len);

    for (size_t done = 0; done < len;) {
        if (!wait_for_reader(queue)) {
            return false;
        }
        size_t next = piece(bytes + done, len - done);
        write_piece(queue, bytes + done, next);
        done += next;
        atomic_store_explicit(&queue->done, done, memory_order_release);
    }
    return true;
}

/* Called with the lock. The line may be dropped itself when the caller's half is full again. */
static void add_dropped_line(struct log_queue *queue)
{
    char line[LOG_LINE_BYTES];
    int at = atomic_load(&queue->filling);
    size_t used = load(&queue->half[at].len);
    size_t len = queue->say_dropped(line, queue->ctx, queue->dropped_new);

    if (len <= LIMIT_LOG_QUEUE_BYTES - used) {
        memcpy(queue->half[at].bytes + used, line, len);
        atomic_store_explicit(&queue->half[at].len, used + len, memory_order_release);
        queue->dropped_new = 0;
    }
}

/* Called with the lock. Until there is a line, and then for others to come. */
static void wait_for_lines(struct log_queue *queue, atomic_size_t *len)
{
    int waited = 0;

    while (load(len) == 0 && !queue->ending) {
        pthread_cond_wait(&queue->filled, &queue->lock);
    }
    int64_t end_us = clock_monotonic_us() + GATHER_US;
    const struct timespec end = {.tv_sec = end_us / 1000000, .tv_nsec = end_us % 1000000 * 1000};
    while (load(len) < HURRY_BYTES && !queue->ending && waited == 0) {
        waited = pthread_cond_timedwait(&queue->filled, &queue->lock, &end);
    }
}

/* Waits for lines and takes the half they are in; -1: the end has come and none are left. */
static int take_half(struct log_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    int at = atomic_load(&queue->filling);
    wait_for_lines(queue, &queue->half[at].len);
    if (load(&queue->half[at].len) == 0) {
        at = -1;
    } else {
        atomic_store(&queue->half[1 - at].len, 0);
        atomic_store(&queue->done, 0);
        atomic_store(&queue->filling, 1 - at);
        if (queue->dropped_new > 0) {
            add_dropped_line(queue);
        }
    }
    pthread_mutex_unlock(&queue->lock);
    return at;
}

static void *write_lines(void *ctx)
{
    struct log_queue *queue = ctx;
    int at;

    while ((at = take_half(queue)) >= 0 && write_half(queue, at)) {
    }
    return NULL;
}

/* --- start and end ---------------------------------------------------------------------------- */

static void free_queue(struct log_queue *queue)
{
    pthread_cond_destroy(&queue->filled);
    pthread_mutex_destroy(&queue->lock);
    free(queue->half[0].bytes);
    free(queue->half[1].bytes);
    free(queue);
}

/* The writer takes no signals: they are for the threads that wait for them. */
static int start_writer(struct log_queue *queue)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&queue->writer, NULL, write_lines, queue);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed == 0 ? 0 : -1;
}

static void init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attr;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attr);
    pthread_condattr_destroy(&attr);
}

struct log_queue *log_queue_start(int fd, log_dropped_fn *say_dropped, const void *ctx)
{
    struct log_queue *queue = calloc(1, sizeof(*queue));

    if (!queue) {
        return NULL;
    }
    queue->fd = fd;
    queue->say_dropped = say_dropped;
    queue->ctx = ctx;
    queue->half[0].bytes = malloc(LIMIT_LOG_QUEUE_BYTES);
    queue->half[1].bytes = malloc(LIMIT_LOG_QUEUE_BYTES);
    pthread_mutex_init(&queue->lock, NULL);
    init_condition(&queue->filled);
    if (!queue->half[0].bytes || !queue->half[1].bytes || start_writer(queue) != 0) {
        free_queue(queue);
        return NULL;
    }
    return queue;
}

void log_queue_stop(struct log_queue *queue, int wait_ms)
{
    pthread_mutex_lock(&queue->lock);
    queue->ending = true;
    queue->end_us = clock_monotonic_us() + (int64_t)wait_ms * 1000;
    pthread_mutex_unlock(&queue->lock);
    pthread_cond_signal(&queue->filled);
    (void)pthread_join(queue->writer, NULL);
    free_queue(queue);
}

void log_queue_flush(struct log_queue *queue, int wait_ms)
{
    int64_t end_us = clock_monotonic_us() + (int64_t)wait_ms * 1000;
    bool written = false;

    while (!written && clock_monotonic_us() < end_us) {
        usleep(FLUSH_LOOK_US);
        pthread_mutex_lock(&queue->lock);
        int at = atomic_load(&queue->filling);
        written =
            load(&queue->half[at].len) == 0 && load(&queue->done) == load(&queue->half[1 - at].len);
        pthread_mutex_unlock(&queue->lock);
    }
}

uint64_t log_queue_dropped(const struct log_queue *queue)
{
    return atomic_load(&queue->dropped);
}

static void write_at_once(int fd, const char *bytes, size_t len)
{
    const struct timespec at_once = {0};
    struct pollfd ready = {.fd = fd, .events = POLLOUT};

    while (len > 0 && ppoll(&ready, 1, &at_once, NULL) == 1) {
        size_t next = piece(bytes, len);
        ssize_t wrote = next > 0 ? write(fd, bytes, next) : 0;
        if (wrote <= 0) {
            return;
        }
        bytes += wrote;
        len -= (size_t)wrote;
    }
}

void log_queue_flush_in_crash(struct log_queue *queue)
{
    /* The writer goes on: what it takes between poll and write must not make this one wait. */
    (void)fcntl(queue->fd, F_SETFL, fcntl(queue->fd, F_GETFL) | O_NONBLOCK);
    int filling = atomic_load(&queue->filling);
    size_t old = load(&queue->half[1 - filling].len);
    size_t done = load(&queue->done);
    if (done < old) {
        write_at_once(queue->fd, queue->half[1 - filling].bytes + done, old - done);
    }
    write_at_once(queue->fd, queue->half[filling].bytes, load(&queue->half[filling].len));
}
