#include "store/internal.h"

#include "lmdb/health.h"

#include <openssl/rand.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const DB_NAMES[DB_COUNT] = {
    [DB_META] = "meta",
    [DB_USERS] = "users",
    [DB_LOGINS] = "logins",
    [DB_HOLDINGS] = "holdings",
    [DB_ACCOUNTS] = "accounts",
    [DB_RECORDS] = "records",
    [DB_STATEMENTS] = "statement_days",
    [DB_CUSTOMERS] = "customers",
    [DB_IDENTITIES] = "identities",
    [DB_PAYEES] = "payees",
    [DB_ATMS] = "atms",
    [DB_PRODUCTS] = "products",
    [DB_LEADS] = "leads",
    [DB_ORIGIN] = "origin",
    [DB_TX] = "tx",
    [DB_FX] = "fx",
    [DB_APPROVALS] = "approvals",
    [DB_BANKS] = "banks",
    [DB_OUTCOMES] = "outcomes",
    [DB_POLICIES] = "policies",
    [DB_POLICYHOLDERS] = "policyholders",
};

int store_say(struct lfi_error *error, const char *format, ...)
{
    if (error) {
        va_list args;
        va_start(args, format);
        (void)vsnprintf(error->message, sizeof(error->message), format, args);
        va_end(args);
    }
    return LFI_FAILED;
}

int store_fail(struct lfi_error *error, const char *what, int lmdb_code)
{
    (void)store_say(error, "%s: %s", what, mdb_strerror(lmdb_code));
    return lmdb_status_of(lmdb_code);
}

/* A thread that has read keeps its slot until it ends. */
unsigned store_count_readers(const struct store_options *options)
{
    if (!options || options->threads == 0) {
        return STORE_READERS;
    }
    uint32_t instances = options->instances > 0 ? options->instances : STORE_INSTANCES;
    return options->threads * instances + STORE_READERS_MORE;
}

/* The slots are those that the first of all processes that use the store asked for. */
static int check_readers(MDB_env *env, const struct store_options *options, struct lfi_error *error)
{
    unsigned slots = 0;
    if (options && mdb_env_get_maxreaders(env, &slots) == 0 && slots < options->threads) {
        return store_say(error,
                         "the store has %u reader slots, %u threads may read: stop all that use it,"
                         " then start again",
                         slots, options->threads);
    }
    return LFI_OK;
}

int store_env_open(MDB_env **env, MDB_dbi *db, const char *path,
                   const struct store_options *options, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    const char *what = "environment";
    bool create = !options;
    uint64_t map_mib = options && options->map_mib > 0 ? options->map_mib : STORE_MAP_MIB;
    int rc = mdb_env_create(env);
    if (rc != 0) {
        return store_fail(error, what, rc);
    }
    if ((rc = mdb_env_set_mapsize(*env, (size_t)map_mib << 20)) != 0 ||
        (rc = mdb_env_set_maxdbs(*env, DB_COUNT)) != 0 ||
        (rc = mdb_env_set_maxreaders(*env, store_count_readers(options))) != 0 ||
        (rc = mdb_env_open(*env, path, create ? MDB_NOSYNC : 0, 0600)) != 0) {
        goto fail;
    }
    if (check_readers(*env, options, error) != LFI_OK) {
        mdb_env_close(*env);
        *env = NULL;
        return LFI_FAILED;
    }
    what = "databases";
    if ((rc = mdb_txn_begin(*env, NULL, create ? 0 : MDB_RDONLY, &txn)) != 0) {
        goto fail;
    }
    for (size_t i = 0; i < DB_COUNT; i++) {
        if ((rc = mdb_dbi_open(txn, DB_NAMES[i], create ? MDB_CREATE : 0, &db[i])) != 0) {
            what = DB_NAMES[i];
            goto fail;
        }
    }
    rc = mdb_txn_commit(txn);
    txn = NULL;
    if (rc == 0) {
        return LFI_OK;
    }
fail:
    if (txn) {
        mdb_txn_abort(txn);
    }
    mdb_env_close(*env);
    *env = NULL;
    return rc == MDB_NOTFOUND
               ? store_say(error, "no table \"%s\": this version did not load the store", what)
               : store_fail(error, what, rc);
}

char *store_path_with(const char *path, const char *suffix)
{
    size_t size = strlen(path) + strlen(suffix) + 1;
    char *out = malloc(size);
    if (out) {
        (void)snprintf(out, size, "%s%s", path, suffix);
    }
    return out;
}

bool store_new_id(struct lfi_id *out)
{
    unsigned char random[16];
    if (RAND_bytes(random, sizeof(random)) != 1) {
        return false;
    }
    for (size_t i = 0; i < sizeof(random); i++) {
        (void)snprintf(out->text + 2 * i, 3, "%02x", random[i]);
    }
    return true;
}
