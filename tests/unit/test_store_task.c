// link: lfi-store
/* Things to be done later, as two server instances over one store see them. */
#include "store/store.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define START_S INT64_C(1700000000)
#define MAX_TASKS 4

struct fixture {
    char dir[64];
    char path[96];
    int64_t now_s;
    struct store *store;
    char given[64]; /* the last record that a sink was handed */
};

static struct lfi_slice text(const char *s)
{
    return (struct lfi_slice){s, strlen(s)};
}

static int64_t fixture_now(void *clock)
{
    return ((struct fixture *)clock)->now_s * 1000000;
}

static void open_store(struct fixture *f)
{
    struct store_options options = {f->path, "retail", fixture_now, f, MAX_TASKS, 0, 0, 0, 0};
    assert_int_equal(store_open(&f->store, &options, NULL), 0);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct store_builder *builder = NULL;
    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/lfi-task-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(f->path, sizeof(f->path), "%s/store", f->dir);
    f->now_s = START_S;
    assert_int_equal(store_builder_new(&builder, f->path, "retail", NULL), 0);
    assert_int_equal(store_builder_commit(builder, NULL), 0);
    open_store(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char file[128];
    store_close(f->store);
    (void)snprintf(file, sizeof(file), "%s/data.mdb", f->path);
    (void)unlink(file);
    (void)snprintf(file, sizeof(file), "%s/lock.mdb", f->path);
    (void)unlink(file);
    (void)rmdir(f->path);
    (void)rmdir(f->dir);
    free(f);
    return 0;
}

static int keep(void *ctx, struct lfi_slice json)
{
    struct fixture *f = ctx;
    (void)snprintf(f->given, sizeof(f->given), "%.*s", (int)json.len, json.ptr);
    return 0;
}

static int put(struct fixture *f, const char *key, int64_t due_s, const char *record)
{
    return store_task_put(f->store, text(key), due_s, text(record), NULL);
}

/* What is due now, held for 10 s; NULL: nothing. */
static const char *take(struct fixture *f)
{
    struct lfi_sink sink = {keep, f};
    int rc = store_task_take(f->store, 10, sink, NULL);
    assert_true(rc == LFI_CORE_OK || rc == LFI_CORE_UNKNOWN);
    return rc == LFI_CORE_OK ? f->given : NULL;
}

static const char *find(struct fixture *f, const char *key)
{
    struct lfi_sink sink = {keep, f};
    int rc = store_task_find(f->store, text(key), sink, NULL);
    assert_true(rc == LFI_CORE_OK || rc == LFI_CORE_UNKNOWN);
    return rc == LFI_CORE_OK ? f->given : NULL;
}

static void tasks_come_when_they_are_due_oldest_first(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(put(f, "b", START_S + 20, "{\"n\":2}"), LFI_CORE_OK);
    assert_int_equal(put(f, "a", START_S + 10, "{\"n\":1}"), LFI_CORE_OK);
    assert_null(take(f));
    f->now_s = START_S + 9;
    assert_null(take(f));
    f->now_s = START_S + 30;
    assert_string_equal(take(f), "{\"n\":1}");
    assert_string_equal(take(f), "{\"n\":2}");
    assert_null(take(f));
}

static void a_taken_task_is_held_and_due_again_until_it_is_done(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(put(f, "a", START_S, "{}"), LFI_CORE_OK);
    assert_string_equal(take(f), "{}");
    f->now_s += 9;
    assert_null(take(f));
    f->now_s += 1;
    assert_string_equal(take(f), "{}");
    assert_int_equal(store_task_done(f->store, text("a"), NULL), LFI_CORE_OK);
    assert_int_equal(store_task_done(f->store, text("a"), NULL), LFI_CORE_UNKNOWN);
    f->now_s += 100;
    assert_null(take(f));
    assert_null(find(f, "a"));
}

static void the_same_key_replaces(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(put(f, "a", START_S, "{\"n\":1}"), LFI_CORE_OK);
    assert_int_equal(put(f, "a", START_S + 50, "{\"n\":2}"), LFI_CORE_OK);
    assert_null(take(f));
    assert_string_equal(find(f, "a"), "{\"n\":2}");
    f->now_s += 50;
    assert_string_equal(take(f), "{\"n\":2}");
    assert_null(take(f));
}

static void more_than_the_limit_is_over_capacity(void **state)
{
    struct fixture *f = *state;
    static const char *const keys[] = {"a", "b", "c", "d"};
    for (size_t i = 0; i < MAX_TASKS; i++) {
        assert_int_equal(put(f, keys[i], START_S, "{}"), LFI_CORE_OK);
    }
    assert_int_equal(put(f, "e", START_S, "{}"), LFI_CORE_UNAVAILABLE);
    assert_int_equal(put(f, "d", START_S, "{\"again\":1}"), LFI_CORE_OK);
    assert_int_equal(store_task_done(f->store, text("a"), NULL), LFI_CORE_OK);
    assert_int_equal(put(f, "e", START_S, "{}"), LFI_CORE_OK);
}

static void refuses_keys_and_records_that_do_not_fit(void **state)
{
    struct fixture *f = *state;
    char large[4098];
    memset(large, 'x', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    assert_int_equal(put(f, "", START_S, "{}"), LFI_CORE_FAILED);
    assert_int_equal(put(f, "a", START_S, ""), LFI_CORE_FAILED);
    assert_int_equal(put(f, "a", START_S, large), LFI_CORE_FAILED);
    large[4096] = '\0';
    assert_int_equal(put(f, "a", START_S, large), LFI_CORE_OK);
    large[193] = '\0';
    assert_int_equal(put(f, large, START_S, "{}"), LFI_CORE_FAILED);
    large[192] = '\0';
    assert_int_equal(put(f, large, START_S, "{}"), LFI_CORE_OK);
    assert_int_equal(store_task_done(f->store, text(""), NULL), LFI_CORE_UNKNOWN);
}

/* The other instance ends without closing anything. */
static void another_process_sees_the_same_tasks(void **state)
{
    struct fixture *f = *state;
    int status = 0;
    store_close(f->store);
    pid_t child = fork();
    if (child == 0) {
        open_store(f);
        bool fine = put(f, "a", START_S, "{\"by\":1}") == LFI_CORE_OK && take(f) != NULL;
        _exit(fine ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    open_store(f);
    assert_null(take(f));
    assert_string_equal(find(f, "a"), "{\"by\":1}");
    f->now_s += 10;
    assert_string_equal(take(f), "{\"by\":1}");
}

static void a_reset_forgets_them(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(put(f, "a", START_S, "{}"), LFI_CORE_OK);
    assert_int_equal(store_reset(f->store, NULL), LFI_CORE_OK);
    assert_null(take(f));
    assert_null(find(f, "a"));
}

static int collect(void *ctx, struct lfi_slice json)
{
    char *all = ctx;
    size_t used = strlen(all);
    (void)snprintf(all + used, 512 - used, "%.*s\n", (int)json.len, json.ptr);
    return 0;
}

static void parked_tasks_are_never_due_and_are_listed(void **state)
{
    struct fixture *f = *state;
    char all[512] = "";
    struct lfi_task_counts counts = {.size = sizeof(counts)};
    assert_int_equal(put(f, "kind:\"1\"", LFI_TASK_PARKED, "{\"n\":1}"), LFI_CORE_OK);
    assert_int_equal(put(f, "b", LFI_TASK_PARKED, "{\"n\":2}"), LFI_CORE_OK);
    assert_int_equal(put(f, "c", LFI_TASK_PARKED - 1, "{\"n\":3}"), LFI_CORE_OK);
    assert_null(take(f));
    assert_int_equal(store_task_counts(f->store, &counts, NULL), LFI_CORE_OK);
    assert_true(counts.kept == 3 && counts.limit == MAX_TASKS && counts.parked == 2);
    assert_int_equal(store_tasks_parked(f->store, (struct lfi_sink){collect, all}, NULL),
                     LFI_CORE_OK);
    assert_string_equal(all, "{\"key\":\"b\",\"record\":{\"n\":2}}\n"
                             "{\"key\":\"kind:\\\"1\\\"\",\"record\":{\"n\":1}}\n");
    assert_int_equal(put(f, "b", START_S, "{\"n\":2}"), LFI_CORE_OK); /* tried again */
    assert_string_equal(take(f), "{\"n\":2}");
}

/* --- kill -9 ---------------------------------------------------------------------------------- */

#define KILLS 20

/* Keeps tasks and settles claims, and says so of each, until it is killed. */
static void keep_until_killed(struct fixture *f, unsigned from, int tell)
{
    char key[32];
    for (unsigned n = from;; n++) {
        (void)snprintf(key, sizeof(key), "task-%u", n);
        if (store_task_put(f->store, text(key), START_S, text("{}"), NULL) != LFI_CORE_OK ||
            store_claim_settle(f->store, text(key), text("done"), NULL) != LFI_CORE_OK ||
            write(tell, &n, sizeof(n)) != (ssize_t)sizeof(n)) {
            _exit(1);
        }
    }
}

static bool is_settled(struct fixture *f, const char *key)
{
    enum lfi_claim claim;
    struct lfi_sink sink = {keep, f};
    assert_int_equal(store_claim(f->store, text(key), 1, sink, &claim, NULL), LFI_CORE_OK);
    return claim == LFI_CLAIM_SETTLED;
}

static void nothing_that_was_accepted_is_lost_by_a_kill(void **state)
{
    struct fixture *f = *state;
    unsigned accepted = 0;
    store_close(f->store);
    for (int i = 0; i < KILLS; i++) {
        int pipe_ends[2];
        int status;
        unsigned n = accepted;
        assert_int_equal(pipe(pipe_ends), 0);
        pid_t child = fork();
        if (child == 0) {
            struct store_options options = {f->path, "retail", fixture_now, f, 1000000, 0, 0, 0, 0};
            if (store_open(&f->store, &options, NULL) != 0) {
                _exit(1);
            }
            keep_until_killed(f, accepted, pipe_ends[1]);
        }
        (void)close(pipe_ends[1]);
        assert_int_equal(read(pipe_ends[0], &n, sizeof(n)), sizeof(n));
        (void)usleep((useconds_t)(i * 997));
        assert_int_equal(kill(child, SIGKILL), 0);
        while (read(pipe_ends[0], &n, sizeof(n)) == (ssize_t)sizeof(n)) {
            continue;
        }
        (void)close(pipe_ends[0]);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        accepted = n + 1;
    }
    open_store(f);
    for (unsigned n = 0; n < accepted; n++) {
        char key[32];
        (void)snprintf(key, sizeof(key), "task-%u", n);
        assert_non_null(find(f, key));
        assert_true(is_settled(f, key));
    }
}

/* --- no room ---------------------------------------------------------------------------------- */

/* The files of this process may grow to `bytes`. */
static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Every kind of write, with a key that is its own each time. */
static int write_all(struct fixture *f, int expected)
{
    static unsigned n;
    char key[64], record[4096];
    uint32_t wait_s;
    enum lfi_claim claim;
    struct lfi_id id;
    struct lfi_error error = {""};
    struct lfi_sink sink = {keep, f};
    const struct lfi_allowance allowance = {.times = 1, .window_s = 1};
    memset(record, 'x', sizeof(record) - 1);
    record[0] = record[sizeof(record) - 2] = '"';
    record[sizeof(record) - 1] = '\0';
    (void)snprintf(key, sizeof(key), "key-%u", n++);
    int got[] = {store_task_put(f->store, text(key), START_S, text(record), NULL),
                 store_open_data.lead_create(f->store, NULL, text(record), &id, &error),
                 store_claim(f->store, text(key), 1, sink, &claim, NULL),
                 store_claim_settle(f->store, text(key), text(record), NULL),
                 store_allow(f->store, text(key), &allowance, &wait_s, NULL),
                 store_approval_start(f->store, text(key), text(record), 1, &id, NULL),
                 store_passkey_add(f->store, text(key), text(key), text(record), 1, NULL)};
    int same = 0;
    for (size_t i = 0; i < sizeof(got) / sizeof(got[0]); i++) {
        same += got[i] == expected;
        assert_true(got[i] == LFI_CORE_OK || got[i] == LFI_CORE_UNAVAILABLE);
    }
    return same;
}

#define WRITES 7

static void a_full_disk_is_unavailable_and_passes(void **state)
{
    struct fixture *f = *state;
    char file[128];
    struct stat info;
    struct lfi_id id;
    struct lfi_error error = {""};
    struct lfi_health health = {.size = sizeof(health)};
    (void)signal(SIGXFSZ, SIG_IGN);
    (void)snprintf(file, sizeof(file), "%s/data.mdb", f->path);
    assert_int_equal(put(f, "a", START_S, "{\"n\":1}"), LFI_CORE_OK);
    assert_int_equal(stat(file, &info), 0);
    limit_files((rlim_t)info.st_size);
    while (store_open_data.lead_create(f->store, NULL, text("{\"lead\":\"one of many\"}"), &id,
                                       &error) == LFI_CORE_OK) {
        continue;
    }
    assert_int_equal(write_all(f, LFI_CORE_UNAVAILABLE), WRITES);
    assert_int_not_equal(store_health(f->store, &health, NULL), LFI_CORE_OK);
    assert_string_equal(find(f, "a"), "{\"n\":1}"); /* reads go on */
    limit_files(RLIM_INFINITY);
    assert_int_equal(store_task_done(f->store, text("a"), NULL), LFI_CORE_OK);
    assert_int_equal(write_all(f, LFI_CORE_OK), WRITES);
    assert_int_equal(store_health(f->store, &health, NULL), LFI_CORE_OK);
}

/* A map of 1 MiB is full; with a larger one all is there, and there is room. */
static void a_full_map_is_unavailable_until_it_is_larger(void **state)
{
    struct fixture *f = *state;
    struct lfi_health health = {.size = sizeof(health)};
    struct store_options options = {f->path, "retail", fixture_now, f, 1000, 1, 0, 0, 0};
    store_close(f->store);
    assert_int_equal(store_open(&f->store, &options, NULL), 0);
    assert_int_equal(put(f, "a", START_S, "{\"n\":1}"), LFI_CORE_OK);
    for (int i = 0; i < 1000 && write_all(f, LFI_CORE_OK) > 0; i++) {
        continue;
    }
    assert_int_equal(write_all(f, LFI_CORE_UNAVAILABLE), WRITES);
    assert_int_not_equal(store_health(f->store, &health, NULL), LFI_CORE_OK);
    assert_string_equal(find(f, "a"), "{\"n\":1}");
    store_close(f->store);
    options.map_mib = 16;
    assert_int_equal(store_open(&f->store, &options, NULL), 0);
    assert_string_equal(find(f, "a"), "{\"n\":1}");
    assert_true(write_all(f, LFI_CORE_OK) > 0);
    assert_int_equal(store_health(f->store, &health, NULL), LFI_CORE_OK);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(tasks_come_when_they_are_due_oldest_first),
        CASE(a_taken_task_is_held_and_due_again_until_it_is_done),
        CASE(the_same_key_replaces),
        CASE(more_than_the_limit_is_over_capacity),
        CASE(refuses_keys_and_records_that_do_not_fit),
        CASE(another_process_sees_the_same_tasks),
        CASE(a_reset_forgets_them),
        CASE(parked_tasks_are_never_due_and_are_listed),
        CASE(nothing_that_was_accepted_is_lost_by_a_kill),
        CASE(a_full_disk_is_unavailable_and_passes),
        CASE(a_full_map_is_unavailable_until_it_is_larger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
