// link: lfi-store dl
/*
 * Passkeys in the store, and the work that a sign-in does: the same whether the login exists or
 * not. Work is counted, not timed: hash rounds and write transactions, seen by standing in
 * front of the libraries.
 */
#define _GNU_SOURCE
#include "store/core_ops.h"
#include "store/internal.h"

#include <dlfcn.h>
#include <lmdb.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ALIA "user-1"
#define BADR "user-2" /* blocked */
#define DANA "user-3" /* with a hash of former days */
#define ROUNDS 10000
#define OLD_ROUNDS 1000
#define DEFAULT_ROUNDS 600000
#define START_US INT64_C(1700000000000000)

static struct lfi_slice text(const char *s)
{
    return (struct lfi_slice){s, strlen(s)};
}

/* --- counting --------------------------------------------------------------------------------- */

static struct work {
    unsigned rounds, hashes, writes, puts;
} work;

int PKCS5_PBKDF2_HMAC(const char *password, int password_len, const unsigned char *salt,
                      int salt_len, int rounds, const EVP_MD *digest, int key_len,
                      unsigned char *out)
{
    int (*real)(const char *, int, const unsigned char *, int, int, const EVP_MD *, int,
                unsigned char *) = NULL;
    *(void **)&real = dlsym(RTLD_NEXT, "PKCS5_PBKDF2_HMAC");
    work.hashes++;
    work.rounds += (unsigned)rounds;
    return real(password, password_len, salt, salt_len, rounds, digest, key_len, out);
}

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

/* --- a store with two customers --------------------------------------------------------------- */

struct fixture {
    char dir[64];
    char path[96];
    int64_t now_us;
    struct store *store;
};

static int64_t fixture_now(void *clock)
{
    return ((struct fixture *)clock)->now_us;
}

