/* A consent as the standard shows it to its TPP. Under the store's lock. */
#ifndef HUB_SIM_TPP_VIEW_H
#define HUB_SIM_TPP_VIEW_H

#include "consent.h"

/* {Data, Subscription, Links, Meta}; `resources` is the base address of the resource server. */
cJSON *view_consent(const struct sim *sim, struct consent *consent, struct lfi_slice resources);
/* Whether it is a consent to payments. */
bool view_pays(const struct consent *consent);
/* Adds Related, the addresses of the consent's payments. Under the lock. */
void view_add_payments(cJSON *links, const struct consent *consent, struct lfi_slice resources);

#endif
