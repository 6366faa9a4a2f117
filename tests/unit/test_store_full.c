// link: lfi-store
/* What a core's store does when there is no room. */
#include "store/store.h"
#include "store_reads.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW_US INT64_C(1700000000000000)
#define WRITES 2

static struct fixture {
    char dir[64];
    char path[96];
    struct store_options options;
    struct store *store;
} f;

static struct lfi_slice text(const char *s)
{
    return (struct lfi_slice){s, strlen(s)};
}

static int64_t now(void *clock)
{
    (void)clock;
    return NOW_US;
}

static int set_up(void **state)
{
    struct store_builder *builder = NULL;
    struct store_user user = {.user_id = "u-1"};
    (void)state;
    f = (struct fixture){.dir = "/tmp/lfi-full-XXXXXX"};
    assert_non_null(mkdtemp(f.dir));
    (void)snprintf(f.path, sizeof(f.path), "%s/store", f.dir);
    f.options = (struct store_options){.path = f.path, .segment = "retail", .now_us = now};
    assert_int_equal(store_builder_new(&builder, f.path, "retail", NULL), 0);
    assert_int_equal(store_builder_user(builder, &user, NULL), 0);
    assert_int_equal(store_builder_commit(builder, NULL), 0);
    assert_int_equal(store_open(&f.store, &f.options, NULL), 0);
    return 0;
}

static int tear_down(void **state)
{
    static const char *const files[] = {"data.mdb", "lock.mdb"};
    char file[128];
    (void)state;
    store_close(f.store);
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(file, sizeof(file), "%s/%s", f.path, files[i]);
        (void)unlink(file);
    }
    (void)rmdir(f.path);
    return rmdir(f.dir);
}

/* The files of this process may grow to `bytes`. */
static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Every kind of write, for a customer of its own each time. */
static int write_all(int expected)
{
    static unsigned n;
    char user[64], record[4096];
    struct lfi_id id;
    struct lfi_error error = {""};
    memset(record, 'x', sizeof(record) - 1);
    record[0] = record[sizeof(record) - 2] = '"';
    record[sizeof(record) - 1] = '\0';
    (void)snprintf(user, sizeof(user), "user-%u", n++);
    int got[] = {store_open_data.lead_create(f.store, NULL, text(record), &id, &error),
                 store_approval_start(f.store, text(user), text(record), 1, &id, NULL)};
    int same = 0;
    for (size_t i = 0; i < sizeof(got) / sizeof(got[0]); i++) {
        same += got[i] == expected;
        assert_true(got[i] == LFI_OK || got[i] == LFI_UNAVAILABLE);
    }
    return same;
}

static int health(void)
{
    struct lfi_health seen = {.size = sizeof(seen)};
    return store_health(f.store, NULL, &seen, NULL);
}

static void a_full_disk_is_unavailable_and_passes(void **state)
{
    char file[128];
    struct stat info;
    struct lfi_id id;
    struct lfi_error error = {""};
    (void)state;
    (void)signal(SIGXFSZ, SIG_IGN);
    (void)snprintf(file, sizeof(file), "%s/data.mdb", f.path);
    assert_int_equal(write_all(LFI_OK), WRITES);
    assert_int_equal(stat(file, &info), 0);
    limit_files((rlim_t)info.st_size);
    while (store_open_data.lead_create(f.store, NULL, text("{\"lead\":\"one of many\"}"), &id,
                                       &error) == LFI_OK) {
        continue;
    }
    assert_int_equal(write_all(LFI_UNAVAILABLE), WRITES);
    assert_int_not_equal(health(), LFI_OK);
    assert_int_equal(store_may_sign_in(f.store, text("u-1"), NULL), LFI_OK); /* reads go on */
    limit_files(RLIM_INFINITY);
    assert_int_equal(write_all(LFI_OK), WRITES);
    assert_int_equal(health(), LFI_OK);
}

/* A map of 1 MiB is full; with a larger one all is there, and there is room. */
static void a_full_map_is_unavailable_until_it_is_larger(void **state)
{
    (void)state;
    store_close(f.store);
    f.options.map_mib = 1;
    assert_int_equal(store_open(&f.store, &f.options, NULL), 0);
    for (int i = 0; i < 1000 && write_all(LFI_OK) > 0; i++) {
        continue;
    }
    assert_int_equal(write_all(LFI_UNAVAILABLE), WRITES);
    assert_int_not_equal(health(), LFI_OK);
    assert_int_equal(store_may_sign_in(f.store, text("u-1"), NULL), LFI_OK);
    store_close(f.store);
    f.options.map_mib = 16;
    assert_int_equal(store_open(&f.store, &f.options, NULL), 0);
    assert_int_equal(store_may_sign_in(f.store, text("u-1"), NULL), LFI_OK);
    assert_int_equal(write_all(LFI_OK), WRITES);
    assert_int_equal(health(), LFI_OK);
}

/* Money is kept apart from the bank's records: its file is watched like theirs. */
static void payments_that_are_lost_are_told(void **state)
{
    char file[128], away[136];
    struct lfi_error error = {""};
    struct lfi_health seen = {.size = sizeof(seen)};
    (void)state;
    store_close(f.store);
    f.options.payments = true;
    assert_int_equal(store_open(&f.store, &f.options, NULL), 0);
    assert_int_equal(health(), LFI_OK);
    (void)snprintf(file, sizeof(file), "%s.payments/data.mdb", f.path);
    (void)snprintf(away, sizeof(away), "%s.away", file);
    assert_int_equal(rename(file, away), 0);
    assert_int_equal(store_health(f.store, NULL, &seen, &error), LFI_FAILED);
    assert_non_null(strstr(error.message, "the payments' store was removed: "));
    FILE *other = fopen(file, "w");
    assert_non_null(other);
    assert_int_equal(fclose(other), 0);
    assert_int_equal(store_health(f.store, NULL, &seen, &error), LFI_FAILED);
    assert_non_null(strstr(error.message, "the payments' store was replaced, start the server"));
    assert_int_equal(rename(away, file), 0);
    assert_int_equal(health(), LFI_OK);
    store_close(f.store);
    f.options.payments = false;
    assert_int_equal(store_open(&f.store, &f.options, NULL), 0);
    assert_int_equal(unlink(file), 0);
    (void)snprintf(file, sizeof(file), "%s.payments/lock.mdb", f.path);
    (void)unlink(file);
    (void)snprintf(file, sizeof(file), "%s.payments/files", f.path);
    assert_int_equal(rmdir(file), 0);
    (void)snprintf(file, sizeof(file), "%s.payments", f.path);
    assert_int_equal(rmdir(file), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_full_disk_is_unavailable_and_passes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(payments_that_are_lost_are_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_map_is_unavailable_until_it_is_larger, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
