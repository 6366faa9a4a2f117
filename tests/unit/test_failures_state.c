// link: lfi-state
/*
 * The state when the storage fails: every call that may fail fails once in each of the driver's
 * functions. The failure is told, with a reason, and nothing has changed.
 */
#include "state/lmdb.h"

#include "base/array.h"

#include "failing.h"
#include "state_fixture.h"

FAILING(int, MDB_PANIC, mdb_txn_begin,
        (MDB_env * env, MDB_txn *parent, unsigned flags, MDB_txn **txn), (env, parent, flags, txn))
FAILING(int, MDB_PANIC, mdb_get, (MDB_txn * txn, MDB_dbi db, MDB_val *key, MDB_val *value),
        (txn, db, key, value))
FAILING(int, MDB_MAP_FULL, mdb_put,
        (MDB_txn * txn, MDB_dbi db, MDB_val *key, MDB_val *value, unsigned flags),
        (txn, db, key, value, flags))
FAILING(int, MDB_PANIC, mdb_del, (MDB_txn * txn, MDB_dbi db, MDB_val *key, MDB_val *value),
        (txn, db, key, value))
FAILING(int, MDB_PANIC, mdb_cursor_open, (MDB_txn * txn, MDB_dbi db, MDB_cursor **cursor),
        (txn, db, cursor))
FAILING(int, MDB_PANIC, mdb_cursor_get,
        (MDB_cursor * cursor, MDB_val *key, MDB_val *value, MDB_cursor_op op),
        (cursor, key, value, op))
FAILING(int, MDB_MAP_FULL, mdb_cursor_del, (MDB_cursor * cursor, unsigned flags), (cursor, flags))
/* A commit that fails has ended its transaction. */
static int abort_instead(MDB_txn *txn)
{
    mdb_txn_abort(txn);
    return MDB_PANIC;
}
FAILING(int, abort_instead(txn), mdb_txn_commit, (MDB_txn * txn), (txn))

static const struct state_allowance few = {.times = 3, .window_s = 3600};

static bool see_passkey(void *ctx, const struct state_passkey *passkey)
{
    (void)ctx;
    (void)passkey;
    return true;
}

static bool see_task(void *ctx, struct lfi_slice key, struct lfi_slice record)
{
    (void)ctx;
    (void)key;
    (void)record;
    return true;
}

static const struct state_passkey_sink passkeys_seen = {see_passkey, NULL};
static const struct state_task_sink tasks_seen = {see_task, NULL};
static const struct state_passkey own = {.user_id = {"u-1", 3}, .record = {"{}", 2}, .counter = 1};

/* --- the driver's functions ------------------------------------------------------------------- */

static int do_claim(void)
{
    enum state_claim out;
    return driver->claim(f.store, at("new"), 10, &sink, &out);
}

static int do_settle(void)
{
    return driver->claim_settle(f.store, at("settled"), text("again"));
}

static int do_find_claim(void)
{
    return driver->claim_find(f.store, at("settled"), &sink);
}

static int do_limit(void)
{
    uint32_t wait_s;
    return driver->limit_take(f.store, at("limit"), &few, &wait_s);
}

static int do_give_back(void)
{
    return driver->limit_give_back(f.store, at("limit"));
}

static int do_put(void)
{
    return put_task(at("new"), START_S, text("{}"));
}

static int do_replace(void)
{
    return put_task(at("due"), STATE_PARKED_S, text("{\"n\":2}"));
}

static int do_take(void)
{
    return driver->task_take(f.store, at(NULL), 10, &sink);
}

static int do_find_task(void)
{
    return driver->task_find(f.store, at("due"), &sink);
}

static int do_done(void)
{
    return driver->task_done(f.store, at("due"));
}

static int do_done_in_turn(void)
{
    return driver->task_done(f.store, at("held"));
}

static int do_park_in_turn(void)
{
    return put_task(at("held"), STATE_PARKED_S, text("{}"));
}

static int do_counts(void)
{
    struct state_task_counts counts;
    return driver->task_counts(f.store, at(NULL), &counts);
}

static int do_parked(void)
{
    return driver->tasks_parked(f.store, at(NULL), &tasks_seen);
}

