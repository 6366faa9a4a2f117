/*
 * The admin listener: /healthz says that the program runs, /readyz whether each part works,
 * /metrics how many it has answered; and the operator's API. On loopback, for people and machines
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
    const struct log *log;
    const struct operator_api *operator_api; /* NULL: switched off */
    _Atomic(struct readiness *) readiness;   /* NULL until all is up */
    atomic_bool ready;                       /* all is up, and it is not stopping */
};

/* http_handler_fn; ctx is the struct admin. */
void admin_handle(void *admin, const struct request *request, struct reply *reply);

#endif
