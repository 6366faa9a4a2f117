/*
 * What a request needs, part by part: each core and the state (each asked by a cheap call from a
 * thread of its own, so that one that hangs hides no other), the accepting thread of each listener,
 * and the dates of the certificates. The Hub is not among them: reads do not need it, and no
 * instance would be better off. Also tells the service manager (sd_notify) what it wants to know,
 * and gives back memory that is free (base/memory.h).
 */
#ifndef OPERATOR_READINESS_H
#define OPERATOR_READINESS_H

#include "base/buf.h"
#include "config/material.h"
#include "http/http.h"
#include "provider/provider.h"
#include "state/state.h"

struct readiness;
struct lfi_health;

#define READINESS_LISTENERS 3

struct readiness_config {
    const struct provider_set *providers;
    const struct state *state;
    struct {
        const char *name;
        const struct http_listener *listener;
    } listeners[READINESS_LISTENERS];
    const struct log *log;
};

/* One cheap question to a core; a status of lfi/core.h. Any thread. */
int readiness_ask_core(const struct provider *provider, struct lfi_health *out,
                       struct lfi_error *error);

/* Asks all once before it returns; what `config` points to must outlive it. */
int readiness_start(struct readiness **out, const struct readiness_config *config,
                    struct lfi_error *error);
/* Waits for core calls that run, so not while one may hang. NULL is fine. */
void readiness_stop(struct readiness *readiness);
/* Before the listeners end. NULL is fine. */
void readiness_forget_listeners(struct readiness *readiness);
/* The certificates in use; copies. Any thread. */
void readiness_set_material(struct readiness *readiness, const struct material *material);
/* Fills in those certificates, each once. Any thread. */
void readiness_get_material(struct readiness *readiness, struct material *out);
/*
 * Appends {"status","parts":[{"part","status","reason"}…]} and says whether every part works. A
 * part is "ok", "failing", or, where it serves but an operator is needed, "degraded". Any thread;
 * never waits for a core or the state.
 */
bool readiness_append(struct readiness *readiness, bool stopping, struct buf *out);
/* Gauges in Prometheus' text format: certificates, stores, tasks, listeners. Any thread. */
void readiness_append_metrics(struct readiness *readiness, struct buf *out);

#endif
