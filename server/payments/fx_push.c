/* What the Hub is told of quotes of currency exchange. (Other service initiation 5.4.) */
#include "base/array.h"
#include "payments/feed.h"
#include "payments/fx.h"

static const struct feed_log hub_log = {FX_KIND, "fx-quote-pushed", hub_patch_fx_quote, false};

static const char *const statuses[] = {
    [LFI_FX_AVAILABLE] = "Available",
    [LFI_FX_ACCEPTED] = "Accepted",
    [LFI_FX_ACCOUNT_OPENED] = "AccountOpened",
    [LFI_FX_FUNDED] = "Funded",
    [LFI_FX_ACTIONED] = "Actioned",
    [LFI_FX_COMPLETED] = "Completed",
    [LFI_FX_REJECTED] = "Rejected",
    [LFI_FX_CANCELLED] = "Cancelled",
    [LFI_FX_EXPIRED] = "Expired",
};

/* What a completed trade came to is told with it. */
static struct lfi_slice write_patch(struct arena *arena, const struct lfi_fx_facts *facts)
{
    struct json_writer w;
    struct buf text;
    buf_init(&text, STATE_RECORD_MAX);
    json_begin(&w, &text);
    json_open_object(&w, NULL);
    json_text(&w, "QuoteStatus", statuses[facts->status]);
    if (facts->status == LFI_FX_COMPLETED) {
        json_raw(&w, "Trade", facts->trade);
        json_raw(&w, "Commission", facts->commission);
    } else if (facts->information[0]) {
        json_text(&w, "AdditionalStatusInformation", facts->information);
    }
    json_close_object(&w);
    return arena_take(arena, &text);
}

static bool read_change(const struct push *push, struct arena *arena, const void *given,
                        struct feed_entry *out)
{
    const struct lfi_fx_change *change = given;
    if (!change || change->size < sizeof(*change) ||
        (size_t)change->facts.status >= ARRAY_LEN(statuses) || !change->facts.trade.ptr ||
        !change->facts.commission.ptr) {
        return false;
    }
    *out = feed_entry_of(push, arena, &hub_log, slice_of(change->facts.quote_id), change->number,
                         write_patch(arena, &change->facts));
    out->cursor = change->cursor;
    out->told = change->facts.status != LFI_FX_ACCEPTED; /* the TPP said so */
    return true;
}

static int ask_core(const struct provider *provider, const struct lfi_call *call,
                    const struct lfi_change_query *query, struct lfi_answer *answer,
                    struct lfi_error *error)
{
    return provider->fx->changes(provider->core, call, query, answer, error);
}

bool fx_read_feed(const struct push *push)
{
    static const struct feed feed = {"fx-feed", ask_core, read_change};
    return push->provider->fx && feed_move(push, &feed);
}

void fx_deliver(const struct push *push, struct hub *hub, struct arena *arena, cJSON *record)
{
    feed_deliver(push, hub, arena, &hub_log, record);
}
