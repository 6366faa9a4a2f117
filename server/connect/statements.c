/* Statements: one object per account, of which only the Statements array is paged. (7.5.) */
#include "connect/operation.h"

#include "contract_data_sharing.h"
#include "rows_data_sharing.h"

#include "base/datetime.h"
#include "base/json.h"

#define DAY_US (INT64_C(24) * 3600 * 1000000)

static int read_day(struct call *call, enum data_sharing_parameter bound, int64_t open,
                    int64_t *out)
{
    const char *name =
        bound == DATA_SHARING_FROM_STATEMENT_DATE ? "fromStatementDate" : "toStatementDate";
    struct datetime value;
    struct lfi_slice text = contract_parameter(&call->parameters, bound);
    *out = open;
    if (!text.ptr) {
        return 0;
    }
    if (!datetime_parse(text, &value) || value.has_time) {
        return call_refuse_parameter(call, "DATE-FORM", "%s must be a date: YYYY-MM-DD", name);
    }
    *out = value.wall_us / DAY_US - (value.wall_us % DAY_US < 0);
    return 0;
}

int connect_statements_query(struct call *call)
{
    struct lfi_statement_query *query = &call->query.statements;
    query->base.size = sizeof(*query);
    query->day = call->provider->statement_day;
    if (read_day(call, DATA_SHARING_FROM_STATEMENT_DATE, INT64_MIN, &query->from_day) != 0 ||
        read_day(call, DATA_SHARING_TO_STATEMENT_DATE, INT64_MAX, &query->to_day) != 0) {
        return -1;
    }
    if (query->from_day > query->to_day) {
        return call_refuse_parameter(call, "DATE-ORDER",
                                     "fromStatementDate must not be after toStatementDate");
    }
    return 0;
}

static void append_day(struct buf *out, const char *name, int64_t day)
{
    char text[DATETIME_TEXT_MAX];
    (void)datetime_format_gulf(day * DAY_US - DATETIME_GULF_OFFSET_US, text);
    buf_append_format(out, ",\"%s\":\"%s\"", name, text);
}

static int append_head(struct call *call)
{
    struct json_writer w;
    struct buf *out = &call->reply->body;
    if (!call->account.sub_type[0]) {
        return outcome_refuse_record(call, "the facts of the account have no sub-type");
    }
    call->summary.statements =
        (struct lfi_statement_summary){.size = sizeof(call->summary.statements)};
    json_begin(&w, out);
    json_open_object(&w, NULL);
    json_open_object(&w, "data");
    json_string(&w, "AccountId", call->account_id);
    json_text(&w, "AccountSubType", call->account.sub_type);
    buf_append_text(out, ",\"Statements\":[");
    return 0;
}

int connect_statements_shape(struct call *call, enum flow_part part)
{
    const struct lfi_statement_summary *summary = &call->summary.statements;
    struct buf *out = &call->reply->body;
    if (part == FLOW_HEAD) {
        return append_head(call);
    }
    if (list_check(call, 4) != 0) {
        return -1;
    }
    buf_append_text(out, "]},\"meta\":{");
    list_append_totals(call, true);
    if (summary->held > 0) {
        append_day(out, "firstAvailableDateTime", summary->first_day);
        append_day(out, "lastAvailableDateTime", summary->last_day);
    }
    buf_append_text(out, "}}");
    call->reply->status = 200;
    return 0;
}
