#include "http/worker.h"

#include "base/clock.h"

#include <errno.h>
#include <netdb.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define SLICE_MS 100             /* how often a waiting worker looks whether it must give way */
#define SCARCE_IDLE_MS 100       /* instead of idle_ms when workers are scarce */
#define SCARCE_FIRST_MS 250      /* the same before a connection's first request */
#define SCARCE_HANDSHAKE_MS 1000 /* instead of request_ms */
#define DRAIN_MS 300
#define DRAIN_BYTES (256 * 1024)
#define STACK_KEPT ((uintptr_t)4096) /* below the frame that gives the rest back */

/* The linker's names for the functions that CivetWeb calls, and for the true ones. */
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __real_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
ssize_t __wrap_recv(int fd, void *bytes, size_t len, int flags);
ssize_t __real_recv(int fd, void *bytes, size_t len, int flags);
int __wrap_SSL_read(SSL *ssl, void *bytes, int len);
int __real_SSL_read(SSL *ssl, void *bytes, int len);
int __wrap_SSL_set_fd(SSL *ssl, int fd);
int __real_SSL_set_fd(SSL *ssl, int fd);

static _Thread_local struct worker *this_worker; /* NULL on threads of others */

/* The lowest address of the calling thread's stack, 0 when it cannot be told. */
static uintptr_t stack_low(void)
{
    pthread_attr_t attr;
    void *low = NULL;
    size_t size;

    if (pthread_getattr_np(pthread_self(), &attr) == 0) {
        (void)pthread_attr_getstack(&attr, &low, &size);
        (void)pthread_attr_destroy(&attr);
    }
    return (uintptr_t)low;
}

/* A handshake goes deep. Hundreds of workers that wait would keep those pages for ever. */
static void give_back_stack(const struct worker *worker)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t end = ((uintptr_t)__builtin_frame_address(0) - STACK_KEPT) / page * page;

    if (worker->stack_low != 0 && end > worker->stack_low) {
        (void)madvise((void *)worker->stack_low, end - worker->stack_low, MADV_DONTNEED);
    }
}

struct worker *worker_enter(struct worker_pool *pool, void *listener, bool accepts)
{
    struct worker *worker = calloc(1, sizeof(*worker));

    if (worker != NULL) {
        worker->pool = pool;
        worker->listener = listener;
        worker->accepts = accepts;
        worker->fd = -1;
        worker->stack_low = stack_low();
        this_worker = worker;
    }
    return worker;
}

void worker_leave(struct worker *worker)
{
    this_worker = NULL;
    free(worker);
}

void worker_remote(char out[WORKER_REMOTE_MAX])
{
    const struct worker *worker = this_worker;

    if (worker == NULL || worker->fd < 0 ||
        getnameinfo((const struct sockaddr *)&worker->peer, worker->peer_len, out,
                    WORKER_REMOTE_MAX, NULL, 0, NI_NUMERICHOST) != 0) {
        out[0] = '\0';
    }
}

void worker_set_phase(struct worker *worker, enum worker_phase phase)
{
    struct worker_pool *pool = worker->pool;

    if (worker->phase == WORKER_WAITING) {
        atomic_fetch_sub(&pool->waiting, 1);
    }
    if (phase == WORKER_WAITING) {
        atomic_fetch_add(&pool->waiting, 1);
        worker->received = 0;
    }
    worker->phase = phase;
    worker->since_us = clock_monotonic_us();
    if (phase == WORKER_RECEIVING) {
        worker->started_us = worker->since_us;
    }
    int allowed_ms = phase == WORKER_DRAINING ? DRAIN_MS : pool->request_ms;
    worker->deadline_us = worker->since_us + (int64_t)allowed_ms * 1000;
}

void worker_connect(struct worker *worker, enum worker_phase phase)
{
    if (worker->phase == WORKER_FREE) {
        atomic_fetch_add(&worker->pool->busy, 1);
        worker->fresh = true;
        worker->expired = false;
        worker_set_phase(worker, phase);
    }
}

void worker_disconnect(struct worker *worker)
{
    if (worker->phase != WORKER_FREE) {
        worker_set_phase(worker, WORKER_FREE);
        atomic_fetch_sub(&worker->pool->busy, 1);
    }
    worker->fd = -1;
    arena_free(worker->arena);
    worker->arena = NULL;
    buf_free(&worker->body);
    buf_free(&worker->out);
    buf_free(&worker->reply.headers);
    buf_free(&worker->reply.body);
    give_back_stack(worker);
}

bool worker_pool_is_scarce(const struct worker_pool *pool)
{
    return atomic_load(&pool->busy) > pool->threads - pool->threads / 4;
}

