/*
 * The simulated bank app of the demo: a page that stands for the app on the device bound to a
 * customer (openapi/psu/bank-app.yaml). The link to it carries the sealed binding; it is in the
 * fragment, which browsers send to nobody, and the page hands it back in each call.
 */
#ifndef PSU_BANK_APP_H
#define PSU_BANK_APP_H

#include "psu/api.h"

/* Adds "openApp": the link bound to the customer of the session. */
void bank_app_append_link(struct actor actor, struct json_writer *writer);
/* Refusals: APP-LINK, APP-UNKNOWN, APP-DECIDED. */
extern const struct step_api bank_app_api;

#endif
