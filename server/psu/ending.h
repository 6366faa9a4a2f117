/*
 * How a journey ends: each ending as a row of one table (consent journey 8), carried out once per
 * interaction, whichever instance, tab or second click asks for it. The state holds the claim and
 * the settled result.
 */
#ifndef PSU_ENDING_H
#define PSU_ENDING_H

#include "psu/visit.h"

enum ending {
    /* Before the customer is known: no PATCH, the consent must not be tied to anybody. */
    ENDING_NOT_AUTHENTICATED, /* tries used up */
    ENDING_DENIED,            /* the approval was refused in the app */
    ENDING_TIMED_OUT,
    ENDING_LEFT,
    ENDING_BLOCKED,
    ENDING_NOT_OWNER, /* somebody else authorised the consent that this one renews */
    ENDING_CONSENT_CLOSED,
    ENDING_FAILED_EARLY,
    ENDING_BUSY_EARLY,
    ENDING_HUB_EARLY,
    /* Afterwards: PATCH Rejected first. */
    ENDING_CANCELLED,
    ENDING_NO_ACCOUNTS,
    ENDING_NOT_SUPPORTED,
    ENDING_STEP_UP, /* the decision was not confirmed */
    ENDING_EXPIRED,
    ENDING_FAILED,
    ENDING_BUSY,
    ENDING_HUB,
    ENDINGS,
};

/* Ends the journey without consent, and answers: the way back to the TPP, or an error. */
void ending_refuse(struct visit *visit, enum ending ending);
/*
 * The same where nobody waits for a view: a journey that never begins, or that was left. The way
 * back; absent when there is none, or another visit decides.
 */
struct lfi_slice ending_refuse_unseen(struct visit *visit, enum ending ending);
/*
 * The same for a journey that cannot begin: nobody else can be deciding on it, so it is not claimed
 * from a state that may have no room.
 */
struct lfi_slice ending_turn_away(struct visit *visit, enum ending ending);
/* The session's time is over; another browser of the journey may have come further. */
void ending_time_out(struct visit *visit);
/* The longest that a decision may take, in seconds. */
uint32_t ending_longest_s(const struct psu_endpoint *endpoint);

struct ending_approval {
    const struct lfi_slice *account_ids;
    size_t count;
    bool patched; /* the Hub has it already: an earlier try was cut off after the PATCH */
};
/* PATCH Authorized, and only then doConfirm. */
void ending_approve(struct visit *visit, const struct ending_approval *approval);
/*
 * Answers for a journey that is over. `looked`: no decision was asked for, so stay here. A way
 * back with a code in it is for the browser in which it was authorized and for the one that handed
 * the journey over, within the session's time; others get JOURNEY-OVER.
 */
void ending_repeat(struct visit *visit, bool looked);

/*
 * Whether a customer's session has ended, although an older cookie was played back. -1, having
 * answered, when it cannot be said.
 */
int ending_is_over(struct visit *visit);

/* The endings that depend on how far the customer has come. */
enum ending ending_of_hub(enum session_stage stage);
enum ending ending_of_core(enum session_stage stage, int core_status);
enum ending ending_of_leaving(enum session_stage stage);
enum ending ending_of_time(enum session_stage stage);

/*
 * Sees to it that the consent is not left open: rejected, or revoked when it is authorized for this
 * customer. HUB_OK: it is known to be closed, or *foreign: another customer has authorized it.
 */
enum hub_outcome ending_close_consent(struct visit *visit, bool *foreign, struct lfi_error *error);

/* Appends the body of a PATCH; no account ids when count is 0. */
void ending_append_patch(struct buf *out, const char *status, const struct session *session,
                         const struct lfi_slice *account_ids, size_t count);

/* Settles a key of this journey. The state's status. */
int ending_settle(struct visit *visit, struct lfi_slice key, struct lfi_slice result,
                  struct lfi_error *error);
/* Reads a key of this journey, without a write: *settled, and then *result. -1, having answered,
 * when it cannot be said. */
int ending_find(struct visit *visit, struct lfi_slice key, bool *settled, struct lfi_slice *result);
/* Claims a key of this journey; a settled result goes to *result. -1, having answered, when it
 * cannot be said. */
int ending_claim(struct visit *visit, struct lfi_slice key, uint32_t ttl_s, enum state_claim *out,
                 struct lfi_slice *result);

#endif
