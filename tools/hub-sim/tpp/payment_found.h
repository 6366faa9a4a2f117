/* Inside the resource server: a payment that a TPP asks about. */
#ifndef HUB_SIM_TPP_PAYMENT_FOUND_H
#define HUB_SIM_TPP_PAYMENT_FOUND_H

#include "consent.h"
#include "tpp/resources.h"

struct payment_found {
    char consent_id[sizeof(((struct consent *)NULL)->id)];
    cJSON *asked; /* Data of the request that made it */
    cJSON *file;  /* what the consent says of its file; NULL: it is no payment of one */
};
/*
 * Finds a payment of this TPP, of a file or of none as `file` says; TPP-PAYMENT 404. When true, to
 * be freed.
 */
bool tpp_payment_find(struct tpp_call *call, struct lfi_slice id, bool file,
                      struct payment_found *out);
void tpp_payment_found_free(struct payment_found *found);

#endif
