/* What a Hub checks of a payment before the bank is asked. (Payments 9.) */
#include "base/datetime.h"
#include "consent.h"
#include "payments.h"

#define DAY_US (INT64_C(24) * 3600 * 1000000)

static int refuse(struct refusal *refusal, const char *id, const char *message)
{
    return refusal_set(refusal, id, 403, id, message);
}

/* "100.00" in hundredths; what is no amount is 0. */
static int64_t minor_of(struct lfi_slice decimal)
{
    int64_t minor = 0;
    for (size_t i = 0; i < decimal.len && i < 20; i++) {
        minor = decimal.ptr[i] == '.' ? minor : minor * 10 + (decimal.ptr[i] - '0');
    }
    return minor;
}

/* The amount of an object; false: it has none. */
static bool read_amount(const cJSON *object, const char *name, int64_t *minor)
{
    const cJSON *amount = json_get(object, name);
    *minor = minor_of(json_get_string(amount, "Amount"));
    return amount;
}

/* --- days of the Gulf ------------------------------------------------------------------------- */

/* Since 1970-01-01, of a date or an instant. */
static int64_t day_of(struct lfi_slice text)
{
    struct datetime value;
    if (!datetime_parse(text, &value)) {
        return 0;
    }
    return (value.has_time ? datetime_utc_us(&value) + DATETIME_GULF_OFFSET_US : value.wall_us) /
           DAY_US;
}

struct days {
    int64_t first, last;
};

static struct days months_of(int64_t day, bool whole_year)
{
    int64_t year;
    unsigned month, date;
    datetime_civil_from_days(day, &year, &month, &date);
    unsigned first = whole_year ? 1 : month, next = whole_year ? 13 : month + 1;
    return (struct days){
        datetime_days_from_civil(year, first, 1),
        datetime_days_from_civil(next > 12 ? year + 1 : year, next > 12 ? next - 12 : next, 1) - 1};
}

/* The period of the schedule that a day lies in; of one without periods all days. */
static struct days period_of(const cJSON *schedule, int64_t day)
{
    struct lfi_slice type = json_get_string(schedule, "PeriodType");
    int64_t start = day_of(json_get_string(schedule, "PeriodStartDate"));
    if (slice_equal_text(type, "Day")) {
        return (struct days){day, day};
    }
    if (slice_equal_text(type, "Week")) {
        int64_t first = start + (day - start) / 7 * 7;
        return (struct days){first, first + 6};
    }
    return type.ptr ? months_of(day, slice_equal_text(type, "Year"))
                    : (struct days){INT64_MIN, INT64_MAX};
}

/* --- what was paid already -------------------------------------------------------------------- */

struct paid {
    int64_t count, value;
};

/* What was rejected does not count. */
static struct paid add_up(const struct consent *consent, struct days days)
{
    struct paid paid = {0, 0};
    const cJSON *payment;
    cJSON_ArrayForEach(payment, consent->payments)
    {
        int64_t amount;
        const cJSON *answer = json_get(payment, "paymentResponse");
        const cJSON *data = json_get(json_get(payment, "requestBody"), "Data");
        int64_t day = day_of(json_get_string(answer, "creationDateTime"));
        if (day >= days.first && day <= days.last &&
            !slice_equal_text(json_get_string(answer, "status"), "Rejected")) {
            (void)read_amount(json_get(data, "Instruction"), "Amount", &amount);
            paid.count++;
            paid.value += amount;
        }
    }
    return paid;
}

/* --- checks ----------------------------------------------------------------------------------- */

/* A fixed amount must be met, an upper one not passed. */
static int check_amount(const cJSON *terms, int64_t amount, struct refusal *refusal)
{
    int64_t limit;
    if ((read_amount(terms, "Amount", &limit) && amount != limit) ||
        (read_amount(terms, "MaximumIndividualAmount", &limit) && amount > limit)) {
        return refuse(refusal, "SIM-PAYMENT-AMOUNT", "The consent allows another amount.");
    }
    return 0;
}

