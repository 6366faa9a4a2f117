/*
 * The request in the customer's app: at most one waits for a customer and a kind, and too many that
 * were not approved make the next one wait. Internal to this room.
 */
#ifndef PSU_APPROVAL_H
#define PSU_APPROVAL_H

#include "psu/actor.h"
#include "psu/step_refusal.h"

/* What the customer's app is asked to approve; texts and counts where they play a part. */
struct approval_request {
    const char *kind; /* "consent", "connections", "step-up", "policies", "payment", "payments",
                         "file" */
    struct lfi_slice tpp;
    struct lfi_slice browser; /* browser_name() of where it is asked for */
    int accounts, policies;
    uint64_t instructions;                    /* of a file of payments */
    struct lfi_slice payee, amount, currency; /* of a payment, as in struct payment_terms */
};
/*
 * Asks the app, under a number of two digits that is drawn for this request and shown on both
 * screens; number and approval become the session's. LFI_OK; LFI_DENIED: not asked, as *refusal
 * says (APPROVAL-LIMIT, APPROVAL-WAITING, STATE-UNAVAILABLE); else the core's status.
 */
int approval_ask(struct actor actor, const struct approval_request *request,
                 struct step_refusal *refusal, struct lfi_error *error);
/* How far it is: the core's status. */
int approval_find(struct actor actor, enum lfi_approval_state *out, struct lfi_error *error);
/* The session's request is no longer needed: the app stops showing it. */
void approval_withdraw(struct actor actor);

#endif
