/*
 * The log: one JSON object a line on a file descriptor, no line mixed with another. Any thread.
 * Never log secrets, tokens, names, account numbers or other personal data: ids only.
 *
 *   {"ts":"2026-11-21T03:09:25.123Z","level":"info","event":"request", …fields}
 *
 * A log without a queue writes each line itself, and waits for the reader: for tools, and until
 * the threads of a server begin. With a queue the caller only leaves its line there; a writer of
 * the log's own does the rest, a few milliseconds later. Lines that find the queue full are dropped
 * and counted, and {"event":"log-dropped","lines":n} follows when there is room again.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/clock.h"
#include "base/slice.h"

#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_queue;

struct log {
    int fd;
    _Atomic(enum log_level) level; /* lines below it are not written; may change at any time */
    const struct clock *clock;
    struct log_queue *queue; /* NULL: lines are written by their caller */
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

/* Gives the log its queue and writer. Not after a fork without exec. -1: no memory or no thread. */
int log_start(struct log *log);
/*
 * Writes what is queued, for at most `wait_ms` while the reader stalls, and frees the queue. No
 * other thread may use the log any more. Without a queue: nothing.
 */
void log_stop(struct log *log, int wait_ms);
/* Waits until all that was logged before is written, for at most `wait_ms`. Any thread. */
void log_flush(const struct log *log, int wait_ms);
/* Lines dropped since the start: no room, or the descriptor refused them. */
uint64_t log_dropped(const struct log *log);
/*
 * For a handler of fatal signals only: writes what is queued as far as the reader takes it at once,
 * without a lock. Async-signal-safe.
 */
void log_flush_in_crash(const struct log *log);

#endif
