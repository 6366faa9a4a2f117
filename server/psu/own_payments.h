/*
 * The payments of a consent of the customer's own (consent management interface 3 and 5): what it
 * allows, how much of that is used, and what was paid, as the Hub tells. Internal to this room.
 */
#ifndef PSU_OWN_PAYMENTS_H
#define PSU_OWN_PAYMENTS_H

#include "consent/consent.h"
#include "psu/context.h"

/* How many payments one view has. */
#define OWN_PAYMENTS_PAGE 20

/*
 * Members of the view of a consent to payments, the tree being what the Hub sent: "payment", the
 * terms as the review shows them, unless they cannot be decrypted, and "used", what the Hub has
 * counted, if it says so: count, value, periodCount and periodValue.
 */
void own_payments_append_terms(struct actor actor, const cJSON *tree, const struct consent *consent,
                               struct json_writer *w);
/*
 * Answers with the view "payments" of this consent, which is the customer's: those of page `page`,
 * from 1, the newest first; "more": whether there are older ones; "count" of all; "paid", the sum
 * of those that succeeded.
 */
void own_payments_show(struct context *context, const struct consent *consent, int64_t page);

#endif
