#include "kept_queue.h"

#include "store_file.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define NUMBER_MAX 24

struct kept_queue {
    const struct log *log;
    const char *name;
    pthread_mutex_t lock;
    struct store_file *file; /* NULL: nothing is kept */
    int64_t last;            /* number given */
};

/* Not the clock that tests move: a try is due after so many seconds, whatever the day is. */
static int64_t wall_us(void)
{
    static const struct clock wall = {0};
    return clock_now_us(&wall);
}

int kept_queue_open(struct kept_queue **out, const struct sim *sim, const char *name,
                    struct lfi_error *error)
{
    struct kept_queue *queue = calloc(1, sizeof(*queue));
    *out = queue;
    if (!queue) {
        return error_set(error, "out of memory");
    }
    queue->log = sim->log;
    queue->name = name;
    pthread_mutex_init(&queue->lock, NULL);
    return store_open_beside(sim->store, name, &queue->file, error);
}

void kept_queue_close(struct kept_queue *queue)
{
    if (queue) {
        store_file_close(queue->file);
        pthread_mutex_destroy(&queue->lock);
        free(queue);
    }
}

/* --- the file --------------------------------------------------------------------------------- */

/* What a line says changes the messages that wait: {"add": number, …}, {"retry"} or {"end"}. */
static void fold(void *ctx, const cJSON *record)
{
    cJSON *waiting = ctx;
    char name[NUMBER_MAX];
    int64_t number = 0;
    const char *const verbs[] = {"add", "retry", "end"};
    size_t verb = 0;
    while (verb < 3 && !json_get_int(record, verbs[verb], &number)) {
        verb++;
    }
    (void)snprintf(name, sizeof(name), "%" PRId64, number);
    cJSON *entry = cJSON_GetObjectItemCaseSensitive(waiting, name);
    if (verb == 0 && !entry) {
        cJSON_AddItemToObject(waiting, name, cJSON_Duplicate(record, true));
    } else if (verb == 1 && entry) {
        static const char *const members[] = {"retries", "dueUs"};
        for (size_t i = 0; i < 2; i++) {
            cJSON_DeleteItemFromObjectCaseSensitive(entry, members[i]);
            cJSON_AddItemToObject(entry, members[i],
                                  cJSON_Duplicate(json_get(record, members[i]), false));
        }
    } else if (verb == 2 && entry) {
        cJSON_DeleteItemFromObjectCaseSensitive(waiting, name);
    }
}

/* NULL: the file cannot be read. */
static cJSON *read_waiting(struct kept_queue *queue, struct lfi_error *error)
{
    cJSON *waiting = cJSON_CreateObject();
    if (store_file_read(queue->file, fold, waiting, error)) {
        cJSON_Delete(waiting);
        return NULL;
    }
    return waiting;
}

/* Takes `record` over. Under the lock. */
static void append(struct kept_queue *queue, cJSON *record)
{
    struct lfi_error error = {""};
    store_file_append(queue->file, record);
    cJSON_Delete(record);
    if (store_file_has_grown(queue->file)) {
        cJSON *waiting = read_waiting(queue, &error);
        if (waiting) {
            store_file_rewrite(queue->file, waiting);
        }
        cJSON_Delete(waiting);
    }
}

static bool read_entry(const cJSON *record, struct kept_entry *out)
{
    int64_t retries = 0, due_us = 0;
    out->provider_id = json_get_string(record, "providerId").ptr;
    out->client_id = json_get_string(record, "clientId").ptr;
    out->consent_id = json_get_string(record, "consentId").ptr;
    if (!json_get_int(record, "add", &out->number) || !json_get_int(record, "retries", &retries) ||
        !json_get_int(record, "dueUs", &due_us) || !out->provider_id || !out->client_id ||
        !out->consent_id || retries < 0) {
        return false;
    }
    out->retries = (size_t)retries;
    out->wait_us = due_us - wall_us();
    return true;
}

static void hand_over(struct kept_queue *queue, const cJSON *record,
                      void (*take)(void *ctx, const struct kept_entry *entry), void *ctx)
{
    struct kept_entry entry = {.message = json_get(record, "message")};
    if (cJSON_IsObject(entry.message) && read_entry(record, &entry)) {
        queue->last = entry.number > queue->last ? entry.number : queue->last;
        take(ctx, &entry);
    } else {
        LOG_EVENT(queue->log, LOG_WARN, "message-lost", LOG_TEXT("queue", slice_of(queue->name)),
                  LOG_NUMBER("number", entry.number));
    }
}

int kept_queue_read(struct kept_queue *queue,
                    void (*take)(void *ctx, const struct kept_entry *entry), void *ctx,
                    struct lfi_error *error)
{
    const cJSON *record;
    if (!queue->file) {
        return 0;
    }
    cJSON *waiting = read_waiting(queue, error);
    if (!waiting) {
        return -1;
    }
    store_file_rewrite(queue->file, waiting);
    cJSON_ArrayForEach(record, waiting)
    {
        hand_over(queue, record, take, ctx);
    }
    cJSON_Delete(waiting);
    return 0;
}

/* --- changes ---------------------------------------------------------------------------------- */

int64_t kept_queue_add(struct kept_queue *queue, const struct kept_entry *entry)
{
    pthread_mutex_lock(&queue->lock);
    int64_t number = ++queue->last;
    if (queue->file) {
        cJSON *record = cJSON_CreateObject();
        cJSON_AddNumberToObject(record, "add", (double)number);
        cJSON_AddStringToObject(record, "providerId", entry->provider_id);
        cJSON_AddStringToObject(record, "clientId", entry->client_id);
        cJSON_AddStringToObject(record, "consentId", entry->consent_id);
        cJSON_AddItemToObject(record, "message", cJSON_Duplicate(entry->message, true));
        cJSON_AddNumberToObject(record, "retries", (double)entry->retries);
        cJSON_AddNumberToObject(record, "dueUs", (double)(wall_us() + entry->wait_us));
        append(queue, record);
    }
    pthread_mutex_unlock(&queue->lock);
    return number;
}

void kept_queue_retry(struct kept_queue *queue, int64_t number, size_t retries, int64_t wait_us)
{
    pthread_mutex_lock(&queue->lock);
    if (queue->file) {
        cJSON *record = cJSON_CreateObject();
        cJSON_AddNumberToObject(record, "retry", (double)number);
        cJSON_AddNumberToObject(record, "retries", (double)retries);
        cJSON_AddNumberToObject(record, "dueUs", (double)(wall_us() + wait_us));
        append(queue, record);
    }
    pthread_mutex_unlock(&queue->lock);
}

void kept_queue_end(struct kept_queue *queue, int64_t number)
{
    pthread_mutex_lock(&queue->lock);
    if (queue->file) {
        cJSON *record = cJSON_CreateObject();
        cJSON_AddNumberToObject(record, "end", (double)number);
        append(queue, record);
    }
    pthread_mutex_unlock(&queue->lock);
}
