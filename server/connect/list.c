#include "connect/call.h"

#include "base/json.h"
#include "base/limits.h"

#include <inttypes.h>

static int read_positive(struct call *call, const char *name, uint64_t *out)
{
    struct lfi_slice value = contract_parameter(&call->parameters, name);
    if (slice_to_u64(value, out) && *out >= 1) {
        return 0;
    }
    (void)refusal_set(call->refusal, "PAGE-RANGE", 400, "Resource.InvalidFormat",
                      "A query parameter has an invalid format.");
    refusal_detail(call->refusal, "%s must be a whole number from 1", name);
    return -1;
}

int list_page(struct call *call, struct page *out)
{
    if (read_positive(call, "page", &out->number) != 0 ||
        read_positive(call, "page-size", &out->size) != 0) {
        return -1;
    }
    if (out->size > LIMIT_PAGE_SIZE) {
        out->size = LIMIT_PAGE_SIZE;
    }
    return 0;
}

uint64_t list_offset(const struct page *page)
{
    uint64_t before = page->number - 1;
    return before > UINT64_MAX / page->size ? UINT64_MAX : before * page->size;
}

int list_refuse_date(struct call *call, const char *id, const char *detail)
{
    (void)refusal_set(call->refusal, id, 400, "Resource.InvalidFormat",
                      "A query parameter has an invalid format.");
    refusal_detail(call->refusal, "%s", detail);
    return -1;
}

void list_resume(struct list *list, struct reply *reply)
{
    *list = (struct list){.out = &reply->body, .end = UINT64_MAX};
}

void list_begin(struct list *list, struct reply *reply, uint64_t first, uint64_t count)
{
    *list = (struct list){.out = &reply->body, .first = first};
    list->end = first > UINT64_MAX - count ? UINT64_MAX : first + count;
    buf_append_text(list->out, "{\"data\":[");
}

static int add_record(void *ctx, struct lfi_slice json)
{
    struct list *list = ctx;
    uint64_t at = list->seen++;
    if (at < list->first || at >= list->end) {
        return 0;
    }
    if (list->written) {
        buf_append_text(list->out, ",");
    }
    list->written = true;
    buf_append_slice(list->out, json);
    return list->out->failed;
}

struct lfi_sink list_sink(struct list *list)
{
    return (struct lfi_sink){add_record, list};
}

void list_append_totals(struct list *list, const struct page *page, uint64_t total,
                        bool always_paged)
{
    uint64_t pages = total / page->size + (total % page->size != 0);
    bool whole = !always_paged && page->number == 1 && pages <= 1;
    buf_append_format(list->out, "%s\"totalPages\":%" PRIu64 ",\"totalRecords\":%" PRIu64,
                      whole ? "" : "\"paginated\":true,", pages, total);
}

void list_end(struct list *list, struct reply *reply, const struct page *page, uint64_t total,
              bool always_paged)
{
    buf_append_text(list->out, "],\"meta\":{");
    list_append_totals(list, page, total, always_paged);
    buf_append_text(list->out, "}}");
    reply->status = 200;
}

static int add_single(void *ctx, struct lfi_slice json)
{
    struct reply *reply = ctx;
    buf_append_text(&reply->body, "{\"data\":");
    buf_append_slice(&reply->body, json);
    buf_append_text(&reply->body, ",\"meta\":{}}");
    reply->status = 200;
    return reply->body.failed;
}

struct lfi_sink single_sink(struct reply *reply)
{
    return (struct lfi_sink){add_single, reply};
}
