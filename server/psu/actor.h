/*
 * The customer's session, its provider and the memory for what is done in its name, by a request or
 * by a background worker. Passed by value. Internal to this room.
 */
#ifndef PSU_ACTOR_H
#define PSU_ACTOR_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "http/forwarded.h"
#include "http/metrics.h"
#include "operator/explain.h"
#include "operator/override.h"
#include "provider/core_call.h"
#include "provider/share.h"
#include "psu/endpoint.h"
#include "psu/session.h"
#include "state/state.h"

struct apis;
struct pii_reader; /* payments/pii.h */
struct pages;

struct psu {
    struct psu_endpoint *endpoints; /* paths are ours */
    struct page_texts *texts;       /* of the pages, without those of a brand */
    struct pages **pages;           /* of each endpoint */
    size_t endpoint_count;
    struct apis *apis; /* of the pages */
    char *origin;      /* of the public address: what browsers send as Origin */
    char *host;        /* of the same: what passkeys belong to */
    char *bank_name;
    bool secure; /* the public address is https */
    int session_s;
    struct forwarded_proxies proxies;
    int max_attempts;
    bool step_up_data_sharing;
    bool demo_app;
    struct slots *sign_ins; /* slots.h */
    struct metrics *metrics;
    const struct state *state;
    struct pii_reader *pii;         /* NULL: payments cannot be read */
    struct verdict_judge *verdicts; /* NULL: cannot be verified */
    struct explain *explain;
    struct overrides *overrides;
    struct shares *shares;
    struct seal *seal;
    const struct clock *clock;
    const struct log *log;
};

struct actor {
    const struct psu *psu;
    const struct psu_endpoint *endpoint; /* of the session */
    struct arena *arena;
    struct session *session;
    const struct cancellation *cancellation; /* of the request; NULL: of none */
};

int64_t actor_seconds_left(struct actor actor); /* 0 when the session is over */
/* What the core is told of who asks. */
struct lfi_call actor_core_call(struct actor actor);
/* The key (state_key) at the actor's provider; absent where a function names none. */
struct state_ref actor_state(struct actor actor, struct lfi_slice key);
/* A key that tells providers apart, for what is sealed and not kept; absent stays absent. */
struct lfi_slice actor_bind(struct actor actor, struct lfi_slice key);

/* Logs and counts that a call of the core, or of the state, failed. */
void actor_log_core(struct actor actor, int status, const char *call,
                    const struct lfi_error *error);
void actor_log_state(struct actor actor, int status, const char *call,
                     const struct lfi_error *error);

#endif
