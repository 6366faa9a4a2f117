/*
 * The API of the customer's passkeys (openapi/psu/passkeys.yaml), for a customer who signed in at
 * /consents.
 *
 * Refusals: PASSKEY-NONE (not offered), PASSKEY-ADD (not made as it must be), PASSKEY-LIMIT
 * (known already, or too many), PASSKEY-UNKNOWN.
 */
#ifndef PSU_PASSKEYS_H
#define PSU_PASSKEYS_H

#include "psu/api.h"

extern const struct step_api passkeys_api;

/* Whether the customer of the session has a passkey; false also when that cannot be said. */
bool passkeys_has_any(struct actor actor);
/* Appends the credential ids of the user's passkeys as an array; the state's status. */
int passkeys_append_credentials(struct actor actor, const char *name, struct json_writer *writer,
                                struct lfi_error *error);

#endif
