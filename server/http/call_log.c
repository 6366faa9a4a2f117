#include "http/call_log.h"

#include "base/datetime.h"
#include "base/json.h"
#include "base/limits.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID_BYTES 65

struct entry {
    int64_t at_us, micros;
    int status;
    enum call_direction direction;
    char interaction[ID_BYTES];
    char caller_interaction[ID_BYTES];
    char consent[ID_BYTES];
    char payment[ID_BYTES];
    char provider[33];
    char operation[97];
    char check[33];
    char detail[193];
};

struct call_log {
    pthread_mutex_t lock;
    uint64_t added; /* calls ever added; the newest has this number */
    struct entry entries[LIMIT_CALL_LOG];
};

struct call_log *call_log_new(void)
{
    struct call_log *log = calloc(1, sizeof(*log));
    if (log) {
        (void)pthread_mutex_init(&log->lock, NULL);
    }
    return log;
}

void call_log_free(struct call_log *log)
{
    if (log) {
        (void)pthread_mutex_destroy(&log->lock);
        free(log);
    }
}

static void keep(char *out, size_t size, const char *text)
{
    size_t len = text ? strnlen(text, size - 1) : 0;
    if (len > 0) {
        memcpy(out, text, len);
    }
    out[len] = '\0';
}

/* An id that is too long is kept as none: a part of it would name another. */
static void keep_id(char out[ID_BYTES], struct lfi_slice id)
{
    size_t len = id.len < ID_BYTES ? id.len : 0;
    if (len > 0) {
        memcpy(out, id.ptr, len);
    }
    out[len] = '\0';
}

void call_log_add(struct call_log *log, const struct logged_call *call)
{
    if (!log) {
        return;
    }
    (void)pthread_mutex_lock(&log->lock);
    struct entry *entry = &log->entries[++log->added % LIMIT_CALL_LOG];
    entry->at_us = call->at_us;
    entry->micros = call->micros;
    entry->status = call->status;
    entry->direction = call->direction;
    keep_id(entry->interaction, call->interaction);
    keep_id(entry->caller_interaction, call->caller_interaction);
    keep_id(entry->consent, call->consent);
    keep_id(entry->payment, call->payment);
    keep(entry->provider, sizeof(entry->provider), call->provider);
    keep(entry->operation, sizeof(entry->operation), call->operation);
    keep(entry->check, sizeof(entry->check), call->check);
    keep(entry->detail, sizeof(entry->detail), call->detail);
    (void)pthread_mutex_unlock(&log->lock);
}

static bool fits(struct lfi_slice wanted, const char *text)
{
    return !wanted.ptr || slice_equal_text(wanted, text);
}

static bool is_wanted(const struct call_filter *filter, const struct entry *entry)
{
    bool failed = entry->check[0] != '\0' || entry->detail[0] != '\0';
    return (filter->direction == CALL_ANY || filter->direction == entry->direction) &&
           (!filter->refused || failed) && fits(filter->provider, entry->provider) &&
           fits(filter->consent, entry->consent) &&
           (fits(filter->interaction, entry->interaction) ||
            fits(filter->interaction, entry->caller_interaction));
}

static void append_text(struct json_writer *w, const char *name, const char *text)
{
    json_string_if_any(w, name, slice_of(text));
}

static void append(struct json_writer *w, uint64_t number, const struct entry *entry)
{
    char at[DATETIME_TEXT_MAX];
    (void)datetime_format_utc_ms(entry->at_us, at);
    json_open_object(w, NULL);
    json_int(w, "number", (int64_t)number);
    json_text(w, "at", at);
    json_text(w, "direction", entry->direction == CALL_TO_HUB ? "to-hub" : "from-hub");
    append_text(w, "provider", entry->provider);
    append_text(w, "operation", entry->operation);
    json_int(w, "status", entry->status);
    json_int(w, "us", entry->micros);
    append_text(w, "interactionId", entry->interaction);
    append_text(w, "callerInteractionId", entry->caller_interaction);
    append_text(w, "consentId", entry->consent);
    append_text(w, "paymentId", entry->payment);
    append_text(w, "check", entry->check);
    append_text(w, "detail", entry->detail);
    json_close_object(w);
}

void call_log_render(struct call_log *log, const struct call_filter *filter, size_t max,
                     struct buf *out)
{
    struct json_writer w;
    size_t shown = 0;
    json_begin(&w, out);
    json_open_object(&w, NULL);
    (void)pthread_mutex_lock(&log->lock);
    uint64_t kept = log->added < LIMIT_CALL_LOG ? log->added : LIMIT_CALL_LOG;
    json_int(&w, "last", (int64_t)log->added);
    json_open_array(&w, "calls");
    for (uint64_t i = 0; i < kept && shown < max && log->added - i > filter->after; i++) {
        uint64_t number = log->added - i;
        const struct entry *entry = &log->entries[number % LIMIT_CALL_LOG];
        if ((filter->before == 0 || number < filter->before) && is_wanted(filter, entry)) {
            append(&w, number, entry);
            shown++;
        }
    }
    (void)pthread_mutex_unlock(&log->lock);
    json_close_array(&w);
    json_close_object(&w);
}
