// link: lfi-base
/* Slices, buffers, arenas, base64: the bytes everything else is made of. */
#include "base/arena.h"
#include "base/array.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define assert_slice(slice, text)                                                                  \
    do {                                                                                           \
        struct lfi_slice got_ = (slice);                                                           \
        assert_non_null(got_.ptr);                                                                 \
        assert_int_equal(got_.len, strlen(text));                                                  \
        assert_memory_equal(got_.ptr, text, got_.len);                                             \
    } while (0)

static void slices_compare(void **state)
{
    (void)state;
    assert_true(slice_equal(SLICE("abc"), SLICE("abc")));
    assert_false(slice_equal(SLICE("abc"), SLICE("abd")));
    assert_true(slice_equal(slice_of(NULL), SLICE("")));
    assert_true(slice_equal_nocase(SLICE("Content-LENGTH"), "content-length"));
    assert_false(slice_equal_nocase(SLICE("Content-Length"), "Content-Lengt"));
    assert_false(slice_equal_nocase(SLICE("Content"), "Content-Length"));
    assert_false(slice_equal_nocase(SLICE("a["), "A{")); /* letters only */
    assert_true(slice_starts_with(SLICE("/accounts/1"), "/accounts"));
    assert_false(slice_starts_with(SLICE("/acc"), "/accounts"));
    assert_int_equal(slice_cut(SLICE("abc"), 9).len, 3);
    assert_int_equal(slice_cut(SLICE("abc"), 2).len, 2);
    assert_int_equal(slice_cut(SLICE("a\xd8\xa8z"), 2).len, 1); /* not within a character */
    assert_int_equal(slice_cut(SLICE("a\xd8\xa8z"), 3).len, 3);
    assert_int_equal(slice_cut(SLICE("\xd8\xa8"), 1).len, 0);
    assert_true(slice_equal_secret(SLICE("key"), SLICE("key")));
    assert_false(slice_equal_secret(SLICE("key"), SLICE("kez")));
    assert_false(slice_equal_secret(SLICE("key"), SLICE("keyy")));
    assert_slice(slice_trim(SLICE(" \tabc \t")), "abc");
    assert_int_equal(slice_trim(SLICE("  ")).len, 0);
}

static void slices_split(void **state)
{
    struct lfi_slice rest = SLICE("a,,b,");
    struct lfi_slice piece;

    (void)state;
    assert_true(slice_next(&rest, ',', &piece));
    assert_slice(piece, "a");
    assert_true(slice_next(&rest, ',', &piece));
    assert_int_equal(piece.len, 0);
    assert_true(slice_next(&rest, ',', &piece));
    assert_slice(piece, "b");
    assert_true(slice_next(&rest, ',', &piece));
    assert_int_equal(piece.len, 0);
    assert_false(slice_next(&rest, ',', &piece));
}

static void texts_are_cut_between_characters(void **state)
{
    const struct lfi_slice text = SLICE("a\xc3\xa9\xe2\x82\xac"); /* of 1, 2 and 3 bytes */
    static const size_t by_bytes[] = {0, 1, 1, 3, 3, 3, 6, 6};
    static const size_t by_characters[] = {0, 1, 3, 6, 6};
    (void)state;
    for (size_t max = 0; max < sizeof(by_bytes) / sizeof(by_bytes[0]); max++) {
        assert_int_equal(slice_cut(text, max).len, by_bytes[max]);
    }
    for (size_t max = 0; max < sizeof(by_characters) / sizeof(by_characters[0]); max++) {
        assert_int_equal(slice_cut_characters(text, max).len, by_characters[max]);
    }
}

static void numbers_have_digits_only(void **state)
{
    static const char *const bad[] = {"",   "-1", "+1",  " 1",
                                      "1 ", "0x", "1.0", "18446744073709551616"};
    uint64_t value = 7;

    (void)state;
    assert_true(slice_to_u64(SLICE("18446744073709551615"), &value));
    assert_true(value == UINT64_MAX);
    assert_true(slice_to_u64(SLICE("007"), &value));
    assert_true(value == 7);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(slice_to_u64(slice_of(bad[i]), &value));
    }
    assert_true(value == 7);
}

static void buffer_keeps_its_maximum(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 600);
    for (int i = 0; i < 60; i++) {
        buf_append_text(&buf, "0123456789");
    }
    assert_false(buf.failed);
    assert_int_equal(buf.len, 600);
    buf_append_text(&buf, "x");
    assert_true(buf.failed);
    assert_int_equal(buf.len, 0);
    buf_append_text(&buf, "still failed");
    assert_int_equal(buf_slice(&buf).len, 0);
    buf_clear(&buf);
    buf_append_format(&buf, "%0500d|%s", 7, "ok");
    assert_false(buf.failed);
    assert_int_equal(buf.len, 503);
    assert_memory_equal(buf.ptr + 498, "07|ok", 5);
    buf_free(&buf);
}

