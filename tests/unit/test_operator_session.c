// link: lfi-operator
/* The operator's session in a browser: when it ends, and which page it counts for. */
#include "base/array.h"
#include "base/limits.h"
#include "operator/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW 1800000000

static struct seal *seal;
static struct arena *arena;

static int set_up(void **state)
{
    struct lfi_error error;
    (void)state;
    arena = arena_new(65536);
    return arena && operator_seal_new(&seal, &error) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    seal_free(seal);
    arena_free(arena);
    return 0;
}

static struct request request_of(const char *method, const struct header *headers, size_t count)
{
    return (struct request){
        .method = slice_of(method), .headers = headers, .header_count = count, .arena = arena};
}

/* The cookie that a browser at this host gets, as it sends it back. */
static void sign_in(const char *host, char out[512])
{
    const struct header headers[] = {{SLICE("Host"), slice_of(host)}};
    const struct request request = request_of("POST", headers, 1);
    struct reply reply = {.status = 0};
    buf_init(&reply.headers, 4096);
    assert_int_equal(operator_session_begin(seal, &request, NOW, &reply), 0);
    static const char start[] = "Set-Cookie: ";
    assert_memory_equal(reply.headers.ptr, start, strlen(start));
    const char *value = reply.headers.ptr + strlen(start);
    (void)snprintf(out, 512, "%.*s", (int)strcspn(value, ";"), value);
    buf_append(&reply.headers, "", 1);
    assert_non_null(strstr(reply.headers.ptr, "; HttpOnly; SameSite=Strict; Max-Age="));
    buf_free(&reply.headers);
}

static bool lives(const char *host, const char *cookie, int64_t now_s)
{
    const struct header headers[] = {{SLICE("Host"), slice_of(host)},
                                     {SLICE("Cookie"), slice_of(cookie)}};
    const struct request request = request_of("GET", headers, 2);
    return operator_session_lives(seal, &request, now_s);
}

static void it_ends_in_time(void **state)
{
    char cookie[512];
    (void)state;
    sign_in("127.0.0.1:9441", cookie);
    assert_true(lives("127.0.0.1:9441", cookie, NOW + LIMIT_OPERATOR_SESSION_S - 1));
    assert_false(lives("127.0.0.1:9441", cookie, NOW + LIMIT_OPERATOR_SESSION_S));
}

static void it_is_for_one_port_and_not_to_be_forged(void **state)
{
    char cookie[512];
    (void)state;
    sign_in("localhost:9441", cookie);
    assert_non_null(strstr(cookie, "lfi-operator-9441="));
    assert_false(lives("localhost:9541", cookie, NOW));
    cookie[strlen(cookie) - 1] ^= 1;
    assert_false(lives("localhost:9441", cookie, NOW));
    assert_false(lives("localhost:9441", "lfi-operator-9441=", NOW));
    assert_false(lives("localhost:9441", "lfi-operator-9441=1900000000", NOW));
    assert_false(lives("localhost:9441", "", NOW));
}

static void a_cookie_of_another_start_does_not_count(void **state)
{
    char cookie[512];
    struct lfi_error error;
    struct seal *other = NULL;
    (void)state;
    sign_in("localhost:9441", cookie);
    struct seal *mine = seal;
    assert_int_equal(operator_seal_new(&other, &error), 0);
    seal = other;
    assert_false(lives("localhost:9441", cookie, NOW));
    seal = mine;
    seal_free(other);
}

static void only_the_consoles_own_page_counts(void **state)
{
    static const struct {
        const char *method, *origin, *site;
        bool own;
    } rows[] = {
        {"GET", NULL, NULL, true},
        {"GET", NULL, "same-origin", true},
        {"GET", NULL, "cross-site", false},
        {"GET", NULL, "same-site", false}, /* another port of this host */
        {"GET", NULL, "none", false},      /* a link typed or followed: no call of the page */
        {"GET", "http://localhost:9441", NULL, true},
        {"POST", NULL, "same-origin", false},
        {"POST", "http://localhost:9441", "same-origin", true},
        {"POST", "http://localhost:9440", NULL, false},
        {"POST", "http://localhost:94411", NULL, false},
        {"POST", "https://localhost:9441", NULL, false},
        {"POST", "http://evil.example", NULL, false},
        {"POST", "null", NULL, false},
        {"PUT", "", NULL, false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct header headers[3] = {{SLICE("Host"), SLICE("localhost:9441")}};
        size_t count = 1;
        if (rows[i].origin) {
            headers[count++] = (struct header){SLICE("Origin"), slice_of(rows[i].origin)};
        }
        if (rows[i].site) {
            headers[count++] = (struct header){SLICE("Sec-Fetch-Site"), slice_of(rows[i].site)};
        }
        const struct request request = request_of(rows[i].method, headers, count);
        if (operator_is_own_page(&request) != rows[i].own) {
            fail_msg("row %zu", i);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_ends_in_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_is_for_one_port_and_not_to_be_forged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_cookie_of_another_start_does_not_count, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(only_the_consoles_own_page_counts, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
