// link: lfi-caller lfi-jose lfi-base
#include "caller/replay.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <pthread.h>
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

static void fill(struct replay *replay, int count)
{
    char id[16];

    for (int i = 0; i < count; i++) {
        snprintf(id, sizeof(id), "id-%d", i);
        assert_true(remember(replay, id, NOW + 100 + i, NOW));
    }
}

static void assert_remembered(struct replay *replay, int first, int count)
{
    char id[16];

    for (int i = first; i < count; i++) {
        snprintf(id, sizeof(id), "id-%d", i);
        assert_false(remember(replay, id, NOW + 100 + i, NOW));
    }
}

static void another_size_keeps_every_id_that_counts(void **state)
{
    struct replay *replay = replay_new(SLOTS / 2);

    (void)state;
    fill(replay, SLOTS);
    assert_true(replay_resize(replay, replay_table_new(10 * SLOTS), NOW));
    assert_remembered(replay, 0, SLOTS);
    assert_true(remember(replay, "one more", NOW + 1000, NOW));
    assert_true(replay_resize(replay, replay_table_new(1), NOW + 101)); /* id-0 is over */
    assert_remembered(replay, 1, SLOTS);
    assert_false(remember(replay, "one more", NOW + 1000, NOW));
    replay_free(replay);
}

static void a_size_that_ids_do_not_fit_into_is_not_taken(void **state)
{
    struct replay *replay = replay_new(10 * SLOTS);

    (void)state;
    fill(replay, SLOTS + 1);
    assert_false(replay_resize(replay, replay_table_new(1), NOW));
    assert_remembered(replay, 0, SLOTS + 1);
    assert_true(remember(replay, "one more", NOW + 1000, NOW));
    assert_true(replay_resize(replay, replay_table_new(1), NOW + 999));
    assert_false(remember(replay, "one more", NOW + 1000, NOW + 999));
    replay_free(replay);
}

static void owners_share_the_ids(void **state)
{
    struct replay *replay = replay_new(1);
    struct replay *shared = replay_share(replay);

    (void)state;
    assert_true(remember(shared, "id-1", NOW + 30, NOW));
    replay_free(shared);
    assert_false(remember(replay, "id-1", NOW + 30, NOW));
    replay_free(replay);
}

#define IDS 2000
#define THREADS 4

/* Tries every id, as callers of the old rules and of the new ones do around a reload. */
static void *try_all(void *ctx)
{
    struct replay *replay = replay_share(ctx);
    size_t accepted = 0;
    char id[16];

    for (int i = 0; i < IDS; i++) {
        snprintf(id, sizeof(id), "id-%d", i);
        accepted += remember(replay, id, NOW + 100, NOW) ? 1 : 0;
    }
    replay_free(replay);
    return (void *)accepted;
}

static void an_id_counts_once_while_the_size_changes(void **state)
{
    struct replay *replay = replay_new(IDS);
    pthread_t threads[THREADS];
    size_t accepted = 0;

    (void)state;
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, try_all, replay), 0);
    }
    for (size_t i = 0; i < 20; i++) {
        (void)replay_resize(replay, replay_table_new(i % 2 ? IDS : 2 * IDS), NOW);
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *count;
        pthread_join(threads[i], &count);
        accepted += (size_t)count;
    }
    assert_int_equal(accepted, IDS);
    replay_free(replay);
}

static void absurd_sizes_are_refused(void **state)
{
    (void)state;
    assert_null(replay_new(SIZE_MAX));
    assert_null(replay_new(SIZE_MAX / 8));
    assert_null(replay_table_new(SIZE_MAX));
    replay_table_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_counts_once_until_it_expires),
        cmocka_unit_test(a_full_table_forgets_no_id_that_still_counts),
        cmocka_unit_test(expired_places_are_used_first),
        cmocka_unit_test(another_size_keeps_every_id_that_counts),
        cmocka_unit_test(a_size_that_ids_do_not_fit_into_is_not_taken),
        cmocka_unit_test(owners_share_the_ids),
        cmocka_unit_test(an_id_counts_once_while_the_size_changes),
        cmocka_unit_test(absurd_sizes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
