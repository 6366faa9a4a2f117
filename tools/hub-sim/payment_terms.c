#include "payment_terms.h"

#include "base/datetime.h"

#include <stdio.h>
#include <stdlib.h>

#define DAY_US (INT64_C(24) * 3600 * 1000000)
#define AMOUNT_DIGITS 18 /* 16 and two decimals */
#define CURRENCY "AED"

struct payment_terms payment_terms_read(const cJSON *asked)
{
    const cJSON *control = json_get(asked, "ControlParameters");
    const cJSON *schedule = json_get(control, "ConsentSchedule");
    return (struct payment_terms){.asked = asked,
                                  .type = payment_type_of(control),
                                  .multi = json_get(schedule, "MultiPayment"),
                                  .schedule = payment_type_terms(schedule)};
}

struct payment_terms payment_terms_of(const struct consent *consent)
{
    return payment_terms_read(json_get(json_get(consent->data, "request"), "consent"));
}

const cJSON *payment_file_terms(const struct consent *consent)
{
    struct payment_terms terms = payment_terms_of(consent);
    const cJSON *control = json_get(terms.asked, "ControlParameters");
    return terms.type && terms.type->file
               ? json_get(json_get(control, "ConsentSchedule"), "FilePayment")
               : NULL;
}

bool payment_type_is(const struct payment_terms *terms, enum payment_type_id a,
                     enum payment_type_id b)
{
    return terms->type && (terms->type->id == a || terms->type->id == b);
}

/* --- amounts ---------------------------------------------------------------------------------- */

bool payment_amount_read(const cJSON *object, const char *name, int64_t *minor)
{
    struct lfi_slice decimal = json_get_string(json_get(object, name), "Amount");
    *minor = 0;
    for (size_t i = 0; i < decimal.len && i <= AMOUNT_DIGITS; i++) {
        *minor = decimal.ptr[i] == '.' ? *minor : *minor * 10 + (decimal.ptr[i] - '0');
    }
    return decimal.ptr;
}

cJSON *payment_amount_write(int64_t minor)
{
    char text[24];
    cJSON *amount = cJSON_CreateObject();
    (void)snprintf(text, sizeof(text), "%lld.%02lld", (long long)(minor / 100),
                   (long long)(minor % 100));
    cJSON_AddStringToObject(amount, "Amount", text);
    cJSON_AddStringToObject(amount, "Currency", CURRENCY);
    return amount;
}

/* --- days ------------------------------------------------------------------------------------- */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int64_t payment_today(const struct clock *clock)
{
    return floor_div(clock_now_us(clock) + DATETIME_GULF_OFFSET_US, DAY_US);
}

bool payment_day_read(struct lfi_slice text, int64_t *day)
{
    struct datetime value;
    if (!datetime_parse(text, &value)) {
        return false;
    }
    *day = floor_div(
        value.has_time ? datetime_utc_us(&value) + DATETIME_GULF_OFFSET_US : value.wall_us, DAY_US);
    return true;
}

static struct day_span month_of(int64_t day)
{
    int64_t year;
    unsigned month, date;
    datetime_civil_from_days(day, &year, &month, &date);
    return (struct day_span){
        datetime_days_from_civil(year, month, 1),
        datetime_days_from_civil(month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1, 1) -
            1};
}

/* A year that starts on 29 February starts on 1 March where there is none. */
static struct day_span year_from(int64_t start, int64_t day)
{
    int64_t year, start_year;
    unsigned month, date, start_month, start_date;
    datetime_civil_from_days(day, &year, &month, &date);
    datetime_civil_from_days(start, &start_year, &start_month, &start_date);
    int64_t begun = datetime_days_from_civil(year, start_month, start_date);
    if (begun > day) {
        begun = datetime_days_from_civil(--year, start_month, start_date);
    }
    return (struct day_span){begun,
                             datetime_days_from_civil(year + 1, start_month, start_date) - 1};
}

struct day_span payment_period(const cJSON *schedule, int64_t day)
{
    struct lfi_slice type = json_get_string(schedule, "PeriodType");
    int64_t start = day;
    (void)payment_day_read(json_get_string(schedule, "PeriodStartDate"), &start);
    if (slice_equal_text(type, "Day")) {
        return (struct day_span){day, day};
    }
    if (slice_equal_text(type, "Week")) {
        int64_t first = start + floor_div(day - start, 7) * 7;
        return (struct day_span){first, first + 6};
    }
    if (slice_equal_text(type, "Year")) {
        return year_from(start, day);
    }
    return type.ptr ? month_of(day) : DAY_SPAN_ALL;
}

