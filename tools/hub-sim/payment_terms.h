/*
 * The terms of a payment consent as a Hub reads them: amounts in hundredths, days and periods in
 * the calendar of the Gulf, and what was paid of them. Days count from 1970-01-01. (Payments 9.)
 */
#ifndef HUB_SIM_PAYMENT_TERMS_H
#define HUB_SIM_PAYMENT_TERMS_H

#include "base/clock.h"
#include "consent/payment_type.h"
#include "record.h"

struct payment_terms {
    const cJSON *asked;              /* the TPP's consent object */
    const struct payment_type *type; /* NULL: none, or several at once */
    const cJSON *multi;              /* caps of the whole consent; NULL: none */
    const cJSON *schedule;           /* amounts, period or dates; NULL: the type has none */
};
struct payment_terms payment_terms_read(const cJSON *asked);
struct payment_terms payment_terms_of(const struct consent *consent);
/* What a consent to a file says of it; NULL: it is to none. */
const cJSON *payment_file_terms(const struct consent *consent);
bool payment_type_is(const struct payment_terms *terms, enum payment_type_id a,
                     enum payment_type_id b);

/* The amount {"Amount": "100.00"} under this name; false: there is none. */
bool payment_amount_read(const cJSON *object, const char *name, int64_t *minor);
/* {"Amount": "100.00", "Currency": "AED"} */
cJSON *payment_amount_write(int64_t minor);

struct day_span {
    int64_t first, last;
};
#define DAY_SPAN_ALL ((struct day_span){INT64_MIN, INT64_MAX})

int64_t payment_today(const struct clock *clock);
/* The day of a date, or of an instant in the Gulf; false: it is neither. */
bool payment_day_read(struct lfi_slice text, int64_t *day);
/*
 * The period of a schedule in which a day lies: the day itself, seven days counted from
 * PeriodStartDate, the calendar month, or twelve months from PeriodStartDate. Of a schedule without
 * periods all days.
 */
struct day_span payment_period(const cJSON *schedule, int64_t day);
/* The entry of a list of dates for a day; NULL: none. */
const cJSON *payment_date_entry(const cJSON *schedule, int64_t day);
/* The last of a list of dates; INT64_MIN: it is no list. */
int64_t payment_last_date(const cJSON *schedule);

struct payment_sum {
    int64_t count, minor;
};
enum payment_counted {
    PAYMENTS_NOT_REJECTED, /* and those that the bank is being asked for */
    PAYMENTS_SETTLED,      /* which cannot be rejected any more */
};
/* Of the consent's payments made on these days. */
struct payment_sum payment_sum_of(const struct consent *consent, struct day_span days,
                                  enum payment_counted counted);

/*
 * Whether no further payment can follow: a single payment was made, or the payments that cannot be
 * rejected any more use up a cap of the whole consent or the last date of its list.
 */
bool payment_terms_used_up(const struct consent *consent);
/* What of the terms is used, as PaymentConsumption; the period is that of today. */
cJSON *payment_consumption(const struct consent *consent, const struct clock *clock);

#endif
