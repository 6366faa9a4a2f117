/*
 * What the bank can say of a consent from its content alone, before anybody has signed in: kind,
 * version, accounts and permissions against what the provider offers. (Consent events 3.2, 3.3.)
 */
#ifndef CONNECT_CONSENT_RULES_H
#define CONNECT_CONSENT_RULES_H

#include "base/json.h"
#include "provider/provider.h"

/* Why a consent is not acceptable; texts for the TPP, with nothing from the consent in them. */
struct consent_finding {
    const char *code, *description;
};

/* Whether consentType, rarType, request and body all speak of the same kind of consent. */
bool consent_rules_coherent(const cJSON *consent);
/* The first rule that a consent, checked against the contract, breaks; NULL: none. */
const struct consent_finding *consent_rules_check(const struct provider *provider,
                                                  const cJSON *consent);
/* BaseConsentId must name the first consent of a chain, of the same kind. */
const struct consent_finding *consent_rules_check_base(const cJSON *consent, const cJSON *base);
/* The base consent is not one of this bank's. */
extern const struct consent_finding consent_base_unknown;

#endif
