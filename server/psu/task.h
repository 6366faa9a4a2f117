/*
 * Tasks that the Hub must be told, kept durably in the state: tried again after gaps that double,
 * then parked, that is, kept for an operator, who sees them and has them tried again. The record
 * of a task counts its tries; what else is in it belongs to whoever put it. What is told of one
 * consent is told in order; different consents do not wait for each other. Any thread.
 */
#ifndef PSU_TASK_H
#define PSU_TASK_H

#include "psu/actor.h"

#define TASK_FIRST_GAP_S 1

struct task {
    struct lfi_slice key;        /* absent: memory was short */
    struct lfi_slice consent_id; /* absent: of a task that is kept already */
    cJSON *record;               /* borrowed; the number of tries is added to it */
};

/* The tasks' destination at the actor's Hub: the consent. */
struct lfi_slice task_destination(struct actor actor, struct lfi_slice consent_id);
/* Keeps it, due at `due_s`. The state's status. */
int task_put(struct actor actor, const struct task *task, int64_t due_s, struct lfi_error *error);
/* A try failed with `outcome`, because of `why`: it is due again later, or parked. */
void task_try_later(struct actor actor, const struct task *task, enum hub_outcome outcome,
                    const struct lfi_error *why);
/* Adds a text to a record; false: memory is short. */
bool task_add_text(struct actor actor, cJSON *record, const char *name, struct lfi_slice value);
/* Whether there is such a task. */
bool task_is_kept(struct actor actor, struct lfi_slice key);
/* Nothing is left to do. That there is no such task is fine. */
void task_done(struct actor actor, struct lfi_slice key);

/*
 * For an operator: has a parked task tried again, with its tries counted anew, or forgets it.
 * LFI_UNKNOWN: there is no such parked task; else the state's status.
 */
int task_retry(const struct state_ref *ref, int64_t now_s, struct lfi_error *error);
int task_drop(const struct state_ref *ref, struct lfi_error *error);

#endif
