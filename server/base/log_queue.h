/* What log.c needs of the queue of lines; see log.h. */
#ifndef BASE_LOG_QUEUE_H
#define BASE_LOG_QUEUE_H

#include "base/log.h"

#define LOG_LINE_BYTES 4096 /* PIPE_BUF: a write of up to this size is not mixed with others */

/* A whole line with its newline. Never waits for the reader. */
void log_queue_put(struct log_queue *queue, const char *line, size_t len);
/* A line as log_write makes it, into `out` of LOG_LINE_BYTES; returns its length. */
size_t log_format(char *out, const struct log *log, enum log_level level, const char *event,
                  const struct log_field *fields, size_t count);

#endif
