// link: lfi-fixture-bank
#include "base/array.h"
#include "calendar.h"
#include "identity.h"
#include "money.h"
#include "prng.h"
#include "template.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void splitmix64_matches_its_reference(void **state)
{
    static const uint64_t expected[] = {
        UINT64_C(6457827717110365317), UINT64_C(3203168211198807973), UINT64_C(9817491932198370423),
        UINT64_C(4593380528125082431)};
    uint64_t seed = 1234567;
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(prng_splitmix64(&seed), expected[i]);
    }
}

static void xoshiro256_matches_its_reference(void **state)
{
    static const uint64_t expected[] = {11520, 0, 1509978240, UINT64_C(1215971899390074240),
                                        UINT64_C(1216172134540287360)};
    struct prng prng = {{1, 2, 3, 4}};
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(prng_next(&prng), expected[i]);
    }
}

static void ranges_are_kept_and_reached(void **state)
{
    struct prng prng;
    bool low = false, high = false;
    (void)state;
    prng_seed(&prng, 1);
    for (int i = 0; i < 1000; i++) {
        int64_t value = prng_between(&prng, -3, 3);
        assert_in_range(value + 3, 0, 6);
        low |= value == -3;
        high |= value == 3;
    }
    assert_true(low && high);
    assert_int_equal(prng_between(&prng, 5, 5), 5);
}

static void iban_vectors(void **state)
{
    static const struct {
        const char *iban;
        bool valid;
    } vectors[] = {
        {"AE070331234567890123456", true},
        {"AE879990000000000000001", true},
        {"AE429990000001000000001", true},
        {"AE109991234567890123456", true},
        {"AE069990000000000000004", true},
        {"AE729980000000000000042", true},
        {"AE220331234567890876543", false},
        {"AE889990000000000000001", false},
        {"AE87999000000000000000", false},
        {"AE8799900000000000000012", false},
        {"GB879990000000000000001", false},
        {"AE87999000000000000000A", false},
        {"", false},
    };
    char iban[IDENTITY_IBAN_MAX];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
        assert_int_equal(identity_iban_valid(vectors[i].iban), vectors[i].valid);
    }
    identity_iban(iban, "999", "0000000000000004");
    assert_string_equal(iban, "AE069990000000000000004");
}

static void emirates_id_vectors(void **state)
{
    static const struct {
        unsigned year, serial;
        const char *text;
    } vectors[] = {{1985, 101, "784-1985-0000101-5"},
                   {1992, 202, "784-1992-0000202-2"},
                   {2012, 303, "784-2012-0000303-2"}};
    char text[IDENTITY_EMIRATES_MAX];
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        identity_emirates(text, vectors[i].year, vectors[i].serial);
        assert_string_equal(text, vectors[i].text);
    }
}

static void luhn_tells_card_numbers(void **state)
{
    (void)state;
    assert_true(identity_luhn_valid("4111111111111111", 16));
    assert_false(identity_luhn_valid("4111111111111112", 16));
}

static void derived_ids_are_stable_and_shaped(void **state)
{
    unsigned char digest[IDENTITY_DIGEST], other[IDENTITY_DIGEST];
    char text[IDENTITY_TEXT_MAX];
    char uuid[IDENTITY_UUID_MAX];
    (void)state;
    IDENTITY_DIGEST_OF(digest, "a", "bc");
    IDENTITY_DIGEST_OF(other, "ab", "c");
    assert_memory_not_equal(digest, other, sizeof(digest));
    identity_text(text, 51, digest);
    assert_int_equal(strlen(text), 51);
    identity_uuid(uuid, digest);
    assert_int_equal(strlen(uuid), 36);
    assert_int_equal(uuid[14], '4');
    assert_non_null(strchr("89ab", uuid[19]));
}

static void money_keeps_its_decimals(void **state)
{
    int64_t minor;
    char text[MONEY_TEXT_MAX];
    (void)state;
    assert_true(money_parse("9999999999999.99999", 5, &minor));
    money_format(minor, 5, 2, text);
    assert_string_equal(text, "9999999999999.99999");
    assert_true(money_parse("-0.5", 2, &minor));
    assert_int_equal(minor, -50);
    money_format(minor, 2, 2, text);
    assert_string_equal(text, "0.50");
    money_format(1234500, 5, 2, text);
    assert_string_equal(text, "12.345");
    money_format(900, money_digits("JPY"), 0, text);
    assert_string_equal(text, "900");
    money_format(10125, money_digits("KWD"), 3, text);
    assert_string_equal(text, "10.125");
}

