/*
 * Messages that wait to be sent, by a thread of their own. Those of one key go out in the order in
 * which they were added, each after the one before it was sent or given up; one that waits for its
 * next try holds up no other key. In memory: its user keeps what is to outlive the program.
 */
#ifndef HUB_SIM_OUTBOX_H
#define HUB_SIM_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#define OUTBOX_QUEUED 1024 /* messages; a demo has some ten at a time */
#define OUTBOX_KEY_MAX 129

#define OUTBOX_DONE INT64_C(-1) /* sent, or given up */

struct outbox_kind {
    /* Sends, on the outbox's thread: OUTBOX_DONE, or after how many microseconds to try again. */
    int64_t (*send)(void *ctx, void *message);
    void (*drop)(void *message);
};

struct outbox;

/* `kind` and `ctx` must outlive it. NULL when memory is short. */
struct outbox *outbox_new(const struct outbox_kind *kind, void *ctx);
/* Sends from now on. -1 when threads are short. */
int outbox_start(struct outbox *outbox);
/* Nothing is sent from now on. NULL is fine, as it is for outbox_stop. */
void outbox_halt(struct outbox *outbox);
/* Drops what is queued; waits for the one under way. */
void outbox_stop(struct outbox *outbox);

/*
 * Takes the message over, which is sent after `wait_us` at the earliest. Any thread. False, and it
 * is dropped: the queue is full.
 */
bool outbox_add(struct outbox *outbox, const char *key, void *message, int64_t wait_us);

#endif
