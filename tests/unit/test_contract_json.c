// link: contract_test_schemas
/* The JSON check: every rule at its limit and one past it, and every way not to be JSON. */
#include "base/array.h"
#include "contract/check.h"
#include "contract_test_schemas.h"

#include "base/limits.h"
#include "base/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct row {
    const char *schema, *json;
    const char *rule;  /* NULL: fits */
    const char *where; /* NULL: not looked at */
};

/* Checks a copy that ends where the text ends, so that reading past it is seen. */
static int check(const char *schema, const char *json, size_t len,
                 struct contract_violation *violation)
{
    char *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, json, len);
    const struct contract_schema *found = contract_schema_named(&contract_test_schemas, schema);
    assert_non_null(found);
    int rc = contract_check_json(found, (struct lfi_slice){copy, len}, violation);
    free(copy);
    return rc;
}

static void run_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct contract_violation violation = {0};
        const struct row *row = &rows[i];
        int rc = check(row->schema, row->json, strlen(row->json), &violation);
        if ((rc == 0) != !row->rule ||
            (row->rule && (strcmp(row->rule, violation.rule) != 0 ||
                           (row->where && strcmp(row->where, violation.where) != 0)))) {
            fail_msg("%s %s: got %s at %s, wanted %s at %s", row->schema, row->json,
                     rc == 0 ? "fit" : violation.rule, violation.where,
                     row->rule ? row->rule : "fit", row->where ? row->where : "-");
        }
    }
}

#define ROWS(rows) run_rows(rows, ARRAY_LEN(rows))

static void accepts_and_refuses_json_syntax(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"Anything", "{}", NULL, NULL},
        {"Anything", " \t\r\n[ ] ", NULL, NULL},
        {"Anything", "null", NULL, NULL},
        {"Anything", "-0.5e+10", NULL, NULL},
        {"Anything", "{\"a\" : [1, 2.5, true, false, null, \"\", {}, []] }", NULL, NULL},
        {"Anything", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"", NULL, NULL},
        {"Anything", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"", NULL, NULL},
        {"Anything", "", "json", "$"},
        {"Anything", "  ", "json", "$"},
        {"Anything", "{", "json", "$"},
        {"Anything", "[", "json", "$"},
        {"Anything", "[1", "json", "$"},
        {"Anything", "[1,", "json", NULL},
        {"Anything", "[1,]", "json", "$"},
        {"Anything", "[,1]", "json", "$[0]"},
        {"Anything", "[1 2]", "json", "$"},
        {"Anything", "{\"a\"}", "json", "$"},
        {"Anything", "{\"a\":}", "json", "$.a"},
        {"Anything", "{\"a\":1,}", "json", "$"},
        {"Anything", "{,}", "json", "$"},
        {"Anything", "{a:1}", "json", "$"},
        {"Anything", "{\"a\":1 \"b\":2}", "json", "$"},
        {"Anything", "{\"a\":1]", "json", "$"},
        {"Anything", "{} {}", "json", "$"},
        {"Anything", "{}x", "json", "$"},
        {"Anything", "01", "json", "$"},
        {"Anything", "+1", "json", "$"},
        {"Anything", "1.", "json", "$"},
        {"Anything", ".5", "json", "$"},
        {"Anything", "1e", "json", "$"},
        {"Anything", "-", "json", "$"},
        {"Anything", "NaN", "json", "$"},
        {"Anything", "tru", "json", "$"},
        {"Anything", "True", "json", "$"},
        {"Anything", "nul", "json", "$"},
        {"Anything", "'a'", "json", "$"},
        {"Anything", "\"a", "json", "$"},
        {"Anything", "\"a\\", "json", "$"},
        {"Anything", "\"\\x\"", "json", "$"},
        {"Anything", "\"\\u12\"", "json", "$"},
        {"Anything", "\"\\u12g4\"", "json", "$"},
        {"Anything", "\"\\u0000\"", "json", "$"},
        {"Anything", "\"\\ud800\"", "json", "$"},
        {"Anything", "\"\\ud800\\u0041\"", "json", "$"},
        {"Anything", "\"\\udc00\"", "json", "$"},
        {"Anything", "\"a\nb\"", "json", "$"},
        {"Anything", "\"12345678\tb\"", "json", "$"},
        {"Anything", "\"\xff\"", "json", "$"},
        {"Anything", "\"\xc0\xaf\"", "json", "$"},
        {"Anything", "\"\xe0\x9f\xbf\"", "json", "$"},
        {"Anything", "\"\xed\xa0\x80\"", "json", "$"},
        {"Anything", "\"\xf4\x90\x80\x80\"", "json", "$"},
        {"Anything", "\"\xe2\x82\"", "json", "$"},
        {"Anything", "\xef\xbb\xbf{}", "json", "$"},
        {"Anything", "{\"a\":1,\"a\":2}", "json", "$.a"},
        {"Anything", "{\"a\":1,\"\\u0061\":2}", "json", NULL},
        {"Anything", "{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}", "json", NULL},
        {"Anything", "[{\"a\":1},{\"a\":1}]", NULL, NULL},
        {"Loose", "{\"a\":1,\"a\":2}", "json", "$.a"},
        {"Loose", "{\"a\":1,\"\\u0061\":2}", "json", NULL},
    };
    ROWS(rows);
}

