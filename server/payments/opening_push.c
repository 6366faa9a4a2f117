/* What the Hub is told of accounts that were asked for. (Other service initiation 4.3.) */
#include "base/array.h"
#include "base/error.h"
#include "base/limits.h"
#include "payments/feed.h"
#include "payments/opening.h"

static const char *const statuses[] = {
    [LFI_OPENING_PENDING] = "Pending",
    [LFI_OPENING_AWAITING_USER] = "AwaitingUserInput",
    [LFI_OPENING_AWAITING_BANK] = "AwaitingLFIProcesses",
    [LFI_OPENING_REJECTED] = "Rejected",
    [LFI_OPENING_COMPLETED] = "Completed",
};

static struct lfi_slice key_of(struct arena *arena, struct lfi_slice account_id, int64_t number)
{
    return arena_format(arena, OPENING_KIND ":%.*s:%03lld", SLICE_ARG(account_id),
                        (long long)number);
}

/* `patch` is the body that the Hub gets. */
static struct lfi_slice write_record(struct arena *arena, const struct lfi_opening_change *change)
{
    struct json_writer w;
    struct buf text;
    const struct lfi_opening_facts *facts = &change->facts;
    buf_init(&text, STATE_RECORD_MAX);
    json_begin(&w, &text);
    json_open_object(&w, NULL);
    json_text(&w, "kind", OPENING_KIND);
    json_text(&w, "account", facts->account_id);
    json_int(&w, "number", change->number);
    json_open_object(&w, "patch");
    json_text(&w, "OpeningStatus", statuses[facts->status]);
    if (facts->information[0]) {
        json_text(&w, "AdditionalStatusInformation", facts->information);
    }
    json_close_object(&w);
    json_close_object(&w);
    struct lfi_slice kept =
        text.failed ? (struct lfi_slice){0} : arena_keep(arena, buf_slice(&text));
    buf_free(&text);
    return kept;
}

static bool read_change(const struct push *push, struct arena *arena, const void *given,
                        struct feed_entry *out)
{
    const struct lfi_opening_change *change = given;
    if (!change || change->size < sizeof(*change) ||
        (size_t)change->facts.status >= ARRAY_LEN(statuses)) {
        return false;
    }
    struct lfi_slice id = slice_of(change->facts.account_id);
    *out = (struct feed_entry){
        .cursor = change->cursor,
        .told = true,
        .key = key_of(arena, id, change->number),
        .task = {.destination = arena_format(arena, "opening:%.*s", SLICE_ARG(id)),
                 /* the Hub has had the reply to POST /accounts by then */
                 .due_s = clock_now_s(push->clock) + LIMIT_PUSH_DELAY_S,
                 .record = write_record(arena, change)}};
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
    int64_t number = 0;
    struct lfi_error error = {""};
    struct lfi_slice id = json_get_string(record, "account");
    (void)json_get_int(record, "number", &number);
    struct lfi_slice key = key_of(arena, id, number);
    char *patch = cJSON_PrintUnformatted(json_get(record, "patch"));
    enum hub_outcome outcome = HUB_UNREACHABLE;
    if (!key.ptr) {
        goto out; /* out of memory: it is due again when task_take's time is over */
    }
    if (patch) {
        outcome = hub_patch_opening(hub, arena, id, slice_of(patch), &error);
    } else {
        (void)error_set(&error, "out of memory");
    }
    LOG_EVENT(push->log, outcome == HUB_OK ? LOG_INFO : LOG_WARN, "opening-pushed",
              LOG_TEXT("provider", slice_of(push->provider->id)), LOG_TEXT("account", id),
              LOG_NUMBER("number", number), LOG_NUMBER("outcome", outcome),
              LOG_TEXT("reason", slice_of(error.message)));
    if (outcome == HUB_OK) {
        feed_end(push, key);
    } else if (!feed_try_again(push, key, record, outcome)) {
        feed_park(push, key, record, error.message);
        feed_say_parked(push, key, error.message);
    }
out:
    cJSON_free(patch);
}
