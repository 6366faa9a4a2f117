/* Looking at everything, for dumps and checks. */
#include "store/internal.h"

#include <string.h>

typedef int visit_fn(const struct store_visitor *visitor, const MDB_val *key, const MDB_val *value);

static struct lfi_slice after(const MDB_val *value, size_t skip)
{
    return (struct lfi_slice){(const char *)value->mv_data + skip, value->mv_size - skip};
}

static int visit_login(const struct store_visitor *visitor, const MDB_val *key,
                       const MDB_val *value)
{
    struct login_value head;
    memcpy(&head, value->mv_data, sizeof(head));
    size_t skip = sizeof(head) + head.salt_len + head.hash_len;
    return visitor->login(visitor->ctx, after(key, 0), after(value, skip));
}

static int visit_holding(const struct store_visitor *visitor, const MDB_val *key,
                         const MDB_val *value)
{
    size_t user_len = strnlen(key->mv_data, key->mv_size);
    struct lfi_slice user_id = {key->mv_data, user_len};
    return visitor->holding(visitor->ctx, user_id, after(key, user_len + 1), after(value, 0));
}

static int visit_account(const struct store_visitor *visitor, const MDB_val *key,
                         const MDB_val *value)
{
    struct account_value head;
    memcpy(&head, value->mv_data, sizeof(head));
    return visitor->account(visitor->ctx, after(key, 0), (enum lfi_account_status)head.status,
                            after(value, sizeof(head)));
}

static int walk(MDB_txn *txn, MDB_dbi db, visit_fn *visit, const struct store_visitor *visitor,
                struct lfi_error *error)
{
    MDB_cursor *cursor = NULL;
    MDB_val key;
    MDB_val value;
    int stop = 0;
    int step = mdb_cursor_open(txn, db, &cursor);
    if (step != 0) {
        return store_fail(error, "cursor", step);
    }
    step = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    while (step == 0 && stop == 0) {
        stop = visit(visitor, &key, &value);
        step = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    if (stop != 0) {
        return LFI_CORE_STOPPED;
    }
    return step == MDB_NOTFOUND ? LFI_CORE_OK : store_fail(error, "visit", step);
}

int store_visit(struct store *store, const struct store_visitor *visitor, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    int rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);
    if (rc != 0) {
        return store_fail(error, "begin", rc);
    }
    if (visitor->login) {
        rc = walk(txn, store->db[DB_LOGINS], visit_login, visitor, error);
    }
    if (rc == LFI_CORE_OK && visitor->holding) {
        rc = walk(txn, store->db[DB_HOLDINGS], visit_holding, visitor, error);
    }
    if (rc == LFI_CORE_OK && visitor->account) {
        rc = walk(txn, store->db[DB_ACCOUNTS], visit_account, visitor, error);
    }
    mdb_txn_abort(txn);
    return rc;
}