static int do_find_cursor(void)
{
    return driver->cursor_find(f.store, at("feed"), &sink);
}

static int do_move(void)
{
    const struct state_keyed_task task = {.key = text("pushed"),
                                          .task = {.due_s = START_S, .record = text("{}")}};
    const struct state_cursor_move move = {
        .from = text("1"), .to = text("2"), .tasks = &task, .task_count = 1};
    return driver->cursor_move(f.store, at("feed"), &move);
}

static int do_find_record(void)
{
    return driver->record_find(f.store, at("fact"), &sink);
}

static int do_replace_record(void)
{
    return driver->record_replace(f.store, at("fact"), text("a"), text("b"));
}

static int do_add(void)
{
    return driver->passkey_add(f.store, at("p-2"), &own);
}

static int do_find_passkey(void)
{
    return driver->passkey_find(f.store, at("p-1"), &passkeys_seen);
}

static int do_use(void)
{
    return driver->passkey_use(f.store, at("p-1"), own.user_id, 2);
}

static int do_remove(void)
{
    return driver->passkey_remove(f.store, at("p-1"), own.user_id);
}

static int do_list(void)
{
    return driver->passkeys(f.store, at(NULL), own.user_id, &passkeys_seen);
}

static int do_forget(void)
{
    return driver->forget(f.store, at(NULL));
}

static int do_health(void)
{
    struct state_health seen;
    return driver->health(f.store, at(NULL), &seen);
}

static const struct function {
    const char *name;
    int (*run)(void);
} functions[] = {
    {"claim", do_claim},
    {"claim_settle", do_settle},
    {"claim_find", do_find_claim},
    {"limit_take", do_limit},
    {"limit_give_back", do_give_back},
    {"task_put", do_put},
    {"task_put again", do_replace},
    {"task_take", do_take},
    {"task_find", do_find_task},
    {"task_done", do_done},
    {"task_done in turn", do_done_in_turn},
    {"task_put in turn", do_park_in_turn},
    {"task_counts", do_counts},
    {"tasks_parked", do_parked},
    {"cursor_find", do_find_cursor},
    {"cursor_move", do_move},
    {"record_find", do_find_record},
    {"record_replace", do_replace_record},
    {"passkey_add", do_add},
    {"passkey_find", do_find_passkey},
    {"passkey_use", do_use},
    {"passkey_remove", do_remove},
    {"passkeys", do_list},
    {"forget", do_forget},
    {"health", do_health},
};

/* --- what is in the store --------------------------------------------------------------------- */

static void fill(void)
{
    enum state_claim out;
    uint32_t wait_s;
    assert_int_equal(driver->forget(f.store, at(NULL)), 0);
    assert_int_equal(driver->claim(f.store, at("old"), 0, &sink, &out), 0); /* to be swept */
    assert_int_equal(driver->claim_settle(f.store, at("settled"), text("done")), 0);
    assert_int_equal(driver->limit_take(f.store, at("limit"), &few, &wait_s), 0);
    assert_int_equal(driver->limit_take(f.store, at("limit"), &few, &wait_s), 0);
    assert_int_equal(put_to("one", "held", START_S), 0);
    assert_int_equal(driver->task_take(f.store, at(NULL), 10, &sink), 0);
    assert_int_equal(put_to("other", "due", START_S), 0);
    assert_int_equal(put_task(at("parked"), STATE_PARKED_S, text("{}")), 0);
    assert_int_equal(
        driver->cursor_move(f.store, at("feed"), &(struct state_cursor_move){.to = text("1")}), 0);
    assert_int_equal(driver->record_replace(f.store, at("fact"), (struct lfi_slice){0}, text("a")),
                     0);
    assert_int_equal(driver->passkey_add(f.store, at("p-1"), &own), 0);
}

struct snapshot {
    size_t entries[TABLE_COUNT];
    uint64_t sum; /* of all keys and values */
};

