/*
 * The types of payments, a row each: what validation, POST /payments, the customer's pages and the
 * Hub simulator know of a type. Constant; any thread. (Payments 3.1, 9.1.)
 */
#ifndef CONSENT_PAYMENT_TYPE_H
#define CONSENT_PAYMENT_TYPE_H

#include "base/json.h"

enum payment_type_id {
    PAYMENT_SINGLE_INSTANT,
    PAYMENT_FIXED_ON_DEMAND,
    PAYMENT_VARIABLE_ON_DEMAND,
    PAYMENT_FIXED_PERIODIC,
    PAYMENT_VARIABLE_PERIODIC,
    PAYMENT_FIXED_DEFINED,
    PAYMENT_VARIABLE_DEFINED,
    PAYMENT_DELEGATED,
    PAYMENT_FILE,
    PAYMENT_TYPES
};

struct payment_type {
    enum payment_type_id id;
    const char *name;        /* "SingleInstantPayment", as schedules and ApiMetadata call it */
    const char *kind;        /* own.kind.KIND in the pages' texts: "single-payment" */
    const char *schedule;    /* the member of ConsentSchedule that it stands in; NULL: none */
    bool customer_present;   /* the customer's address must be known */
    bool delegated;          /* the TPP authenticates the customer, and proves it */
    bool one_in_flight;      /* an equal payment that is pending refuses another */
    bool file;               /* of many creditors, in a file; the consent names none */
    bool creditors_may_vary; /* up to LIMIT_CREDITORS of them, or none named at all */
};

const struct payment_type *payment_type_at(enum payment_type_id id);
/* Of a consent with these ControlParameters; NULL: none, or several, which no bank serves. */
const struct payment_type *payment_type_of(const cJSON *control_parameters);
/* The object that has Type and the terms of each payment; NULL: the type has none. */
const cJSON *payment_type_terms(const cJSON *consent_schedule);

/* Whether a consent may name so many creditors. None at all is the open model. */
bool payment_type_allows(const struct payment_type *type, int creditors);
/* The flag of ApiMetadata by which a bank advertises the type for so many creditors. */
#define PAYMENT_FLAG_MAX 80 /* "DelegatedAuthentication.MultipleBeneficiariesSupported" */
void payment_type_flag(const struct payment_type *type, int creditors, char out[PAYMENT_FLAG_MAX]);

#endif
