/*
 * The approvers of a payment consent that needs several, as a bank's PATCH tells them. The Hub
 * records what the bank says; the simulator also judges whether it can be true.
 */
#ifndef HUB_SIM_AUTHORIZERS_H
#define HUB_SIM_AUTHORIZERS_H

#include "base/json.h"
#include "http/refusal.h"

/* The member of a PATCH that lists the approvers. */
#define AUTHORIZERS_MEMBER "consentBody.Meta.MultipleAuthorizers"

/*
 * Checks `list` (not NULL, in the contract's shape) against `status`, the consent's state after the
 * PATCH. Refusals, all 400 Consent.BusinessRuleViolation: PATCH-AUTHORIZERS-COUNT,
 * PATCH-AUTHORIZERS-ID, PATCH-AUTHORIZERS-DATE, PATCH-AUTHORIZERS-STATUS.
 */
int authorizers_check(const cJSON *list, struct lfi_slice status, struct refusal *refusal);

#endif
