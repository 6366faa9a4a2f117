/* What the steps of the pages share. Internal to this room. */
#ifndef PSU_STEPS_H
#define PSU_STEPS_H

#include "consent/consent.h"
#include "flow/call.h"
#include "psu/visit.h"

struct approval_request; /* approval.h */

/* What a step sees: the function that a row of openapi/psu names. It answers the visit. */
struct step_call {
    struct call base; /* first: a step gets its address */
    struct visit *visit;
    cJSON *body; /* checked */
};

static inline struct visit *step_visit(struct call *call)
{
    return ((struct step_call *)call)->visit;
}

static inline const cJSON *step_body(struct call *call)
{
    return ((struct step_call *)call)->body;
}

/* What to show in each stage of a session; own consents: to a customer without a journey. */
void step_show_sign_in(struct visit *visit);
void step_show_approval(struct visit *visit);
void step_show_review(struct visit *visit);
void step_show_step_up(struct visit *visit);
void step_show_own_consents(struct visit *visit);

/*
 * Has the customer's app asked, moves the session by `event`, and answers: with what the new stage
 * shows, or with a refusal, and then the session stays as it was.
 */
void step_ask_approval(struct visit *visit, const struct approval_request *request,
                       enum session_event event);
/*
 * The consent from the Hub, for this step; the caller deletes *tree. False: the journey has ended
 * and the answer is given.
 */
bool step_load_consent(struct visit *visit, cJSON **tree, struct consent *consent);
/*
 * Whether the customer may decide on it; on false the reply is written. That a kind is not
 * supported is said only after sign-in: the Hub must be told who rejects.
 */
bool step_check_open(struct visit *visit, const struct consent *consent);

#endif
