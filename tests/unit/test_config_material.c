// link: lfi-config lfi-contract lfi-base
/* Which of two certificates is presented, and when that changes. */
#include "base/array.h"
#include "base/limits.h"
#include "config/material.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define DAY 86400
#define NOW ((time_t)1800000000)
#define MARGIN ((time_t)LIMIT_CERTIFICATE_MARGIN_S)

static const struct {
    const char *name;
    struct material_validity pairs[2];
    size_t chosen;
    time_t change;
} cases[] = {
    {"both valid: the one that began last",
     {{NOW - 300 * DAY, NOW + 90 * DAY}, {NOW - DAY, NOW + 394 * DAY}},
     1,
     NOW + 90 * DAY},
    {"the order of the settings means nothing",
     {{NOW - DAY, NOW + 394 * DAY}, {NOW - 300 * DAY, NOW + 90 * DAY}},
     0,
     NOW + 90 * DAY},
    {"the next has not begun",
     {{NOW - 300 * DAY, NOW + 90 * DAY}, {NOW + 1, NOW + 394 * DAY}},
     0,
     NOW + 1},
    {"the next has begun within the margin of callers' clocks",
     {{NOW - 300 * DAY, NOW + 90 * DAY}, {NOW - MARGIN + 1, NOW + 394 * DAY}},
     0,
     NOW + 1},
    {"the margin is over",
     {{NOW - 300 * DAY, NOW + 90 * DAY}, {NOW - MARGIN, NOW + 394 * DAY}},
     1,
     NOW + 90 * DAY},
    {"the present one has ended: no margin for the next",
     {{NOW - 300 * DAY, NOW}, {NOW, NOW + 394 * DAY}},
     1,
     NOW + MARGIN},
    {"the next has ended before the present one",
     {{NOW - 300 * DAY, NOW + 90 * DAY}, {NOW - DAY, NOW}},
     0,
     NOW + 90 * DAY},
    {"none is valid: the one that ends last",
     {{NOW - 300 * DAY, NOW - 2}, {NOW + 2, NOW + 394 * DAY}},
     1,
     NOW + 2},
    {"both have ended: the one that ended last",
     {{NOW - 300 * DAY, NOW - 1}, {NOW - 400 * DAY, NOW - 2}},
     0,
     0},
    {"begun at the same time: the next",
     {{NOW - DAY, NOW + DAY}, {NOW - DAY, NOW + DAY}},
     1,
     NOW + DAY},
};

static void the_valid_one_that_began_last_is_presented(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        size_t chosen = material_choose(cases[i].pairs, 2, NOW);
        time_t change = material_next_change(cases[i].pairs, 2, NOW);
        if (chosen != cases[i].chosen || change != cases[i].change) {
            fail_msg("%s: %zu, in %lld s", cases[i].name, chosen, (long long)(change - NOW));
        }
    }
}

static void one_alone_is_presented_whatever_its_dates(void **state)
{
    const struct material_validity ended = {NOW - DAY, NOW - 1}, begins = {NOW + 1, NOW + DAY};

    (void)state;
    assert_int_equal(material_choose(&ended, 1, NOW), 0);
    assert_int_equal(material_choose(&begins, 1, NOW), 0);
    assert_int_equal(material_next_change(&begins, 1, NOW), 0);
}

static void days_left_are_whole_and_negative_when_over(void **state)
{
    static const struct {
        long left;
        int days;
    } spans[] = {{2 * DAY, 2}, {2 * DAY - 1, 1}, {0, 0}, {-1, -1}, {-DAY, -1}, {-DAY - 1, -2}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(spans); i++) {
        const struct material_certificate one = {.not_after = NOW + spans[i].left};
        assert_int_equal(material_days_left(&one, NOW), spans[i].days);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_valid_one_that_began_last_is_presented),
        cmocka_unit_test(one_alone_is_presented_whatever_its_dates),
        cmocka_unit_test(days_left_are_whole_and_negative_when_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
