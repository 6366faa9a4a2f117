/*
 * Who must approve payments from an account, as the core says. Internal to this room.
 */
#ifndef PSU_MANDATE_H
#define PSU_MANDATE_H

#include "base/arena.h"
#include "consent/authorizers.h"
#include "provider/provider.h"

/*
 * In the arena. LFI_OK; LFI_FAILED also for an answer that cannot be used: no rule, a group without
 * enough people, more people than LFI_APPROVERS_MAX.
 */
int mandate_read(const struct provider *provider, struct arena *arena, const struct lfi_call *call,
                 struct lfi_slice account_id, struct authorizers **out, struct lfi_error *error);

#endif
