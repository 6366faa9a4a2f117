#include "lever/explain.h"

#include "base/datetime.h"
#include "base/json.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define FINDINGS 4096

struct entry {
    int64_t at_us;
    int status;
    char interaction[65];
    char provider[33];
    char operation[49];
    char check[33];
    char detail[201];
};

struct explain {
    pthread_mutex_t lock;
    size_t next; /* entries ever added */
    struct entry entries[FINDINGS];
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

void explain_add(struct explain *explain, const struct explain_finding *finding, int64_t now_us)
{
    struct lfi_slice interaction = finding->interaction;
    if (!explain || interaction.len == 0 || interaction.len > 64) {
        return;
    }
    (void)pthread_mutex_lock(&explain->lock);
    struct entry *entry = &explain->entries[explain->next++ % FINDINGS];
    entry->at_us = now_us;
    entry->status = finding->status;
    memcpy(entry->interaction, interaction.ptr, interaction.len);
    entry->interaction[interaction.len] = '\0';
    keep(entry->provider, sizeof(entry->provider), finding->provider);
    keep(entry->operation, sizeof(entry->operation), finding->operation);
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
    member(w, "provider", entry->provider);
    member(w, "operation", entry->operation);
    if (entry->status != 0) {
        json_int(w, "status", entry->status);
    }
    member(w, "check", entry->check);
    member(w, "detail", entry->detail);
    json_close_object(w);
}

bool explain_render(struct explain *explain, struct lfi_slice interaction, struct buf *out)
{
    struct json_writer w;
    bool found = false;
    json_begin(&w, out);
    json_open_object(&w, NULL);
    json_string(&w, "interactionId", interaction);
    json_open_array(&w, "findings");
    (void)pthread_mutex_lock(&explain->lock);
    for (size_t i = 0; i < FINDINGS; i++) {
        const struct entry *entry = &explain->entries[(explain->next + i) % FINDINGS];
        if (interaction.len > 0 && slice_equal_text(interaction, entry->interaction)) {
            append(&w, entry);
            found = true;
        }
    }
    (void)pthread_mutex_unlock(&explain->lock);
    json_close_array(&w);
    json_close_object(&w);
    return found;
}