static void checks_texts(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"Text", "\"\"", NULL, NULL},
        {"Text", "1", "type", "$"},
        {"Text", "null", "type", "$"},
        {"Length", "\"ab\"", NULL, NULL},
        {"Length", "\"abcd\"", NULL, NULL},
        {"Length", "\"a\"", "minLength", "$"},
        {"Length", "\"abcde\"", "maxLength", "$"},
        {"Length", "\"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\"", NULL, NULL},
        {"Length", "\"\xc3\xa9\"", "minLength", "$"},
        {"Length", "\"\\ud83d\\ude00\"", "minLength", "$"},
        {"Length", "\"\\ud83d\\ude00\\u00e9\"", NULL, NULL},
        {"Enum", "\"Retail\"", NULL, NULL},
        {"Enum", "\"R\\u0065tail\"", NULL, NULL},
        {"Enum", "\"Dh \\\"q\\\" \\\\ ?\"", NULL, NULL},
        {"Enum", "\"retail\"", "enum", "$"},
        {"Enum", "\"\"", "enum", "$"},
        {"Pattern", "\"AED\"", NULL, NULL},
        {"Pattern", "\"\\u0041ED\"", NULL, NULL},
        {"Pattern", "\"AEDX\"", "pattern", "$"},
        {"Pattern", "\"AED\\n\"", "pattern", "$"},
        {"Pattern", "\"aed\"", "pattern", "$"},
        {"LoosePattern", "\"no 42 here\"", NULL, NULL},
        {"LoosePattern", "\"4 2\"", "pattern", "$"},
        {"LoosePattern", "\"\xd9\xa1\xd9\xa2\"", "pattern", "$"},
        {"SlowPattern", "\"aaa\"", NULL, NULL},
        {"SlowPattern", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"", "pattern", "$"},
        {"NullableText", "null", NULL, NULL},
        {"NullableText", "\"a\"", NULL, NULL},
        {"NullableText", "\"\"", "minLength", "$"},
        {"Boolean", "true", NULL, NULL},
        {"Boolean", "false", NULL, NULL},
        {"Boolean", "\"true\"", "type", "$"},
        {"Boolean", "1", "type", "$"},
    };
    ROWS(rows);
}

