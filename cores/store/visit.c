/* Looking at everything, for dumps and checks. */
#include "store/internal.h"

#include <string.h>

static struct lfi_slice after(const MDB_val *value, size_t skip)
{
    return (struct lfi_slice){(const char *)value->mv_data + skip, value->mv_size - skip};
}

static int stopped(int stop)
{
    return stop == 0 ? LFI_OK : LFI_STOPPED;
}

static int visit_login(void *ctx, const MDB_val *key, const MDB_val *value)
{
    const struct store_visitor *visitor = ctx;
    struct login_value head;
    memcpy(&head, value->mv_data, sizeof(head));
    size_t skip = sizeof(head) + head.salt_len + head.hash_len;
    return stopped(visitor->login(visitor->ctx, after(key, 0), after(value, skip)));
}

static int visit_holding(void *ctx, const MDB_val *key, const MDB_val *value)
{
    const struct store_visitor *visitor = ctx;
    size_t user_len = strnlen(key->mv_data, key->mv_size);
    struct lfi_slice user_id = {key->mv_data, user_len};
    return stopped(
        visitor->holding(visitor->ctx, user_id, after(key, user_len + 1), after(value, 0)));
}

static int visit_account(void *ctx, const MDB_val *key, const MDB_val *value)
{
    const struct store_visitor *visitor = ctx;
    struct account_value head;
    memcpy(&head, value->mv_data, sizeof(head));
    return stopped(visitor->account(visitor->ctx, after(key, 0),
                                    (enum lfi_account_status)head.status,
                                    after(value, sizeof(head))));
}

int store_visit(struct store *store, const struct store_visitor *visitor, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    void *ctx = (void *)(uintptr_t)visitor;
    int rc = read_begin(store, &txn, error);
    if (rc != LFI_OK) {
        return rc;
    }
    if (visitor->login) {
        rc = read_walk(store, txn, DB_LOGINS, NULL, visit_login, ctx, error);
    }
    if (rc == LFI_OK && visitor->holding) {
        rc = read_walk(store, txn, DB_HOLDINGS, NULL, visit_holding, ctx, error);
    }
    if (rc == LFI_OK && visitor->account) {
        rc = read_walk(store, txn, DB_ACCOUNTS, NULL, visit_account, ctx, error);
    }
    mdb_txn_abort(txn);
    return rc;
}

int store_account_record(struct store *store, struct lfi_slice account_id,
                         struct lfi_answer *answer, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    MDB_val value;
    struct account_value head;
    int rc = read_begin(store, &txn, error);
    if (rc != LFI_OK) {
        return rc;
    }
    rc = read_account(store, txn, account_id, &head, &value, error);
    if (rc == LFI_OK) {
        rc = read_answer(answer, &value, sizeof(head), NULL);
    }
    mdb_txn_abort(txn);
    return rc;
}

static int give_record(void *ctx, const MDB_val *key, const MDB_val *value)
{
    (void)key;
    return read_answer(ctx, value, 0, NULL);
}

int store_list(struct store *store, enum store_list list, struct lfi_slice account_id,
               struct lfi_answer *answer, struct lfi_error *error)
{
    return read_list(store, list, account_id, give_record, answer, error);
}
