/*
 * Request context: a request of the public listener, its session, its provider and its reply.
 * Internal to this room.
 *
 * Every answer of the journey's API is a view, {"view": name, …}: what the pages show next. A
 * refusal is the view "error" with the stable id of the check.
 */
#ifndef PSU_CONTEXT_H
#define PSU_CONTEXT_H

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "http/message.h"
#include "http/metrics.h"
#include "operator/explain.h"
#include "operator/override.h"
#include "provider/share.h"
#include "psu/actor.h"
#include "psu/pages.h"
#include "psu/step_refusal.h"

/* Longer ids are not what a Hub sends; they have to fit a cookie and the claims' keys. */
#define CONTEXT_ID_MAX 160

struct context {
    const struct psu *psu;
    const struct request *request;
    struct reply *reply;
    struct arena *arena;
    unsigned extendable_in; /* stages in which the API gives more time: 1U << stage | … */
    struct session session; /* once it has been opened */
    const struct psu_endpoint *endpoint; /* of the session */
    const struct psu_endpoint *entered;  /* whose share a worker was taken from; NULL: none */
    enum share share;
    bool shows_stage; /* a step ended: the answer is the view of the stage it came to (api.c) */
};

/* The pages of the request's provider; of the first where none is known. */
const struct pages *context_pages(const struct context *context);
/* Opens the session cookie of a kind. False: there is none that can be trusted. */
bool context_open_session(struct context *context, enum session_kind kind);
/* The endpoint of the provider with this id; NULL: none. */
const struct psu_endpoint *context_endpoint_of(const struct psu *psu, struct lfi_slice provider);
/* Sets the endpoint to that of the provider; false when there is none. */
bool context_find_endpoint(struct context *context, struct lfi_slice provider);
/* The same for the brand and the simulated bank app, which providers without pages have, too. */
bool context_find_provider(struct context *context, struct lfi_slice provider);
/*
 * Before core or Hub is asked: takes a worker of the provider's share until the request ends, and
 * notes what runs, for the report of a crash. `what` lives as long as the request. False: the
 * provider holds all workers that it may have (PROVIDER-BUSY), to be answered by the caller.
 */
bool context_enter(struct context *context, const char *what);
/* The same, having answered. */
bool context_enter_or_refuse(struct context *context, const char *what);
void context_leave(struct context *context);
/* For what is done in the name of the session. */
struct actor context_actor(struct context *context);
/* Moves the session, which is still to be kept. False, having answered: JOURNEY-ORDER. */
bool context_move(struct context *context, enum session_event event);
/* Sets the cookie to the session as it is now. -1, having answered, when that is not possible. */
int context_keep_session(struct context *context);

/* Begins a view with the members that all have; the caller adds to it and closes the object. */
void context_begin_view(struct context *context, struct json_writer *writer, const char *view);
/* The view "error": stable id, HTTP status. `detail` goes to the log; may be NULL. */
void context_refuse(struct context *context, int status, const char *id, const char *detail);
/* The same; the view also says when to try again, if that is known. */
void context_refuse_with(struct context *context, const struct step_refusal *refusal);
/*
 * The same for a status of core or state that is not LFI_OK. False, without an answer: the session
 * has to end (finish.h), which happens with STEP_PASSKEY alone.
 */
bool context_refuse_failed(struct context *context, enum step_subject subject, int status,
                           const struct lfi_error *error);
/* STEP_STATE, whatever the status was. */
void context_refuse_state(struct context *context, const struct lfi_error *error);
/* The same as a page, for addresses that browsers open. `reference` is what to quote. */
void context_error_page(struct context *context, int status, const char *id,
                        struct lfi_slice reference);

#endif
