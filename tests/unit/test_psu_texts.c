// link: lfi-psu
#include "base/array.h"
#include "psu/texts.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define FILE_OF(name, source)                                                                      \
    {                                                                                              \
        name, "text/javascript", "", (const unsigned char *)(source), sizeof(source) - 1           \
    }

static const struct embed_file files[] = {
    FILE_OF("a.js",
            "// The page's own.\nimport { b } from './b.js';\nimport { x } from './gone.js';\n"
            "const later = import('./c.js');\ntext('page.title'); count('left', 1);\n"),
    FILE_OF("b.js",
            "import { a } from './a.js';\ntext(`error.${id}.title`); count('tries.left', 1);"),
    FILE_OF("c.js", "text('late.title'); text(`late`); element('p'); text('late.' + x);"),
};
static const struct embed_set web = {files, ARRAY_LEN(files)};

static void check(size_t script, const char *texts, const char *expected)
{
    cJSON *tree = cJSON_Parse(texts);
    assert_non_null(tree);
    struct text_index *index = text_index_new(tree);
    assert_non_null(index);
    char *made = texts_of_script(&web, &files[script], index);
    assert_non_null(made);
    assert_string_equal(made, expected);
    cJSON_free(made);
    text_index_free(index);
    cJSON_Delete(tree);
}

static void a_script_has_what_it_and_its_imports_name(void **state)
{
    (void)state;
    check(0,
          "{\"page.title\":\"1\",\"error.A.title\":\"2\",\"errors.title\":\"no\","
          "\"tries.left.one\":\"3\",\"tries.left.other\":\"4\",\"tries.lefty\":\"no\","
          "\"tries.left.a.b\":\"no\",\"page\":\"no\",\"late.title\":\"no\"}",
          "{\"error.A.title\":\"2\",\"page.title\":\"1\","
          "\"tries.left.one\":\"3\",\"tries.left.other\":\"4\"}");
}

static void what_is_loaded_later_is_apart(void **state)
{
    (void)state;
    check(2, "{\"page.title\":\"no\",\"late.title\":\"1\",\"late.text\":\"no\",\"left\":\"no\"}",
          "{\"late.title\":\"1\"}");
    check(2, "{}", "{}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_script_has_what_it_and_its_imports_name),
        cmocka_unit_test(what_is_loaded_later_is_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
