// link: lfi-state
/* Cursors of feeds, as two server instances over one store move them. */
#include "state_fixture.h"

static const char *find_cursor(const char *provider)
{
    int rc = driver->cursor_find(f.store, call_of(provider, "feed"), &sink);
    assert_true(rc == LFI_OK || rc == LFI_UNKNOWN);
    return rc == LFI_OK ? f.given : NULL;
}

/* Moves it with a task for each number up to `count`, 0 to 9. */
static int move(const char *from, const char *to, size_t count)
{
    struct state_keyed_task tasks[STATE_MOVE_TASKS + 1];
    static const char *const names[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
    for (size_t i = 0; i < count; i++) {
        tasks[i] = (struct state_keyed_task){text(names[i % 10]),
                                             {.due_s = START_S, .record = text("{}")}};
    }
    const struct state_cursor_move step = {.from = from ? text(from) : (struct lfi_slice){0},
                                           .to = text(to),
                                           .tasks = tasks,
                                           .task_count = count};
    return driver->cursor_move(f.store, at("feed"), &step);
}

static uint64_t count_tasks(void)
{
    struct state_task_counts counts;
    assert_int_equal(driver->task_counts(f.store, at(NULL), &counts), LFI_OK);
    return counts.kept;
}

static void a_cursor_moves_on_from_where_it_is(void **state)
{
    (void)state;
    assert_null(find_cursor(PROVIDER));
    assert_int_equal(move(NULL, "a", 2), LFI_OK);
    assert_string_equal(find_cursor(PROVIDER), "a");
    assert_int_equal(count_tasks(), 2);
    assert_int_equal(move("a", "b", 0), LFI_OK);
    close_store();
    open_store();
    assert_string_equal(find_cursor(PROVIDER), "b");
    assert_null(find_cursor(OTHER));
}

static void the_slower_of_two_instances_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(move(NULL, "a", 1), LFI_OK);
    assert_int_equal(driver->task_done(f.store, at("0")), LFI_OK);
    assert_int_equal(move(NULL, "a", 1), LFI_DENIED);
    assert_int_equal(move("b", "c", 1), LFI_DENIED);
    assert_int_equal(count_tasks(), 0);
    assert_string_equal(find_cursor(PROVIDER), "a");
}

static void without_room_for_all_tasks_it_stays(void **state)
{
    (void)state;
    assert_int_equal(move(NULL, "a", f.config.max_tasks + 1), LFI_UNAVAILABLE);
    assert_int_equal(count_tasks(), 0);
    assert_null(find_cursor(PROVIDER));
    assert_int_equal(move(NULL, "a", f.config.max_tasks), LFI_OK);
}

static void what_does_not_fit_is_refused(void **state)
{
    char text_65[66];
    (void)state;
    (void)snprintf(text_65, sizeof(text_65), "%065d", 0);
    assert_int_equal(move(NULL, text_65, 0), LFI_FAILED);
    assert_int_equal(move(NULL, text_65 + 1, 0), LFI_OK);
    assert_int_equal(move(text_65 + 1, "b", STATE_MOVE_TASKS + 1), LFI_FAILED);
    assert_int_equal(move(text_65 + 1, "", 0), LFI_FAILED);
}

static void it_is_forgotten_with_its_provider(void **state)
{
    (void)state;
    assert_int_equal(move(NULL, "a", 0), LFI_OK);
    assert_int_equal(driver->forget(f.store, call_of(OTHER, NULL)), LFI_OK);
    assert_string_equal(find_cursor(PROVIDER), "a");
    assert_int_equal(driver->forget(f.store, at(NULL)), LFI_OK);
    assert_null(find_cursor(PROVIDER));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_cursor_moves_on_from_where_it_is),  T(the_slower_of_two_instances_changes_nothing),
        T(without_room_for_all_tasks_it_stays), T(what_does_not_fit_is_refused),
        T(it_is_forgotten_with_its_provider),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
