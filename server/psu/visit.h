/*
 * One request of the public listener on its way through the journey: who it belongs to and the
 * reply it gets. Internal to this room.
 *
 * Every answer of the journey's API is a view, {"view": name, …}: what the pages show next. A
 * refusal is the view "error" with the stable id of the check.
 */
#ifndef PSU_VISIT_H
#define PSU_VISIT_H

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
#define VISIT_ID_MAX 160

struct visit {
    const struct psu *psu;
    const struct request *request;
    struct reply *reply;
    struct arena *arena;
    unsigned extendable_in; /* stages in which the API gives more time: 1U << stage | … */
    struct session session; /* once it has been opened */
    const struct psu_endpoint *endpoint; /* of the session */
    const struct psu_endpoint *entered;  /* whose share a worker was taken from; NULL: none */
    enum share share;
};

/* The pages of the visit's provider; of the first where none is known. */
const struct pages *visit_pages(const struct visit *visit);
/* Opens the session cookie of a kind. False: there is none that can be trusted. */
bool visit_open_session(struct visit *visit, enum session_kind kind);
/* The endpoint of the provider with this id; NULL: none. */
const struct psu_endpoint *visit_endpoint_of(const struct psu *psu, struct lfi_slice provider);
/* The provider's endpoint becomes that of the visit; false when there is none. */
bool visit_find_endpoint(struct visit *visit, struct lfi_slice provider);
/*
 * Before the visit's core or Hub is asked: takes a worker of the provider's share until the visit
 * ends, and says what runs should the core crash. `what` lives as long as the request. False: the
 * provider holds all workers that it may have (PROVIDER-BUSY), to be answered by the caller.
 */
bool visit_enter(struct visit *visit, const char *what);
/* The same, having answered. */
bool visit_enter_or_refuse(struct visit *visit, const char *what);
void visit_leave(struct visit *visit);
/* For what is done in the name of the visit's session. */
struct actor visit_actor(struct visit *visit);
/* Moves the session, which is still to be kept. False, having answered: JOURNEY-ORDER. */
bool visit_move(struct visit *visit, enum session_event event);
/* Sets the cookie to the session as it is now. -1, having answered, when that is not possible. */
int visit_keep_session(struct visit *visit);

/* Begins a view with the members that all have; the caller adds to it and closes the object. */
void visit_begin_view(struct visit *visit, struct json_writer *writer, const char *view);
/* The view "error": stable id, HTTP status. `detail` goes to the log; may be NULL. */
void visit_refuse(struct visit *visit, int status, const char *id, const char *detail);
/* The same; the view also says when to try again, if that is known. */
void visit_refuse_with(struct visit *visit, const struct step_refusal *refusal);
/*
 * The same for a status of core or state that is not LFI_OK. False, without an answer: the session
 * has to end (finish.h), which happens with STEP_PASSKEY alone.
 */
bool visit_refuse_failed(struct visit *visit, enum step_subject subject, int status,
                         const struct lfi_error *error);
/* STEP_STATE, whatever the status was. */
void visit_refuse_state(struct visit *visit, const struct lfi_error *error);
/* The same as a page, for addresses that browsers open. `reference` is what to quote. */
void visit_error_page(struct visit *visit, int status, const char *id, struct lfi_slice reference);

#endif
