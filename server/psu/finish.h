/*
 * How a request ends a session, and what the browser is told of it: the way back to the TPP for a
 * journey, the view "signed-out" for a customer's session. Internal to this room.
 */
#ifndef PSU_FINISH_H
#define PSU_FINISH_H

#include "psu/context.h"
#include "psu/decision.h"

/* Ends the session without consent, and answers. */
void finish_refuse(struct context *context, enum ending ending);
/* Gives the consent, and answers. */
void finish_approve(struct context *context, const struct decision_approval *approval);
/* The session's time is over; another browser of the journey may have come further. */
void finish_time_out(struct context *context);
/*
 * Answers for a journey that is over. `shown`: only the state was asked for, so the browser stays
 * here. JOURNEY-OVER: the way back is not for this browser.
 */
void finish_repeat(struct context *context, bool shown);

/*
 * Whether a customer's session has ended, although an older cookie was played back. -1, having
 * answered, when it cannot be said.
 */
int finish_customer_is_over(struct context *context);
/* A failure of the core, or of the state, which is logged, ends the session. */
void finish_core(struct context *context, int status, const char *call,
                 const struct lfi_error *error);
void finish_state(struct context *context, int status, const char *call,
                  const struct lfi_error *error);

#endif
