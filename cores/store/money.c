/* Money and time as texts of records. */
#include "store/payments.h"

#include <stdio.h>
#include <string.h>

#define DECIMAL_DIGITS_MAX 5 /* the contract's amounts have no more */

bool decimal_parse(const char *text, struct decimal *out)
{
    bool point = false;
    size_t digits = 0;
    *out = (struct decimal){0};
    for (; *text; text++) {
        if (*text == '.' && !point && digits > 0) {
            point = true;
            continue;
        }
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(out->value, 10, &out->value) ||
            __builtin_add_overflow(out->value, *text - '0', &out->value)) {
            return false;
        }
        digits++;
        out->digits += point;
    }
    return digits > 0 && out->digits <= DECIMAL_DIGITS_MAX;
}

static int64_t power_of_ten(unsigned exponent)
{
    int64_t power = 1;
    while (exponent-- > 0) {
        power *= 10;
    }
    return power;
}

void decimal_format(struct decimal number, char out[MONEY_TEXT])
{
    int64_t one = power_of_ten(number.digits);
    uint64_t value = number.value < 0 ? 0 - (uint64_t)number.value : (uint64_t)number.value;
    if (number.digits == 0) {
        (void)snprintf(out, MONEY_TEXT, "%llu", (unsigned long long)value);
        return;
    }
    (void)snprintf(out, MONEY_TEXT, "%llu.%0*llu", (unsigned long long)(value / (uint64_t)one),
                   (int)number.digits, (unsigned long long)(value % (uint64_t)one));
}

bool decimal_add_minor(struct decimal *number, int64_t minor)
{
    while (number->digits < 2) {
        if (__builtin_mul_overflow(number->value, 10, &number->value)) {
            return false;
        }
        number->digits++;
    }
    return !__builtin_mul_overflow(minor, power_of_ten(number->digits - 2), &minor) &&
           !__builtin_add_overflow(number->value, minor, &number->value);
}

int64_t decimal_minor(struct decimal number)
{
    if (number.digits < 2) {
        return decimal_add_minor(&number, 0) ? number.value : INT64_MAX;
    }
    int64_t one = power_of_ten(number.digits - 2);
    int64_t whole = number.value / one;
    return number.value % one < 0 ? whole - 1 : whole;
}

/* Days since 1970-01-01 to a date of the Gregorian calendar. */
static void civil_of(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    days += 719468; /* since 0000-03-01 */
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    unsigned of_era = (unsigned)(days - era * 146097);
    unsigned year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned from_march = (5 * of_year + 2) / 153;
    *day = of_year - (153 * from_march + 2) / 5 + 1;
    *month = from_march < 10 ? from_march + 3 : from_march - 9;
    *year = (int64_t)year_of_era + era * 400 + (*month <= 2);
}

/* Rounded down. */
static int64_t day_of(lfi_wall_us wall)
{
    return wall / DAY_US - (wall % DAY_US < 0);
}

void wall_format(lfi_wall_us wall, char out[TIME_TEXT])
{
    int64_t year = 0;
    unsigned month = 0;
    unsigned day = 0;
    char fraction[16] = "";
    int64_t days = day_of(wall);
    int64_t of_day = wall - days * DAY_US;
    unsigned second = (unsigned)(of_day / 1000000);
    unsigned micro = (unsigned)(of_day % 1000000);
    civil_of(days, &year, &month, &day);
    if (micro > 0) {
        (void)snprintf(fraction, sizeof(fraction), ".%06u", micro);
    }
    (void)snprintf(out, TIME_TEXT, "%04d-%02u-%02uT%02u:%02u:%02u%s+04:00", (int)year, month, day,
                   second / 3600, second / 60 % 60, second % 60, fraction);
}

void time_format(int64_t utc_us, char out[TIME_TEXT])
{
    lfi_wall_us wall = utc_us + GULF_OFFSET_US;
    int64_t fraction = wall % 1000000;
    wall_format(wall - fraction - (fraction < 0 ? 1000000 : 0), out);
}

void day_format(int64_t day, char out[TIME_TEXT])
{
    wall_format(day * DAY_US, out);
    out[10] = '\0';
}

int64_t month_of_day(int64_t day)
{
    int64_t year = 0;
    unsigned month = 0;
    unsigned of_month = 0;
    civil_of(day, &year, &month, &of_month);
    return (year - 1970) * 12 + month - 1;
}

int64_t month_start(int64_t month)
{
    int64_t years = (month >= 0 ? month : month - 11) / 12;
    int64_t day = years * 365 + (month - years * 12) * 28; /* not after it, in years from 1970 on */
    while (month_of_day(day) < month) {
        day++;
    }
    return day;
}

bool day_parse(const char *text, int64_t *out)
{
    int year = 0;
    unsigned month = 0;
    unsigned day = 0;
    char again[TIME_TEXT];
    if (sscanf(text, "%4d-%2u-%2u", &year, &month, &day) != 3 || month < 1 || month > 12) {
        return false;
    }
    *out = month_start(((int64_t)year - 1970) * 12 + month - 1) + day - 1;
    day_format(*out, again);
    return strcmp(text, again) == 0;
}
