/*
 * What a Hub lets a TPP call: under a consent which permission opens which path (consent events
 * 3.2), and what needs no consent at all.
 */
#ifndef HUB_SIM_RULES_H
#define HUB_SIM_RULES_H

#include "consent.h"
#include "contract/contract.h"

struct rule {
    const char *method, *path;  /* template of the contract */
    const char *permissions[4]; /* any of these will do; none: no consent stands behind the call */
    bool paged;
    bool address; /* the bank is told where the TPP saw the customer */
};

/* NULL when TPPs are not offered the operation. */
const struct rule *rules_find(const struct contract_match *match);
bool rules_need_consent(const struct rule *rule);
/* Refusals, all 403: SIM-CONSENT-STATE, SIM-PERMISSION, SIM-ACCOUNT. `account` may be absent. */
int rules_check(const struct sim *sim, struct consent *consent, const struct rule *rule,
                struct lfi_slice account, struct refusal *refusal);

#endif
