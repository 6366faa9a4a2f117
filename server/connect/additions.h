/*
 * What the bank adds to a consent when it is asked to augment it: how the customer is billed, and
 * for a payment abroad what the quote says that it is made by. (Consent events 4, CAAP 10; other
 * service initiation 6.) Internal to this room.
 */
#ifndef CONNECT_ADDITIONS_H
#define CONNECT_ADDITIONS_H

#include "connect/operation.h"
#include "payments/exchange.h"

struct additions {
    enum lfi_maybe large_corporate;
    struct fx_terms exchange;
};

/*
 * Asks the core about the consent whose JSON `tree` is; call->core.user_id is the customer, absent
 * while nobody knows. Refused: ADDITIONS-QUOTE 400 Consent.Invalid when the consent names a quote
 * that its TPP does not have, ADDITIONS-QUOTE-ENDED 400 Consent.BusinessRuleViolation when no
 * payment can be made by it any more, PSU-UNKNOWN 400.
 */
int additions_find(struct call *call, const cJSON *tree, struct additions *out);
/* Appends the members that there are. */
void additions_write(struct json_writer *w, const struct additions *additions);

#endif
