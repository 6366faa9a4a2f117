/*
 * The simulated bank app of the demo: a page that stands for the app on the device bound to a
 * customer. The link to it carries the sealed binding; it is in the fragment, which browsers send
 * to nobody, and the page hands it back in each call.
 */
#ifndef PSU_BANK_APP_H
#define PSU_BANK_APP_H

#include "psu/visit.h"

/* Adds "openApp": the link bound to the customer of the session. */
void bank_app_append_link(struct visit *visit, struct json_writer *writer);
/*
 * POST /bank-app/approvals: what waits for this customer, and what the bank has written to it.
 * POST /bank-app/decision: approves or denies one. Refusals: APP-LINK, APP-UNKNOWN, APP-DECIDED.
 */
void bank_app_handle(struct visit *visit);

#endif
