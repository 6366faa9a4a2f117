/*
 * What the customer decides on: the consent as the Hub has it now, and the accounts or insurance
 * policies that can be shared. Internal to this room.
 */
#ifndef PSU_REVIEW_H
#define PSU_REVIEW_H

#include "consent/consent.h"
#include "psu/context.h"
#include "psu/decision.h"
#include "psu/payment_terms.h"

/* What was chosen under a consent; `tree` is the caller's to delete, the rest borrows from it. */
struct review_choice {
    cJSON *tree;
    struct consent consent;
    struct payment_terms payment; /* of a consent to payments */
    struct decision_approval approval;
    bool confirmed; /* a step-up, if needed, has been made */
};
/*
 * Checks a choice of accounts, or of policies, against what is offered now. False, having answered:
 * it is none, or the journey has ended.
 */
bool review_choose(struct context *context, const cJSON *ids, bool confirmed,
                   struct review_choice *out);

#endif
