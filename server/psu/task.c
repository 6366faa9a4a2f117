#include "psu/task.h"

#include "base/array.h"
#include "base/limits.h"

/* `task` without its record, which is the text of `record`. */
static int put(const struct state_ref *ref, struct state_task task, const cJSON *record,
               struct lfi_error *error)
{
    char *text = cJSON_PrintUnformatted(record);
    int status = LFI_FAILED;
    if (!text) {
        error_set(error, "out of memory");
    } else {
        task.record = slice_of(text);
        status = state_task_put(ref, &task, error);
    }
    cJSON_free(text);
    return status;
}

struct lfi_slice task_destination(struct actor actor, struct lfi_slice consent_id)
{
    return state_key(actor.arena, "consent", (struct lfi_slice){0}, consent_id);
}

int task_put(struct actor actor, const struct task *task, int64_t due_s, struct lfi_error *error)
{
    const struct state_ref ref = actor_state(actor, task->key);
    struct state_task kept = {.due_s = due_s};
    if (task->consent_id.ptr) {
        kept.destination = task_destination(actor, task->consent_id);
    }
    return put(&ref, kept, task->record, error);
}

/* Adds to a number of the record; the sum, or 0 when memory is short. */
static int64_t add(cJSON *record, const char *name, int64_t more)
{
    int64_t sum = 0;
    (void)json_get_int(record, name, &sum);
    sum += more;
    cJSON_DeleteItemFromObjectCaseSensitive(record, name);
    return cJSON_AddNumberToObject(record, name, (double)sum) ? sum : 0;
}

static int64_t gap_s(int64_t tries)
{
    int64_t gap = TASK_FIRST_GAP_S;
    while (tries-- > 0 && gap < LIMIT_TASK_GAP_S) {
        gap *= 2;
    }
    return gap < LIMIT_TASK_GAP_S ? gap : LIMIT_TASK_GAP_S;
}

void task_try_later(struct actor actor, const struct task *task, enum hub_outcome outcome,
                    const struct lfi_error *why)
{
    struct lfi_error error = {{0}};
    int64_t now_s = clock_now_s(actor.psu->clock);
    int64_t tries = add(task->record, "tries", 1);
    int64_t refused = add(task->record, "refused", outcome != HUB_UNREACHABLE);
    bool parked = tries >= LIMIT_TASK_TRIES || refused >= LIMIT_TASK_REFUSED;
    if (parked) {
        (void)add(task->record, "parkedAt", now_s);
        (void)cJSON_AddStringToObject(task->record, "reason", why->message);
    }
    int status = task_put(actor, task, parked ? STATE_PARKED_S : now_s + gap_s(tries), &error);
    if (status != LFI_OK) { /* it is due again when task_take's time is over */
        actor_log_state(actor, status, "task_put", &error);
    } else if (parked) {
        LOG_EVENT(actor.psu->log, LOG_ERROR, "task-parked",
                  LOG_TEXT("provider", slice_of(actor.endpoint->provider->id)),
                  LOG_TEXT("task", task->key), LOG_NUMBER("tries", tries),
                  LOG_TEXT("reason", slice_of(why->message)));
    }
}

bool task_add_text(struct actor actor, cJSON *record, const char *name, struct lfi_slice value)
{
    const char *text = arena_text(actor.arena, value);
    return text && cJSON_AddStringToObject(record, name, text);
}

static void ignore(void *ctx, struct lfi_slice json)
{
    (void)ctx;
    (void)json;
}

bool task_is_kept(struct actor actor, struct lfi_slice key)
{
    const struct state_ref ref = actor_state(actor, key);
    const struct state_sink sink = {.take = ignore};
    struct lfi_error error = {{0}};
    return state_task_find(&ref, &sink, &error) == LFI_OK;
}

void task_done(struct actor actor, struct lfi_slice key)
{
    const struct state_ref ref = actor_state(actor, key);
    struct lfi_error error = {{0}};
    int status = state_task_done(&ref, &error);
    if (status != LFI_OK && status != LFI_UNKNOWN) {
        actor_log_state(actor, status, "task_done", &error);
    }
}

/* --- parked tasks ----------------------------------------------------------------------------- */

static void parse_record(void *ctx, struct lfi_slice json)
{
    *(cJSON **)ctx = json_parse(json);
}

/* The record of a parked task, which the caller deletes. */
static int find_parked(const struct state_ref *ref, cJSON **record, struct lfi_error *error)
{
    const struct state_sink sink = {.take = parse_record, .ctx = record};
    int status = state_task_find(ref, &sink, error);
    return status == LFI_OK && !json_get(*record, "parkedAt") ? LFI_UNKNOWN : status;
}

int task_retry(const struct state_ref *ref, int64_t now_s, struct lfi_error *error)
{
    static const char *const counted[] = {"tries", "refused", "parkedAt", "reason"};
    cJSON *record = NULL;
    int status = find_parked(ref, &record, error);
    for (size_t i = 0; i < ARRAY_LEN(counted); i++) {
        cJSON_DeleteItemFromObjectCaseSensitive(record, counted[i]);
    }
    if (status == LFI_OK) {
        status = put(ref, (struct state_task){.due_s = now_s}, record, error);
    }
    cJSON_Delete(record);
    return status;
}

int task_drop(const struct state_ref *ref, struct lfi_error *error)
{
    cJSON *record = NULL;
    int status = find_parked(ref, &record, error);
    cJSON_Delete(record);
    return status == LFI_OK ? state_task_done(ref, error) : status;
}
