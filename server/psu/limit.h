/*
 * How often a password may be tried, and a customer's app be asked. Uses are counted in the state,
 * so that all instances count together; one that proves right is given back, so that only wrong
 * tries and requests that were not approved count. Internal to this room.
 */
#ifndef PSU_LIMIT_H
#define PSU_LIMIT_H

#include "psu/actor.h"
#include "psu/step_refusal.h"

#define LIMIT_METERS 4

/* What was taken, to be given back. */
struct limit_uses {
    struct lfi_slice keys[LIMIT_METERS];
    size_t count;
};

/* A try at a password. */
struct limit_try {
    struct lfi_slice login;
    struct lfi_slice browser; /* known_browser_find(); absent: not known for this login */
    struct lfi_slice client;  /* address of the customer, forwarded_client() */
};

/*
 * Takes a try: of the browser when it is known, else of address and login, login, address and all.
 * False: *refusal says why, SIGN-IN-LIMIT when one of these has none left now. Passkeys are not
 * counted.
 */
bool limit_take_sign_in(struct actor actor, const struct limit_try *try, struct limit_uses *out,
                        struct step_refusal *refusal);
/* Takes a request in the customer's app. False: *refusal says why, as APPROVAL-LIMIT. */
bool limit_take_approval(struct actor actor, struct limit_uses *out, struct step_refusal *refusal);
/* The password was right or was not judged, or no request went to the app. */
void limit_give_back(struct actor actor, const struct limit_uses *uses);
/* The request in the app was approved, there or by a passkey. */
void limit_give_back_approval(struct actor actor);

#endif
