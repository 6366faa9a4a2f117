/*
 * A customer's revocation that the Hub could not be told at once: kept durably in the core as a
 * task and tried again until the Hub has it (consent management interface 6). Cores without tasks
 * keep none. Internal to this room.
 */
#ifndef PSU_REVOCATION_H
#define PSU_REVOCATION_H

#include "psu/visit.h"

#define REVOCATION_KIND "revoke"
#define REVOKED_BY_CUSTOMER "LFI.InitiatedByUser"

/*
 * Keeps it, apart from what other customers keep for the same consent. Whose the consent is, is
 * asked when the Hub can be. LFI_CORE_DENIED when the customer has as many kept as
 * LIMIT_REVOCATIONS_KEPT allows; else the core's status.
 */
int revocation_keep(struct visit *visit, struct lfi_slice consent_id, struct lfi_error *error);
/* Kept, and the Hub does not have it yet. */
bool revocation_is_pending(struct visit *visit, struct lfi_slice consent_id);
/* Tells the Hub, or keeps it for later. */
void revocation_deliver(struct visit *visit, const cJSON *record);

#endif
