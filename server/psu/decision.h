/*
 * The decision on a journey: made once per interaction, whichever instance, tab, second click or
 * background worker asks for it, told to the Hub, and remembered. What comes of it is a value, for
 * a request to show (finish.h) or a worker to follow. Answers nothing itself. Internal to this
 * room.
 */
#ifndef PSU_DECISION_H
#define PSU_DECISION_H

#include "psu/consent_patch.h"
#include "psu/ending.h"

enum decision_state {
    DECISION_MADE,      /* by this call */
    DECISION_BEFORE,    /* before, and this session may know how */
    DECISION_UNDER_WAY, /* another request or worker decides right now */
    DECISION_HIDDEN,    /* made in another browser, or too long ago: not for this session */
    DECISION_NONE,      /* not made; only of decision_find */
    DECISION_UNKNOWN,   /* it cannot be said: `status` */
};

struct decision {
    enum decision_state state;
    struct lfi_slice location; /* the way back to the TPP, in the arena; empty: there is none */
    struct lfi_slice reason;   /* of ending_row, when made by this call; absent: authorized */
    int64_t others_until_s; /* made by this call, and others must approve until then; 0: nobody */
    int status;             /* of the state, with DECISION_UNKNOWN; `error` says why */
    struct lfi_error error;
};

/* PATCH Authorized, and only then doConfirm. */
void decision_approve(struct actor actor, const struct decision_approval *approval,
                      struct decision *out);
/* Ends the journey without consent. */
void decision_refuse(struct actor actor, enum ending ending, struct decision *out);
/*
 * The same for a journey that could not be recorded: nobody else can be deciding on it, so nothing
 * is claimed in the state, which may be full.
 */
void decision_refuse_unclaimed(struct actor actor, enum ending ending, struct decision *out);
/*
 * What was decided, without deciding. A way back with a code in it is for the browser in which it
 * was authorized and for the one that handed the journey over, within the session's time.
 */
void decision_find(struct actor actor, struct decision *out);

/* The longest that a decision may take, in seconds. */
uint32_t decision_longest_s(const struct psu_endpoint *endpoint);

#endif
