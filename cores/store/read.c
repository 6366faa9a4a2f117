/* Reading: accounts, lists, transactions. */
#include "store/internal.h"

#include <string.h>

static int begin_read(struct store *store, MDB_txn **txn, struct lfi_error *error)
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

static int give(struct lfi_sink sink, const MDB_val *value, size_t skip)
{
    struct lfi_slice json = {(const char *)value->mv_data + skip, value->mv_size - skip};
    return sink.record(sink.ctx, json) == 0 ? LFI_CORE_OK : LFI_CORE_STOPPED;
}

static int get_account(struct store *store, MDB_txn *txn, struct lfi_slice account_id,
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
    int rc = begin_read(store, &txn, error);
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
    int rc = begin_read(store, &txn, error);
    if (rc != LFI_CORE_OK) {
        return rc;
    }
    MDB_val holding = key_val(&key);
    rc = outcome(mdb_get(txn, store->db[DB_HOLDINGS], &holding, &value), "holding", error);
    if (rc == LFI_CORE_OK) {
        rc = get_account(store, txn, account_id, &head, &value, error);
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
    int rc = begin_read(store, &txn, error);
    if (rc != LFI_CORE_OK) {
        return rc;
    }
    rc = get_account(store, txn, account_id, &head, &value, error);
    if (rc == LFI_CORE_OK) {
        rc = give(sink, &value, sizeof(head));
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
    int rc = begin_read(store, &txn, error);
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
        rc = get_account(store, txn, account_id, &head, &account, error);
        if (rc == LFI_CORE_OK) {
            rc = give(sink, &account, sizeof(head));
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
    int rc = begin_read(store, &txn, error);
    if (rc != LFI_CORE_OK) {
        return rc;
    }
    rc = get_account(store, txn, account_id, &head, &value, error);
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
        rc = give(sink, &value, 0);
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

/* --- transactions ------------------------------------------------------------------------------
 */

/* One account's entries in the tx or the fx database: n of them, numbered from 0. */
struct series {
    MDB_txn *txn;
    MDB_dbi db;
    uint32_t index;
    uint64_t n;
};

static struct store_key series_key(const struct series *series, uint64_t at)
{
    struct store_key key;
    key_start(&key);
    key_add_u32(&key, series->index);
    key_add_u64(&key, at);
    return key;
}

/* The 8-byte integer at `position` of entry `at`. Returns an LMDB code. */
static int series_number(const struct series *series, uint64_t at, size_t position, int64_t *out)
{
    struct store_key key = series_key(series, at);
    MDB_val where = key_val(&key);
    MDB_val value;
    int rc = mdb_get(series->txn, series->db, &where, &value);
    if (rc != 0) {
        return rc;
    }
    if (value.mv_size < position + sizeof(*out)) {
        return MDB_CORRUPTED;
    }
    memcpy(out, (const char *)value.mv_data + position, sizeof(*out));
    return 0;
}

/* How many entries have a number at `position` that is below `limit`; they come first. */
static int series_below(const struct series *series, size_t position, int64_t limit, uint64_t *out)
{
    uint64_t low = 0;
    uint64_t high = series->n;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        int64_t number = 0;
        int rc = series_number(series, middle, position, &number);
        if (rc != 0) {
            return rc;
        }
        if (number < limit) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *out = low;
    return 0;
}

/* The half-open range of entries that the query's bounds and mark leave. */
static int series_range(const struct series *series, const struct lfi_transaction_query *query,
                        uint64_t *first, uint64_t *end)
{
    int rc = 0;
    *first = 0;
    *end = series->n;
    if (query->from != LFI_WALL_MIN) {
        rc = series_below(series, 0, query->from, first);
    }
    if (rc == 0 && query->to != LFI_WALL_MAX) {
        rc = series_below(series, 0, query->to + 1, end);
    }
    if (rc == 0 && query->up_to > 0 && query->up_to <= INT64_MAX) {
        uint64_t marked = query->up_to;
        if (query->fx_only) {
            rc = series_below(series, sizeof(int64_t), (int64_t)query->up_to, &marked);
        }
        *end = *end < marked ? *end : marked;
    }
    if (*end < *first) {
        *end = *first;
    }
    return rc;
}

/* Entries from `newest` downwards, straight from the tx database. */
static int give_run(const struct series *series, uint64_t newest, uint64_t count,
                    struct lfi_sink sink, struct lfi_error *error)
{
    MDB_cursor *cursor = NULL;
    MDB_val value;
    struct store_key key = series_key(series, newest);
    MDB_val where = key_val(&key);
    int rc = mdb_cursor_open(series->txn, series->db, &cursor);
    if (rc == 0) {
        rc = mdb_cursor_get(cursor, &where, &value, MDB_SET_KEY);
    }
    int result = LFI_CORE_OK;
    while (rc == 0 && result == LFI_CORE_OK && count > 0) {
        result = give(sink, &value, sizeof(int64_t));
        if (--count > 0) {
            rc = mdb_cursor_get(cursor, &where, &value, MDB_PREV);
        }
    }
    if (cursor) {
        mdb_cursor_close(cursor);
    }
    return rc == 0 ? result : store_fail(error, "transactions", rc);
}

/* The same through the fx database, which names ordinals of the tx database. */
static int give_fx(const struct series *fx, MDB_dbi tx, uint64_t newest, uint64_t count,
                   struct lfi_sink sink, struct lfi_error *error)
{
    struct series all = {.txn = fx->txn, .db = tx, .index = fx->index};
    int result = LFI_CORE_OK;
    for (uint64_t i = 0; i < count && result == LFI_CORE_OK; i++) {
        int64_t ordinal = 0;
        MDB_val value;
        int rc = series_number(fx, newest - i, sizeof(int64_t), &ordinal);
        if (rc == 0) {
            struct store_key key = series_key(&all, (uint64_t)ordinal);
            MDB_val where = key_val(&key);
            rc = mdb_get(all.txn, all.db, &where, &value);
        }
        result = rc == 0 ? give(sink, &value, sizeof(int64_t)) : store_fail(error, "fx", rc);
    }
    return result;
}

int store_transactions(void *core, const struct lfi_transaction_query *query, struct lfi_sink sink,
                       struct lfi_transaction_totals *out, struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    MDB_val value;
    struct account_value head;
    uint64_t first = 0;
    uint64_t end = 0;
    int rc = begin_read(store, &txn, error);
    if (rc != LFI_CORE_OK) {
        return rc;
    }
    rc = get_account(store, txn, query->account_id, &head, &value, error);
    if (rc != LFI_CORE_OK) {
        goto out;
    }
    struct series series = {.txn = txn,
                            .db = store->db[query->fx_only ? DB_FX : DB_TX],
                            .index = head.index,
                            .n = query->fx_only ? head.fx : head.transactions};
    int code = series_range(&series, query, &first, &end);
    if (code != 0) {
        rc = store_fail(error, "range", code);
        goto out;
    }
    out->total = end - first;
    out->mark = head.transactions;
    if (query->window.offset < out->total && query->window.limit > 0) {
        uint64_t left = out->total - query->window.offset;
        uint64_t count = left < query->window.limit ? left : query->window.limit;
        uint64_t newest = end - 1 - query->window.offset;
        rc = query->fx_only ? give_fx(&series, store->db[DB_TX], newest, count, sink, error)
                            : give_run(&series, newest, count, sink, error);
    }
out:
    mdb_txn_abort(txn);
    return rc;
}
