// link: lfi-state
/*
 * Tasks, as two server instances over one store see them; and what every kind of write does when
 * there is no room, or when the process is killed.
 */
#include "state_fixture.h"

#include "base/array.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static int put(const char *key, int64_t due_s, const char *record)
{
    return put_task(at(key), due_s, text(record));
}

/* What is due now, held for 10 s; NULL: nothing. */
static const char *take(void)
{
    int rc = driver->task_take(f.store, at(NULL), 10, &sink);
    assert_true(rc == LFI_OK || rc == LFI_UNKNOWN);
    return rc == LFI_OK ? f.given : NULL;
}

static const char *find(const char *key)
{
    int rc = driver->task_find(f.store, at(key), &sink);
    assert_true(rc == LFI_OK || rc == LFI_UNKNOWN);
    return rc == LFI_OK ? f.given : NULL;
}

static int done(const char *key)
{
    return driver->task_done(f.store, at(key));
}

static void wait_s(int64_t seconds)
{
    f.now_us += seconds * SECOND_US;
}

static void assert_counts(uint64_t kept, uint64_t parked)
{
    struct state_task_counts counts;
    assert_int_equal(driver->task_counts(f.store, at(NULL), &counts), LFI_OK);
    assert_int_equal(counts.kept, kept);
    assert_int_equal(counts.parked, parked);
    assert_int_equal(counts.limit, f.config.max_tasks);
}

static void tasks_come_when_they_are_due_oldest_first(void **state)
{
    (void)state;
    assert_int_equal(put("b", START_S + 20, "{\"n\":2}"), LFI_OK);
    assert_int_equal(put("a", START_S + 10, "{\"n\":1}"), LFI_OK);
    assert_null(take());
    wait_s(9);
    assert_null(take());
    wait_s(21);
    assert_string_equal(take(), "{\"n\":1}");
    assert_string_equal(take(), "{\"n\":2}");
    assert_null(take());
}

static void a_taken_task_is_held_and_due_again_until_it_is_done(void **state)
{
    (void)state;
    assert_int_equal(put("a", START_S, "{}"), LFI_OK);
    assert_string_equal(take(), "{}");
    wait_s(9);
    assert_null(take());
    wait_s(1);
    assert_string_equal(take(), "{}");
    assert_int_equal(done("a"), LFI_OK);
    assert_int_equal(done("a"), LFI_UNKNOWN);
    wait_s(100);
    assert_null(take());
    assert_null(find("a"));
}

static void the_same_key_replaces(void **state)
{
    (void)state;
    assert_int_equal(put("a", START_S, "{\"n\":1}"), LFI_OK);
    assert_int_equal(put("a", START_S + 50, "{\"n\":2}"), LFI_OK);
    assert_null(take());
    assert_string_equal(find("a"), "{\"n\":2}");
    wait_s(50);
    assert_string_equal(take(), "{\"n\":2}");
    assert_null(take());
}

static void more_than_the_limit_is_over_capacity(void **state)
{
    (void)state;
    static const char *const keys[] = {"a", "b", "c", "d"};
    for (size_t i = 0; i < f.config.max_tasks; i++) {
        assert_int_equal(put(keys[i], START_S, "{}"), LFI_OK);
    }
    assert_int_equal(put("e", START_S, "{}"), LFI_UNAVAILABLE);
    assert_int_equal(put("d", START_S, "{\"again\":1}"), LFI_OK);
    assert_int_equal(done("a"), LFI_OK);
    assert_int_equal(put("e", START_S, "{}"), LFI_OK);
}

