#include "http/worker.h"

#include "base/clock.h"
#include "base/crash.h"
#include "http/intake.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define SLICE_MS 100           /* how often a waiting worker looks whether it must give way */
#define SCARCE_RECEIVE_MS 1000 /* instead of request_ms, for callers without certificate */
#define DRAIN_MS 300
#define DRAIN_BYTES (256 * 1024)
#define STACK_KEPT ((uintptr_t)4096) /* below the frame that gives the rest back */

/* The linker's names for the functions that CivetWeb calls, and for the true ones. */
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __real_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __wrap_accept(int fd, struct sockaddr *address, socklen_t *len);
int __real_accept(int fd, struct sockaddr *address, socklen_t *len);
ssize_t __wrap_recv(int fd, void *bytes, size_t len, int flags);
ssize_t __real_recv(int fd, void *bytes, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t len, int flags);
ssize_t __real_send(int fd, const void *bytes, size_t len, int flags);
int __wrap_shutdown(int fd, int how);
int __real_shutdown(int fd, int how);
int __wrap_close(int fd);
int __real_close(int fd);

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

/* A request may go deep. Hundreds of workers that wait would keep those pages for ever. */
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

    if (worker) {
        worker->pool = pool;
        worker->listener = listener;
        worker->accepts = accepts;
        worker->stack_low = stack_low();
        this_worker = worker;
        crash_thread_begin();
    }
    return worker;
}

void worker_leave(struct worker *worker)
{
    this_worker = NULL;
    crash_thread_end();
    free(worker);
}

void worker_set_phase(struct worker *worker, enum worker_phase phase)
{
    worker->phase = phase;
    worker->since_us = clock_monotonic_us();
    if (phase == WORKER_WAITING) {
        worker->received = 0;
        worker->in_body = false;
        worker->connection->received_us = 0;
    }
    if (phase == WORKER_RECEIVING) {
        int64_t begun_us = worker->connection->received_us;
        worker->started_us = begun_us > 0 ? begun_us : worker->since_us;
        worker->since_us = worker->started_us;
    }
    int allowed_ms = phase == WORKER_DRAINING ? DRAIN_MS : worker->pool->request_ms;
    worker->deadline_us = worker->since_us + (int64_t)allowed_ms * 1000;
}

/* A connection that the intake has counted as this thread's. */
static void take(struct worker *worker, int fd)
{
    struct connection *connection = intake_find(worker->pool->intake, fd);

    if (!worker->connection && connection) {
        intake_forget(worker->pool->intake, fd);
        int64_t received_us = connection->received_us;
        worker->connection = connection;
        connection_keep_buffers(connection, true);
        worker->expired = false;
        worker_set_phase(worker, WORKER_WAITING);
        connection->received_us = received_us; /* the request is there already */
    }
}

static bool is_own(const struct worker *worker, int fd)
{
    return worker && worker->connection && worker->connection->fd == fd;
}

void worker_has_body(struct worker *worker)
{
    if (worker->connection->slow) {
        worker->connection->slow = false;
        atomic_fetch_sub(&worker->pool->slow, 1);
        intake_worker_is_free(worker->pool->intake);
    }
}

/* Credentials stand in a head, and CivetWeb's buffer lives as long as the worker. */
static void wipe_head(struct worker *worker)
{
    if (worker->head_len > 0) {
        OPENSSL_cleanse(worker->input, worker->head_len);
        worker->head_len = 0;
    }
}

void worker_disconnect(struct worker *worker)
{
    struct connection *connection = worker->connection;

    if (!connection) {
        return;
    }
    worker_has_body(worker);
    wipe_head(worker);
    worker->connection = NULL;
    worker->phase = WORKER_FREE;
    worker->replayed = NULL;
    arena_free(worker->arena);
    worker->arena = NULL;
    buf_free(&worker->body);
    buf_free(&worker->out);
    buf_free(&worker->reply.headers);
    buf_free(&worker->reply.body);
    if (worker->leaving) {
        worker->leaving = false;
        connection_keep_buffers(connection, false);
        intake_return(worker->pool->intake, connection);
    } else {
        connection_free(connection);
        atomic_fetch_sub(&worker->pool->connections, 1);
    }
    atomic_fetch_sub(&worker->pool->busy, 1);
    intake_worker_is_free(worker->pool->intake);
    give_back_stack(worker);
}

