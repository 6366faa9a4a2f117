/*
 * A worker: one thread of a listener's pool, the connection it serves, and how long that may take.
 *
 * CivetWeb reads and writes with time-outs that begin anew with each byte, has no limit for a
 * request as a whole, and keeps a thread for every connection. It reaches the network through
 * poll(2), accept(2), recv(2), send(2), shutdown(2) and close(2) alone, so the linker routes these
 * calls through here (see the room's link options): connections come from the intake (intake.h)
 * and go back to it when they are idle and workers are scarce, each wait is cut to what is left of
 * the phase the connection is in, and what goes over the socket is encrypted. Calls of other
 * threads, and on other descriptors, pass through untouched. CivetWeb has no option or callback for
 * any of this; the test unit.civetweb_calls fails when a version of it calls anything else, and a
 * listener whose accepting thread does not come by does not start.
 */
#ifndef HTTP_WORKER_H
#define HTTP_WORKER_H

#include "base/limits.h"
#include "http/connection.h"
#include "http/http.h"
#include "http/pool.h"
#include "http/request_line.h"

enum worker_phase {
    WORKER_FREE,      /* no connection */
    WORKER_WAITING,   /* for the first byte of a request; gives way when workers are scarce */
    WORKER_RECEIVING, /* a request */
    WORKER_HANDLING,  /* the handler runs: not our wait */
    WORKER_SENDING,   /* a reply */
    WORKER_DRAINING,  /* what a refused caller still sends */
};

/* Used by the worker's own thread only. */
struct worker {
    struct worker_pool *pool;
    void *listener;
    bool accepts; /* the thread that accepts connections, not one of the pool */
    uintptr_t stack_low;

    struct connection *connection; /* NULL: none */
    enum worker_phase phase;
    bool expired;        /* a wait ended because its phase took too long */
    bool leaving;        /* the connection goes back to the intake */
    bool in_body;        /* the head was read */
    int64_t since_us;    /* begin of the phase */
    int64_t started_us;  /* first byte of the request */
    int64_t deadline_us; /* of receiving, sending, draining */
    size_t received;     /* bytes of the request that CivetWeb has */
    char *input;         /* where CivetWeb keeps what it reads: the first byte of a head */
    size_t head_len;     /* bytes that lie there */
    char host[REQUEST_LINE_HOST_MAX]; /* of the target; "": it names none */
    const char *replayed; /* what CivetWeb reads next instead of the network; NULL: nothing */

    struct arena *arena; /* this and the buffers live as long as the connection */
    struct buf body;
    struct buf out;
    struct reply reply;
    struct header headers[LIMIT_HEADERS];
};

/* Makes the calling thread a worker of the pool. NULL when memory is short. */
struct worker *worker_enter(struct worker_pool *pool, void *listener, bool accepts);
void worker_leave(struct worker *worker);

/* The connection is closed, or goes back to the intake. */
void worker_disconnect(struct worker *worker);
void worker_set_phase(struct worker *worker, enum worker_phase phase);
/* Reads what there is, and waits for something in the present phase. 0: no more will come. */
ssize_t worker_read(struct worker *worker, char *bytes, size_t len);
/* The body has come: its worker counts as slow no more. */
void worker_has_body(struct worker *worker);
/* Fewer than a quarter of the workers are free: none waits for a request that may come. */
bool worker_pool_is_scarce(const struct worker_pool *pool);
/*
 * Throws away what has come and was not read: closing over it would reset the connection and lose
 * the reply. With `patient`, also what still comes in the next moment.
 */
void worker_drain(struct worker *worker, bool patient);

#endif
