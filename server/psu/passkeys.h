/*
 * A customer's passkeys: seeing, adding and removing them, after sign-in. Refusals: PASSKEY-NONE
 * (the core keeps none), PASSKEY-ADD (not made as it must be), PASSKEY-LIMIT (known already, or too
 * many), PASSKEY-UNKNOWN.
 */
#ifndef PSU_PASSKEYS_H
#define PSU_PASSKEYS_H

#include "psu/visit.h"

void passkeys_list(struct visit *visit, const cJSON *body);
void passkeys_offer(struct visit *visit, const cJSON *body); /* what a browser needs to make one */
void passkeys_add(struct visit *visit, const cJSON *body);
void passkeys_remove(struct visit *visit, const cJSON *body);

/* Appends the credential ids of the user's passkeys as an array; the core's status. */
int passkeys_append_credentials(struct visit *visit, const char *name, struct json_writer *writer,
                                struct lfi_error *error);

#endif
