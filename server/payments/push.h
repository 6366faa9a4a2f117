/*
 * The statuses of payments on their way to the Hub's payment log, which the TPP learns them from.
 * What the core's change feed tells becomes a task for each change; the cursor moves in the same
 * commit, so that a crash neither loses a change nor repeats one that was delivered. A task is
 * tried until the Hub has it: for ever while the Hub is away; parked for an operator when the Hub
 * refuses, unless it then asks for the payment again. Changes of one payment are told in order. Any
 * thread, several at once, on several instances. (Payments 7.)
 */
#ifndef PAYMENTS_PUSH_H
#define PAYMENTS_PUSH_H

#include "payments/push_context.h"

/* Keeps a task for each change that is new. True: there may be more. */
bool push_read_feed(const struct push *push);

#define PUSH_KIND "payment-status" /* of a task's record */

/* Delivers the task with this record, or has it tried later. */
void push_deliver(const struct push *push, struct hub *hub, struct arena *arena, cJSON *record);
/*
 * The Hub has asked again for a payment whose creation it may have missed: what it refused to hear
 * of it then is told again.
 */
void push_revive(const struct push *push, struct arena *arena,
                 const struct lfi_payment_facts *facts);

/* The body of PATCH /payment-log/{id} for a change, in the form of the version. */
void push_write(struct buf *out, const struct lfi_payment_facts *facts, enum hub_form version);

#endif