static void checks_formats(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"Date", "\"2024-02-29\"", NULL, NULL},
        {"Date", "\"2000-02-29\"", NULL, NULL},
        {"Date", "\"1900-02-29\"", "format", "$"},
        {"Date", "\"2023-02-29\"", "format", "$"},
        {"Date", "\"2024-04-31\"", "format", "$"},
        {"Date", "\"2024-13-01\"", "format", "$"},
        {"Date", "\"2024-00-01\"", "format", "$"},
        {"Date", "\"2024-01-00\"", "format", "$"},
        {"Date", "\"2024-1-01\"", "format", "$"},
        {"Date", "\"2024-01-01T00:00:00Z\"", "format", "$"},
        {"Date", "\"\"", "format", "$"},
        {"DateTime", "\"2024-01-31T23:59:59Z\"", NULL, NULL},
        {"DateTime", "\"2024-01-31T23:59:59+04:00\"", NULL, NULL},
        {"DateTime", "\"2024-01-31T23:59:59.123456789-11:30\"", NULL, NULL},
        {"DateTime", "\"2024-01-31T23:59:59\"", "format", "$"},
        {"DateTime", "\"2024-01-31T23:59:59 04:00\"", "format", "$"},
        {"DateTime", "\"2024-01-31 23:59:59Z\"", "format", "$"},
        {"DateTime", "\"2024-01-31T24:00:00Z\"", "format", "$"},
        {"DateTime", "\"2024-01-31T23:60:00Z\"", "format", "$"},
        {"DateTime", "\"2024-01-31t23:59:59z\"", NULL, NULL},
        {"DateTime", "\"2024-01-31T23:59:59-00:00\"", NULL, NULL},
        {"DateTime", "\"2024-01-31T23:59:60Z\"", NULL, NULL},
        {"DateTime", "\"2024-02-01T05:29:60.25+05:30\"", NULL, NULL},
        {"DateTime", "\"2024-01-31T16:59:60-07:00\"", NULL, NULL},
        {"DateTime", "\"2024-01-31T23:58:60Z\"", "format", "$"},
        {"DateTime", "\"2024-01-31T23:59:60+04:00\"", "format", "$"},
        {"DateTime", "\"2024-01-31T23:59:61Z\"", "format", "$"},
        {"DateTime", "\"2024-01-31T23:59:59.Z\"", "format", "$"},
        {"DateTime", "\"2024-01-31T23:59:59+0400\"", "format", "$"},
        {"DateTime", "\"2024-01-31T23:59:59+24:00\"", "format", "$"},
        {"DateTime", "\"2024-01-31T23:59:59ZZ\"", "format", "$"},
        {"DateTime", "\"2024-01-31T23:59:59.1234567890123456\"", "format", "$"},
        {"DateTime", "\"2024-01-31\"", "format", "$"},
        {"Email", "\"a.b+c@example.com\"", NULL, NULL},
        {"Email", "\"a@b\"", NULL, NULL},
        {"Email", "\"a..b@example.com\"", "format", "$"},
        {"Email", "\".a@example.com\"", "format", "$"},
        {"Email", "\"a@-example.com\"", "format", "$"},
        {"Email", "\"a@example..com\"", "format", "$"},
        {"Email", "\"@example.com\"", "format", "$"},
        {"Email", "\"a@\"", "format", "$"},
        {"Email", "\"a b@example.com\"", "format", "$"},
        {"Email", "\"\"", "format", "$"},
        {"Uri", "\"https://example.com/a%20b?c#d\"", NULL, NULL},
        {"Uri", "\"urn:x:y\"", NULL, NULL},
        {"Uri", "\"/relative\"", "format", "$"},
        {"Uri", "\"https://example.com/a b\"", "format", "$"},
        {"Uri", "\"https://example.com/%2\"", "format", "$"},
        {"Uri", "\"1a:b\"", "format", "$"},
        {"Uri", "\":b\"", "format", "$"},
        {"Uri", "\"https://example.com/\xc3\xa9\"", "format", "$"},
        {"Uuid", "\"6dbb7a0c-2d0a-4b5f-8c3d-0123456789aB\"", NULL, NULL},
        {"Uuid", "\"6dbb7a0c-2d0a-4b5f-8c3d-0123456789a\"", "format", "$"},
        {"Uuid", "\"6dbb7a0c_2d0a-4b5f-8c3d-0123456789ab\"", "format", "$"},
        {"Uuid", "\"6dbb7a0g-2d0a-4b5f-8c3d-0123456789ab\"", "format", "$"},
        {"Byte", "\"\"", NULL, NULL},
        {"Byte", "\"QUJD\"", NULL, NULL},
        {"Byte", "\"QUI=\"", NULL, NULL},
        {"Byte", "\"QQ==\"", NULL, NULL},
        {"Byte", "\"QQ\"", "format", "$"},
        {"Byte", "\"Q===\"", "format", "$"},
        {"Byte", "\"Q_-A\"", "format", "$"},
        {"Ipv4", "\"192.0.2.1\"", NULL, NULL},
        {"Ipv4", "\"192.0.2.256\"", "format", "$"},
        {"Ipv4", "\"2001:db8::1\"", "format", "$"},
        {"Ipv6", "\"2001:db8::1\"", NULL, NULL},
        {"Ipv6", "\"2001:db8:::1\"", "format", "$"},
        {"Duration", "\"P1Y2M3DT4H5M6S\"", NULL, NULL},
        {"Duration", "\"P7W\"", NULL, NULL},
        {"Duration", "\"PT30S\"", NULL, NULL},
        {"Duration", "\"P\"", "format", "$"},
        {"Duration", "\"P1\"", "format", "$"},
        {"Duration", "\"P1DT\"", "format", "$"},
        {"Duration", "\"P1M1Y\"", "format", "$"},
        {"Duration", "\"1D\"", "format", "$"},
    };
    ROWS(rows);
}

