/*
 * What keeps the messages of an outbox over a restart: FOLDER/NAME.jsonl, with a line for each that
 * was accepted, for each try that failed and for each end. Without a folder it keeps nothing. Any
 * thread.
 */
#ifndef HUB_SIM_KEPT_QUEUE_H
#define HUB_SIM_KEPT_QUEUE_H

#include "sim.h"
#include "store.h"

struct kept_queue;

/* A message that waits. Texts belong to the caller, or to the queue while it calls `take`. */
struct kept_entry {
    const char *provider_id, *client_id, *consent_id;
    const cJSON *message;
    int64_t number;
    size_t retries;  /* tries that failed, less the last one when it is not over */
    int64_t wait_us; /* until the next try */
};

/* `name` is a literal. */
int kept_queue_open(struct kept_queue **out, const struct sim *sim, const char *name,
                    struct lfi_error *error);
void kept_queue_close(struct kept_queue *queue); /* NULL is fine */

/* Calls `take` for each message that has not come to its end, oldest first. Before all else. */
int kept_queue_read(struct kept_queue *queue,
                    void (*take)(void *ctx, const struct kept_entry *entry), void *ctx,
                    struct lfi_error *error);

/* Keeps a message, and returns its number. */
int64_t kept_queue_add(struct kept_queue *queue, const struct kept_entry *entry);
/* That it is to be tried again, for the time `retries`, in so many microseconds. */
void kept_queue_retry(struct kept_queue *queue, int64_t number, size_t retries, int64_t wait_us);
/* That it was taken or given up. */
void kept_queue_end(struct kept_queue *queue, int64_t number);

#endif
