#include "consent/kind.h"
#include "base/array.h"

static const struct consent_kind kinds[] = {
    {.name = "data-sharing",
     .type = "cbuae-account-access-consents",
     .family = "account-access-consent",
     .schema = "DataSharing",
     .rules = CONSENT_RULE_ACCOUNTS | CONSENT_RULE_PERMISSIONS,
     .journey = true,
     .accounts = true,
     .step_up_if_wanted = true},
    {.name = "flexi-pay",
     .type = "cbuae-service-initiation-consents",
     .family = "service-initiation-consent",
     .schema = "Payment",
     .rules = CONSENT_RULE_PERMISSIONS,
     .pays = true,
     .journey = true,
     .accounts = true},
    {.name = "insurance",
     .type = "cbuae-insurance-consents",
     .family = "insurance-consent",
     .schema = "Insurance",
     .rules = CONSENT_RULE_SECTORS,
     .journey = true,
     .policies = true,
     .step_up_if_wanted = true},
    {.name = "other"},
};
#define KINDS ARRAY_LEN(kinds)

const struct consent_kind *consent_kind_at(size_t i)
{
    return i < KINDS ? &kinds[i] : NULL;
}

const struct consent_kind *consent_kind_named(const char *name)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            return &kinds[i];
        }
    }
    return NULL;
}

const struct consent_kind *consent_kind_of(struct lfi_slice type)
{
    const struct consent_kind *kind = kinds;
    while (kind->type && !slice_equal_text(type, kind->type)) {
        kind++;
    }
    return kind;
}
