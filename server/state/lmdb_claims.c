/*
 * Idempotency claims. A claim lives until its time: unsettled ones become free then, settled ones
 * are deleted then by later claims of the provider.
 */
#include "state/lmdb.h"

#include <string.h>

#define SWEEP 8 /* expired claims that one new claim clears away */

struct claim_head {
    int64_t until_us;
    uint32_t settled;
    uint32_t unused;
};

static int find(struct lmdb_txn *txn, const struct lmdb_key *key, struct claim_head *head,
                struct lfi_slice *result)
{
    MDB_val into = {sizeof(*head), head};
    return lmdb_get_head(txn, TABLE_CLAIMS, key, &into, result);
}

/* A claim that is made again leaves its old time behind, which the sweep finds outdated. */
static int put(struct lmdb_txn *txn, const struct state_call *call, struct claim_head head,
               struct lfi_slice result)
{
    struct lmdb_key key, when;
    if (!lmdb_key_own(&key, call) || !lmdb_key_timed(&when, call, head.until_us, call->key)) {
        return lmdb_refuse(call->error, "claim: the key does not fit");
    }
    int status = lmdb_put(txn, TABLE_CLAIMS, &key, (MDB_val){sizeof(head), &head}, result);
    return status == LFI_OK
               ? lmdb_put(txn, TABLE_EXPIRY, &when, (MDB_val){0, NULL}, (struct lfi_slice){0})
               : status;
}

struct sweep {
    struct lmdb_txn *txn;
    const struct state_call *call;
    size_t skip; /* the provider */
    unsigned left;
    int status;
};

static enum lmdb_step sweep_one(void *ctx, const MDB_val *when, const MDB_val *nothing)
{
    struct sweep *sweep = ctx;
    struct lmdb_key key;
    struct claim_head head;
    struct lfi_slice result;
    uint64_t until_us = 0;
    (void)nothing;
    if (sweep->left-- == 0 || when->mv_size <= sweep->skip + sizeof(until_us)) {
        return LMDB_STOP;
    }
    for (size_t i = 0; i < sizeof(until_us); i++) {
        until_us = until_us << 8 | ((const unsigned char *)when->mv_data)[sweep->skip + i];
    }
    if ((int64_t)until_us > sweep->call->now_us) {
        return LMDB_STOP;
    }
    struct state_call old = *sweep->call;
    old.key = lmdb_key_rest(when, sweep->skip + sizeof(until_us));
    int status = lmdb_key_own(&key, &old) ? find(sweep->txn, &key, &head, &result) : LFI_UNKNOWN;
    if (status == LFI_OK && head.until_us == (int64_t)until_us) {
        status = lmdb_delete(sweep->txn, TABLE_CLAIMS, &key);
    }
    if (status != LFI_OK && status != LFI_UNKNOWN) {
        sweep->status = status;
        return LMDB_STOP;
    }
    return LMDB_DELETE;
}

static int clear_away(struct lmdb_txn *txn, const struct state_call *call)
{
    struct lmdb_key first;
    if (!lmdb_key_provider(&first, call)) {
        return lmdb_refuse(call->error, "no such provider");
    }
    const struct lmdb_range all = {&first, first.len};
    struct sweep sweep = {.txn = txn, .call = call, .skip = first.len, .left = SWEEP};
    int status = lmdb_walk(txn, TABLE_EXPIRY, &all, sweep_one, &sweep);
    return status == LFI_OK ? sweep.status : status;
}

int lmdb_claim(void *store, const struct state_call *call, uint32_t ttl_s,
               const struct state_sink *sink, enum state_claim *out)
{
    struct lmdb_txn txn;
    struct lmdb_key key;
    struct claim_head head;
    struct lfi_slice result;
    if (!lmdb_key_own(&key, call)) {
        return lmdb_refuse(call->error, "claim: the key does not fit");
    }
    int status = lmdb_begin(&txn, store, true, call->error);
    if (status != LFI_OK) {
        return status;
    }
    status = clear_away(&txn, call);
    if (status == LFI_OK) {
        status = find(&txn, &key, &head, &result);
    }
    if (status == LFI_OK && head.until_us > call->now_us) {
        *out = head.settled ? STATE_CLAIM_SETTLED : STATE_CLAIM_TAKEN;
        if (head.settled) {
            sink->take(sink->ctx, result);
        }
    } else if (status == LFI_OK || status == LFI_UNKNOWN) {
        *out = STATE_CLAIM_YOURS;
        head = (struct claim_head){.until_us = call->now_us + (int64_t)ttl_s * 1000000};
        status = put(&txn, call, head, (struct lfi_slice){0});
    }
    return lmdb_end(&txn, status);
}

int lmdb_claim_find(void *store, const struct state_call *call, const struct state_sink *sink)
{
    struct lmdb_txn txn;
    struct lmdb_key key;
    struct claim_head head;
    struct lfi_slice result;
    if (!lmdb_key_own(&key, call)) {
        return LFI_UNKNOWN;
    }
    int status = lmdb_begin(&txn, store, false, call->error);
    if (status != LFI_OK) {
        return status;
    }
    status = find(&txn, &key, &head, &result);
    if (status == LFI_OK && head.settled && head.until_us > call->now_us) {
        sink->take(sink->ctx, result);
    } else if (status == LFI_OK) {
        status = LFI_UNKNOWN;
    }
    return lmdb_end(&txn, status);
}

int lmdb_claim_settle(void *store, const struct state_call *call, struct lfi_slice result)
{
    struct lmdb_txn txn;
    const struct claim_head head = {.until_us = call->now_us + INT64_C(1000000) * STATE_SETTLED_S,
                                    .settled = 1};
    if (result.len > STATE_RESULT_MAX) {
        return lmdb_refuse(call->error, "claim: the result is too long");
    }
    int status = lmdb_begin(&txn, store, true, call->error);
    return status == LFI_OK ? lmdb_end(&txn, put(&txn, call, head, result)) : status;
}
