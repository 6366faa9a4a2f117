// link: lfi-state
/* What is opened as the server's state, and what is refused; and whether it is well. */
#include "state/lmdb.h"

#include "base/array.h"

#include "state_fixture.h"

#include "state/state.h"

#include <fcntl.h>
#include <sys/wait.h>

static int open_again(void)
{
    close_store();
    f.error.message[0] = '\0';
    return driver->open(&f.store, &f.config, &f.error);
}

static void assert_refused(const char *why)
{
    assert_int_equal(open_again(), LFI_FAILED);
    assert_null(f.store);
    if (!strstr(f.error.message, why)) {
        fail_msg("%s", f.error.message);
    }
}

static void name_data_file(char out[128])
{
    (void)snprintf(out, 128, "%s/data.mdb", f.path);
}

static void the_folder_and_its_files_are_its_owners_alone(void **state)
{
    struct stat info;
    char file[128];
    (void)state;
    assert_int_equal(stat(f.path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    name_data_file(file);
    assert_int_equal(stat(file, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    (void)snprintf(file, sizeof(file), "%s/lock.mdb", f.path);
    assert_int_equal(stat(file, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void put_format(const char *value)
{
    struct lmdb_store *store = f.store;
    MDB_txn *txn = NULL;
    MDB_val key = {6, "format"};
    MDB_val format = {strlen(value), (void *)(uintptr_t)value};
    assert_int_equal(mdb_txn_begin(store->env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_put(txn, store->table[TABLE_META], &key, &format, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
}

static void another_format_is_refused(void **state)
{
    (void)state;
    assert_int_equal(open_again(), LFI_OK);
    put_format("lfi-state 0");
    assert_refused("format is \"lfi-state 0\", this version needs \"lfi-state 3\"");
    assert_non_null(strstr(f.error.message, f.path));
}

static void drop(enum lmdb_table table)
{
    struct lmdb_store *store = f.store;
    MDB_txn *txn;
    assert_int_equal(mdb_txn_begin(store->env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_drop(txn, store->table[table], 1), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    close_store();
}

static void a_store_that_lacks_a_table_is_refused(void **state)
{
    (void)state;
    drop(TABLE_DUE);
    assert_refused("is not a store of the server's state");
}

/* One that was made before there were figures and records. */
static void a_store_of_before_gains_the_younger_tables(void **state)
{
    const struct state_figure figure = {.day = 1, .operation = text("a"), .failed = 1};
    (void)state;
    drop(TABLE_FIGURES);
    open_store();
    assert_int_equal(driver->figures_add(f.store, at(NULL), &figure, 1), LFI_OK);
    drop(TABLE_RECORDS);
    open_store();
    assert_int_equal(driver->record_find(f.store, at("a"), &sink), LFI_UNKNOWN);
}

/* Another program's data are neither used nor changed. */
static void another_programs_store_is_refused(void **state)
{
    MDB_env *env = NULL;
    MDB_txn *txn = NULL;
    MDB_dbi own;
    char file[128];
    (void)state;
    close_store();
    name_data_file(file);
    assert_int_equal(unlink(file), 0);
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 1), 0);
    assert_int_equal(mdb_env_open(env, f.path, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, "own", MDB_CREATE, &own), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
    assert_refused("is not a store of the server's state");
}

static void a_damaged_file_is_refused(void **state)
{
    static char garbage[65536];
    char file[128];
    (void)state;
    close_store();
    memset(garbage, 'x', sizeof(garbage));
    name_data_file(file);
    int fd = open(file, O_WRONLY | O_TRUNC);
    assert_int_equal(write(fd, garbage, sizeof(garbage)), sizeof(garbage));
    assert_int_equal(close(fd), 0);
    assert_refused("not an LMDB file");
    assert_non_null(strstr(f.error.message, f.path));
}

static void what_is_no_folder_is_refused(void **state)
{
    char missing[128], file[128];
    (void)state;
    name_data_file(file);
    f.config.path = file;
    assert_refused("is not a folder that can be written");
    (void)snprintf(missing, sizeof(missing), "%s/none/state", f.dir);
    f.config.path = missing;
    assert_refused("cannot be made");
    f.config.create = false;
    assert_refused("cannot be made");
}

/* A look makes nothing, and is content when a start could make it. */
static void a_look_makes_nothing(void **state)
{
    char other[128];
    struct stat info;
    (void)state;
    (void)snprintf(other, sizeof(other), "%s/other", f.dir);
    f.config.path = other;
    f.config.create = false;
    assert_int_equal(open_again(), LFI_OK);
    assert_null(f.store);
    assert_int_not_equal(stat(other, &info), 0);
    assert_int_equal(mkdir(other, 0700), 0);
    assert_int_equal(open_again(), LFI_OK);
    assert_null(f.store);
    assert_int_equal(rmdir(other), 0); /* still empty */
    f.config.path = f.path;
    assert_int_equal(open_again(), LFI_OK);
    assert_non_null(f.store);
}

static void reader_slots_follow_the_threads(void **state)
{
    void *second = NULL;
    struct state_config larger = f.config;
    unsigned slots = 0;
    struct lmdb_store *store = f.store;
    (void)state;
    assert_int_equal(mdb_env_get_maxreaders(store->env, &slots), 0);
    assert_int_equal(slots, 8 * 2 + 64);
    larger.threads = 81;
    pid_t child = fork(); /* another process, while this one has it open */
    if (child == 0) {
        int rc = driver->open(&second, &larger, &f.error);
        _exit(rc == LFI_FAILED && strstr(f.error.message, "80 reader slots, 81 threads") ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* --- health ----------------------------------------------------------------------------------- */

static int health(struct state_health *out)
{
    return driver->health(f.store, at(NULL), out);
}

static void health_tells_use_and_loss(void **state)
{
    struct state_health seen;
    char file[128], away[140];
    (void)state;
    name_data_file(file);
    (void)snprintf(away, sizeof(away), "%s.away", file);
    assert_int_equal(health(&seen), LFI_OK);
    assert_int_equal(seen.limit_bytes, INT64_C(64) << 20);
    assert_true(seen.used_bytes > 0 && seen.used_bytes < 1024 * 1024);
    assert_int_equal(rename(file, away), 0);
    assert_int_equal(health(&seen), LFI_FAILED);
    assert_non_null(strstr(f.error.message, "the store was removed: "));
    int fd = open(file, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(close(fd), 0);
    assert_int_equal(health(&seen), LFI_FAILED);
    assert_non_null(strstr(f.error.message, "the store was replaced"));
    assert_int_equal(rename(away, file), 0);
    assert_int_equal(health(&seen), LFI_OK);
}

/* --- the face --------------------------------------------------------------------------------- */

static void a_driver_that_is_not_there_is_refused(void **state)
{
    const struct clock clock = {0};
    struct state *opened = NULL;
    (void)state;
    close_store();
    f.config.driver = "none";
    assert_int_not_equal(state_open(&opened, &f.config, &clock, &f.error), 0);
    assert_string_equal(f.error.message, "there is no driver none");
    assert_null(opened);
}

/* What was to be a key, but for want of memory is none. */
static void an_absent_key_is_refused(void **state)
{
    const struct clock clock = {0};
    struct state *opened = NULL;
    (void)state;
    close_store();
    assert_int_equal(state_open(&opened, &f.config, &clock, &f.error), 0);
    const struct state_ref none = {.state = opened, .provider_id = PROVIDER};
    const struct state_task task = {.due_s = START_S, .record = text("{}")};
    assert_int_equal(state_task_find(&none, &sink, &f.error), LFI_FAILED);
    assert_string_equal(f.error.message, "out of memory");
    assert_int_equal(state_claim_settle(&none, text("done"), NULL), LFI_FAILED);
    assert_int_equal(state_task_put(&none, &task, NULL), LFI_FAILED);
    state_close(opened);
}

static void keys_tell_customers_and_subjects_apart(void **state)
{
    struct arena *arena = arena_new(4096);
    const struct lfi_slice nobody = {0};
    (void)state;
    struct lfi_slice keys[] = {
        state_key(arena, "kind", text("ab"), text("c")),
        state_key(arena, "kind", text("a"), text("bc")),
        state_key(arena, "kind", nobody, text("abc")),
        state_key(arena, "kind", text("abc"), nobody),
        state_key(arena, "other", text("ab"), text("c")),
    };
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        assert_true(keys[i].len > 0 && keys[i].len <= STATE_KEY_MAX);
        for (size_t j = 0; j < i; j++) {
            assert_false(slice_equal(keys[i], keys[j]));
        }
    }
    assert_true(slice_equal(keys[0], state_key(arena, "kind", text("ab"), text("c"))));
    assert_null(state_key(arena, "kind", nobody, nobody).ptr);
    arena_free(arena);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(the_folder_and_its_files_are_its_owners_alone),
        T(another_format_is_refused),
        T(a_store_that_lacks_a_table_is_refused),
        T(a_store_of_before_gains_the_younger_tables),
        T(another_programs_store_is_refused),
        T(a_damaged_file_is_refused),
        T(what_is_no_folder_is_refused),
        T(a_look_makes_nothing),
        T(reader_slots_follow_the_threads),
        T(health_tells_use_and_loss),
        T(a_driver_that_is_not_there_is_refused),
        T(an_absent_key_is_refused),
        T(keys_tell_customers_and_subjects_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
