// link: lfi-state
/* Small records, as two server instances over one store change them. */
#include "state_fixture.h"

static const char *find_record(const char *provider)
{
    int rc = driver->record_find(f.store, call_of(provider, "fact"), &sink);
    assert_true(rc == LFI_OK || rc == LFI_UNKNOWN);
    return rc == LFI_OK ? f.given : NULL;
}

static int replace(const char *was, const char *record)
{
    return driver->record_replace(f.store, at("fact"), was ? text(was) : (struct lfi_slice){0},
                                  text(record));
}

static void a_record_outlives_the_process(void **state)
{
    (void)state;
    assert_null(find_record(PROVIDER));
    assert_int_equal(replace(NULL, "a"), LFI_OK);
    assert_int_equal(replace("a", "bb"), LFI_OK);
    close_store();
    open_store();
    assert_string_equal(find_record(PROVIDER), "bb");
    assert_null(find_record(OTHER));
}

static void the_slower_of_two_instances_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(replace("a", "b"), LFI_DENIED);
    assert_int_equal(replace(NULL, "a"), LFI_OK);
    assert_int_equal(replace(NULL, "b"), LFI_DENIED);
    assert_int_equal(replace("ab", "b"), LFI_DENIED);
    assert_string_equal(find_record(PROVIDER), "a");
}

static void what_does_not_fit_is_refused(void **state)
{
    static char big[STATE_RECORD_MAX + 2];
    (void)state;
    memset(big, 'x', sizeof(big) - 1);
    assert_int_equal(replace(NULL, big), LFI_FAILED);
    assert_int_equal(replace(NULL, ""), LFI_FAILED);
    assert_int_equal(replace(NULL, big + 1), LFI_OK);
}

static void it_is_forgotten_with_its_provider(void **state)
{
    (void)state;
    assert_int_equal(replace(NULL, "a"), LFI_OK);
    assert_int_equal(driver->forget(f.store, call_of(OTHER, NULL)), LFI_OK);
    assert_string_equal(find_record(PROVIDER), "a");
    assert_int_equal(driver->forget(f.store, at(NULL)), LFI_OK);
    assert_null(find_record(PROVIDER));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_record_outlives_the_process, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_slower_of_two_instances_changes_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_does_not_fit_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_is_forgotten_with_its_provider, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
