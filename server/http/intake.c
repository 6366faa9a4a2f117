#include "http/intake.h"

#include "base/array.h"
#include "base/clock.h"
#include "http/intake_lists.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define EVENTS 128   /* taken from the kernel at once */
#define ACCEPTS 32   /* then so many new connections: handshakes under way come first */
#define SLICE_MS 100 /* the longest wait: how soon a stop is noticed */
#define PAUSE_MS 50  /* before the next try after accept failed or no connection could be closed */
#define CLOSING_MS                                                                                 \
    300 /* a refused caller may still send so long; closing sooner loses the reply                 \
         */
#define REPORT_US 1000000 /* what may happen often is logged once a second */
#define DISCARD_BYTES 4096

struct intake {
    struct intake_config config;
    struct worker_pool *pool;
    int epoll, wake;
    bool listening, stopped;
    int64_t paused_until_us;
    int64_t now_us;
    struct epoll_event events[EVENTS]; /* of this round */
    int event_count;

    struct intake_lists lists;
    uint64_t key; /* of the hash of peers */

    struct connection *chosen; /* for the next accept */
    struct connection **by_fd; /* what workers have */
    size_t by_fd_count;
    atomic_bool hungry; /* a request waits for a worker */

    pthread_mutex_t lock; /* guards `returned` */
    struct connection *returned;

    int64_t reported_us;
    int dropped, failed; /* since then */
    int failure;
};

/* --- one connection --------------------------------------------------------------------------- */

static void enlist(struct intake *intake, struct connection *connection, enum intake_list to)
{
    intake_enlist(&intake->lists, connection, to, intake->now_us);
}

static void watch(const struct intake *intake, struct connection *connection, int operation,
                  uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = connection};

    (void)epoll_ctl(intake->epoll, operation, connection->fd, &event);
}

static void end(struct intake *intake, struct connection *connection)
{
    intake_unlist(&intake->lists, connection);
    for (int i = 0; i < intake->event_count; i++) {
        if (intake->events[i].data.ptr == connection) {
            intake->events[i].events = 0; /* its turn would still come in this round */
        }
    }
    atomic_fetch_sub(&intake->pool->connections, 1);
    connection_free(connection); /* closing takes it out of epoll */
}

static void add_to(const struct intake *intake, enum metrics_listener_counter counter)
{
    const struct http_listener_config *config = intake->config.listener;

    metrics_listener_count(config->metrics, config->metrics_label, counter);
}

static void drop(struct intake *intake, struct connection *connection)
{
    add_to(intake, METRICS_CONNECTIONS_DROPPED);
    intake->dropped++;
    end(intake, connection);
}

static struct connection *find_slowest(const struct intake *intake, bool known,
                                       const unsigned *slot)
{
    return intake_slowest(&intake->lists, known, slot, intake->now_us);
}

/* For one without certificate. */
static bool has_room(const struct intake *intake)
{
    return intake->lists.pending[false] < intake->pool->pending ||
           find_slowest(intake, false, NULL);
}

static void refuse(struct intake *intake, struct connection *connection,
                   const struct refusal *refusal)
{
    intake->config.refuse(intake->config.ctx, connection, refusal);
    connection_say_end(connection);
    shutdown(connection->fd, SHUT_WR);
    watch(intake, connection, EPOLL_CTL_ADD, EPOLLIN); /* those that are ready are not watched */
    enlist(intake, connection, LIST_CLOSING);
}

static void make_ready(struct intake *intake, struct connection *connection,
                       enum connection_input input)
{
    bool first = intake_is_known(connection) && connection->served;

    watch(intake, connection, EPOLL_CTL_DEL, 0);
    enlist(intake, connection,
           input == INPUT_HEAD ? LIST_SLOW
           : first             ? LIST_READY_FIRST
                               : LIST_READY);
}

static void receive(struct intake *intake, struct connection *connection)
{
    enum connection_input input = connection_receive(connection);

    if (input == INPUT_NONE && connection->ended) {
        end(intake, connection);
    } else if (input == INPUT_PARTIAL) {
        if (connection->list != LIST_RECEIVING) {
            enlist(intake, connection, LIST_RECEIVING);
        }
    } else if (input != INPUT_NONE) {
        make_ready(intake, connection, input);
    }
}

/* Whether a waiting connection has a request that was not read yet, as after a busy moment. */
static bool has_come(struct connection *connection)
{
    return connection->list == LIST_WAITING && connection_receive(connection) != INPUT_NONE;
}

