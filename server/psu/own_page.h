/* What the pages of own consents share. Internal to this room. */
#ifndef PSU_OWN_PAGE_H
#define PSU_OWN_PAGE_H

#include "psu/context.h"

/* Answers that the Hub did not give a consent: CONSENT-UNKNOWN 404, HUB-DOWN 503. */
void own_page_refuse_hub(struct context *context, enum hub_outcome outcome,
                         const struct lfi_error *error);
/* Appends "accountList"; accounts that are held no longer are left out. The core's status. */
int own_page_append_accounts(struct actor actor, const cJSON *list, struct json_writer *w,
                             struct lfi_error *error);

/* The same of insurance policies: "policyList". */
int own_page_append_policies(struct actor actor, const cJSON *list, struct json_writer *w,
                             struct lfi_error *error);

#endif
