// link: lfi-contract lfi-base
/* Versions of the standard: read, found in an address, resolved. */
#include "base/array.h"
#include "contract/version.h"

#include "base/slice.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define V(major, minor) CONTRACT_VERSION(major, minor)

static void reads_a_version_and_nothing_else(void **state)
{
    static const struct {
        const char *text;
        uint32_t version;
    } rows[] = {
        {"v2.1", V(2, 1)}, {"v12.345", V(12, 345)},
        {"v2.0", V(2, 0)}, {"v2", 0},
        {"2.1", 0},        {"V2.1", 0},
        {"v2.1x", 0},      {"v2.", 0},
        {"v.1", 0},        {"v2.1.3", 0},
        {"v2.1234", 0},    {"v1234.1", 0},
        {"v-2.1", 0},      {"v2.+1", 0},
        {"", 0},           {"v2 .1", 0},
        {"v", 0},          {"v2,1", 0},
        {"v2.1 ", 0},      {NULL, 0},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (version_read(slice_of(rows[i].text)) != rows[i].version) {
            fail_msg("%s", rows[i].text);
        }
    }
}

static void finds_the_first_version_in_an_address(void **state)
{
    static const struct {
        const char *text;
        uint32_t version;
    } rows[] = {
        {"/open-finance/account-information/v2.1/accounts/{AccountId}/balances", V(2, 1)},
        {"https://rs.example/open-finance/payment/v2.2/payments", V(2, 2)},
        {"/open-finance/v1.2/accounts", V(1, 2)},
        {"v2.1/accounts", V(2, 1)},
        {"/a/v2.1", V(2, 1)},
        {"/a/v2.1/b/v2.2", V(2, 1)},
        {"/accounts", 0},
        {"/accounts?x=/v9.9/", 0},
        {"/v2.1/accounts?x=/v9.9/", V(2, 1)},
        {"https://v2.1/accounts", 0},
        {"https://host/v3/motor-insurance-policies", 0},
        {"https://host", 0},
        {"https://", 0},
        {"/v2.1x/accounts", 0},
        {"/V2.1/accounts", 0},
        {"//", 0},
        {"", 0},
        {NULL, 0},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (version_of_address(slice_of(rows[i].text)) != rows[i].version) {
            fail_msg("%s", rows[i].text);
        }
    }
}

static void resolves_to_the_nearest_version_that_is_not_below(void **state)
{
    static const struct {
        uint32_t served[4], wanted, used;
    } rows[] = {
        {{V(2, 1)}, V(2, 1), V(2, 1)},          {{V(2, 1)}, V(2, 2), 0},
        {{V(2, 2)}, V(2, 1), V(2, 2)},          {{V(2, 1), V(2, 2)}, V(2, 1), V(2, 1)},
        {{V(2, 2), V(2, 1)}, V(2, 1), V(2, 1)}, {{V(2, 1), V(2, 2)}, V(2, 0), V(2, 1)},
        {{V(2, 2), V(3, 1)}, V(3, 0), V(3, 1)}, {{V(2, 2), V(3, 1)}, V(1, 2), 0},
        {{V(2, 2), V(3, 1)}, V(2, 3), 0},       {{0}, V(2, 1), 0},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(version_resolve(rows[i].served, rows[i].wanted), rows[i].used);
    }
    assert_int_equal(version_resolve(NULL, V(2, 1)), 0);
}

static void writes_and_finds_a_version(void **state)
{
    static const uint32_t list[] = {V(2, 1), V(999, 999), 0};
    char text[VERSION_TEXT_MAX];
    (void)state;
    version_format(V(999, 999), text);
    assert_string_equal(text, "v999.999");
    version_format(0, text);
    assert_string_equal(text, "");
    assert_true(version_is_listed(list, V(2, 1)) && version_is_listed(list, V(999, 999)));
    assert_false(version_is_listed(list, V(2, 2)) || version_is_listed(list, 0) ||
                 version_is_listed(NULL, V(2, 1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_version_and_nothing_else),
        cmocka_unit_test(finds_the_first_version_in_an_address),
        cmocka_unit_test(resolves_to_the_nearest_version_that_is_not_below),
        cmocka_unit_test(writes_and_finds_a_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