static void open_with(struct fixture *f, uint32_t password_rounds)
{
    struct store_options options = {.path = f->path,
                                    .segment = "retail",
                                    .now_us = fixture_now,
                                    .clock = f,
                                    .max_tasks = 8,
                                    .password_rounds = password_rounds};
    store_close(f->store);
    assert_int_equal(store_open(&f->store, &options, NULL), 0);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct store_builder *builder = NULL;
    struct store_user alia = {ALIA, "alia", "open sesame", "salt-1", false, ROUNDS};
    struct store_user badr = {BADR, "badr", "open sesame", "salt-2", true, ROUNDS};
    struct store_user dana = {DANA, "dana", "open sesame", "salt-3", false, OLD_ROUNDS};
    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/lfi-signin-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(f->path, sizeof(f->path), "%s/store", f->dir);
    f->now_us = START_US;
    assert_int_equal(store_builder_new(&builder, f->path, "retail", NULL), 0);
    assert_int_equal(store_builder_user(builder, &alia, NULL), 0);
    assert_int_equal(store_builder_user(builder, &badr, NULL), 0);
    assert_int_equal(store_builder_user(builder, &dana, NULL), 0);
    assert_int_equal(store_builder_commit(builder, NULL), 0);
    open_with(f, ROUNDS);
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

/* --- sign-in ---------------------------------------------------------------------------------- */

static struct work work_of(struct fixture *f, const char *login, const char *password)
{
    struct lfi_id id;
    work = (struct work){0};
    assert_int_equal(store_sign_in(f->store, text(login), text(password), &id, NULL),
                     LFI_CORE_DENIED);
    assert_string_equal(id.text, "");
    return work;
}

static void sign_in_works_alike_for_every_login(void **state)
{
    struct fixture *f = *state;
    char long_login[200];
    memset(long_login, 'x', sizeof(long_login) - 1);
    long_login[sizeof(long_login) - 1] = '\0';
    struct work known = work_of(f, "alia", "wrong");
    assert_int_equal(known.hashes, 1);
    assert_int_equal(known.rounds, ROUNDS);
    assert_int_equal(known.writes, 0);
    static const char *const others[] = {"nobody", "", "badr"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct work other = work_of(f, others[i], "wrong");
        assert_memory_equal(&other, &known, sizeof(known));
    }
    struct work unknown = work_of(f, long_login, "wrong");
    assert_memory_equal(&unknown, &known, sizeof(known));
}

static struct work sign_in_as_dana(struct fixture *f)
{
    struct lfi_id id;
    work = (struct work){0};
    assert_int_equal(store_sign_in(f->store, text("dana"), text("open sesame"), &id, NULL), 0);
    assert_string_equal(id.text, DANA);
    return work;
}

static void assert_renews(struct fixture *f, uint32_t rounds)
{
    struct work wrong = work_of(f, "dana", "wrong"); /* takes as long as with a new hash */
    assert_int_equal(wrong.rounds, rounds);
    assert_int_equal(wrong.writes, 0);
    struct work renewing = sign_in_as_dana(f);
    assert_int_equal(renewing.puts, 1);
    struct work renewed = sign_in_as_dana(f);
    assert_int_equal(renewed.hashes, 1);
    assert_int_equal(renewed.rounds, rounds);
    assert_int_equal(renewed.writes, 0);
    struct work after = work_of(f, "dana", "wrong");
    assert_int_equal(after.rounds, rounds);
}

static void an_old_hash_is_renewed_by_the_right_password_alone(void **state)
{
    assert_renews(*state, ROUNDS);
}

/* Each login works alike again, as soon as it was used. */
static void a_hash_of_more_rounds_is_renewed(void **state)
{
    struct fixture *f = *state;
    open_with(f, OLD_ROUNDS / 2);
    struct work renewing = sign_in_as_dana(f);
    assert_int_equal(renewing.puts, 1);
    struct work known = work_of(f, "dana", "wrong");
    struct work unknown = work_of(f, "nobody", "wrong");
    assert_int_equal(known.rounds, OLD_ROUNDS / 2);
    assert_memory_equal(&unknown, &known, sizeof(known));
}

static void a_store_without_the_setting_makes_600000_rounds(void **state)
{
    struct fixture *f = *state;
    open_with(f, 0);
    struct work unknown = work_of(f, "nobody", "wrong");
    assert_int_equal(unknown.rounds, DEFAULT_ROUNDS);
    assert_renews(f, DEFAULT_ROUNDS);
}

static void a_new_hash_takes_600000_rounds(void **state)
{
    struct fixture *f = *state;
    struct store_builder *builder = NULL;
    struct store_user eman = {.user_id = "user-4", .login = "eman", .password = "x", .salt = "s"};
    char path[128];
    (void)snprintf(path, sizeof(path), "%s-new", f->path);
    assert_int_equal(store_builder_new(&builder, path, "retail", NULL), 0);
    work = (struct work){0};
    assert_int_equal(store_builder_user(builder, &eman, NULL), 0);
    assert_int_equal(work.rounds, DEFAULT_ROUNDS);
    store_builder_abandon(builder);
}

/* --- the cores' setting ----------------------------------------------------------------------- */

static int open_core(struct fixture *f, const char *more, uint32_t *rounds, struct lfi_error *error)
{
    char settings[256];
    void *core = NULL;
    (void)snprintf(settings, sizeof(settings), "{\"store\":\"%s\"%s}", f->path, more);
    const struct lfi_core_config config = {.provider_id = "dhow",
                                           .settings = settings,
                                           .base_dir = "",
                                           .now_us = fixture_now,
                                           .clock = f};
    *error = (struct lfi_error){""};
    store_close(f->store); /* LMDB forbids to open it twice */
    f->store = NULL;
    int rc = store_core_open(&core, &config, "retail", error);
    *rounds = core ? ((struct store *)core)->password_rounds : 0;
    store_close(core);
    return rc;
}

static void password_rounds_are_a_setting_with_bounds(void **state)
{
    static const struct {
        const char *more;
        uint32_t rounds; /* 0: refused */
        bool warned;
    } cases[] = {
        {"", DEFAULT_ROUNDS, false},
        {",\"passwordRounds\":600000", DEFAULT_ROUNDS, false},
        {",\"passwordRounds\":599999", 599999, true},
        {",\"passwordRounds\":10000", 10000, true},
        {",\"passwordRounds\":9999", 0, false},
        {",\"passwordRounds\":10000000", 10000000, false},
        {",\"passwordRounds\":10000001", 0, false},
        {",\"passwordRounds\":\"10000\"", 0, false},
    };
    struct lfi_error error;
    uint32_t rounds;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int rc = open_core(*state, cases[i].more, &rounds, &error);
        assert_int_equal(rounds, cases[i].rounds);
        if (cases[i].rounds == 0) {
            assert_int_equal(rc, LFI_CORE_FAILED);
            assert_string_equal(error.message,
                                "core settings: passwordRounds must be between 10000 and 10000000");
        } else {
            assert_int_equal(rc, LFI_CORE_OK);
            assert_int_equal(strstr(error.message, "need 600000") != NULL, cases[i].warned);
        }
    }
}

