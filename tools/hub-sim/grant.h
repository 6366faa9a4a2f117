/*
 * What a TPP's own authorization request asked for, and what it was given for it: an object of JSON
 * in struct consent, kept with it. Its members, absent where the TPP sent none:
 *
 *   redirectUri, scope, challenge    of the request object; challenge is of PKCE, S256
 *   state, nonce, maxAge, loginHint  the same
 *   code, codeUntil, codeUsed        of the authorization code: seconds, and whether it was
 * redeemed authTime                         when the bank confirmed, in seconds generation of its
 * tokens: those of another one are void rotation                         number of the newest
 * refresh token
 *
 * Under the store's lock where a struct consent is passed.
 */
#ifndef HUB_SIM_GRANT_H
#define HUB_SIM_GRANT_H

#include "sim.h"
#include "store.h"

#define GRANT_RANDOM_MAX 44 /* 32 bytes as base64url */

/* False when the generator fails. */
bool grant_random(char out[GRANT_RANDOM_MAX]) __attribute__((warn_unused_result));

/* Gives a fresh code to the consent's grant; false when there are no random numbers. */
bool grant_give_code(const struct sim *sim, struct consent *consent, char out[GRANT_RANDOM_MAX]);

/* A number of the grant, 0 when absent; and sets one. */
int64_t grant_number(const cJSON *grant, const char *name);
void grant_set_number(cJSON *grant, const char *name, int64_t value);

/* What the grant has given is void from now on. */
void grant_void_tokens(const struct sim *sim, struct consent *consent);

#endif
