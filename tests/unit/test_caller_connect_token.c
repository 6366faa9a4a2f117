// link: lfi-caller lfi-jose lfi-base
/* The ConnectToken of a consent: what is one, and whether a request proves itself with it. */
#include "base/array.h"

#include "base/limits.h"
#include "caller/caller.h"
#include "caller/connect_token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define KEY SLICE("0123456789abcdef0123456789abcdef")
#define OTHER_KEY SLICE("fedcba9876543210fedcba9876543210")
#define CONSENT SLICE("consent-1")
#define NONE ((struct lfi_slice){NULL, 0})
#define LENGTH 43

enum { TAKES, TAKES_NOT, PROVIDERS };

static struct fixture {
    struct clock clock;
    struct arena *arena;
    struct connect_tokens *tokens;
    struct caller *caller;
    struct lfi_slice token; /* of TAKES and CONSENT */
} f;

static struct lfi_slice make(const struct connect_tokens *tokens, const char *provider,
                             struct lfi_slice consent)
{
    struct buf text;

    buf_init(&text, LENGTH);
    assert_int_equal(connect_token_make(tokens, provider, consent, &text), 0);
    struct lfi_slice out = arena_keep(f.arena, buf_slice(&text));
    buf_free(&text);
    return out;
}

static int set_up(void **state)
{
    static const struct caller_provider providers[PROVIDERS] = {
        [TAKES] = {.id = "takes", .mode = CALLER_MTLS_ONLY, .takes_connect_tokens = true},
        [TAKES_NOT] = {.id = "takes-not", .mode = CALLER_MTLS_ONLY},
    };
    struct caller_config config = {.providers = providers, .provider_count = PROVIDERS};

    (void)state;
    f.arena = arena_new(LIMIT_ARENA_BYTES);
    assert_int_equal(connect_tokens_new(&f.tokens, KEY, NONE, NULL), 0);
    f.token = make(f.tokens, "takes", CONSENT);
    config.connect_tokens = f.tokens;
    return caller_new(&f.caller, &config, &f.clock, NULL, NULL, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    caller_free(f.caller);
    connect_tokens_free(f.tokens);
    arena_free(f.arena);
    return 0;
}

static void a_token_is_of_one_provider_and_one_consent(void **state)
{
    (void)state;
    assert_int_equal(f.token.len, LENGTH);
    assert_true(connect_token_is(f.tokens, "takes", CONSENT, f.token));
    assert_true(slice_equal(f.token, make(f.tokens, "takes", CONSENT)));
    assert_false(connect_token_is(f.tokens, "takes", SLICE("consent-2"), f.token));
    assert_false(connect_token_is(f.tokens, "takes", NONE, f.token));
    assert_false(connect_token_is(f.tokens, "other", CONSENT, f.token));
    /* Where one ends and the other begins counts. */
    assert_false(slice_equal(make(f.tokens, "ab", SLICE("c")), make(f.tokens, "a", SLICE("bc"))));
}

static void another_text_is_no_token(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH; i++) {
        char *changed = arena_text(f.arena, f.token);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        assert_false(connect_token_is(f.tokens, "takes", CONSENT, slice_of(changed)));
        assert_false(
            connect_token_is(f.tokens, "takes", CONSENT, (struct lfi_slice){f.token.ptr, i}));
    }
    struct lfi_slice longer = arena_format(f.arena, "%.*sA", SLICE_ARG(f.token));
    assert_false(connect_token_is(f.tokens, "takes", CONSENT, longer));
    assert_false(connect_token_is(f.tokens, "takes", CONSENT, NONE));
}

static void tokens_outlive_a_change_of_key(void **state)
{
    struct connect_tokens *next = NULL, *last = NULL;

    (void)state;
    assert_int_equal(connect_tokens_new(&next, OTHER_KEY, KEY, NULL), 0);
    assert_true(connect_token_is(next, "takes", CONSENT, f.token));
    struct lfi_slice token = make(next, "takes", CONSENT);
    assert_true(connect_token_is(next, "takes", CONSENT, token));
    assert_false(slice_equal(token, f.token));
    assert_int_equal(connect_tokens_new(&last, OTHER_KEY, NONE, NULL), 0);
    assert_true(connect_token_is(last, "takes", CONSENT, token));
    assert_false(connect_token_is(last, "takes", CONSENT, f.token));
    connect_tokens_free(next);
    connect_tokens_free(last);
}

static void keys_have_32_bytes(void **state)
{
    struct connect_tokens *tokens = NULL;
    struct lfi_error error = {""};

    (void)state;
    assert_int_equal(connect_tokens_new(&tokens, SLICE("short"), NONE, &error), -1);
    assert_string_equal(error.message, "a key of ConnectTokens must have 32 bytes");
    assert_int_equal(connect_tokens_new(&tokens, KEY, SLICE("short"), &error), -1);
    assert_null(tokens);
    connect_tokens_free(NULL);
}

/* --- requests --------------------------------------------------------------------------------- */

static bool has(size_t provider, const struct header *headers, size_t count)
{
    const struct request request = {.headers = headers, .header_count = count, .arena = f.arena};
    return caller_has_connect_token(f.caller, provider, &request);
}

static void a_request_needs_the_token_of_its_own_consent(void **state)
{
    struct header lines[] = {
        {SLICE("o3-consent-id"), CONSENT},
        {SLICE("Authorization"), arena_format(f.arena, "Bearer %.*s", SLICE_ARG(f.token))},
        {SLICE("o3-consent-id"), CONSENT}};

    (void)state;
    assert_true(has(TAKES, lines, 2));
    assert_false(has(TAKES_NOT, lines, 2));
    assert_false(has(PROVIDERS, lines, 2));
    assert_false(has(CALLER_NO_PROVIDER, lines, 2));
    assert_false(has(TAKES, lines, 3)); /* two consents */
    assert_false(has(TAKES, lines, 1));
    assert_false(has(TAKES, lines + 1, 1));
    lines[2] = lines[1];
    assert_false(has(TAKES, lines, 3)); /* two tokens */
    lines[0].value = SLICE("consent-2");
    assert_false(has(TAKES, lines, 2));
}

static void the_scheme_is_bearer(void **state)
{
    static const struct {
        const char *before, *after;
        bool expected;
    } rows[] = {{"Bearer ", "", true}, {"bearer  ", " ", true}, {"Basic ", "", false},
                {"", "", false},       {"Bearer", "", false},   {"Bearer ", " x", false}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct header lines[] = {
            {SLICE("o3-consent-id"), CONSENT},
            {SLICE("authorization"),
             arena_format(f.arena, "%s%.*s%s", rows[i].before, SLICE_ARG(f.token), rows[i].after)}};
        assert_int_equal(has(TAKES, lines, 2), rows[i].expected);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_token_is_of_one_provider_and_one_consent),
        TEST(another_text_is_no_token),
        TEST(tokens_outlive_a_change_of_key),
        TEST(keys_have_32_bytes),
        TEST(a_request_needs_the_token_of_its_own_consent),
        TEST(the_scheme_is_bearer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
