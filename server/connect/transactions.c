/* Transactions. (Data sharing 7.4.) */
#include "connect/call.h"

#include "routes_ozone_connect.h"

#include "base/datetime.h"
#include "base/limits.h"

/* The wall-clock part as written: a zone offset is read but plays no part. */
static int read_bound(struct call *call, const char *name, lfi_wall_us open, lfi_wall_us *out)
{
    struct datetime value;
    struct lfi_slice text = contract_parameter(&call->parameters, name);
    if (!text.ptr) {
        *out = open;
        return 0;
    }
    if (!datetime_parse(text, &value) || (value.has_time && !value.has_offset)) {
        return list_refuse_date(call, "DATE-FORM", name);
    }
    *out = value.wall_us;
    return 0;
}

static int read_query(struct call *call, struct lfi_transaction_query *query)
{
    struct lfi_slice fx = contract_parameter(&call->parameters, "o3-fx-transactions");
    query->fx_only = slice_equal_nocase(fx, "true");
    if (read_bound(call, "fromBookingDateTime", LFI_WALL_MIN, &query->from) != 0 ||
        read_bound(call, "toBookingDateTime", LFI_WALL_MAX, &query->to) != 0) {
        return -1;
    }
    if (query->from > query->to) {
        return list_refuse_date(call, "DATE-ORDER",
                                "fromBookingDateTime is after toBookingDateTime");
    }
    return 0;
}

/* Same consent, account, filter and page size: same list, whose pages must fit together. */
static uint64_t watermark_key(struct call *call, const struct lfi_transaction_query *query)
{
    uint64_t key = 0;
    key = memo_key(key, slice_of(call->provider->id));
    key = memo_key(key, contract_parameter(&call->parameters, "o3-consent-id"));
    key = memo_key(key, query->account_id);
    key = memo_key_number(key, (uint64_t)query->from);
    key = memo_key_number(key, (uint64_t)query->to);
    key = memo_key_number(key, (uint64_t)query->fx_only);
    return memo_key_number(key, query->window.limit);
}

int connect_find_transactions_by_account_id(struct call *call)
{
    struct page page;
    struct list list;
    struct lfi_transaction_query query = {0};
    struct lfi_transaction_totals totals = {0};
    struct lfi_error error = {""};
    if (!PROVIDER_HAS(call->provider, transactions)) {
        return outcome_not_offered(call);
    }
    if (list_page(call, &page) != 0 || read_query(call, &query) != 0 ||
        access_by_path(call, &query.account_id) != 0) {
        return -1;
    }
    query.window = (struct lfi_window){list_offset(&page), page.size};
    struct memo *watermarks = call->connect->watermarks;
    uint64_t key = watermark_key(call, &query);
    int64_t now = clock_now_us(call->connect->clock);
    query.up_to = page.number > 1 ? memo_get(watermarks, key, now) : 0;

    list_begin(&list, call->reply, 0, UINT64_MAX);
    int rc = call->provider->ops->transactions(call->provider->core, &query, list_sink(&list),
                                               &totals, &error);
    if (rc != LFI_CORE_OK) {
        return outcome_refuse(call, rc, &error);
    }
    if (page.number == 1) {
        memo_put(watermarks, key, totals.mark, now + (int64_t)LIMIT_WATERMARK_S * 1000000);
    }
    list_end(&list, call->reply, &page, totals.total, true);
    return 0;
}
