// link: lfi-operator
/*
 * The admin listener's paths, and the operator's API without a bank: the token, what a call is
 * checked for, and its limits.
 */
#include "base/array.h"
#include "base/json.h"
#include "base/limits.h"
#include "operator/admin.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define TOKEN "0123456789abcdef"

static struct fixture {
    char file[64], demonstration_file[80];
    const char *demonstration;
    struct clock clock;
    struct log log;
    struct overrides *overrides;
    struct explain *explain;
    struct call_log *calls;
    _Atomic(struct readiness *) readiness;
    struct operator_api *api;
    struct arena *arena;
    struct reply reply;
} f;

static bool is_no_step(struct lfi_slice name)
{
    (void)name;
    return false;
}

static void write_token(size_t len, const char *end)
{
    FILE *file = fopen(f.file, "w");
    assert_non_null(file);
    for (size_t i = 0; i < len; i++) {
        (void)fputc(TOKEN[i % (sizeof(TOKEN) - 1)], file);
    }
    (void)fputs(end, file);
    assert_int_equal(fclose(file), 0);
}

static int open_api(struct lfi_error *error)
{
    const struct operator_config config = {.token_file = f.file,
                                           .demonstration_file = f.demonstration,
                                           .is_step = is_no_step,
                                           .overrides = f.overrides,
                                           .explain = f.explain,
                                           .calls = f.calls,
                                           .readiness = &f.readiness,
                                           .clock = &f.clock,
                                           .log = &f.log};
    return operator_new(&f.api, &config, error);
}

static int set_up(void **state)
{
    (void)state;
    memset(&f, 0, sizeof(f));
    snprintf(f.file, sizeof(f.file), "/tmp/lfi-operator-XXXXXX");
    int fd = mkstemp(f.file);
    if (fd < 0 || close(fd) != 0) {
        return -1;
    }
    snprintf(f.demonstration_file, sizeof(f.demonstration_file), "%s.json", f.file);
    f.log = (struct log){.fd = open("/dev/null", O_WRONLY), .clock = &f.clock};
    f.overrides = overrides_new();
    f.explain = explain_new();
    f.calls = call_log_new();
    f.arena = arena_new(1024 * 1024);
    buf_init(&f.reply.body, 1024 * 1024);
    buf_init(&f.reply.headers, 4096);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    operator_free(f.api);
    overrides_free(f.overrides);
    explain_free(f.explain);
    call_log_free(f.calls);
    arena_free(f.arena);
    buf_free(&f.reply.body);
    buf_free(&f.reply.headers);
    close(f.log.fd);
    unlink(f.file);
    unlink(f.demonstration_file);
    return 0;
}

/* A call with the token; the reply is in `f`. */
static int call(const char *method, const char *path, const char *type, const char *body)
{
    const struct header headers[] = {{SLICE("Authorization"), SLICE("Bearer " TOKEN)},
                                     {SLICE("Content-Type"), slice_of(type)}};
    const struct request request = {.method = slice_of(method),
                                    .path = slice_of(path),
                                    .headers = headers,
                                    .header_count = type ? 2 : 1,
                                    .body = slice_of(body),
                                    .arena = f.arena};
    buf_clear(&f.reply.body);
    buf_clear(&f.reply.headers);
    f.reply.status = 0;
    operator_handle(f.api, &request, &f.reply);
    return f.reply.status;
}

static void open_usual(void)
{
    struct lfi_error error = {{0}};
    write_token(sizeof(TOKEN) - 1, "\n");
    if (open_api(&error) != 0) {
        fail_msg("%s", error.message);
    }
}

static bool reply_has(const struct buf *part, const char *text)
{
    char copy[4096];
    snprintf(copy, sizeof(copy), "%.*s", (int)part->len, part->len > 0 ? part->ptr : "");
    return strstr(copy, text);
}

static void the_token_has_a_least_and_a_largest_length(void **state)
{
    static const struct {
        size_t len;
        const char *end;
        int rc;
    } rows[] = {
        {LIMIT_OPERATOR_TOKEN_MIN - 1, "\n", -1}, {LIMIT_OPERATOR_TOKEN_MIN, "", 0},
        {LIMIT_OPERATOR_TOKEN_MIN, "\n\n", 0},    {LIMIT_OPERATOR_TOKEN_BYTES, "", 0},
        {LIMIT_OPERATOR_TOKEN_BYTES, "\n", -1},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct lfi_error error = {{0}};
        write_token(rows[i].len, rows[i].end);
        assert_int_equal(open_api(&error), rows[i].rc);
        assert_non_null(strstr(error.message, rows[i].rc == 0 ? "" : f.file));
        if (rows[i].rc == 0) {
            operator_free(f.api);
        }
        f.api = NULL;
    }
}