/* The connection to close for the new one, which is not counted yet; NULL: none must, or can, be.
 */
static struct connection *find_last(const struct intake *intake, const struct connection *newcomer)
{
    const struct worker_pool *pool = intake->pool;
    bool known = intake_is_known(newcomer);
    struct connection *slowest = NULL;

    if (!known && intake->lists.of_peer[newcomer->slot] >= pool->pending_per_peer) {
        slowest = find_slowest(intake, false, &newcomer->slot);
    }
    if (!slowest && intake->lists.pending[known] >= pool->pending) {
        slowest = find_slowest(intake, known, NULL);
    }
    return slowest;
}

/* One at most is ended. */
static void make_room(struct intake *intake, const struct connection *newcomer)
{
    struct connection *slowest = find_last(intake, newcomer);

    while (slowest && has_come(slowest)) {
        receive(intake, slowest);
        slowest = find_last(intake, newcomer);
    }
    if (slowest) {
        drop(intake, slowest);
    }
}

static void wait_for_request(struct intake *intake, struct connection *connection)
{
    make_room(intake, connection);
    enlist(intake, connection, LIST_WAITING);
    receive(intake, connection);
}

static void note_handshake(const struct intake *intake, const struct connection *connection,
                           const struct refusal *refusal)
{
    char remote[CONNECTION_REMOTE_MAX];

    add_to(intake, METRICS_HANDSHAKE_FAILED);
    connection_remote(connection, remote);
    LOG_EVENT(intake->config.listener->log, LOG_INFO, "handshake-failed",
              LOG_TEXT("listener", slice_of(intake->config.listener->name)),
              LOG_TEXT("id", slice_of(refusal->id)), LOG_TEXT("reason", slice_of(refusal->detail)),
              LOG_TEXT("remote", slice_of(remote)));
}

static void shake_hands(struct intake *intake, struct connection *connection)
{
    struct refusal refusal;
    bool wanted_to_write = connection->wants_to_write;

    tls_renew_ticket_key(intake->config.tls);
    int done = connection_handshake(connection);
    if (done == 0) {
        if (wanted_to_write != connection->wants_to_write) {
            watch(intake, connection, EPOLL_CTL_MOD,
                  connection->wants_to_write ? EPOLLOUT : EPOLLIN);
        }
        return;
    }
    if (done < 0) {
        tls_explain_failure(connection->ssl, &refusal);
        note_handshake(intake, connection, &refusal);
        end(intake, connection);
        return;
    }
    intake_unlist(&intake->lists, connection); /* counted by its certificate from here on */
    if (tls_peer_take(intake->config.tls, connection->ssl, &connection->peer, &refusal) != 0) {
        note_handshake(intake, connection, &refusal);
        end(intake, connection);
        return;
    }
    if (wanted_to_write) {
        watch(intake, connection, EPOLL_CTL_MOD, EPOLLIN);
    }
    wait_for_request(intake, connection);
}

static void discard(struct intake *intake, struct connection *connection)
{
    char scratch[DISCARD_BYTES];
    ssize_t got = recv(connection->fd, scratch, sizeof(scratch), MSG_DONTWAIT);

    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        end(intake, connection);
    }
}

static void step(struct intake *intake, struct connection *connection)
{
    if (connection->list == LIST_HANDSHAKE) {
        shake_hands(intake, connection);
    } else if (connection->list == LIST_CLOSING) {
        discard(intake, connection);
    } else {
        receive(intake, connection);
    }
}

/* --- those who come --------------------------------------------------------------------------- */

static unsigned slot_of(const struct intake *intake, const struct sockaddr_storage *address)
{
    uint64_t bits = connection_network(address);

    bits = (bits ^ intake->key) * UINT64_C(0x9e3779b97f4a7c15);
    bits ^= bits >> 32;
    bits = (bits + intake->key) * UINT64_C(0xd6e8feb86659fd93);
    return (unsigned)(bits >> 40) % INTAKE_PEER_SLOTS;
}

static void pause_accepting(struct intake *intake)
{
    intake->paused_until_us = intake->now_us + (int64_t)PAUSE_MS * 1000;
}

static void fail_accept(struct intake *intake, int reason)
{
    add_to(intake, METRICS_ACCEPT_FAILED);
    intake->failure = reason;
    intake->failed++;
    pause_accepting(intake);
}

