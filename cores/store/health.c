/* Whether the store and the payments beside it can be read and written, and how full they are. */
#include "lmdb/health.h"
#include "store/payments.h"

static int watch_store(struct store *store, struct lmdb_use *out, struct lfi_error *error)
{
    const struct lmdb_watched watched = {.env = store->env,
                                         .meta = store->db[DB_META],
                                         .data_file = store->data_file,
                                         .name = "store",
                                         .setting = "mapMiB",
                                         .now_us = store->now_us(store->clock),
                                         .write_tried_s = &store->write_tried_s};
    return lmdb_watch(&watched, out, error);
}

static int watch_payments(struct store *store, struct lmdb_use *out, struct lfi_error *error)
{
    struct payments *payments = store->payments;
    const struct lmdb_watched watched = {.env = payments->env,
                                         .meta = payments->db[PAYMENTS_META],
                                         .data_file = payments->data_file,
                                         .name = "payments' store",
                                         .setting = "mapMiB",
                                         .now_us = store->now_us(store->clock),
                                         .write_tried_s = &payments->write_tried_s};
    return lmdb_watch(&watched, out, error);
}

/* Both have limits of the same size: the one that is fuller is told. */
int store_health(void *core, const struct lfi_call *call, struct lfi_health *out,
                 struct lfi_error *error)
{
    struct store *store = core;
    struct lmdb_use own = {0}, beside = {0};
    (void)call;
    int rc = watch_store(store, &own, error);
    if (rc == LFI_OK && store->payments) {
        rc = watch_payments(store, &beside, error);
    }
    out->used_bytes = own.used_bytes > beside.used_bytes ? own.used_bytes : beside.used_bytes;
    out->limit_bytes = own.limit_bytes;
    out->storage_device = own.device;
    out->storage_inode = own.inode;
    return rc;
}
