#include "payments/push.h"

#include "base/array.h"
#include "base/error.h"
#include "base/limits.h"
#include "payments/feed.h"

#include <stdio.h>

#define CHANGES_MAX 3 /* statuses behind Pending that a payment can have */
#define BODY_MAX 4096 /* a message of 500 bytes, each escaped */

/* --- records of tasks ------------------------------------------------------------------------- */

/* Orders the tasks of one payment that are due at the same time. */
static struct lfi_slice key_of(struct arena *arena, struct lfi_slice payment_id, int64_t number)
{
    return arena_format(arena, PUSH_KIND ":%.*s:%03lld", SLICE_ARG(payment_id), (long long)number);
}

static struct lfi_slice destination_of(struct arena *arena, struct lfi_slice payment_id)
{
    return arena_format(arena, "payment:%.*s", SLICE_ARG(payment_id));
}

/* Cores that were compiled before there were files say nothing of them. */
#define CHANGE_SIZE (offsetof(struct lfi_payment_change, facts.file))

static bool has_file(const struct lfi_payment_change *change)
{
    return change->size >= sizeof(*change) && change->facts.file;
}

/* All that the Hub is told, as it was at the change; the form is chosen when it is sent. */
static struct lfi_slice write_record(struct arena *arena, const struct lfi_payment_change *change)
{
    struct json_writer w;
    struct buf text;
    const struct lfi_payment_facts *facts = &change->facts;
    buf_init(&text, STATE_RECORD_MAX);
    json_begin(&w, &text);
    json_open_object(&w, NULL);
    json_text(&w, "kind", PUSH_KIND);
    json_text(&w, "payment", facts->payment_id);
    json_text(&w, "consent", facts->consent_id);
    json_int(&w, "number", change->number);
    json_int(&w, "status", facts->status);
    json_int(&w, "rail", facts->rail);
    if (has_file(change)) {
        json_int(&w, "successes", facts->successes);
    }
    json_string_if_any(&w, "transaction", slice_of(facts->transaction_id));
    if (facts->reason.code[0]) {
        json_int(&w, "by", facts->reason.by);
        json_text(&w, "code", facts->reason.code);
        json_text(&w, "message", facts->reason.message);
    }
    json_close_object(&w);
    return arena_take(arena, &text);
}

static void read_text(const cJSON *record, const char *name, char *out, size_t room)
{
    struct lfi_slice text = json_get_string(record, name);
    (void)snprintf(out, room, "%.*s", SLICE_ARG(text));
}

static int64_t read_number(const cJSON *record, const char *name)
{
    int64_t number = 0;
    (void)json_get_int(record, name, &number);
    return number;
}

static void read_record(const cJSON *record, struct lfi_payment_facts *out)
{
    *out = (struct lfi_payment_facts){.size = sizeof(*out)};
    read_text(record, "payment", out->payment_id, sizeof(out->payment_id));
    read_text(record, "transaction", out->transaction_id, sizeof(out->transaction_id));
    read_text(record, "code", out->reason.code, sizeof(out->reason.code));
    read_text(record, "message", out->reason.message, sizeof(out->reason.message));
    out->file = json_get(record, "successes") ? 1 : 0;
    out->successes = (uint32_t)read_number(record, "successes");
    out->status = (enum lfi_payment_status)read_number(record, "status");
    out->rail = (enum lfi_rail)read_number(record, "rail");
    out->reason.by = (enum lfi_rail)read_number(record, "by");
}

/* --- the feed --------------------------------------------------------------------------------- */

/* The Hub has had the reply to POST /payments by then, and knows the payment. */
static int64_t due_s_of(const struct push *push, const struct lfi_payment_facts *facts)
{
    int64_t now_s = clock_now_s(push->clock);
    int64_t known_s = facts->created_us / 1000000 + LIMIT_PUSH_DELAY_S;
    return now_s > known_s ? now_s : known_s;
}

static bool read_change(const struct push *push, struct arena *arena, const void *given,
                        struct feed_entry *out)
{
    const struct lfi_payment_change *change = given;
    if (!change || change->size < CHANGE_SIZE || change->facts.status > LFI_PAYMENT_REJECTED) {
        return false;
    }
    struct lfi_slice id = slice_of(change->facts.payment_id);
    *out = (struct feed_entry){.cursor = change->cursor,
                               .told = change->facts.status != LFI_PAYMENT_PENDING,
                               .key = key_of(arena, id, change->number),
                               .task = {.destination = destination_of(arena, id),
                                        .due_s = due_s_of(push, &change->facts),
                                        .record = write_record(arena, change)}};
    return true;
}

static int ask_core(const struct provider *provider, const struct lfi_call *call,
                    const struct lfi_change_query *query, struct lfi_answer *answer,
                    struct lfi_error *error)
{
    return provider->payments->changes(provider->core, call, query, answer, error);
}

bool push_read_feed(const struct push *push)
{
    static const struct feed feed = {"payment-feed", ask_core, read_change};
    return push->provider->payments && feed_move(push, &feed);
}

/* --- again ------------------------------------------------------------------------------------ */

