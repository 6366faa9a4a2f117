#include "payments/push.h"

#include "base/array.h"
#include "base/core_answer.h"
#include "base/error.h"
#include "base/id.h"
#include "base/limits.h"
#include "provider/core_call.h"

#include <stdio.h>

#define FEED_KEY "payment-feed"
#define SCRATCH_BYTES (512 * 1024) /* records of a batch: some kilobytes each */
#define CHANGES_MAX 3              /* statuses behind Pending that a payment can have */
#define BODY_MAX 4096              /* a message of 500 bytes, each escaped */

static void note_failure(const struct push *push, const char *call, int status,
                         const struct lfi_error *error)
{
    LOG_EVENT(push->log, LOG_ERROR, "payment-push-failed",
              LOG_TEXT("provider", slice_of(push->provider->id)), LOG_TEXT("call", slice_of(call)),
              LOG_NUMBER("status", status), LOG_TEXT("reason", slice_of(error->message)));
}

static struct state_ref ref_of(const struct push *push, struct lfi_slice key)
{
    return (struct state_ref){push->state, push->provider->id, key};
}

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
    json_string_if_any(&w, "transaction", slice_of(facts->transaction_id));
    if (facts->reason.code[0]) {
        json_int(&w, "by", facts->reason.by);
        json_text(&w, "code", facts->reason.code);
        json_text(&w, "message", facts->reason.message);
    }
    json_close_object(&w);
    struct lfi_slice kept =
        text.failed ? (struct lfi_slice){0} : arena_keep(arena, buf_slice(&text));
    buf_free(&text);
    return kept;
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
    out->status = (enum lfi_payment_status)read_number(record, "status");
    out->rail = (enum lfi_rail)read_number(record, "rail");
    out->reason.by = (enum lfi_rail)read_number(record, "by");
}

/* --- the feed --------------------------------------------------------------------------------- */

struct batch {
    const struct push *push;
    struct arena *arena;
    struct state_keyed_task tasks[STATE_MOVE_TASKS];
    size_t count, changes;
    struct lfi_slice from, to;
    const char *fault; /* what is wrong with what the core gave; NULL: nothing */
};

/* The Hub has had the reply to POST /payments by then, and knows the payment. */
static int64_t due_s_of(const struct batch *batch, const struct lfi_payment_facts *facts)
{
    int64_t now_s = clock_now_s(batch->push->clock);
    int64_t known_s = facts->created_us / 1000000 + LIMIT_PUSH_DELAY_S;
    return now_s > known_s ? now_s : known_s;
}

static int take_change(void *ctx, struct lfi_slice json, const void *given)
{
    struct batch *batch = ctx;
    const struct lfi_payment_change *change = given;
    (void)json;
    if (!change || change->size < sizeof(*change) || change->facts.status > LFI_PAYMENT_REJECTED ||
        batch->changes == STATE_MOVE_TASKS) {
        batch->fault = "an entry of the change feed is malformed, or was not asked for";
        return -1;
    }
    batch->changes++;
    batch->to = arena_keep(batch->arena, slice_of(change->cursor));
    if (change->facts.status == LFI_PAYMENT_PENDING) {
        return 0; /* the Hub knows that from the reply */
    }
    struct lfi_slice id = slice_of(change->facts.payment_id);
    struct state_keyed_task *task = &batch->tasks[batch->count++];
    *task = (struct state_keyed_task){.key = key_of(batch->arena, id, change->number),
                                      .task = {.destination = destination_of(batch->arena, id),
                                               .due_s = due_s_of(batch, &change->facts),
                                               .record = write_record(batch->arena, change)}};
    bool whole =
        task->key.ptr && task->task.destination.ptr && task->task.record.ptr && batch->to.ptr;
    batch->fault = whole ? NULL : "out of memory";
    return whole ? 0 : -1;
}

static void keep_cursor(void *ctx, struct lfi_slice cursor)
{
    struct batch *batch = ctx;
    batch->from = arena_keep(batch->arena, cursor);
}

static int ask_core(struct batch *batch, struct lfi_slice cursor, struct lfi_error *error)
{
    const struct provider *provider = batch->push->provider;
    const struct lfi_call call = core_call(provider->host, NULL);
    const struct lfi_change_query query = {
        .size = sizeof(query), .cursor = cursor, .limit = STATE_MOVE_TASKS};
    struct core_answer answer = core_answer(take_change, batch);
    int status = provider->payments->changes(provider->core, &call, &query, &answer.base, error);
    if (batch->fault) {
        (void)error_set(error, "%s", batch->fault);
        return LFI_FAILED;
    }
    return status;
}

/* A core that does not know the cursor was set up anew: its feed is read from the start. */
static int read_changes(struct batch *batch, struct lfi_error *error)
{
    int status = ask_core(batch, batch->from, error);
    if (status == LFI_UNKNOWN && batch->from.ptr && batch->changes == 0) {
        LOG_EVENT(batch->push->log, LOG_WARN, "payment-feed-restarted",
                  LOG_TEXT("provider", slice_of(batch->push->provider->id)));
        status = ask_core(batch, (struct lfi_slice){0}, error);
    }
    return status;
}