static void admit(struct intake *intake, int fd, struct sockaddr_storage *address, socklen_t len)
{
    int on = 1;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    len = connection_unmap(address, len);
    struct connection *connection = connection_new(fd, intake->config.tls, address, len);
    if (!connection) {
        fail_accept(intake, ENOMEM);
        return;
    }
    add_to(intake, METRICS_CONNECTIONS);
    atomic_fetch_add(&intake->pool->connections, 1);
    connection->slot = slot_of(intake, address);
    make_room(intake, connection);
    enlist(intake, connection, connection->ssl ? LIST_HANDSHAKE : LIST_WAITING);
    watch(intake, connection, EPOLL_CTL_ADD, EPOLLIN);
}

/* False: no more for now. */
static bool accept_one(struct intake *intake, int listening)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof(address);

    if (!has_room(intake)) {
        pause_accepting(intake);
        return false;
    }
    int fd = accept4(listening, (struct sockaddr *)&address, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0 && (size_t)fd >= intake->by_fd_count) {
        close(fd);
        fd = -1;
        errno = EMFILE;
    }
    if (fd >= 0) {
        admit(intake, fd, &address, len);
        return true;
    }
    if (errno == EAGAIN || errno == EINVAL) { /* none there; stopped */
        return false;
    }
    if (errno == ECONNABORTED || errno == EINTR) {
        return true; /* that one is gone already */
    }
    fail_accept(intake, errno); /* whatever it is, at once it would be the same again */
    return false;
}

static void accept_some(struct intake *intake, const struct pollfd *fds, nfds_t count)
{
    for (nfds_t i = 0; i < count; i++) {
        for (int n = 0; n < ACCEPTS && accept_one(intake, fds[i].fd); n++) {
        }
    }
}

/* --- time ------------------------------------------------------------------------------------- */

static void end_unless_asked(struct intake *intake, struct connection *connection)
{
    if (has_come(connection)) {
        receive(intake, connection);
    } else {
        connection_say_end(connection);
        end(intake, connection);
    }
}

static void expire(struct intake *intake, struct connection *connection)
{
    struct refusal refusal;

    if (connection->list == LIST_RECEIVING) {
        refusal_set(&refusal, "HTTP-TIMEOUT", 408, "GenericError",
                    "The request took too long to arrive.");
        watch(intake, connection, EPOLL_CTL_DEL, 0);
        refuse(intake, connection, &refusal);
    } else if (intake_is_request(connection->list)) {
        refusal_set(&refusal, "HTTP-BUSY", 503, "GenericRecoverableError",
                    "The server is busy. Please try again.");
        refuse(intake, connection, &refusal);
    } else if (connection->list == LIST_HANDSHAKE) {
        drop(intake, connection);
    } else {
        end_unless_asked(intake, connection);
    }
}

/* Ends what is due; returns when the next is. */
static int64_t expire_all(struct intake *intake)
{
    int64_t next_us = INT64_MAX;

    for (int list = LIST_HANDSHAKE; list < LISTS; list++) {
        struct connection_list *at = &intake->lists.of[list];
        while (at->first && at->first->listed_us + at->limit_us <= intake->now_us) {
            expire(intake, at->first);
        }
        if (at->first && at->first->listed_us + at->limit_us < next_us) {
            next_us = at->first->listed_us + at->limit_us;
        }
    }
    return next_us;
}

static void report(struct intake *intake)
{
    const struct log *log = intake->config.listener->log;
    const struct lfi_slice name = slice_of(intake->config.listener->name);

    if (intake->now_us - intake->reported_us < REPORT_US ||
        (intake->dropped == 0 && intake->failed == 0)) {
        return;
    }
    if (intake->dropped > 0) {
        LOG_EVENT(log, LOG_WARN, "slow-connections-ended", LOG_TEXT("listener", name),
                  LOG_NUMBER("count", intake->dropped));
    }
    if (intake->failed > 0) {
        LOG_EVENT(log, LOG_ERROR, "accept-failed", LOG_TEXT("listener", name),
                  LOG_NUMBER("count", intake->failed),
                  LOG_TEXT("reason", slice_of(strerror(intake->failure))));
    }
    intake->dropped = intake->failed = 0;
    intake->reported_us = intake->now_us;
}

/* --- handing over and taking back ------------------------------------------------------------- */

