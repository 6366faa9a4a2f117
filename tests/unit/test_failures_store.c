// link: lfi-store
/*
 * Sign-in and approvals when the storage fails: every call that may fail fails once, and the store
 * stays as it was. What is malformed in the store is told, never taken for something else.
 */
#include "store/internal.h"

#include "failing.h"
#include "store_reads.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

FAILING(void *, NULL, malloc, (size_t size), (size))
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
/* A commit that fails has ended its transaction. */
static int abort_instead(MDB_txn *txn)
{
    mdb_txn_abort(txn);
    return MDB_PANIC;
}
FAILING(int, abort_instead(txn), mdb_txn_commit, (MDB_txn * txn), (txn))
FAILING(bool, false, password_hash,
        (struct lfi_slice password, struct lfi_slice salt, uint32_t rounds,
         unsigned char out[PASSWORD_HASH_BYTES]),
        (password, salt, rounds, out))
FAILING(bool, false, store_new_id, (struct lfi_id * out), (out))

#define ALIA "user-1"
#define ROUNDS 1000
#define SECOND_US INT64_C(1000000)

static struct fixture {
    char dir[64], path[96];
    int64_t now_us;
    struct store *store;
} f;

static struct lfi_slice text(const char *s)
{
    return (struct lfi_slice){s, strlen(s)};
}

static int64_t fixture_now(void *clock)
{
    return ((struct fixture *)clock)->now_us;
}

static int set_up(void **state)
{
    struct store_builder *builder = NULL;
    struct store_user alia = {ALIA, "alia", "open sesame", "salt-1", false, ROUNDS};
    (void)state;
    f = (struct fixture){.dir = "/tmp/lfi-failures-XXXXXX",
                         .now_us = INT64_C(1700000000) * SECOND_US};
    assert_non_null(mkdtemp(f.dir));
    (void)snprintf(f.path, sizeof(f.path), "%s/store", f.dir);
    assert_int_equal(store_builder_new(&builder, f.path, "retail", NULL), 0);
    assert_int_equal(store_builder_user(builder, &alia, NULL), 0);
    assert_int_equal(store_builder_commit(builder, NULL), 0);
    struct store_options options = {f.path, "retail", fixture_now, &f, 0, 0,
                                    0,      ROUNDS,   false,       0,  0};
    return store_open(&f.store, &options, NULL);
}

static int tear_down(void **state)
{
    char file[128];
    (void)state;
    store_close(f.store);
    (void)snprintf(file, sizeof(file), "%s/data.mdb", f.path);
    (void)unlink(file);
    (void)snprintf(file, sizeof(file), "%s/lock.mdb", f.path);
    (void)unlink(file);
    (void)rmdir(f.path);
    return rmdir(f.dir);
}