static void checks_numbers(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"Integer", "0", NULL, NULL},
        {"Integer", "-12345678901234567890", NULL, NULL},
        {"Integer", "1.0", "type", "$"},
        {"Integer", "1e2", "type", "$"},
        {"Integer", "\"1\"", "type", "$"},
        {"Int32", "2147483647", NULL, NULL},
        {"Int32", "2147483648", "maximum", "$"},
        {"Int32", "-2147483649", "minimum", "$"},
        {"Bounded", "1", NULL, NULL},
        {"Bounded", "10", NULL, NULL},
        {"Bounded", "0", "minimum", "$"},
        {"Bounded", "11", "maximum", "$"},
        {"Bounded", "1000000000000000000000000000000000000000000000000000000000000000", "type",
         "$"},
        {"Open", "0.001", NULL, NULL},
        {"Open", "1", NULL, NULL},
        {"Open", "0", "minimum", "$"},
        {"Open", "1.5", "maximum", "$"},
        {"Open", "1e400", "maximum", "$"},
    };
    ROWS(rows);
}

/* By decimal digits: in floating point 0.3 is no multiple of 0.1. */
static void checks_multiples_exactly(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"Tenth", "0.3", NULL, NULL},
        {"Tenth", "0.1", NULL, NULL},
        {"Tenth", "99.9", NULL, NULL},
        {"Tenth", "0", NULL, NULL},
        {"Tenth", "0.0", NULL, NULL},
        {"Tenth", "0e-99", NULL, NULL},
        {"Tenth", "-0.7", NULL, NULL},
        {"Tenth", "0.30", NULL, NULL},
        {"Tenth", "1e-1", NULL, NULL},
        {"Tenth", "3E-1", NULL, NULL},
        {"Tenth", "1e1", NULL, NULL},
        {"Tenth", "0.7000000000000000000000000", NULL, NULL},
        {"Tenth", "0.25", "multipleOf", "$"},
        {"Tenth", "1e-2", "multipleOf", "$"},
        {"Tenth", "0.10000000000000000000000000001", "multipleOf", "$"},
        {"Tenth", "0.30000000000000004", "multipleOf", "$"},
        {"Seven", "14", NULL, NULL},
        {"Seven", "-21", NULL, NULL},
        {"Seven", "0", NULL, NULL},
        {"Seven", "7000000000000000000000000000000000000000000000", NULL, NULL},
        {"Seven", "15", "multipleOf", "$"},
        {"Seven", "7000000000000000000000000000000000000000000001", "multipleOf", "$"},
        {"Quarter", "0.75", NULL, NULL},
        {"Quarter", "1", NULL, NULL},
        {"Quarter", "1e3", NULL, NULL},
        {"Quarter", "1e+99", NULL, NULL},
        {"Quarter", "0.7500", NULL, NULL},
        {"Quarter", "75e-2", NULL, NULL},
        {"Quarter", "1e400", NULL, NULL},
        {"Quarter", "0.3", "multipleOf", "$"},
        {"Quarter", "1e-400", "multipleOf", "$"},
        {"Quarter", "0.7500001", "multipleOf", "$"},
        {"Thousand", "5000", NULL, NULL},
        {"Thousand", "0", NULL, NULL},
        {"Thousand", "-1000", NULL, NULL},
        {"Thousand", "500", "multipleOf", "$"},
        {"Thousand", "1500", "multipleOf", "$"},
        {"Thousand", "1001", "multipleOf", "$"},
        {"Fine", "0.000000000000000006", NULL, NULL},
        {"Fine", "3", NULL, NULL},
        {"Fine", "3e200", NULL, NULL},
        {"Fine", "1", "multipleOf", "$"},
        {"Fine", "0.000000000000000004", "multipleOf", "$"},
        {"Fine", "1e64", "multipleOf", "$"},
        {"Fine", "1e200", "multipleOf", "$"},
        {"Tenth", "100.1", "maximum", "$"},
    };
    ROWS(rows);
}

