/*
 * An account's lists that are served whole: balances, beneficiaries, direct debits, scheduled
 * payments, standing orders, customers. A sub-type without such records has an empty list.
 * (Data sharing 7.3, 7.6 to 7.10, 9.1.)
 */
#include "connect/call.h"

#include "routes_ozone_connect.h"

static int account_list(struct call *call, lfi_account_list_fn *capability)
{
    struct page page;
    struct lfi_slice account_id;
    struct list list;
    struct lfi_error error = {""};
    if (!capability) {
        return outcome_not_offered(call);
    }
    if (list_page(call, &page) != 0 || access_by_path(call, &account_id) != 0) {
        return -1;
    }
    list_begin(&list, call->reply, list_offset(&page), page.size);
    int rc = capability(call->provider->core, account_id, list_sink(&list), &error);
    if (rc != LFI_CORE_OK) {
        return outcome_refuse(call, rc, &error);
    }
    list_end(&list, call->reply, &page, list.seen, false);
    return 0;
}

int connect_find_balances_by_account_id(struct call *call)
{
    return account_list(call, PROVIDER_GET(call->provider, balances));
}

int connect_find_beneficiaries_by_account_id(struct call *call)
{
    return account_list(call, PROVIDER_GET(call->provider, beneficiaries));
}

int connect_find_direct_debit_by_account_id(struct call *call)
{
    return account_list(call, PROVIDER_GET(call->provider, direct_debits));
}

int connect_find_scheduled_payment_by_account_id(struct call *call)
{
    return account_list(call, PROVIDER_GET(call->provider, scheduled_payments));
}

int connect_find_standing_order_by_account_id(struct call *call)
{
    return account_list(call, PROVIDER_GET(call->provider, standing_orders));
}

int connect_find_customer_by_account_id(struct call *call)
{
    return account_list(call, PROVIDER_GET(call->provider, account_customers));
}
