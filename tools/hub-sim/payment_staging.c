#include "payment_staging.h"

#include "base/datetime.h"
#include "payment_purpose.h"
#include "payment_terms.h"

#define DAY_US (INT64_C(24) * 3600 * 1000000)
#define CURRENCY "AED"
#define JWE_PARTS 5

static int refuse(struct refusal *refusal, const char *id, const char *message)
{
    return refusal_set(refusal, id, 400, "invalid_request", message);
}

static bool read_instant(const cJSON *terms, const char *name, int64_t *us)
{
    struct datetime value;
    if (!datetime_parse(json_get_string(terms, name), &value)) {
        return false;
    }
    *us = datetime_utc_us(&value);
    return true;
}

/* The same moment a year later, or the day after a 29 February. */
static int64_t year_after(int64_t us)
{
    int64_t year, day = us / DAY_US;
    unsigned month, date;
    datetime_civil_from_days(day, &year, &month, &date);
    return datetime_days_from_civil(year + 1, month, date) * DAY_US + us % DAY_US;
}

static int check_times(const cJSON *terms, int64_t now_us, struct refusal *refusal)
{
    int64_t end = 0, deadline;
    if (!read_instant(terms, "ExpirationDateTime", &end) || end <= now_us ||
        end >= year_after(now_us)) {
        return refuse(refusal, "SIM-TERMS-EXPIRY",
                      "ExpirationDateTime must lie in the future, less than a year ahead.");
    }
    if (read_instant(terms, "AuthorizationExpirationDateTime", &deadline) &&
        (deadline <= now_us || deadline > end)) {
        return refuse(
            refusal, "SIM-TERMS-DEADLINE",
            "AuthorizationExpirationDateTime must lie between now and ExpirationDateTime.");
    }
    return 0;
}

static int check_permissions(const cJSON *terms, struct refusal *refusal)
{
    const cJSON *permissions = json_get(terms, "Permissions");
    if (json_lists(permissions, SLICE("ReadBalances")) &&
        !json_lists(permissions, SLICE("ReadAccountsBasic")) &&
        !json_lists(permissions, SLICE("ReadAccountsDetail"))) {
        return refuse(refusal, "SIM-TERMS-PERMISSION",
                      "ReadBalances needs ReadAccountsBasic or ReadAccountsDetail.");
    }
    return 0;
}

/* Every Currency below. */
static bool is_in_dirhams(const cJSON *tree)
{
    const cJSON *member;
    cJSON_ArrayForEach(member, tree)
    {
        bool named = member->string && strcmp(member->string, "Currency") == 0;
        if ((named && !slice_equal_text(slice_of(member->valuestring), CURRENCY)) ||
            !is_in_dirhams(member)) {
            return false;
        }
    }
    return true;
}

static bool is_sealed(const cJSON *terms)
{
    struct lfi_slice rest = json_get_string(terms, "PersonalIdentifiableInformation"), part;
    size_t parts = 0;
    while (slice_next(&rest, '.', &part)) {
        parts++;
    }
    return parts == JWE_PARTS;
}

/* --- schedules -------------------------------------------------------------------------------- */

static int check_period(const struct payment_terms *terms, int64_t today, struct refusal *refusal)
{
    int64_t start, end = INT64_MAX, count;
    (void)payment_day_read(json_get_string(terms->asked, "ExpirationDateTime"), &end);
    if (payment_day_read(json_get_string(terms->schedule, "PeriodStartDate"), &start) &&
        (start < today || start > end)) {
        return refuse(refusal, "SIM-TERMS-START",
                      "PeriodStartDate must be today or later, and not after ExpirationDateTime.");
    }
    if (payment_type_is(terms, PAYMENT_FIXED_PERIODIC, PAYMENT_VARIABLE_PERIODIC) &&
        !json_get_int(terms->multi, "MaximumCumulativeNumberOfPayments", &count)) {
        return refuse(refusal, "SIM-TERMS-COUNT",
                      "A periodic schedule needs MaximumCumulativeNumberOfPayments.");
    }
    return 0;
}

static int check_dates(const struct payment_terms *terms, int64_t today, struct refusal *refusal)
{
    const cJSON *entry;
    int64_t day, end = 0;
    cJSON_ArrayForEach(entry, json_get(terms->schedule, "Schedule"))
    {
        if (!payment_day_read(json_get_string(entry, "PaymentExecutionDate"), &day) ||
            day < today || payment_date_entry(terms->schedule, day) != entry) {
            return refuse(refusal, "SIM-TERMS-DATES",
                          "Each PaymentExecutionDate must be today or later, and stand once.");
        }
    }
    (void)payment_day_read(json_get_string(terms->asked, "ExpirationDateTime"), &end);
    return end == payment_last_date(terms->schedule)
               ? 0
               : refuse(refusal, "SIM-TERMS-LAST-DATE",
                        "ExpirationDateTime must be on the last PaymentExecutionDate.");
}

int64_t payment_staging_end_us(const cJSON *asked)
{
    int64_t last = payment_last_date(payment_terms_read(asked).schedule);
    return last == INT64_MIN ? 0 : (last + 1) * DAY_US - DATETIME_GULF_OFFSET_US - 1000000;
}

int payment_staging_check(const cJSON *asked, const struct clock *clock, struct refusal *refusal)
{
    struct payment_terms terms = payment_terms_read(asked);
    int64_t today = payment_today(clock);
    if (!terms.type) {
        return refuse(refusal, "SIM-TERMS-TYPE",
                      "ControlParameters must name one type of payments, and no other beside it.");
    }
    if (check_times(asked, clock_now_us(clock), refusal) != 0 ||
        check_permissions(asked, refusal) != 0) {
        return -1;
    }
    if (!payment_purpose_is_known(json_get_string(asked, "PaymentPurposeCode"))) {
        return refuse(refusal, "SIM-TERMS-PURPOSE", "Aani knows no such PaymentPurposeCode.");
    }
    if (!is_in_dirhams(json_get(asked, "ControlParameters"))) {
        return refuse(refusal, "SIM-TERMS-CURRENCY", "Amounts must be in AED.");
    }
    if (!is_sealed(asked)) {
        return refuse(refusal, "SIM-TERMS-PII",
                      "PersonalIdentifiableInformation must be a JWE in five parts.");
    }
    return json_get(terms.schedule, "Schedule") ? check_dates(&terms, today, refusal)
                                                : check_period(&terms, today, refusal);
}
