/*
 * The consent behind a call, read from the Hub: its permissions, cached for a while because they
 * never change, and whom the customer shares with. (Data sharing 8.2.)
 */
#ifndef CONNECT_CALL_CONSENT_H
#define CONNECT_CALL_CONSENT_H

#include "connect/operation.h"
#include "consent/consent.h"

/* Whether the consent holds ReadProductFinanceRates. False when the Hub cannot be asked. */
bool call_consent_permits_rates(struct call *call);
/*
 * What the consent opens of a sector's policies, 1U << enum policy_right each, when it is for all
 * of these policies. Refused: CONSENT-UNKNOWN 400 when the Hub knows no such consent,
 * CONSENT-UNREAD 500 when the Hub cannot be asked, POLICY-NOT-CONSENTED 403. (Insurance 4.2, 4.4.)
 */
int call_consent_rights(struct call *call, const struct lfi_slice *policy_ids, size_t count,
                        unsigned *rights);
/* Drops what is cached of the consent. */
void call_consent_forget(struct call *call);
/* Trading name of whom the data goes to, in the arena; absent when the Hub cannot be asked. */
struct lfi_slice call_consent_beneficiary(struct call *call);

/* Remembers for a day, in this instance, of which version of the standard the consent is. */
void call_consent_note_version(const struct call *call, const struct consent *consent);
/* That of the call's consent as it was noted last; 0: not known. */
uint32_t call_consent_version(const struct call *call);

#endif
