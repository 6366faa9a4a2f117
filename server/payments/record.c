#include "payments/record.h"

/* A core that was compiled with fewer members leaves the others empty. */
static void keep_facts(struct lfi_payment_facts *out, const struct lfi_payment_facts *facts)
{
    size_t size = facts->size < sizeof(*out) ? facts->size : sizeof(*out);
    *out = (struct lfi_payment_facts){0};
    memcpy(out, facts, size);
}

static int take(void *ctx, struct lfi_slice json, const void *facts)
{
    struct payment_record *record = ctx;
    struct buf *out = &record->call->reply->body;
    if (!list_is_object(json) || !facts || record->taken) {
        record->call->record_fault = record->taken ? "there is more than one record"
                                     : facts       ? "the record is not a JSON object"
                                                   : "the record has no facts";
        return -1;
    }
    record->taken = true;
    keep_facts(&record->facts, facts);
    buf_append_text(out, "{\"data\":");
    buf_append_slice(out, json);
    buf_append_text(out, ",\"meta\":{}}");
    return out->failed ? -1 : 0;
}

struct core_answer payment_record_answer(struct payment_record *record, struct call *call)
{
    *record = (struct payment_record){.call = call};
    return core_answer(take, record);
}

int payment_record_end(struct payment_record *record, int status)
{
    if (!record->taken) {
        return outcome_refuse_record(record->call, "there is no record");
    }
    record->call->reply->status = status;
    return 0;
}
