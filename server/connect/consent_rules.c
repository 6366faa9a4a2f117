#include "connect/consent_rules.h"

#include "rows_ozone_connect.h"

#define DATA_SHARING "cbuae-account-access-consents"

struct rule {
    struct consent_finding finding;
    bool (*broken)(const struct provider *provider, const cJSON *consent);
};

static const cJSON *data_of(const cJSON *consent)
{
    return json_get(json_get(consent, "consentBody"), "Data");
}

static bool is_data_sharing(const cJSON *consent)
{
    return slice_equal_text(json_get_string(consent, "consentType"), DATA_SHARING);
}

static bool is_payment(const cJSON *consent)
{
    return slice_equal_text(json_get_string(consent, "consentType"),
                            "cbuae-service-initiation-consents");
}

/* --- kinds ------------------------------------------------------------------------------------ */

/* "urn:openfinanceuae:FAMILY:v2.1"; may be missing. */
static bool is_of_family(struct lfi_slice urn, const char *family)
{
    struct lfi_slice part = {NULL, 0};
    for (int i = 0; urn.ptr && i < 3; i++) {
        (void)slice_next(&urn, ':', &part);
    }
    return !part.ptr || slice_equal_text(part, family);
}

bool consent_rules_coherent(const cJSON *consent)
{
    static const char *const kinds[][2] = {
        {DATA_SHARING, "account-access-consent"},
        {"cbuae-service-initiation-consents", "service-initiation-consent"},
        {"cbuae-insurance-consents", "insurance-consent"},
    };
    struct lfi_slice type = json_get_string(consent, "consentType");
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (slice_equal_text(type, kinds[i][0])) {
            return is_of_family(json_get_string(consent, "rarType"), kinds[i][1]) &&
                   is_of_family(json_get_string(json_get(consent, "request"), "type"),
                                kinds[i][1]) &&
                   (!is_data_sharing(consent) ||
                    cJSON_IsString(
                        cJSON_GetArrayItem(json_get(data_of(consent), "Permissions"), 0)));
        }
    }
    return true;
}

/* --- against the lists of the configuration --------------------------------------------------- */

static bool offers(const char *const *list, struct lfi_slice value)
{
    for (; *list; list++) {
        if (slice_equal_text(value, *list)) {
            return true;
        }
    }
    return false;
}

static bool exceeds(const char *const *list, const cJSON *wanted)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, wanted)
    {
        if (!offers(list, slice_of(item->valuestring))) {
            return true;
        }
    }
    return false;
}

static bool is_other_kind(const struct provider *provider, const cJSON *consent)
{
    return !offers(provider->offers.consent_types, json_get_string(consent, "consentType"));
}

static bool is_other_account_type(const struct provider *provider, const cJSON *consent)
{
    return exceeds(provider->offers.account_types, json_get(data_of(consent), "AccountType"));
}

static bool is_other_account_sub_type(const struct provider *provider, const cJSON *consent)
{
    return exceeds(provider->offers.account_sub_types,
                   json_get(data_of(consent), "AccountSubType"));
}

/* --- version ---------------------------------------------------------------------------------- */

struct version {
    uint64_t major, minor;
};

/* "v2.1" */
static bool read_version(struct lfi_slice text, struct version *out)
{
    struct lfi_slice major;
    if (!slice_starts_with(text, "v")) {
        return false;
    }
    struct lfi_slice rest = {text.ptr + 1, text.len - 1};
    return slice_next(&rest, '.', &major) && slice_to_u64(major, &out->major) &&
           slice_to_u64(rest, &out->minor);
}

/* Every minor up to the one served, within its major. The member may be missing. */
static bool is_other_version(const struct provider *provider, const cJSON *consent)
{
    struct version wanted, served;
    struct lfi_slice text = json_get_string(consent, "standardVersion");
    if (!text.ptr) {
        return false;
    }
    const char *const *list =
        read_version(text, &wanted) ? provider->offers.standard_versions : NULL;
    for (; list && *list; list++) {
        if (read_version(slice_of(*list), &served) && wanted.major == served.major &&
            wanted.minor <= served.minor) {
            return false;
        }
    }
    return true;
}

