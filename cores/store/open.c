#include "store/opening.h"

#include "lmdb/health.h"

#include <errno.h>
#include <openssl/rand.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

static int check_meta(const struct store *store, MDB_txn *txn, const char *name, const char *want,
                      struct lfi_error *error)
{
    MDB_val key = {strlen(name), (void *)(uintptr_t)name};
    MDB_val value;
    int rc = mdb_get(txn, store->db[DB_META], &key, &value);
    if (rc != 0) {
        return store_fail(error, name, rc);
    }
    if (value.mv_size != strlen(want) || memcmp(value.mv_data, want, value.mv_size) != 0) {
        return store_say(error, "the store's %s is \"%.*s\", wanted \"%s\"", name,
                         (int)value.mv_size, (const char *)value.mv_data, want);
    }
    return LFI_OK;
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

int store_open(struct store **out, const struct store_options *options, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    struct stat info;
    int dead = 0;
    *out = NULL;
    if (stat(options->path, &info) != 0 || !S_ISDIR(info.st_mode)) {
        return store_say(error, "no store at %.200s", options->path);
    }
    struct store *store = calloc(1, sizeof(*store));
    if (!store || !(store->messages = messages_new()) ||
        !(store->data_file = store_path_with(options->path, "/data.mdb"))) {
        store_close(store);
        return store_say(error, "out of memory");
    }
    if (stat(store->data_file, &info) != 0) { /* LMDB would make an empty one */
        store_close(store);
        return store_say(error, "no store in the folder %.200s", options->path);
    }
    int rc = store_env_open(&store->env, store->db, options->path, options, error);
    if (rc != LFI_OK) {
        goto out;
    }
    (void)mdb_reader_check(store->env, &dead); /* slots of processes that were killed */
    if ((rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn)) != 0) {
        rc = store_fail(error, "begin", rc);
        goto out;
    }
    rc = check_meta(store, txn, "format", STORE_FORMAT, error);
    if (rc == LFI_OK && options->segment) {
        rc = check_meta(store, txn, "segment", options->segment, error);
    }
    mdb_txn_abort(txn);
    txn = NULL;
    store->now_us = options->now_us;
    store->clock = options->clock;
    store->password_rounds =
        options->password_rounds > 0 ? options->password_rounds : PASSWORD_ROUNDS;
    if (rc == LFI_OK && options->payments) {
        rc = payments_open(&store->payments, options, error);
        rc = rc == LFI_OK ? opening_add_accounts(store, error) : rc;
    }
out:
    if (txn) {
        mdb_txn_abort(txn);
    }
    if (rc != LFI_OK) {
        store_close(store);
        return rc;
    }
    *out = store;
    return LFI_OK;
}

void store_close(void *core)
{
    struct store *store = core;
    if (store) {
        payments_stop(store->payments); /* its thread reads both environments */
        payments_close(store->payments);
        if (store->env) {
            mdb_env_close(store->env);
        }
        messages_free(store->messages);
        free(store->data_file);
        free(store);
    }
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

void key_start(struct store_key *key)
{
    key->len = 0;
}

void key_add_byte(struct store_key *key, unsigned char value)
{
    key->bytes[key->len++] = value;
}

void key_add_u32(struct store_key *key, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8) {
        key_add_byte(key, (unsigned char)(value >> shift));
    }
}

void key_add_u64(struct store_key *key, uint64_t value)
{
    key_add_u32(key, (uint32_t)(value >> 32));
    key_add_u32(key, (uint32_t)value);
}

bool key_add_text(struct store_key *key, struct lfi_slice text)
{
    if (text.len == 0 || text.len > STORE_KEY_MAX || key->len + text.len > STORE_KEY_MAX ||
        memchr(text.ptr, 0, text.len)) {
        return false;
    }
    memcpy(key->bytes + key->len, text.ptr, text.len);
    key->len += text.len;
    return true;
}

bool key_user_prefix(struct store_key *key, struct lfi_slice user_id)
{
    key_start(key);
    if (user_id.len > STORE_ID_MAX || !key_add_text(key, user_id)) {
        return false;
    }
    key_add_byte(key, 0);
    return true;
}

bool key_pair(struct store_key *key, struct lfi_slice user_id, struct lfi_slice other)
{
    return key_user_prefix(key, user_id) && other.len <= STORE_ID_MAX && key_add_text(key, other);
}

MDB_val key_val(const struct store_key *key)
{
    return (MDB_val){key->len, (void *)(uintptr_t)key->bytes};
}

bool key_is_prefix(const struct store_key *prefix, const MDB_val *key)
{
    return key->mv_size >= prefix->len && memcmp(key->mv_data, prefix->bytes, prefix->len) == 0;
}

MDB_val val_of(struct lfi_slice text)
{
    return (MDB_val){text.len, (void *)(uintptr_t)text.ptr};
}