/* When the phase ends whatever happens. Waiting ends sooner when others need the worker. */
static int64_t end_of_phase(const struct worker *worker)
{
    const struct worker_pool *pool = worker->pool;
    int allowed_ms = worker->phase == WORKER_HANDSHAKE ? pool->request_ms : pool->idle_ms;

    if (worker->phase != WORKER_HANDSHAKE && worker->phase != WORKER_WAITING) {
        return worker->deadline_us;
    }
    if (atomic_load(&pool->stopping)) {
        allowed_ms = 0;
    } else if (worker_pool_is_scarce(pool)) {
        int scarce_ms = worker->phase == WORKER_HANDSHAKE ? SCARCE_HANDSHAKE_MS
                        : worker->fresh                   ? SCARCE_FIRST_MS
                                                          : SCARCE_IDLE_MS;
        allowed_ms = scarce_ms < allowed_ms ? scarce_ms : allowed_ms;
    }
    return worker->since_us + (int64_t)allowed_ms * 1000;
}

/* Rounded up, so that a wait never ends a moment before its time. */
static int to_ms(int64_t us)
{
    return us > 0 ? (int)((us + 999) / 1000) : 0;
}

static int wait_in_phase(struct worker *worker, struct pollfd *fds, int timeout_ms)
{
    int64_t begun = clock_monotonic_us();
    int64_t now = begun;

    for (;;) {
        int64_t left_us = end_of_phase(worker) - now;
        int64_t wanted_us = begun + (int64_t)timeout_ms * 1000 - now;
        if (left_us > 0 || worker->phase == WORKER_WAITING) {
            int slice_ms = to_ms(left_us < wanted_us ? left_us : wanted_us);
            int ready = __real_poll(fds, 1, slice_ms < SLICE_MS ? slice_ms : SLICE_MS);
            if (ready != 0) {
                return ready;
            }
        }
        if (left_us <= 0) {
            worker->expired = true;
            errno = ETIMEDOUT;
            return -1;
        }
        now = clock_monotonic_us();
        if (now >= begun + (int64_t)timeout_ms * 1000) {
            return 0;
        }
    }
}

/* The accepting thread: on stop it takes no more connections; the kernel then refuses them too. */
static int wait_for_connections(struct worker *worker, struct pollfd *fds, nfds_t count,
                                int timeout_ms)
{
    atomic_store(&worker->pool->intercepted, true);
    if (atomic_load(&worker->pool->stopping)) {
        for (nfds_t i = 0; i < count; i++) {
            shutdown(fds[i].fd, SHUT_RDWR);
            fds[i].revents = 0;
        }
        usleep(SLICE_MS * 100);
        return 0;
    }
    int ready = __real_poll(fds, count, timeout_ms < SLICE_MS ? timeout_ms : SLICE_MS);
    return ready > 0 && atomic_load(&worker->pool->stopping) ? 0 : ready;
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    struct worker *worker = this_worker;

    if (worker != NULL && worker->accepts) {
        return wait_for_connections(worker, fds, count, timeout_ms);
    }
    if (worker == NULL || count != 1 || worker->phase == WORKER_HANDLING) {
        return __real_poll(fds, count, timeout_ms);
    }
    worker_connect(worker, worker->pool->tls ? WORKER_HANDSHAKE : WORKER_WAITING);
    worker->fd = fds->fd;
    int ready = wait_in_phase(worker, fds, timeout_ms);
    if (ready > 0 && worker->phase == WORKER_WAITING) {
        worker_set_phase(worker, WORKER_RECEIVING);
    }
    return ready;
}

/* CivetWeb begins a handshake. A peer that is gone later has no address any more. */
int __wrap_SSL_set_fd(SSL *ssl, int fd)
{
    struct worker *worker = this_worker;

    if (worker != NULL) {
        worker_connect(worker, WORKER_HANDSHAKE);
        worker->fd = fd;
        worker->peer_len = sizeof(worker->peer);
        if (getpeername(fd, (struct sockaddr *)&worker->peer, &worker->peer_len) != 0) {
            worker->peer_len = 0;
        }
    }
    return __real_SSL_set_fd(ssl, fd);
}

static void note_input(const char *bytes, int64_t len)
{
    struct worker *worker = this_worker;

    if (worker == NULL || len <= 0) {
        return;
    }
    if (worker->phase == WORKER_WAITING) {
        worker_set_phase(worker, WORKER_RECEIVING);
    }
    if (worker->fresh && worker->received == 0) {
        worker->input = bytes;
    }
    worker->received += (size_t)len;
}

ssize_t __wrap_recv(int fd, void *bytes, size_t len, int flags)
{
    ssize_t got = __real_recv(fd, bytes, len, flags);

    note_input(bytes, got);
    return got;
}

int __wrap_SSL_read(SSL *ssl, void *bytes, int len)
{
    int got = __real_SSL_read(ssl, bytes, len);

    note_input(bytes, got);
    return got;
}

void worker_drain(struct worker *worker, bool patient)
{
    struct pollfd fd = {.fd = worker->fd, .events = POLLIN};
    char scratch[4096];
    size_t drained = 0;

    worker_set_phase(worker, WORKER_DRAINING);
    while (fd.fd >= 0 && drained < DRAIN_BYTES &&
           wait_in_phase(worker, &fd, patient ? DRAIN_MS : 0) > 0) {
        ssize_t got = __real_recv(fd.fd, scratch, sizeof(scratch), MSG_DONTWAIT);
        if (got <= 0) {
            return;
        }
        drained += (size_t)got;
    }
}
