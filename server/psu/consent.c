#include "psu/consent.h"

#include "base/datetime.h"

#define DATA_SHARING "cbuae-account-access-consents"

/* Permission codes and the group of words that explains each to a person. */
static const struct permission {
    const char *code;
    const char *group;
    bool includes_previous; /* tells all that the row above tells, and more */
} permissions[] = {
    {"ReadAccountsBasic", "accounts", false},
    {"ReadAccountsDetail", "accounts", true},
    {"ReadRefundAccount", "accounts", false},
    {"ReadBalances", "balances", false},
    {"ReadTransactionsBasic", "transactions", false},
    {"ReadTransactionsDetail", "transactions", true},
    {"ReadFXTransactionsBasic", "foreignTransactions", false},
    {"ReadFXTransactionsDetail", "foreignTransactions", true},
    {"ReadFXRemittanceCharges", "foreignTransactions", false},
    {"ReadStatements", "statements", false},
    {"ReadStandingOrdersBasic", "standingOrders", false},
    {"ReadStandingOrdersDetail", "standingOrders", true},
    {"ReadDirectDebits", "directDebits", false},
    {"ReadScheduledPaymentsBasic", "scheduledPayments", false},
    {"ReadScheduledPaymentsDetail", "scheduledPayments", true},
    {"ReadBeneficiariesBasic", "beneficiaries", false},
    {"ReadBeneficiariesDetail", "beneficiaries", true},
    {"ReadProduct", "products", false},
    {"ReadProductFinanceRates", "products", false},
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
        .purpose = json_get_string(json_get(data, "OpenFinanceBilling"), "Purpose"),
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

/* Asked for, or included in what is. */
static bool is_shown(const struct consent *consent, size_t i)
{
    const struct permission *next = i + 1 < PERMISSIONS ? &permissions[i + 1] : NULL;
    return consent_lists(consent->permissions, slice_of(permissions[i].code)) ||
           (next && next->includes_previous &&
            consent_lists(consent->permissions, slice_of(next->code)));
}

static void open_group(struct json_writer *w, const char *group)
{
    json_open_object(w, NULL);
    json_text(w, "group", group);
    json_open_array(w, "permissions");
}

static void close_group(struct json_writer *w)
{
    json_close_array(w);
    json_close_object(w);
}

/* The group that begins at row `i`; the row after it. */
static size_t append_group(const struct consent *consent, struct json_writer *w, size_t i)
{
    const char *group = permissions[i].group;
    bool open = false;
    for (; i < PERMISSIONS && strcmp(permissions[i].group, group) == 0; i++) {
        if (is_shown(consent, i)) {
            if (!open) {
                open_group(w, group);
                open = true;
            }
            json_text(w, NULL, permissions[i].code);
        }
    }
    if (open) {
        close_group(w);
    }
    return i;
}

void consent_append_groups(const struct consent *consent, struct json_writer *w)
{
    const cJSON *code;
    json_open_array(w, "permissions");
    for (size_t i = 0; i < PERMISSIONS;) {
        i = append_group(consent, w, i);
    }
    cJSON_ArrayForEach(code, consent->permissions)
    {
        if (!cJSON_IsString(code) || !is_known(code->valuestring)) {
            open_group(w, "other");
            json_text(w, NULL, "other");
            close_group(w);
            break;
        }
    }
    json_close_array(w);
}
