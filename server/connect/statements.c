/* Statements: one object per account, of which only the Statements array is paged. (7.5.) */
#include "connect/call.h"

#include "routes_ozone_connect.h"

#include "base/datetime.h"
#include "base/json.h"

#define DAY_US (INT64_C(24) * 3600 * 1000000)

static int read_day(struct call *call, const char *name, int64_t open, int64_t *out)
{
    struct datetime value;
    struct lfi_slice text = contract_parameter(&call->parameters, name);
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

static int read_query(struct call *call, struct lfi_statement_query *query)
{
    if (read_day(call, "fromStatementDate", INT64_MIN, &query->from_day) != 0 ||
        read_day(call, "toStatementDate", INT64_MAX, &query->to_day) != 0) {
        return -1;
    }
    if (query->from_day > query->to_day) {
        return call_refuse_parameter(call, "DATE-ORDER",
                                     "fromStatementDate must not be after toStatementDate");
    }
    return 0;
}

/* The sub-type stands in the account's own record. */
struct sub_type {
    struct call *call;
    const char *text;
};

static int take_sub_type(void *ctx, struct lfi_slice json)
{
    struct sub_type *out = ctx;
    cJSON *account = json_parse(json);
    if (slice_equal(json_get_string(account, "id"), out->call->account_id)) {
        out->text = arena_text(out->call->arena, json_get_string(account, "accountSubType"));
    }
    cJSON_Delete(account);
    return 0;
}

static void append_day(struct buf *out, const char *name, int64_t day)
{
    char text[DATETIME_TEXT_MAX];
    (void)datetime_format_gulf(day * DAY_US - DATETIME_GULF_OFFSET_US, text);
    buf_append_format(out, ",\"%s\":\"%s\"", name, text);
}

static void append_head(struct call *call, struct lfi_slice account_id, const char *sub_type)
{
    struct json_writer w;
    struct buf *out = &call->reply->body;
    json_begin(&w, out);
    json_open_object(&w, NULL);
    json_open_object(&w, "data");
    json_string(&w, "AccountId", account_id);
    json_text(&w, "AccountSubType", sub_type);
    buf_append_text(out, ",\"Statements\":[");
}

int connect_get_statements_by_account_id(struct call *call)
{
    struct page page;
    struct list list;
    struct lfi_statement_query query = {0};
    struct lfi_statement_totals totals = {0};
    struct lfi_error error = {""};
    const struct provider *provider = call->provider;
    struct sub_type sub_type = {call, NULL};
    if (!PROVIDER_HAS(provider, statements)) {
        return outcome_not_offered(call);
    }
    if (list_page(call, &page) != 0 || read_query(call, &query) != 0 || access_by_path(call) != 0) {
        return -1;
    }
    query.account_id = call->account_id;
    int rc = provider->ops->account(provider->core, query.account_id,
                                    (struct lfi_sink){take_sub_type, &sub_type}, &error);
    if (outcome_check(call, OUTCOME_ACCOUNT, rc, &error) != 0) {
        return -1;
    }
    if (!sub_type.text) {
        return outcome_refuse_record(
            call, "the record of the account is another's, or has no accountSubType");
    }
    query.day = provider->statement_day;
    query.window = (struct lfi_window){list_offset(&page), page.size};
    append_head(call, query.account_id, sub_type.text);
    list_resume(&list, call);
    rc = provider->ops->statements(provider->core, &query, list_sink(&list), &totals, &error);
    if (outcome_check(call, OUTCOME_ACCOUNT, rc, &error) != 0 ||
        list_check(&list, &page, totals.total, 4) != 0) {
        return -1;
    }
    struct buf *out = &call->reply->body;
    buf_append_text(out, "]},\"meta\":{");
    list_append_totals(&list, &page, totals.total, true);
    if (totals.held > 0) {
        append_day(out, "firstAvailableDateTime", totals.first_day);
        append_day(out, "lastAvailableDateTime", totals.last_day);
    }
    buf_append_text(out, "}}");
    call->reply->status = 200;
    return 0;
}
