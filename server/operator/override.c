#include "operator/override.h"

#include "base/datetime.h"
#include "base/json.h"
#include "base/limits.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct overrides {
    pthread_mutex_t lock;
    _Atomic size_t count;
    struct override items[LIMIT_OPERATOR_OVERRIDES]; /* oldest first; texts are ours */
};

struct overrides *overrides_new(void)
{
    struct overrides *overrides = calloc(1, sizeof(*overrides));
    if (overrides) {
        (void)pthread_mutex_init(&overrides->lock, NULL);
    }
    return overrides;
}

static void free_item(struct override *item)
{
    free((void *)(uintptr_t)item->provider.ptr);
    free((void *)(uintptr_t)item->operation.ptr);
    free((void *)(uintptr_t)item->body.ptr);
}

static void clear(struct overrides *overrides)
{
    for (size_t i = 0; i < overrides->count; i++) {
        free_item(&overrides->items[i]);
    }
    overrides->count = 0;
}

void overrides_free(struct overrides *overrides)
{
    if (overrides) {
        clear(overrides);
        (void)pthread_mutex_destroy(&overrides->lock);
        free(overrides);
    }
}

static void drop(struct overrides *overrides, size_t at)
{
    free_item(&overrides->items[at]);
    overrides->count--;
    memmove(&overrides->items[at], &overrides->items[at + 1],
            (overrides->count - at) * sizeof(overrides->items[0]));
}

static struct lfi_slice copy_of(struct lfi_slice text, bool *failed)
{
    if (!text.ptr) {
        return text;
    }
    char *copy = malloc(text.len + 1);
    *failed = *failed || !copy;
    if (copy) {
        memcpy(copy, text.ptr, text.len);
        copy[text.len] = '\0';
    }
    return (struct lfi_slice){copy, text.len};
}

int overrides_add(struct overrides *overrides, const struct override *override,
                  struct lfi_error *error)
{
    bool failed = false;
    struct override item = *override;
    item.provider = copy_of(override->provider, &failed);
    item.operation = copy_of(override->operation, &failed);
    item.body = copy_of(override->body, &failed);
    (void)pthread_mutex_lock(&overrides->lock);
    bool full = overrides->count == LIMIT_OPERATOR_OVERRIDES;
    if (!failed && !full) {
        overrides->items[overrides->count] = item;
        overrides->count++;
    }
    (void)pthread_mutex_unlock(&overrides->lock);
    if (failed || full) {
        free_item(&item);
        return error_set(error, full ? "too many overrides" : "out of memory");
    }
    return 0;
}

void overrides_clear(struct overrides *overrides)
{
    (void)pthread_mutex_lock(&overrides->lock);
    clear(overrides);
    (void)pthread_mutex_unlock(&overrides->lock);
}

static void append(struct json_writer *w, const struct override *item)
{
    char expires[DATETIME_TEXT_MAX];
    (void)datetime_format_utc_ms(item->expires_us, expires);
    json_open_object(w, NULL);
    json_string(w, "provider", item->provider);
    json_string(w, "operation", item->operation);
    if (item->status != 0) {
        json_int(w, "status", item->status);
    }
    if (item->body.ptr) {
        json_raw(w, "body", item->body);
    }
    if (item->delay_ms > 0) {
        json_int(w, "delayMs", item->delay_ms);
    }
    if (item->cut) {
        json_bool(w, "cut", true);
    }
    json_int(w, "times", item->times);
    json_text(w, "expiresAt", expires);
    json_close_object(w);
}

void overrides_render(struct overrides *overrides, int64_t now_us, struct buf *out)
{
    struct json_writer w;
    json_begin(&w, out);
    json_open_object(&w, NULL);
    json_open_array(&w, "overrides");
    (void)pthread_mutex_lock(&overrides->lock);
    for (size_t i = 0; i < overrides->count; i++) {
        if (overrides->items[i].expires_us > now_us) {
            append(&w, &overrides->items[i]);
        }
    }
    (void)pthread_mutex_unlock(&overrides->lock);
    json_close_array(&w);
    json_close_object(&w);
}

/* Drops what has expired on the way; the index of the oldest that fits, or the count. */
static size_t find(struct overrides *overrides, const char *provider, const char *operation,
                   int64_t now_us)
{
    size_t i = 0;
    while (i < overrides->count) {
        const struct override *item = &overrides->items[i];
        if (item->expires_us <= now_us) {
            drop(overrides, i);
        } else if (slice_equal_text(item->provider, provider) &&
                   slice_equal_text(item->operation, operation)) {
            break;
        } else {
            i++;
        }
    }
    return i;
}

bool overrides_take(struct overrides *overrides, struct arena *arena, const char *provider,
                    const char *operation, int64_t now_us, struct override *out)
{
    bool found = false;
    if (atomic_load_explicit(&overrides->count, memory_order_relaxed) == 0) {
        return false;
    }
    (void)pthread_mutex_lock(&overrides->lock);
    size_t at = find(overrides, provider, operation, now_us);
    if (at < overrides->count) {
        struct override *item = &overrides->items[at];
        *out = *item;
        out->provider = slice_of(provider);
        out->operation = slice_of(operation);
        if (item->body.ptr) {
            out->body.ptr = arena_text(arena, item->body);
        }
        found = !item->body.ptr || out->body.ptr;
        if (--item->times == 0) {
            drop(overrides, at);
        }
    }
    (void)pthread_mutex_unlock(&overrides->lock);
    return found;
}
