/*
 * What the bank changes of a journey's consent at the Hub, in the customer's name. Internal to this
 * room.
 */
#ifndef PSU_CONSENT_PATCH_H
#define PSU_CONSENT_PATCH_H

#include "psu/actor.h"

/* Status Rejected. */
enum hub_outcome consent_patch_reject(struct actor actor, struct lfi_error *error);
/*
 * Status Authorized, for these accounts; when it `pays`, with its ConnectToken where the endpoint
 * gives any. False: the Hub does not say that it is so.
 */
bool consent_patch_authorize(struct actor actor, const struct lfi_slice *account_ids, size_t count,
                             bool pays);
/* The action revoke, in the bank's name. */
enum hub_outcome consent_patch_revoke(struct actor actor, struct lfi_error *error);
/*
 * Sees to it that the consent is not left open: rejected, or revoked when it is authorized for this
 * customer. HUB_OK: it is known to be closed, or *foreign: another customer has authorized it.
 */
enum hub_outcome consent_patch_close(struct actor actor, bool *foreign, struct lfi_error *error);

#endif
