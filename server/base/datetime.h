/*
 * Dates and times at the edge: RFC 3339 text to integers and back. Proleptic Gregorian, no time
 * zone database: the Gulf is UTC+04:00 all year.
 */
#ifndef BASE_DATETIME_H
#define BASE_DATETIME_H

#include "base/slice.h"

#define DATETIME_GULF_OFFSET_US (INT64_C(4) * 3600 * 1000000)

struct datetime {
    int64_t wall_us;    /* as written, offset ignored: microseconds since 1970-01-01T00:00:00 */
    int32_t offset_min; /* minutes east of UTC; 0 for Z and when absent */
    bool has_time;      /* false for a plain date (midnight) */
    bool has_offset;
};

/*
 * Parses `YYYY-MM-DD` or `YYYY-MM-DDThh:mm:ss[.fraction][Z|±hh:mm]`. A blank is taken for `+` in
 * the offset's place (an unencoded + of a query string). Fraction digits beyond microseconds must
 * be digits and are cut. False: not a date or not one that exists.
 */
bool datetime_parse(struct lfi_slice text, struct datetime *out);
int64_t datetime_utc_us(const struct datetime *value);

/* "2026-01-31T09:15:00+04:00" of a UTC instant (25 characters and NUL); milliseconds when not 0. */
#define DATETIME_TEXT_MAX 40
size_t datetime_format_gulf(int64_t utc_us, char out[DATETIME_TEXT_MAX]);
/* "2026-01-31T05:15:00.123Z" */
size_t datetime_format_utc_ms(int64_t utc_us, char out[DATETIME_TEXT_MAX]);
/* Days since 1970-01-01 of a civil date, and back. */
int64_t datetime_days_from_civil(int64_t year, unsigned month, unsigned day);
void datetime_civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day);

#endif
