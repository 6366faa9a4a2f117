/* What the Hub is told of accounts that were asked for. (Other service initiation 4.3.) */
#include "base/array.h"
#include "payments/feed.h"
#include "payments/opening.h"

static const struct feed_log hub_log = {OPENING_KIND, "opening-pushed", hub_patch_opening, false};

static const char *const statuses[] = {
    [LFI_OPENING_PENDING] = "Pending",
    [LFI_OPENING_AWAITING_USER] = "AwaitingUserInput",
    [LFI_OPENING_AWAITING_BANK] = "AwaitingLFIProcesses",
    [LFI_OPENING_REJECTED] = "Rejected",
    [LFI_OPENING_COMPLETED] = "Completed",
};

static struct lfi_slice write_patch(struct arena *arena, const struct lfi_opening_facts *facts)
{
    struct json_writer w;
    struct buf text;
    buf_init(&text, STATE_RECORD_MAX);
    json_begin(&w, &text);
    json_open_object(&w, NULL);
    json_text(&w, "OpeningStatus", statuses[facts->status]);
    if (facts->information[0]) {
        json_text(&w, "AdditionalStatusInformation", facts->information);
    }
    json_close_object(&w);
    return arena_take(arena, &text);
}

static bool read_change(const struct push *push, struct arena *arena, const void *given,
                        struct feed_entry *out)
{
    const struct lfi_opening_change *change = given;
    if (!change || change->size < sizeof(*change) ||
        (size_t)change->facts.status >= ARRAY_LEN(statuses)) {
        return false;
    }
    *out = feed_entry_of(push, arena, &hub_log, slice_of(change->facts.account_id), change->number,
                         write_patch(arena, &change->facts));
    out->cursor = change->cursor;
    return true;
}

static int ask_core(const struct provider *provider, const struct lfi_call *call,
                    const struct lfi_change_query *query, struct lfi_answer *answer,
                    struct lfi_error *error)
{
    return provider->opening->changes(provider->core, call, query, answer, error);
}

bool opening_read_feed(const struct push *push)
{
    static const struct feed feed = {"opening-feed", ask_core, read_change};
    return push->provider->opening && feed_move(push, &feed);
}

void opening_deliver(const struct push *push, struct hub *hub, struct arena *arena, cJSON *record)
{
    feed_deliver(push, hub, arena, &hub_log, record);
}
