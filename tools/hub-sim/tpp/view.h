/*
 * Consents and payments as the standard shows them to their TPP. Under the store's lock. `version`
 * is the one of the call that they are shown to, 0: no call, then it is the consent's.
 */
#ifndef HUB_SIM_TPP_VIEW_H
#define HUB_SIM_TPP_VIEW_H

#include "consent.h"

#define VIEW_ADDRESS_MAX 512

/* {Data, Subscription, Links, Meta} of now. */
cJSON *view_consent(const struct sim *sim, struct consent *consent, uint32_t version);
/* Its Data alone, as it is. */
cJSON *view_consent_data(const struct consent *consent);
void view_consent_address(const struct consent *consent, uint32_t version,
                          char out[VIEW_ADDRESS_MAX]);
/* Adds Related, the addresses of the consent's payments. */
void view_add_payments(cJSON *links, const struct consent *consent, uint32_t version);
/* Copies a member that `to` lacks. */
void view_copy_if_missing(cJSON *to, const cJSON *from, const char *name);

/*
 * Data of a payment: the `data` that the bank tells of it, and what it leaves out as the TPP asked.
 * Of a file, `file` is what the consent says of it; NULL: it is no payment of one.
 */
cJSON *view_payment_data(const cJSON *told, const cJSON *asked, const cJSON *file);
/* Adds PaymentRail, which v2.2 knows, once the bank has told on which rail it was made. */
void view_add_rail(cJSON *data, const cJSON *payment);
void view_payment_address(const struct consent *consent, struct lfi_slice payment_id,
                          uint32_t version, char out[VIEW_ADDRESS_MAX]);

#endif
