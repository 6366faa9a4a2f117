/* Reading: users, accounts, lists. */
#include "store/internal.h"

#include <cjson/cJSON.h>
#include <string.h>

int read_begin(struct store *store, MDB_txn **txn, struct lfi_error *error)
{
    int rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, txn);
    if (rc == 0) {
        return LFI_OK;
    }
    (void)store_fail(error, "begin", rc);
    return rc == MDB_READERS_FULL ? LFI_UNAVAILABLE : LFI_FAILED;
}

static int outcome(int lmdb_code, const char *what, struct lfi_error *error)
{
    if (lmdb_code == 0) {
        return LFI_OK;
    }
    return lmdb_code == MDB_NOTFOUND ? LFI_UNKNOWN : store_fail(error, what, lmdb_code);
}

int read_answer(struct lfi_answer *answer, const MDB_val *value, size_t skip, const void *facts)
{
    struct lfi_slice json = {(const char *)value->mv_data + skip, value->mv_size - skip};
    return answer->record(answer, json, facts) == 0 ? LFI_OK : LFI_STOPPED;
}

int read_check_query(const struct lfi_query *query, size_t known, struct lfi_error *error)
{
    return lfi_query_is_known(query, known)
               ? LFI_OK
               : store_say(error, "the query is not one that this core was compiled with");
}

int read_account(struct store *store, MDB_txn *txn, struct lfi_slice account_id,
                 struct account_value *head, MDB_val *value, struct lfi_error *error)
{
    if (account_id.len == 0 || account_id.len > STORE_ID_MAX) {
        return LFI_UNKNOWN;
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
    return LFI_OK;
}

const cJSON *record_find(const cJSON *record, const char *name)
{
    const cJSON *child, *found = NULL;
    cJSON_ArrayForEach(child, record)
    {
        bool wanted = child->string && strcmp(child->string, name) == 0;
        found = wanted ? child : record_find(child, name);
        if (found) {
            break;
        }
    }
    return found;
}

const char *record_find_text(const cJSON *record, const char *name)
{
    return cJSON_GetStringValue(record_find(record, name));
}

int read_walk(struct store *store, MDB_txn *txn, enum store_db db, const struct store_key *prefix,
              read_visit_fn *visit, void *ctx, struct lfi_error *error)
{
    return read_walk_in(txn, store->db[db], prefix, visit, ctx, error);
}

int read_walk_in(MDB_txn *txn, MDB_dbi dbi, const struct store_key *prefix, read_visit_fn *visit,
                 void *ctx, struct lfi_error *error)
{
    MDB_cursor *cursor = NULL;
    MDB_val key = {0, NULL};
    MDB_val value;
    int result = LFI_OK;
    int rc = mdb_cursor_open(txn, dbi, &cursor);
    if (rc != 0) {
        return store_fail(error, "cursor", rc);
    }
    if (prefix) {
        key = key_val(prefix);
    }
    rc = mdb_cursor_get(cursor, &key, &value, prefix ? MDB_SET_RANGE : MDB_FIRST);
    while (rc == 0 && result == LFI_OK && (!prefix || key_is_prefix(prefix, &key))) {
        result = visit(ctx, &key, &value);
        rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    return rc == 0 || rc == MDB_NOTFOUND ? result : store_fail(error, "walk", rc);
}

int read_list(struct store *store, enum store_list list, struct lfi_slice account_id,
              read_visit_fn *visit, void *ctx, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    MDB_val value;
    struct store_key prefix;
    struct account_value head;
    int rc = read_begin(store, &txn, error);
    if (rc != LFI_OK) {
        return rc;
    }
    rc = read_account(store, txn, account_id, &head, &value, error);
    if (rc == LFI_OK) {
        key_start(&prefix);
        key_add_u32(&prefix, head.index);
        key_add_byte(&prefix, (unsigned char)list);
        rc = read_walk(store, txn, DB_RECORDS, &prefix, visit, ctx, error);
    }
    mdb_txn_abort(txn);
    return rc;
}

int read_value(struct store *store, MDB_txn *txn, enum store_db db, struct lfi_slice id,
               MDB_val *value, struct lfi_error *error)
{
    if (id.len == 0 || id.len > STORE_ID_MAX) {
        return LFI_UNKNOWN;
    }
    MDB_val key = val_of(id);
    return outcome(mdb_get(txn, store->db[db], &key, value), "value", error);
}

int read_holding(struct store *store, MDB_txn *txn, struct lfi_slice user_id,
                 struct lfi_slice account_id, MDB_val *role, struct lfi_error *error)
{
    struct store_key key;
    if (!key_pair(&key, user_id, account_id)) {
        return LFI_UNKNOWN;
    }
    MDB_val holding = key_val(&key);
    return outcome(mdb_get(txn, store->db[DB_HOLDINGS], &holding, role), "holding", error);
}

static void copy_text(char *out, size_t size, const void *text, size_t len)
{
    len = len < size ? len : size - 1;
    memcpy(out, text, len);
    out[len] = '\0';
}

void accounts_fill_facts(struct lfi_account_facts *out, struct lfi_slice account_id,
                         const struct account_value *head, const MDB_val *role)
{
    struct lfi_account_facts facts = {.size = out->size,
                                      .status = (enum lfi_account_status)head->status};
    copy_text(facts.account_id, sizeof(facts.account_id), account_id.ptr, account_id.len);
    copy_text(facts.sub_type, sizeof(facts.sub_type), head->sub_type,
              strnlen(head->sub_type, sizeof(head->sub_type)));
    copy_text(facts.currency, sizeof(facts.currency), head->currency,
              strnlen(head->currency, sizeof(head->currency)));
    copy_text(facts.role, sizeof(facts.role), role->mv_data, role->mv_size);
    memcpy(out, &facts, out->size < sizeof(facts) ? out->size : sizeof(facts));
}
