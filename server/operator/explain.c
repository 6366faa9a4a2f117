#include "operator/explain.h"

#include "base/datetime.h"
#include "base/json.h"
#include "base/limits.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct entry {
    int64_t at_us;
    int status;
    char interaction[65];
    char caller_interaction[65];
    char provider[33];
    char operation[97];
    char version[17];
    char check[33];
    char detail[257];
};

/* The last ones, newest replacing oldest. */
struct ring {
    size_t next; /* entries ever added */
    struct entry entries[LIMIT_OPERATOR_FINDINGS];
};

struct explain {
    pthread_mutex_t lock;
    struct ring found, usual;
};

struct explain *explain_new(void)
{
    struct explain *explain = calloc(1, sizeof(*explain));
    if (explain) {
        (void)pthread_mutex_init(&explain->lock, NULL);
    }
    return explain;
}

void explain_free(struct explain *explain)
{
    if (explain) {
        (void)pthread_mutex_destroy(&explain->lock);
        free(explain);
    }
}

static void keep(char *out, size_t size, const char *text)
{
    (void)snprintf(out, size, "%s", text ? text : "");
}

/* An id that is too long is kept as none: a part of it would name another. */
static void keep_id(char out[65], struct lfi_slice id)
{
    size_t len = id.len <= 64 ? id.len : 0;
    if (len > 0) {
        memcpy(out, id.ptr, len);
    }
    out[len] = '\0';
}

void explain_add(struct explain *explain, const struct explain_finding *finding, int64_t now_us)
{
    if (!explain) {
        return;
    }
    (void)pthread_mutex_lock(&explain->lock);
    struct ring *ring = finding->usual ? &explain->usual : &explain->found;
    struct entry *entry = &ring->entries[ring->next++ % LIMIT_OPERATOR_FINDINGS];
    entry->at_us = now_us;
    entry->status = finding->status;
    keep_id(entry->interaction, finding->interaction);
    keep_id(entry->caller_interaction, finding->caller_interaction);
    keep(entry->provider, sizeof(entry->provider), finding->provider);
    keep(entry->operation, sizeof(entry->operation), finding->operation);
    keep(entry->version, sizeof(entry->version), finding->version);
    keep(entry->check, sizeof(entry->check), finding->check);
    keep(entry->detail, sizeof(entry->detail), finding->detail);
    (void)pthread_mutex_unlock(&explain->lock);
}

static void member(struct json_writer *w, const char *name, const char *text)
{
    if (text[0] != '\0') {
        json_text(w, name, text);
    }
}

static void append(struct json_writer *w, const struct entry *entry)
{
    char at[DATETIME_TEXT_MAX];
    (void)datetime_format_utc_ms(entry->at_us, at);
    json_open_object(w, NULL);
    json_text(w, "at", at);
    member(w, "interactionId", entry->interaction);
    member(w, "callerInteractionId", entry->caller_interaction);
    member(w, "provider", entry->provider);
    member(w, "operation", entry->operation);
    if (entry->status != 0) {
        json_int(w, "status", entry->status);
    }
    member(w, "version", entry->version);
    member(w, "check", entry->check);
    member(w, "detail", entry->detail);
    json_close_object(w);
}

static bool render_ring(const struct ring *ring, struct lfi_slice interaction,
                        struct json_writer *w)
{
    bool found = false;
    for (size_t i = 0; i < LIMIT_OPERATOR_FINDINGS; i++) {
        const struct entry *entry = &ring->entries[(ring->next + i) % LIMIT_OPERATOR_FINDINGS];
        if (interaction.len > 0 && (slice_equal_text(interaction, entry->interaction) ||
                                    slice_equal_text(interaction, entry->caller_interaction))) {
            append(w, entry);
            found = true;
        }
    }
    return found;
}

bool explain_render(struct explain *explain, struct lfi_slice interaction, struct buf *out)
{
    struct json_writer w;
    json_begin(&w, out);
    json_open_object(&w, NULL);
    json_string(&w, "interactionId", interaction);
    json_open_array(&w, "findings");
    (void)pthread_mutex_lock(&explain->lock);
    bool found = render_ring(&explain->found, interaction, &w);
    found = render_ring(&explain->usual, interaction, &w) || found;
    (void)pthread_mutex_unlock(&explain->lock);
    json_close_array(&w);
    json_close_object(&w);
    return found;
}

void explain_render_last(struct explain *explain, struct buf *out)
{
    struct json_writer w;
    json_begin(&w, out);
    json_open_object(&w, NULL);
    json_open_array(&w, "findings");
    (void)pthread_mutex_lock(&explain->lock);
    const struct ring *ring = &explain->found;
    for (size_t i = 0; i < EXPLAIN_LAST && i < ring->next; i++) {
        append(&w, &ring->entries[(ring->next - 1 - i) % LIMIT_OPERATOR_FINDINGS]);
    }
    (void)pthread_mutex_unlock(&explain->lock);
    json_close_array(&w);
    json_close_object(&w);
}
