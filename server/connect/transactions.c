/* Transactions. (Data sharing 7.4.) */
#include "connect/call.h"

#include "routes_ozone_connect.h"

#include "base/datetime.h"
#include "base/limits.h"

#include <inttypes.h>

/* A bound on the booking time; *given says whether there is one. */
static int read_bound(struct call *call, const char *name, struct datetime *out, bool *given)
{
    struct lfi_slice text = contract_parameter(&call->parameters, name);
    *given = text.ptr;
    if (*given && (!datetime_parse(text, out) || (out->has_time && !out->has_offset))) {
        return call_refuse_parameter(call, "DATE-FORM",
                                     "%s must be a date-time with an offset, or a date", name);
    }
    return 0;
}

/*
 * Filters compare the wall clock as written: a zone offset is read but plays no part (data sharing
 * 7.4.2). A later version of the standard may want instants: this is the place.
 */
static int read_query(struct call *call, struct lfi_transaction_query *query)
{
    struct lfi_slice fx = contract_parameter(&call->parameters, "o3-fx-transactions");
    query->fx_only = slice_equal_nocase(fx, "true");
    struct datetime from, to;
    bool has_from, has_to;
    if (read_bound(call, "fromBookingDateTime", &from, &has_from) != 0 ||
        read_bound(call, "toBookingDateTime", &to, &has_to) != 0) {
        return -1;
    }
    if (has_from && has_to && datetime_compare_wall(&from, &to) > 0) {
        return call_refuse_parameter(call, "DATE-ORDER",
                                     "fromBookingDateTime must not be after toBookingDateTime");
    }
    /* Booking times are whole microseconds: a finer bound moves to the next one inside. */
    query->from = has_from ? datetime_wall_us_from(&from) : LFI_WALL_MIN;
    query->to = has_to ? to.wall_us : LFI_WALL_MAX;
    return 0;
}

/* Same consent, account, filter and page size: same list, whose pages must fit together. */
static struct lfi_slice watermark_key(struct call *call, const struct lfi_transaction_query *query)
{
    struct lfi_slice consent = contract_parameter(&call->parameters, "o3-consent-id");
    return arena_format(call->arena, "%s %zu %.*s %zu %.*s %" PRId64 " %" PRId64 " %d %" PRIu64,
                        call->provider->id, consent.len, SLICE_ARG(consent), query->account_id.len,
                        SLICE_ARG(query->account_id), query->from, query->to, query->fx_only,
                        query->window.limit);
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
    if (list_page(call, &page) != 0 || read_query(call, &query) != 0 || access_by_path(call) != 0) {
        return -1;
    }
    query.account_id = call->account_id;
    query.window = (struct lfi_window){list_offset(&page), page.size};
    struct memo *watermarks = call->connect->watermarks;
    struct lfi_slice key = watermark_key(call, &query);
    int64_t now = clock_now_us(call->connect->clock);
    query.up_to = page.number > 1 ? memo_get(watermarks, key, now) : 0;

    list_begin(&list, call, 0, UINT64_MAX);
    list_expect_account(&list, "accountId");
    int rc = call->provider->ops->transactions(call->provider->core, &query, list_sink(&list),
                                               &totals, &error);
    if (outcome_check(call, OUTCOME_ACCOUNT, rc, &error) != 0) {
        return -1;
    }
    if (page.number == 1) {
        memo_put(watermarks, key, totals.mark, now + (int64_t)LIMIT_WATERMARK_S * 1000000);
    }
    return list_end(&list, &page, totals.total, true);
}
