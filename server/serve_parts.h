/* The parts of the running server, shared by its start, its reload and its stop. */
#ifndef SERVER_SERVE_PARTS_H
#define SERVER_SERVE_PARTS_H

#include "config/material.h"
#include "generation.h"
#include "http/http.h"
#include "operator/admin.h"
#include "operator/readiness.h"
#include "tasks/background.h"
#include "watch.h"

struct serve {
    struct config *config;         /* of the start */
    const struct config *in_force; /* of the last reload; of the current generation */
    struct watch watch;
    int64_t retry_us; /* a switch of certificates that failed is not tried before; monotonic */
    struct clock clock;
    struct log log;
    struct metrics *metrics;
    struct figures *figures;
    struct provider_set *providers;
    struct state *state;
    struct apis *apis; /* of the Hub's listener */
    struct connect *connect;
    struct shares *public_shares; /* what hangs holds them across reloads */
    struct generations *generations;
    struct background *background;
    struct admin admin;
    struct explain *explain;
    struct overrides *overrides;
    struct call_log *calls;            /* NULL: nobody could read it */
    struct operator_api *operator_api; /* NULL: switched off */
    struct material material;          /* of the configuration in force */
    struct material_warnings warnings;
    struct readiness *readiness;
    struct http_listener *hub_listener, *public_listener, *admin_listener;
    atomic_bool workers_ended; /* nothing hangs: leave_late need not */
};

/*
 * Makes all but what other programs see, from serve->config: no listener, no background worker.
 * `create`: make the state when it is not there yet. What was made is freed by serve_stop, after
 * an error too.
 */
int serve_build(struct serve *serve, bool create, struct lfi_error *error);
/* Reads and judges certificates and keys. Warnings go to serve->warnings. */
int serve_check_material(struct serve *serve, const struct config *config,
                         struct material *material, struct lfi_error *error);
/* How a listener shows itself, with that of its certificates which is in use. */
struct http_tls serve_tls(const struct config_listener *at, size_t in_use);

#endif
