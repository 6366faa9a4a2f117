#include "payments/feed.h"

#include "base/core_answer.h"
#include "base/error.h"
#include "base/id.h"
#include "base/limits.h"
#include "provider/core_call.h"

#define SCRATCH_BYTES (512 * 1024) /* records of a batch: some kilobytes each */

void feed_note_failure(const struct push *push, const char *call, int status,
                       const struct lfi_error *error)
{
    LOG_EVENT(push->log, LOG_ERROR, "push-failed",
              LOG_TEXT("provider", slice_of(push->provider->id)), LOG_TEXT("call", slice_of(call)),
              LOG_NUMBER("status", status), LOG_TEXT("reason", slice_of(error->message)));
}

static struct state_ref ref_of(const struct push *push, struct lfi_slice key)
{
    return (struct state_ref){push->state, push->provider->id, key};
}

/* --- the feed --------------------------------------------------------------------------------- */

struct batch {
    const struct push *push;
    const struct feed *feed;
    struct arena *arena;
    struct state_keyed_task tasks[STATE_MOVE_TASKS];
    size_t count, changes;
    struct lfi_slice from, to;
    const char *fault; /* what is wrong with what the core gave; NULL: nothing */
};

static int take_change(void *ctx, struct lfi_slice json, const void *given)
{
    struct batch *batch = ctx;
    struct feed_entry entry = {0};
    (void)json;
    if (batch->changes == STATE_MOVE_TASKS ||
        !batch->feed->read(batch->push, batch->arena, given, &entry)) {
        batch->fault = "an entry of the change feed is malformed, or was not asked for";
        return -1;
    }
    batch->changes++;
    batch->to = arena_keep(batch->arena, slice_of(entry.cursor));
    if (!entry.told) {
        return 0; /* the Hub knows that from the reply */
    }
    batch->tasks[batch->count++] = (struct state_keyed_task){.key = entry.key, .task = entry.task};
    bool whole =
        entry.key.ptr && entry.task.destination.ptr && entry.task.record.ptr && batch->to.ptr;
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
    int status = batch->feed->ask(provider, &call, &query, &answer.base, error);
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
        LOG_EVENT(batch->push->log, LOG_WARN, "feed-restarted",
                  LOG_TEXT("provider", slice_of(batch->push->provider->id)),
                  LOG_TEXT("feed", slice_of(batch->feed->key)));
        status = ask_core(batch, (struct lfi_slice){0}, error);
    }
    return status;
}

static bool move(struct batch *batch)
{
    struct lfi_error error = {""};
    const struct state_ref ref = ref_of(batch->push, slice_of(batch->feed->key));
    const struct state_sink sink = {.take = keep_cursor, .ctx = batch};
    int status = state_cursor_find(&ref, &sink, &error);
    if (status != LFI_OK && status != LFI_UNKNOWN) {
        feed_note_failure(batch->push, "cursor_find", status, &error);
        return false;
    }
    status = read_changes(batch, &error);
    if (status != LFI_OK) {
        feed_note_failure(batch->push, "changes", status, &error);
        return false;
    }
    if (batch->changes == 0) {
        return false;
    }
    const struct state_cursor_move step = {
        .from = batch->from, .to = batch->to, .tasks = batch->tasks, .task_count = batch->count};
    status = state_cursor_move(&ref, &step, &error);
    if (status != LFI_OK && status != LFI_DENIED) {
        feed_note_failure(batch->push, "cursor_move", status, &error);
        return false;
    }
    return true;
}

bool feed_move(const struct push *push, const struct feed *feed)
{
    struct batch batch = {.push = push, .feed = feed};
    batch.arena = arena_new(SCRATCH_BYTES);
    bool more = batch.arena && move(&batch);
    arena_free(batch.arena);
    return more;
}

/* --- delivery --------------------------------------------------------------------------------- */

static int64_t read_number(const cJSON *record, const char *name)
{
    int64_t number = 0;
    (void)json_get_int(record, name, &number);
    return number;
}

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

/* Without a destination the task keeps its. */
void feed_put_back(const struct push *push, struct lfi_slice key, const cJSON *record,
                   int64_t due_s)
{
    struct lfi_error error = {""};
    const struct state_ref ref = ref_of(push, key);
    char *text = cJSON_PrintUnformatted(record);
    const struct state_task task = {.due_s = due_s, .record = slice_of(text)};
    int status = text ? state_task_put(&ref, &task, &error) : LFI_FAILED;
    if (status != LFI_OK) { /* it is due again when task_take's time is over */
        feed_note_failure(push, "task_put", status, &error);
    }
    cJSON_free(text);
}

static void add_number(cJSON *record, const char *name, int64_t number)
{
    cJSON_DeleteItemFromObjectCaseSensitive(record, name);
    (void)cJSON_AddNumberToObject(record, name, (double)number);
}

