/*
 * The operator's levers, on the admin listener, for a test bank that must be steered: off unless
 * the configuration names a token file; each call carries the token and is logged.
 *
 * The table of calls is in operator.c; the admin listener's `/` shows it. What can be set can be
 * read.
 *
 * Answers: 200 with JSON or 204; 400, 401, 404, 405, 409 (the core has no such lever), 500 with
 * {"errorCode", "errorMessage"}.
 */
#ifndef OPERATOR_OPERATOR_H
#define OPERATOR_OPERATOR_H

#include "base/clock.h"
#include "base/log.h"
#include "flow/api.h"
#include "http/message.h"
#include "operator/explain.h"
#include "operator/override.h"
#include "provider/provider.h"
#include "state/state.h"

struct operator_levers {
    struct lfi_slice token; /* absent: there are no levers */
    const struct provider_set *providers;
    const struct state *state;
    const struct apis *apis; /* whose operations can be overridden */
    struct overrides *overrides;
    struct explain *explain;
    struct clock *clock;
    const struct log *log;
};

/* Appends the calls as rows of an HTML table: method, path, what it does. */
void operator_append_routes(struct buf *out);
/* Whether the path is the operator's. */
bool operator_owns(struct lfi_slice path);
void operator_handle(const struct operator_levers *levers, const struct request *request,
                     struct reply *reply);

#endif
