/*
 * The consent behind an operation on payments, read from the Hub over a connection that is kept,
 * and what it says of customer and account. (Payments 3.1.) Internal to this room.
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
