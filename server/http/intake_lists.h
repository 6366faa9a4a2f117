/*
 * The connections of an intake (intake.h), in lists by what they wait for, the oldest first, and
 * the counts that bound them. Only `requests` is for any thread; a connection is in one
 * list or in none, and belongs to its caller.
 */
#ifndef HTTP_INTAKE_LISTS_H
#define HTTP_INTAKE_LISTS_H

#include "http/connection.h"

#include <stdatomic.h>

#define INTAKE_PEER_SLOTS 4096 /* counters of connections by peer, chosen by a keyed hash */

enum intake_list {
    LIST_NONE,
    LIST_HANDSHAKE,
    LIST_WAITING,
    LIST_RECEIVING,
    LIST_READY_FIRST, /* of known callers that were served before */
    LIST_READY,
    LIST_SLOW, /* ready, but for a long body */
    LIST_CLOSING,
    LISTS,
};

struct connection_list {
    struct connection *first, *last;
    int64_t limit_us; /* how long a connection may stay */
};

struct intake_lists {
    struct connection_list of[LISTS];
    int pending[2]; /* before a request is whole, without and with certificate */
    unsigned short of_peer[INTAKE_PEER_SLOTS]; /* of these, without */
    atomic_int requests;                       /* that have begun to come and have no worker */
};

/* Whether its certificate was verified. */
bool intake_is_known(const struct connection *connection);
bool intake_is_request(int list);

/* To the end of a list, out of the one it was in. */
void intake_enlist(struct intake_lists *lists, struct connection *connection, enum intake_list to,
                   int64_t now_us);
void intake_unlist(struct intake_lists *lists, struct connection *connection);

/*
 * The one that has waited longest for its next step of those before a request is whole, with or
 * without certificate, of all peers or of the one of `slot`. NULL: all still have time.
 */
struct connection *intake_slowest(const struct intake_lists *lists, bool known,
                                  const unsigned *slot, int64_t now_us);

/* The request to serve next. NULL: none, or only long bodies, which may not be `slow_too`. */
struct connection *intake_next_ready(const struct intake_lists *lists, bool slow_too);

#endif
