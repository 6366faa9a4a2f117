// link: lfi-oauth lfi-base
#include "oauth/form.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

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

static struct form parse(struct arena *arena, const char *body)
{
    struct form form;
    struct lfi_error error = {""};
    assert_int_equal(form_parse(arena, slice_of(body), &form, &error), 0);
    return form;
}

static const char *refused(struct arena *arena, struct lfi_slice body)
{
    static struct lfi_error error;
    struct form form;
    error.message[0] = '\0';
    assert_int_equal(form_parse(arena, body, &form, &error), -1);
    return error.message;
}

static void parameters_are_decoded(void **state)
{
    struct form form =
        parse(*state, "grant_type=client_credentials&scope=a+b%20c&client%5Fid=x%3Dy");
    assert_int_equal(form.count, 3);
    assert_true(slice_equal_text(form_get(&form, "scope"), "a b c"));
    assert_true(slice_equal_text(form_get(&form, "client_id"), "x=y"));
    assert_null(form_get(&form, "client_secret").ptr);
    form = parse(*state, "&&a=b=c&");
    assert_int_equal(form.count, 1);
    assert_true(slice_equal_text(form_get(&form, "a"), "b=c"));
    assert_int_equal(parse(*state, "").count, 0);
}

static void without_a_value_is_as_if_it_was_not_sent(void **state)
{
    struct form form = parse(*state, "scope=&client_id");
    assert_int_equal(form.count, 2);
    assert_null(form_get(&form, "scope").ptr);
    assert_null(form_get(&form, "client_id").ptr);
}

static void a_parameter_comes_once(void **state)
{
    assert_string_equal(refused(*state, SLICE("scope=a&scope=a")), "a parameter is duplicated");
    assert_string_equal(refused(*state, SLICE("scope=&scope=a")), "a parameter is duplicated");
    assert_string_equal(refused(*state, SLICE("sc%6Fpe=b&scope=a")), "a parameter is duplicated");
    assert_string_equal(refused(*state, SLICE("unknown=b&unknown=a")), "a parameter is duplicated");
}

static void malformed_forms_are_refused(void **state)
{
    assert_string_equal(refused(*state, SLICE("a=%4")),
                        "a parameter has an invalid percent-encoding");
    assert_string_equal(refused(*state, SLICE("a%zz=1")),
                        "a parameter has an invalid percent-encoding");
    assert_string_equal(refused(*state, SLICE("a=b%00c")), "a parameter has a control character");
    assert_string_equal(refused(*state, SLICE("a=b\0c")), "a parameter has a control character");
    assert_string_equal(refused(*state, SLICE("a=b\r\n")), "a parameter has a control character");
    assert_string_equal(refused(*state, SLICE("a%7f=b")), "a parameter has a control character");
    assert_string_equal(refused(*state, SLICE("=b")), "a parameter has no name");
}

static void the_number_of_parameters_is_bounded(void **state)
{
    struct buf body;
    buf_init(&body, LIMIT_TOKEN_BODY_BYTES);
    for (int i = 0; i < LIMIT_TOKEN_FIELDS; i++) {
        buf_append_format(&body, "a%d=b&", i);
    }
    struct form form;
    struct lfi_error error;
    assert_int_equal(form_parse(*state, buf_slice(&body), &form, &error), 0);
    assert_int_equal(form.count, LIMIT_TOKEN_FIELDS);
    buf_append_text(&body, "z=1");
    assert_string_equal(refused(*state, buf_slice(&body)), "more than 16 parameters");
    buf_free(&body);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(parameters_are_decoded),
        TEST(without_a_value_is_as_if_it_was_not_sent),
        TEST(a_parameter_comes_once),
        TEST(malformed_forms_are_refused),
        TEST(the_number_of_parameters_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
