/* Rate limits. */
#include "store/internal.h"

#include <string.h>

#define TIMES_MAX 64
#define WINDOW_MAX_S (24 * 3600)
#define SWEEP 8 /* keys that one use looks at, to delete those not used for a day */

/* Seconds, rounded up, until `until_us`. */
static uint32_t wait_for(int64_t until_us, int64_t now_us)
{
    int64_t left = until_us - now_us;
    return left <= 0 ? 0 : (uint32_t)((left + 999999) / 1000000);
}

/* The uses still within the window move to the front; how many there are. */
static size_t drop_old(int64_t *uses, size_t count, int64_t oldest_us)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (uses[i] > oldest_us) {
            uses[kept++] = uses[i];
        }
    }
    return kept;
}

/* How long after the newest of `count` uses the next is allowed. */
static int64_t gap_of(const struct lfi_allowance *allowance, size_t count)
{
    int64_t gap = (int64_t)allowance->gap_s * 1000000;
    if (allowance->growing_gap_s == 0 || count < allowance->free || count == 0) {
        return gap;
    }
    int64_t window = (int64_t)allowance->window_s * 1000000;
    int64_t growing = (int64_t)allowance->growing_gap_s * 1000000;
    for (size_t used = allowance->free > 0 ? allowance->free : 1; used < count && growing < window;
         used++) {
        growing *= 2;
    }
    growing = growing < window ? growing : window;
    return growing > gap ? growing : gap;
}

/*
 * Deletes some of the keys behind this one that were not used for a day. Keys hold digests: uses of
 * others come by everywhere, so that in time all are looked at.
 */
static int sweep(MDB_txn *txn, MDB_dbi db, MDB_val where, int64_t now)
{
    MDB_cursor *cursor = NULL;
    MDB_val value;
    int rc = mdb_cursor_open(txn, db, &cursor);
    if (rc != 0) {
        return rc;
    }
    rc = mdb_cursor_get(cursor, &where, &value, MDB_SET);
    for (unsigned i = 0; rc == 0 && i < SWEEP; i++) {
        int64_t newest = 0;
        rc = mdb_cursor_get(cursor, &where, &value, MDB_NEXT);
        if (rc == 0 && value.mv_size >= sizeof(newest)) {
            memcpy(&newest, (char *)value.mv_data + value.mv_size - sizeof(newest), sizeof(newest));
        }
        if (rc == 0 && newest + INT64_C(1000000) * WINDOW_MAX_S < now) {
            rc = mdb_cursor_del(cursor, 0);
        }
    }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

int store_allow(void *core, struct lfi_slice key, const struct lfi_allowance *allowance,
                uint32_t *out_wait_s, struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    MDB_val value;
    int64_t uses[TIMES_MAX];
    size_t count = 0;
    if (key.len == 0 || key.len > STORE_KEY_MAX || allowance->times == 0 ||
        allowance->times > TIMES_MAX || allowance->window_s > WINDOW_MAX_S) {
        return store_say(error, "allowance: refused");
    }
    int rc = mdb_txn_begin(store->env, NULL, 0, &txn);
    if (rc != 0) {
        return store_fail(error, "begin", rc);
    }
    MDB_val where = val_of(key);
    rc = mdb_get(txn, store->db[DB_ALLOWED], &where, &value);
    if (rc == 0 && value.mv_size <= sizeof(uses)) {
        count = value.mv_size / sizeof(uses[0]);
        memcpy(uses, value.mv_data, count * sizeof(uses[0]));
    } else if (rc != MDB_NOTFOUND) {
        mdb_txn_abort(txn);
        return store_fail(error, "allowance", rc);
    }
    int64_t now = store->now_us(store->clock);
    int64_t window = (int64_t)allowance->window_s * 1000000;
    count = drop_old(uses, count, now - window);
    *out_wait_s = 0;
    if (count >= allowance->times) {
        *out_wait_s = wait_for(uses[count - allowance->times] + window, now);
    }
    if (count > 0) {
        uint32_t gap = wait_for(uses[count - 1] + gap_of(allowance, count), now);
        *out_wait_s = gap > *out_wait_s ? gap : *out_wait_s;
    }
    if (*out_wait_s > 0) {
        mdb_txn_abort(txn);
        return LFI_CORE_OK;
    }
    uses[count++] = now;
    value = (MDB_val){count * sizeof(uses[0]), uses};
    if ((rc = mdb_put(txn, store->db[DB_ALLOWED], &where, &value, 0)) != 0 ||
        (rc = sweep(txn, store->db[DB_ALLOWED], where, now)) != 0) {
        mdb_txn_abort(txn);
        return store_fail(error, "allowance", rc);
    }
    rc = mdb_txn_commit(txn);
    return rc == 0 ? LFI_CORE_OK : store_fail(error, "commit", rc);
}

int store_allow_undo(void *core, struct lfi_slice key, struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    MDB_val value;
    int64_t uses[TIMES_MAX];
    if (key.len == 0 || key.len > STORE_KEY_MAX) {
        return store_say(error, "allowance: refused");
    }
    int rc = mdb_txn_begin(store->env, NULL, 0, &txn);
    if (rc != 0) {
        return store_fail(error, "begin", rc);
    }
    MDB_val where = val_of(key);
    rc = mdb_get(txn, store->db[DB_ALLOWED], &where, &value);
    if (rc == 0 && value.mv_size > sizeof(uses[0]) && value.mv_size <= sizeof(uses)) {
        memcpy(uses, value.mv_data, value.mv_size);
        value = (MDB_val){value.mv_size - sizeof(uses[0]), uses};
        rc = mdb_put(txn, store->db[DB_ALLOWED], &where, &value, 0);
    } else if (rc == 0) {
        rc = mdb_del(txn, store->db[DB_ALLOWED], &where, NULL);
    }
    if (rc != 0) {
        mdb_txn_abort(txn);
        return rc == MDB_NOTFOUND ? LFI_CORE_OK : store_fail(error, "allowance", rc);
    }
    rc = mdb_txn_commit(txn);
    return rc == 0 ? LFI_CORE_OK : store_fail(error, "commit", rc);
}