bool worker_pool_is_scarce(const struct worker_pool *pool)
{
    return atomic_load(&pool->busy) > pool->threads - (pool->threads + 3) / 4;
}

/* --- waiting ---------------------------------------------------------------------------------- */

/* When the phase ends whatever happens; sooner when others need the worker. */
static int64_t end_of_phase(const struct worker *worker)
{
    const struct worker_pool *pool = worker->pool;
    int64_t end_us = worker->deadline_us;

    if (atomic_load(&pool->cutting)) {
        return 0;
    }
    if (worker->phase == WORKER_WAITING) {
        bool ends = atomic_load(&pool->stopping) || intake_is_hungry(pool->intake) ||
                    worker_pool_is_scarce(pool);
        end_us = worker->since_us + (ends ? 0 : (int64_t)pool->idle_ms * 1000);
    } else if (worker->phase == WORKER_RECEIVING && !worker->connection->peer.certificate &&
               worker_pool_is_scarce(pool)) {
        int64_t scarce_us = worker->since_us + (int64_t)SCARCE_RECEIVE_MS * 1000;
        end_us = scarce_us < end_us ? scarce_us : end_us;
    }
    return end_us;
}

/* Rounded up, so that a wait never ends a moment before its time. */
static int to_ms(int64_t us)
{
    return us > 0 ? (int)((us + 999) / 1000) : 0;
}

/* Like poll. -1 with ETIMEDOUT when the phase is over. */
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
            if (worker->phase == WORKER_WAITING) {
                connection_free_buffers(worker->connection);
            }
        }
        if (left_us <= 0) {
            worker->expired = true;
            /* Idle, and others need the worker: the intake waits on. */
            worker->leaving = worker->phase == WORKER_WAITING &&
                              now - worker->since_us < (int64_t)worker->pool->idle_ms * 1000 &&
                              !atomic_load(&worker->pool->stopping);
            errno = ETIMEDOUT;
            return -1;
        }
        now = clock_monotonic_us();
        if (now >= begun + (int64_t)timeout_ms * 1000) {
            return 0;
        }
    }
}

/* Waits for what the last call on the connection wanted. */
static bool wait_for(struct worker *worker, short events)
{
    struct connection *connection = worker->connection;
    struct pollfd fd = {.fd = connection->fd, .events = events};

    if (connection->wants_to_write) {
        fd.events = POLLOUT;
    }
    return wait_in_phase(worker, &fd, worker->pool->request_ms) > 0;
}

ssize_t worker_read(struct worker *worker, char *bytes, size_t len)
{
    struct connection *connection = worker->connection;
    size_t there = connection_take(connection, bytes, len);

    while (there == 0) {
        ssize_t got = connection->ended ? 0 : connection_read(connection, bytes, len);
        if (got >= 0 || connection->ended) {
            return got;
        }
        if (!wait_for(worker, POLLIN)) {
            return -1;
        }
    }
    return (ssize_t)there;
}

static size_t take_head(struct worker *worker, char *bytes, size_t len)
{
    struct connection *connection = worker->connection;
    bool whole = connection->head > 0 && connection->head <= len;
    size_t taken = connection_take(connection, bytes, len);

    worker->host[0] = '\0';
    return whole ? request_line_settle(bytes, taken, worker->host) : taken;
}

