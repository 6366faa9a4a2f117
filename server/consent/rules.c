#include "consent/rules.h"

#include "base/array.h"
#include "consent/permissions.h"
#include "consent/policy_rights.h"
#include "contract/version.h"
#include "contract_consent_kinds.h"

/* What a rule looks at. */
struct subject {
    const struct consent *consent;
    const struct provider *provider;
    const struct offers *offers;
    const struct apis *apis;
    int64_t now_us;
};

int consent_rules_init(struct lfi_error *error)
{
    return contract_init(&contract_consent_kinds, error);
}

void consent_rules_fini(void)
{
    contract_fini(&contract_consent_kinds);
}

/* --- one kind --------------------------------------------------------------------------------- */

/* "urn:openfinanceuae:FAMILY:v2.1"; may be missing. */
static bool is_of_family(struct lfi_slice urn, const char *family)
{
    struct lfi_slice part = {NULL, 0};
    for (int i = 0; urn.ptr && i < 3; i++) {
        (void)slice_next(&urn, ':', &part);
    }
    return !part.ptr || slice_equal_text(part, family);
}

bool consent_rules_coherent(const struct consent *consent, struct lfi_slice json)
{
    const struct consent_kind *kind = consent->kind;
    struct contract_violation violation;
    return !kind->type ||
           (is_of_family(consent->rar_type, kind->family) &&
            contract_check_json(contract_schema_named(&contract_consent_kinds, kind->schema), json,
                                &violation) == 0);
}

/* --- against the lists of the configuration --------------------------------------------------- */

static bool exceeds(const char *const *list, const cJSON *wanted)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, wanted)
    {
        if (!offers_list(list, slice_of(item->valuestring))) {
            return true;
        }
    }
    return false;
}

static bool is_other_kind(const struct subject *subject)
{
    return !consent_is_offered(subject->consent, subject->offers) ||
           (subject->consent->kind->pays && !subject->provider->payments) ||
           (subject->consent->kind->policies && !subject->provider->insurance);
}

static bool is_other_account_type(const struct subject *subject)
{
    return exceeds(subject->offers->account_types, subject->consent->account_types);
}

static bool is_other_account_sub_type(const struct subject *subject)
{
    return exceeds(subject->offers->account_sub_types, subject->consent->account_sub_types);
}

/* --- version ---------------------------------------------------------------------------------- */

/* New consents of this version are taken, and its calls served. The member may be missing. */
static bool is_other_version(const struct subject *subject)
{
    const struct offers *offers = subject->offers;
    const uint32_t *served =
        offers->versions[subject->consent->kind->pays ? CONTRACT_SERVICE_INITIATION
                                                      : CONTRACT_DATA_SHARING];
    struct lfi_slice wanted = subject->consent->version;
    uint32_t version = wanted.ptr ? version_resolve(served, version_read(wanted)) : 0;
    return wanted.ptr && (version == 0 || version_is_listed(offers->closing, version));
}

/* --- time ------------------------------------------------------------------------------------- */

static bool is_overdue(const struct subject *subject)
{
    return consent_is_overdue(subject->consent, subject->now_us);
}

/* --- permissions ------------------------------------------------------------------------------ */

static bool is_permitted(const struct subject *subject, struct lfi_slice code)
{
    const struct consent_permission *permission = consent_permission_find(code);
    return permission && (permission->of_payments || !subject->consent->kind->pays) &&
           (permission->without_operation || apis_deliver(subject->apis, subject->provider, code));
}

static bool is_other_permission(const struct subject *subject)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, subject->consent->permissions)
    {
        if (!is_permitted(subject, slice_of(item->valuestring))) {
            return true;
        }
    }
    return false;
}

/* --- insurance -------------------------------------------------------------------------------- */

static bool is_other_sector(const struct subject *subject)
{
    const cJSON *block;
    cJSON_ArrayForEach(block, subject->consent->permissions)
    {
        unsigned sector = policy_sector_named(json_get_string(block, "InsuranceType"));
        if (sector == LFI_INSURANCE_SECTORS ||
            !(subject->provider->insurance->sectors & 1U << sector)) {
            return true;
        }
    }
    return false;
}

static bool is_other_policy_permission(const struct subject *subject)
{
    const cJSON *block, *code;
    cJSON_ArrayForEach(block, subject->consent->permissions)
    {
        cJSON_ArrayForEach(code, json_get(block, "Permissions"))
        {
            if (!apis_deliver(subject->apis, subject->provider, slice_of(code->valuestring))) {
                return true;
            }
        }
    }
    return false;
}

static bool lacks_base(const struct subject *subject)
{
    const cJSON *block;
    cJSON_ArrayForEach(block, subject->consent->permissions)
    {
        if (!json_lists(json_get(block, "Permissions"),
                        slice_of(policy_right_code(RIGHT_POLICIES)))) {
            return true;
        }
    }
    return false;
}

/* --- the rules -------------------------------------------------------------------------------- */

#define ALL_KINDS 0

static const struct rule {
    unsigned of; /* enum consent_rule; or ALL_KINDS */
    struct consent_finding finding;
    bool (*broken)(const struct subject *subject);
} rules[] = {
    {ALL_KINDS,
     {"UNSUPPORTED_CONSENT", "The bank does not offer this kind of consent."},
     is_other_kind},
    {ALL_KINDS,
     {"UnsupportedVersion", "The bank does not serve this version of the standard."},
     is_other_version},
    {ALL_KINDS,
     {"AuthorizationExpired", "AuthorizationExpirationDateTime has passed."},
     is_overdue},
    {CONSENT_RULE_ACCOUNTS,
     {"UnsupportedAccountType", "The bank does not hold accounts of every AccountType wanted."},
     is_other_account_type},
    {CONSENT_RULE_ACCOUNTS,
     {"UnsupportedAccountSubType", "The bank does not offer every AccountSubType wanted."},
     is_other_account_sub_type},
    {CONSENT_RULE_PERMISSIONS,
     {"UnsupportedPermission", "The bank does not deliver what every permission opens."},
     is_other_permission},
    {CONSENT_RULE_SECTORS,
     {"UnsupportedInsuranceType", "The insurer has no policies of every InsuranceType wanted."},
     is_other_sector},
    {CONSENT_RULE_SECTORS,
     {"UnsupportedPermission", "The insurer does not deliver what every permission opens."},
     is_other_policy_permission},
    {CONSENT_RULE_SECTORS,
     {"MissingBasePermission", "Each InsuranceType needs ReadInsurancePolicies."},
     lacks_base},
};

const struct consent_finding *consent_rules_check(const struct consent *consent,
                                                  const struct provider *provider,
                                                  const struct offers *offers,
                                                  const struct apis *apis, int64_t now_us)
{
    const struct subject subject = {consent, provider, offers, apis, now_us};
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        bool applies = rules[i].of == ALL_KINDS || (rules[i].of & consent->kind->rules);
        if (applies && rules[i].broken(&subject)) {
            return &rules[i].finding;
        }
    }
    return NULL;
}

const struct consent_finding consent_base_unknown = {"InvalidBaseConsentId",
                                                     "The bank knows no such base consent."};

const struct consent_finding *consent_rules_check_base(const struct consent *consent,
                                                       const struct consent *base)
{
    static const struct consent_finding other_kind = {"InvalidBaseConsentId",
                                                      "The base consent is of another kind."};
    static const struct consent_finding not_first = {
        "InvalidBaseConsentId", "The base consent is not the first one of its chain."};
    if (!slice_equal(base->type, consent->type)) {
        return &other_kind;
    }
    return base->base_id.ptr ? &not_first : NULL;
}
