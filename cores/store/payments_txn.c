/* Transactions of the payments' environment. */
#include "store/payments.h"

#include <errno.h>
#include <string.h>

int payments_begin(struct payments *payments, bool write, MDB_txn **txn, struct lfi_error *error)
{
    int rc = mdb_txn_begin(payments->env, NULL, write ? 0 : MDB_RDONLY, txn);
    if (rc == 0) {
        return LFI_OK;
    }
    (void)store_fail(error, "payments", rc);
    return rc == MDB_READERS_FULL ? LFI_UNAVAILABLE : LFI_FAILED;
}

int payments_end(struct payments *payments, MDB_txn *txn, int rc, struct lfi_error *error)
{
    if (rc == 0) {
        rc = mdb_txn_commit(txn);
    } else {
        mdb_txn_abort(txn);
    }
    (void)pthread_mutex_lock(&payments->lock);
    payments->commits++;
    (void)pthread_cond_broadcast(&payments->moved);
    (void)pthread_mutex_unlock(&payments->lock);
    return rc == 0 ? LFI_OK : store_fail(error, "payments", rc);
}

static const struct lfi_slice name = {"identity", 8};

int payments_put_identity(struct payments *payments, MDB_txn *txn)
{
    struct lfi_id id;
    if (!store_new_id(&id)) {
        return EIO;
    }
    MDB_val key = val_of(name);
    MDB_val value = {PAYMENTS_IDENTITY, id.text};
    return mdb_put(txn, payments->db[PAYMENTS_META], &key, &value, 0);
}

int payments_identity(struct payments *payments, MDB_txn *txn, char out[PAYMENTS_IDENTITY + 1])
{
    MDB_val value;
    MDB_val key = val_of(name);
    int rc = mdb_get(txn, payments->db[PAYMENTS_META], &key, &value);
    if (rc != 0 || value.mv_size != PAYMENTS_IDENTITY) {
        return rc != 0 ? rc : MDB_CORRUPTED;
    }
    memcpy(out, value.mv_data, PAYMENTS_IDENTITY);
    out[PAYMENTS_IDENTITY] = '\0';
    return 0;
}

/* What new payments say of themselves is written; what older ones say must be the same. */