static void tells_of_what_a_number_must_be_a_multiple(void **state)
{
    struct contract_violation violation;
    (void)state;
    assert_int_equal(check("Quarter", "0.3", 3, &violation), -1);
    assert_string_equal(violation.message, "must be a multiple of 2.50e-1");
}

static void checks_lists_and_objects(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"List", "[1]", NULL, NULL},
        {"List", "[1,2,3]", NULL, NULL},
        {"List", "[]", "minItems", "$"},
        {"List", "[1,2,3,4]", "maxItems", "$"},
        {"List", "[1,2,\"3\"]", "type", "$[2]"},
        {"List", "{}", "type", "$"},
        {"Set", "[1,2,\"1\",true,null,{},[]]", NULL, NULL},
        {"Set", "[1,2,1]", "uniqueItems", "$[2]"},
        {"Set", "[1,1.0]", "uniqueItems", "$[1]"},
        {"Set", "[\"a\",\"\\u0061\"]", "uniqueItems", "$[1]"},
        {"Set", "[{\"a\":1,\"b\":[true]},{ \"b\" : [ true ], \"a\" : 1 }]", "uniqueItems", "$[1]"},
        {"Set", "[{\"a\":1,\"b\":2},{\"a\":2,\"b\":1}]", NULL, NULL},
        {"Set", "[[1,2],[2,1]]", NULL, NULL},
        {"Closed", "{\"a\":1}", NULL, NULL},
        {"Closed", "{\"b\":[1],\"a\":1,\"inner\":{\"a\":2}}", NULL, NULL},
        {"Closed", "{\"\\u0061\":1}", NULL, NULL},
        {"Closed", "{\"a\":1,\"c\":1}", "additionalProperties", "$.c"},
        {"Closed", "{\"a\":1,\"inne\":{}}", "additionalProperties", "$.inne"},
        {"Closed", "{\"a\":1,\"inner \":{}}", "additionalProperties", "$.inner?"},
        {"Closed", "{\"a\\\"\":1}", "additionalProperties", "$.a??"},
        {"Closed", "{\"b2024\":1}", "additionalProperties", "$.b2024"},
        {"Closed", "{\"AE07033\":1}", "additionalProperties", "$.AE?????"},
        {"Closed", "{\"inner\":{\"a\":1},\"b\":[1],\"a\":1,\"b\":[1]}", "json", "$.b"},
        {"Closed", "{\"a", "json", "$"},
        {"Closed", "{\"a\"", "json", "$"},
        {"Closed", "{\"a\":", "json", "$.a"},
        {"Closed", "{\"b\":[1]}", "required", "$.a"},
        {"Closed", "{\"a\":1,\"inner\":{\"inner\":{}}}", "required", "$.inner.inner.a"},
        {"Closed", "{\"a\":1,\"b\":[1,true]}", "type", "$.b[1]"},
        {"Closed", "{\"a\":1,\"<script>\":1}", "additionalProperties", "$.?script?"},
        {"Loose", "{\"z\":{\"deep\":[]},\"a\":1,\"y\":null}", NULL, NULL},
        {"Loose", "{\"z\":1,\"z\":2}", "json", "$.z"},
        {"Map", "{\"x\":1,\"y\":2}", NULL, NULL},
        {"Map", "{}", "minProperties", "$"},
        {"Map", "{\"x\":1,\"y\":2,\"z\":3}", "maxProperties", "$"},
        {"Map", "{\"x\":\"1\"}", "type", "$.x"},
        {"RequiredOnly", "{\"x\":null}", NULL, NULL},
        {"RequiredOnly", "{\"y\":null}", "required", "$.x"},
        {"Nested", "{\"data\":[{},{\"amount\":{\"currency\":\"aed\"}}]}", "pattern",
         "$.data[1].amount.currency"},
    };
    ROWS(rows);
}