static struct lfi_slice repeat_key(struct arena *arena, struct lfi_slice payment_id)
{
    return arena_format(arena, "payment-repeat:%.*s", SLICE_ARG(payment_id));
}

static void parse_record(void *ctx, struct lfi_slice json)
{
    *(cJSON **)ctx = json_parse(json);
}

static void note_repeat(const struct push *push, struct arena *arena, struct lfi_slice payment_id)
{
    char text[64];
    struct lfi_error error = {""};
    const struct state_ref ref = {push->state, push->provider->id, repeat_key(arena, payment_id)};
    (void)snprintf(text, sizeof(text), "{\"at\":%lld}", (long long)clock_now_s(push->clock));
    int status = state_claim_settle(&ref, slice_of(text), &error);
    if (status != LFI_OK) {
        feed_note_failure(push, "claim_settle", status, &error);
    }
}

/* Whether the Hub asked again for the payment a moment ago. */
static bool was_repeated(const struct push *push, struct arena *arena, struct lfi_slice payment_id)
{
    cJSON *repeat = NULL;
    struct lfi_error error = {""};
    const struct state_ref ref = {push->state, push->provider->id, repeat_key(arena, payment_id)};
    const struct state_sink sink = {.take = parse_record, .ctx = &repeat};
    bool was = state_claim_find(&ref, &sink, &error) == LFI_OK &&
               clock_now_s(push->clock) - read_number(repeat, "at") < LIMIT_PUSH_REPEAT_S;
    cJSON_Delete(repeat);
    return was;
}

static void tell_again(const struct push *push, struct lfi_slice key, cJSON *record)
{
    static const char *const counted[] = {"tries", "refused", "parkedAt", "reason"};
    for (size_t i = 0; i < ARRAY_LEN(counted); i++) {
        cJSON_DeleteItemFromObjectCaseSensitive(record, counted[i]);
    }
    feed_put_back(push, key, record, clock_now_s(push->clock) + LIMIT_PUSH_DELAY_S);
}

void push_revive(const struct push *push, struct arena *arena,
                 const struct lfi_payment_facts *facts)
{
    note_repeat(push, arena, slice_of(facts->payment_id)); /* first: see park() */
    for (int64_t number = 1; number <= CHANGES_MAX && facts->status != LFI_PAYMENT_PENDING;
         number++) {
        cJSON *record = NULL;
        struct lfi_error error = {""};
        struct lfi_slice key = key_of(arena, slice_of(facts->payment_id), number);
        const struct state_ref ref = {push->state, push->provider->id, key};
        const struct state_sink sink = {.take = parse_record, .ctx = &record};
        if (state_task_find(&ref, &sink, &error) == LFI_OK && json_get(record, "parkedAt")) {
            tell_again(push, key, record);
        }
        cJSON_Delete(record);
    }
}

/* --- delivery --------------------------------------------------------------------------------- */

/* A task in hand. */
struct delivery {
    const struct push *push;
    struct arena *arena;
    struct lfi_slice key;
    cJSON *record;
};

static bool is_repeated(const struct delivery *delivery)
{
    return was_repeated(delivery->push, delivery->arena,
                        json_get_string(delivery->record, "payment"));
}

/*
 * Unless the order was repeated while this was refused: then the Hub knows the payment now. A
 * repeat between the two looks finds the parked task, or is found by the second.
 */
static void park(const struct delivery *delivery, const char *reason)
{
    const struct push *push = delivery->push;
    if (!is_repeated(delivery)) {
        feed_park(push, delivery->key, delivery->record, reason);
        if (!is_repeated(delivery)) {
            feed_say_parked(push, delivery->key, reason);
            return;
        }
    }
    tell_again(push, delivery->key, delivery->record);
}

void push_deliver(const struct push *push, struct hub *hub, struct arena *arena, cJSON *record)
{
    struct buf body;
    struct lfi_payment_facts facts;
    struct lfi_error error = {""};
    struct lfi_slice id = json_get_string(record, "payment");
    const struct delivery delivery = {push, arena, key_of(arena, id, read_number(record, "number")),
                                      record};
    if (!delivery.key.ptr) {
        return; /* out of memory: it is due again when task_take's time is over */
    }
    read_record(record, &facts);
    buf_init(&body, BODY_MAX);
    push_write(&body, &facts, push->offers->payment_log);
    enum hub_outcome outcome = HUB_UNREACHABLE;
    if (body.failed) {
        (void)error_set(&error, "out of memory");
    } else {
        outcome = hub_patch_payment(hub, arena, id, buf_slice(&body), &error);
    }
    buf_free(&body);
    LOG_EVENT(push->log, outcome == HUB_OK ? LOG_INFO : LOG_WARN, "payment-pushed",
              LOG_TEXT("provider", slice_of(push->provider->id)), LOG_TEXT("payment", id),
              LOG_NUMBER("number", read_number(record, "number")), LOG_NUMBER("outcome", outcome),
              LOG_TEXT("reason", slice_of(error.message)));
    if (outcome == HUB_OK) {
        feed_end(push, delivery.key);
    } else if (!feed_try_again(push, delivery.key, record, outcome)) {
        park(&delivery, error.message);
    }
}
