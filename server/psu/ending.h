/*
 * The endings of a journey without consent, a row each: what the Hub is told, and what the browser
 * is told. Constant; any thread. (Consent journey 8.)
 */
#ifndef PSU_ENDING_H
#define PSU_ENDING_H

#include "psu/session.h"

enum ending {
    /* Before the customer is known: no PATCH, the consent must not be tied to a customer. */
    ENDING_NOT_AUTHENTICATED, /* tries used up */
    ENDING_DENIED,            /* the approval was refused in the app */
    ENDING_TIMED_OUT,
    ENDING_LEFT,
    ENDING_BLOCKED,
    ENDING_NOT_OWNER, /* another customer authorised the consent that this one renews */
    ENDING_CONSENT_CLOSED,
    ENDING_FAILED_EARLY,
    ENDING_BUSY_EARLY,
    ENDING_HUB_EARLY,
    /* Afterwards: PATCH Rejected first. */
    ENDING_CANCELLED,
    ENDING_NO_ACCOUNTS,
    ENDING_NO_POLICIES,
    ENDING_NO_FILE,    /* the file of payments has not come */
    ENDING_NOT_DEBTOR, /* the TPP named an account that is not the customer's */
    ENDING_NOT_SUPPORTED,
    ENDING_STEP_UP, /* the decision was not confirmed */
    ENDING_QUOTE,   /* of currency exchange: its time has passed, or it was used */
    ENDING_EXPIRED,
    ENDING_FAILED,
    ENDING_BUSY,
    ENDING_HUB,
    ENDINGS,
};

enum ending_patch {
    ENDING_NO_PATCH,
    ENDING_PATCH,       /* status Rejected; when it fails, the ending becomes ENDING_HUB */
    ENDING_PATCH_TRIED, /* the same, best effort */
};

struct ending_row {
    enum ending_patch patch;
    const char *error, *description; /* of doFail: machine values */
    const char *reason; /* refused.REASON of the pages' texts; NULL: as the customer wished */
};

const struct ending_row *ending_row(enum ending ending);

/* The endings that depend on how far the customer has come. */
enum ending ending_of_hub(enum session_stage stage);
enum ending ending_of_core(enum session_stage stage, int core_status);
enum ending ending_of_leaving(enum session_stage stage);
enum ending ending_of_time(enum session_stage stage);

#endif
