// link: lfi-caller lfi-jose lfi-base
/* The use of an older secret after a newer one is logged, across reloads too. */
#include "base/limits.h"
#include "caller/secret_use.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW INT64_C(1800000000)
#define HOUR 3600

static struct fixture {
    struct clock clock;
    struct log log;
    char log_file[32], secrets_file[32];
    struct caller_secrets *secrets;
} f;

/* A file of secrets that begin at these times; the last is retired when that is asked for. */
static struct caller_secrets *load(const int64_t *begin_s, size_t count, bool retired)
{
    struct caller_secrets *secrets = NULL;
    FILE *to = fopen(f.secrets_file, "we");

    assert_non_null(to);
    for (size_t i = 0; i < count; i++) {
        struct caller_secret about = {.not_before_s = begin_s[i], .not_after_s = NOW + 9 * HOUR};
        struct buf secret, line;
        snprintf(about.id, sizeof(about.id), "s%zu", i);
        buf_init(&secret, 256);
        buf_init(&line, 1024);
        assert_int_equal(caller_secret_make(&about, &secret, &line), 0);
        bool ended = retired && i == count - 1;
        fprintf(to, "%.*s%s\n", (int)line.len - 1, line.ptr, ended ? " retired" : "");
        buf_free(&secret);
        buf_free(&line);
    }
    assert_int_equal(fclose(to), 0);
    assert_int_equal(caller_secrets_load(&secrets, f.secrets_file, NULL), 0);
    return secrets;
}

static int set_up(void **state)
{
    (void)state;
    snprintf(f.log_file, sizeof(f.log_file), "/tmp/lfi-log-XXXXXX");
    snprintf(f.secrets_file, sizeof(f.secrets_file), "/tmp/lfi-secrets-XXXXXX");
    f.log = (struct log){.fd = mkstemp(f.log_file), .level = LOG_INFO, .clock = &f.clock};
    close(mkstemp(f.secrets_file));
    f.secrets = load((const int64_t[]){NOW - 2 * HOUR, NOW - HOUR}, 2, false);
    return f.log.fd < 0;
}

static int tear_down(void **state)
{
    (void)state;
    caller_secrets_free(f.secrets);
    unlink(f.log_file);
    unlink(f.secrets_file);
    return close(f.log.fd);
}

/* How often the log says so. */
static int told(void)
{
    char text[4096] = "";
    int count = 0;
    FILE *from = fopen(f.log_file, "re");

    assert_non_null(from);
    size_t len = fread(text, 1, sizeof(text) - 1, from);
    (void)fclose(from);
    text[len] = '\0';
    for (const char *at = text; (at = strstr(at, "secret-old")); at++) {
        count++;
    }
    return count;
}

static void note(struct secret_use *use, size_t index, int64_t now_s)
{
    secret_use_note(use, f.secrets, index, "retail", now_s, &f.log);
}

static void an_old_secret_is_logged_once_an_hour(void **state)
{
    struct secret_use use = {0};

    (void)state;
    note(&use, 0, NOW);
    note(&use, 1, NOW);
    assert_int_equal(told(), 0);
    note(&use, 0, NOW);
    note(&use, 0, NOW + HOUR - 1);
    assert_int_equal(told(), 1);
    note(&use, 0, NOW + HOUR);
    assert_int_equal(told(), 2);
}

static void a_reload_does_not_forget_that_the_newer_one_was_used(void **state)
{
    struct secret_use use = {0}, next = {0};

    (void)state;
    note(&use, 1, NOW);
    secret_use_continue(&next, &use, f.secrets);
    note(&next, 0, NOW);
    assert_int_equal(told(), 1);
}

/* It leaked, say, and the Hub is back at the one before. */
static void a_newer_secret_that_is_gone_does_not_count(void **state)
{
    struct secret_use use = {0}, next = {0};

    (void)state;
    note(&use, 1, NOW);
    caller_secrets_free(f.secrets);
    f.secrets = load((const int64_t[]){NOW - 2 * HOUR, NOW - HOUR}, 2, true);
    secret_use_continue(&next, &use, f.secrets);
    note(&next, 0, NOW);
    caller_secrets_free(f.secrets);
    f.secrets = load((const int64_t[]){NOW - 2 * HOUR}, 1, false);
    next = (struct secret_use){0};
    secret_use_continue(&next, &use, f.secrets);
    note(&next, 0, NOW);
    assert_int_equal(told(), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_old_secret_is_logged_once_an_hour),
        TEST(a_reload_does_not_forget_that_the_newer_one_was_used),
        TEST(a_newer_secret_that_is_gone_does_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
