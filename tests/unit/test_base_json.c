// link: lfi-base
#include "base/array.h"
#include "base/json.h"
#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_written(struct buf *out, const char *expected)
{
    assert_false(out->failed);
    assert_int_equal(out->len, strlen(expected));
    assert_memory_equal(out->ptr, expected, out->len);
    buf_free(out);
}

static void writer_places_commas(void **state)
{
    struct buf out;
    struct json_writer w;

    (void)state;
    buf_init(&out, 4096);
    json_begin(&w, &out);
    json_open_object(&w, NULL);
    json_open_array(&w, "a");
    json_close_array(&w);
    json_open_array(&w, "b");
    json_int(&w, NULL, INT64_MIN);
    json_bool(&w, NULL, false);
    json_open_object(&w, NULL);
    json_text(&w, "c", "d\"\\\n\x01");
    json_close_object(&w);
    json_open_object(&w, NULL);
    json_close_object(&w);
    json_close_array(&w);
    json_raw(&w, "e", SLICE("{\"f\":null}"));
    json_close_object(&w);
    assert_written(&out,
                   "{\"a\":[],\"b\":[-9223372036854775808,false,{\"c\":\"d\\\"\\\\\\n\\u0001\""
                   "},{}],\"e\":{\"f\":null}}");
}

static void writer_refuses_depth(void **state)
{
    struct buf out;
    struct json_writer w;

    (void)state;
    buf_init(&out, 4096);
    json_begin(&w, &out);
    for (int i = 0; i < LIMIT_JSON_DEPTH; i++) {
        json_open_array(&w, NULL);
    }
    assert_false(out.failed);
    json_open_array(&w, NULL);
    assert_true(out.failed);
    buf_free(&out);
}

static const struct {
    const char *in, *out;
} texts[] = {
    {"", "\"\""},
    {"\xd8\xaf\xd8\xa8\xd9\x8a", "\"\xd8\xaf\xd8\xa8\xd9\x8a\""},
    {"\xf0\x9f\x8f\xa6", "\"\xf0\x9f\x8f\xa6\""},
    {"a\xff"
     "b",
     "\"a\xef\xbf\xbd"
     "b\""},
    {"\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\""},                 /* overlong */
    {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""}, /* surrogate */
    {"\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\""},                 /* cut short */
    {"\x7f/</script>", "\"\x7f/</script>\""},
};

static void strings_are_utf8(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct buf out;
        buf_init(&out, 100);
        json_append_string(&out, slice_of(texts[i].in));
        assert_written(&out, texts[i].out);
    }
}

static void escape_never_splits(void **state)
{
    char out[16];
    struct lfi_slice text = SLICE("ab\x01\xd8\xaf");

    (void)state;
    assert_int_equal(json_escape(&text, out, 7), 2);
    assert_int_equal(text.len, 3);
    assert_int_equal(json_escape(&text, out, 7), 6);
    assert_int_equal(json_escape(&text, out, 1), 0);
    assert_int_equal(json_escape(&text, out, 2), 2);
    assert_int_equal(text.len, 0);
}

static void parser_refuses(void **state)
{
    static const char *const bad[] = {
        "",         "{",   "{}x", "[1,]", "{\"a\":1}{}",      "\"\\u0000\"",
        "\"a\nb\"", "\"a", "nul", "'a'",  "{\"a\\u0000\":1}",
    };
    char deep[2 * LIMIT_JSON_DEPTH + 3];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_null(json_parse(slice_of(bad[i])));
    }
    assert_null(json_parse(slice_of(NULL)));
    assert_null(json_parse(SLICE("{\"a\":1}\0")));
    memset(deep, '[', LIMIT_JSON_DEPTH + 1);
    memset(deep + LIMIT_JSON_DEPTH + 1, ']', LIMIT_JSON_DEPTH + 1);
    assert_null(json_parse((struct lfi_slice){deep, 2 * LIMIT_JSON_DEPTH + 2}));
    cJSON *tree = json_parse((struct lfi_slice){deep + 1, 2 * LIMIT_JSON_DEPTH});
    assert_non_null(tree);
    cJSON_Delete(tree);
}

static void members_are_typed(void **state)
{
    cJSON *tree =
        json_parse(SLICE(" {\"s\":\"x\\\\u0000\",\"n\":12,\"f\":1.5,\"big\":1e300,\"b\":true,"
                         "\"z\":null,\"edge\":9007199254740992} \r\n"));
    int64_t number = 5;

    (void)state;
    assert_non_null(tree);
    assert_true(slice_equal_text(json_get_string(tree, "s"), "x\\u0000"));
    assert_null(json_get_string(tree, "S").ptr);
    assert_null(json_get_string(tree, "n").ptr);
    assert_null(json_get(tree, "missing"));
    assert_true(json_get_int(tree, "n", &number));
    assert_int_equal(number, 12);
    assert_false(json_get_int(tree, "f", &number));
    assert_false(json_get_int(tree, "big", &number));
    assert_false(json_get_int(tree, "s", &number));
    assert_int_equal(number, 12);
    assert_true(json_get_int(tree, "edge", &number));
    assert_true(json_get_bool(tree, "b", false));
    assert_true(json_get_bool(tree, "z", true));
    cJSON_Delete(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writer_places_commas), cmocka_unit_test(writer_refuses_depth),
        cmocka_unit_test(strings_are_utf8),     cmocka_unit_test(escape_never_splits),
        cmocka_unit_test(parser_refuses),       cmocka_unit_test(members_are_typed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