/* --- rate limits ------------------------------------------------------------------------------ */

static uint32_t wait_of(struct fixture *f, const char *key, const struct lfi_allowance *allowance)
{
    uint32_t wait_s = 0;
    assert_int_equal(store_allow(f->store, text(key), allowance, &wait_s, NULL), 0);
    return wait_s;
}

static void gaps_grow_after_the_free_uses(void **state)
{
    struct fixture *f = *state;
    const struct lfi_allowance growing = {
        .times = 64, .window_s = 3600, .free = 3, .growing_gap_s = 30};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(wait_of(f, "k", &growing), 0);
    }
    for (uint32_t gap = 30; gap <= 960; gap *= 2) {
        assert_int_equal(wait_of(f, "k", &growing), gap);
        f->now_us += (int64_t)(gap - 1) * 1000000;
        assert_int_equal(wait_of(f, "k", &growing), 1); /* a refused use does not make it longer */
        f->now_us += 1000000;
        assert_int_equal(wait_of(f, "k", &growing), 0);
    }
    assert_int_equal(wait_of(f, "other", &growing), 0);
    f->now_us += INT64_C(3601) * 1000000;
    assert_int_equal(wait_of(f, "k", &growing), 0);
}

static void a_use_given_back_does_not_count(void **state)
{
    struct fixture *f = *state;
    const struct lfi_allowance growing = {
        .times = 64, .window_s = 3600, .free = 2, .growing_gap_s = 30};
    for (int i = 0; i < 10; i++) {
        assert_int_equal(wait_of(f, "k", &growing), 0);
        assert_int_equal(store_allow_undo(f->store, text("k"), NULL), 0);
    }
    assert_int_equal(wait_of(f, "k", &growing), 0);
    assert_int_equal(wait_of(f, "k", &growing), 0);
    assert_int_equal(store_allow_undo(f->store, text("k"), NULL), 0);
    assert_int_equal(wait_of(f, "k", &growing), 0);
    assert_int_equal(wait_of(f, "k", &growing), 30);
    assert_int_equal(store_allow_undo(f->store, text("none"), NULL), 0);
    assert_int_equal(store_allow_undo(f->store, text(""), NULL), LFI_CORE_FAILED);
}

static size_t count_allowed(struct fixture *f)
{
    MDB_txn *txn = NULL;
    MDB_stat stat;
    assert_int_equal(mdb_txn_begin(f->store->env, NULL, MDB_RDONLY, &txn), 0);
    assert_int_equal(mdb_stat(txn, f->store->db[DB_ALLOWED], &stat), 0);
    mdb_txn_abort(txn);
    return stat.ms_entries;
}

/* Keys that strangers make up do not fill the store. */
static void keys_not_used_for_a_day_are_deleted(void **state)
{
    struct fixture *f = *state;
    const struct lfi_allowance day = {.times = 64, .window_s = 24 * 3600};
    const struct lfi_allowance longer = {.times = 64, .window_s = 24 * 3600 + 1};
    char key[32];
    uint32_t wait_s;
    for (int i = 0; i < 60; i++) {
        (void)snprintf(key, sizeof(key), "k-%03d", i * 5);
        assert_int_equal(wait_of(f, key, &day), 0);
    }
    assert_int_equal(count_allowed(f), 60);
    f->now_us += INT64_C(24) * 3600 * 1000000;
    assert_int_equal(wait_of(f, "k-0000", &day), 0); /* none is old enough yet */
    assert_int_equal(count_allowed(f), 61);
    f->now_us += 1000000;
    for (int i = 0; i < 12; i++) {
        (void)snprintf(key, sizeof(key), "k-%03d+", i * 25);
        assert_int_equal(wait_of(f, key, &day), 0);
    }
    assert_true(count_allowed(f) <= 20);
    assert_int_equal(store_allow(f->store, text("k"), &longer, &wait_s, NULL), LFI_CORE_FAILED);
}

