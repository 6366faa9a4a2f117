// link: lfi-store dl
/*
 * The work that a sign-in does: the same whether the login exists or not. Work is counted, not
 * timed: hash rounds and write transactions, seen by standing in front of the libraries.
 */
#define _GNU_SOURCE
#include "store/core_ops.h"
#include "store/internal.h"
#include "store_reads.h"

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
    assert_int_equal(store_sign_in(f->store, text(login), text(password), &id, NULL), LFI_DENIED);
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
                                           .segment = "retail",
                                           .base_dir = "",
                                           .now_us = fixture_now,
                                           .clock = f};
    *error = (struct lfi_error){""};
    store_close(f->store); /* LMDB forbids to open it twice */
    f->store = NULL;
    int rc = store_core_open(&core, &config, error);
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
            assert_int_equal(rc, LFI_FAILED);
            assert_string_equal(error.message,
                                "core settings: passwordRounds must be between 10000 and 10000000");
        } else {
            assert_int_equal(rc, LFI_OK);
            assert_int_equal(!strstr(error.message, "need 600000"), !cases[i].warned);
        }
    }
}

/* --- who may go on ---------------------------------------------------------------------------- */

static void a_barred_customer_may_not_sign_in(void **state)
{
    struct fixture *f = *state;
    struct lfi_error error = {""};
    char long_id[200];
    struct lfi_slice too_long = {long_id, sizeof(long_id)};
    memset(long_id, 'x', sizeof(long_id));
    work = (struct work){0};
    assert_int_equal(store_may_sign_in(f->store, text(ALIA), &error), LFI_OK);
    assert_int_equal(store_may_sign_in(f->store, text(BADR), &error), LFI_BLOCKED);
    assert_int_equal(store_may_sign_in(f->store, text("nobody"), &error), LFI_UNKNOWN);
    assert_int_equal(store_may_sign_in(f->store, text(""), &error), LFI_UNKNOWN);
    assert_int_equal(store_may_sign_in(f->store, too_long, &error), LFI_UNKNOWN);
    assert_int_equal(work.writes, 0);
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
        T(a_barred_customer_may_not_sign_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
