/*
 * The operator's API (openapi/operator.yaml), on the admin listener, for a test bank that must be
 * steered: off unless the configuration names a token file; each call carries the token and is
 * logged.
 *
 * Answers: 200 with JSON or 204; 400, 401, 404, 405, 409 (the core cannot do it), 500, 502 (the
 * Hub) with
 * {"errorCode", "errorMessage"}.
 */
#ifndef OPERATOR_OPERATOR_H
#define OPERATOR_OPERATOR_H

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "flow/api.h"
#include "http/call_log.h"
#include "http/message.h"
#include "hub/hub.h"
#include "operator/explain.h"
#include "operator/figures.h"
#include "operator/override.h"
#include "operator/readiness.h"
#include "provider/provider.h"
#include "state/state.h"

/* What it is given must outlive it. */
struct operator_config {
    const char *token_file;         /* the last line end of the token does not count */
    const char *places_file;        /* of the demonstration, JSON; NULL: none */
    const char *demonstration_file; /* what runs beside the bank, JSON; NULL: nothing */
    const struct provider_set *providers;
    const struct state *state;
    const struct apis *apis;                /* whose operations can be overridden */
    bool (*is_step)(struct lfi_slice name); /* of the customer's journey, to be overridden too */
    /* Of a parked task: LFI_UNKNOWN when there is none, else the state's status. */
    int (*retry_task)(const struct state_ref *ref, int64_t now_s, struct lfi_error *error);
    int (*drop_task)(const struct state_ref *ref, struct lfi_error *error);
    struct overrides *overrides;
    struct call_log *calls;
    _Atomic(struct readiness *) *readiness; /* NULL until all is up */
    /* Writes who may call the provider with this index (callers.h). NULL: it is not said. */
    void (*append_callers)(void *ctx, size_t provider, struct json_writer *w);
    void *append_callers_ctx;
    /*
     * Lets `use` call the Hub of the provider with this index, NULL when none is configured, with
     * what the provider offers now. NULL: there are no Hubs.
     */
    void (*use_hub)(void *ctx, size_t provider,
                    void (*use)(void *use_ctx, struct hub *hub, const struct offers *offers),
                    void *use_ctx);
    void *use_hub_ctx;
    struct explain *explain;
    struct figures *figures;
    const struct metrics
        *metrics; /* whose providers are in the order of `providers`; may be NULL */
    struct clock *clock;
    const struct log *log;
};

struct operator_api;

/* Reads the token, which must have LIMIT_OPERATOR_TOKEN_MIN bytes. */
int operator_new(struct operator_api **out, const struct operator_config *config,
                 struct lfi_error *error);
void operator_free(struct operator_api *api); /* NULL is fine */

/* Whether the token's file, read again, still holds the token. */
bool operator_token_is_same(const struct operator_api *api);

/* Appends the calls as rows of an HTML table: method, path, what it does. */
void operator_append_calls(const struct operator_api *api, struct buf *out);
/* Answers a request for any path below /operator/ and /explain. Any thread. */
void operator_handle(const struct operator_api *api, const struct request *request,
                     struct reply *reply);

#endif
