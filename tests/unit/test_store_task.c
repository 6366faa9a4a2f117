// link: lfi-store
/* Things to be done later, as two server instances over one store see them. */
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
    struct store_options options = {f->path, "retail", fixture_now, f, 3, 60, MAX_TASKS, 0, 0, 0};
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
