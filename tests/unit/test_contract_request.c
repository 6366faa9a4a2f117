// link: contract_test_operations
/* Routing, parameters, bodies and replies against the operations of contract/operations.yaml. */
#include "base/array.h"
#include "contract_test_operations.h"

#include "base/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define HEADERS 8

struct call {
    const char *method, *path, *query;
    const char *headers[HEADERS][2];
    const char *body;
};

struct outcome {
    enum contract_found found;
    int rc;
    const char *in;
    struct contract_violation violation;
    struct contract_match match;
    struct contract_parameters parameters;
};

static struct outcome run(struct arena *arena, const struct call *call)
{
    struct outcome out = {0};
    struct header headers[HEADERS];
    struct request request = {
        .method = slice_of(call->method),
        .path = slice_of(call->path),
        .query = slice_of(call->query),
        .headers = headers,
        .body = slice_of(call->body),
        .arena = arena,
    };
    for (; request.header_count < HEADERS && call->headers[request.header_count][0];
         request.header_count++) {
        headers[request.header_count].name = slice_of(call->headers[request.header_count][0]);
        headers[request.header_count].value = slice_of(call->headers[request.header_count][1]);
    }
    arena_reset(arena);
    out.found = contract_match(&contract_test_operations, request.method, request.path, &out.match);
    if (out.found == CONTRACT_FOUND) {
        out.rc =
            contract_check_request(&out.match, &request, &out.parameters, &out.in, &out.violation);
    }
    return out;
}

