// link: lfi-state dl
/*
 * Rate limits, idempotency claims and passkeys in the state, and the writes that they cost:
 * counted, by standing in front of the library.
 */
#define _GNU_SOURCE
#include "base/array.h"
#include "state/lmdb.h"

#include "state_fixture.h"

#include <dlfcn.h>
#include <signal.h>
#include <sys/wait.h>

#define ALIA "user-1"
#define BADR "user-2"

static struct work {
    unsigned writes, puts;
} work;

int mdb_txn_begin(MDB_env *env, MDB_txn *parent, unsigned flags, MDB_txn **txn)
{
    int (*real)(MDB_env *, MDB_txn *, unsigned, MDB_txn **) = NULL;
    *(void **)&real = dlsym(RTLD_NEXT, "mdb_txn_begin");
    work.writes += (flags & MDB_RDONLY) == 0;
    return real(env, parent, flags, txn);
}

int mdb_put(MDB_txn *txn, MDB_dbi db, MDB_val *key, MDB_val *value, unsigned flags)
{
    int (*real)(MDB_txn *, MDB_dbi, MDB_val *, MDB_val *, unsigned) = NULL;
    *(void **)&real = dlsym(RTLD_NEXT, "mdb_put");
    work.puts++;
    return real(txn, db, key, value, flags);
}

/* --- rate limits ------------------------------------------------------------------------------ */

static uint32_t wait_of(const char *key, const struct state_allowance *allowance)
{
    uint32_t wait_s = UINT32_MAX;
    assert_int_equal(driver->limit_take(f.store, at(key), allowance, &wait_s), 0);
    return wait_s;
}

static int give_back(const char *key)
{
    return driver->limit_give_back(f.store, at(key));
}

static void gaps_grow_after_the_free_uses(void **state)
{
    (void)state;
    const struct state_allowance growing = {
        .times = 64, .window_s = 3600, .free = 3, .growing_gap_s = 30};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(wait_of("k", &growing), 0);
    }
    for (uint32_t gap = 30; gap <= 960; gap *= 2) {
        assert_int_equal(wait_of("k", &growing), gap);
        f.now_us += (int64_t)(gap - 1) * 1000000;
        assert_int_equal(wait_of("k", &growing), 1); /* a refused use does not make it longer */
        f.now_us += 1000000;
        assert_int_equal(wait_of("k", &growing), 0);
    }
    assert_int_equal(wait_of("other", &growing), 0);
    f.now_us += 3601 * SECOND_US;
    assert_int_equal(wait_of("k", &growing), 0);
}

static void a_use_given_back_does_not_count(void **state)
{
    (void)state;
    const struct state_allowance growing = {
        .times = 64, .window_s = 3600, .free = 2, .growing_gap_s = 30};
    for (int i = 0; i < 10; i++) {
        assert_int_equal(wait_of("k", &growing), 0);
        assert_int_equal(give_back("k"), 0);
    }
    assert_int_equal(wait_of("k", &growing), 0);
    assert_int_equal(wait_of("k", &growing), 0);
    assert_int_equal(give_back("k"), 0);
    assert_int_equal(wait_of("k", &growing), 0);
    assert_int_equal(wait_of("k", &growing), 30);
    assert_int_equal(give_back("none"), 0);
    assert_int_equal(give_back(""), LFI_FAILED);
}

static size_t count_of_table(enum lmdb_table table)
{
    const struct lmdb_store *store = f.store;
    MDB_txn *txn = NULL;
    MDB_stat stat_of_table;
    assert_int_equal(mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn), 0);
    assert_int_equal(mdb_stat(txn, store->table[table], &stat_of_table), 0);
    mdb_txn_abort(txn);
    return stat_of_table.ms_entries;
}

/* Keys that strangers make up do not fill the store. */
static void keys_not_used_for_a_day_are_deleted(void **state)
{
    (void)state;
    const struct state_allowance day = {.times = 64, .window_s = 24 * 3600};
    const struct state_allowance longer = {.times = 64, .window_s = 24 * 3600 + 1};
    char key[32];
    uint32_t wait_s;
    for (int i = 0; i < 60; i++) {
        (void)snprintf(key, sizeof(key), "k-%03d", i * 5);
        assert_int_equal(wait_of(key, &day), 0);
    }
    assert_int_equal(count_of_table(TABLE_LIMITS), 60);
    f.now_us += INT64_C(24) * 3600 * 1000000;
    assert_int_equal(wait_of("k-0000", &day), 0); /* none is old enough yet */
    assert_int_equal(count_of_table(TABLE_LIMITS), 61);
    f.now_us += 1000000;
    for (int i = 0; i < 12; i++) {
        (void)snprintf(key, sizeof(key), "k-%03d+", i * 25);
        assert_int_equal(wait_of(key, &day), 0);
    }
    assert_true(count_of_table(TABLE_LIMITS) <= 20);
    assert_int_equal(driver->limit_take(f.store, at("k"), &longer, &wait_s), LFI_FAILED);
}