static bool move(struct batch *batch)
{
    struct lfi_error error = {""};
    const struct state_ref ref = ref_of(batch->push, SLICE(FEED_KEY));
    const struct state_sink sink = {.take = keep_cursor, .ctx = batch};
    int status = state_cursor_find(&ref, &sink, &error);
    if (status != LFI_OK && status != LFI_UNKNOWN) {
        note_failure(batch->push, "cursor_find", status, &error);
        return false;
    }
    status = read_changes(batch, &error);
    if (status != LFI_OK) {
        note_failure(batch->push, "changes", status, &error);
        return false;
    }
    if (batch->changes == 0) {
        return false;
    }
    const struct state_cursor_move step = {
        .from = batch->from, .to = batch->to, .tasks = batch->tasks, .task_count = batch->count};
    status = state_cursor_move(&ref, &step, &error);
    if (status != LFI_OK && status != LFI_DENIED) {
        note_failure(batch->push, "cursor_move", status, &error);
        return false;
    }
    return true;
}

bool push_read_feed(const struct push *push)
{
    struct batch batch = {.push = push};
    if (!push->provider->payments) {
        return false;
    }
    batch.arena = arena_new(SCRATCH_BYTES);
    bool more = batch.arena && move(&batch);
    arena_free(batch.arena);
    return more;
}

/* --- tasks put back --------------------------------------------------------------------------- */

/* Doubles, with up to half of it more, so that many that failed together do not return together. */
static int64_t gap_s(int64_t tries)
{
    uint32_t random = 0;
    int64_t gap = 1;
    while (tries-- > 0 && gap < LIMIT_TASK_GAP_S) {
        gap *= 2;
    }
    gap = gap < LIMIT_TASK_GAP_S ? gap : LIMIT_TASK_GAP_S;
    (void)!id_random(&random, sizeof(random));
    return gap + (int64_t)(random % (uint64_t)(gap / 2 + 1));
}

/* Puts the task back, with what has changed in its record; without a destination it keeps its. */
static void put_back(const struct push *push, struct lfi_slice key, const cJSON *record,
                     int64_t due_s)
{
    struct lfi_error error = {""};
    const struct state_ref ref = ref_of(push, key);
    char *text = cJSON_PrintUnformatted(record);
    const struct state_task task = {.due_s = due_s, .record = slice_of(text)};
    int status = text ? state_task_put(&ref, &task, &error) : LFI_FAILED;
    if (status != LFI_OK) { /* it is due again when task_take's time is over */
        note_failure(push, "task_put", status, &error);
    }
    cJSON_free(text);
}

static void add_number(cJSON *record, const char *name, int64_t number)
{
    cJSON_DeleteItemFromObjectCaseSensitive(record, name);
    (void)cJSON_AddNumberToObject(record, name, (double)number);
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
    const struct state_ref ref = ref_of(push, repeat_key(arena, payment_id));
    (void)snprintf(text, sizeof(text), "{\"at\":%lld}", (long long)clock_now_s(push->clock));
    int status = state_claim_settle(&ref, slice_of(text), &error);
    if (status != LFI_OK) {
        note_failure(push, "claim_settle", status, &error);
    }
}

/* Whether the Hub asked again for the payment a moment ago. */
static bool was_repeated(const struct push *push, struct arena *arena, struct lfi_slice payment_id)
{
    cJSON *repeat = NULL;
    struct lfi_error error = {""};
    const struct state_ref ref = ref_of(push, repeat_key(arena, payment_id));
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
    put_back(push, key, record, clock_now_s(push->clock) + LIMIT_PUSH_DELAY_S);
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
        const struct state_ref ref = ref_of(push, key);
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
        add_number(delivery->record, "parkedAt", clock_now_s(push->clock));
        (void)cJSON_AddStringToObject(delivery->record, "reason", reason);
        put_back(push, delivery->key, delivery->record, STATE_PARKED_S);
        if (!is_repeated(delivery)) {
            LOG_EVENT(push->log, LOG_ERROR, "task-parked",
                      LOG_TEXT("provider", slice_of(push->provider->id)),
                      LOG_TEXT("task", delivery->key), LOG_TEXT("reason", slice_of(reason)));
            return;
        }
    }
    tell_again(push, delivery->key, delivery->record);
}

/* A refusal is final; an answer that is none may be a proxy's, but not again and again. */
static void try_later(const struct delivery *delivery, enum hub_outcome outcome, const char *reason)
{
    const struct push *push = delivery->push;
    cJSON *record = delivery->record;
    int64_t tries = read_number(record, "tries") + 1;
    int64_t wrong = read_number(record, "refused") + (outcome == HUB_WRONG);
    add_number(record, "tries", tries);
    add_number(record, "refused", wrong);
    if (outcome == HUB_REFUSED || wrong >= LIMIT_TASK_REFUSED) {
        park(delivery, reason);
    } else {
        put_back(push, delivery->key, record, clock_now_s(push->clock) + gap_s(tries));
    }
}

static void end(const struct push *push, struct lfi_slice key)
{
    struct lfi_error error = {""};
    const struct state_ref ref = ref_of(push, key);
    int status = state_task_done(&ref, &error);
    if (status != LFI_OK && status != LFI_UNKNOWN) {
        note_failure(push, "task_done", status, &error);
    }
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
    push_write(&body, &facts, push->provider->payment_log);
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
        end(push, delivery.key);
    } else {
        try_later(&delivery, outcome, error.message);
    }
}