static void finds_the_operation(void **state)
{
    static const struct {
        const char *method, *path, *id; /* id NULL: no path, "": no method */
    } rows[] = {
        {"GET", "/things", "findThings"},
        {"POST", "/things", "addThing"},
        {"POST", "/files", "addFile"},
        {"PUT", "/things", ""},
        {"get", "/things", ""},
        {"GET", "/things/special", "findSpecialThing"},
        {"PATCH", "/things/special", ""},
        {"GET", "/things/x", "findThing"},
        {"GET", "/things/specially", "findThing"},
        {"GET", "/things/x%2Fy", "findThing"},
        {"PATCH", "/things/x/parts/1", "mendPart"},
        {"PATCH", "/things/special/parts/1", "mendPart"},
        {"GET", "/things/x/parts", NULL},
        {"GET", "/things/x/parts/1/more", NULL},
        {"GET", "/things/", NULL},
        {"GET", "/things//parts/1", NULL},
        {"GET", "//things", NULL},
        {"GET", "/", NULL},
        {"GET", "", NULL},
        {"GET", "things", NULL},
        {"GET", "/Things", NULL},
        {"GET", "/thing", NULL},
        {"GET", "/thingsx", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct contract_match match;
        enum contract_found found = contract_match(
            &contract_test_operations, slice_of(rows[i].method), slice_of(rows[i].path), &match);
        const char *id = found == CONTRACT_NO_PATH     ? NULL
                         : found == CONTRACT_NO_METHOD ? ""
                                                       : contract_operation_id(match.operation);
        if ((!id) != (!rows[i].id) || (id && strcmp(id, rows[i].id) != 0)) {
            fail_msg("%s %s: %s", rows[i].method, rows[i].path, id ? id : "no path");
        }
    }
    (void)state;
}

/* Values of another template that fitted in part, or of a match before, do not count. */
static void values_are_those_of_the_path(void **state)
{
    struct contract_match match;
    (void)state;
    memset(&match, 'x', sizeof(match));
    assert_int_equal(contract_match(&contract_test_operations, SLICE("PATCH"),
                                    SLICE("/things/a/parts/b"), &match),
                     CONTRACT_FOUND);
    assert_true(slice_equal_text(match.path_values[0], "a"));
    assert_true(slice_equal_text(match.path_values[1], "b"));
    assert_null(match.path_values[2].ptr);
    assert_int_equal(
        contract_match(&contract_test_operations, SLICE("GET"), SLICE("/things"), &match),
        CONTRACT_FOUND);
    assert_null(match.path_values[0].ptr);
}

static void knows_its_operations(void **state)
{
    (void)state;
    assert_int_equal(contract_operation_count(&contract_test_operations), 6);
    for (size_t i = 0; i < 6; i++) {
        const struct contract_operation *operation =
            contract_operation_at(&contract_test_operations, i);
        assert_int_equal(contract_operation_index(operation), i);
        assert_int_equal(contract_operation_row(operation), i);
        assert_ptr_equal(contract_operation_in(operation, CONTRACT_VERSION(9, 9)), operation);
        assert_int_equal(contract_operation_open(operation),
                         strcmp(contract_operation_id(operation), "findSpecialThing") == 0);
    }
    const struct contract_operation *first = contract_operation_at(&contract_test_operations, 0);
    assert_string_equal(contract_operation_method(first), "GET");
    assert_string_equal(contract_operation_path(first), "/things");
    assert_null(contract_schema_named(&contract_test_operations, "Thing"));
}

static void checks_requests(void **state)
{
    struct arena *arena = *state;
#define ID                                                                                         \
    {                                                                                              \
        "O3-Id", "1"                                                                               \
    }
    static const struct {
        struct call call;
        const char *in, *rule, *where; /* rule NULL: passes */
    } rows[] = {
        {{"GET", "/things", NULL, {ID}, NULL}, NULL, NULL, NULL},
        {{"GET", "/things", "page=2&unknown=%41", {ID}, NULL}, NULL, NULL, NULL},
        {{"GET", "/things", NULL, {{NULL}}, NULL}, "header", "required", "o3-id"},
        {{"GET", "/things", NULL, {{"o3-id", ""}}, NULL}, "header", "required", "o3-id"},
        {{"GET", "/things", NULL, {ID, {"o3-iD", "1"}}, NULL}, "header", "repeated", "o3-id"},
        {{"GET", "/things", NULL, {{"o3-id", "\xff"}}, NULL}, "header", "encoding", "o3-id"},
        {{"GET", "/things", "page=-9223372036854775808", {ID}, NULL}, NULL, NULL, NULL},
        {{"GET", "/things", "page=9223372036854775808", {ID}, NULL}, "query", "type", "page"},
        {{"GET", "/things", "page=", {ID}, NULL}, "query", "type", "page"},
        {{"GET", "/things", "page", {ID}, NULL}, "query", "type", "page"},
        {{"GET", "/things", "page=1.0", {ID}, NULL}, "query", "type", "page"},
        {{"GET", "/things", "page=+1", {ID}, NULL}, "query", "type", "page"},
        {{"GET", "/things", "page=%201", {ID}, NULL}, "query", "type", "page"},
        {{"GET", "/things", "page=-", {ID}, NULL}, "query", "type", "page"},
        {{"GET", "/things", "page=1&page=1", {ID}, NULL}, "query", "repeated", "page"},
        {{"GET", "/things", "page=1&p%61ge=1", {ID}, NULL}, "query", "repeated", "page"},
        {{"GET", "/things", "page=%3", {ID}, NULL}, "query", "encoding", "page"},
        {{"GET", "/things", "page=%zz", {ID}, NULL}, "query", "encoding", "page"},
        {{"GET", "/things", "page=%ff", {ID}, NULL}, "query", "encoding", "page"},
        {{"GET", "/things", "page=1%00", {ID}, NULL}, "query", "encoding", "page"},
        {{"GET", "/things", "from=2026-01-31", {ID}, NULL}, NULL, NULL, NULL},
        {{"GET", "/things", "from=2026-01-31T00:00:00Z", {ID}, NULL}, NULL, NULL, NULL},
        {{"GET", "/things", "from=2026-01-31T00:00:00%2B04:00", {ID}, NULL}, NULL, NULL, NULL},
        {{"GET", "/things", "from=2026-01-31T00:00:00+04:00", {ID}, NULL}, NULL, NULL, NULL},
        {{"GET", "/things", "from=2026-01-31T00:00+04:00", {ID}, NULL}, "query", "anyOf", "from"},
        {{"GET", "/things", "from=2026-02-30", {ID}, NULL}, "query", "anyOf", "from"},
        {{"GET", "/things", "from=yesterday", {ID}, NULL}, "query", "anyOf", "from"},
        {{"GET", "/things", "flag=true", {ID}, NULL}, NULL, NULL, NULL},
        {{"GET", "/things", "flag=TRUE", {ID}, NULL}, "query", "type", "flag"},
        {{"GET", "/things", "flag=1", {ID}, NULL}, "query", "type", "flag"},
        {{"GET", "/things", "ratio=1.5", {ID}, NULL}, NULL, NULL, NULL},
        {{"GET", "/things", "ratio=-1", {ID}, NULL}, "query", "minimum", "ratio"},
        {{"GET", "/things", "ratio=1.5x", {ID}, NULL}, "query", "type", "ratio"},
        {{"GET", "/things", NULL, {ID, {"o3-fx", "perhaps"}}, NULL}, NULL, NULL, NULL},
        {{"GET", "/things/12345", NULL, {{NULL}}, NULL}, NULL, NULL, NULL},
        {{"GET", "/things/123456", NULL, {{NULL}}, NULL}, "path", "maxLength", "thingId"},
        {{"GET", "/things/%41%41%41%41%41", NULL, {{NULL}}, NULL}, NULL, NULL, NULL},
        {{"GET", "/things/%4", NULL, {{NULL}}, NULL}, "path", "encoding", "thingId"},
        {{"PATCH", "/things/t/parts/x", NULL, {{NULL}}, NULL}, "path", "type", "partId"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct outcome out = run(arena, &rows[i].call);
        if (out.found != CONTRACT_FOUND || (out.rc == 0) != (!rows[i].rule) ||
            (rows[i].rule &&
             (strcmp(out.in, rows[i].in) != 0 || strcmp(out.violation.rule, rows[i].rule) != 0 ||
              strcmp(out.violation.where, rows[i].where) != 0))) {
            fail_msg("row %zu %s?%s: %d in %s, %s at %s", i, rows[i].call.path,
                     rows[i].call.query ? rows[i].call.query : "", out.rc, out.in ? out.in : "-",
                     out.violation.rule ? out.violation.rule : "-", out.violation.where);
        }
    }
}

static void hands_over_decoded_values(void **state)
{
    struct arena *arena = *state;
    struct call call = {"GET", "/things", "page=007&from=2026-01-31", {ID, {"O3-FX", " x"}}, NULL};
    struct outcome out = run(arena, &call);
    assert_int_equal(out.rc, 0);
    assert_true(slice_equal_text(contract_parameter(&out.parameters, TEST_OPERATIONS_PAGE), "007"));
    assert_true(
        slice_equal_text(contract_parameter(&out.parameters, TEST_OPERATIONS_FROM), "2026-01-31"));
    assert_true(slice_equal_text(contract_parameter(&out.parameters, TEST_OPERATIONS_O3_FX), " x"));
    assert_null(contract_parameter(&out.parameters, TEST_OPERATIONS_O3_OLD_ID).ptr);
    assert_null(contract_parameter(&out.parameters, TEST_OPERATIONS_FLAG).ptr);

    call.query = "flag=false";
    out = run(arena, &call);
    assert_true(slice_equal_text(contract_parameter(&out.parameters, TEST_OPERATIONS_PAGE), "1"));

    struct call parts = {"PATCH", "/things/a%20b+/parts/-3", NULL, {{NULL}}, NULL};
    out = run(arena, &parts);
    assert_int_equal(out.rc, 0);
    assert_true(
        slice_equal_text(contract_parameter(&out.parameters, TEST_OPERATIONS_THING_ID), "a b+"));
    assert_true(
        slice_equal_text(contract_parameter(&out.parameters, TEST_OPERATIONS_PART_ID), "-3"));
}

static void checks_bodies(void **state)
{
    struct arena *arena = *state;
#define JSON                                                                                       \
    {                                                                                              \
        {                                                                                          \
            "content-type", "application/json"                                                     \
        }                                                                                          \
    }
#define FORM                                                                                       \
    {                                                                                              \
        {                                                                                          \
            "Content-Type", "application/x-www-form-urlencoded"                                    \
        }                                                                                          \
    }
    static const struct {
        struct call call;
        const char *rule, *where;
    } rows[] = {
        {{"POST", "/things", NULL, JSON, "{\"name\":\"x\"}"}, NULL, NULL},
        {{"POST",
          "/things",
          NULL,
          {{"content-type", "Application/JSON; charset=utf-8"}},
          "{\"name\":\"x\"}"},
         NULL,
         NULL},
        {{"POST", "/things", NULL, JSON, NULL}, "required", "$"},
        {{"POST", "/things", NULL, JSON, ""}, "required", "$"},
        {{"POST", "/things", NULL, JSON, "{}"}, "required", "$.name"},
        {{"POST", "/things", NULL, JSON, "{\"name\":\"x\""}, "json", "$"},
        {{"POST", "/things", NULL, {{NULL}}, "{\"name\":\"x\"}"}, "contentType", "$"},
        {{"POST", "/things", NULL, {{"content-type", "text/plain"}}, "{}"}, "contentType", "$"},
        {{"POST", "/things", NULL, {{"content-type", "application/jsonp"}}, "{}"},
         "contentType",
         "$"},
        {{"PATCH", "/things/t/parts/1", NULL, FORM, "reason=no+way&count=3&other=x"}, NULL, NULL},
        {{"PATCH", "/things/t/parts/1", NULL, FORM, NULL}, NULL, NULL},
        {{"PATCH", "/things/t/parts/1", NULL, FORM, "count=3"}, "required", "reason"},
        {{"PATCH", "/things/t/parts/1", NULL, FORM, "reason=n"}, "minLength", "reason"},
        {{"PATCH", "/things/t/parts/1", NULL, FORM, "reason=no&count=x"}, "type", "count"},
        {{"PATCH", "/things/t/parts/1", NULL, FORM, "reason=no&reason=no"}, "repeated", "reason"},
        {{"PATCH", "/things/t/parts/1", NULL, FORM, "reason=%"}, "encoding", "reason"},
        {{"PATCH", "/things/t/parts/1", NULL, JSON, "reason=no"}, "contentType", "$"},
        {{"POST", "/files", NULL, {{"content-type", "image/png"}}, "\x89P"}, NULL, NULL},
        {{"POST", "/files", NULL, {{NULL}}, "{\xff\n["}, NULL, NULL},
        {{"POST", "/files", NULL, JSON, "{\"a\""}, NULL, NULL},
        {{"POST", "/files", NULL, {{NULL}}, NULL}, "required", "$"},
        {{"POST", "/files", NULL, {{NULL}}, "1"}, "minLength", "$"},
        {{"POST", "/files", NULL, {{NULL}}, "12345"}, "maxLength", "$"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct outcome out = run(arena, &rows[i].call);
        const char *rule = out.rc == 0 ? "fits" : out.violation.rule;
        if (strcmp(rule, rows[i].rule ? rows[i].rule : "fits") != 0 ||
            (rows[i].rule && strcmp(out.violation.where, rows[i].where) != 0)) {
            fail_msg("%s: %s at %s", rows[i].call.body, rule, out.violation.where);
        }
        assert_string_equal(out.in, "body");
    }
}

static void checks_replies(void **state)
{
    (void)state;
    static const struct {
        size_t operation;
        int status;
        const char *content_type, *body, *rule;
    } rows[] = {
        {0, 200, "application/json", "{\"data\":[]}", NULL},
        {0, 200, "application/json; charset=utf-8", "{\"data\":[]}", NULL},
        {0, 200, "application/json", "{\"data\":{}}", "type"},
        {0, 200, "application/json", "", "json"},
        {0, 200, NULL, "", "contentType"},
        {0, 200, "text/html", "{\"data\":[]}", "contentType"},
        {0, 201, "application/json", "{\"data\":[]}", "status"},
        {0, 500, "application/json", "{}", "status"},
        {0, 400, "application/json", "{\"errorMessage\":\"x\"}", NULL},
        {0, 400, "application/json", "{}", "required"},
        {0, 404, NULL, "", NULL},
        {0, 404, "application/json", "{}", "body"},
        {1, 418, "application/json", "{}", NULL},
        {1, 418, "application/json", "[]", "type"},
        {4, 303, "text/html", "Look <a href='/'>there</a>", NULL},
        {4, 303, NULL, NULL, NULL},
        {5, 200, "application/pdf", "%PDF\xff", NULL},
        {5, 200, "application/json", "[", NULL},
        {5, 200, NULL, NULL, NULL},
        {5, 400, "text/plain", "no", NULL},
    };
    const struct contract_operation *operations[6];
    const char *ids[] = {"findThings",       "addThing", "findThing",
                         "findSpecialThing", "mendPart", "addFile"};
    for (size_t i = 0; i < 6; i++) {
        operations[i] = contract_operation_at(&contract_test_operations, i);
        assert_string_equal(contract_operation_id(operations[i]), ids[i]);
    }
    assert_true(contract_response_has_body(operations[0], 200));
    assert_false(contract_response_has_body(operations[0], 404));
    assert_true(contract_response_has_body(operations[5], 500)); /* nothing is said of it */
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct contract_violation violation = {.rule = "fits"};
        int rc = contract_check_response(operations[rows[i].operation], rows[i].status,
                                         slice_of(rows[i].content_type), slice_of(rows[i].body),
                                         &violation);
        if ((rc == 0) != (!rows[i].rule) ||
            (rows[i].rule && strcmp(rows[i].rule, violation.rule) != 0)) {
            fail_msg("row %zu: %s", i, violation.rule);
        }
    }
}

static int set_up(void **state)
{
    *state = arena_new(1 << 20);
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_operation),
        cmocka_unit_test(values_are_those_of_the_path),
        cmocka_unit_test(knows_its_operations),
        cmocka_unit_test(checks_requests),
        cmocka_unit_test(hands_over_decoded_values),
        cmocka_unit_test(checks_bodies),
        cmocka_unit_test(checks_replies),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