static void refuses_keys_and_records_that_do_not_fit(void **state)
{
    (void)state;
    char large[4098];
    memset(large, 'x', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    assert_int_equal(put("", START_S, "{}"), LFI_FAILED);
    assert_int_equal(put("a", START_S, ""), LFI_FAILED);
    assert_int_equal(put("a", START_S, large), LFI_FAILED);
    large[4096] = '\0';
    assert_int_equal(put("a", START_S, large), LFI_OK);
    large[193] = '\0';
    assert_int_equal(put(large, START_S, "{}"), LFI_FAILED);
    large[192] = '\0';
    assert_int_equal(put(large, START_S, "{}"), LFI_OK);
    assert_int_equal(put_to(large, "a", START_S), LFI_OK);
    large[192] = 'x';
    assert_int_equal(put_to(large, "a", START_S), LFI_FAILED);
    assert_int_equal(done(""), LFI_UNKNOWN);
}

/* The other instance ends without closing anything. */
static void another_process_sees_the_same_tasks(void **state)
{
    (void)state;
    int status = 0;
    close_store();
    pid_t child = fork();
    if (child == 0) {
        open_store();
        bool fine = put("a", START_S, "{\"by\":1}") == LFI_OK && take();
        _exit(fine ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    open_store();
    assert_null(take());
    assert_string_equal(find("a"), "{\"by\":1}");
    wait_s(10);
    assert_string_equal(take(), "{\"by\":1}");
}

static void forgetting_a_provider_leaves_the_others(void **state)
{
    const struct state_passkey passkey = {.user_id = text("u-1"), .record = text("{}")};
    const struct state_allowance once = {.times = 1, .window_s = 60};
    static const char *const providers[] = {PROVIDER, OTHER};
    uint32_t wait = 0;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const char *own = providers[i];
        assert_int_equal(put_task(call_of(own, "a"), START_S, text("{}")), 0);
        assert_int_equal(driver->claim_settle(f.store, call_of(own, "a"), text("done")), 0);
        assert_int_equal(driver->limit_take(f.store, call_of(own, "a"), &once, &wait), 0);
        assert_int_equal(driver->passkey_add(f.store, call_of(own, "a"), &passkey), 0);
    }
    assert_int_equal(driver->forget(f.store, call_of(OTHER, NULL)), LFI_OK);
    assert_int_equal(driver->forget(f.store, call_of("dhow", NULL)), LFI_OK); /* no prefix */
    assert_string_equal(find("a"), "{}");
    assert_counts(1, 0);
    assert_int_equal(claim("a"), STATE_CLAIM_SETTLED);
    assert_int_equal(driver->limit_take(f.store, at("a"), &once, &wait), 0);
    assert_int_equal(wait, 60);
    assert_int_equal(driver->passkey_add(f.store, at("a"), &passkey), LFI_DENIED);
    assert_int_equal(driver->forget(f.store, at(NULL)), LFI_OK);
    assert_null(take());
    assert_null(find("a"));
    assert_counts(0, 0);
    assert_int_equal(claim("a"), STATE_CLAIM_YOURS);
    assert_int_equal(driver->limit_take(f.store, at("a"), &once, &wait), 0);
    assert_int_equal(wait, 0);
    assert_int_equal(driver->passkey_add(f.store, at("a"), &passkey), LFI_OK);
}

static void a_key_means_nothing_of_another_provider(void **state)
{
    (void)state;
    assert_int_equal(put("a", START_S, "{\"of\":1}"), LFI_OK);
    assert_int_equal(driver->task_find(f.store, call_of(OTHER, "a"), &sink), LFI_UNKNOWN);
    assert_int_equal(driver->task_take(f.store, call_of(OTHER, NULL), 10, &sink), LFI_UNKNOWN);
    assert_int_equal(driver->task_done(f.store, call_of(OTHER, "a")), LFI_UNKNOWN);
    for (unsigned i = 0; i < f.config.max_tasks; i++) { /* nor does its limit */
        char key[16];
        (void)snprintf(key, sizeof(key), "k-%u", i);
        assert_int_equal(put_task(call_of(OTHER, key), START_S, text("{}")), LFI_OK);
    }
    assert_int_equal(put_task(call_of(OTHER, "one"), START_S, text("{}")), LFI_UNAVAILABLE);
    assert_int_equal(put("b", START_S, "{}"), LFI_OK);
    assert_string_equal(take(), "{\"of\":1}");
    assert_int_not_equal(put_task(call_of("", "a"), START_S, text("{}")), 0);
}

static bool collect(void *ctx, struct lfi_slice key, struct lfi_slice record)
{
    char *all = ctx;
    size_t used = strlen(all);
    (void)snprintf(all + used, 512 - used, "%.*s %.*s\n", (int)key.len, key.ptr, (int)record.len,
                   record.ptr);
    return true;
}

static bool collect_one(void *ctx, struct lfi_slice key, struct lfi_slice record)
{
    (void)collect(ctx, key, record);
    return false;
}

static void parked_tasks_are_never_due_and_are_listed(void **state)
{
    char all[512] = "";
    char one[512] = "";
    const struct state_task_sink listed = {collect, all};
    const struct state_task_sink first = {collect_one, one};
    (void)state;
    assert_int_equal(put("kind:\"1\"", STATE_PARKED_S, "{\"n\":1}"), LFI_OK);
    assert_int_equal(put("b", STATE_PARKED_S, "{\"n\":2}"), LFI_OK);
    assert_int_equal(put("c", STATE_PARKED_S - 1, "{\"n\":3}"), LFI_OK);
    assert_int_equal(put_task(call_of(OTHER, "d"), STATE_PARKED_S, text("{}")), 0);
    assert_null(take());
    assert_counts(3, 2);
    assert_int_equal(driver->tasks_parked(f.store, at(NULL), &listed), LFI_OK);
    assert_string_equal(all, "b {\"n\":2}\nkind:\"1\" {\"n\":1}\n");
    assert_int_equal(driver->tasks_parked(f.store, at(NULL), &first), LFI_OK);
    assert_string_equal(one, "b {\"n\":2}\n");
    assert_int_equal(put("b", START_S, "{\"n\":2}"), LFI_OK); /* tried again */
    assert_counts(3, 1);
    assert_string_equal(take(), "{\"n\":2}");
    assert_counts(3, 1);
    assert_int_equal(done("kind:\"1\""), LFI_OK);
    assert_counts(2, 0);
}

/* --- destinations ----------------------------------------------------------------------------- */

static void a_destination_is_told_in_order_and_keeps_no_other_waiting(void **state)
{
    (void)state;
    assert_int_equal(put_to("d", "1st", START_S), LFI_OK);
    assert_int_equal(put_to("d", "2nd", START_S + 1), LFI_OK);
    assert_int_equal(put_to("e", "other", START_S + 2), LFI_OK);
    wait_s(5);
    assert_string_equal(take(), "\"1st\"");
    assert_string_equal(take(), "\"other\"");
    assert_null(take());
    wait_s(9); /* the first is tried again later, and the second still waits */
    assert_int_equal(put("1st", START_S + 100, "\"again\""), LFI_OK);
    assert_int_equal(done("other"), LFI_OK);
    assert_null(take());
    wait_s(86);
    assert_string_equal(take(), "\"again\"");
    wait_s(10); /* it was lost with the process that had it */
    assert_string_equal(take(), "\"again\"");
    assert_null(take());
    assert_int_equal(done("1st"), LFI_OK);
    assert_string_equal(take(), "\"2nd\"");
}

static void a_parked_task_keeps_no_other_of_its_destination_waiting(void **state)
{
    (void)state;
    assert_int_equal(put_to("d", "1st", START_S), LFI_OK);
    assert_int_equal(put_to("d", "2nd", START_S + 1), LFI_OK);
    wait_s(1);
    assert_string_equal(take(), "\"1st\"");
    assert_int_equal(put("1st", STATE_PARKED_S, "\"1st\""), LFI_OK);
    assert_string_equal(take(), "\"2nd\"");
    assert_int_equal(put("1st", START_S, "\"1st\""), LFI_OK); /* an operator has it tried again */
    assert_null(take());
    assert_int_equal(done("2nd"), LFI_OK);
    assert_string_equal(take(), "\"1st\"");
}

static void a_task_leaves_a_destination_when_it_is_put_to_another(void **state)
{
    (void)state;
    assert_int_equal(put_to("d", "1st", START_S), LFI_OK);
    assert_int_equal(put_to("d", "2nd", START_S + 1), LFI_OK);
    wait_s(1);
    assert_string_equal(take(), "\"1st\"");
    assert_int_equal(put_to("e", "1st", START_S + 5), LFI_OK);
    assert_string_equal(take(), "\"2nd\"");
    wait_s(5);
    assert_string_equal(take(), "\"1st\"");
}

static void destinations_of_providers_are_apart(void **state)
{
    const struct state_task task = {
        .destination = text("d"), .due_s = START_S, .record = text("\"theirs\"")};
    (void)state;
    assert_int_equal(put_to("d", "1st", START_S), LFI_OK);
    assert_int_equal(driver->task_put(f.store, call_of(OTHER, "1st"), &task), LFI_OK);
    assert_string_equal(take(), "\"1st\"");
    assert_int_equal(driver->task_take(f.store, call_of(OTHER, NULL), 10, &sink), LFI_OK);
    assert_string_equal(f.given, "\"theirs\"");
    assert_int_equal(driver->forget(f.store, call_of(OTHER, NULL)), LFI_OK);
    assert_int_equal(driver->task_put(f.store, call_of(OTHER, "2nd"), &task), LFI_OK);
    assert_int_equal(driver->task_take(f.store, call_of(OTHER, NULL), 10, &sink), LFI_OK);
}

/* --- kill -9 ---------------------------------------------------------------------------------- */

#define KILLS 20

/* Keeps tasks and settles claims, and says so of each, until it is killed. */
static void keep_until_killed(unsigned from, int tell)
{
    char key[32];
    for (unsigned n = from;; n++) {
        (void)snprintf(key, sizeof(key), "task-%u", n);
        if (put(key, START_S, "{}") != LFI_OK ||
            driver->claim_settle(f.store, at(key), text("done")) != LFI_OK ||
            write(tell, &n, sizeof(n)) != (ssize_t)sizeof(n)) {
            _exit(1);
        }
    }
}

static void nothing_that_was_accepted_is_lost_by_a_kill(void **state)
{
    (void)state;
    unsigned accepted = 0;
    close_store();
    f.config.max_tasks = 1000000;
    for (int i = 0; i < KILLS; i++) {
        int pipe_ends[2];
        int status;
        unsigned n = accepted;
        assert_int_equal(pipe(pipe_ends), 0);
        pid_t child = fork();
        if (child == 0) {
            if (driver->open(&f.store, &f.config, NULL) != 0) {
                _exit(1);
            }
            keep_until_killed(accepted, pipe_ends[1]);
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
    open_store();
    for (unsigned n = 0; n < accepted; n++) {
        char key[32];
        (void)snprintf(key, sizeof(key), "task-%u", n);
        assert_non_null(find(key));
        assert_int_equal(claim(key), STATE_CLAIM_SETTLED);
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
static int write_all(int expected)
{
    static unsigned n;
    char key[64], record[4096];
    uint32_t wait;
    enum state_claim out;
    const struct state_allowance allowance = {.times = 1, .window_s = 1};
    memset(record, 'x', sizeof(record) - 1);
    record[0] = record[sizeof(record) - 2] = '"';
    record[sizeof(record) - 1] = '\0';
    (void)snprintf(key, sizeof(key), "key-%u", n++);
    const struct state_passkey passkey = {.user_id = text(key), .record = text(record)};
    int got[] = {put(key, START_S, record), driver->claim(f.store, at(key), 1, &sink, &out),
                 driver->claim_settle(f.store, at(key), text(record)),
                 driver->limit_take(f.store, at(key), &allowance, &wait),
                 driver->passkey_add(f.store, at(key), &passkey)};
    int same = 0;
    for (size_t i = 0; i < ARRAY_LEN(got); i++) {
        same += got[i] == expected;
        assert_true(got[i] == LFI_OK || got[i] == LFI_UNAVAILABLE);
    }
    return same;
}

#define WRITES 5

static int health(void)
{
    struct state_health seen;
    return driver->health(f.store, at(NULL), &seen);
}

static void fill(void)
{
    const struct state_allowance once = {.times = 1, .window_s = 1};
    uint32_t wait;
    char key[64];
    unsigned n = 0;
    do {
        (void)snprintf(key, sizeof(key), "one-of-many-%u", n++);
    } while (driver->limit_take(f.store, at(key), &once, &wait) == LFI_OK);
}

static void a_full_disk_is_unavailable_and_passes(void **state)
{
    char file[128];
    struct stat info;
    (void)state;
    close_store();
    f.config.max_tasks = 1000;
    open_store();
    (void)signal(SIGXFSZ, SIG_IGN);
    (void)snprintf(file, sizeof(file), "%s/data.mdb", f.path);
    assert_int_equal(put("a", START_S, "{\"n\":1}"), LFI_OK);
    assert_int_equal(stat(file, &info), 0);
    limit_files((rlim_t)info.st_size);
    fill();
    assert_int_equal(write_all(LFI_UNAVAILABLE), WRITES);
    assert_int_not_equal(health(), LFI_OK);
    assert_string_equal(find("a"), "{\"n\":1}"); /* reads go on */
    limit_files(RLIM_INFINITY);
    assert_int_equal(done("a"), LFI_OK);
    assert_int_equal(write_all(LFI_OK), WRITES);
    assert_int_equal(health(), LFI_OK);
}

/* A map of 1 MiB is full; with a larger one all is there, and there is room. */
static void a_full_map_is_unavailable_until_it_is_larger(void **state)
{
    (void)state;
    close_store();
    f.config.max_tasks = 1000;
    f.config.max_megabytes = 1;
    open_store();
    assert_int_equal(put("a", START_S, "{\"n\":1}"), LFI_OK);
    for (int i = 0; i < 1000 && write_all(LFI_OK) > 0; i++) {
        continue;
    }
    assert_int_equal(write_all(LFI_UNAVAILABLE), WRITES);
    assert_int_not_equal(health(), LFI_OK);
    assert_non_null(strstr(f.error.message, "raise state.maxMegabytes"));
    assert_string_equal(find("a"), "{\"n\":1}");
    close_store();
    f.config.max_megabytes = 16;
    open_store();
    assert_string_equal(find("a"), "{\"n\":1}");
    assert_true(write_all(LFI_OK) > 0);
    assert_int_equal(health(), LFI_OK);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(tasks_come_when_they_are_due_oldest_first),
        CASE(a_taken_task_is_held_and_due_again_until_it_is_done),
        CASE(the_same_key_replaces),
        CASE(more_than_the_limit_is_over_capacity),
        CASE(refuses_keys_and_records_that_do_not_fit),
        CASE(another_process_sees_the_same_tasks),
        CASE(forgetting_a_provider_leaves_the_others),
        CASE(a_key_means_nothing_of_another_provider),
        CASE(parked_tasks_are_never_due_and_are_listed),
        CASE(a_destination_is_told_in_order_and_keeps_no_other_waiting),
        CASE(a_parked_task_keeps_no_other_of_its_destination_waiting),
        CASE(a_task_leaves_a_destination_when_it_is_put_to_another),
        CASE(destinations_of_providers_are_apart),
        CASE(nothing_that_was_accepted_is_lost_by_a_kill),
        CASE(a_full_disk_is_unavailable_and_passes),
        CASE(a_full_map_is_unavailable_until_it_is_larger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
