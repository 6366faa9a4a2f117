/* What the workers of a listener and its intake share. */
#ifndef HTTP_POOL_H
#define HTTP_POOL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct intake;

struct worker_pool {
    int threads; /* requests served at once */
    int request_ms;
    int idle_ms;
    int queue_ms;         /* a request that is there waits so long for a worker */
    int pending;          /* connections without a worker, see intake.h */
    int pending_per_peer; /* of these */
    struct intake *intake;
    atomic_int connections;         /* open */
    atomic_int busy;                /* workers with a connection */
    atomic_int slow;                /* of these: reading a long body */
    atomic_bool stopping;           /* no new connections, no further request on old ones */
    atomic_bool cutting;            /* running requests are waited for no longer */
    atomic_int_least64_t looked_us; /* when the accepting thread last looked at its sockets */
    atomic_bool intercepted;        /* the accepting thread has come by: the linker did its work */
};

#endif
