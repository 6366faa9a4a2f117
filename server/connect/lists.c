/*
 * An account's lists that are served whole: balances, beneficiaries, direct debits, scheduled
 * payments, standing orders, customers. A sub-type without such records has an empty list.
 * (Data sharing 7.3, 7.6 to 7.10, 9.1.)
 */
#include "connect/call.h"

#include "routes_ozone_connect.h"

#define ACCOUNT_ID "accountId"

/* `member`: of each record, the account's id; NULL: records do not name their account. */
static int account_list(struct call *call, lfi_account_list_fn *capability, const char *member)
{
    struct page page;
    struct list list;
    struct lfi_error error = {""};
    if (!capability) {
        return outcome_not_offered(call);
    }
    if (list_page(call, &page) != 0 || access_by_path(call) != 0) {
        return -1;
    }
    list_begin(&list, call, list_offset(&page), page.size);
    list_expect_account(&list, member);
    int rc = capability(call->provider->core, call->account_id, list_sink(&list), &error);
    return outcome_check(call, OUTCOME_ACCOUNT, rc, &error) == 0
               ? list_end(&list, &page, list.seen, false)
               : -1;
}

int connect_find_balances_by_account_id(struct call *call)
{
    return account_list(call, PROVIDER_GET(call->provider, balances), ACCOUNT_ID);
}

int connect_find_beneficiaries_by_account_id(struct call *call)
{
    return account_list(call, PROVIDER_GET(call->provider, beneficiaries), ACCOUNT_ID);
}

int connect_find_direct_debit_by_account_id(struct call *call)
{
    return account_list(call, PROVIDER_GET(call->provider, direct_debits), ACCOUNT_ID);
}

int connect_find_scheduled_payment_by_account_id(struct call *call)
{
    return account_list(call, PROVIDER_GET(call->provider, scheduled_payments), ACCOUNT_ID);
}

int connect_find_standing_order_by_account_id(struct call *call)
{
    return account_list(call, PROVIDER_GET(call->provider, standing_orders), ACCOUNT_ID);
}

int connect_find_customer_by_account_id(struct call *call)
{
    return account_list(call, PROVIDER_GET(call->provider, account_customers), NULL);
}
