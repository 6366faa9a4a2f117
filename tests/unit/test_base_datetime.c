// link: lfi-base
#include "base/array.h"
#include "base/clock.h"
#include "base/datetime.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct {
    const char *text;
    int64_t utc_us;
    bool has_time, has_offset;
} good[] = {
    {"1970-01-01", 0, false, false},
    {"1970-01-01T00:00:00Z", 0, true, true},
    {"1970-01-01T04:00:00+04:00", 0, true, true},
    {"1970-01-01T04:00:00 04:00", 0, true, true}, /* an unencoded + */
    {"1969-12-31T23:30:00-00:30", 0, true, true},
    {"2024-02-29T23:59:59.999999999Z", INT64_C(1709251199999999), true, true},
    {"2026-11-21T03:09:25.5", INT64_C(1795230565500000), true, false},
    {"2026-01-01t00:00:00z", INT64_C(1767225600000000), true, true},
    {"2026-01-01T00:00:00-00:00", INT64_C(1767225600000000), true, true},
    {"2016-12-31T23:59:60Z", INT64_C(1483228800000000), true, true},
    {"2017-01-01T05:29:60.5+05:30", INT64_C(1483228800500000), true, true},
    {"2016-12-31T15:59:60-08:00", INT64_C(1483228800000000), true, true},
    {"2000-02-29", INT64_C(951782400000000), false, false},
    {"0001-01-01T00:00:00Z", INT64_C(-62135596800000000), true, true},
    {"9999-12-31T23:59:59Z", INT64_C(253402300799000000), true, true},
};

static void dates_that_are(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct datetime value;
        assert_true(datetime_parse(slice_of(good[i].text), &value));
        assert_true(datetime_utc_us(&value) == good[i].utc_us);
        assert_int_equal(value.has_time, good[i].has_time);
        assert_int_equal(value.has_offset, good[i].has_offset);
    }
}

static void wall_time_ignores_the_offset(void **state)
{
    struct datetime gulf, utc;

    (void)state;
    assert_true(datetime_parse(SLICE("2026-01-31T09:15:00+04:00"), &gulf));
    assert_true(datetime_parse(SLICE("2026-01-31T09:15:00Z"), &utc));
    assert_true(gulf.wall_us == utc.wall_us);
    assert_int_equal(gulf.offset_min, 240);
}

static void any_number_of_digits_is_compared(void **state)
{
    static const char *const ascending[] = {
        "2026-01-01T00:00:00Z",           "2026-01-01T00:00:00.001Z",
        "2026-01-01T00:00:00.0010001Z",   "2026-01-01T00:00:00.00100010001Z",
        "2026-01-01T00:00:00.0010002Z",   "2026-01-01T00:00:00.001001Z",
        "2026-01-01T00:00:00.999999999Z", "2026-01-01T00:00:01Z",
    };
    struct datetime a, b;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ascending); i++) {
        for (size_t j = 0; j < ARRAY_LEN(ascending); j++) {
            assert_true(datetime_parse(slice_of(ascending[i]), &a));
            assert_true(datetime_parse(slice_of(ascending[j]), &b));
            int order = datetime_compare_wall(&a, &b);
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
    }
    assert_true(datetime_parse(SLICE("1970-01-01T00:00:00.0010001Z"), &a));
    assert_true(a.wall_us == 1000 && datetime_wall_us_from(&a) == 1001);
    assert_true(datetime_parse(SLICE("1970-01-01T00:00:00.00100000Z"), &b));
    assert_true(datetime_wall_us_from(&b) == 1000);
    assert_true(datetime_parse(SLICE("1970-01-01T00:00:00.001+04:00"), &a));
    assert_int_equal(datetime_compare_wall(&a, &b), 0);
}

static void dates_that_are_not(void **state)
{
    static const char *const bad[] = {
        "",
        "2026",
        "2026-1-01",
        "2026-13-01",
        "2026-00-01",
        "2026-01-00",
        "2026-01-32",
        "2023-02-29",
        "1900-02-29",
        "2026-04-31",
        "2026-01-01T",
        "2026-01-01 00:00:00",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:60Z",
        "2026-01-01T00:00Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00.1x",
        "2026-01-01T00:00:00+4:00",
        "2026-01-01T00:00:00+0400",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00+00:60",
        "2026-01-01T00:00:00ZZ",
        "2026-01-01Z",
        "+026-01-01",
        "2026-01-01T00:00:00+",
        " 2026-01-01",
        "2026-01-01 ",
        "2026/01/01",
        "2026-01-01T12:59:60Z",
        "2026-01-01T23:59:60+04:00",
        "2026-01-01T23:59:61Z",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct datetime value;
        assert_false(datetime_parse(slice_of(bad[i]), &value));
    }
}

static void every_day_of_eight_centuries(void **state)
{
    int64_t year;
    unsigned month, day;
    int64_t expected = datetime_days_from_civil(1600, 1, 1);

    (void)state;
    assert_true(datetime_days_from_civil(1970, 1, 1) == 0);
    for (int64_t days = expected; days < datetime_days_from_civil(2400, 1, 1); days++) {
        datetime_civil_from_days(days, &year, &month, &day);
        assert_true(datetime_days_from_civil(year, month, day) == days);
    }
}

static void texts(void **state)
{
    char text[DATETIME_TEXT_MAX];

    (void)state;
    assert_int_equal(datetime_format_gulf(INT64_C(1769836500000000), text), 25);
    assert_string_equal(text, "2026-01-31T09:15:00+04:00");
    datetime_format_gulf(INT64_C(1769836500020000), text);
    assert_string_equal(text, "2026-01-31T09:15:00.020+04:00");
    datetime_format_utc_ms(INT64_C(1769836500123999), text);
    assert_string_equal(text, "2026-01-31T05:15:00.123Z");
    datetime_format_utc_ms(-1000, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
}

static void the_clock_moves(void **state)
{
    struct clock clock = {0};
    int64_t before = clock_now_us(&clock);

    (void)state;
    clock.offset_us = INT64_C(3600000000);
    assert_true(clock_now_us(&clock) >= before + INT64_C(3600000000));
    clock.offset_us = -clock_now_us(&clock) - INT64_C(86400000000);
    assert_true(clock_now_s(&clock) * 1000000 <= clock_now_us(&clock));
    assert_true(clock_monotonic_us() <= clock_monotonic_us());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_that_are),
        cmocka_unit_test(wall_time_ignores_the_offset),
        cmocka_unit_test(any_number_of_digits_is_compared),
        cmocka_unit_test(dates_that_are_not),
        cmocka_unit_test(every_day_of_eight_centuries),
        cmocka_unit_test(texts),
        cmocka_unit_test(the_clock_moves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
