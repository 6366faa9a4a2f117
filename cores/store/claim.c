/*
 * Things done once. A claim lives until its time: unsettled ones become free then, settled ones are
 * kept a day so that late repeats get the same result, and are then deleted by later claims.
 */
#include "store/internal.h"

#include <stdlib.h>
#include <string.h>

#define SETTLED_KEPT_US (INT64_C(24) * 3600 * 1000000)
#define RESULT_MAX 16384
#define SWEEP 8 /* expired claims that one new claim clears away */

struct claim_value {
    int64_t until_us;
    uint32_t settled;
    uint32_t unused;
};

static bool read_head(const MDB_val *value, struct claim_value *out)
{
    if (value->mv_size < sizeof(*out)) {
        return false;
    }
    memcpy(out, value->mv_data, sizeof(*out));
    return true;
}

static int put_claim(struct store *store, MDB_txn *txn, struct lfi_slice name,
                     const struct claim_value *head, struct lfi_slice result)
{
    struct store_key when;
    key_start(&when);
    key_add_u64(&when, (uint64_t)head->until_us);
    if (!key_add_text(&when, name)) {
        return MDB_BAD_VALSIZE;
    }
    MDB_val key = val_of(name);
    MDB_val value = {sizeof(*head) + result.len, NULL};
    int rc = mdb_put(txn, store->db[DB_CLAIMS], &key, &value, MDB_RESERVE);
    if (rc != 0) {
        return rc;
    }
    memcpy(value.mv_data, head, sizeof(*head));
    if (result.len > 0) {
        memcpy((char *)value.mv_data + sizeof(*head), result.ptr, result.len);
    }
    MDB_val when_key = key_val(&when);
    MDB_val nothing = {0, NULL};
    return mdb_put(txn, store->db[DB_EXPIRY], &when_key, &nothing, 0);
}

/* Deletes a few claims whose time has passed. */
static int sweep(struct store *store, MDB_txn *txn, int64_t now)
{
    for (unsigned i = 0; i < SWEEP; i++) {
        MDB_cursor *cursor = NULL;
        MDB_val when;
        MDB_val value;
        int rc = mdb_cursor_open(txn, store->db[DB_EXPIRY], &cursor);
        if (rc != 0) {
            return rc;
        }
        rc = mdb_cursor_get(cursor, &when, &value, MDB_FIRST);
        int64_t until = 0;
        if (rc == 0 && when.mv_size > 8) {
            for (size_t b = 0; b < 8; b++) {
                until =
                    (int64_t)(((uint64_t)until << 8) | ((const unsigned char *)when.mv_data)[b]);
            }
        }
        if (rc != 0 || until > now) {
            mdb_cursor_close(cursor);
            return rc == MDB_NOTFOUND ? 0 : rc;
        }
        struct claim_value head;
        MDB_val key = {when.mv_size - 8, (char *)when.mv_data + 8};
        if (mdb_get(txn, store->db[DB_CLAIMS], &key, &value) == 0 && read_head(&value, &head) &&
            head.until_us == until) {
            rc = mdb_del(txn, store->db[DB_CLAIMS], &key, NULL);
        }
        if (rc == 0) {
            rc = mdb_cursor_del(cursor, 0);
        }
        mdb_cursor_close(cursor);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

int store_claim(void *core, struct lfi_slice key, uint32_t ttl_s, struct lfi_sink sink,
                enum lfi_claim *out, struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    MDB_val value;
    struct claim_value head = {0};
    if (key.len == 0 || key.len > STORE_KEY_MAX - 8) {
        return store_say(error, "claim: key of %zu bytes", key.len);
    }
    int rc = mdb_txn_begin(store->env, NULL, 0, &txn);
    if (rc != 0) {
        return store_fail(error, "begin", rc);
    }
    int64_t now = store->now_us(store->clock);
    if ((rc = sweep(store, txn, now)) != 0) {
        goto fail;
    }
    MDB_val where = val_of(key);
    rc = mdb_get(txn, store->db[DB_CLAIMS], &where, &value);
    if (rc == 0 && read_head(&value, &head) && head.until_us > now) {
        *out = head.settled ? LFI_CLAIM_SETTLED : LFI_CLAIM_TAKEN;
        if (head.settled) {
            struct lfi_slice result = {(const char *)value.mv_data + sizeof(head),
                                       value.mv_size - sizeof(head)};
            (void)sink.record(sink.ctx, result);
        }
    } else if (rc == 0 || rc == MDB_NOTFOUND) {
        *out = LFI_CLAIM_YOURS;
        head = (struct claim_value){.until_us = now + (int64_t)ttl_s * 1000000};
        rc = put_claim(store, txn, key, &head, (struct lfi_slice){NULL, 0});
        if (rc != 0) {
            goto fail;
        }
    } else {
        goto fail;
    }
    rc = mdb_txn_commit(txn);
    return rc == 0 ? LFI_CORE_OK : store_fail(error, "commit", rc);
fail:
    mdb_txn_abort(txn);
    return store_fail(error, "claim", rc);
}

int store_claim_find(void *core, struct lfi_slice key, struct lfi_sink sink,
                     struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    MDB_val value;
    struct claim_value head;
    if (key.len == 0 || key.len > STORE_KEY_MAX - 8) {
        return LFI_CORE_UNKNOWN;
    }
    int rc = read_begin(store, &txn, error);
    if (rc != LFI_CORE_OK) {
        return rc;
    }
    MDB_val where = val_of(key);
    int code = mdb_get(txn, store->db[DB_CLAIMS], &where, &value);
    if (code == 0 && read_head(&value, &head) && head.settled &&
        head.until_us > store->now_us(store->clock)) {
        rc = read_give(sink, &value, sizeof(head));
    } else {
        rc =
            code == 0 || code == MDB_NOTFOUND ? LFI_CORE_UNKNOWN : store_fail(error, "claim", code);
    }
    mdb_txn_abort(txn);
    return rc;
}

int store_claim_settle(void *core, struct lfi_slice key, struct lfi_slice result,
                       struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    if (key.len == 0 || key.len > STORE_KEY_MAX - 8 || result.len > RESULT_MAX) {
        return store_say(error, "claim: result of %zu bytes", result.len);
    }
    struct claim_value head = {.until_us = store->now_us(store->clock) + SETTLED_KEPT_US,
                               .settled = 1};
    int rc = mdb_txn_begin(store->env, NULL, 0, &txn);
    if (rc != 0) {
        return store_fail(error, "begin", rc);
    }
    if ((rc = put_claim(store, txn, key, &head, result)) != 0) {
        mdb_txn_abort(txn);
        return store_fail(error, "claim", rc);
    }
    rc = mdb_txn_commit(txn);
    return rc == 0 ? LFI_CORE_OK : store_fail(error, "commit", rc);
}