const cJSON *payment_date_entry(const cJSON *schedule, int64_t day)
{
    const cJSON *entry;
    int64_t listed;
    cJSON_ArrayForEach(entry, json_get(schedule, "Schedule"))
    {
        if (payment_day_read(json_get_string(entry, "PaymentExecutionDate"), &listed) &&
            listed == day) {
            return entry;
        }
    }
    return NULL;
}

int64_t payment_last_date(const cJSON *schedule)
{
    const cJSON *entry;
    int64_t last = INT64_MIN, listed;
    cJSON_ArrayForEach(entry, json_get(schedule, "Schedule"))
    {
        if (payment_day_read(json_get_string(entry, "PaymentExecutionDate"), &listed) &&
            listed > last) {
            last = listed;
        }
    }
    return last;
}

/* --- what was paid ---------------------------------------------------------------------------- */

static void count(struct payment_sum *sum, const cJSON *data)
{
    int64_t minor;
    (void)payment_amount_read(json_get(data, "Instruction"), "Amount", &minor);
    sum->count++;
    if (__builtin_add_overflow(sum->minor, minor, &sum->minor)) {
        sum->minor = INT64_MAX;
    }
}

static bool is_counted(struct lfi_slice status, enum payment_counted counted)
{
    if (slice_equal_text(status, "Rejected")) {
        return false;
    }
    return counted == PAYMENTS_NOT_REJECTED ||
           (!slice_equal_text(status, "Pending") &&
            !slice_equal_text(status, "AcceptedSettlementCompleted"));
}

struct payment_sum payment_sum_of(const struct consent *consent, struct day_span days,
                                  enum payment_counted counted)
{
    struct payment_sum sum = {0, 0};
    const cJSON *payment;
    int64_t day;
    cJSON_ArrayForEach(payment, consent->payments)
    {
        const cJSON *answer = json_get(payment, "paymentResponse");
        if (is_counted(json_get_string(answer, "status"), counted) &&
            payment_day_read(json_get_string(answer, "creationDateTime"), &day) &&
            day >= days.first && day <= days.last) {
            count(&sum, json_get(json_get(payment, "requestBody"), "Data"));
        }
    }
    cJSON_ArrayForEach(payment, consent->reserved)
    {
        if (counted == PAYMENTS_NOT_REJECTED) {
            count(&sum, json_get(payment, "data"));
        }
    }
    return sum;
}

bool payment_terms_used_up(const struct consent *consent)
{
    struct payment_terms terms = payment_terms_of(consent);
    int64_t limit;
    if (payment_type_is(&terms, PAYMENT_SINGLE_INSTANT, PAYMENT_FILE)) {
        return cJSON_GetArraySize(consent->payments) > 0;
    }
    struct payment_sum settled = payment_sum_of(consent, DAY_SPAN_ALL, PAYMENTS_SETTLED);
    if ((json_get_int(terms.multi, "MaximumCumulativeNumberOfPayments", &limit) &&
         settled.count >= limit) ||
        (payment_amount_read(terms.multi, "MaximumCumulativeValueOfPayments", &limit) &&
         settled.minor >= limit)) {
        return true;
    }
    int64_t last = payment_last_date(terms.schedule);
    return last != INT64_MIN &&
           payment_sum_of(consent, (struct day_span){last, last}, PAYMENTS_SETTLED).count > 0;
}

static void add_sum(cJSON *object, const char *number, const char *value,
                    const struct payment_sum *sum)
{
    cJSON_AddNumberToObject(object, number, (double)sum->count);
    cJSON_AddItemToObject(object, value, payment_amount_write(sum->minor));
}

cJSON *payment_consumption(const struct consent *consent, const struct clock *clock)
{
    struct payment_terms terms = payment_terms_of(consent);
    struct payment_sum sum = payment_sum_of(consent, DAY_SPAN_ALL, PAYMENTS_NOT_REJECTED);
    cJSON *used = cJSON_CreateObject();
    add_sum(used, "CumulativeNumberOfPayments", "CumulativeValueOfPayments", &sum);
    if (json_get(terms.schedule, "PeriodType")) {
        sum = payment_sum_of(consent, payment_period(terms.schedule, payment_today(clock)),
                             PAYMENTS_NOT_REJECTED);
        add_sum(used, "CumulativeNumberOfPaymentsInCurrentPeriod",
                "CumulativeValueOfPaymentsInCurrentPeriod", &sum);
    }
    return used;
}
