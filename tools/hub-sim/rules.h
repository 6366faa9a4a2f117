/*
 * What a Hub lets a TPP call: what serves a function of the bank's core, under a consent with one
 * of the permissions that open it, or under none (consent events 3.2). All of it stands in the rows
 * of the bank's operations.
 */
#ifndef HUB_SIM_RULES_H
#define HUB_SIM_RULES_H

#include "consent.h"
#include "flow/row.h"

/* Whether TPPs are offered the operation. */
bool rules_offer(const struct flow_row *row);
bool rules_need_consent(const struct flow_row *row);
/*
 * Refusals, all 403: SIM-CONSENT-STATE, SIM-PERMISSION, SIM-ACCOUNT, SIM-POLICY. `id`, of the path,
 * names an account or a policy; it may be absent.
 */
int rules_check(const struct sim *sim, struct consent *consent, const struct flow_row *row,
                struct lfi_slice id, struct refusal *refusal);

#endif
