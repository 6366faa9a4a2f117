/*
 * The consent behind a call, read from the Hub: its permissions, cached for a while because they
 * never change, and whom the customer shares with. (Data sharing 8.2.)
 */
#ifndef CONNECT_CALL_CONSENT_H
#define CONNECT_CALL_CONSENT_H

#include "connect/operation.h"

/* Whether the consent holds ReadProductFinanceRates. False when the Hub cannot be asked. */
bool call_consent_permits_rates(struct call *call);
/* Drops what is cached of the consent. */
void call_consent_forget(struct call *call);
/* Trading name of whom the data goes to, in the arena; absent when the Hub cannot be asked. */
struct lfi_slice call_consent_beneficiary(struct call *call);

#endif