static void arena_overwrites_secrets_once(void **state)
{
    (void)state;
    struct arena *arena = arena_new(100000);
    char *secret = arena_text(arena, SLICE("secret"));
    arena_hold_secret(arena);
    arena_reset(arena); /* the first block is kept */
    assert_memory_equal(secret, "\0\0\0\0\0\0", 6);
    char *plain = arena_text(arena, SLICE("plain"));
    arena_reset(arena);
    assert_ptr_equal(plain, secret);
    assert_memory_equal(plain, "plain", 5);
    arena_free(arena);
}

static void arena_gives_zeroed_aligned_bounded_memory(void **state)
{
    struct arena *arena = arena_new(100000);

    (void)state;
    assert_non_null(arena);
    for (int round = 0; round < 3; round++) {
        for (size_t size = 0; size < 200; size++) {
            unsigned char *at = arena_alloc(arena, size);
            assert_non_null(at);
            assert_int_equal((uintptr_t)at % _Alignof(max_align_t), 0);
            for (size_t i = 0; i < size; i++) {
                assert_int_equal(at[i], 0);
            }
            memset(at, 0xee, size);
        }
        assert_null(arena_alloc(arena, 100000));
        assert_non_null(arena_alloc(arena, 50000));
        assert_null(arena_alloc(arena, 50000));
        arena_reset(arena);
    }
    assert_non_null(arena_alloc(arena, 100000));
    arena_reset(arena);
    assert_null(arena_alloc(arena, 100001));
    assert_null(arena_alloc(arena, SIZE_MAX));
    assert_null(arena_array(arena, SIZE_MAX / 2, 3));
    assert_string_equal(arena_text(arena, SLICE("text")), "text");
    assert_slice(arena_format(arena, "%s-%d", "a", 5), "a-5");
    arena_free(arena);
    arena_free(NULL);
}

static void base64_round_trip(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    unsigned char bytes[64];
    struct buf url, standard;

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (unsigned char)(i * 37 + 251);
    }
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        buf_init(&url, 200);
        buf_init(&standard, 200);
        base64_append_url(&url, bytes, len);
        base64_append_standard(&standard, bytes, len);
        assert_int_equal(standard.len, (len + 2) / 3 * 4);
        struct lfi_slice a = base64_decode_url(arena, buf_slice(&url));
        struct lfi_slice b = base64_decode_any(arena, buf_slice(&standard));
        struct lfi_slice c = base64_decode_any(arena, buf_slice(&url));
        assert_non_null(a.ptr);
        assert_int_equal(a.len, len);
        assert_memory_equal(a.ptr, bytes, len);
        assert_true(slice_equal(a, b));
        assert_true(slice_equal(a, c));
        buf_free(&url);
        buf_free(&standard);
    }
    arena_free(arena);
}

static void base64_refuses_what_is_not_it(void **state)
{
    static const char *const not_url[] = {"A",  "AAAAA", "AA==",  "A+AA", "A/AA", "AA A",
                                          "AB", "AAB",   "A\nAA", "AA=A", "=",    "\xc3\xa9"};
    static const char *const not_any[] = {"A", "A===", "AA=", "A=AA", "AA A", "====", "*AAA"};
    struct arena *arena = arena_new(1 << 20);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(not_url); i++) {
        assert_null(base64_decode_url(arena, slice_of(not_url[i])).ptr);
    }
    for (size_t i = 0; i < ARRAY_LEN(not_any); i++) {
        assert_null(base64_decode_any(arena, slice_of(not_any[i])).ptr);
    }
    assert_null(base64_decode_url(arena, slice_of(NULL)).ptr);
    assert_non_null(base64_decode_url(arena, SLICE("")).ptr);
    arena_free(arena);
}

static void numbers_are_written_as_printf_does(void **state)
{
    static const int64_t numbers[] = {0, 7, 10, 999, -1, -10, INT64_MAX, INT64_MIN};
    char expected[32], out[TEXT_NUMBER_MAX];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        size_t len = text_write_number(numbers[i], 0, out);
        snprintf(expected, sizeof(expected), "%lld", (long long)numbers[i]);
        assert_true(slice_equal_text((struct lfi_slice){out, len}, expected));
    }
    assert_int_equal(text_write_number(7, 3, out), 3);
    assert_memory_equal(out, "007", 3);
    assert_int_equal(text_write_number(2026, 3, out), 4);
    assert_memory_equal(out, "2026", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_compare),
        cmocka_unit_test(slices_split),
        cmocka_unit_test(texts_are_cut_between_characters),
        cmocka_unit_test(numbers_have_digits_only),
        cmocka_unit_test(buffer_keeps_its_maximum),
        cmocka_unit_test(arena_gives_zeroed_aligned_bounded_memory),
        cmocka_unit_test(arena_overwrites_secrets_once),
        cmocka_unit_test(base64_round_trip),
        cmocka_unit_test(base64_refuses_what_is_not_it),
        cmocka_unit_test(numbers_are_written_as_printf_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
