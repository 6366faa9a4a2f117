/*
 * The API of the customer's own consents (consent management interface):
 *
 *   POST /consents/api/state     what to show now
 *   POST /consents/api/start     begins a session at a provider; names them when there are several
 *   POST /consents/api/sign-in   first factor; asks for the second; passkey-options and passkey
 *                                are both at once
 *   POST /consents/api/approval  the state of the second factor
 *   POST /consents/api/list      all consents of the customer
 *   POST /consents/api/consent   one of them in full, with those of its chain that are theirs
 *   POST /consents/api/revoke    ends one
 *   POST /consents/api/sign-out
 *
 * Everything is read from the Hub at that moment and shown only when it says that it is the
 * customer's. A consent of somebody else is refused as one that does not exist.
 */
#ifndef PSU_OWN_CONSENTS_H
#define PSU_OWN_CONSENTS_H

#include "psu/api.h"

extern const struct api own_consents_api;

/* What a customer who has just signed in is shown: the list. */
void own_consents_show(struct visit *visit);

#endif
