/*
 * GET /payments/{paymentId}, and where a refund of a consent's payments goes. Any thread.
 * (Payments 5, other service initiation 2.)
 */
#ifndef PAYMENTS_FIND_H
#define PAYMENTS_FIND_H

#include "flow/call.h"
#include "payments/means.h"

/*
 * PAYMENT-UNKNOWN 404 also for a payment of another consent. ACCOUNT-… 403 when the account that
 * paid cannot be reached any more.
 */
int payment_find(struct call *call, struct lfi_slice payment_id);
/*
 * `consent_id` is of the path. PAYMENT-CONSENT-ID, -UNKNOWN, -USER, -ACCOUNT 400;
 * REFUND-BLOCKED, REFUND-BLOCKED-FOR-GOOD 403. Also for consents that have ended.
 */
int payment_refund_account(struct call *call, const struct payment_means *means,
                           struct lfi_slice consent_id);

#endif
