#include "psu/consent.h"

#include "base/datetime.h"

#define DATA_SHARING "cbuae-account-access-consents"

/* Permission codes and the group of words that explains each to a person. */
static const struct permission {
    const char *code;
    const char *group;
    bool detail;
} permissions[] = {
    {"ReadAccountsBasic", "accounts", false},
    {"ReadAccountsDetail", "accounts", true},
    {"ReadBalances", "balances", false},
    {"ReadTransactionsBasic", "transactions", false},
    {"ReadTransactionsDetail", "transactions", true},
    {"ReadFXTransactionsBasic", "foreignTransactions", false},
    {"ReadFXTransactionsDetail", "foreignTransactions", true},
    {"ReadFXRemittanceCharges", "foreignTransactions", true},
    {"ReadStatements", "statements", false},
    {"ReadStandingOrdersBasic", "standingOrders", false},
    {"ReadStandingOrdersDetail", "standingOrders", true},
    {"ReadDirectDebits", "directDebits", false},
    {"ReadScheduledPaymentsBasic", "scheduledPayments", false},
    {"ReadScheduledPaymentsDetail", "scheduledPayments", true},
    {"ReadBeneficiariesBasic", "beneficiaries", false},
    {"ReadBeneficiariesDetail", "beneficiaries", true},
    {"ReadProduct", "products", false},
    {"ReadProductFinanceRates", "products", true},
    {"ReadParty", "holders", false},
    {"ReadPartyUser", "you", false},
    {"ReadPartyUserIdentity", "you", true},
    {"ReadConsents", "consents", false},
};
#define PERMISSIONS (sizeof(permissions) / sizeof(permissions[0]))

/* Dates are sent in the newer members or in the deprecated ones (consent journey 3). */
static struct lfi_slice either(const cJSON *data, const char *name, const char *deprecated)
{
    struct lfi_slice value = json_get_string(data, name);
    return value.ptr != NULL ? value : json_get_string(data, deprecated);
}

void consent_read(const cJSON *tree, struct consent *out)
{
    const cJSON *data = json_get(json_get(tree, "consentBody"), "Data");
    *out = (struct consent){
        .type = json_get_string(tree, "consentType"),
        .status = json_get_string(tree, "status"),
        .tpp_name = json_get_string(json_get(tree, "tpp"), "tppName"),
        .on_behalf_of = json_get_string(json_get(data, "OnBehalfOf"), "TradingName"),
        .expires = json_get_string(data, "ExpirationDateTime"),
        .from = either(data, "FromDate", "TransactionFromDateTime"),
        .to = either(data, "ToDate", "TransactionToDateTime"),
        .base_id = json_get_string(data, "BaseConsentId"),
        .user_id = json_get_string(json_get(tree, "psuIdentifiers"), "userId"),
        .account_ids = json_get(tree, "accountIds"),
        .permissions = json_get(data, "Permissions"),
        .account_types = json_get(data, "AccountType"),
        .account_sub_types = json_get(data, "AccountSubType"),
        .deadline = json_get_string(data, "AuthorizationExpirationDateTime"),
    };
}

/* A deadline that is not there never passes; one that cannot be read has. */
static bool is_past(struct lfi_slice deadline, int64_t now_us)
{
    struct datetime value;
    if (deadline.ptr == NULL) {
        return false;
    }
    return !datetime_parse(deadline, &value) || datetime_utc_us(&value) <= now_us;
}

bool consent_is_data_sharing(const struct consent *consent)
{
    return slice_equal_text(consent->type, DATA_SHARING);
}

enum consent_verdict consent_judge(const struct consent *consent, int64_t now_us)
{
    if (!slice_equal_text(consent->status, "AwaitingAuthorization") ||
        is_past(consent->deadline, now_us) || is_past(consent->expires, now_us)) {
        return CONSENT_CLOSED;
    }
    return consent_is_data_sharing(consent) ? CONSENT_OPEN : CONSENT_UNSUPPORTED;
}

struct lfi_slice consent_beneficiary(const struct consent *consent)
{
    return consent->on_behalf_of.len > 0 ? consent->on_behalf_of : consent->tpp_name;
}

bool consent_lists(const cJSON *array, struct lfi_slice text)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, array)
    {
        if (cJSON_IsString(item) && slice_equal_text(text, item->valuestring)) {
            return true;
        }
    }
    return false;
}

static bool is_known(const char *code)
{
    for (size_t i = 0; i < PERMISSIONS; i++) {
        if (strcmp(permissions[i].code, code) == 0) {
            return true;
        }
    }
    return false;
}

static void append_group(struct json_writer *w, const char *group, bool detail)
{
    json_open_object(w, NULL);
    json_text(w, "group", group);
    json_bool(w, "detail", detail);
    json_close_object(w);
}

void consent_append_groups(const struct consent *consent, struct json_writer *w)
{
    size_t i = 0;
    json_open_array(w, "permissions");
    while (i < PERMISSIONS) {
        const char *group = permissions[i].group;
        bool asked = false;
        bool detail = false;
        for (; i < PERMISSIONS && strcmp(permissions[i].group, group) == 0; i++) {
            if (consent_lists(consent->permissions, slice_of(permissions[i].code))) {
                asked = true;
                detail = detail || permissions[i].detail;
            }
        }
        if (asked) {
            append_group(w, group, detail);
        }
    }
    const cJSON *code;
    cJSON_ArrayForEach(code, consent->permissions)
    {
        if (!cJSON_IsString(code) || !is_known(code->valuestring)) {
            append_group(w, "other", false);
            break;
        }
    }
    json_close_array(w);
}
