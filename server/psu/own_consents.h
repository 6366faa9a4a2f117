/*
 * The API of the customer's own consents (openapi/psu/own-consents.yaml; consent management
 * interface).
 *
 * Everything is read from the Hub at that moment and shown only when it says that it is the
 * customer's. A consent of somebody else is refused as one that does not exist.
 */
#ifndef PSU_OWN_CONSENTS_H
#define PSU_OWN_CONSENTS_H

#include "psu/api.h"

extern const struct step_api own_consents_api;

#endif
