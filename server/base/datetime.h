/*
 * Dates and times at the edge: RFC 3339 text to integers and back. Proleptic Gregorian, no time
 * zone database: the Gulf is UTC+04:00 all year.
 */
#ifndef BASE_DATETIME_H
#define BASE_DATETIME_H

#include "base/slice.h"

#define DATETIME_GULF_OFFSET_US (INT64_C(4) * 3600 * 1000000)

struct datetime {
    int64_t wall_us;        /* as written, offset ignored: microseconds since 1970-01-01T00:00:00 */
    struct lfi_slice finer; /* digits beyond microseconds, without zeros at the end; borrowed */
    int32_t offset_min;     /* minutes east of UTC; 0 for Z and when absent */
    bool has_time;          /* false for a plain date (midnight) */
    bool has_offset;
    bool leap; /* the seconds were 60: read as the second after */
};

/*
 * Parses `YYYY-MM-DD` or `YYYY-MM-DDThh:mm:ss[.fraction][Z|±hh:mm]`. A blank is taken for `+` in
 * the offset's place (an unencoded + of a query string). False: not a date or not one that exists.
 *
 * What is taken, here and by the contract check: all of RFC 3339. t and z may be small. -00:00 is
 * UTC (v2.2 refuses it in requests: a server of v2.2 must). A leap second is taken where one can
 * be, at 23:59:60 UTC, and read as the second after it. The fraction may have any number of digits.
 */
bool datetime_parse(struct lfi_slice text, struct datetime *out);
/* The instant: for fields of bodies, whose offset counts. Digits beyond microseconds are cut. */
int64_t datetime_utc_us(const struct datetime *value);
/*
 * The order of two wall clocks, exactly: below, at or above 0. For filters, whose offsets do not
 * count (data sharing 7.4.2).
 */
int datetime_compare_wall(const struct datetime *a, const struct datetime *b);
/* The first whole microsecond of the wall clock that is not before the value. */
int64_t datetime_wall_us_from(const struct datetime *value);

/* "2026-01-31T09:15:00+04:00" of a UTC instant (25 characters and NUL); milliseconds when not 0. */
#define DATETIME_TEXT_MAX 40
size_t datetime_format_gulf(int64_t utc_us, char out[DATETIME_TEXT_MAX]);
/* "2026-01-31T05:15:00.123Z" */
size_t datetime_format_utc_ms(int64_t utc_us, char out[DATETIME_TEXT_MAX]);
/* Days since 1970-01-01 of a civil date, and back. */
int64_t datetime_days_from_civil(int64_t year, unsigned month, unsigned day);
void datetime_civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day);

#endif