static void another_token_in_the_file_is_noticed(void **state)
{
    (void)state;
    open_usual();
    assert_true(operator_token_is_same(f.api));
    write_token(sizeof(TOKEN) - 1, "");
    assert_true(operator_token_is_same(f.api));
    write_token(sizeof(TOKEN), "\n");
    assert_false(operator_token_is_same(f.api));
    write_token(0, "");
    assert_false(operator_token_is_same(f.api));
}

static void a_body_is_json_whatever_it_is_called(void **state)
{
    static const char *const types[] = {NULL, "application/json", "text/plain;charset=UTF-8",
                                        "application/x-www-form-urlencoded"};
    (void)state;
    open_usual();
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        assert_int_equal(call("PUT", "/operator/clock", types[i], "{\"offsetSeconds\":7}"), 204);
        assert_null(f.reply.content_type);
        assert_int_equal(f.clock.offset_us, 7000000);
        f.clock.offset_us = 0;
    }
    assert_int_equal(call("PUT", "/operator/clock", NULL, NULL), 400);
    assert_true(reply_has(&f.reply.body, "\"errorCode\":\"GenericError\""));
    assert_int_equal(call("PUT", "/operator/clock", NULL, "{\"offsetSeconds\":7}x"), 400);
    assert_int_equal(f.clock.offset_us, 0);
}

static void what_is_not_there_is_said(void **state)
{
    (void)state;
    open_usual();
    assert_int_equal(call("GET", "/operator/none", NULL, NULL), 404);
    assert_true(reply_has(&f.reply.body, "GET / lists what there is"));
    assert_int_equal(call("PATCH", "/operator/overrides", NULL, NULL), 405);
    assert_true(reply_has(&f.reply.headers, "Allow: GET, POST, DELETE\r\n"));
    assert_int_equal(call("GET", "/explain/%zz", NULL, NULL), 400);
    assert_int_equal(call("GET", "/explain/unknown", NULL, NULL), 404);
    assert_int_equal(call("GET", "/explain", NULL, NULL), 200);
}

static void overrides_are_bounded(void **state)
{
    struct lfi_error error = {{0}};
    const struct override one = {.provider = SLICE("one"),
                                 .operation = SLICE("getA"),
                                 .status = 500,
                                 .times = 1,
                                 .expires_us = clock_now_us(&f.clock) + 3600000000};
    (void)state;
    open_usual();
    for (int i = 0; i < LIMIT_OPERATOR_OVERRIDES; i++) {
        assert_int_equal(overrides_add(f.overrides, &one, &error), 0);
    }
    assert_int_equal(overrides_add(f.overrides, &one, &error), -1);
    assert_string_equal(error.message, "too many overrides");
    assert_int_equal(call("DELETE", "/operator/overrides", NULL, NULL), 204);
    assert_int_equal(overrides_add(f.overrides, &one, &error), 0);
    assert_int_equal(call("GET", "/operator/overrides", NULL, NULL), 200);
}

/* A file of the demonstration with this address of the simulator. */
static void write_demonstration(const char *path, const char *simulator)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file,
            "{\"ozoneConnect\":{\"baseUrl\":\"https://localhost:1\",\"caFile\":\"c\"},"
            "\"authorization\":\"a\",\"simulator\":\"%s\",\"providers\":{}}",
            simulator);
    assert_int_equal(fclose(file), 0);
}

static void calls_go_to_a_simulator_of_this_machine_alone(void **state)
{
    static const char *const elsewhere[] = {"http://192.0.2.1:80",
                                            "https://localhost:1",
                                            "http://localhost:1@evil.example",
                                            "http://localhost.evil.example:1",
                                            "http://localhost:1/x",
                                            "http://localhost:",
                                            ""};
    static const char body[] = "{\"providerId\":\"one\",\"method\":\"GET\",\"path\":\"/hello\"}";
    (void)state;
    open_usual();
    assert_int_equal(call("POST", "/operator/send", NULL, body), 404);
    assert_true(reply_has(&f.reply.body, "adminListener.demonstration is not set"));
    assert_int_equal(call("GET", "/operator/demonstration", NULL, NULL), 404);
    f.demonstration = f.demonstration_file;
    operator_free(f.api);
    open_usual();
    for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++) {
        write_demonstration(f.demonstration, elsewhere[i]);
        assert_int_equal(call("POST", "/operator/send", NULL, body), 500);
        assert_true(reply_has(&f.reply.body, "no simulator of this machine"));
    }
    write_demonstration(f.demonstration, "http://localhost:1");
    assert_int_equal(call("POST", "/operator/send", NULL, body), 502);
    assert_int_equal(call("GET", "/operator/demonstration", NULL, NULL), 200);
}

