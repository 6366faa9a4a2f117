/*
 * For the operator: /healthz says that the program runs, /readyz whether it takes requests,
 * /metrics how many it has answered; the levers of operator.h. On loopback, for people and machines
 * that are trusted.
 */
#ifndef SERVER_ADMIN_H
#define SERVER_ADMIN_H

#include "base/message.h"
#include "base/metrics.h"
#include "operator.h"

#include <stdatomic.h>

struct admin {
    const struct metrics *metrics;
    struct operator_levers levers;
    atomic_bool ready; /* cores open, listeners up, not stopping */
};

/* http_handler_fn; ctx is the struct admin. */
void admin_handle(void *admin, const struct request *request, struct reply *reply);

#endif