static void bad_amounts_are_refused(void **state)
{
    static const char *const bad[] = {"",     "-",   ".5", "5.", "1.234",
                                      "1,5",  "1e3", " 1", "1 ", "92233720368547758.08",
                                      "0x10", "+1"};
    int64_t minor = 7;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(money_parse(bad[i], 2, &minor));
    }
    assert_int_equal(minor, 7);
}

static void halves_go_to_the_even_neighbour(void **state)
{
    int64_t out;
    (void)state;
    assert_int_equal(money_divide(25, 10), 2);
    assert_int_equal(money_divide(35, 10), 4);
    assert_int_equal(money_divide(26, 10), 3);
    assert_true(money_convert(6000000, 2, 41720, 2, &out)); /* 60,000.00 INR at 0.04172 */
    assert_int_equal(out, 250320);
    assert_true(money_convert(1000, 0, 24350, 2, &out)); /* 1000 JPY in AED */
    assert_int_equal(out, 2435);
    assert_true(money_convert(10000, 2, 1000000, 3, &out));
    assert_int_equal(out, 100000);
    assert_false(money_convert(INT64_MAX / 2, 2, 3680000, 2, &out));
}

static void months_end_where_they_end(void **state)
{
    char text[DATETIME_TEXT_MAX];
    (void)state;
    calendar_format(calendar_wall_of(2024, 2, 31), text);
    assert_string_equal(text, "2024-02-29T00:00:00+04:00");
    calendar_format(calendar_wall_of(2026, 2, 31) + CALENDAR_DAY - 1000, text);
    assert_string_equal(text, "2026-02-28T23:59:59.999+04:00");
}

static void weekends_are_saturday_and_sunday(void **state)
{
    lfi_wall_us friday = calendar_wall_of(2026, 6, 26);
    (void)state;
    assert_true(calendar_is_working_day(friday));
    assert_false(calendar_is_working_day(friday + CALENDAR_DAY));
    assert_false(calendar_is_working_day(friday + 2 * CALENDAR_DAY));
    assert_true(calendar_is_working_day(friday + 3 * CALENDAR_DAY));
    assert_int_equal(calendar_to_working_day(friday + CALENDAR_DAY, -1), friday);
    assert_int_equal(calendar_to_working_day(friday + CALENDAR_DAY, 1), friday + 3 * CALENDAR_DAY);
}

static void templates_print_what_a_core_would(void **state)
{
    struct template_values values = {
        .party = "Siraj & Daughters (Lighting) Trading",
        .account = "AE069990000000000000004",
        .when = calendar_wall_of(2026, 5, 9),
        .draw = 42,
        .longest = 22,
    };
    struct buf out;
    (void)state;
    buf_init(&out, 256);
    template_expand(&out, "SAL/{PARTY}/{MMMYY}/{TAIL6}", &values);
    buf_append(&out, "", 1);
    assert_string_equal(out.ptr, "SAL/SIRAJ DAUGHTERS LIGHTI/MAY26/000004");
    buf_clear(&out);
    template_expand(&out, "IPP{D14}", &values);
    assert_int_equal(out.len, 17);
    assert_int_equal(strspn(out.ptr + 3, "0123456789"), 14);
    buf_free(&out);
}

static void unknown_placeholders_are_refused(void **state)
{
    static const char *const bad[] = {"{",     "{}",   "{PARTY", "{NAME}", "{D0}",
                                      "{D17}", "{A5}", "{Dx}",   "x{D}"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(template_valid(bad[i]));
    }
    assert_true(template_valid("plain } text"));
    assert_true(template_valid("{D16}{A4}{S1}{N6}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splitmix64_matches_its_reference),
        cmocka_unit_test(xoshiro256_matches_its_reference),
        cmocka_unit_test(ranges_are_kept_and_reached),
        cmocka_unit_test(iban_vectors),
        cmocka_unit_test(emirates_id_vectors),
        cmocka_unit_test(luhn_tells_card_numbers),
        cmocka_unit_test(derived_ids_are_stable_and_shaped),
        cmocka_unit_test(money_keeps_its_decimals),
        cmocka_unit_test(bad_amounts_are_refused),
        cmocka_unit_test(halves_go_to_the_even_neighbour),
        cmocka_unit_test(months_end_where_they_end),
        cmocka_unit_test(weekends_are_saturday_and_sunday),
        cmocka_unit_test(templates_print_what_a_core_would),
        cmocka_unit_test(unknown_placeholders_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
