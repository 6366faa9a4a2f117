#include "tpp/family.h"

#include "base/array.h"
#include "roles.h"
#include "versions.h"

static const struct tpp_family families[] = {
    {.kind = "data-sharing",
     .type = "account-access-consent",
     .schema = "AccountAccessDetails",
     .scope = "accounts",
     .role = TPP_READS_ACCOUNTS,
     .base = "account-information",
     .path = "account-access-consents",
     .patch = "AccountConsentPatch",
     .base_id = "baseConsentId"},
    {.kind = "flexi-pay",
     .type = "service-initiation-consent",
     .schema = "ServiceInitiationDetails",
     .scope = "payments",
     .role = TPP_PAYS,
     .base = "payment",
     .path = "payment-consents",
     .patch = "PaymentConsentPatch",
     .base_id = "baseConsentId",
     .signs = true},
    {.kind = "insurance",
     .type = "insurance-consent",
     .schema = "InsuranceAccessDetails",
     .scope = "insurance",
     .role = TPP_INSURES,
     .base = "insurance",
     .path = "insurance-consents",
     .base_id = "BaseConsentId",
     .lists_data = true},
};
#define FAMILIES ARRAY_LEN(families)

const struct tpp_family *family_of_type(struct lfi_slice type, uint32_t *version)
{
    struct lfi_slice family;
    for (size_t i = 0; details_type_read(type, &family, version) && i < FAMILIES; i++) {
        if (slice_equal_text(family, families[i].type)) {
            return &families[i];
        }
    }
    return NULL;
}

const struct tpp_family *family_of_consent(const struct consent *consent)
{
    const struct consent_kind *kind =
        consent_kind_of(json_get_string(consent->data, "consentType"));
    for (size_t i = 0; i < FAMILIES; i++) {
        if (strcmp(families[i].kind, kind->name) == 0) {
            return &families[i];
        }
    }
    return &families[0];
}

const struct tpp_family *family_of_path(const char *path)
{
    for (size_t i = 0; i < FAMILIES; i++) {
        if (strncmp(path + 1, families[i].path, strlen(families[i].path)) == 0) {
            return &families[i];
        }
    }
    return &families[0];
}
