/*
 * For the operator: /healthz says that the program runs, /readyz whether each part works,
 * /metrics how many it has answered; the levers of operator.h. On loopback, for people and machines
 * that are trusted.
 */
#ifndef OPERATOR_ADMIN_H
#define OPERATOR_ADMIN_H

#include "http/message.h"
#include "http/metrics.h"
#include "operator/operator.h"
#include "operator/readiness.h"

#include <stdatomic.h>

struct admin {
    const struct metrics *metrics;
    struct operator_levers levers;
    _Atomic(struct readiness *) readiness; /* NULL until all is up */
    atomic_bool ready;                     /* all is up, and it is not stopping */
};

/* http_handler_fn; ctx is the struct admin. */
void admin_handle(void *admin, const struct request *request, struct reply *reply);

#endif
