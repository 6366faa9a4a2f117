// link: lfi-caller lfi-jose lfi-base
#include "base/array.h"
#include "keys.h"

#include "base/limits.h"
#include "caller/subject.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BASE "https://keys.example"

static int set_up(void **state)
{
    *state = arena_new(LIMIT_ARENA_BYTES);
    return !*state;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

static void attributes_are_found_wherever_they_stand(void **state)
{
    X509 *certificate = certificate_make((struct attribute[]){
        {"CN", "cn-1"}, {"C", "AE"}, {"OU", "ou-1"}, {"L", "x"}, {"O", "Dhow Bank"}, {NULL, NULL}});
    struct caller_subject subject = subject_of(*state, certificate);

    assert_true(slice_equal_text(subject.o, "Dhow Bank"));
    assert_true(slice_equal_text(subject.ou, "ou-1"));
    assert_true(slice_equal_text(subject.cn, "cn-1"));
    X509_free(certificate);
}

static void commas_and_equal_signs_are_just_characters(void **state)
{
    X509 *certificate = certificate_make((struct attribute[]){
        {"O", "Dhow, OU=evil"}, {"OU", "ou-1"}, {"CN", "a, OU=ou-2, O=x"}, {NULL, NULL}});
    struct caller_subject subject = subject_of(*state, certificate);

    assert_true(slice_equal_text(subject.o, "Dhow, OU=evil"));
    assert_true(slice_equal_text(subject.ou, "ou-1"));
    assert_true(slice_equal_text(subject.cn, "a, OU=ou-2, O=x"));
    X509_free(certificate);
}

static void missing_and_duplicated_attributes_are_absent(void **state)
{
    X509 *certificate = certificate_make((struct attribute[]){
        {"C", "AE"}, {"OU", "ou-1"}, {"CN", "cn-1"}, {"OU", "ou-1"}, {"CN", "cn-2"}, {NULL, NULL}});
    struct caller_subject subject = subject_of(*state, certificate);

    assert_null(subject.o.ptr);
    assert_null(subject.ou.ptr);
    assert_null(subject.cn.ptr);
    X509_free(certificate);
}

static void other_string_types_become_utf8(void **state)
{
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);
    struct caller_subject subject;

    X509_NAME_add_entry_by_NID(name, NID_organizationName, V_ASN1_BMPSTRING,
                               (const unsigned char *)"\x00\xc9\x06\x28", 4, -1, 0);
    X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_UTF8STRING,
                               (const unsigned char *)"a\0b", 3, -1, 0);
    subject = subject_of(*state, certificate);
    assert_true(slice_equal_text(subject.o, "\xc3\x89\xd8\xa8"));
    assert_true(slice_equal(subject.cn, SLICE("a\0b")));
    assert_null(subject_key_address(*state, BASE, &subject).ptr);
    X509_free(certificate);
}

static void name_texts_keep_order_and_escape(void **state)
{
    X509 *certificate = certificate_make((struct attribute[]){
        {"C", "AE"}, {"O", "Dhow, Bank"}, {"OU", "ou-1"}, {"CN", "\xd8\xa8"}, {NULL, NULL}});
    const char *expected = "C=AE, O=Dhow\\, Bank, OU=ou-1, CN=\xd8\xa8";
    X509 *empty = certificate_make((struct attribute[]){{NULL, NULL}});

    assert_string_equal(caller_subject_text(*state, certificate).ptr, expected);
    assert_string_equal(caller_issuer_text(*state, certificate).ptr, expected);
    assert_int_equal(caller_subject_text(*state, empty).len, 0);
    X509_free(certificate);
    X509_free(empty);
}

static void key_address_is_made_of_ou_and_cn(void **state)
{
    static const struct {
        const char *ou, *cn, *expected;
    } cases[] = {
        {"XYZ", "ABC", BASE "/XYZ/ABC/application.jwks"},
        {"9f1-a_b~c.d", "ABC", BASE "/9f1-a_b~c.d/ABC/application.jwks"},
        {"a b", "c,d?e#f", BASE "/a%20b/c%2Cd%3Fe%23f/application.jwks"},
        {"100%", "\xd8\xa8", BASE "/100%25/%D8%A8/application.jwks"},
        {"a.", ".b", BASE "/a./.b/application.jwks"},
        {"a/b", "c", NULL},
        {"a", "b/", NULL},
        {"a\\b", "c", NULL},
        {"..", "c", NULL},
        {".", "c", NULL},
        {"a", "x..y", NULL},
        {"a\nb", "c", NULL},
        {"a", "b\x7f", NULL},
        {NULL, "c", NULL},
        {"a", NULL, NULL},
        {"a", "", NULL},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct caller_subject subject = {.ou = slice_of(cases[i].ou),
                                               .cn = slice_of(cases[i].cn)};
        struct lfi_slice address = subject_key_address(*state, BASE, &subject);
        if (!cases[i].expected) {
            assert_null(address.ptr);
        } else {
            assert_string_equal(address.ptr, cases[i].expected);
        }
    }
}

static void key_address_is_bounded(void **state)
{
    char text[3000];
    memset(text, 'a', sizeof(text));
    const struct caller_subject subject = {.ou = {text, sizeof(text)}, .cn = SLICE("c")};

    assert_null(subject_key_address(*state, BASE, &subject).ptr);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(attributes_are_found_wherever_they_stand),
        TEST(commas_and_equal_signs_are_just_characters),
        TEST(missing_and_duplicated_attributes_are_absent),
        TEST(other_string_types_become_utf8),
        TEST(name_texts_keep_order_and_escape),
        TEST(key_address_is_made_of_ou_and_cn),
        TEST(key_address_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