/* --- claims ----------------------------------------------------------------------------------- */

static int keep_text(void *out, struct lfi_slice result)
{
    (void)snprintf(out, 400, "%.*s", (int)result.len, result.ptr);
    return 0;
}

static void finding_a_claim_writes_nothing(void **state)
{
    struct fixture *f = *state;
    enum lfi_claim claim;
    char last[400] = {0};
    struct lfi_sink sink = {keep_text, last};
    struct lfi_slice key = text("decision:1");
    assert_int_equal(store_claim_find(f->store, key, sink, NULL), LFI_CORE_UNKNOWN);
    assert_int_equal(store_claim(f->store, key, 10, sink, &claim, NULL), 0);
    assert_int_equal(store_claim_find(f->store, key, sink, NULL), LFI_CORE_UNKNOWN);
    assert_int_equal(store_claim_settle(f->store, key, text("done"), NULL), 0);
    work = (struct work){0};
    assert_int_equal(store_claim_find(f->store, key, sink, NULL), 0);
    assert_string_equal(last, "done");
    assert_int_equal(store_claim_find(f->store, text(""), sink, NULL), LFI_CORE_UNKNOWN);
    f->now_us += INT64_C(86401) * 1000000;
    assert_int_equal(store_claim_find(f->store, key, sink, NULL), LFI_CORE_UNKNOWN);
    assert_int_equal(work.writes, 0);
    assert_int_equal(work.puts, 0);
}

/* --- passkeys --------------------------------------------------------------------------------- */

struct seen {
    unsigned count;
    char last[400];
};

static int remember(void *ctx, struct lfi_slice json)
{
    struct seen *seen = ctx;
    seen->count++;
    (void)snprintf(seen->last, sizeof(seen->last), "%.*s", (int)json.len, json.ptr);
    return 0;
}

static unsigned count_of(struct fixture *f, const char *user, char last[400])
{
    struct seen seen = {0};
    assert_int_equal(store_passkeys(f->store, text(user), (struct lfi_sink){remember, &seen}, NULL),
                     0);
    memcpy(last, seen.last, sizeof(seen.last));
    return seen.count;
}

static int add(struct fixture *f, const char *user, const char *id, uint32_t counter)
{
    return store_passkey_add(f->store, text(user), text(id), text("{\"name\":\"phone\"}"), counter,
                             NULL);
}

static int use(struct fixture *f, const char *user, const char *id, uint32_t counter)
{
    return store_passkey_use(f->store, text(user), text(id), counter, NULL);
}

static void keeps_finds_and_removes_passkeys(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {0};
    struct lfi_sink sink = {remember, &seen};
    struct lfi_passkey found;
    char last[400];
    assert_int_equal(add(f, ALIA, "p-1", 4), 0);
    assert_int_equal(add(f, ALIA, "p-1", 4), LFI_CORE_DENIED);
    assert_int_equal(add(f, BADR, "p-1", 4), LFI_CORE_DENIED); /* unique over all */
    assert_int_equal(store_passkey_find(f->store, text("p-1"), sink, &found, NULL), 0);
    assert_string_equal(found.user_id.text, ALIA);
    assert_int_equal(found.counter, 4);
    assert_string_equal(seen.last, "{\"name\":\"phone\"}");
    assert_int_equal(count_of(f, ALIA, last), 1);
    assert_string_equal(last,
                        "{\"passkeyId\":\"p-1\",\"usedAt\":0,\"record\":{\"name\":\"phone\"}}");
    assert_int_equal(count_of(f, BADR, last), 0);
    assert_int_equal(store_passkey_remove(f->store, text(BADR), text("p-1"), NULL),
                     LFI_CORE_UNKNOWN);
    assert_int_equal(store_passkey_remove(f->store, text(ALIA), text("p-1"), NULL), 0);
    assert_int_equal(store_passkey_remove(f->store, text(ALIA), text("p-1"), NULL),
                     LFI_CORE_UNKNOWN);
    assert_int_equal(store_passkey_find(f->store, text("p-1"), sink, &found, NULL),
                     LFI_CORE_UNKNOWN);
    assert_int_equal(add(f, BADR, "p-1", 0), 0); /* free again */
}

