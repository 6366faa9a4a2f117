/*
 * The intake of a listener: connections that no worker serves. It accepts them, does the TLS
 * handshake, and collects each request; a worker gets a connection only when the request is there.
 * So who is slow, or says nothing, costs memory and no worker. It runs in CivetWeb's accepting
 * thread: an event loop inside that thread's poll (worker.c), whose accept then hands over.
 *
 *   handshake ─▶ waiting ─▶ receiving ─▶ ready ─▶ worker
 *                   ▲                               │ idle, and workers are scarce
 *                   └───────────────────────────────┘
 *
 * Connections of the first three states are bounded, in all and for each peer; those with a
 * verified client certificate apart from the others. Who does not get on gives way to who comes:
 * the oldest of its peer, then the oldest of all, none sooner than LIMIT_GRACE_MS after its last
 * step. When none can be closed, new connections wait in the kernel's queue.
 *
 * Requests that are ready wait for a worker for at most queue_ms, then are answered 503. Bodies
 * that the buffer cannot hold are read by workers, at most a quarter of them at once.
 */
#ifndef HTTP_INTAKE_H
#define HTTP_INTAKE_H

#include "http/connection.h"
#include "http/http.h"
#include "http/pool.h"

#include <poll.h>

struct intake;

struct intake_config {
    const struct http_listener_config *listener;
    struct worker_pool *pool;
    struct tls *tls; /* NULL: plain HTTP */
    /* Answers a connection without a worker, as far as its socket takes the reply at once. */
    void (*refuse)(const void *ctx, struct connection *connection, const struct refusal *refusal);
    const void *ctx;
};

/* What the configuration points to must outlive it. */
int intake_new(struct intake **out, const struct intake_config *config, struct lfi_error *error);
/* Ends all connections. No thread may use it any more. */
void intake_free(struct intake *intake);

/* For the accepting thread: poll on the listening sockets, and accept. */
int intake_wait(struct intake *intake, struct pollfd *fds, nfds_t count, int timeout_ms);
int intake_accept(struct intake *intake, struct sockaddr *address, socklen_t *len);

/* --- any thread ------------------------------------------------------------------------------- */

/* The connection that was handed over with this socket. */
struct connection *intake_find(const struct intake *intake, int fd);
/* It is its worker's from now on. */
void intake_forget(struct intake *intake, int fd);
/* Takes a connection back whose caller may have more to ask. */
void intake_return(struct intake *intake, struct connection *connection);
/* A request waits for a worker. */
bool intake_is_hungry(const struct intake *intake);
/* A worker is free, or a slow body has come. */
void intake_worker_is_free(struct intake *intake);
/* Requests that have begun to come and were not answered. */
int intake_requests(const struct intake *intake);

#endif
