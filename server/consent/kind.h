/*
 * The kinds of consents, a row each: what validation, the journey, the customer's own consents,
 * the configuration and the Hub simulator know of a kind. Constant; any thread.
 */
#ifndef CONSENT_KIND_H
#define CONSENT_KIND_H

#include "base/json.h"

/* Which rules a consent of a kind must keep, besides those for all (rules.h). */
enum consent_rule {
    CONSENT_RULE_ACCOUNTS = 1U << 0,    /* the provider holds the account types asked for */
    CONSENT_RULE_PERMISSIONS = 1U << 1, /* the core delivers what each permission opens */
    CONSENT_RULE_SECTORS = 1U << 2,     /* the same, sector by sector of insurance */
};

struct consent_kind {
    const char *name;       /* own.kind.NAME in the pages' texts: "data-sharing"; payments of a
                               known type have that of payment_type.h */
    const char *type;       /* consentType; NULL: any that no other row has */
    const char *family;     /* of rarType: "urn:openfinanceuae:FAMILY:v2.1" */
    const char *schema;     /* of request and consentBody, in kinds.yaml */
    unsigned rules;         /* enum consent_rule */
    bool pays;              /* permissions are those of payments (permissions.h) */
    bool journey;           /* a customer can decide on it here */
    bool accounts;          /* authorized for accounts that the customer has chosen */
    bool policies;          /* the same for insurance policies */
    bool step_up_if_wanted; /* decisions are confirmed only if the bank wants it; else always */
};

/* The rows in their order, the first that fits is the consent's; NULL after the last. */
const struct consent_kind *consent_kind_at(size_t i);
/* By name; NULL: none. */
const struct consent_kind *consent_kind_named(const char *name);
/* The kind of a consent of this consentType. Never NULL: the last row fits all. */
const struct consent_kind *consent_kind_of(struct lfi_slice type);

#endif
