// link: lfi-jose lfi-base
#include "base/limits.h"
#include "jose/seal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define KEY_A SLICE("0123456789abcdef0123456789abcdef")
#define KEY_B SLICE("fedcba9876543210fedcba9876543210")
#define NO_KEY ((struct lfi_slice){NULL, 0})
#define HEAD_AND_TAG 29 /* version, nonce, tag */

struct fixture {
    struct arena *arena;
    struct seal *a, *b, *b_after_a;
};

static int set_up(void **state)
{
    static struct fixture f;

    f.arena = arena_new(LIMIT_ARENA_BYTES);
    *state = &f;
    return !f.arena || seal_new(&f.a, KEY_A, NO_KEY, NULL) != 0 ||
           seal_new(&f.b, KEY_B, NO_KEY, NULL) != 0 || seal_new(&f.b_after_a, KEY_B, KEY_A, NULL);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    seal_free(f->a);
    seal_free(f->b);
    seal_free(f->b_after_a);
    arena_free(f->arena);
    return 0;
}

/* A NUL-terminated copy in the arena. */
static struct lfi_slice closed(struct fixture *f, const struct seal *seal, struct lfi_slice clear)
{
    struct buf out;

    buf_init(&out, LIMIT_ARENA_BYTES);
    assert_int_equal(seal_close(seal, "session", clear, &out), 0);
    struct lfi_slice box = {arena_text(f->arena, buf_slice(&out)), out.len};
    buf_free(&out);
    return box;
}

static void what_was_closed_opens(void **state)
{
    struct fixture *f = *state;
    struct lfi_slice clear = SLICE("{\"user\":\"u-1\"}\0\xff");
    struct lfi_slice box = closed(f, f->a, clear);

    assert_int_equal(box.len, ((HEAD_AND_TAG + clear.len) * 4 + 2) / 3);
    assert_int_equal(strspn(box.ptr, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789-_"),
                     box.len);
    assert_true(slice_equal(seal_open(f->a, f->arena, "session", box), clear));
}

static void nothing_at_all_can_be_closed(void **state)
{
    struct fixture *f = *state;
    struct lfi_slice clear = seal_open(f->a, f->arena, "session", closed(f, f->a, SLICE("")));

    assert_non_null(clear.ptr);
    assert_int_equal(clear.len, 0);
}

static void two_boxes_are_never_alike(void **state)
{
    struct fixture *f = *state;

    assert_false(slice_equal(closed(f, f->a, SLICE("x")), closed(f, f->a, SLICE("x"))));
}

static void another_purpose_opens_nothing(void **state)
{
    struct fixture *f = *state;
    struct lfi_slice box = closed(f, f->a, SLICE("x"));

    assert_null(seal_open(f->a, f->arena, "link", box).ptr);
    assert_null(seal_open(f->a, f->arena, "", box).ptr);
    assert_null(seal_open(f->a, f->arena, "sessions", box).ptr);
}

static void keys_rotate(void **state)
{
    struct fixture *f = *state;
    struct lfi_slice old = closed(f, f->a, SLICE("x"));
    struct lfi_slice new = closed(f, f->b_after_a, SLICE("y"));

    assert_null(seal_open(f->b, f->arena, "session", old).ptr);
    assert_true(slice_equal_text(seal_open(f->b_after_a, f->arena, "session", old), "x"));
    assert_true(slice_equal_text(seal_open(f->b, f->arena, "session", new), "y"));
    assert_null(seal_open(f->a, f->arena, "session", new).ptr);
}

static void every_changed_or_missing_character_is_noticed(void **state)
{
    struct fixture *f = *state;
    struct lfi_slice box = closed(f, f->a, SLICE("twelve bytes"));
    char *text = arena_text(f->arena, box);

    for (size_t i = 0; i < box.len; i++) {
        text[i] = box.ptr[i] == 'A' ? 'B' : 'A';
        assert_null(
            seal_open(f->b_after_a, f->arena, "session", (struct lfi_slice){text, box.len}).ptr);
        text[i] = box.ptr[i];
        assert_null(seal_open(f->a, f->arena, "session", (struct lfi_slice){text, i}).ptr);
    }
    assert_null(
        seal_open(f->a, f->arena, "session", arena_format(f->arena, "%sAAAA", box.ptr)).ptr);
    assert_null(seal_open(f->a, f->arena, "session", arena_format(f->arena, "%s=", box.ptr)).ptr);
}

static void keys_have_32_bytes(void **state)
{
    struct seal *seal = NULL;
    struct lfi_error error = {""};

    (void)state;
    assert_int_equal(seal_new(&seal, SLICE("short"), NO_KEY, &error), -1);
    assert_null(seal);
    assert_int_equal(seal_new(&seal, NO_KEY, NO_KEY, &error), -1);
    assert_int_equal(seal_new(&seal, KEY_A, SLICE("short"), &error), -1);
    assert_int_equal(seal_new(&seal, SLICE("0123456789abcdef0123456789abcdefg"), NO_KEY, &error),
                     -1);
    assert_string_equal(error.message, "a sealing key has 32 bytes");
}

static void a_full_buffer_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct buf out;

    buf_init(&out, 8);
    assert_int_equal(seal_close(f->a, "session", SLICE("x"), &out), -1);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_closed_opens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_at_all_can_be_closed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(two_boxes_are_never_alike, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_purpose_opens_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keys_rotate, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_changed_or_missing_character_is_noticed, set_up,
                                        tear_down),
        cmocka_unit_test(keys_have_32_bytes),
        cmocka_unit_test_setup_teardown(a_full_buffer_is_an_error, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