static void the_oldest_findings_are_forgotten(void **state)
{
    struct buf out;
    char id[16];
    (void)state;
    buf_init(&out, 1024 * 1024);
    for (int i = 0; i <= LIMIT_OPERATOR_FINDINGS; i++) {
        snprintf(id, sizeof(id), "id-%d", i);
        explain_add(f.explain, &(struct explain_finding){.interaction = slice_of(id)}, 0);
    }
    assert_false(explain_render(f.explain, SLICE("id-0"), &out));
    buf_clear(&out);
    assert_true(explain_render(f.explain, SLICE("id-1"), &out));
    buf_free(&out);
}

/* However many usual ones come, and they are not among the last. */
static void usual_findings_push_nothing_else_out(void **state)
{
    struct buf out;
    (void)state;
    buf_init(&out, 1024 * 1024);
    explain_add(f.explain, &(struct explain_finding){.interaction = SLICE("id"), .check = "RARE"},
                0);
    for (int i = 0; i <= LIMIT_OPERATOR_FINDINGS; i++) {
        explain_add(
            f.explain,
            &(struct explain_finding){
                .interaction = SLICE("id"), .check = "USUAL", .version = "v2.1", .usual = true},
            0);
    }
    explain_render_last(f.explain, &out);
    assert_true(reply_has(&out, "RARE"));
    assert_false(reply_has(&out, "USUAL"));
    buf_clear(&out);
    assert_true(explain_render(f.explain, SLICE("id"), &out));
    assert_true(reply_has(&out, "RARE"));
    assert_true(reply_has(&out, "\"version\":\"v2.1\",\"check\":\"USUAL\""));
    buf_free(&out);
}

static int admin_status(struct admin *admin, const char *method, const char *path)
{
    const struct request request = {
        .method = slice_of(method), .path = slice_of(path), .arena = f.arena};
    buf_clear(&f.reply.body);
    buf_clear(&f.reply.headers);
    f.reply.status = 0;
    admin_handle(admin, &request, &f.reply);
    return f.reply.status;
}

/* Every path of the listener, and those that only look like one. */
static void each_path_is_whose_it_is(void **state)
{
    static const struct {
        const char *method, *path;
        int off, on; /* status without and with the operator's API, both without its token */
    } rows[] = {
        {"GET", "/", 200, 200},
        {"HEAD", "/healthz", 200, 200},
        {"POST", "/healthz", 405, 405},
        {"GET", "/healthz/", 404, 404},
        {"GET", "/readyz", 503, 503},
        {"GET", "/metrics", 200, 200},
        {"GET", "/explain", 404, 401},
        {"GET", "/explain/i-1", 404, 401},
        {"GET", "/explained", 404, 404},
        {"POST", "/operator/clock", 404, 401},
        {"GET", "/operator/nothing", 404, 401},
        {"GET", "/operators", 404, 404},
        {"GET", "/console/reference/operator.json", 404, 200},
        {"GET", "/console/reference/operator.d", 404, 404},
        {"GET", "/console/reference/", 404, 404},
    };
    (void)state;
    open_usual();
    struct admin admin = {.log = &f.log, .metrics = metrics_new(&(struct metrics_labels){0})};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        admin.operator_api = NULL;
        assert_int_equal(admin_status(&admin, rows[i].method, rows[i].path), rows[i].off);
        bool is_lever = strncmp(rows[i].path, "/console/", strlen("/console/")) != 0;
        bool levers_off = reply_has(&f.reply.body, "There are no levers here.");
        admin.operator_api = f.api;
        assert_int_equal(admin_status(&admin, rows[i].method, rows[i].path), rows[i].on);
        assert_int_equal(levers_off, is_lever && rows[i].off != rows[i].on);
    }
    metrics_free((struct metrics *)admin.metrics);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(the_token_has_a_least_and_a_largest_length),
        CASE(another_token_in_the_file_is_noticed),
        CASE(a_body_is_json_whatever_it_is_called),
        CASE(what_is_not_there_is_said),
        CASE(calls_go_to_a_simulator_of_this_machine_alone),
        CASE(overrides_are_bounded),
        CASE(each_path_is_whose_it_is),
        CASE(the_oldest_findings_are_forgotten),
        CASE(usual_findings_push_nothing_else_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