static bool choose(struct intake *intake)
{
    struct worker_pool *pool = intake->pool;

    /* Before looking: a worker may get free. */
    atomic_store(&intake->hungry, intake_next_ready(&intake->lists, true));
    bool slow_too = atomic_load(&pool->slow) < (pool->threads + 3) / 4;
    struct connection *connection = atomic_load(&pool->busy) < pool->threads
                                        ? intake_next_ready(&intake->lists, slow_too)
                                        : NULL;
    if (!connection) {
        return false;
    }
    connection->slow = connection->list == LIST_SLOW;
    atomic_fetch_add(&pool->busy, 1);
    atomic_fetch_add(&pool->slow, connection->slow);
    intake_unlist(&intake->lists, connection);
    intake->chosen = connection;
    intake->by_fd[connection->fd] = connection;
    return true;
}

static void wake(const struct intake *intake)
{
    const uint64_t one = 1;
    ssize_t written = write(intake->wake, &one, sizeof(one));

    (void)written; /* full: it wakes anyway */
}

void intake_return(struct intake *intake, struct connection *connection)
{
    pthread_mutex_lock(&intake->lock);
    connection->next = intake->returned;
    intake->returned = connection;
    pthread_mutex_unlock(&intake->lock);
    wake(intake);
}

bool intake_is_hungry(const struct intake *intake)
{
    return atomic_load(&intake->hungry);
}

void intake_worker_is_free(struct intake *intake)
{
    if (atomic_load(&intake->hungry)) {
        wake(intake);
    }
}

int intake_requests(const struct intake *intake)
{
    return atomic_load(&intake->lists.requests);
}

struct connection *intake_find(const struct intake *intake, int fd)
{
    return fd >= 0 && (size_t)fd < intake->by_fd_count ? intake->by_fd[fd] : NULL;
}

void intake_forget(struct intake *intake, int fd)
{
    intake->by_fd[fd] = NULL;
}

static void take_back(struct intake *intake)
{
    uint64_t events;
    ssize_t drained = read(intake->wake, &events, sizeof(events));

    (void)drained;
    intake->now_us = clock_monotonic_us(); /* their time begins after what they were told */
    pthread_mutex_lock(&intake->lock);
    struct connection *connection = intake->returned;
    intake->returned = NULL;
    pthread_mutex_unlock(&intake->lock);
    while (connection) {
        struct connection *next = connection->next;
        connection->next = NULL;
        (void)fcntl(connection->fd, F_SETFL, O_NONBLOCK);
        watch(intake, connection, EPOLL_CTL_ADD, EPOLLIN);
        wait_for_request(intake, connection);
        connection = next;
    }
}

/* --- the loop --------------------------------------------------------------------------------- */

static void listen_to(struct intake *intake, const struct pollfd *fds, nfds_t count, bool wanted)
{
    if (wanted == intake->listening) {
        return;
    }
    intake->listening = wanted;
    for (nfds_t i = 0; i < count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = intake};
        (void)fcntl(fds[i].fd, F_SETFL, O_NONBLOCK);
        (void)epoll_ctl(intake->epoll, wanted ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, fds[i].fd, &event);
    }
}

/* No new connections: the kernel refuses them too. Requests that have begun may go on. */
static void stop_listening(struct intake *intake, const struct pollfd *fds, nfds_t count)
{
    listen_to(intake, fds, count, false);
    for (nfds_t i = 0; i < count; i++) {
        shutdown(fds[i].fd, SHUT_RDWR);
    }
    intake->stopped = true;
}

static void end_idle(struct intake *intake)
{
    static const enum intake_list idle[] = {LIST_HANDSHAKE, LIST_WAITING};

    for (size_t i = 0; i < ARRAY_LEN(idle); i++) {
        while (intake->lists.of[idle[i]].first) {
            end_unless_asked(intake, intake->lists.of[idle[i]].first);
        }
    }
}

/* One round: what has come, then who has come. */
static void work(struct intake *intake, const struct pollfd *fds, nfds_t count, int wait_ms)
{
    const struct epoll_event *events = intake->events;
    bool knocked = false, woken = false;

    intake->event_count = epoll_wait(intake->epoll, intake->events, EVENTS, wait_ms);
    intake->now_us = clock_monotonic_us();
    for (int i = 0; i < intake->event_count; i++) {
        if (events[i].data.ptr == intake) {
            knocked = true;
        } else if (!events[i].data.ptr) {
            woken = true;
        } else if (events[i].events != 0) {
            step(intake, events[i].data.ptr);
        }
    }
    intake->event_count = 0;
    if (woken) {
        take_back(intake);
    }
    if (knocked) {
        accept_some(intake, fds, count);
    }
}

