#include "consent/permissions.h"
#include "base/array.h"

static const struct consent_permission permissions[] = {
    {.code = "ReadAccountsBasic", .group = "accounts", .of_payments = true},
    {.code = "ReadAccountsDetail",
     .group = "accounts",
     .includes_previous = true,
     .of_payments = true},
    /* Answered with the payment. */
    {.code = "ReadRefundAccount",
     .group = "accounts",
     .of_payments = true,
     .without_operation = true},
    {.code = "ReadBalances", .group = "balances", .of_payments = true},
    {.code = "ReadTransactionsBasic", .group = "transactions"},
    {.code = "ReadTransactionsDetail", .group = "transactions", .includes_previous = true},
    {.code = "ReadFXTransactionsBasic", .group = "foreignTransactions"},
    {.code = "ReadFXTransactionsDetail", .group = "foreignTransactions", .includes_previous = true},
    {.code = "ReadFXRemittanceCharges", .group = "foreignTransactions"},
    {.code = "ReadStatements", .group = "statements"},
    {.code = "ReadStandingOrdersBasic", .group = "standingOrders"},
    {.code = "ReadStandingOrdersDetail", .group = "standingOrders", .includes_previous = true},
    {.code = "ReadDirectDebits", .group = "directDebits"},
    {.code = "ReadScheduledPaymentsBasic", .group = "scheduledPayments"},
    {.code = "ReadScheduledPaymentsDetail",
     .group = "scheduledPayments",
     .includes_previous = true},
    {.code = "ReadBeneficiariesBasic", .group = "beneficiaries"},
    {.code = "ReadBeneficiariesDetail", .group = "beneficiaries", .includes_previous = true},
    {.code = "ReadProduct", .group = "products"},
    {.code = CONSENT_FINANCE_RATES, .group = "products"},
    {.code = "ReadParty", .group = "holders"},
    {.code = "ReadPartyUser", .group = "you"},
    {.code = "ReadPartyUserIdentity", .group = "you", .includes_previous = true},
    /* The Hub answers it alone. */
    {.code = "ReadConsents", .group = "consents", .without_operation = true},
};
#define PERMISSIONS ARRAY_LEN(permissions)

const struct consent_permission *consent_permission_at(size_t i)
{
    return i < PERMISSIONS ? &permissions[i] : NULL;
}

const struct consent_permission *consent_permission_find(struct lfi_slice code)
{
    for (size_t i = 0; i < PERMISSIONS; i++) {
        if (slice_equal_text(code, permissions[i].code)) {
            return &permissions[i];
        }
    }
    return NULL;
}

/* --- groups ----------------------------------------------------------------------------------- */

/* Asked for, or included in what is. */
static bool is_shown(const cJSON *codes, size_t i)
{
    const struct consent_permission *next = consent_permission_at(i + 1);
    return json_lists(codes, slice_of(permissions[i].code)) ||
           (next && next->includes_previous && json_lists(codes, slice_of(next->code)));
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
static size_t append_group(const cJSON *codes, struct json_writer *w, size_t i)
{
    const char *group = permissions[i].group;
    bool open = false;
    for (; i < PERMISSIONS && strcmp(permissions[i].group, group) == 0; i++) {
        if (is_shown(codes, i)) {
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

void consent_permissions_append_groups(const cJSON *codes, struct json_writer *w)
{
    const cJSON *code;
    json_open_array(w, "permissions");
    for (size_t i = 0; i < PERMISSIONS;) {
        i = append_group(codes, w, i);
    }
    cJSON_ArrayForEach(code, codes)
    {
        if (!consent_permission_find(slice_of(cJSON_GetStringValue(code)))) {
            open_group(w, "other");
            json_text(w, NULL, "other");
            close_group(w);
            break;
        }
    }
    json_close_array(w);
}
