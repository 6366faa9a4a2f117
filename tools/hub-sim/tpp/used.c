#include "tpp/used.h"

#include "base/id.h"
#include "caller/replay.h"
#include "store_file.h"

#include <pthread.h>
#include <stdlib.h>

#define REMEMBERED 32768 /* in all; an assertion is remembered for some five minutes */

struct used {
    const struct clock *clock;
    pthread_mutex_t lock;
    struct replay *replay;
    struct store_file *file; /* NULL: in memory only */
};

/* --- the file --------------------------------------------------------------------------------- */

struct reading {
    const struct used *used;
    cJSON *live; /* lines whose ids have not expired */
};

static void take(void *ctx, const cJSON *record)
{
    const struct reading *reading = ctx;
    int64_t until_s = 0;
    if (json_get_int(record, "until", &until_s) && json_get_string(record, "digest").ptr &&
        until_s >= clock_now_s(reading->used->clock)) {
        cJSON_AddItemToArray(reading->live, cJSON_Duplicate(record, true));
    }
}

/* NULL: the file cannot be read. */
static cJSON *read_live(const struct used *used, struct lfi_error *error)
{
    struct reading reading = {used, cJSON_CreateArray()};
    if (store_file_read(used->file, take, &reading, error)) {
        cJSON_Delete(reading.live);
        return NULL;
    }
    return reading.live;
}

static int restore(struct used *used, struct lfi_error *error)
{
    const cJSON *record;
    int64_t until_s = 0;
    cJSON *live = read_live(used, error);
    if (!live) {
        return -1;
    }
    store_file_rewrite(used->file, live);
    cJSON_ArrayForEach(record, live)
    {
        (void)json_get_int(record, "until", &until_s);
        (void)replay_remember(used->replay, json_get_string(record, "digest"), until_s,
                              clock_now_s(used->clock));
    }
    cJSON_Delete(live);
    return 0;
}

static void append(struct used *used, const char *digest, int64_t until_s)
{
    struct lfi_error error = {""};
    cJSON *record = cJSON_CreateObject();
    cJSON_AddStringToObject(record, "digest", digest);
    cJSON_AddNumberToObject(record, "until", (double)until_s);
    store_file_append(used->file, record);
    cJSON_Delete(record);
    if (store_file_has_grown(used->file)) {
        cJSON *live = read_live(used, &error);
        if (live) {
            store_file_rewrite(used->file, live);
        }
        cJSON_Delete(live);
    }
}

/* --- life and use ----------------------------------------------------------------------------- */

int used_open(struct used **out, const struct store *store, const struct clock *clock,
              struct lfi_error *error)
{
    struct used *used = calloc(1, sizeof(*used));
    *out = used;
    if (!used) {
        return error_set(error, "out of memory");
    }
    used->clock = clock;
    pthread_mutex_init(&used->lock, NULL);
    used->replay = replay_new(REMEMBERED);
    if (!used->replay) {
        return error_set(error, "out of memory");
    }
    if (store_open_beside(store, "used", &used->file, error)) {
        return -1;
    }
    return used->file ? restore(used, error) : 0;
}

void used_close(struct used *used)
{
    if (used) {
        store_file_close(used->file);
        replay_free(used->replay);
        pthread_mutex_destroy(&used->lock);
        free(used);
    }
}

bool used_remember(struct used *used, struct arena *arena, struct lfi_slice id, int64_t until_s)
{
    struct lfi_slice digest = id_digest(arena, id);
    const char *text = arena_text(arena, digest);
    if (!digest.ptr || !text) {
        return false;
    }
    pthread_mutex_lock(&used->lock);
    bool is_new = replay_remember(used->replay, digest, until_s, clock_now_s(used->clock));
    if (is_new && used->file) {
        append(used, text, until_s);
    }
    pthread_mutex_unlock(&used->lock);
    return is_new;
}
