// link: lfi-caap
/* Challenges by their table: each event at each status, tries, life and replacement. */
#include "base/array.h"
#include "base/limits.h"
#include "caap/challenge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOW INT64_C(1700000000000000)

static struct challenge made(enum challenge_status status)
{
    struct challenge challenge;
    assert_true(challenge_new(&challenge, CHALLENGE_OF_VERIFICATION, LFI_CHANNEL_APP, NOW));
    challenge.status = status;
    return challenge;
}

static void each_event_at_each_status(void **state)
{
    /* What comes of it, in the order of the statuses; lower case: nothing. */
    static const struct {
        enum challenge_event event;
        const char *comes;
    } rows[] = {
        {CHALLENGE_ACCEPTED, "S - - - -"}, {CHALLENGE_REFUSED, "U - - - -"},
        {CHALLENGE_RIGHT, "P P P - P"},    {CHALLENGE_WRONG_CODE, "W W P - W"},
        {CHALLENGE_NEWER, "W W - - W"},
    };
    static const char names[] = {'p', 'S', 'P', 'U', 'W'};
    (void)state;
    for (size_t r = 0; r < ARRAY_LEN(rows); r++) {
        for (int status = 0; status < CHALLENGE_STATUSES; status++) {
            struct challenge challenge = made((enum challenge_status)status);
            bool moved = challenge_move(&challenge, rows[r].event, NOW + 1);
            char comes = rows[r].comes[2 * status];
            assert_int_equal(moved, comes != '-');
            assert_int_equal(names[challenge.status], moved ? comes : names[status]);
            bool changed = challenge.status != (enum challenge_status)status;
            assert_int_equal(challenge.changed_us, changed ? NOW + 1 : NOW);
        }
    }
}

static void the_last_try_ends_it(void **state)
{
    struct challenge challenge = made(CHALLENGE_SENT);
    (void)state;
    for (int i = 0; i < LIMIT_CAAP_CODE_TRIES; i++) {
        assert_int_equal(challenge.end, CHALLENGE_OPEN);
        assert_true(challenge_move(&challenge, CHALLENGE_WRONG_CODE, NOW));
    }
    assert_int_equal(challenge.end, CHALLENGE_TRIES);
    assert_false(challenge_move(&challenge, CHALLENGE_RIGHT, NOW));
    assert_string_equal(challenge_status_name(challenge.status), "VerificationFailed");
    assert_non_null(strstr(challenge_message(&challenge), "too many"));
}

static void its_life_ends(void **state)
{
    const int64_t last = NOW + INT64_C(1000000) * LIMIT_CAAP_CODE_S - 1;
    (void)state;
    for (int status = 0; status < CHALLENGE_STATUSES; status++) {
        struct challenge challenge = made((enum challenge_status)status);
        bool waits = status != CHALLENGE_PASSED && status != CHALLENGE_UNSENT;
        challenge_expire(&challenge, last);
        assert_int_equal(challenge.end, CHALLENGE_OPEN);
        challenge_expire(&challenge, last + 1);
        assert_int_equal(challenge.end, waits ? CHALLENGE_EXPIRED : CHALLENGE_OPEN);
        assert_int_equal(challenge_move(&challenge, CHALLENGE_RIGHT, last + 1),
                         status == CHALLENGE_PASSED);
    }
}

static void a_newer_one_replaces_it(void **state)
{
    struct challenge challenge = made(CHALLENGE_SENT);
    (void)state;
    assert_true(challenge_move(&challenge, CHALLENGE_NEWER, NOW + 5));
    assert_int_equal(challenge.end, CHALLENGE_REPLACED);
    assert_false(challenge_move(&challenge, CHALLENGE_RIGHT, NOW + 6));
    assert_int_equal(challenge.changed_us, NOW + 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_event_at_each_status),
        cmocka_unit_test(the_last_try_ends_it),
        cmocka_unit_test(its_life_ends),
        cmocka_unit_test(a_newer_one_replaces_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
