// link: lfi-base
/* Log lines; files and identifiers. */
#include "base/file.h"
#include "base/id.h"
#include "base/json.h"
#include "base/log.h"

#include <fcntl.h>
#include <pthread.h>
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

/* A log with a queue into a pipe. */
struct piped {
    int ends[2];
    struct log log;
};

static void open_piped(struct piped *piped)
{
    assert_int_equal(pipe(piped->ends), 0);
    piped->log = (struct log){.fd = piped->ends[1], .level = LOG_INFO, .clock = &system_clock};
    assert_int_equal(log_start(&piped->log), 0);
}

static void write_numbered(const struct log *log, int64_t number)
{
    LOG_EVENT(log, LOG_INFO, "numbered", LOG_NUMBER("n", number));
}

/* What can be read until the writer's end is closed. */
static char *read_rest(int fd)
{
    size_t room = 8 * 1024 * 1024, len = 0;
    char *text = calloc(1, room);
    ssize_t got;

    assert_non_null(text);
    while ((got = read(fd, text + len, room - len - 1)) > 0) {
        len += (size_t)got;
    }
    return text;
}

static void a_queued_line_is_written_in_order(void **state)
{
    struct piped piped;

    (void)state;
    open_piped(&piped);
    for (int i = 0; i < 300; i++) {
        write_numbered(&piped.log, i);
    }
    log_stop(&piped.log, 1000);
    close(piped.ends[1]);
    char *text = read_rest(piped.ends[0]);
    const char *at = text;
    for (int i = 0; i < 300; i++) {
        char wanted[32];
        snprintf(wanted, sizeof(wanted), "\"n\":%d}\n", i);
        at = strstr(at, wanted);
        assert_non_null(at);
    }
    free(text);
    close(piped.ends[0]);
}

static size_t reads_of_lines(struct piped *piped, size_t lines)
{
    char bytes[4096];
    size_t reads = 0;

    for (size_t seen = 0; seen < lines; reads++) {
        ssize_t got = read(piped->ends[0], bytes, sizeof(bytes));
        assert_true(got > 0);
        for (ssize_t i = 0; i < got; i++) {
            seen += bytes[i] == '\n';
        }
    }
    return reads;
}

/* The writer is not woken for each line, and still none waits for the next. */
static void lines_of_one_moment_are_written_together(void **state)
{
    struct piped piped;

    (void)state;
    open_piped(&piped);
    for (int i = 0; i < 300; i++) { /* about 8 pieces of 4 KiB */
        write_numbered(&piped.log, i);
    }
    assert_in_range(reads_of_lines(&piped, 300), 1, 60);
    write_numbered(&piped.log, 300);
    assert_int_equal(reads_of_lines(&piped, 1), 1);
    log_stop(&piped.log, 1000);
    close(piped.ends[0]);
    close(piped.ends[1]);
}

/* Nobody reads the pipe: writing lines does not wait, and neither does the end. */
static void a_stalled_reader_stops_nobody(void **state)
{
    struct piped piped;

    (void)state;
    open_piped(&piped);
    int64_t begun = clock_monotonic_us();
    for (int i = 0; i < 40000; i++) { /* more than pipe and queue hold */
        write_numbered(&piped.log, i);
    }
    assert_true(log_dropped(&piped.log) > 0);
    log_stop(&piped.log, 100);
    assert_true(clock_monotonic_us() - begun < 5000000);
    close(piped.ends[0]);
    close(piped.ends[1]);
}

static void *read_all(void *ends)
{
    return read_rest(*(int *)ends);
}

/* Lines that were dropped, as all reports together have it: a slow writer makes one in between. */
static uint64_t sum_of_reports(const char *text)
{
    static const char report[] = "\"event\":\"log-dropped\",\"lines\":";
    uint64_t sum = 0;
    const char *at = strstr(text, report);
    while (at) {
        at += sizeof(report) - 1;
        sum += strtoull(at, NULL, 10);
        at = strstr(at, report);
    }
    return sum;
}

static void dropped_lines_are_reported_when_the_reader_is_back(void **state)
{
    struct piped piped;
    pthread_t reader;
    void *text = NULL;

    (void)state;
    open_piped(&piped);
    for (int i = 0; i < 40000; i++) {
        write_numbered(&piped.log, i);
    }
    uint64_t dropped = log_dropped(&piped.log);
    assert_true(dropped > 0);
    assert_int_equal(pthread_create(&reader, NULL, read_all, &piped.ends[0]), 0);
    log_stop(&piped.log, 5000);
    close(piped.ends[1]);
    pthread_join(reader, &text);
    assert_int_equal(sum_of_reports(text), dropped);
    free(text);
    close(piped.ends[0]);
}

static void lines_that_the_descriptor_refuses_are_counted(void **state)
{
    (void)state;
    struct log log = {.fd = open("/dev/full", O_WRONLY), .clock = &system_clock};
    assert_int_equal(log_start(&log), 0);
    write_numbered(&log, 1);
    for (int i = 0; i < 1000 && log_dropped(&log) == 0; i++) {
        usleep(1000);
    }
    assert_int_equal(log_dropped(&log), 1);
    log_stop(&log, 100);
    close(log.fd);
}

static void a_crash_writes_what_is_queued(void **state)
{
    struct piped piped;
    pthread_t reader;
    void *text = NULL;
    char drained[65536];

    (void)state;
    open_piped(&piped);
    while (log_dropped(&piped.log) == 0) { /* the writer stands still with a full pipe */
        write_numbered(&piped.log, 7);
    }
    assert_true(read(piped.ends[0], drained, sizeof(drained)) > 0);
    log_flush_in_crash(&piped.log);
    assert_int_equal(pthread_create(&reader, NULL, read_all, &piped.ends[0]), 0);
    log_stop(&piped.log, 0);
    close(piped.ends[1]);
    pthread_join(reader, &text);
    assert_non_null(strstr(text, "\"n\":7}\n"));
    free(text);
    close(piped.ends[0]);
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
        cmocka_unit_test(a_queued_line_is_written_in_order),
        cmocka_unit_test(lines_of_one_moment_are_written_together),
        cmocka_unit_test(a_stalled_reader_stops_nobody),
        cmocka_unit_test(dropped_lines_are_reported_when_the_reader_is_back),
        cmocka_unit_test(lines_that_the_descriptor_refuses_are_counted),
        cmocka_unit_test(a_crash_writes_what_is_queued),
        cmocka_unit_test(files_are_bounded),
        cmocka_unit_test(uuids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
