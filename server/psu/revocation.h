/*
 * A customer's revocation, kept durably in the state as a task before the Hub is told, and tried
 * again until the Hub has it (consent management interface 6). Internal to this room.
 */
#ifndef PSU_REVOCATION_H
#define PSU_REVOCATION_H

#include "psu/actor.h"

#define REVOCATION_KIND "revoke"
#define REVOKED_BY_CUSTOMER "LFI.InitiatedByUser"

/*
 * A member "proof" for a consent that the Hub has just said is this customer's: sealed, so that
 * the page can show it again when the Hub cannot be asked.
 */
void revocation_append_proof(struct actor actor, struct lfi_slice consent_id,
                             struct json_writer *writer);
/* Whether this customer was given that proof for this consent. */
bool revocation_is_proven(struct actor actor, struct lfi_slice consent_id, struct lfi_slice proof);

/*
 * Keeps it, due after `wait_s`: before the Hub is told in this request, longer than that can take;
 * after a lost answer, soon. The caller knows from the Hub that the consent is the
 * customer's. The state's status; LFI_UNAVAILABLE when there is no room.
 */
int revocation_put(struct actor actor, struct lfi_slice consent_id, int64_t wait_s,
                   struct lfi_error *error);
/* The Hub has it, or refused it. */
void revocation_end(struct actor actor, struct lfi_slice consent_id);
/*
 * Keeps it for a Hub that cannot be asked, due at once; the caller has seen the proof. As above,
 * and LFI_DENIED when the customer has as many kept as LIMIT_REVOCATIONS_KEPT allows.
 */
int revocation_keep(struct actor actor, struct lfi_slice consent_id, struct lfi_error *error);
/* Kept, and the Hub does not have it yet. */
bool revocation_is_pending(struct actor actor, struct lfi_slice consent_id);
/* Tells the Hub what the record of a task says, or keeps it for later. */
void revocation_deliver(struct actor actor, cJSON *record);

#endif
