// link: lfi-caller lfi-jose lfi-base
#include "caller/replay.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>

#define NOW 1700000000
#define SLOTS 64 /* the smallest table: every id may lie anywhere */

static bool remember(struct replay *replay, const char *id, int64_t until_s, int64_t now_s)
{
    return replay_remember(replay, slice_of(id), until_s, now_s);
}

static void an_id_counts_once_until_it_expires(void **state)
{
    struct replay *replay = replay_new(100);

    (void)state;
    assert_true(remember(replay, "id-1", NOW + 30, NOW));
    assert_false(remember(replay, "id-1", NOW + 30, NOW));
    assert_true(remember(replay, "id-2", NOW + 30, NOW));
    assert_false(remember(replay, "id-1", NOW + 60, NOW + 30));
    assert_true(remember(replay, "id-1", NOW + 61, NOW + 31));
    assert_false(remember(replay, "id-1", NOW + 61, NOW + 31));
    replay_free(replay);
}

static void a_full_table_forgets_no_id_that_still_counts(void **state)
{
    struct replay *replay = replay_new(SLOTS / 2);
    char id[16];

    (void)state;
    for (int i = 0; i < SLOTS; i++) {
        snprintf(id, sizeof(id), "id-%d", i);
        assert_true(remember(replay, id, NOW + 100 + i, NOW));
    }
    assert_false(remember(replay, "one more", NOW + 200, NOW));
    for (int i = 0; i < SLOTS; i++) {
        snprintf(id, sizeof(id), "id-%d", i);
        assert_false(remember(replay, id, NOW + 100 + i, NOW));
    }
    assert_true(remember(replay, "one more", NOW + 200, NOW + 101)); /* id-0 is over */
    replay_free(replay);
}

static void expired_places_are_used_first(void **state)
{
    struct replay *replay = replay_new(1);

    (void)state;
    assert_true(remember(replay, "long", NOW + 1000, NOW));
    for (int i = 0; i < 100; i++) {
        char id[16];
        snprintf(id, sizeof(id), "id-%d", i);
        assert_true(remember(replay, id, NOW + i, NOW + i));
    }
    assert_false(remember(replay, "long", NOW + 1000, NOW + 100));
    replay_free(replay);
    replay_free(NULL);
}

static void absurd_sizes_are_refused(void **state)
{
    (void)state;
    assert_null(replay_new(SIZE_MAX));
    assert_null(replay_new(SIZE_MAX / 8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_counts_once_until_it_expires),
        cmocka_unit_test(a_full_table_forgets_no_id_that_still_counts),
        cmocka_unit_test(expired_places_are_used_first),
        cmocka_unit_test(absurd_sizes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
