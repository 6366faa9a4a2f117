// link: lfi-message lfi-base
#include "base/array.h"
#include "http/message.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(1 << 16);
    return !arena;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void headers_by_name(void **state)
{
    const struct header headers[] = {{SLICE("O3-Provider-Id"), SLICE("a")},
                                     {SLICE("X"), SLICE("")},
                                     {SLICE("o3-provider-id"), SLICE("b")}};
    const struct request request = {.headers = headers, .header_count = 3};
    size_t count;

    (void)state;
    assert_true(slice_equal_text(request_header(&request, "o3-provider-id", &count), "a"));
    assert_int_equal(count, 2);
    assert_non_null(request_header(&request, "x", NULL).ptr);
    assert_null(request_header(&request, "o3-provider", &count).ptr);
    assert_int_equal(count, 0);
}

static void decoding(void **state)
{
    static const char *const bad[] = {"%", "%4", "%4g", "a%zz", "%%41", "abc%2"};

    (void)state;
    assert_true(slice_equal_text(request_decode(arena, SLICE("a%2Fb+c%20d"), false), "a/b+c d"));
    assert_true(slice_equal_text(request_decode(arena, SLICE("a+b%2B"), true), "a b+"));
    assert_int_equal(request_decode(arena, SLICE("%00"), true).len, 1);
    assert_non_null(request_decode(arena, SLICE(""), true).ptr);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_null(request_decode(arena, slice_of(bad[i]), true).ptr);
    }
}

static void parameters(void **state)
{
    struct lfi_slice query = SLICE("a=1&&b&c=&%61=2&d=x%3dy=z&e=%&=f");
    size_t count;

    (void)state;
    assert_true(slice_equal_text(request_parameter(arena, query, "a", &count), "1"));
    assert_int_equal(count, 2);
    assert_true(slice_equal_text(request_parameter(arena, query, "b", &count), ""));
    assert_int_equal(count, 1);
    assert_true(slice_equal_text(request_parameter(arena, query, "c", NULL), ""));
    assert_true(slice_equal_text(request_parameter(arena, query, "d", NULL), "x=y=z"));
    assert_null(request_parameter(arena, query, "e", &count).ptr); /* there, but malformed */
    assert_int_equal(count, 1);
    assert_null(request_parameter(arena, query, "zz", &count).ptr);
    assert_int_equal(count, 0);
    assert_null(request_parameter(arena, slice_of(NULL), "a", &count).ptr);
}

static void cookies(void **state)
{
    const struct header headers[] = {{SLICE("Cookie"), SLICE("a=1; bb=2;c")},
                                     {SLICE("cookie"), SLICE("d=x=y; a=3")}};
    const struct request request = {.headers = headers, .header_count = 2};

    (void)state;
    assert_true(slice_equal_text(request_cookie(&request, "a"), "1"));
    assert_true(slice_equal_text(request_cookie(&request, "bb"), "2"));
    assert_true(slice_equal_text(request_cookie(&request, "d"), "x=y"));
    assert_null(request_cookie(&request, "b").ptr);
    assert_null(request_cookie(&request, "c").ptr);
}

static void replies_cannot_be_split(void **state)
{
    struct reply reply = {0};

    (void)state;
    buf_init(&reply.headers, 1000);
    reply_header(&reply, "Location", SLICE("https://tpp.example/cb?a=b"));
    assert_false(reply.headers.failed);
    assert_int_equal(reply.headers.len, strlen("Location: https://tpp.example/cb?a=b\r\n"));
    reply_header(&reply, "X", SLICE("a\r\nSet-Cookie: b"));
    assert_true(reply.headers.failed);
    buf_free(&reply.headers);
}

static void refusals_as_json(void **state)
{
    struct refusal refusal;
    struct reply reply = {0};

    (void)state;
    buf_init(&reply.body, 1000);
    assert_int_equal(refusal_set(&refusal, "X-Y", 400, "GenericError", "No \"good\""), -1);
    refusal_detail(&refusal, "%d", 5);
    reply_refusal(&reply, &refusal);
    assert_int_equal(reply.status, 400);
    assert_true(
        slice_equal_text(buf_slice(&reply.body),
                         "{\"errorCode\":\"GenericError\",\"errorMessage\":\"No \\\"good\\\"\"}"));
    refusal_set(&refusal, "X-Y", 401, NULL, "no");
    assert_string_equal(refusal.detail, "");
    reply_refusal(&reply, &refusal);
    assert_true(slice_equal_text(buf_slice(&reply.body), "{\"errorMessage\":\"no\"}"));
    buf_free(&reply.body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_by_name),
        cmocka_unit_test(decoding),
        cmocka_unit_test(parameters),
        cmocka_unit_test(cookies),
        cmocka_unit_test(replies_cannot_be_split),
        cmocka_unit_test(refusals_as_json),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
