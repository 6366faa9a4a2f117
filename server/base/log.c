#include "base/log.h"

#include "base/datetime.h"
#include "base/json.h"
#include "base/log_queue.h"
#include "base/text.h"

#include <unistd.h>

#define CLOSING_BYTES 3 /* `"`, `}` and the newline */

struct line {
    char *text; /* of LOG_LINE_BYTES */
    size_t len;
};

static size_t room(const struct line *line)
{
    const size_t usable = LOG_LINE_BYTES - CLOSING_BYTES;
    return line->len < usable ? usable - line->len : 0;
}

static void put(struct line *line, struct lfi_slice text)
{
    if (text.len <= room(line)) {
        memcpy(line->text + line->len, text.ptr, text.len);
        line->len += text.len;
    }
}

static void put_string(struct line *line, struct lfi_slice text)
{
    put(line, SLICE("\""));
    line->len += json_escape(&text, line->text + line->len, room(line));
    line->text[line->len++] = '"';
}

static void put_field(struct line *line, const struct log_field *field)
{
    char number[TEXT_NUMBER_MAX];
    size_t name_len = strlen(field->name);

    /* A field needs room for its name, the marks around it and a number at least. */
    if (room(line) < name_len + sizeof(number) + 8) {
        return;
    }
    put(line, SLICE(",\""));
    put(line, (struct lfi_slice){field->name, name_len});
    put(line, SLICE("\":"));
    if (field->is_number) {
        put(line, (struct lfi_slice){number, text_write_number(field->number, 0, number)});
    } else {
        put_string(line, field->text);
    }
}

/* A line as log_write makes it, into `out` of LOG_LINE_BYTES; returns its length. */
static size_t format(char *out, const struct log *log, enum log_level level, const char *event,
                     const struct log_field *fields, size_t count)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    char time[DATETIME_TEXT_MAX];
    struct line line = {out, 0};

    datetime_format_utc_ms(clock_now_us(log->clock), time);
    put(&line, SLICE("{\"ts\":"));
    put_string(&line, slice_of(time));
    put_field(&line, &LOG_TEXT("level", slice_of(names[level])));
    put_field(&line, &LOG_TEXT("event", slice_of(event)));
    for (size_t i = 0; i < count; i++) {
        if (fields[i].name && (fields[i].is_number || fields[i].text.ptr)) {
            put_field(&line, &fields[i]);
        }
    }
    line.text[line.len++] = '}';
    line.text[line.len++] = '\n';
    return line.len;
}

void log_write(const struct log *log, enum log_level level, const char *event,
               const struct log_field *fields, size_t count)
{
    char line[LOG_LINE_BYTES];

    if (!log || level < log->level) {
        return;
    }
    size_t len = format(line, log, level, event, fields, count);
    if (log->queue) {
        log_queue_put(log->queue, line, len);
    } else if (write(log->fd, line, len) < 0) {
        return; /* there is nowhere left to write to */
    }
}

/* --- the queue -------------------------------------------------------------------------------- */

static size_t say_dropped(char out[LOG_LINE_BYTES], const void *log, uint64_t lines)
{
    const struct log_field field = LOG_NUMBER("lines", (int64_t)lines);
    return format(out, log, LOG_WARN, "log-dropped", &field, 1);
}

int log_start(struct log *log)
{
    log->queue = log_queue_start(log->fd, say_dropped, log);
    return log->queue ? 0 : -1;
}

void log_stop(struct log *log, int wait_ms)
{
    struct log_queue *queue = log->queue;
    if (queue) {
        log_queue_stop(queue, wait_ms);
        log->queue = NULL;
    }
}

void log_flush(const struct log *log, int wait_ms)
{
    if (log->queue) {
        log_queue_flush(log->queue, wait_ms);
    }
}

uint64_t log_dropped(const struct log *log)
{
    return log->queue ? log_queue_dropped(log->queue) : 0;
}

void log_flush_in_crash(const struct log *log)
{
    if (log->queue) {
        log_queue_flush_in_crash(log->queue);
    }
}
