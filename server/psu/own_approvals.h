/*
 * Payment consents that wait for the customer's approval beside others' (authorization pages for
 * payments 7): which there are, one of them with its terms and who has decided, and the decision.
 * They are found at the Hub, among the consents of those who approve together with the customer.
 * Internal to this room.
 */
#ifndef PSU_OWN_APPROVALS_H
#define PSU_OWN_APPROVALS_H

#include "psu/context.h"

/*
 * Appends "waiting": the consents that wait for the customer, each with id, tpp and amount. A
 * consent that could not be looked for, as the Hub or the core did not answer, is left out, and
 * "waitingUnread" is true.
 */
void own_approvals_append(struct actor actor, struct json_writer *w);
/* Answers with the view "authorize" of one of them; 404 CONSENT-UNKNOWN: it is none for them. */
void own_approvals_show(struct context *context, struct lfi_slice consent_id);

#endif
