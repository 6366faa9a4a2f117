#include "base/datetime.h"

#include "base/text.h"

#define US_PER_S INT64_C(1000000)
#define US_PER_MIN (60 * US_PER_S)
#define US_PER_DAY (24 * 3600 * US_PER_S)

/*
 * Days are counted in years that begin on 1 March, so that the leap day is a year's last, and in
 * eras of 400 years, after which the calendar repeats (146,097 days).
 */
int64_t datetime_days_from_civil(int64_t year, unsigned month, unsigned day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

void datetime_civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;

    *day = (unsigned)(day_of_year - (153 * shifted + 2) / 5 + 1);
    *month = (unsigned)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = year_of_era + era * 400 + (*month <= 2);
}

static unsigned days_in_month(unsigned year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && leap ? 29 : days[month - 1];
}

/* Takes exactly `digits` digits off the front. */
static bool take_number(struct lfi_slice *text, unsigned digits, unsigned *out)
{
    *out = 0;
    if (text->len < digits) {
        return false;
    }
    for (unsigned i = 0; i < digits; i++) {
        char c = text->ptr[i];
        if (c < '0' || c > '9') {
            return false;
        }
        *out = *out * 10 + (unsigned)(c - '0');
    }
    text->ptr += digits;
    text->len -= digits;
    return true;
}

static bool take(struct lfi_slice *text, char c)
{
    if (text->len == 0 || text->ptr[0] != c) {
        return false;
    }
    text->ptr++;
    text->len--;
    return true;
}

static bool take_date(struct lfi_slice *text, struct datetime *out)
{
    unsigned year, month, day;

    if (!take_number(text, 4, &year) || !take(text, '-') || !take_number(text, 2, &month) ||
        !take(text, '-') || !take_number(text, 2, &day)) {
        return false;
    }
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) {
        return false;
    }
    out->wall_us = datetime_days_from_civil(year, month, day) * US_PER_DAY;
    return true;
}

static bool take_time(struct lfi_slice *text, struct datetime *out)
{
    unsigned hour, minute, second, digit;
    size_t finer = 0; /* digits beyond microseconds, up to the last that is not 0 */
    int64_t worth = US_PER_S;

    if (!take_number(text, 2, &hour) || !take(text, ':') || !take_number(text, 2, &minute) ||
        !take(text, ':') || !take_number(text, 2, &second)) {
        return false;
    }
    if (hour > 23 || minute > 59 || second > 60) {
        return false;
    }
    out->wall_us += ((int64_t)hour * 3600 + (int64_t)minute * 60 + second) * US_PER_S;
    if (take(text, '.')) {
        if (!take_number(text, 1, &digit)) {
            return false;
        }
        do {
            if (worth == 1) {
                out->finer.ptr = out->finer.ptr ? out->finer.ptr : text->ptr - 1;
                finer++;
                out->finer.len = digit > 0 ? finer : out->finer.len;
            } else {
                worth /= 10;
                out->wall_us += digit * worth;
            }
        } while (take_number(text, 1, &digit));
    }
    out->has_time = true;
    out->leap = second == 60;
    return true;
}

static bool take_offset(struct lfi_slice *text, struct datetime *out)
{
    unsigned hours, minutes;

    out->has_offset = true;
    if (take(text, 'Z') || take(text, 'z')) {
        return true;
    }
    bool west = take(text, '-');
    if (!west && !take(text, '+') && !take(text, ' ')) {
        return false;
    }
    if (!take_number(text, 2, &hours) || !take(text, ':') || !take_number(text, 2, &minutes) ||
        hours > 23 || minutes > 59) {
        return false;
    }
    out->offset_min = (int32_t)(hours * 60 + minutes);
    if (west) {
        out->offset_min = -out->offset_min;
    }
    return true;
}

/* A leap second was read as the first second of a day. */
static bool is_after_midnight(int64_t utc_us)
{
    int64_t of_day = utc_us % US_PER_DAY;
    return (of_day < 0 ? of_day + US_PER_DAY : of_day) < US_PER_S;
}

bool datetime_parse(struct lfi_slice text, struct datetime *out)
{
    *out = (struct datetime){0};
    if (!take_date(&text, out)) {
        return false;
    }
    if (text.len == 0) {
        return true;
    }
    if ((!take(&text, 'T') && !take(&text, 't')) || !take_time(&text, out) ||
        (text.len > 0 && !take_offset(&text, out)) || text.len > 0) {
        return false;
    }
    return !out->leap || is_after_midnight(datetime_utc_us(out));
}

int datetime_compare_wall(const struct datetime *a, const struct datetime *b)
{
    if (a->wall_us != b->wall_us) {
        return a->wall_us < b->wall_us ? -1 : 1;
    }
    size_t common = a->finer.len < b->finer.len ? a->finer.len : b->finer.len;
    int order = common > 0 ? memcmp(a->finer.ptr, b->finer.ptr, common) : 0;
    return order != 0 ? order : (a->finer.len > b->finer.len) - (a->finer.len < b->finer.len);
}

int64_t datetime_wall_us_from(const struct datetime *value)
{
    return value->wall_us + (value->finer.len > 0);
}

int64_t datetime_utc_us(const struct datetime *value)
{
    return value->wall_us - value->offset_min * US_PER_MIN;
}

static char *put_number(char *at, int64_t number, unsigned digits, char after)
{
    at += text_write_number(number, digits, at);
    *at++ = after;
    return at;
}

static size_t format_wall(int64_t wall_us, bool millis, const char *zone, char *out)
{
    int64_t days = wall_us / US_PER_DAY - (wall_us % US_PER_DAY < 0);
    int64_t of_day = wall_us - days * US_PER_DAY;
    int64_t seconds = of_day / US_PER_S;
    char *at = out;
    int64_t year;
    unsigned month, day;

    datetime_civil_from_days(days, &year, &month, &day);
    at = put_number(at, year, 4, '-');
    at = put_number(at, month, 2, '-');
    at = put_number(at, day, 2, 'T');
    at = put_number(at, seconds / 3600, 2, ':');
    at = put_number(at, seconds / 60 % 60, 2, ':');
    at = put_number(at, seconds % 60, 2, '.');
    if (millis) {
        at += text_write_number(of_day / 1000 % 1000, 3, at);
    } else {
        at--;
    }
    size_t zone_len = strlen(zone);
    memcpy(at, zone, zone_len + 1);
    return (size_t)(at - out) + zone_len;
}

size_t datetime_format_gulf(int64_t utc_us, char out[DATETIME_TEXT_MAX])
{
    int64_t wall_us = utc_us + DATETIME_GULF_OFFSET_US;
    return format_wall(wall_us, wall_us / 1000 % 1000 != 0, "+04:00", out);
}

size_t datetime_format_utc_ms(int64_t utc_us, char out[DATETIME_TEXT_MAX])
{
    return format_wall(utc_us, true, "Z", out);
}
