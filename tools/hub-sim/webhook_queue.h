/*
 * What keeps the events that wait for TPPs over a restart: FOLDER/webhooks.jsonl, with a line for
 * each event that was accepted, for each try that failed and for each end. Without a folder it
 * keeps nothing. Any thread.
 */
#ifndef HUB_SIM_WEBHOOK_QUEUE_H
#define HUB_SIM_WEBHOOK_QUEUE_H

#include "store.h"

struct webhook_queue;

/* An event that waits. Texts belong to the caller, or to the queue while it calls `take`. */
struct webhook_entry {
    const char *provider_id, *client_id, *consent_id;
    const cJSON *message;
    int64_t number;
    size_t retries;  /* tries that failed, less the last one when it is not over */
    int64_t wait_us; /* until the next try */
};

int webhook_queue_open(struct webhook_queue **out, const struct store *store, const struct log *log,
                       struct lfi_error *error);
void webhook_queue_close(struct webhook_queue *queue); /* NULL is fine */

/* Calls `take` for each event that has not come to its end, oldest first. Before all else. */
int webhook_queue_read(struct webhook_queue *queue,
                       void (*take)(void *ctx, const struct webhook_entry *entry), void *ctx,
                       struct lfi_error *error);

/* Keeps an event, and returns its number. */
int64_t webhook_queue_add(struct webhook_queue *queue, const struct webhook_entry *entry);
/* That it is to be tried again, for the time `retries`, in so many microseconds. */
void webhook_queue_retry(struct webhook_queue *queue, int64_t number, size_t retries,
                         int64_t wait_us);
/* That it was taken or given up. */
void webhook_queue_end(struct webhook_queue *queue, int64_t number);

#endif