void feed_park(const struct push *push, struct lfi_slice key, cJSON *record, const char *reason)
{
    add_number(record, "parkedAt", clock_now_s(push->clock));
    (void)cJSON_AddStringToObject(record, "reason", reason);
    feed_put_back(push, key, record, STATE_PARKED_S);
}

void feed_say_parked(const struct push *push, struct lfi_slice key, const char *reason)
{
    LOG_EVENT(push->log, LOG_ERROR, "task-parked",
              LOG_TEXT("provider", slice_of(push->provider->id)), LOG_TEXT("task", key),
              LOG_TEXT("reason", slice_of(reason)));
}

/* A refusal is final; an answer that is none may be a proxy's, but not again and again. */
bool feed_try_again(const struct push *push, struct lfi_slice key, cJSON *record,
                    enum hub_outcome outcome)
{
    int64_t tries = read_number(record, "tries") + 1;
    int64_t wrong = read_number(record, "refused") + (outcome == HUB_WRONG);
    add_number(record, "tries", tries);
    add_number(record, "refused", wrong);
    if (outcome == HUB_REFUSED || wrong >= LIMIT_TASK_REFUSED) {
        return false;
    }
    feed_put_back(push, key, record, clock_now_s(push->clock) + gap_s(tries));
    return true;
}

void feed_end(const struct push *push, struct lfi_slice key)
{
    struct lfi_error error = {""};
    const struct state_ref ref = ref_of(push, key);
    int status = state_task_done(&ref, &error);
    if (status != LFI_OK && status != LFI_UNKNOWN) {
        feed_note_failure(push, "task_done", status, &error);
    }
}

/* --- what a log of the Hub is told ------------------------------------------------------------ */

static struct lfi_slice key_of(struct arena *arena, const struct feed_log *log, struct lfi_slice id,
                               int64_t number)
{
    return arena_format(arena, "%s:%.*s:%03lld", log->kind, SLICE_ARG(id), (long long)number);
}

struct feed_entry feed_entry_of(const struct push *push, struct arena *arena,
                                const struct feed_log *log, struct lfi_slice id, uint32_t number,
                                struct lfi_slice patch)
{
    struct json_writer w;
    struct buf text;
    buf_init(&text, STATE_RECORD_MAX);
    json_begin(&w, &text);
    json_open_object(&w, NULL);
    json_text(&w, "kind", log->kind);
    json_string(&w, "id", id);
    json_int(&w, "number", number);
    json_raw(&w, "patch", patch);
    json_close_object(&w);
    struct lfi_slice record = arena_take(arena, &text);
    return (struct feed_entry){
        .told = true,
        .key = key_of(arena, log, id, number),
        .task = {.destination = arena_format(arena, "%s:%.*s", log->kind, SLICE_ARG(id)),
                 /* the Hub has had the reply to the request by then */
                 .due_s = clock_now_s(push->clock) + LIMIT_PUSH_DELAY_S,
                 .record = record}};
}

void feed_deliver(const struct push *push, struct hub *hub, struct arena *arena,
                  const struct feed_log *log, cJSON *record)
{
    struct lfi_error error = {""};
    int64_t number = read_number(record, "number");
    struct lfi_slice id = json_get_string(record, "id");
    struct lfi_slice key = key_of(arena, log, id, number);
    char *patch = cJSON_PrintUnformatted(json_get(record, "patch"));
    enum hub_outcome outcome = HUB_UNREACHABLE;
    if (!key.ptr) {
        goto out; /* out of memory: it is due again when task_take's time is over */
    }
    if (patch) {
        outcome = log->patch(hub, arena, id, slice_of(patch), &error);
    } else {
        (void)error_set(&error, "out of memory");
    }
    LOG_EVENT(push->log, outcome == HUB_OK ? LOG_INFO : LOG_WARN, log->event,
              LOG_TEXT("provider", slice_of(push->provider->id)), LOG_TEXT("id", id),
              LOG_NUMBER("number", number), LOG_NUMBER("outcome", outcome),
              LOG_TEXT("reason", slice_of(error.message)));
    if (outcome == HUB_REFUSED && log->repeats_refusals &&
        read_number(record, "tries") < LIMIT_TASK_TRIES) {
        outcome = HUB_UNREACHABLE;
    }
    if (outcome == HUB_OK) {
        feed_end(push, key);
    } else if (!feed_try_again(push, key, record, outcome)) {
        feed_park(push, key, record, error.message);
        feed_say_parked(push, key, error.message);
    }
out:
    cJSON_free(patch);
}

void feed_skip(const struct push *push, struct arena *arena, const struct feed_log *log,
               const cJSON *record)
{
    struct lfi_slice id = json_get_string(record, "id");
    struct lfi_slice key = key_of(arena, log, id, read_number(record, "number"));
    if (key.ptr) {
        feed_end(push, key);
    }
}
