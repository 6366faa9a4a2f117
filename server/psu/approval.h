/*
 * The request in the customer's app: at most one waits for a customer and a kind, and too many that
 * were not approved make the next one wait. Internal to this room.
 */
#ifndef PSU_APPROVAL_H
#define PSU_APPROVAL_H

#include "psu/visit.h"

/* What the customer's app is asked to approve; `tpp` and `accounts` where they play a part. */
struct approval_request {
    const char *kind; /* "consent", "connections", "step-up": the words that the app shows */
    struct lfi_slice tpp;
    int accounts;
};
/*
 * Asks the app, under a number of two digits that is drawn for this request and shown on both
 * screens, and moves the session by `event`. LFI_OK; LFI_STOPPED, having answered:
 * APPROVAL-LIMIT or APPROVAL-WAITING, and the customer stays where they are; else the core's
 * status.
 */
int approval_ask(struct visit *visit, const struct approval_request *request,
                 enum session_event event, struct lfi_error *error);
/* How far it is: the core's status. */
int approval_find(struct visit *visit, enum lfi_approval_state *out, struct lfi_error *error);
/* The session's request is no longer needed: the app stops showing it. */
void approval_withdraw(struct visit *visit);

#endif
