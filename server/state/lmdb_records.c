/* Records: a text under its key, replaced only where it is still the one that was read. */
#include "state/lmdb.h"

#include <string.h>

int lmdb_record_find(void *store, const struct state_call *call, const struct state_sink *sink)
{
    struct lmdb_txn txn;
    struct lmdb_key key;
    MDB_val value;
    if (!lmdb_key_own(&key, call)) {
        return LFI_UNKNOWN;
    }
    int status = lmdb_begin(&txn, store, false, call->error);
    if (status != LFI_OK) {
        return status;
    }
    status = lmdb_get(&txn, TABLE_RECORDS, &key, &value);
    if (status == LFI_OK) {
        sink->take(sink->ctx, (struct lfi_slice){value.mv_data, value.mv_size});
    }
    return lmdb_end(&txn, status);
}

static int replace(struct lmdb_txn *txn, const struct lmdb_key *key, struct lfi_slice was,
                   struct lfi_slice record)
{
    MDB_val now = {0, NULL};
    int status = lmdb_get(txn, TABLE_RECORDS, key, &now);
    if (status != LFI_OK && status != LFI_UNKNOWN) {
        return status;
    }
    bool same = status == LFI_OK
                    ? was.len == now.mv_size && memcmp(was.ptr, now.mv_data, now.mv_size) == 0
                    : was.len == 0;
    return same ? lmdb_put(txn, TABLE_RECORDS, key, (MDB_val){0, NULL}, record) : LFI_DENIED;
}

int lmdb_record_replace(void *store, const struct state_call *call, struct lfi_slice was,
                        struct lfi_slice record)
{
    struct lmdb_txn txn;
    struct lmdb_key key;
    if (!lmdb_key_own(&key, call) || record.len == 0 || record.len > STATE_RECORD_MAX) {
        return lmdb_refuse(call->error, "record: it or its key does not fit");
    }
    int status = lmdb_begin(&txn, store, true, call->error);
    return status == LFI_OK ? lmdb_end(&txn, replace(&txn, &key, was, record)) : status;
}
