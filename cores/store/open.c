#include "store/opening.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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
