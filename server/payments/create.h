/*
 * POST /payments: the checks that are the bank's, in one order, then the core's create. What the
 * core made is answered with 201; nothing else leaves a trace. Any thread. (Payments 3.)
 */
#ifndef PAYMENTS_CREATE_H
#define PAYMENTS_CREATE_H

#include "flow/call.h"
#include "payments/means.h"

/*
 * Refusals, in the order of the checks; messages are for the TPP:
 *   PAYMENT-TYPE, PAYMENT-SHAPE                               400 Body.InvalidFormat
 *   PAYMENT-FILE                                              400 GenericError
 *   PAYMENT-CONSENT-ID                                        400 Consent.Invalid
 *   PAYMENT-INTERNATIONAL, PAYMENT-EXCHANGE-PARTS             400 Consent.FailsControlParameters
 *   PAYMENT-CURRENCY, -AMOUNT, -REFERENCE, -KEY               400 Body.InvalidFormat
 *   PSU-FORM                                                  400 Consent.InvalidUserIdentifier
 *   PAYMENT-KEY-USED                                          400 Body.InvalidFormat
 *   PAYMENT-CONSENT-UNKNOWN, -STATE, -KIND, -ACCOUNT          400 Consent.Invalid
 *   PAYMENT-CONSENT-USER                                      400 Consent.InvalidUserIdentifier
 *   PAYMENT-EXCHANGE                                          400 Consent.FailsControlParameters
 *   PAYMENT-CONSENT-UNREAD                                    500 GenericRecoverableError
 *   PAYMENT-AUTH-DATE, PAYMENT-ADDRESS                        400 Body.InvalidFormat
 *   PII-…                                                     see pii_open
 *   PAYMENT-CREDITOR-ABSENT                                   400 Body.InvalidFormat
 *   PAYMENT-CREDITOR, PAYMENT-CREDITOR-RULES                  400 Consent.FailsControlParameters
 *   PAYMENT-PROOF-…                                           see proof_check
 *   PAYMENT-BLOCKED                                           403 Consent.AccountTemporarilyBlocked
 *   PAYMENT-BLOCKED-FOR-GOOD                                  403 Consent.PermanentAccountAccess…
 *   PAYMENT-IN-FLIGHT                                         409 Payment.DuplicateInFlight
 *   PAYMENT-FUNDS                                             400 GenericError
 *   PAYMENT-CREDITOR-REACH                                    400 Consent.FailsControlParameters
 *   PAYMENT-QUOTE                                             400 Consent.BusinessRuleViolation
 *   PAYMENT-BANK-RULE                                         400 Consent.BusinessRuleViolation
 *   PAYMENT-IN-DOUBT                                          500 GenericRecoverableError
 */
int payment_create(struct call *call, const struct payment_means *means);

#endif
