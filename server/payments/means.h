/* What operations on payments are given beside the call. */
#ifndef PAYMENTS_MEANS_H
#define PAYMENTS_MEANS_H

#include "base/clock.h"
#include "hub/hub.h"
#include "payments/pii.h"

struct payment_means {
    struct hub *hub;        /* holds the consent; NULL: none is configured */
    struct pii_reader *pii; /* NULL: no keys are configured */
    const struct clock *clock;
    struct lfi_slice client_id, software_id; /* of the TPP, as in struct pii_query */
};

#endif
