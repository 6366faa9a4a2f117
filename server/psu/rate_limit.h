/*
 * Rate limits of sign-ins, and of requests in a customer's app. Uses are counted in the state, over
 * all instances; a right password and an approved request are given back, so that only wrong ones
 * count. Internal to this room.
 */
#ifndef PSU_RATE_LIMIT_H
#define PSU_RATE_LIMIT_H

#include "psu/actor.h"
#include "psu/step_refusal.h"

#define RATE_LIMITS_OF_TRY 4

/* What was taken, to be given back. */
struct rate_limit_uses {
    struct lfi_slice keys[RATE_LIMITS_OF_TRY];
    size_t count;
};

/* A try at a password. */
struct rate_limit_try {
    struct lfi_slice login;
    struct lfi_slice browser; /* known_browser_find(); absent: not known for this login */
    struct lfi_slice client;  /* address of the customer, forwarded_client() */
};

/*
 * Takes a try: of the browser when it is known, else of address and login, login, address and all.
 * False: *refusal says why, SIGN-IN-LIMIT when one of these has none left now. Passkeys are not
 * counted.
 */
bool rate_limit_take_sign_in(struct actor actor, const struct rate_limit_try *try,
                             struct rate_limit_uses *out, struct step_refusal *refusal);
/* Takes a request in the customer's app. False: *refusal says why, as APPROVAL-LIMIT. */
bool rate_limit_take_approval(struct actor actor, struct rate_limit_uses *out,
                              struct step_refusal *refusal);
/* The password was right or was not judged, or no request went to the app. */
void rate_limit_give_back(struct actor actor, const struct rate_limit_uses *uses);
/* The request in the app was approved, there or by a passkey. */
void rate_limit_give_back_approval(struct actor actor);

#endif
