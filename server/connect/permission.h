/*
 * What a consent says, read from the Hub: its permissions, remembered for a while because they
 * never change, and whom the customer shares with. (Data sharing 8.2.)
 */
#ifndef CONNECT_PERMISSION_H
#define CONNECT_PERMISSION_H

#include "connect/operation.h"

/* Whether the call's consent holds the permission. False when the Hub cannot be asked. */
bool permission_finance_rates(struct call *call);
/* What is remembered of the call's consent is forgotten. */
void permission_forget(struct call *call);
/* Trading name of whom the data goes to, in the arena; absent when the Hub cannot be asked. */
struct lfi_slice permission_tpp_name(struct call *call);

#endif