/* A head comes whole, or as far as it can be told that none will come of it. */
static ssize_t read_head(struct worker *worker, char *bytes, size_t len)
{
    struct connection *connection = worker->connection;

    for (;;) {
        enum connection_input input = connection_receive(connection);
        if (connection->begin < connection->end && worker->phase == WORKER_WAITING) {
            worker_set_phase(worker, WORKER_RECEIVING);
        }
        if (connection->head > 0 || input == INPUT_UNUSABLE) {
            return (ssize_t)take_head(worker, bytes, len);
        }
        if (connection->ended) {
            return 0;
        }
        if (!wait_for(worker, POLLIN)) {
            return -1;
        }
    }
}

static size_t replay(struct worker *worker, char *bytes, size_t len)
{
    size_t there = strlen(worker->replayed);

    len = len < there ? len : there;
    memcpy(bytes, worker->replayed, len);
    worker->replayed = len < there ? worker->replayed + len : NULL;
    return len;
}

/* --- CivetWeb's calls ------------------------------------------------------------------------- */

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    struct worker *worker = this_worker;

    if (worker && worker->accepts) {
        atomic_store(&worker->pool->intercepted, true);
        return intake_wait(worker->pool->intake, fds, count, timeout_ms);
    }
    if (!worker || count != 1 || worker->phase == WORKER_HANDLING) {
        return __real_poll(fds, count, timeout_ms);
    }
    take(worker, fds->fd);
    if (!is_own(worker, fds->fd)) {
        return __real_poll(fds, count, timeout_ms);
    }
    if (worker->phase == WORKER_WAITING) {
        wipe_head(worker); /* of the request before, which CivetWeb has left behind by now */
    }
    if ((fds->events & POLLIN) && (worker->replayed || connection_has_input(worker->connection))) {
        fds->revents = POLLIN;
        return 1;
    }
    return wait_in_phase(worker, fds, timeout_ms);
}

int __wrap_accept(int fd, struct sockaddr *address, socklen_t *len)
{
    struct worker *worker = this_worker;

    return worker && worker->accepts ? intake_accept(worker->pool->intake, address, len)
                                     : __real_accept(fd, address, len);
}

ssize_t __wrap_recv(int fd, void *bytes, size_t len, int flags)
{
    struct worker *worker = this_worker;
    ssize_t got;

    if (!is_own(worker, fd)) {
        return __real_recv(fd, bytes, len, flags);
    }
    if (worker->replayed) {
        return (ssize_t)replay(worker, bytes, len);
    }
    got = worker->in_body ? worker_read(worker, bytes, len) : read_head(worker, bytes, len);
    if (got > 0 && worker->received == 0) {
        worker->input = bytes;
    }
    worker->head_len += got > 0 && !worker->in_body ? (size_t)got : 0;
    worker->received += got > 0 ? (size_t)got : 0;
    return got;
}

ssize_t __wrap_send(int fd, const void *bytes, size_t len, int flags)
{
    struct worker *worker = this_worker;

    return is_own(worker, fd) ? connection_write(worker->connection, bytes, len)
                              : __real_send(fd, bytes, len, flags);
}

int __wrap_shutdown(int fd, int how)
{
    struct worker *worker = this_worker;

    if (worker && !worker->accepts) {
        take(worker, fd); /* on a stop CivetWeb closes without having read */
    }
    return is_own(worker, fd) && worker->leaving ? 0 : __real_shutdown(fd, how);
}

/* What CivetWeb closes goes back to the intake, or ends with worker_disconnect. */
int __wrap_close(int fd)
{
    return is_own(this_worker, fd) ? 0 : __real_close(fd);
}

void worker_drain(struct worker *worker, bool patient)
{
    struct pollfd fd = {.fd = worker->connection->fd, .events = POLLIN};
    char scratch[4096];
    size_t drained = 0;

    worker_set_phase(worker, WORKER_DRAINING);
    while (drained < DRAIN_BYTES && wait_in_phase(worker, &fd, patient ? DRAIN_MS : 0) > 0) {
        ssize_t got = __real_recv(fd.fd, scratch, sizeof(scratch), MSG_DONTWAIT);
        if (got <= 0) {
            return;
        }
        drained += (size_t)got;
    }
}
