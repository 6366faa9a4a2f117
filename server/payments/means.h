/* What operations on payments are given beside the call. */
#ifndef PAYMENTS_MEANS_H
#define PAYMENTS_MEANS_H

#include "base/clock.h"
#include "hub/hub.h"
#include "payments/copies.h"
#include "payments/pii.h"
#include "state/state.h"

struct payment_means {
    const struct offers *offers;   /* of the provider, as they are now */
    struct hub *hub;               /* holds the consent; NULL: none is configured */
    struct consent_copies *copies; /* NULL: each consent is read from the Hub */
    struct pii_reader *pii;        /* NULL: no keys are configured */
    const struct state *state;     /* where pushes wait; NULL: they cannot */
    const struct clock *clock;
    const struct log *log;
    struct lfi_slice client_id, software_id; /* of the TPP, as in struct pii_query */
};

#endif
