/*
 * A worker: one thread of a listener's pool, the connection it serves, and how long that may take.
 *
 * CivetWeb reads and writes with time-outs that begin anew with each byte, and has no limit for a
 * request as a whole. It waits for the network in poll(2) alone, so the linker routes its calls of
 * poll, recv, SSL_read and SSL_set_fd through here (see the room's link options): each wait is cut
 * to what is left of the phase the connection is in. Calls of other threads pass through untouched.
 */
#ifndef HTTP_WORKER_H
#define HTTP_WORKER_H

#include "base/limits.h"
#include "http/http.h"

#include <stdatomic.h>
#include <stdint.h>
#include <sys/socket.h>

enum worker_phase {
    WORKER_FREE,      /* no connection */
    WORKER_HANDSHAKE, /* TLS */
    WORKER_WAITING,   /* for the first byte of a request; gives way when workers are scarce */
    WORKER_RECEIVING, /* a request */
    WORKER_HANDLING,  /* the handler runs: not our wait */
    WORKER_SENDING,   /* a reply */
    WORKER_DRAINING,  /* what a refused caller still sends */
};

/* Shared by the workers of a listener. */
struct worker_pool {
    int threads; /* requests served at once; the pool has WORKER_RESERVE more threads */
    int request_ms;
    int idle_ms;
    bool tls;
    atomic_int busy;         /* workers with a connection */
    atomic_int waiting;      /* of these: in WORKER_WAITING */
    atomic_bool stopping;    /* no new connections, no further request on old ones */
    atomic_bool intercepted; /* the accepting thread has come by: the linker did its work */
};

/* Threads that answer 503 when all others are taken. */
#define WORKER_RESERVE(threads) ((threads) / 8 + 4)

/* Used by the worker's own thread only. */
struct worker {
    struct worker_pool *pool;
    void *listener;
    bool accepts; /* the thread that accepts connections, not one of the pool */
    uintptr_t stack_low;

    enum worker_phase phase;
    int fd;
    struct sockaddr_storage peer; /* of a TLS connection */
    socklen_t peer_len;
    bool fresh;          /* no request was read from this connection yet */
    bool expired;        /* a wait ended because its phase took too long */
    int64_t since_us;    /* begin of the phase */
    int64_t started_us;  /* first byte of the request */
    int64_t deadline_us; /* of receiving, sending, draining */
    size_t received;     /* bytes since then */
    const char *input;   /* where CivetWeb keeps what it reads: the first byte of a head */

    struct arena *arena; /* this and the buffers live as long as the connection */
    struct buf body;
    struct buf out;
    struct reply reply;
    struct header headers[LIMIT_HEADERS];
};

/* Makes the calling thread a worker of the pool. NULL when memory is short. */
struct worker *worker_enter(struct worker_pool *pool, void *listener, bool accepts);
void worker_leave(struct worker *worker);
/* Numeric address of the peer of the calling thread's TLS connection; empty when there is none. */
#define WORKER_REMOTE_MAX 64
void worker_remote(char out[WORKER_REMOTE_MAX]);

/* A connection has come; harmless when it is known already. */
void worker_connect(struct worker *worker, enum worker_phase phase);
void worker_disconnect(struct worker *worker);
void worker_set_phase(struct worker *worker, enum worker_phase phase);
/* Fewer than a quarter of the workers are free: keep nobody waiting for a request that may come. */
bool worker_pool_is_scarce(const struct worker_pool *pool);
/*
 * Throws away what has come and was not read: closing over it would reset the connection and lose
 * the reply. With `patient`, also what still comes in the next moment.
 */
void worker_drain(struct worker *worker, bool patient);

#endif