/* What people read says what is wrong and, where it helps, what would be right. */
static void messages_say_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *schema, *json, *message;
    } rows[] = {
        {"Closed", "{\"a\":1,\"a\":1}", "is duplicated"},
        {"Loose", "{\"z\":1,\"z\":2}", "is duplicated"},
        {"Set", "[1,1]", "is duplicated"},
        {"Closed", "{\"a\":1} x", "has trailing data"},
        {"Closed", "{}", "is missing"},
        {"Closed", "{\"a\":1,\"c\":1}", "is not allowed here"},
        {"Closed", "{\"a\":1", "ends too early"},
        {"Closed", "{\"a\" 1}", "must have a colon after each member name"},
        {"Closed", "{a:1}", "must have member names in double quotes"},
        {"Closed", "{\"a\":1 \"b\":[]}", "must go on with a comma or a closing brace"},
        {"List", "[1 2]", "must go on with a comma or a closing bracket"},
        {"List", "[1,]", "has a comma without a value after it"},
        {"List", "[x]", "is not a JSON value"},
        {"List", "{}", "must be an array"},
        {"Length", "7", "must be a string"},
        {"Length", "\"a\\u0000b\"", "must not contain U+0000"},
        {"Length", "\"a\\x\"", "has an invalid escape"},
        {"Length", "\"a\tb\"", "has a control character, which must be escaped"},
        {"Length", "\"a\xff\"", "is not UTF-8"},
        {"Length", "\"abcde\"", "must have at most 4 characters"},
        {"Date", "\"2026-02-30\"", "does not match the required format"},
        {"Pattern", "\"aed\"", "must have the form ^[A-Z]{3}$"},
        {"Enum", "\"retail\"", "must be one of SME, Retail, Dh \"q\" \\ ?"},
        {"OneOf", "3", "matches none of the allowed schemas"},
        {"Overlap", "1", "must match exactly one of the allowed schemas, and matches several"},
        {"Not", "\"forbidden\"", "matches a schema that is not allowed here"},
        {"Chosen", "{\"kind\":\"cow\"}", "is not one of the allowed values"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct contract_violation violation = {0};
        assert_int_equal(check(rows[i].schema, rows[i].json, strlen(rows[i].json), &violation), -1);
        assert_string_equal(violation.message, rows[i].message);
    }
}

static void checks_combinations(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"OneOf", "{\"kind\":\"x\",\"lives\":9}", NULL, NULL},
        {"OneOf", "{\"kind\":\"x\",\"bark\":\"w\"}", NULL, NULL},
        {"OneOf", "{\"kind\":\"x\",\"bark\":9}", "type", "$.bark"},
        {"OneOf", "3", "oneOf", "$"},
        {"Overlap", "1.5", NULL, NULL},
        {"Overlap", "1", "oneOf", "$"},
        {"AnyOf", "\"2024-01-01\"", NULL, NULL},
        {"AnyOf", "7", NULL, NULL},
        {"AnyOf", "\"x\"", "anyOf", "$"},
        {"AllOf", "{\"a\":1,\"b\":\"x\"}", NULL, NULL},
        {"AllOf", "{\"a\":1}", "required", "$.b"},
        {"AllOf", "{\"a\":\"1\",\"b\":\"x\"}", "type", "$.a"},
        {"Not", "\"allowed\"", NULL, NULL},
        {"Not", "\"forbidden\"", "not", "$"},
        {"Chosen", "{\"lives\":9,\"kind\":\"cat\"}", NULL, NULL},
        {"Chosen", "{\"kind\":\"dog\",\"bark\":\"w\"}", NULL, NULL},
        {"Chosen", "{\"kind\":\"dog\",\"lives\":9}", "additionalProperties", "$.lives"},
        {"Chosen", "{\"kind\":\"cow\"}", "discriminator", "$.kind"},
        {"Chosen", "{\"x\":{\"kind\":\"cat\"}}", "discriminator", "$.kind"},
        {"Chosen", "{\"kind\":3}", "discriminator", "$.kind"},
        {"Chosen", "[]", "discriminator", "$.kind"},
    };
    ROWS(rows);
}