/* --- permissions ------------------------------------------------------------------------------ */

/* ReadConsents opens nothing at the bank; ReadRefundAccount is answered with the payment. */
static bool is_delivered(const struct provider *provider, struct lfi_slice permission)
{
    return slice_equal_text(permission, "ReadConsents") ||
           slice_equal_text(permission, "ReadRefundAccount") ||
           flow_delivers(&flow_ozone_connect, provider, permission);
}

static bool is_other_permission(const struct provider *provider, const cJSON *consent)
{
    static const char *const of_payments[] = {"ReadAccountsBasic", "ReadAccountsDetail",
                                              "ReadBalances", "ReadRefundAccount", NULL};
    const cJSON *item, *list = json_get(data_of(consent), "Permissions");
    if (is_payment(consent) && exceeds(of_payments, list)) {
        return true;
    }
    if (!is_payment(consent) && !is_data_sharing(consent)) {
        return false;
    }
    cJSON_ArrayForEach(item, list)
    {
        if (!is_delivered(provider, slice_of(item->valuestring))) {
            return true;
        }
    }
    return false;
}

/* --- payments --------------------------------------------------------------------------------- */

/*
 * Nothing is kept here until a later day, and no file of payments is taken. One kind of schedule a
 * consent; none exactly when the customer is authenticated by the TPP. (Consent events 3.3.)
 */
static bool is_other_payment(const struct provider *provider, const cJSON *consent)
{
    (void)provider;
    if (!is_payment(consent)) {
        return false;
    }
    const cJSON *control = json_get(data_of(consent), "ControlParameters");
    const cJSON *schedule = json_get(control, "ConsentSchedule");
    bool delegated = json_get_bool(control, "IsDelegatedAuthentication", false);
    const cJSON *single = json_get(schedule, "SinglePayment");
    int kinds = (single != NULL) + (json_get(schedule, "MultiPayment") != NULL);
    return json_get(schedule, "FilePayment") || kinds != (delegated ? 0 : 1) ||
           slice_equal_text(json_get_string(single, "Type"), "SingleFutureDatedPayment");
}

/* Domestic payments are in dirhams. */
static bool is_other_currency(const struct provider *provider, const cJSON *consent)
{
    (void)provider;
    return json_get(data_of(consent), "CurrencyRequest");
}

/* --- the rules -------------------------------------------------------------------------------- */

static const struct rule rules[] = {
    {{"UNSUPPORTED_CONSENT", "The bank does not offer this kind of consent."}, is_other_kind},
    {{"UnsupportedVersion", "The bank does not serve this version of the standard."},
     is_other_version},
    {{"UnsupportedAccountType", "The bank does not hold accounts of every AccountType wanted."},
     is_other_account_type},
    {{"UnsupportedAccountSubType", "The bank does not offer every AccountSubType wanted."},
     is_other_account_sub_type},
    {{"UnsupportedPermission", "The bank does not deliver what every permission opens."},
     is_other_permission},
    {{"PaymentTypeNotSupported", "The bank takes no payments of this kind."}, is_other_payment},
    {{"CurrencyNotSupported", "The bank pays in dirhams only."}, is_other_currency},
};

const struct consent_finding *consent_rules_check(const struct provider *provider,
                                                  const cJSON *consent)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (rules[i].broken(provider, consent)) {
            return &rules[i].finding;
        }
    }
    return NULL;
}

const struct consent_finding consent_base_unknown = {"InvalidBaseConsentId",
                                                     "The bank knows no such base consent."};

const struct consent_finding *consent_rules_check_base(const cJSON *consent, const cJSON *base)
{
    static const struct consent_finding other_kind = {"InvalidBaseConsentId",
                                                      "The base consent is of another kind."};
    static const struct consent_finding not_first = {
        "InvalidBaseConsentId", "The base consent is not the first one of its chain."};
    if (!slice_equal(json_get_string(base, "consentType"),
                     json_get_string(consent, "consentType"))) {
        return &other_kind;
    }
    return json_get(data_of(base), "BaseConsentId") ? &not_first : NULL;
}