static void uses_come_apart_and_so_many_in_a_window(void **state)
{
    const struct state_allowance allowance = {.gap_s = 60, .times = 3, .window_s = 1000};
    static const struct {
        int64_t after_s;
        uint32_t wait_s;
    } steps[] = {{0, 0}, {0, 60}, {59, 1}, {1, 0}, {60, 0}, {60, 820}, {820, 0}, {30, 30}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        f.now_us += steps[i].after_s * SECOND_US;
        assert_int_equal(wait_of("k", &allowance), steps[i].wait_s);
    }
    assert_int_equal(wait_of("other", &allowance), 0);
}

static void a_limit_holds_as_many_uses_as_it_may(void **state)
{
    const struct state_allowance most = {.times = STATE_USES_MAX, .window_s = 60};
    const struct state_allowance more = {.times = STATE_USES_MAX + 1, .window_s = 60};
    const struct state_allowance none = {.times = 0, .window_s = 60};
    uint32_t wait_s;
    (void)state;
    for (int i = 0; i < STATE_USES_MAX; i++) {
        assert_int_equal(wait_of("k", &most), 0);
    }
    assert_int_equal(wait_of("k", &most), 60);
    assert_int_equal(driver->limit_take(f.store, at("k"), &more, &wait_s), LFI_FAILED);
    assert_int_equal(driver->limit_take(f.store, at("k"), &none, &wait_s), LFI_FAILED);
}

/* --- claims ----------------------------------------------------------------------------------- */

static int settle(const char *key, const char *result)
{
    return driver->claim_settle(f.store, at(key), text(result));
}

static int find_claim(const char *key)
{
    return driver->claim_find(f.store, at(key), &sink);
}

static void a_key_is_claimed_once(void **state)
{
    enum state_claim out;
    (void)state;
    assert_int_equal(claim("decision:1"), STATE_CLAIM_YOURS);
    assert_int_equal(claim("decision:1"), STATE_CLAIM_TAKEN);
    f.now_us += 11 * SECOND_US;
    assert_int_equal(claim("decision:1"), STATE_CLAIM_YOURS);
    assert_int_equal(settle("decision:1", "done"), LFI_OK);
    assert_int_equal(claim("decision:1"), STATE_CLAIM_SETTLED);
    assert_string_equal(f.given, "done");
    assert_int_equal(driver->claim(f.store, call_of(OTHER, "decision:1"), 10, &sink, &out), 0);
    assert_int_equal(out, STATE_CLAIM_YOURS);
    f.now_us += 86401 * SECOND_US;
    for (int i = 0; i < 3; i++) {
        (void)claim("other");
    }
    assert_int_equal(claim("decision:1"), STATE_CLAIM_YOURS);
    assert_int_equal(driver->claim(f.store, at(""), 10, &sink, &out), LFI_FAILED);
}

/* Old ones do not fill the store; those of another provider and newer ones stay. */
static void claims_whose_time_is_over_are_deleted(void **state)
{
    char key[32];
    enum state_claim out;
    (void)state;
    assert_int_equal(driver->claim(f.store, call_of(OTHER, "k"), 10, &sink, &out), 0);
    for (int i = 0; i < 20; i++) {
        (void)snprintf(key, sizeof(key), "k-%d", i);
        assert_int_equal(claim(key), STATE_CLAIM_YOURS);
    }
    assert_int_equal(settle("k-3", "done"), LFI_OK);
    f.now_us += 11 * SECOND_US;
    for (int i = 0; i < 3; i++) {
        (void)claim("fresh");
    }
    assert_int_equal(count_of_table(TABLE_CLAIMS), 3); /* the other's, the settled one, the fresh */
    assert_int_equal(count_of_table(TABLE_EXPIRY), 3);
    assert_int_equal(find_claim("k-3"), LFI_OK);
}

