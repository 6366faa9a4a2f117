#include "state/lmdb.h"

#include "base/error.h"
#include "base/slice.h"
#include "lmdb/health.h"

const char *const lmdb_table_names[TABLE_COUNT] = {
    [TABLE_META] = "meta",       [TABLE_COUNTS] = "counts",     [TABLE_CLAIMS] = "claims",
    [TABLE_EXPIRY] = "expiry",   [TABLE_LIMITS] = "limits",     [TABLE_TASKS] = "tasks",
    [TABLE_DUE] = "due",         [TABLE_TURNS] = "turns",       [TABLE_CURSORS] = "cursors",
    [TABLE_RECORDS] = "records", [TABLE_PASSKEYS] = "passkeys", [TABLE_OWNERS] = "owners",
    [TABLE_FIGURES] = "figures",
};

/* --- results ---------------------------------------------------------------------------------- */

int lmdb_fail(struct lfi_error *error, const char *what, int code)
{
    (void)error_set(error, "%s: %s", what, mdb_strerror(code));
    return lmdb_status_of(code);
}

int lmdb_refuse(struct lfi_error *error, const char *what)
{
    (void)error_set(error, "%s", what);
    return LFI_FAILED;
}

/* --- keys ------------------------------------------------------------------------------------- */

static void add_byte(struct lmdb_key *key, unsigned char value)
{
    key->bytes[key->len++] = value;
}

/* A zero byte would end a part of the key early. */
static bool add_text(struct lmdb_key *key, struct lfi_slice text, size_t max)
{
    if (text.len == 0 || text.len > max || key->len + text.len > sizeof(key->bytes) ||
        memchr(text.ptr, 0, text.len)) {
        return false;
    }
    memcpy(key->bytes + key->len, text.ptr, text.len);
    key->len += text.len;
    return true;
}

bool lmdb_key_provider(struct lmdb_key *key, const struct state_call *call)
{
    key->len = 0;
    if (!add_text(key, call->provider, STATE_PROVIDER_MAX)) {
        return false;
    }
    add_byte(key, 0);
    return true;
}

bool lmdb_key_own(struct lmdb_key *key, const struct state_call *call)
{
    return lmdb_key_provider(key, call) && add_text(key, call->key, STATE_KEY_MAX);
}

bool lmdb_key_timed(struct lmdb_key *key, const struct state_call *call, int64_t time,
                    struct lfi_slice text)
{
    uint64_t value = time > 0 ? (uint64_t)time : 0;
    if (!lmdb_key_provider(key, call)) {
        return false;
    }
    for (int shift = 56; shift >= 0; shift -= 8) {
        add_byte(key, (unsigned char)(value >> shift));
    }
    return text.len == 0 || add_text(key, text, STATE_KEY_MAX);
}

bool lmdb_key_passkey(struct lmdb_key *key, const struct state_call *call, struct lfi_slice user_id,
                      struct lfi_slice passkey_id)
{
    if (!lmdb_key_provider(key, call) || !add_text(key, user_id, STATE_ID_MAX)) {
        return false;
    }
    add_byte(key, 0);
    return !passkey_id.ptr || add_text(key, passkey_id, STATE_ID_MAX);
}

struct lfi_slice lmdb_key_rest(const MDB_val *key, size_t skip)
{
    return (struct lfi_slice){(const char *)key->mv_data + skip, key->mv_size - skip};
}

static MDB_val val_of_key(const struct lmdb_key *key)
{
    return (MDB_val){key->len, (void *)(uintptr_t)key->bytes};
}

/* --- transactions ----------------------------------------------------------------------------- */

int lmdb_begin(struct lmdb_txn *txn, void *store, bool writes, struct lfi_error *error)
{
    *txn = (struct lmdb_txn){.store = store, .error = error};
    int code = mdb_txn_begin(txn->store->env, NULL, writes ? 0 : MDB_RDONLY, &txn->txn);
    return code == 0 ? LFI_OK : lmdb_fail(error, "begin", code);
}

int lmdb_end(struct lmdb_txn *txn, int status)
{
    if (status != LFI_OK) {
        mdb_txn_abort(txn->txn);
        return status;
    }
    int code = mdb_txn_commit(txn->txn);
    return code == 0 ? LFI_OK : lmdb_fail(txn->error, "commit", code);
}

static int outcome(struct lmdb_txn *txn, enum lmdb_table table, int code)
{
    if (code == 0) {
        return LFI_OK;
    }
    return code == MDB_NOTFOUND ? LFI_UNKNOWN
                                : lmdb_fail(txn->error, lmdb_table_names[table], code);
}

int lmdb_get(struct lmdb_txn *txn, enum lmdb_table table, const struct lmdb_key *key, MDB_val *out)
{
    MDB_val where = val_of_key(key);
    return outcome(txn, table, mdb_get(txn->txn, txn->store->table[table], &where, out));
}

int lmdb_get_head(struct lmdb_txn *txn, enum lmdb_table table, const struct lmdb_key *key,
                  MDB_val *head, struct lfi_slice *rest)
{
    MDB_val value;
    int status = lmdb_get(txn, table, key, &value);
    if (status == LFI_OK && value.mv_size < head->mv_size) {
        (void)error_set(txn->error, "%s: malformed value", lmdb_table_names[table]);
        return LFI_FAILED;
    }
    if (status == LFI_OK) {
        memcpy(head->mv_data, value.mv_data, head->mv_size);
        *rest = lmdb_key_rest(&value, head->mv_size);
    }
    return status;
}

int lmdb_put(struct lmdb_txn *txn, enum lmdb_table table, const struct lmdb_key *key, MDB_val head,
             struct lfi_slice rest)
{
    MDB_val where = val_of_key(key);
    MDB_val value = {head.mv_size + rest.len, NULL};
    int code = mdb_put(txn->txn, txn->store->table[table], &where, &value, MDB_RESERVE);
    if (code == 0 && head.mv_size > 0) {
        memcpy(value.mv_data, head.mv_data, head.mv_size);
    }
    if (code == 0 && rest.len > 0) {
        memcpy((char *)value.mv_data + head.mv_size, rest.ptr, rest.len);
    }
    return outcome(txn, table, code);
}

int lmdb_delete(struct lmdb_txn *txn, enum lmdb_table table, const struct lmdb_key *key)
{
    MDB_val where = val_of_key(key);
    return outcome(txn, table, mdb_del(txn->txn, txn->store->table[table], &where, NULL));
}

static bool begins_with(const MDB_val *key, const struct lmdb_range *range)
{
    return key->mv_size >= range->prefix_len &&
           memcmp(key->mv_data, range->first->bytes, range->prefix_len) == 0;
}

int lmdb_walk(struct lmdb_txn *txn, enum lmdb_table table, const struct lmdb_range *range,
              lmdb_visit_fn *visit, void *ctx)
{
    MDB_cursor *cursor = NULL;
    MDB_val key = val_of_key(range->first);
    MDB_val value;
    enum lmdb_step step = LMDB_GO_ON;
    int code = mdb_cursor_open(txn->txn, txn->store->table[table], &cursor);
    if (code != 0) {
        return outcome(txn, table, code);
    }
    code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    while (code == 0 && begins_with(&key, range) &&
           (step = visit(ctx, &key, &value)) != LMDB_STOP) {
        code = step == LMDB_DELETE ? mdb_cursor_del(cursor, 0) : 0;
        if (code == 0) {
            code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
        }
    }
    mdb_cursor_close(cursor);
    return code == MDB_NOTFOUND ? LFI_OK : outcome(txn, table, code);
}
