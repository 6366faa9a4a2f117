/*
 * OpenFinanceBilling, which a bank adds to a consent: whether the customer counts as a large
 * corporate (consent journey 4, consent events 4, CAAP 10).
 */
#ifndef CONSENT_BILLING_H
#define CONSENT_BILLING_H

#include "base/json.h"
#include "provider/provider.h"

/*
 * Asks the core how call->user_id is billed. LFI_OK, or the core's status with the reason.
 * LFI_NOT_KNOWN without a user, or where the core offers nothing.
 */
int billing_find(const struct provider *provider, const struct lfi_call *call, enum lfi_maybe *out,
                 struct lfi_error *error);
/* Appends the member of this name; nothing when it is not known. */
void billing_write(struct json_writer *w, const char *name, enum lfi_maybe large_corporate);

#endif
