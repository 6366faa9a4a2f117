// link: hub-sim-parts
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/array.h"
#include "tpp/pascal.h"

static const struct pascal_rule rules[] = {
    {"id", PASCAL_RENAME, "AccountId"}, {"secret", PASCAL_DROP, NULL},
    {"free", PASCAL_KEEP, NULL},        {"list.number", PASCAL_NUMBER, "N"},
    {"first", PASCAL_FIRST, NULL},      {"wrapped", PASCAL_WRAP, "Inner"},
    {NULL, PASCAL_RENAME, NULL},
};

static const struct {
    const char *from, *to;
} examples[] = {
    {"{\"id\":\"a\",\"nickName\":\"n\"}", "{\"AccountId\":\"a\",\"NickName\":\"n\"}"},
    {"{\"Already\":true,\"secret\":{\"x\":1}}", "{\"Already\":true}"},
    {"{\"free\":{\"aB\":[\"\"]}}", "{\"Free\":{\"aB\":[\"\"]}}"},
    {"{\"empty\":\"\",\"null\":null}", "{\"Null\":null}"},
    {"{\"list\":[{\"number\":\"12.5\"},{\"number\":\"x\"}]}", "{\"List\":[{\"N\":12.5},{}]}"},
    {"{\"list\":[{\"number\":\"1e999\"},{\"number\":7}]}", "{\"List\":[{},{}]}"},
    {"{\"first\":[\"a\",\"b\"]}", "{\"First\":\"a\"}"},
    {"{\"first\":[]}", "{}"},
    {"{\"first\":\"a\"}", "{\"First\":\"a\"}"},
    {"{\"wrapped\":[{\"desc\":\"d\"}]}", "{\"Wrapped\":{\"Inner\":[{\"Desc\":\"d\"}]}}"},
    {"[{\"id\":\"a\"},{\"id\":\"b\"}]", "[{\"AccountId\":\"a\"},{\"AccountId\":\"b\"}]"},
    {"[]", "[]"},
};

static void test_records_become_the_standards(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
        cJSON *record = cJSON_Parse(examples[i].from);
        cJSON *converted = pascal_convert(record, rules);
        char *text = cJSON_PrintUnformatted(converted);
        assert_string_equal(text, examples[i].to);
        cJSON_free(text);
        cJSON_Delete(converted);
        cJSON_Delete(record);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records_become_the_standards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