/* A combination alone is tried before the value is known to be JSON. */
static void tells_what_is_no_json_before_what_does_not_match(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"OneOf", "{\"kind\":\"x\",\"bark\":tru}", "json", "$.bark"},
        {"OneOf", "{\"kind\":\"x\",\"kind\":\"x\",\"lives\":9}", "json", "$.kind"},
        {"AllOf", "{\"a\":\"1\",\"b\":\"x\"", "json", "$"},
        {"AllOf", "{\"b\":\"x\",\"c\":1,\"c\":1}", "json", "$.c"},
        {"Chosen", "{\"kind", "json", "$"},
        {"Chosen", "{\"kind\"", "json", "$"},
        {"Chosen", "{\"kind\":", "json", "$.kind"},
        {"Chosen", "{\"kind\":\"cat\"", "json", "$"},
        {"Chosen", "{\"lives\":9 \"kind\":\"cat\"}", "json", "$"},
        {"Chosen", "{\"lives\":x,\"kind\":\"cat\"}", "json", "$.lives"},
    };
    ROWS(rows);
}

static const char *check_record(const char *schema, const char *json, const char *member,
                                const char *wanted)
{
    static struct contract_violation violation;
    const struct lfi_slice value = slice_of(wanted);
    const struct contract_records records = {
        .depth = 1, .count = 1, .member = member, .values = &value};
    int rc = contract_check_tree(contract_schema_named(&contract_test_schemas, schema), &records,
                                 slice_of(json), NULL, &violation);
    return rc == 0 ? "" : violation.rule;
}

static void counts_and_identifies_records_under_combinations(void **state)
{
    static const char cat[] = "{\"kind\":\"cat\",\"lives\":9}";
    static const char dog[] = "{\"kind\":\"dog\",\"bark\":\"w\"}";
    static const char inner[] = "{\"x\":{\"id\":\"2\"},\"kind\":\"record\",\"id\":\"1\"}";

    (void)state;
    assert_string_equal(check_record("OneOf", cat, "kind", "cat"), "");
    assert_string_equal(check_record("OneOf", cat, "kind", "dog"), "record");
    assert_string_equal(check_record("OneOf", dog, "kind", "dog"), "");
    assert_string_equal(check_record("OneOf", dog, "kind", "cat"), "record"); /* 2nd branch */
    assert_string_equal(check_record("Chosen", dog, "kind", "cat"), "record");
    assert_string_equal(check_record("AllOf", "{\"b\":\"x\"}", "b", "y"), "record");
    assert_string_equal(check_record("ChosenRecord", inner, "id", "1"), "");
    assert_string_equal(check_record("ChosenRecord", inner, "id", "2"), "record");
    assert_string_equal(check_record("AnyOf", "7", NULL, NULL), "record"); /* there is none */
}

static void repeat(char *out, char c, size_t count)
{
    memset(out, c, count);
}

static void stops_at_the_depth_limit(void **state)
{
    (void)state;
    char text[2 * (LIMIT_JSON_DEPTH + 1)];
    struct contract_violation violation;
    for (size_t depth = LIMIT_JSON_DEPTH; depth <= LIMIT_JSON_DEPTH + 1; depth++) {
        repeat(text, '[', depth);
        repeat(text + depth, ']', depth);
        int rc = check("Anything", text, 2 * depth, &violation);
        assert_int_equal(rc, depth == LIMIT_JSON_DEPTH ? 0 : -1);
    }
    assert_string_equal(violation.rule, "json");
    assert_int_equal(violation.offset, LIMIT_JSON_DEPTH);
}

