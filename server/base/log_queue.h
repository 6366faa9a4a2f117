/* Lines on their way to a file descriptor, and the thread that writes them; for log.c. */
#ifndef BASE_LOG_QUEUE_H
#define BASE_LOG_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#define LOG_LINE_BYTES 4096 /* PIPE_BUF: a write of up to this size is not mixed with others */

struct log_queue;

/* Writes the line that tells of dropped ones; returns its length. */
typedef size_t log_dropped_fn(char out[LOG_LINE_BYTES], const void *ctx, uint64_t lines);

/* The functions mean what log_start, log_stop and so on say. NULL: no memory or no thread. */
struct log_queue *log_queue_start(int fd, log_dropped_fn *say_dropped, const void *ctx);
void log_queue_stop(struct log_queue *queue, int wait_ms);
/* A whole line with its newline. Never waits for the reader. */
void log_queue_put(struct log_queue *queue, const char *line, size_t len);
void log_queue_flush(struct log_queue *queue, int wait_ms);
void log_queue_flush_in_crash(struct log_queue *queue);
uint64_t log_queue_dropped(const struct log_queue *queue);

#endif
