/* What the steps of the pages share. Internal to this room. */
#ifndef PSU_STEPS_H
#define PSU_STEPS_H

#include "consent/consent.h"
#include "flow/call.h"
#include "psu/context.h"

struct approval_request; /* approval.h */

/* What a step sees: the function that a row of openapi/psu names. It answers the context. */
struct step_call {
    struct call base; /* first: a step gets its address */
    struct context *context;
    cJSON *body; /* checked */
};

static inline struct context *step_context(struct call *call)
{
    return ((struct step_call *)call)->context;
}

static inline const cJSON *step_body(struct call *call)
{
    return ((struct step_call *)call)->body;
}

/* What to show in each stage of a session; own consents: to a customer without a journey. */
void step_show_sign_in(struct context *context);
void step_show_approval(struct context *context);
void step_show_review(struct context *context);
void step_show_step_up(struct context *context);
void step_show_own_consents(struct context *context);

/* The customer has confirmed, by step-up, the approval of the consent that waits for it: `choice`,
 * a JSON text of its id. */
void step_approve_waiting(struct context *context, const cJSON *choice);

/*
 * Has the customer's app asked, moves the session by `event`, and answers: with what the new stage
 * shows, or with a refusal, and then the session stays as it was.
 */
void step_ask_approval(struct context *context, const struct approval_request *request,
                       enum session_event event);
/*
 * The consent from the Hub, for this step; the caller deletes *tree. False: the journey has ended
 * and the answer is given.
 */
bool step_load_consent(struct context *context, cJSON **tree, struct consent *consent);
/*
 * Whether the customer may decide on it; on false the reply is written. That a kind is not
 * supported is said only after sign-in: the Hub must be told who rejects.
 */
bool step_check_open(struct context *context, const struct consent *consent);

#endif
