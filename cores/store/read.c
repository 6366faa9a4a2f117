/* Reading: users, accounts, lists. */
#include "store/internal.h"

#include <string.h>

int read_begin(struct store *store, MDB_txn **txn, struct lfi_error *error)
{
    int rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, txn);
    if (rc == 0) {
        return LFI_CORE_OK;
    }
    (void)store_fail(error, "begin", rc);
    return rc == MDB_READERS_FULL ? LFI_CORE_UNAVAILABLE : LFI_CORE_FAILED;
}

static int outcome(int lmdb_code, const char *what, struct lfi_error *error)
{
    if (lmdb_code == 0) {
        return LFI_CORE_OK;
    }
    return lmdb_code == MDB_NOTFOUND ? LFI_CORE_UNKNOWN : store_fail(error, what, lmdb_code);
}

int read_give(struct lfi_sink sink, const MDB_val *value, size_t skip)
{
    struct lfi_slice json = {(const char *)value->mv_data + skip, value->mv_size - skip};
    return sink.record(sink.ctx, json) == 0 ? LFI_CORE_OK : LFI_CORE_STOPPED;
}

int read_account(struct store *store, MDB_txn *txn, struct lfi_slice account_id,
                 struct account_value *head, MDB_val *value, struct lfi_error *error)
{
    if (account_id.len == 0 || account_id.len > STORE_ID_MAX) {
        return LFI_CORE_UNKNOWN;
    }
    MDB_val key = val_of(account_id);
    int rc = mdb_get(txn, store->db[DB_ACCOUNTS], &key, value);
    if (rc != 0) {
        return outcome(rc, "account", error);
    }
    if (value->mv_size < sizeof(*head)) {
        return store_say(error, "account: short value");
    }
    memcpy(head, value->mv_data, sizeof(*head));
    return LFI_CORE_OK;
}

int store_user_exists(void *core, struct lfi_slice user_id, struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    MDB_val value;
    if (user_id.len == 0 || user_id.len > STORE_ID_MAX) {
        return LFI_CORE_UNKNOWN;
    }
    int rc = read_begin(store, &txn, error);
    if (rc == LFI_CORE_OK) {
        MDB_val key = val_of(user_id);
        rc = outcome(mdb_get(txn, store->db[DB_USERS], &key, &value), "user", error);
        mdb_txn_abort(txn);
    }
    return rc;
}

int store_account_access(void *core, struct lfi_slice user_id, struct lfi_slice account_id,
                         enum lfi_account_status *out, struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    MDB_val value;
    struct store_key key;
    struct account_value head;
    if (!key_pair(&key, user_id, account_id)) {
        return LFI_CORE_UNKNOWN;
    }
    int rc = read_begin(store, &txn, error);
    if (rc != LFI_CORE_OK) {
        return rc;
    }
    MDB_val holding = key_val(&key);
    rc = outcome(mdb_get(txn, store->db[DB_HOLDINGS], &holding, &value), "holding", error);
    if (rc == LFI_CORE_OK) {
        rc = read_account(store, txn, account_id, &head, &value, error);
    }
    if (rc == LFI_CORE_OK) {
        *out = (enum lfi_account_status)head.status;
    }
    mdb_txn_abort(txn);
    return rc;
}

int store_account(void *core, struct lfi_slice account_id, struct lfi_sink sink,
                  struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    MDB_val value;
    struct account_value head;
    int rc = read_begin(store, &txn, error);
    if (rc != LFI_CORE_OK) {
        return rc;
    }
    rc = read_account(store, txn, account_id, &head, &value, error);
    if (rc == LFI_CORE_OK) {
        rc = read_give(sink, &value, sizeof(head));
    }
    mdb_txn_abort(txn);
    return rc;
}

int store_accounts_of_user(void *core, struct lfi_slice user_id, struct lfi_sink sink,
                           struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    MDB_cursor *cursor = NULL;
    MDB_val value;
    struct store_key prefix;
    struct account_value head;
    int rc = read_begin(store, &txn, error);
    if (rc != LFI_CORE_OK) {
        return rc;
    }
    key_start(&prefix);
    if (user_id.len > STORE_ID_MAX || !key_add_text(&prefix, user_id)) {
        rc = LFI_CORE_UNKNOWN;
        goto out;
    }
    MDB_val user = val_of(user_id);
    rc = outcome(mdb_get(txn, store->db[DB_USERS], &user, &value), "user", error);
    if (rc != LFI_CORE_OK) {
        goto out;
    }
    key_add_byte(&prefix, 0);
    if ((rc = mdb_cursor_open(txn, store->db[DB_HOLDINGS], &cursor)) != 0) {
        rc = store_fail(error, "cursor", rc);
        goto out;
    }
    MDB_val key = key_val(&prefix);
    int step = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    while (step == 0 && key_is_prefix(&prefix, &key) && rc == LFI_CORE_OK) {
        struct lfi_slice account_id = {(const char *)key.mv_data + prefix.len,
                                       key.mv_size - prefix.len};
        MDB_val account;
        rc = read_account(store, txn, account_id, &head, &account, error);
        if (rc == LFI_CORE_OK) {
            rc = read_give(sink, &account, sizeof(head));
        }
        step = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    if (rc == LFI_CORE_OK && step != 0 && step != MDB_NOTFOUND) {
        rc = store_fail(error, "holdings", step);
    }
out:
    if (cursor) {
        mdb_cursor_close(cursor);
    }
    mdb_txn_abort(txn);
    return rc;
}

int store_list(struct store *store, enum store_list list, struct lfi_slice account_id,
               struct lfi_sink sink, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    MDB_cursor *cursor = NULL;
    MDB_val value;
    struct store_key prefix;
    struct account_value head;
    int rc = read_begin(store, &txn, error);
    if (rc != LFI_CORE_OK) {
        return rc;
    }
    rc = read_account(store, txn, account_id, &head, &value, error);
    if (rc != LFI_CORE_OK) {
        goto out;
    }
    key_start(&prefix);
    key_add_u32(&prefix, head.index);
    key_add_byte(&prefix, (unsigned char)list);
    if ((rc = mdb_cursor_open(txn, store->db[DB_RECORDS], &cursor)) != 0) {
        rc = store_fail(error, "cursor", rc);
        goto out;
    }
    MDB_val key = key_val(&prefix);
    int step = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    while (step == 0 && key_is_prefix(&prefix, &key) && rc == LFI_CORE_OK) {
        rc = read_give(sink, &value, 0);
        step = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    if (rc == LFI_CORE_OK && step != 0 && step != MDB_NOTFOUND) {
        rc = store_fail(error, "records", step);
    }
out:
    if (cursor) {
        mdb_cursor_close(cursor);
    }
    mdb_txn_abort(txn);
    return rc;
}

int store_customer(void *core, struct lfi_slice user_id, struct lfi_sink sink,
                   struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    MDB_val value;
    if (user_id.len == 0 || user_id.len > STORE_ID_MAX) {
        return LFI_CORE_UNKNOWN;
    }
    int rc = read_begin(store, &txn, error);
    if (rc != LFI_CORE_OK) {
        return rc;
    }
    MDB_val key = val_of(user_id);
    rc = outcome(mdb_get(txn, store->db[DB_CUSTOMERS], &key, &value), "customer", error);
    if (rc == LFI_CORE_OK) {
        rc = read_give(sink, &value, 0);
    }
    mdb_txn_abort(txn);
    return rc;
}
