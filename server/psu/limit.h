/*
 * How often a password may be tried, and a customer's app be asked. Uses are counted in the state,
 * so that all instances count together; one that proves right is given back, so that only wrong
 * tries and requests that were not approved count. Internal to this room.
 */
#ifndef PSU_LIMIT_H
#define PSU_LIMIT_H

#include "psu/visit.h"

#define LIMIT_METERS 4

/* What was taken, to be given back. */
struct limit_uses {
    struct lfi_slice keys[LIMIT_METERS];
    size_t count;
};

/*
 * Takes a try at this login's password: of the browser when it is known, else of address and login,
 * login, address and all. False, having answered SIGN-IN-LIMIT: one of these has none left now.
 * Passkeys are not counted.
 */
bool limit_take_sign_in(struct visit *visit, struct lfi_slice login, struct limit_uses *out);
/* Takes a request in the customer's app. False, having answered APPROVAL-LIMIT. */
bool limit_take_approval(struct visit *visit, struct limit_uses *out);
/* The password was right or was not judged, or no request went to the app. */
void limit_give_back(struct visit *visit, const struct limit_uses *uses);
/* The request in the app was approved, there or by a passkey. */
void limit_give_back_approval(struct visit *visit);

/*
 * Turns: half the processors judge passwords, the others are left to reads. Any thread. NULL from
 * turns_new: out of memory.
 */
struct turns;
struct turns *turns_new(void);
void turns_free(struct turns *turns);
/* Waits for a turn. False: too many wait, or it takes too long. */
bool turns_begin(struct turns *turns);
void turns_end(struct turns *turns);

#endif
