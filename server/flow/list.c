#include "flow/call.h"

#include "base/limits.h"

#include <inttypes.h>

static int read_positive(struct call *call, unsigned number, const char *name, uint64_t *out)
{
    struct lfi_slice value = contract_parameter(&call->parameters, number);
    if (slice_to_u64(value, out) && *out >= 1) {
        return 0;
    }
    return call_refuse_parameter(call, "PAGE-RANGE", "%s must be a whole number from 1", name);
}

int list_page(struct call *call)
{
    struct page *page = &call->page;
    if (read_positive(call, call->row->page, "page", &page->number) != 0 ||
        read_positive(call, call->row->page_size, "page-size", &page->size) != 0) {
        return -1;
    }
    if (page->size > LIMIT_PAGE_SIZE) {
        page->size = LIMIT_PAGE_SIZE;
    }
    call->query.base.window = (struct lfi_window){list_offset(page), page->size};
    return 0;
}

uint64_t list_offset(const struct page *page)
{
    uint64_t before = page->number - 1;
    return before > UINT64_MAX / page->size ? UINT64_MAX : before * page->size;
}

bool list_is_object(struct lfi_slice json)
{
    return json.len >= 2 && json.ptr[0] == '{' && json.ptr[json.len - 1] == '}';
}

void list_append_head(struct call *call)
{
    buf_append_text(&call->reply->body, "{\"data\":[");
}

void list_begin(struct list *list, struct call *call, uint64_t first, uint64_t count)
{
    *list = (struct list){.call = call, .first = first};
    list->end = first > UINT64_MAX - count ? UINT64_MAX : first + count;
}

void list_expect_account(struct list *list, const char *member)
{
    list->call->records.member = member;
    list->call->records.values = &list->call->account_id;
}

int list_add(struct list *list, struct lfi_slice json)
{
    struct buf *out = &list->call->reply->body;
    uint64_t at = list->seen++;
    if (!list_is_object(json)) {
        list->call->record_fault = "a record is not a JSON object without white space around it";
        return -1;
    }
    if (at < list->first || at >= list->end) {
        return 0;
    }
    if (list->written++ > 0) {
        buf_append_text(out, ",");
    }
    buf_append_slice(out, json);
    return out->failed ? -1 : 0;
}

static int take_record(void *ctx, struct lfi_slice json, const void *facts)
{
    (void)facts;
    return list_add(ctx, json);
}

struct core_answer list_answer(struct list *list)
{
    return core_answer(take_record, list);
}

void list_append_totals(struct call *call, bool always_paged)
{
    const struct page *page = &call->page;
    uint64_t pages = call->total / page->size + (call->total % page->size != 0);
    bool whole = !always_paged && page->number == 1 && pages <= 1;
    buf_append_format(&call->reply->body, "%s\"totalPages\":%" PRIu64 ",\"totalRecords\":%" PRIu64,
                      whole ? "" : "\"paginated\":true,", pages, call->total);
}

int list_check(struct call *call, unsigned depth)
{
    uint64_t before = list_offset(&call->page);
    uint64_t left = before < call->total ? call->total - before : 0;
    if (call->list.written != (left < call->page.size ? left : call->page.size)) {
        return outcome_refuse_record(call, "the number of records does not agree with their total");
    }
    call->records.depth = depth;
    call->records.count = call->list.written;
    return 0;
}

int list_end(struct call *call, bool always_paged)
{
    struct buf *out = &call->reply->body;
    if (list_check(call, 3) != 0) {
        return -1;
    }
    buf_append_text(out, "],\"meta\":{");
    list_append_totals(call, always_paged);
    buf_append_text(out, "}}");
    call->reply->status = 200;
    return 0;
}

static int take_single(void *ctx, struct lfi_slice json, const void *facts)
{
    struct call *call = ctx;
    struct buf *out = &call->reply->body;
    (void)facts;
    if (!list_is_object(json)) {
        call->record_fault = "the record is not a JSON object without white space around it";
    } else if (out->len > 0) {
        call->record_fault = "there is more than one record";
    }
    if (call->record_fault) {
        return -1;
    }
    buf_append_text(out, "{\"data\":");
    buf_append_slice(out, json);
    buf_append_text(out, ",\"meta\":{}}");
    return out->failed ? -1 : 0;
}

struct core_answer single_answer(struct call *call)
{
    return core_answer(take_single, call);
}

int single_end(struct call *call)
{
    if (call->reply->body.len == 0) {
        return outcome_refuse_record(call, "there is no record");
    }
    call->records.depth = 2;
    call->records.count = 2; /* meta is an object beside it */
    call->reply->status = 200;
    return 0;
}
