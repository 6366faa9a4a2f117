/*
 * A core's change feeds on their way to tasks, and what becomes of these: what the pushes of
 * payments, account openings and quotes share. Internal to this room. Any thread, several at once.
 */
#ifndef PAYMENTS_FEED_H
#define PAYMENTS_FEED_H

#include "payments/push_context.h"

/* An entry of a feed, as a task; texts in the arena. */
struct feed_entry {
    const char *cursor; /* borrowed */
    bool told;          /* the Hub is to hear of it */
    struct lfi_slice key;
    struct state_task task;
};

struct feed {
    const char *key; /* of its cursor in the state */
    int (*ask)(const struct provider *provider, const struct lfi_call *call,
               const struct lfi_change_query *query, struct lfi_answer *answer,
               struct lfi_error *error);
    /* False: the entry is malformed. A text that is absent: out of memory. */
    bool (*read)(const struct push *push, struct arena *arena, const void *given,
                 struct feed_entry *out);
};

/* Keeps a task for each change that is new. True: there may be more. */
bool feed_move(const struct push *push, const struct feed *feed);

/* --- of a task that was taken ----------------------------------------------------------------- */

/* It is done. */
void feed_end(const struct push *push, struct lfi_slice key);
/* It has failed: true when it was put back for another try, false when that is of no use. */
bool feed_try_again(const struct push *push, struct lfi_slice key, cJSON *record,
                    enum hub_outcome outcome);
/* Puts it back for an operator to look at; who parks says so. */
void feed_park(const struct push *push, struct lfi_slice key, cJSON *record, const char *reason);
void feed_say_parked(const struct push *push, struct lfi_slice key, const char *reason);
/* Puts it back, with what has changed in its record. */
void feed_put_back(const struct push *push, struct lfi_slice key, const cJSON *record,
                   int64_t due_s);

/* --- what a log of the Hub is told: a patch ----------------------------------------------------
 */

struct feed_log {
    const char *kind;  /* of a task's record, and the beginning of its key */
    const char *event; /* of our log, when it was told */
    enum hub_outcome (*patch)(struct hub *hub, struct arena *arena, struct lfi_slice id,
                              struct lfi_slice patch, struct lfi_error *error);
    bool repeats_refusals; /* for a day; else a refusal is final */
};

/* Change `number` of what is called `id`, as a task whose patch is JSON. */
struct feed_entry feed_entry_of(const struct push *push, struct arena *arena,
                                const struct feed_log *log, struct lfi_slice id, uint32_t number,
                                struct lfi_slice patch);
/* Tells the Hub what feed_entry_of() has written, or has it tried later. */
void feed_deliver(const struct push *push, struct hub *hub, struct arena *arena,
                  const struct feed_log *log, cJSON *record);

/* Ends such a task without telling the Hub. */
void feed_skip(const struct push *push, struct arena *arena, const struct feed_log *log,
               const cJSON *record);

void feed_note_failure(const struct push *push, const char *call, int status,
                       const struct lfi_error *error);

#endif
