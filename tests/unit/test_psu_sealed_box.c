// link: lfi-psu
/* Sealed boxes: what opens them, what does not, and until when. */
#include "base/array.h"
#include "psu/sealed_box.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct record {
    struct lfi_slice name, nick;
    int64_t number, until_s;
    bool flag;
};

static const struct box_member members[] = {
    {"name", BOX_TEXT, offsetof(struct record, name), true},
    {"nick", BOX_TEXT, offsetof(struct record, nick), false},
    {"number", BOX_INT, offsetof(struct record, number), true},
    {"flag", BOX_BOOL, offsetof(struct record, flag), false},
    {"until", BOX_UNTIL, offsetof(struct record, until_s), true},
};

static const struct box_format format = {"test", members, ARRAY_LEN(members)};
static const struct box_format other = {"other", members, ARRAY_LEN(members)};

static const struct record record = {
    .name = {"Mariam", 6}, .nick = {"M", 1}, .number = -7, .until_s = 1000, .flag = true};

static struct seal *seal;
static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(64 * 1024);
    return arena ? seal_new(&seal, SLICE("0123456789abcdef0123456789abcdef"), (struct lfi_slice){0},
                            NULL)
                 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    seal_free(seal);
    arena_free(arena);
    return 0;
}

/* Whether a box of the format, sealed as `with`, opens at an instant. */
static bool opens(const struct box_format *with, const struct record *in, int64_t now_s,
                  struct record *out)
{
    struct buf box;
    buf_init(&box, 4096);
    assert_int_equal(sealed_box_close(seal, with, in, &box), 0);
    bool opened = sealed_box_open(seal, arena, &format, buf_slice(&box), now_s, out);
    buf_free(&box);
    return opened;
}

static void what_was_sealed_comes_back(void **state)
{
    struct record out;
    (void)state;
    memset(&out, 0xff, sizeof(out));
    assert_true(opens(&format, &record, 0, &out));
    assert_true(slice_equal(out.name, record.name));
    assert_true(slice_equal(out.nick, record.nick));
    assert_int_equal(out.number, -7);
    assert_int_equal(out.until_s, 1000);
    assert_true(out.flag);
}

static void expires_at_its_second(void **state)
{
    struct record out;
    (void)state;
    assert_true(opens(&format, &record, 999, &out));
    assert_false(opens(&format, &record, 1000, &out));
}

static void opens_for_its_own_purpose_only(void **state)
{
    struct record out;
    (void)state;
    assert_false(opens(&other, &record, 0, &out));
}

static void does_not_open_without_a_required_member(void **state)
{
    static const struct {
        const char *clear;
        bool opens;
    } cases[] = {
        {"{\"name\":\"Mariam\",\"number\":1,\"until\":9}", true},
        {"{\"name\":\"Mariam\",\"number\":1,\"until\":9,\"more\":{}}", true},
        {"{\"name\":\"\",\"number\":1,\"until\":9}", false},
        {"{\"name\":7,\"number\":1,\"until\":9}", false},
        {"{\"number\":1,\"until\":9}", false},
        {"{\"name\":\"Mariam\",\"until\":9}", false},
        {"{\"name\":\"Mariam\",\"number\":\"1\",\"until\":9}", false},
        {"{\"name\":\"Mariam\",\"number\":1.5,\"until\":9}", false},
        {"{\"name\":\"Mariam\",\"number\":1}", false},
        {"{\"name\":\"Mariam\",\"number\":1,\"until\":\"9\"}", false},
        {"[]", false},
        {"", false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct record out;
        struct buf box;
        buf_init(&box, 4096);
        assert_int_equal(seal_close(seal, "test", slice_of(cases[i].clear), &box), 0);
        assert_true(sealed_box_open(seal, arena, &format, buf_slice(&box), 0, &out) ==
                    cases[i].opens);
        buf_free(&box);
    }
}

static void says_what_does_not_fit(void **state)
{
    static char long_name[3000];
    struct record longer = record;
    struct buf box;
    (void)state;
    memset(long_name, 'x', sizeof(long_name));
    longer.name = (struct lfi_slice){long_name, sizeof(long_name)};
    buf_init(&box, 8192);
    assert_int_equal(sealed_box_close(seal, &format, &longer, &box), -1);
    buf_free(&box);
    buf_init(&box, 16);
    assert_int_equal(sealed_box_close(seal, &format, &record, &box), -1);
    buf_free(&box);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_sealed_comes_back),
        cmocka_unit_test(expires_at_its_second),
        cmocka_unit_test(opens_for_its_own_purpose_only),
        cmocka_unit_test(does_not_open_without_a_required_member),
        cmocka_unit_test(says_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