static struct snapshot look(void)
{
    const struct lmdb_store *store = f.store;
    struct snapshot seen = {{0}, 0};
    MDB_txn *txn = NULL;
    MDB_val key, value;
    assert_int_equal(mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn), 0);
    for (int table = TABLE_COUNTS; table < TABLE_COUNT; table++) {
        MDB_cursor *cursor = NULL;
        assert_int_equal(mdb_cursor_open(txn, store->table[table], &cursor), 0);
        while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
            seen.entries[table]++;
            for (size_t i = 0; i < key.mv_size; i++) {
                seen.sum = seen.sum * 31 + ((const unsigned char *)key.mv_data)[i];
            }
            for (size_t i = 0; i < value.mv_size; i++) {
                seen.sum = seen.sum * 31 + ((const unsigned char *)value.mv_data)[i];
            }
        }
        mdb_cursor_close(cursor);
    }
    mdb_txn_abort(txn);
    return seen;
}

static void assert_sound(const struct snapshot *seen)
{
    struct state_task_counts counts;
    assert_int_equal(driver->task_counts(f.store, at(NULL), &counts), 0);
    assert_int_equal(seen->entries[TABLE_TASKS], seen->entries[TABLE_DUE]);
    assert_int_equal(seen->entries[TABLE_TASKS], counts.kept);
    assert_true(seen->entries[TABLE_TURNS] <= seen->entries[TABLE_TASKS]);
    assert_int_equal(seen->entries[TABLE_PASSKEYS], seen->entries[TABLE_OWNERS]);
    assert_true(seen->entries[TABLE_CLAIMS] <= seen->entries[TABLE_EXPIRY]);
}

static int run_one(void *ctx)
{
    const struct function *function = ctx;
    long left = atomic_exchange(&failing.left, 0);
    fill();
    f.error.message[0] = '\0';
    struct snapshot before = look();
    atomic_store(&failing.left, left);
    int rc = function->run();
    atomic_store(&failing.left, 0);
    struct lfi_error error = f.error;
    struct snapshot after = look();
    assert_sound(&after);
    if (rc != LFI_OK) {
        bool full = strstr(error.message, mdb_strerror(MDB_MAP_FULL));
        bool told = rc == (full ? LFI_UNAVAILABLE : LFI_FAILED) && error.message[0];
        if (!told || memcmp(&before, &after, sizeof(before)) != 0) {
            fail_msg("%s: %d, %s", function->name, rc, error.message);
        }
    }
    return rc;
}

static void each_failure_is_reported_and_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
        struct function function = functions[i];
        int silent;
        int calls = fail_each(run_one, &function, &silent);
        if (calls < 2 || silent != 0) {
            fail_msg("%s: %d calls failed, %d silently", function.name, calls, silent);
        }
    }
}

/* What a store that was changed by other hands may hold is told, never taken for something else. */
static void malformed_values_are_reported(void **state)
{
    static const struct {
        enum lmdb_table table;
        const char *key;
        size_t len;
    } places[] = {
        {TABLE_CLAIMS, "dhowretail\0settled", 18},
        {TABLE_TASKS, "dhowretail\0due", 14},
        {TABLE_PASSKEYS, "dhowretail\0u-1\0p-1", 18},
        {TABLE_COUNTS, "dhowretail\0", 11},
    };
    static int (*const readers[][4])(void) = {
        {do_find_claim, do_find_claim, do_find_claim, do_find_claim},
        {do_take, do_find_task, do_done, do_replace},
        {do_find_passkey, do_use, do_list, do_find_passkey},
        {do_counts, do_put, do_done, do_counts},
    };
    const struct lmdb_store *store = f.store;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        MDB_txn *txn = NULL;
        MDB_val key = {places[i].len, (void *)(uintptr_t)places[i].key};
        MDB_val value = {3, "odd"};
        fill();
        assert_int_equal(mdb_txn_begin(store->env, NULL, 0, &txn), 0);
        assert_int_equal(mdb_get(txn, store->table[places[i].table], &key, &(MDB_val){0, NULL}), 0);
        assert_int_equal(mdb_put(txn, store->table[places[i].table], &key, &value, 0), 0);
        assert_int_equal(mdb_txn_commit(txn), 0);
        for (size_t k = 0; k < 4; k++) {
            assert_int_equal(readers[i][k](), LFI_FAILED);
            assert_non_null(strstr(f.error.message, "malformed value"));
        }
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(each_failure_is_reported_and_changes_nothing),
        T(malformed_values_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