static void finding_a_claim_writes_nothing(void **state)
{
    static char long_result[STATE_RESULT_MAX + 2];
    (void)state;
    assert_int_equal(find_claim("decision:1"), LFI_UNKNOWN);
    assert_int_equal(claim("decision:1"), STATE_CLAIM_YOURS);
    assert_int_equal(find_claim("decision:1"), LFI_UNKNOWN);
    assert_int_equal(settle("decision:1", "done"), LFI_OK);
    work = (struct work){0};
    assert_int_equal(find_claim("decision:1"), LFI_OK);
    assert_string_equal(f.given, "done");
    assert_int_equal(find_claim(""), LFI_UNKNOWN);
    f.now_us += 86401 * SECOND_US;
    assert_int_equal(find_claim("decision:1"), LFI_UNKNOWN);
    assert_int_equal(work.writes, 0);
    assert_int_equal(work.puts, 0);
    memset(long_result, 'x', STATE_RESULT_MAX + 1);
    assert_int_equal(settle("long", long_result), LFI_FAILED);
    long_result[STATE_RESULT_MAX] = '\0';
    assert_int_equal(settle("long", long_result), LFI_OK);
}

static void a_claim_survives_a_kill(void **state)
{
    int status = 0;
    (void)state;
    close_store();
    pid_t child = fork();
    if (child == 0) {
        if (driver->open(&f.store, &f.config, NULL) == 0 && settle("k", "kept") == 0) {
            (void)kill(getpid(), SIGKILL);
        }
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    open_store();
    assert_int_equal(claim("k"), STATE_CLAIM_SETTLED);
    assert_string_equal(f.given, "kept");
}

/* --- passkeys --------------------------------------------------------------------------------- */

/* The last passkey that was seen. */
static struct seen {
    unsigned count;
    uint32_t counter;
    int64_t used_s;
    char id[80], user[80], record[80];
} seen;

static bool see(void *ctx, const struct state_passkey *passkey)
{
    (void)ctx;
    seen.count++;
    seen.counter = passkey->counter;
    seen.used_s = passkey->used_s;
    (void)snprintf(seen.id, sizeof(seen.id), "%.*s", (int)passkey->passkey_id.len,
                   passkey->passkey_id.ptr);
    (void)snprintf(seen.user, sizeof(seen.user), "%.*s", (int)passkey->user_id.len,
                   passkey->user_id.ptr);
    (void)snprintf(seen.record, sizeof(seen.record), "%.*s", (int)passkey->record.len,
                   passkey->record.ptr);
    return true;
}

static const struct state_passkey_sink seeing = {see, NULL};

static unsigned count_of(const char *user)
{
    seen = (struct seen){0};
    assert_int_equal(driver->passkeys(f.store, at(NULL), text(user), &seeing), 0);
    return seen.count;
}

static int add(const char *user, const char *id, uint32_t counter)
{
    const struct state_passkey passkey = {
        .user_id = text(user), .record = text("{\"name\":\"phone\"}"), .counter = counter};
    return driver->passkey_add(f.store, at(id), &passkey);
}

static int use(const char *user, const char *id, uint32_t counter)
{
    return driver->passkey_use(f.store, at(id), text(user), counter);
}

static int drop(const char *user, const char *id)
{
    return driver->passkey_remove(f.store, at(id), text(user));
}

static void keeps_finds_and_removes_passkeys(void **state)
{
    (void)state;
    assert_int_equal(add(ALIA, "p-1", 4), 0);
    assert_int_equal(add(ALIA, "p-1", 4), LFI_DENIED);
    assert_int_equal(add(BADR, "p-1", 4), LFI_DENIED); /* unique over all */
    assert_int_equal(driver->passkey_find(f.store, at("p-1"), &seeing), 0);
    assert_string_equal(seen.user, ALIA);
    assert_int_equal(seen.counter, 4);
    assert_string_equal(seen.record, "{\"name\":\"phone\"}");
    assert_int_equal(driver->passkey_find(f.store, call_of(OTHER, "p-1"), &seeing), LFI_UNKNOWN);
    assert_int_equal(count_of(ALIA), 1);
    assert_string_equal(seen.id, "p-1");
    assert_string_equal(seen.record, "{\"name\":\"phone\"}");
    assert_int_equal(seen.used_s, 0);
    assert_int_equal(count_of(BADR), 0);
    assert_int_equal(drop(BADR, "p-1"), LFI_UNKNOWN);
    assert_int_equal(drop(ALIA, "p-1"), 0);
    assert_int_equal(drop(ALIA, "p-1"), LFI_UNKNOWN);
    assert_int_equal(driver->passkey_find(f.store, at("p-1"), &seeing), LFI_UNKNOWN);
    assert_int_equal(add(BADR, "p-1", 0), 0); /* free again */
}

static void counts_uses_upwards_only(void **state)
{
    (void)state;
    assert_int_equal(add(ALIA, "p-1", 4), 0);
    assert_int_equal(use(ALIA, "p-1", 5), 0);
    assert_int_equal(count_of(ALIA), 1);
    assert_int_equal(seen.used_s, START_S);
    assert_string_equal(seen.record, "{\"name\":\"phone\"}");
    assert_int_equal(use(ALIA, "p-1", 5), LFI_DENIED);
    assert_int_equal(use(ALIA, "p-1", 4), LFI_DENIED);
    assert_int_equal(use(ALIA, "p-1", 0), LFI_DENIED);
    assert_int_equal(use(ALIA, "p-1", UINT32_MAX), 0);
    assert_int_equal(use(BADR, "p-1", 6), LFI_UNKNOWN);
    assert_int_equal(use(ALIA, "p-2", 6), LFI_UNKNOWN);
    assert_int_equal(add(ALIA, "no-counter", 0), 0);
    assert_int_equal(use(ALIA, "no-counter", 0), 0);
    assert_int_equal(use(ALIA, "no-counter", 0), 0);
    assert_int_equal(use(ALIA, "no-counter", 1), 0);
    assert_int_equal(use(ALIA, "no-counter", 0), LFI_DENIED);
}

static void keeps_ten_and_refuses_what_does_not_fit(void **state)
{
    static char record[STATE_RECORD_MAX + 1];
    struct state_passkey passkey = {.user_id = text(BADR), .record = {record, sizeof(record)}};
    char id[80];
    (void)state;
    for (int i = 0; i < STATE_PASSKEYS_MAX; i++) {
        (void)snprintf(id, sizeof(id), "p-%d", i);
        assert_int_equal(add(ALIA, id, 0), 0);
    }
    assert_int_equal(add(ALIA, "p-10", 0), LFI_DENIED);
    assert_int_equal(add(BADR, "p-10", 0), 0);
    assert_int_equal(count_of(ALIA), 10);
    memset(id, 'x', STATE_ID_MAX + 1);
    id[STATE_ID_MAX + 1] = '\0';
    assert_int_equal(add(BADR, id, 0), LFI_FAILED);
    assert_int_equal(add(id, "p-11", 0), LFI_FAILED);
    assert_int_equal(add(BADR, "", 0), LFI_FAILED);
    id[STATE_ID_MAX] = '\0';
    assert_int_equal(add(id, id, 0), 0);
    assert_int_equal(driver->passkey_add(f.store, at("p"), &passkey), LFI_FAILED);
    passkey.record.len--;
    assert_int_equal(driver->passkey_add(f.store, at("p"), &passkey), LFI_OK);
    assert_int_equal(use(BADR, "p", 1), LFI_OK);
}

/* --- health ----------------------------------------------------------------------------------- */

static void health_writes_at_first_and_after_a_failure_only(void **state)
{
    struct state_health seen_health;
    char away[128];
    (void)state;
    (void)snprintf(away, sizeof(away), "%s.away", f.path);
    work = (struct work){0};
    assert_int_equal(driver->health(f.store, at(NULL), &seen_health), LFI_OK);
    assert_int_equal(work.writes, 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(driver->health(f.store, at(NULL), &seen_health), LFI_OK);
    }
    assert_int_equal(work.writes, 1);
    assert_int_equal(rename(f.path, away), 0);
    assert_int_equal(driver->health(f.store, at(NULL), &seen_health), LFI_FAILED);
    assert_int_equal(rename(away, f.path), 0);
    assert_int_equal(work.writes, 1);
    assert_int_equal(driver->health(f.store, at(NULL), &seen_health), LFI_OK);
    assert_int_equal(work.writes, 2);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(gaps_grow_after_the_free_uses),
        T(a_use_given_back_does_not_count),
        T(keys_not_used_for_a_day_are_deleted),
        T(uses_come_apart_and_so_many_in_a_window),
        T(a_limit_holds_as_many_uses_as_it_may),
        T(a_key_is_claimed_once),
        T(claims_whose_time_is_over_are_deleted),
        T(finding_a_claim_writes_nothing),
        T(a_claim_survives_a_kill),
        T(keeps_finds_and_removes_passkeys),
        T(counts_uses_upwards_only),
        T(keeps_ten_and_refuses_what_does_not_fit),
        T(health_writes_at_first_and_after_a_failure_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