/* Caps of the whole consent or of a period; `suffix` tells which. */
static int check_caps(const cJSON *terms, const char *value_name, const char *count_name,
                      const struct paid *paid, int64_t amount, struct refusal *refusal)
{
    int64_t value, count;
    if (json_get_int(terms, count_name, &count) && paid->count >= count) {
        return refuse(refusal, "SIM-PAYMENT-COUNT", "The consent allows no more payments.");
    }
    if (read_amount(terms, value_name, &value) && paid->value + amount > value) {
        return refuse(refusal, "SIM-PAYMENT-VALUE", "The consent allows no more value.");
    }
    return 0;
}

static int check_once(const struct consent *consent, struct days days, struct refusal *refusal)
{
    return add_up(consent, days).count == 0
               ? 0
               : refuse(refusal, "SIM-PAYMENT-USED", "The payment was made already.");
}

static int check_date(const struct consent *consent, const cJSON *schedule, int64_t amount,
                      int64_t today, struct refusal *refusal)
{
    const cJSON *entry;
    cJSON_ArrayForEach(entry, json_get(schedule, "Schedule"))
    {
        if (day_of(json_get_string(entry, "PaymentExecutionDate")) == today) {
            int rc = check_once(consent, (struct days){today, today}, refusal);
            return rc == 0 ? check_amount(entry, amount, refusal) : rc;
        }
    }
    return refuse(refusal, "SIM-PAYMENT-DATE", "The consent names no payment for today.");
}

static int check_period(const struct consent *consent, const cJSON *schedule, int64_t amount,
                        int64_t today, struct refusal *refusal)
{
    struct lfi_slice type = json_get_string(schedule, "Type");
    struct days period = period_of(schedule, today);
    struct paid paid = add_up(consent, period);
    bool on_demand =
        slice_equal_text(type, "FixedOnDemand") || slice_equal_text(type, "VariableOnDemand");
    const cJSON *controls = json_get(schedule, "Controls");
    if (check_amount(schedule, amount, refusal) != 0 ||
        check_amount(controls, amount, refusal) != 0) {
        return -1;
    }
    return on_demand
               ? check_caps(controls, "MaximumCumulativeValueOfPaymentsPerPeriod",
                            "MaximumCumulativeNumberOfPaymentsPerPeriod", &paid, amount, refusal)
               : check_once(consent, period, refusal);
}

static int check_multi(const struct consent *consent, const cJSON *multi, int64_t amount,
                       int64_t today, struct refusal *refusal)
{
    const cJSON *schedule = json_get(multi, "PeriodicSchedule");
    struct paid paid = add_up(consent, (struct days){INT64_MIN, INT64_MAX});
    int rc = check_caps(multi, "MaximumCumulativeValueOfPayments",
                        "MaximumCumulativeNumberOfPayments", &paid, amount, refusal);
    if (rc != 0) {
        return rc;
    }
    return json_get(schedule, "Schedule") ? check_date(consent, schedule, amount, today, refusal)
                                          : check_period(consent, schedule, amount, today, refusal);
}

int payments_check(const struct sim *sim, struct consent *consent, struct lfi_slice amount,
                   struct refusal *refusal)
{
    const cJSON *asked = json_get(json_get(consent->data, "request"), "consent");
    const cJSON *control = json_get(asked, "ControlParameters");
    const cJSON *schedule = json_get(control, "ConsentSchedule");
    const cJSON *single = json_get(schedule, "SinglePayment");
    const cJSON *multi = json_get(schedule, "MultiPayment");
    int64_t today = (clock_now_us(sim->clock) + DATETIME_GULF_OFFSET_US) / DAY_US;
    if (!control) {
        return refuse(refusal, "SIM-CONSENT-KIND", "The consent is not one to payments.");
    }
    if (single && cJSON_GetArraySize(consent->payments) > 0 &&
        check_once(consent, (struct days){INT64_MIN, INT64_MAX}, refusal) != 0) {
        return -1;
    }
    if (!slice_equal_text(consent_status(sim, consent), "Authorized")) {
        return refuse(refusal, "SIM-CONSENT-STATE", "The consent is not authorized.");
    }
    if (single) {
        return check_amount(single, minor_of(amount), refusal);
    }
    return multi ? check_multi(consent, multi, minor_of(amount), today, refusal) : 0;
}
