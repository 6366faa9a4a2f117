/* Transactions. (Data sharing 7.4.) */
#include "connect/operation.h"

#include "contract_data_sharing.h"
#include "rows_data_sharing.h"

#include "base/datetime.h"
#include "base/limits.h"

#include <inttypes.h>

/* A bound on the booking time; *given says whether there is one. */
static int read_bound(struct call *call, enum data_sharing_parameter bound, struct datetime *out,
                      bool *given)
{
    const char *name =
        bound == DATA_SHARING_FROM_BOOKING_DATE_TIME ? "fromBookingDateTime" : "toBookingDateTime";
    struct lfi_slice text = contract_parameter(&call->parameters, bound);
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
int connect_transactions_query(struct call *call)
{
    struct lfi_transaction_query *query = &call->query.transactions;
    struct lfi_slice fx = contract_parameter(&call->parameters, DATA_SHARING_O3_FX_TRANSACTIONS);
    query->fx_only = slice_equal_nocase(fx, "true");
    struct datetime from, to;
    bool has_from, has_to;
    if (read_bound(call, DATA_SHARING_FROM_BOOKING_DATE_TIME, &from, &has_from) != 0 ||
        read_bound(call, DATA_SHARING_TO_BOOKING_DATE_TIME, &to, &has_to) != 0) {
        return -1;
    }
    if (has_from && has_to && datetime_compare_wall(&from, &to) > 0) {
        return call_refuse_parameter(call, "DATE-ORDER",
                                     "fromBookingDateTime must not be after toBookingDateTime");
    }
    /* Booking times are whole microseconds: a finer bound moves to the next one inside. */
    query->from = has_from ? datetime_wall_us_from(&from) : LFI_WALL_MIN;
    query->to = has_to ? to.wall_us : LFI_WALL_MAX;
    query->up_to = 0;
    query->base.size = sizeof(*query);
    return 0;
}

/* Same consent, account, filter and page size: same list, whose pages must fit together. */
static struct lfi_slice watermark_key(struct call *call)
{
    const struct lfi_transaction_query *query = &call->query.transactions;
    struct lfi_slice consent = contract_parameter(&call->parameters, DATA_SHARING_O3_CONSENT_ID);
    return arena_format(call->arena, "%s %zu %.*s %zu %.*s %" PRId64 " %" PRId64 " %u %" PRIu64,
                        call->provider->id, consent.len, SLICE_ARG(consent), call->account_id.len,
                        SLICE_ARG(call->account_id), query->from, query->to, query->fx_only,
                        query->base.window.limit);
}

/* Page 1 remembers what it saw, the others ask for it. */
int connect_transactions_shape(struct call *call, enum flow_part part)
{
    struct cache *watermarks = call->connect->watermarks;
    bool first = call->page.number == 1;
    int64_t now = clock_now_us(call->connect->clock);
    if (part == FLOW_HEAD) {
        call->query.transactions.up_to =
            first ? 0 : cache_get(watermarks, watermark_key(call), now);
        call->summary.transactions.size = sizeof(call->summary.transactions);
        list_append_head(call);
        return 0;
    }
    if (first) {
        cache_put(watermarks, watermark_key(call), call->summary.transactions.mark,
                  now + (int64_t)LIMIT_WATERMARK_S * 1000000);
    }
    return list_end(call, true);
}
