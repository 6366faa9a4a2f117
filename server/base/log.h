/*
 * The log: one JSON object a line on a file descriptor, each line one write. Any thread.
 * Never log secrets, tokens, names, account numbers or other personal data: ids only.
 *
 *   {"ts":"2026-11-21T03:09:25.123Z","level":"info","event":"request", …fields}
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/clock.h"
#include "base/slice.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log {
    int fd;
    _Atomic(enum log_level) level; /* lines below it are dropped; may be changed at any time */
    const struct clock *clock;
};

struct log_field {
    const char *name;
    struct lfi_slice text; /* absent: `number` counts, unless the name is NULL */
    int64_t number;
    bool is_number;
};

#define LOG_TEXT(n, s) ((struct log_field){.name = (n), .text = (s)})
#define LOG_NUMBER(n, v) ((struct log_field){.name = (n), .number = (v), .is_number = true})

/* Writes a line of at most 4 KiB; longer texts are cut. Absent texts are left out. */
void log_write(const struct log *log, enum log_level level, const char *event,
               const struct log_field *fields, size_t count);
#define LOG_EVENT(log, level, event, ...)                                                          \
    log_write((log), (level), (event), (const struct log_field[]){__VA_ARGS__},                    \
              sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))

#endif