/* Puts a value, whatever it is, in the place of one. */
static void put(enum store_db db, const void *key, size_t key_len, const void *value, size_t len)
{
    MDB_txn *txn = NULL;
    MDB_val where = {key_len, (void *)(uintptr_t)key};
    MDB_val what = {len, (void *)(uintptr_t)value};
    assert_int_equal(mdb_txn_begin(f.store->env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_put(txn, f.store->db[db], &where, &what, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
}

static void assert_told(int rc, const struct lfi_error *error)
{
    if (rc == LFI_OK) {
        assert_string_equal(error->message, "");
    } else {
        bool full = strstr(error->message, mdb_strerror(MDB_MAP_FULL));
        assert_int_equal(rc, full ? LFI_UNAVAILABLE : LFI_FAILED);
        assert_string_not_equal(error->message, "");
    }
}

static void assert_each_is_reported(int (*run)(void *ctx), void *ctx, int calls)
{
    int silent;
    assert_int_equal(fail_each(run, ctx, &silent), calls);
    assert_int_equal(silent, 0);
}

/* --- sign-in ---------------------------------------------------------------------------------- */

static int sign_in(void *password)
{
    struct lfi_id id;
    struct lfi_error error = {""};
    int rc = store_sign_in(f.store, text("alia"), text(password), &id, &error);
    if (rc == LFI_DENIED) {
        assert_string_equal(id.text, "");
        return strcmp(password, "wrong") == 0 ? 0 : rc;
    }
    assert_told(rc, &error);
    if (rc == LFI_OK) {
        assert_string_equal(password, "open sesame");
        assert_string_equal(id.text, ALIA);
    }
    return rc;
}

static void a_sign_in_that_cannot_be_judged_is_none(void **state)
{
    char right[] = "open sesame";
    char wrong[] = "wrong";
    (void)state;
    int silent;
    /* transaction, login, hash, transaction, user */
    assert_each_is_reported(sign_in, right, 5);
    /* reads no user, and without a hash it is as wrong as with one */
    assert_int_equal(fail_each(sign_in, wrong, &silent), 3);
    assert_int_equal(silent, 1);
    assert_int_equal(sign_in(right), 0);
}

/* Each sign-in finds a hash of more rounds than wanted, and renews it. */
static int sign_in_and_renew(void *password)
{
    f.store->password_rounds--;
    return sign_in(password);
}

static void a_hash_that_cannot_be_renewed_is_reported(void **state)
{
    char right[] = "open sesame";
    (void)state;
    /* transaction, login, hash, new hash, transaction, login, put, commit, transaction, user */
    assert_each_is_reported(sign_in_and_renew, right, 10);
}

static int may_sign_in(void *user)
{
    struct lfi_error error = {""};
    const struct lfi_call call = {.size = sizeof(call)};
    int rc = store_signin.may_sign_in(f.store, &call, text(user), &error);
    assert_told(rc, &error);
    return rc;
}

static int take_none(struct lfi_answer *answer, struct lfi_slice json, const void *facts)
{
    (void)answer, (void)json, (void)facts;
    return 1;
}

static void a_filter_of_approvals_that_is_not_known_is_refused(void **state)
{
    struct lfi_error error = {""};
    const struct lfi_call call = {.size = sizeof(call)};
    struct lfi_answer answer = {.size = sizeof(answer), .record = take_none};
    const struct {
        struct lfi_query query;
        uint64_t filter;
    } newer = {{.size = sizeof(newer), .subject_id = text(ALIA)}, 1};
    (void)state;
    assert_int_equal(store_signin.approvals_waiting(f.store, &call, &newer.query, &answer, &error),
                     LFI_FAILED);
    assert_string_not_equal(error.message, "");
}

static void who_may_sign_in_is_told_or_not(void **state)
{
    char user[] = ALIA;
    (void)state;
    assert_each_is_reported(may_sign_in, user, 2); /* transaction, user */
}

static void a_malformed_login_is_reported(void **state)
{
    struct lfi_id id;
    struct lfi_error error = {""};
    struct {
        struct login_value head;
        char rest[400];
    } value = {.head = {1, 4, PASSWORD_HASH_BYTES, 6, 0}};
    const size_t right = sizeof(value.head) + 4 + PASSWORD_HASH_BYTES + 6;
    (void)state;
    put(DB_LOGINS, "alia", 4, &value, sizeof(value.head) - 1);
    assert_int_equal(store_sign_in(f.store, text("alia"), text("x"), &id, &error), LFI_FAILED);
    assert_string_equal(error.message, "login: malformed value");
    put(DB_LOGINS, "alia", 4, &value, right + 1);
    assert_int_equal(store_sign_in(f.store, text("alia"), text("x"), &id, &error), LFI_FAILED);
    value.head.hash_len--;
    put(DB_LOGINS, "alia", 4, &value, right - 1);
    assert_int_equal(store_sign_in(f.store, text("alia"), text("x"), &id, &error), LFI_FAILED);
    value.head.hash_len++;
    value.head.user_len = STORE_ID_MAX + 1;
    put(DB_LOGINS, "alia", 4, &value, right - 6 + STORE_ID_MAX + 1);
    assert_int_equal(store_sign_in(f.store, text("alia"), text("x"), &id, &error), LFI_FAILED);
    value.head.user_len = 6;
    value.head.salt_len = 257;
    put(DB_LOGINS, "alia", 4, &value, right - 4 + 257);
    assert_int_equal(store_sign_in(f.store, text("alia"), text("x"), &id, &error), LFI_FAILED);
    value.head.salt_len = 4;
    put(DB_LOGINS, "alia", 4, &value, right);
    assert_int_equal(store_sign_in(f.store, text("alia"), text("x"), &id, &error), LFI_DENIED);
}

static void a_customer_without_a_record_is_reported(void **state)
{
    struct lfi_id id;
    struct lfi_error error = {""};
    MDB_txn *txn = NULL;
    MDB_val key = {strlen(ALIA), ALIA};
    (void)state;
    put(DB_USERS, ALIA, strlen(ALIA), "", 0);
    assert_int_equal(store_sign_in(f.store, text("alia"), text("open sesame"), &id, &error), 0);
    assert_int_equal(mdb_txn_begin(f.store->env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_del(txn, f.store->db[DB_USERS], &key, NULL), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    assert_int_equal(store_sign_in(f.store, text("alia"), text("open sesame"), &id, &error),
                     LFI_FAILED);
    assert_string_not_equal(error.message, "");
}

/* --- approvals -------------------------------------------------------------------------------- */

static int count(void *ctx, struct lfi_slice record)
{
    (void)record;
    (*(unsigned *)ctx)++;
    return 0;
}

static int stop(void *ctx, struct lfi_slice record)
{
    (void)ctx;
    (void)record;
    return 1;
}

static unsigned waiting(void)
{
    unsigned seen = 0;
    struct record_sink sink = {count, &seen};
    assert_int_equal(store_approvals_waiting(f.store, text(ALIA), sink, NULL), 0);
    return seen;
}

static struct lfi_id start(void)
{
    struct lfi_id id;
    assert_int_equal(store_approval_start(f.store, text(ALIA), text("{}"), 60, &id, NULL), 0);
    return id;
}

/* Room is made, so that something is deleted; what failed changes nothing. */
static int start_one_more(void *ctx)
{
    struct lfi_id id;
    struct lfi_error error = {""};
    (void)ctx;
    int rc = store_approval_start(f.store, text(ALIA), text("{}"), 60, &id, &error);
    assert_told(rc, &error);
    return rc;
}

static void an_approval_that_cannot_be_kept_is_reported(void **state)
{
    (void)state;
    struct lfi_id first = start();
    for (int i = 0; i < 15; i++) {
        start();
    }
    assert_int_equal(store_approval_decide(f.store, text(ALIA), text(first.text), 1, NULL), 0);
    /* id, transaction, walk, deletion, put, commit */
    assert_each_is_reported(start_one_more, NULL, 6);
    assert_int_equal(waiting(), 16);
}

/* Whether one of this purpose may be asked for while another waits. */
static int start_beside(const char *waits, const char *purpose)
{
    struct lfi_id id, other;
    assert_int_equal(store_approval_start(f.store, text(ALIA), text(waits), 60, &id, NULL), 0);
    int rc = store_approval_start(f.store, text(ALIA), text(purpose), 60, &other, NULL);
    if (rc == LFI_OK) {
        assert_int_equal(store_approval_decide(f.store, text(ALIA), text(other.text), 0, NULL), 0);
    }
    assert_int_equal(store_approval_decide(f.store, text(ALIA), text(id.text), 0, NULL), 0);
    return rc;
}

static void one_of_a_kind_waits(void **state)
{
    (void)state;
    assert_int_equal(start_beside("{\"kind\":\"a\"}", "{\"kind\":\"a\"}"), LFI_DENIED);
    assert_int_equal(start_beside("{\"kind\":\"a\"}", "{\"kind\":\"b\"}"), LFI_OK);
    assert_int_equal(start_beside("{}", "{\"kind\":\"a\"}"), LFI_OK);
    assert_int_equal(start_beside("{\"kind\":1}", "{\"kind\":\"a\"}"), LFI_OK);
    assert_int_equal(start_beside("{\"kind\":\"a\"}", "{}"), LFI_OK);
}

static void an_unreadable_purpose_may_be_of_any_kind(void **state)
{
    static const char purpose[] = "{\"kind\":\"a\"}";
    char broken[256];
    struct lfi_id id;
    struct store_key key;
    MDB_txn *txn = NULL;
    MDB_val value;
    (void)state;
    assert_int_equal(store_approval_start(f.store, text(ALIA), text(purpose), 60, &id, NULL), 0);
    assert_true(key_pair(&key, text(ALIA), text(id.text)));
    MDB_val where = key_val(&key);
    assert_int_equal(mdb_txn_begin(f.store->env, NULL, MDB_RDONLY, &txn), 0);
    assert_int_equal(mdb_get(txn, f.store->db[DB_APPROVALS], &where, &value), 0);
    assert_true(value.mv_size <= sizeof(broken));
    size_t cut = value.mv_size - 1;
    memcpy(broken, value.mv_data, cut);
    mdb_txn_abort(txn);
    put(DB_APPROVALS, key.bytes, key.len, broken, cut);
    assert_int_equal(
        store_approval_start(f.store, text(ALIA), text("{\"kind\":\"b\"}"), 60, &id, NULL),
        LFI_DENIED);
}

static int read_all(void *ctx)
{
    enum lfi_approval_state state;
    struct lfi_error error = {""};
    unsigned seen = 0;
    struct record_sink sink = {count, &seen};
    int rc = store_approval_state(f.store, text(ALIA), text(ctx), &state, &error);
    assert_told(rc, &error);
    if (rc == LFI_OK) {
        assert_int_equal(state, LFI_APPROVAL_WAITING);
        rc = store_approvals_waiting(f.store, text(ALIA), sink, &error);
        assert_told(rc, &error);
        assert_int_equal(seen, rc == LFI_OK);
    }
    return rc;
}

static void an_approval_that_cannot_be_read_is_reported(void **state)
{
    struct lfi_id id = start();
    (void)state;
    assert_each_is_reported(read_all, id.text, 4);
}

/* Each decides an approval of its own: a failure leaves it waiting. */
static int decide_one(void *ctx)
{
    struct lfi_error error = {""};
    enum lfi_approval_state state;
    struct lfi_id id;
    int *approve = ctx;
    long left = atomic_exchange(&failing.left, 0);
    id = start();
    atomic_store(&failing.left, left);
    int rc = store_approval_decide(f.store, text(ALIA), text(id.text), *approve, &error);
    atomic_store(&failing.left, 0);
    assert_told(rc, &error);
    assert_int_equal(store_approval_state(f.store, text(ALIA), text(id.text), &state, NULL), 0);
    assert_int_equal(state, rc != LFI_OK ? LFI_APPROVAL_WAITING
                            : *approve   ? LFI_APPROVAL_APPROVED
                                         : LFI_APPROVAL_DENIED);
    return rc;
}

static void a_decision_that_cannot_be_kept_is_reported(void **state)
{
    int approve = 1;
    (void)state;
    /* transaction, approval, copy, put, commit */
    assert_each_is_reported(decide_one, &approve, 5);
    approve = 0;
    assert_each_is_reported(decide_one, &approve, 5);
}

static void what_was_never_an_approval_is_unknown(void **state)
{
    enum lfi_approval_state approval;
    char long_id[STORE_KEY_MAX + 1];
    unsigned seen = 0;
    struct record_sink sink = {count, &seen};
    struct lfi_slice too_long = {long_id, sizeof(long_id)};
    struct lfi_id id;
    struct store *s = f.store;
    (void)state;
    memset(long_id, 'x', sizeof(long_id));
    const struct lfi_slice ids[] = {text("none"), too_long};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(store_approval_state(s, text(ALIA), ids[i], &approval, NULL), LFI_UNKNOWN);
        assert_int_equal(store_approval_decide(s, text(ALIA), ids[i], 1, NULL), LFI_UNKNOWN);
    }
    assert_int_equal(store_approvals_waiting(s, too_long, sink, NULL), LFI_UNKNOWN);
    assert_int_equal(store_approval_start(s, too_long, text("{}"), 60, &id, NULL), LFI_FAILED);
    assert_int_equal(seen, 0);
}

static void a_customer_whose_id_is_too_long_has_none(void **state)
{
    char long_id[STORE_KEY_MAX - 10];
    struct lfi_slice user_id = {long_id, sizeof(long_id)};
    struct lfi_error error = {""};
    struct lfi_id id;
    (void)state;
    memset(long_id, 'x', sizeof(long_id));
    assert_int_equal(store_approval_start(f.store, user_id, text("{}"), 60, &id, &error),
                     LFI_FAILED);
    assert_string_equal(error.message, "approval: refused");
}

static void what_is_decided_waits_no_longer(void **state)
{
    struct lfi_id id = start();
    (void)state;
    start();
    assert_int_equal(waiting(), 2);
    assert_int_equal(store_approval_decide(f.store, text(ALIA), text(id.text), 1, NULL), 0);
    assert_int_equal(waiting(), 1);
}

static void a_purpose_is_bounded(void **state)
{
    static char purpose[4097];
    struct lfi_id id;
    struct lfi_error error = {""};
    (void)state;
    memset(purpose, '1', sizeof(purpose));
    assert_int_equal(store_approval_start(f.store, text(ALIA), (struct lfi_slice){purpose, 4097},
                                          60, &id, &error),
                     LFI_FAILED);
    assert_string_not_equal(error.message, "");
    assert_int_equal(store_approval_start(f.store, text(ALIA), (struct lfi_slice){purpose, 4096},
                                          60, &id, &error),
                     0);
    assert_int_equal(waiting(), 1);
}

static void who_has_seen_enough_gets_no_more(void **state)
{
    struct record_sink sink = {stop, NULL};
    (void)state;
    start();
    assert_int_equal(store_approvals_waiting(f.store, text(ALIA), sink, NULL), LFI_STOPPED);
}

/* It cannot be decided, is not listed, and does not stop new ones. */
static void a_malformed_approval_is_none(void **state)
{
    struct store_key key;
    enum lfi_approval_state approval;
    struct lfi_error error = {""};
    (void)state;
    assert_true(key_pair(&key, text(ALIA), text("broken")));
    put(DB_APPROVALS, key.bytes, key.len, "short", 5);
    assert_int_equal(store_approval_state(f.store, text(ALIA), text("broken"), &approval, &error),
                     LFI_FAILED);
    assert_string_equal(error.message, "approval: malformed value");
    assert_int_equal(store_approval_decide(f.store, text(ALIA), text("broken"), 1, NULL),
                     LFI_UNKNOWN);
    assert_int_equal(waiting(), 0);
    for (int i = 0; i < 16; i++) {
        start();
    }
    assert_int_equal(waiting(), 16);
}

/* There is nothing to tell their age by, and none of them is a reason to refuse another. */
static void malformed_approvals_do_not_keep_others_away(void **state)
{
    static char long_purpose[8192];
    struct store_key key;
    char id[16];
    (void)state;
    for (int i = 0; i < 16; i++) {
        (void)snprintf(id, sizeof(id), "b-%d", i);
        assert_true(key_pair(&key, text(ALIA), text(id)));
        put(DB_APPROVALS, key.bytes, key.len, "short", 5);
    }
    start();
    assert_int_equal(waiting(), 1);
    const int64_t head[] = {f.now_us + 60 * SECOND_US, LFI_APPROVAL_WAITING};
    memset(long_purpose, '1', sizeof(long_purpose));
    memcpy(long_purpose, head, sizeof(head));
    put(DB_APPROVALS, key.bytes, key.len, long_purpose, sizeof(long_purpose));
    assert_int_equal(waiting(), 1); /* a purpose that no approval may have */
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_sign_in_that_cannot_be_judged_is_none),
        T(a_malformed_login_is_reported),
        T(a_customer_without_a_record_is_reported),
        T(a_hash_that_cannot_be_renewed_is_reported),
        T(who_may_sign_in_is_told_or_not),
        T(a_filter_of_approvals_that_is_not_known_is_refused),
        T(one_of_a_kind_waits),
        T(an_unreadable_purpose_may_be_of_any_kind),
        T(an_approval_that_cannot_be_kept_is_reported),
        T(an_approval_that_cannot_be_read_is_reported),
        T(a_decision_that_cannot_be_kept_is_reported),
        T(what_was_never_an_approval_is_unknown),
        T(a_customer_whose_id_is_too_long_has_none),
        T(what_is_decided_waits_no_longer),
        T(a_purpose_is_bounded),
        T(who_has_seen_enough_gets_no_more),
        T(a_malformed_approval_is_none),
        T(malformed_approvals_do_not_keep_others_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