int intake_wait(struct intake *intake, struct pollfd *fds, nfds_t count, int timeout_ms)
{
    intake->now_us = clock_monotonic_us();
    int64_t until_us = intake->now_us + (int64_t)timeout_ms * 1000;

    for (nfds_t i = 0; i < count; i++) {
        fds[i].revents = 0;
    }
    do {
        atomic_store_explicit(&intake->pool->looked_us, intake->now_us, memory_order_relaxed);
        if (atomic_load(&intake->pool->stopping)) {
            if (!intake->stopped) {
                stop_listening(intake, fds, count);
            }
            end_idle(intake);
        } else {
            listen_to(intake, fds, count, intake->now_us >= intake->paused_until_us);
        }
        int64_t next_us = expire_all(intake);
        report(intake);
        if (choose(intake)) {
            fds[0].revents = POLLIN;
            return 1;
        }
        int64_t wait_us = (next_us < until_us ? next_us : until_us) - intake->now_us;
        int wait_ms = wait_us < SLICE_MS * 1000 ? (int)((wait_us + 999) / 1000) : SLICE_MS;
        if (!intake->listening && !intake->stopped && wait_ms > PAUSE_MS) {
            wait_ms = PAUSE_MS;
        }
        work(intake, fds, count, wait_ms > 0 ? wait_ms : 0);
    } while (intake->now_us < until_us && !intake->stopped); /* then CivetWeb looks as well */
    return 0;
}

int intake_accept(struct intake *intake, struct sockaddr *address, socklen_t *len)
{
    struct connection *connection = intake->chosen;

    if (!connection) {
        errno = EAGAIN;
        return -1;
    }
    intake->chosen = NULL;
    *len = connection->address_len < *len ? connection->address_len : *len;
    memcpy(address, &connection->address, *len);
    return connection->fd;
}

int intake_new(struct intake **out, const struct intake_config *config, struct lfi_error *error)
{
    struct intake *intake = calloc(1, sizeof(*intake));
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};

    if (!intake) {
        return error_set(error, "out of memory");
    }
    intake->config = *config;
    intake->pool = config->pool;
    pthread_mutex_init(&intake->lock, NULL);
    intake->epoll = epoll_create1(EPOLL_CLOEXEC);
    intake->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    intake->by_fd_count = LIMIT_DESCRIPTORS;
    intake->by_fd = calloc(intake->by_fd_count, sizeof(struct connection *));
    const int64_t request_us = (int64_t)intake->pool->request_ms * 1000;
    for (int list = 0; list < LISTS; list++) {
        intake->lists.of[list].limit_us = request_us;
    }
    intake->lists.of[LIST_WAITING].limit_us = (int64_t)intake->pool->idle_ms * 1000;
    intake->lists.of[LIST_READY_FIRST].limit_us = (int64_t)intake->pool->queue_ms * 1000;
    intake->lists.of[LIST_READY].limit_us = intake->lists.of[LIST_READY_FIRST].limit_us;
    intake->lists.of[LIST_SLOW].limit_us = intake->lists.of[LIST_READY_FIRST].limit_us;
    intake->lists.of[LIST_CLOSING].limit_us = (int64_t)CLOSING_MS * 1000;
    if (intake->epoll < 0 || intake->wake < 0 || !intake->by_fd ||
        RAND_bytes((unsigned char *)&intake->key, sizeof(intake->key)) != 1 ||
        epoll_ctl(intake->epoll, EPOLL_CTL_ADD, intake->wake, &event) != 0) {
        intake_free(intake);
        return error_set(error, "cannot wait for connections: %s", strerror(errno));
    }
    *out = intake;
    return 0;
}

void intake_free(struct intake *intake)
{
    if (!intake) {
        return;
    }
    for (int list = LIST_HANDSHAKE; list < LISTS; list++) {
        while (intake->lists.of[list].first) {
            end(intake, intake->lists.of[list].first);
        }
    }
    while (intake->returned) {
        struct connection *connection = intake->returned;
        intake->returned = connection->next;
        connection_free(connection);
    }
    for (size_t fd = 0; intake->by_fd && fd < intake->by_fd_count; fd++) {
        connection_free(intake->by_fd[fd]); /* handed over, but no worker came by */
    }
    if (intake->epoll >= 0) {
        close(intake->epoll);
    }
    if (intake->wake >= 0) {
        close(intake->wake);
    }
    pthread_mutex_destroy(&intake->lock);
    free(intake->by_fd);
    free(intake);
}
