#include "psu/task.h"

#include "base/limits.h"

static int put(const struct provider *provider, const struct task *task, int64_t due_s,
               struct lfi_error *error)
{
    char *text = cJSON_PrintUnformatted(task->record);
    int status = LFI_CORE_FAILED;
    if (!text || !task->key.ptr) {
        error_set(error, "out of memory");
    } else {
        status = provider->ops->task_put(provider->core, task->key, due_s, slice_of(text), error);
    }
    cJSON_free(text);
    return status;
}

int task_put(struct visit *visit, const struct task *task, int64_t due_s, struct lfi_error *error)
{
    return put(visit->endpoint->provider, task, due_s, error);
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

void task_try_later(struct visit *visit, const struct task *task, enum hub_outcome outcome,
                    const struct lfi_error *why)
{
    struct lfi_error error = {{0}};
    int64_t now_s = clock_now_s(visit->psu->clock);
    int64_t tries = add(task->record, "tries", 1);
    int64_t refused = add(task->record, "refused", outcome != HUB_UNREACHABLE);
    bool parked = tries >= LIMIT_TASK_TRIES || refused >= LIMIT_TASK_REFUSED;
    if (parked) {
        (void)add(task->record, "parkedAt", now_s);
        (void)cJSON_AddStringToObject(task->record, "reason", why->message);
    }
    int status = task_put(visit, task, parked ? LFI_TASK_PARKED : now_s + gap_s(tries), &error);
    if (status != LFI_CORE_OK) { /* it is due again when task_take's time is over */
        visit_note_core(visit, status, "task_put", &error);
    } else if (parked) {
        LOG_EVENT(visit->psu->log, LOG_ERROR, "task-parked",
                  LOG_TEXT("provider", slice_of(visit->endpoint->provider->id)),
                  LOG_TEXT("task", task->key), LOG_NUMBER("tries", tries),
                  LOG_TEXT("reason", slice_of(why->message)));
    }
}

void task_done(struct visit *visit, struct lfi_slice key)
{
    const struct provider *provider = visit->endpoint->provider;
    struct lfi_error error = {{0}};
    int status = provider->ops->task_done(provider->core, key, &error);
    if (status != LFI_CORE_OK && status != LFI_CORE_UNKNOWN) {
        visit_note_core(visit, status, "task_done", &error);
    }
}

/* --- parked tasks ----------------------------------------------------------------------------- */

static int parse_record(void *ctx, struct lfi_slice json)
{
    *(cJSON **)ctx = json_parse(json);
    return 0;
}

/* The record of a parked task, which the caller deletes. */
static int find_parked(const struct provider *provider, struct lfi_slice key, cJSON **record,
                       struct lfi_error *error)
{
    struct lfi_sink sink = {.record = parse_record, .ctx = record};
    if (!PROVIDER_HAS(provider, task_find) || !PROVIDER_HAS(provider, task_put) ||
        !PROVIDER_HAS(provider, task_done)) {
        return LFI_CORE_UNKNOWN;
    }
    int status = provider->ops->task_find(provider->core, key, sink, error);
    return status == LFI_CORE_OK && !json_get(*record, "parkedAt") ? LFI_CORE_UNKNOWN : status;
}

int task_retry(const struct provider *provider, struct lfi_slice key, int64_t now_s,
               struct lfi_error *error)
{
    static const char *const counted[] = {"tries", "refused", "parkedAt", "reason"};
    struct task task = {.key = key};
    int status = find_parked(provider, key, &task.record, error);
    for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++) {
        cJSON_DeleteItemFromObjectCaseSensitive(task.record, counted[i]);
    }
    if (status == LFI_CORE_OK) {
        status = put(provider, &task, now_s, error);
    }
    cJSON_Delete(task.record);
    return status;
}

int task_drop(const struct provider *provider, struct lfi_slice key, struct lfi_error *error)
{
    cJSON *record = NULL;
    int status = find_parked(provider, key, &record, error);
    cJSON_Delete(record);
    return status == LFI_CORE_OK ? provider->ops->task_done(provider->core, key, error) : status;
}
