/*
 * What the bank can say of a new consent to payments from its content, before the customer has
 * signed in: its personal data, debtor, creditors and type. (Consent events 3.3, checks 2 to 5.)
 */
#ifndef PAYMENTS_VALIDATE_H
#define PAYMENTS_VALIDATE_H

#include "consent/rules.h"
#include "flow/call.h"
#include "payments/pii.h"

/* The personal data of a consent. */
struct opened_pii {
    enum pii_stage stage;          /* for the caller to set: how old its signature may be */
    struct lfi_slice jws, payload; /* once it is opened, as in struct pii; else absent */
};

/*
 * Fills `out` with the first that is wrong, its texts in the call's arena; its code is NULL when
 * there is nothing. The provider's core must have the payments family. `asked` is the request's
 * consent object. Where call->core.user_id is known the debtor account must be this customer's.
 *   InvalidPII                    it cannot be decrypted, or is not in the form of a consent
 *   InvalidDebtorAccount          not an account of this segment that can pay
 *   InvalidCreditor               their number, or one of them by itself
 *   UnreachableCreditorAccount    no rail leads to one of them, or it takes no money
 *   PaymentTypeNotSupported       no type, several, or one that the provider does not advertise
 *   InvalidFile                   its type is not read, its hash is none, its date not ahead
 * -1: it cannot be judged now; PII-KEYS-UNAVAILABLE, PII-UNABLE, or what the core's status means.
 */
int payment_validate(struct call *call, struct pii_reader *reader, struct opened_pii *opened,
                     const cJSON *asked, struct consent_finding *out);

#endif
