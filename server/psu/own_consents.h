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

/* Answers that the Hub did not give a consent: CONSENT-UNKNOWN 404, HUB-DOWN 503. */
void own_consents_refuse_hub(struct context *context, enum hub_outcome outcome,
                             const struct lfi_error *error);
/* Appends "accountList"; accounts that are held no longer are left out. The core's status. */
int own_consents_append_accounts(struct actor actor, const cJSON *list, struct json_writer *w,
                                 struct lfi_error *error);

#endif
