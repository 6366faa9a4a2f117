/* The lists of an account, each whole. */
#include "check.h"

#include <string.h>

const struct account_list ACCOUNT_LIST[ACCOUNT_LISTS] = {
    {"accounts.balances", NULL, true},
    {"accounts.beneficiaries", "beneficiaryId", true},
    {"accounts.direct_debits", "directDebitId", true},
    {"accounts.scheduled_payments", "scheduledPaymentId", true},
    {"accounts.standing_orders", "standingOrderId", true},
    {"accounts.customers", NULL, false},
    {"accounts.products", NULL, false},
};

#define LIST_PRODUCTS 6

lfi_account_list_fn *list_function(const struct run *run, size_t list)
{
    const struct provider *p = run->provider;
    switch (list) {
    case 0:
        return PROVIDER_SERVES(p, accounts, balances) ? p->accounts->balances : NULL;
    case 1:
        return PROVIDER_SERVES(p, accounts, beneficiaries) ? p->accounts->beneficiaries : NULL;
    case 2:
        return PROVIDER_SERVES(p, accounts, direct_debits) ? p->accounts->direct_debits : NULL;
    case 3:
        return PROVIDER_SERVES(p, accounts, scheduled_payments) ? p->accounts->scheduled_payments
                                                                : NULL;
    case 4:
        return PROVIDER_SERVES(p, accounts, standing_orders) ? p->accounts->standing_orders : NULL;
    case 5:
        return PROVIDER_SERVES(p, accounts, customers) ? p->accounts->customers : NULL;
    default:
        return PROVIDER_SERVES(p, accounts, products) ? p->accounts->products : NULL;
    }
}

typedef void list_check_fn(struct run *run, size_t list, const char *account,
                           const struct records *records);

/* Asks for every list of every account; `check` looks at each that was given. */
static void each_list(struct run *run, list_check_fn *check)
{
    size_t offered = 0;
    for (size_t list = 0; list < ACCOUNT_LISTS; list++) {
        lfi_account_list_fn *function = list_function(run, list);
        offered += function ? 1 : 0;
        for (size_t u = 0; function && u < run->user_count; u++) {
            for (size_t i = 0; i < run->held[u].count; i++) {
                const char *account = record_text(&run->held[u].items[i], "id");
                struct records records = {.total = 0};
                int status = ask_list(run, ACCOUNT_LIST[list].serves, function, account, &records);
                if (status != LFI_OK) {
                    broken(run, "%s: %s for account %s, which exists", ACCOUNT_LIST[list].serves,
                           status_name(status), account);
                } else {
                    check(run, list, account, &records);
                }
                records_free(&records);
            }
        }
    }
    if (offered == 0) {
        not_checked(run, "the core offers none of the lists");
    }
}

static void check_owner(struct run *run, size_t list, const char *account,
                        const struct records *records)
{
    for (size_t i = 0; ACCOUNT_LIST[list].names_account && i < records->count; i++) {
        const char *named = record_text(&records->items[i], "accountId");
        if (strcmp(named, account) != 0) {
            broken(run, "%s: asked for account %s, given a record of account %s",
                   ACCOUNT_LIST[list].serves, account, named);
        }
    }
}

static void owner(struct run *run)
{
    each_list(run, check_owner);
}

static void check_order(struct run *run, size_t list, const char *account,
                        const struct records *records)
{
    const char *id = ACCOUNT_LIST[list].id;
    struct records again = {.total = 0};
    for (size_t i = 1; id && i < records->count; i++) {
        const char *before = record_text(&records->items[i - 1], id);
        const char *this = record_text(&records->items[i], id);
        if (strcmp(before, this) >= 0) {
            broken(run, "%s: account %s: %s does not follow %s", ACCOUNT_LIST[list].serves, account,
                   this, before);
        }
    }
    (void)ask_list(run, ACCOUNT_LIST[list].serves, list_function(run, list), account, &again);
    if (!records_equal(records, &again)) {
        broken(run, "%s: account %s: asked twice, given two lists", ACCOUNT_LIST[list].serves,
               account);
    }
    records_free(&again);
}

static void order(struct run *run)
{
    each_list(run, check_order);
}

static void check_shape(struct run *run, size_t list, const char *account,
                        const struct records *records)
{
    for (size_t i = 0; i < records->count; i++) {
        if (!fits_contract(run, ACCOUNT_LIST[list].serves, &records->items[i])) {
            return;
        }
    }
    if (list == LIST_PRODUCTS && records->count > LFI_ACCOUNT_PRODUCTS_MAX) {
        broken(run, "account %s has %zu products; at most %d are taken", account, records->count,
               LFI_ACCOUNT_PRODUCTS_MAX);
    }
}

static void shape(struct run *run)
{
    each_list(run, check_shape);
}

static void unknown_account(struct run *run)
{
    for (size_t list = 0; list < ACCOUNT_LISTS; list++) {
        lfi_account_list_fn *function = list_function(run, list);
        struct records records = {.total = 0};
        if (!function) {
            continue;
        }
        int status = ask_list(run, ACCOUNT_LIST[list].serves, function, CHECK_ID_UNKNOWN, &records);
        if (status != LFI_UNKNOWN || records.count > 0) {
            broken(run, "%s: %s and %zu records for an account that was never issued",
                   ACCOUNT_LIST[list].serves, status_name(status), records.count);
        }
        records_free(&records);
    }
}

const struct rule RULES_LISTS[] = {
    {"list-owner", "Each record of a list names the account that was asked for.", owner},
    {"list-order", "Lists come by id ascending, and the same each time.", order},
    {"list-shape", "Records of lists have the contract's shape.", shape},
    {"list-unknown", "A list of an account that was never issued is UNKNOWN.", unknown_account},
    {NULL, NULL, NULL},
};
