/*
 * What the bank can say of a consent from its content alone, before the customer has signed in:
 * kind, version, accounts and permissions against what the provider offers. (Consent
 * events 3.2, 3.3.)
 */
#ifndef CONSENT_RULES_H
#define CONSENT_RULES_H

#include "consent/consent.h"
#include "flow/api.h"

/* Why a consent is not acceptable; texts for the TPP, with nothing from the consent in them. */
struct consent_finding {
    const char *code, *description;
};

/* Prepares the schemas of the kinds; as contract_init and contract_fini. */
int consent_rules_init(struct lfi_error *error);
void consent_rules_fini(void);

/*
 * Whether consentType, rarType, request and consentBody all speak of the same kind of consent.
 * `json` is its text. A consentType of no kind contradicts nothing.
 */
bool consent_rules_coherent(const struct consent *consent, struct lfi_slice json);
/*
 * The first rule of its kind that a consent, checked against the contract, breaks; NULL: none.
 * `offers` are the provider's at `now_us`, UTC; `apis` have the operations that permissions open.
 */
const struct consent_finding *consent_rules_check(const struct consent *consent,
                                                  const struct provider *provider,
                                                  const struct offers *offers,
                                                  const struct apis *apis, int64_t now_us);
/* BaseConsentId must name the first consent of a chain, of the same type. */
const struct consent_finding *consent_rules_check_base(const struct consent *consent,
                                                       const struct consent *base);
/* The base consent is not one of this bank's. */
extern const struct consent_finding consent_base_unknown;

#endif
