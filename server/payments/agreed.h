/*
 * The consent behind an operation on payments, and what it says of customer and account. It is read
 * from the Hub for each, over a connection that is kept: the Hub alone knows whether it is in
 * force, its events may be lost or reach another instance, and a copy must not decide on a payment.
 * (Payments 3.1, consent events 5.) Internal to this room.
 */
#ifndef PAYMENTS_AGREED_H
#define PAYMENTS_AGREED_H

#include "consent/consent.h"
#include "flow/call.h"
#include "payments/means.h"

/* PAYMENT-CONSENT-UNKNOWN 400, -UNREAD 500. The caller frees the tree in any case. */
int agreed_fetch(struct call *call, const struct payment_means *means, cJSON **tree);
/* The one account, for call->core.user_id: PAYMENT-CONSENT-USER, -ACCOUNT 400. */
int agreed_account(struct call *call, const struct consent *consent, struct lfi_slice *account_id);
/* 400 Consent.Invalid. */
int agreed_refuse(struct call *call, const char *id, const char *message);

#endif
