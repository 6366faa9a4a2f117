/*
 * Idempotency claims of a request: what is done once per key (state_key), whichever instance, tab
 * or second click asks for it. Internal to this room.
 */
#ifndef PSU_CLAIM_H
#define PSU_CLAIM_H

#include "psu/actor.h"

/* The core's status, with the reason; LFI_FAILED when the key, for want of memory, is absent.
 */

/* Claims a key; a settled result goes to *result, in the arena. */
int claim_take(struct actor actor, struct lfi_slice key, uint32_t ttl_s, enum state_claim *out,
               struct lfi_slice *result, struct lfi_error *error);
/* Settles a key with what later claims get. */
int claim_settle(struct actor actor, struct lfi_slice key, struct lfi_slice result,
                 struct lfi_error *error);
/* Reads a key without a write: LFI_UNKNOWN when it is not settled. */
int claim_find(struct actor actor, struct lfi_slice key, struct lfi_slice *result,
               struct lfi_error *error);

#endif
