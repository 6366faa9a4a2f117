/*
 * Passkeys in use: challenges, and what a browser answers judged against what the state keeps. A
 * passkey with user verification is two factors at once: the device that holds the key, and what
 * unlocks it there.
 *
 * A challenge is a sealed box: what it is for, what it is bound to and until when. No server keeps
 * it; the state sees to it that it is used once. Internal to this room.
 */
#ifndef PSU_PASSKEY_H
#define PSU_PASSKEY_H

#include "psu/actor.h"
#include "psu/webauthn.h"

/* A challenge made for one is none for another. */
enum passkey_purpose { PASSKEY_SIGN_IN, PASSKEY_STEP_UP, PASSKEY_ADD };

/* Whether a core can say who may still sign in, which a passkey alone cannot. */
bool passkey_is_offered(const struct provider *provider);
struct webauthn_party passkey_party(const struct psu *psu);

/* Appends "challenge" and "party". `bound`: whatever the answer must belong to. */
void passkey_append_challenge(struct actor actor, enum passkey_purpose purpose,
                              struct lfi_slice bound, struct json_writer *writer);
/*
 * Judges the client data with its challenge, which is thereby used up. NULL, or the id of the
 * refusal: those of webauthn.h, WEBAUTHN-CHALLENGE, WEBAUTHN-REPLAY, STATE-UNAVAILABLE.
 */
const char *passkey_check_client(struct actor actor, enum passkey_purpose purpose,
                                 struct lfi_slice bound, struct lfi_slice client_data);

/*
 * Judges an assertion (schema Assertion) and counts the use. `user_id` comes in as the only
 * customer whose passkey will do, or empty. LFI_OK; LFI_DENIED, with the refusal in the
 * log, whatever was wrong; LFI_BLOCKED for a barred customer whose passkey was right; else the
 * status of core or state.
 */
int passkey_check(struct actor actor, enum passkey_purpose purpose, struct lfi_slice bound,
                  const cJSON *assertion, struct lfi_id *user_id, struct lfi_error *error);

/* Notes a refusal in the log. */
void passkey_log_refusal(struct actor actor, const char *id);

#endif