static void counts_uses_upwards_only(void **state)
{
    struct fixture *f = *state;
    char last[400];
    assert_int_equal(add(f, ALIA, "p-1", 4), 0);
    assert_int_equal(use(f, ALIA, "p-1", 5), 0);
    assert_int_equal(count_of(f, ALIA, last), 1);
    assert_non_null(strstr(last, "\"usedAt\":1700000000,\"record\":{\"name\":\"phone\"}"));
    assert_int_equal(use(f, ALIA, "p-1", 5), LFI_CORE_DENIED);
    assert_int_equal(use(f, ALIA, "p-1", 4), LFI_CORE_DENIED);
    assert_int_equal(use(f, ALIA, "p-1", 0), LFI_CORE_DENIED);
    assert_int_equal(use(f, ALIA, "p-1", UINT32_MAX), 0);
    assert_int_equal(use(f, BADR, "p-1", 6), LFI_CORE_UNKNOWN);
    assert_int_equal(use(f, ALIA, "p-2", 6), LFI_CORE_UNKNOWN);
    assert_int_equal(add(f, ALIA, "no-counter", 0), 0);
    assert_int_equal(use(f, ALIA, "no-counter", 0), 0);
    assert_int_equal(use(f, ALIA, "no-counter", 0), 0);
    assert_int_equal(use(f, ALIA, "no-counter", 1), 0);
    assert_int_equal(use(f, ALIA, "no-counter", 0), LFI_CORE_DENIED);
}

static void tells_a_blocked_customer_after_the_passkey_was_right(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(add(f, BADR, "p-1", 1), 0);
    assert_int_equal(use(f, BADR, "p-1", 1), LFI_CORE_DENIED);
    assert_int_equal(use(f, BADR, "p-1", 2), LFI_CORE_BLOCKED);
}

static void keeps_ten_and_refuses_what_does_not_fit(void **state)
{
    struct fixture *f = *state;
    char id[80];
    char last[400];
    for (int i = 0; i < 10; i++) {
        (void)snprintf(id, sizeof(id), "p-%d", i);
        assert_int_equal(add(f, ALIA, id, 0), 0);
    }
    assert_int_equal(add(f, ALIA, "p-10", 0), LFI_CORE_DENIED);
    assert_int_equal(add(f, BADR, "p-10", 0), 0);
    assert_int_equal(count_of(f, ALIA, last), 10);
    memset(id, 'x', 65);
    id[65] = '\0';
    assert_int_equal(add(f, BADR, id, 0), LFI_CORE_FAILED);
    assert_int_equal(add(f, BADR, "", 0), LFI_CORE_FAILED);
    struct lfi_slice record = {calloc(1, 4097), 4097};
    assert_int_equal(store_passkey_add(f->store, text(BADR), text("p"), record, 0, NULL),
                     LFI_CORE_FAILED);
    free((char *)record.ptr);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(sign_in_works_alike_for_every_login),
        T(an_old_hash_is_renewed_by_the_right_password_alone),
        T(a_hash_of_more_rounds_is_renewed),
        T(a_store_without_the_setting_makes_600000_rounds),
        T(a_new_hash_takes_600000_rounds),
        T(password_rounds_are_a_setting_with_bounds),
        T(gaps_grow_after_the_free_uses),
        T(a_use_given_back_does_not_count),
        T(keys_not_used_for_a_day_are_deleted),
        T(finding_a_claim_writes_nothing),
        T(keeps_finds_and_removes_passkeys),
        T(counts_uses_upwards_only),
        T(tells_a_blocked_customer_after_the_passkey_was_right),
        T(keeps_ten_and_refuses_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
