/*
 * The types of payments, a row each: what the bank checks of each at POST /payments, and which
 * creditors its consents may name. Constant; any thread. (Payments 3.1, 9.1.)
 */
#ifndef PAYMENTS_TYPE_H
#define PAYMENTS_TYPE_H

#include "base/json.h"

struct payment_type {
    const char *name;        /* "SingleInstantPayment", as schedules call it */
    bool customer_present;   /* the customer's address must be known */
    bool delegated;          /* the TPP authenticates the customer, and proves it */
    bool one_in_flight;      /* an equal payment that is pending refuses another */
    bool creditors_may_vary; /* up to LIMIT_CREDITORS of them, or none named at all */
};

/* Of a consent with these ControlParameters; NULL: none, or several, which no bank serves. */
const struct payment_type *payment_type_of(const cJSON *control_parameters);

#endif