static void stops_at_the_limit_of_unknown_members(void **state)
{
    (void)state;
    struct contract_violation violation;
    for (unsigned count = LIMIT_JSON_NAMES; count <= LIMIT_JSON_NAMES + 1; count++) {
        char *text = malloc(count * 16 + 16);
        assert_non_null(text);
        size_t len = 0;
        for (unsigned i = 0; i < count; i++) {
            len += (size_t)snprintf(text + len, 16, "%c\"m%u\":1", i ? ',' : '{', i);
        }
        text[len++] = '}';
        assert_int_equal(check("Anything", text, len, &violation),
                         count == LIMIT_JSON_NAMES ? 0 : -1);
        free(text);
    }
    assert_string_equal(violation.rule, "json");
}

/* A short prefix of a document is never taken for the whole, whatever is cut. */
static void refuses_every_prefix(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":-1,\"b\":[1,2],\"inner\":{\"a\":3}}";
    struct contract_violation violation;
    assert_int_equal(check("Closed", text, sizeof(text) - 1, &violation), 0);
    for (size_t len = 0; len < sizeof(text) - 1; len++) {
        assert_int_equal(check("Closed", text, len, &violation), -1);
        assert_true(violation.offset <= len);
    }
}

static void cuts_a_long_place_from_the_left(void **state)
{
    (void)state;
    char text[2000];
    size_t len = 0;
    for (int i = 0; i < 20; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, "{\"member-with-a-name-%02d\":", i);
    }
    len += (size_t)snprintf(text + len, sizeof(text) - len, "x");
    struct contract_violation violation;
    assert_int_equal(check("Anything", text, len, &violation), -1);
    assert_true(strlen(violation.where) < sizeof(violation.where));
    assert_int_equal(violation.where[0], '$');
    assert_non_null(strstr(violation.where, ".member-with-a-name-18.member-with-a-name-19"));
}

static void tells_the_line(void **state)
{
    (void)state;
    struct contract_violation violation;
    struct lfi_slice text = SLICE("{\n  \"a\": 1,\n  \"b\": [\n    1,\n    true\n  ]\n}\n");
    assert_int_equal(check("Closed", text.ptr, text.len, &violation), -1);
    assert_int_equal(contract_line_of(text, violation.offset), 5);
    assert_int_equal(contract_line_of(text, 0), 1);
    assert_int_equal(contract_line_of(text, text.len + 5), 8);
}

static void never_shows_the_value(void **state)
{
    (void)state;
    struct contract_violation violation;
    static const char text[] = "{\"a\":\"AE070331234567890123456\"}";
    assert_int_equal(check("Closed", text, sizeof(text) - 1, &violation), -1);
    assert_null(strstr(violation.message, "AE07"));
    assert_null(strstr(violation.where, "AE07"));
    assert_string_equal(violation.message, "must be an integer");
}

/* A reload makes the new user before it ends the old one. */
static void keeps_patterns_for_the_last_user(void **state)
{
    (void)state;
    struct contract_violation violation;
    struct lfi_error error;
    assert_int_equal(contract_init(&contract_test_schemas, &error), 0);
    contract_fini(&contract_test_schemas);
    assert_int_equal(check("Pattern", "\"AED\"", 5, &violation), 0);
}

static int set_up(void **state)
{
    (void)state;
    struct lfi_error error;
    return contract_init(&contract_test_schemas, &error);
}

static int tear_down(void **state)
{
    (void)state;
    contract_fini(&contract_test_schemas);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_and_refuses_json_syntax),
        cmocka_unit_test(checks_texts),
        cmocka_unit_test(checks_formats),
        cmocka_unit_test(messages_say_what_is_wrong),
        cmocka_unit_test(checks_numbers),
        cmocka_unit_test(checks_multiples_exactly),
        cmocka_unit_test(tells_of_what_a_number_must_be_a_multiple),
        cmocka_unit_test(checks_lists_and_objects),
        cmocka_unit_test(checks_combinations),
        cmocka_unit_test(tells_what_is_no_json_before_what_does_not_match),
        cmocka_unit_test(counts_and_identifies_records_under_combinations),
        cmocka_unit_test(stops_at_the_depth_limit),
        cmocka_unit_test(stops_at_the_limit_of_unknown_members),
        cmocka_unit_test(refuses_every_prefix),
        cmocka_unit_test(cuts_a_long_place_from_the_left),
        cmocka_unit_test(tells_the_line),
        cmocka_unit_test(never_shows_the_value),
        cmocka_unit_test(keeps_patterns_for_the_last_user),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
