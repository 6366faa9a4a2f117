/*
 * Decisions of those who approve a payment consent after the first: a task each, so that a decision
 * survives a crash, and so that those on one consent reach the Hub one after the other. The Hub
 * keeps the list; each task adds its decision to what the list is then. A task of its own rejects
 * the consent when its deadline, or the time of its exchange rate, passes first. Internal to this
 * room.
 */
#ifndef PSU_AUTHORIZER_TASK_H
#define PSU_AUTHORIZER_TASK_H

#include "psu/actor.h"

#define AUTHORIZER_KIND "authorizer"
#define AUTHORIZERS_END_KIND "authorizers-end"

/* Keeps the session's customer's decision. LFI_OK, or the state's status. */
int authorizer_task_put(struct actor actor, struct lfi_slice consent_id, bool approves,
                        struct lfi_error *error);
/* Whether such a decision is still to reach the Hub. */
bool authorizer_task_waits(struct actor actor, struct lfi_slice consent_id);
/* Keeps the task that is due when a consent can be approved no more. False, logged: not kept. */
bool authorizer_task_put_end(struct actor actor, struct lfi_slice consent_id, int64_t due_s);

/* Carry out a record of their kind, or keep it for later. */
void authorizer_task_deliver(struct actor actor, cJSON *record);
void authorizer_task_end(struct actor actor, cJSON *record);

#endif
