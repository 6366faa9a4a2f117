#include "http/intake_lists.h"

bool intake_is_known(const struct connection *connection)
{
    return connection->peer.certificate;
}

static bool is_pending(int list)
{
    return list >= LIST_HANDSHAKE && list <= LIST_RECEIVING;
}

bool intake_is_request(int list)
{
    return list >= LIST_RECEIVING && list <= LIST_SLOW;
}

/* The counts follow the lists; `by` is 1 or -1. */
static void count(struct intake_lists *lists, const struct connection *connection, int by)
{
    if (is_pending(connection->list)) {
        bool known = intake_is_known(connection);
        lists->pending[known] += by;
        if (!known) {
            unsigned short *of_peer = &lists->of_peer[connection->slot];
            *of_peer = (unsigned short)(*of_peer + by);
        }
    }
    if (intake_is_request(connection->list)) {
        atomic_fetch_add(&lists->requests, by);
    }
}

void intake_unlist(struct intake_lists *lists, struct connection *connection)
{
    struct connection_list *list = &lists->of[connection->list];

    if (connection->list == LIST_NONE) {
        return;
    }
    count(lists, connection, -1);
    *(connection->previous ? &connection->previous->next : &list->first) = connection->next;
    *(connection->next ? &connection->next->previous : &list->last) = connection->previous;
    connection->next = connection->previous = NULL;
    connection->list = LIST_NONE;
}

void intake_enlist(struct intake_lists *lists, struct connection *connection, enum intake_list to,
                   int64_t now_us)
{
    struct connection_list *list = &lists->of[to];

    intake_unlist(lists, connection);
    connection->list = (int)to;
    connection->listed_us = now_us;
    connection->previous = list->last;
    *(list->last ? &list->last->next : &list->first) = connection;
    list->last = connection;
    count(lists, connection, 1);
}

struct connection *intake_slowest(const struct intake_lists *lists, bool known,
                                  const unsigned *slot, int64_t now_us)
{
    struct connection *slowest = NULL;

    for (int list = LIST_HANDSHAKE; list <= LIST_RECEIVING; list++) {
        struct connection *at = lists->of[list].first;
        while (at && (intake_is_known(at) != known || (slot && at->slot != *slot))) {
            at = at->next;
        }
        if (at && (!slowest || at->listed_us < slowest->listed_us)) {
            slowest = at;
        }
    }
    bool had_time = slowest && now_us - slowest->listed_us >= (int64_t)LIMIT_GRACE_MS * 1000;
    return had_time ? slowest : NULL;
}

struct connection *intake_next_ready(const struct intake_lists *lists, bool slow_too)
{
    const enum intake_list last = slow_too ? LIST_SLOW : LIST_READY;
    struct connection *next = NULL;

    for (int list = LIST_READY_FIRST; !next && list <= (int)last; list++) {
        next = lists->of[list].first;
    }
    return next;
}
