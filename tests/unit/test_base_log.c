// link: lfi-base
/* What people see of the server: log lines and metrics; and files and identifiers. */
#include "base/file.h"
#include "base/id.h"
#include "base/json.h"
#include "base/log.h"
#include "base/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static struct clock system_clock;

/* Logs into a pipe and reads the line back as JSON. */
static cJSON *logged(enum log_level level, const struct log_field *fields, size_t count)
{
    int ends[2];
    static char line[8192];

    assert_int_equal(pipe(ends), 0);
    const struct log log = {.fd = ends[1], .level = LOG_INFO, .clock = &system_clock};
    log_write(&log, level, "test", fields, count);
    close(ends[1]);
    ssize_t got = read(ends[0], line, sizeof(line));
    close(ends[0]);
    if (got == 0) {
        return NULL;
    }
    assert_true(got <= 4096);
    assert_int_equal(line[got - 1], '\n');
    cJSON *tree = json_parse((struct lfi_slice){line, (size_t)got - 1});
    assert_non_null(tree);
    return tree;
}

static void a_line_is_an_object(void **state)
{
    const struct log_field fields[] = {LOG_TEXT("text", SLICE("a\n\"b\"")),
                                       LOG_NUMBER("number", -5), LOG_TEXT("absent", slice_of(NULL)),
                                       LOG_TEXT("empty", SLICE(""))};
    cJSON *line = logged(LOG_WARN, fields, 4);

    (void)state;
    assert_true(slice_equal_text(json_get_string(line, "level"), "warn"));
    assert_true(slice_equal_text(json_get_string(line, "event"), "test"));
    assert_int_equal(json_get_string(line, "ts").len, 24);
    assert_true(slice_equal_text(json_get_string(line, "text"), "a\n\"b\""));
    assert_true(cJSON_GetNumberValue(json_get(line, "number")) < -4.5);
    assert_null(json_get(line, "absent"));
    assert_non_null(json_get(line, "empty"));
    cJSON_Delete(line);
    assert_null(logged(LOG_DEBUG, fields, 4));
}

static void long_texts_are_cut(void **state)
{
    static char text[6000];
    const struct log_field fields[] = {LOG_TEXT("first", ((struct lfi_slice){text, sizeof(text)})),
                                       LOG_NUMBER("second", 1)};

    (void)state;
    memset(text, '\x02', sizeof(text));
    for (size_t len = 3900; len <= 4200; len++) {
        struct log_field field = LOG_TEXT("x", ((struct lfi_slice){text, len / 6}));
        cJSON_Delete(logged(LOG_ERROR, &field, 1));
    }
    memset(text, 'a', sizeof(text));
    for (size_t len = 3900; len <= 4200; len++) {
        struct log_field field = LOG_TEXT("x", ((struct lfi_slice){text, len}));
        cJSON_Delete(logged(LOG_ERROR, &field, 1));
    }
    cJSON *line = logged(LOG_ERROR, fields, 2);
    assert_true(json_get_string(line, "first").len > 3900);
    cJSON_Delete(line);
}

static const char *find(const struct buf *text, const char *needle)
{
    return strstr(text->ptr, needle);
}

static void metrics_as_text(void **state)
{
    static const char *const providers[] = {"retail"};
    static const char *const operations[] = {"getA", "getB"};
    struct metrics *metrics = metrics_new(&(struct metrics_labels){providers, 1, operations, 2});
    struct buf out;

    (void)state;
    assert_non_null(metrics);
    metrics_request(metrics, 0, 1, 200, 100);
    metrics_request(metrics, 0, 1, 200, 101);
    metrics_request(metrics, 0, 1, 418, INT64_C(9000000000));
    metrics_request(metrics, 1, 2, 404, -1);
    metrics_request(metrics, 2, 0, 200, 1); /* out of the table: dropped */
    metrics_count(metrics, METRICS_REFUSED_BUSY);
    metrics_count(NULL, METRICS_REFUSED_BUSY);
    buf_init(&out, 1 << 20);
    metrics_render(metrics, &out);
    buf_append(&out, "", 1);
    assert_non_null(find(
        &out, "lfi_requests_total{provider=\"retail\",operation=\"getB\",status=\"200\"} 2\n"));
    assert_non_null(find(&out, "operation=\"getB\",status=\"other\"} 1\n"));
    assert_non_null(find(&out, "{provider=\"none\",operation=\"none\",status=\"404\"} 1\n"));
    assert_non_null(find(&out, "operation=\"getB\",le=\"0.000100\"} 1\n"));
    assert_non_null(find(&out, "operation=\"getB\",le=\"0.000250\"} 2\n"));
    assert_non_null(find(&out, "operation=\"getB\",le=\"+Inf\"} 3\n"));
    assert_non_null(find(&out, "operation=\"getB\"} 9000.000201\n"));
    assert_non_null(find(&out, "lfi_refused_busy_total 1\n"));
    assert_non_null(find(&out, "process_resident_memory_bytes "));
    assert_null(find(&out, "getA"));
    buf_free(&out);
    metrics_free(metrics);
}

static void files_are_bounded(void **state)
{
    char path[] = "/tmp/lfi-test-XXXXXX";
    struct lfi_error error;
    struct buf out;

    (void)state;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "0123456789", 10), 10);
    close(fd);
    buf_init(&out, 10);
    assert_int_equal(file_read(path, &out, &error), 0);
    assert_true(slice_equal_text(buf_slice(&out), "0123456789"));
    buf_free(&out);
    buf_init(&out, 9);
    assert_int_equal(file_read(path, &out, &error), -1);
    assert_non_null(strstr(error.message, "larger than 9 bytes"));
    buf_free(&out);
    unlink(path);
    buf_init(&out, 9);
    assert_int_equal(file_read(path, &out, &error), -1);
    assert_non_null(strstr(error.message, "No such file"));
    buf_free(&out);

    char *resolved = file_resolve("/base", "a/b");
    assert_string_equal(resolved, "/base/a/b");
    free(resolved);
    resolved = file_resolve("/base", "/a");
    assert_string_equal(resolved, "/a");
    free(resolved);
}

static void uuids(void **state)
{
    char one[ID_UUID_MAX], two[ID_UUID_MAX];

    (void)state;
    for (int i = 0; i < 100; i++) {
        assert_true(id_uuid4(one) && id_uuid4(two));
        assert_string_not_equal(one, two);
        assert_int_equal(strlen(one), 36);
        assert_int_equal(one[14], '4');
        assert_non_null(strchr("89ab", one[19]));
        assert_int_equal(strspn(one, "0123456789abcdef-"), 36);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_an_object),
        cmocka_unit_test(long_texts_are_cut),
        cmocka_unit_test(metrics_as_text),
        cmocka_unit_test(files_are_bounded),
        cmocka_unit_test(uuids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
