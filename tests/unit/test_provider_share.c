// link: lfi-provider
/* Shares of the workers: what one provider takes is never what another is promised. */
#include "provider/share.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Takes until there is no more; how many it got. */
static int take_all(struct shares *shares, size_t provider)
{
    int got = 0;
    while (share_take(shares, provider) != SHARE_NONE) {
        got++;
    }
    return got;
}

static void one_provider_has_all(void **state)
{
    struct shares *shares = shares_new(1, 7);
    (void)state;
    assert_int_equal(take_all(shares, 0), 7);
    shares_free(shares);
}

static void what_is_kept_for_others_is_never_taken(void **state)
{
    struct shares *shares = shares_new(3, 20); /* 3 each, 11 common */
    (void)state;
    assert_int_equal(take_all(shares, 0), 14);
    assert_int_equal(take_all(shares, 1), 3);
    assert_int_equal(take_all(shares, 2), 3);
    share_give_back(shares, 0, SHARE_COMMON);
    share_give_back(shares, 2, SHARE_NONE);
    assert_int_equal(share_take(shares, 2), SHARE_COMMON);
    share_give_back(shares, 2, SHARE_OWN);
    assert_int_equal(share_take(shares, 1), SHARE_NONE);
    assert_int_equal(share_take(shares, 2), SHARE_OWN);
    shares_free(shares);
}

static void few_workers_leave_each_provider_one(void **state)
{
    struct shares *shares = shares_new(5, 8); /* 1 each, 3 common */
    (void)state;
    assert_int_equal(take_all(shares, 2), 4);
    assert_int_equal(take_all(shares, 4), 1);
    shares_free(shares);
    shares = shares_new(5, 5); /* too few to keep any */
    assert_int_equal(take_all(shares, 2), 5);
    shares_free(shares);
}

static void fewer_workers_than_providers_are_common(void **state)
{
    struct shares *shares = shares_new(16, 1);
    (void)state;
    assert_int_equal(take_all(shares, 15), 1);
    shares_free(shares);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_provider_has_all),
        cmocka_unit_test(what_is_kept_for_others_is_never_taken),
        cmocka_unit_test(few_workers_leave_each_provider_one),
        cmocka_unit_test(fewer_workers_than_providers_are_common),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
