// link: lfi-jose lfi-base
#include "base/array.h"
#include "base/base64.h"
#include "base/limits.h"
#include "jose/jose.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define GOOD_HEADER "{\"alg\":\"PS256\",\"typ\":\"JOSE\",\"cty\":\"json\",\"kid\":\"k-1\"}"

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

/* Parses a token with this header, "{}" as payload and "sig" as signature. */
static int parse_header(struct arena *arena, const char *header, struct jose_token *out)
{
    struct buf text;
    struct lfi_error error;

    buf_init(&text, LIMIT_ARENA_BYTES);
    base64_append_url(&text, header, strlen(header));
    buf_append_text(&text, ".e30.c2ln");
    const char *compact = arena_text(arena, buf_slice(&text));
    buf_free(&text);
    return jose_token_parse(arena, slice_of(compact), out, &error);
}

static void token_is_taken_apart(void **state)
{
    struct jose_token token;

    assert_int_equal(parse_header(*state, GOOD_HEADER, &token), 0);
    assert_true(slice_equal_text(token.alg, "PS256"));
    assert_true(slice_equal_text(token.typ, "JOSE"));
    assert_true(slice_equal_text(token.cty, "json"));
    assert_true(slice_equal_text(token.kid, "k-1"));
    assert_true(slice_equal_text(token.payload, "{}"));
    assert_true(slice_equal_text(token.signature, "sig"));
    assert_false(token.has_crit);
    assert_false(token.names_key);
    assert_int_equal(token.signed_part.ptr[token.signed_part.len], '.');
    assert_memory_equal(token.signed_part.ptr + token.signed_part.len - 4, ".e30", 4);
}

static void header_members_are_reported(void **state)
{
    static const char *const key_names[] = {"jku", "jwk", "x5u", "x5c"};
    struct jose_token token;

    assert_int_equal(parse_header(*state, "{\"alg\":256,\"kid\":null}", &token), 0);
    assert_null(token.alg.ptr);
    assert_null(token.typ.ptr);
    assert_null(token.kid.ptr);
    assert_int_equal(parse_header(*state, "{\"crit\":[\"b64\"]}", &token), 0);
    assert_true(token.has_crit);
    for (size_t i = 0; i < 4; i++) {
        struct lfi_slice header = arena_format(*state, "{\"%s\":\"x\"}", key_names[i]);
        assert_int_equal(parse_header(*state, header.ptr, &token), 0);
        assert_true(token.names_key);
    }
}

static void bad_headers_are_refused(void **state)
{
    static const char *const headers[] = {
        "",
        "{",
        "[]",
        "null",
        "\"PS256\"",
        "{\"alg\":\"PS256\"} x",
        "{\"alg\":\"PS256\",\"alg\":\"none\"}",
        "{\"typ\":\"JOSE\",\"typ\":\"JOSE\"}",
        "{\"cty\":\"json\",\"cty\":\"json\"}",
        "{\"kid\":\"a\",\"kid\":\"b\"}",
        "{\"kid\":\"a\\u0000b\"}",
    };
    struct jose_token token;

    for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
        assert_int_equal(parse_header(*state, headers[i], &token), -1);
    }
}

static void bad_forms_are_refused(void **state)
{
    static const char *const texts[] = {
        "",
        ".",
        "..",
        "e30",
        "e30.e30",
        "e30..c2ln",
        ".e30.c2ln",
        "e30.e30.",
        "e30.e30.c2ln.",
        "e30.e30.c2ln.x",
        "e30.e30.c2ln.x.y", /* five parts: a JWE */
        "e30=.e30.c2ln",    /* padding */
        "e30.e30.c2l+",     /* the other alphabet */
        "e30.e30.c2 ln",    /* blank */
        "e30.e30.c2ln\n",   /* line end */
        "e30.e30.c2lnc",    /* no byte has 6 bits */
        "e31.e30.c2ln",     /* bits left over that are not 0 */
        "e30.e31.c2ln",
        "e30.e30.c2k\xc3\xa9", /* not ASCII */
    };
    struct jose_token token;
    struct lfi_error error;

    assert_int_equal(jose_token_parse(*state, SLICE("e30.e30.c2ln"), &token, &error), 0);
    assert_int_equal(jose_token_parse(*state, (struct lfi_slice){NULL, 0}, &token, &error), -1);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        error.message[0] = '\0';
        assert_int_equal(jose_token_parse(*state, slice_of(texts[i]), &token, &error), -1);
        assert_string_not_equal(error.message, "");
    }
}

static void size_is_bounded(void **state)
{
    char text[LIMIT_TOKEN_BYTES + 2];
    struct jose_token token;
    struct lfi_error error;

    memset(text, 'A', sizeof(text));
    memcpy(text, "e30.e30.", 8);
    struct lfi_slice compact = {text, LIMIT_TOKEN_BYTES};
    assert_int_equal(jose_token_parse(*state, compact, &token, &error), 0);
    compact.len++;
    assert_int_equal(jose_token_parse(*state, compact, &token, &error), -1);
    assert_non_null(strstr(error.message, "longer"));
}

static void short_memory_is_an_error(void **state)
{
    struct jose_token token;
    struct lfi_error error;
    struct arena *small = arena_new(16);

    (void)state;
    assert_int_equal(jose_token_parse(small, SLICE("e30.e30.c2ln"), &token, &error), -1);
    arena_free(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(token_is_taken_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(header_members_are_reported, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_headers_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_forms_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(size_is_bounded, set_up, tear_down),
        cmocka_unit_test(short_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
