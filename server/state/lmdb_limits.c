/* Rate limits: the times of use of each key. */
#include "state/lmdb.h"

#include <string.h>

#define SWEEP 8 /* other keys that one use looks at, to delete those not used for a day */

struct uses {
    int64_t at_us[STATE_USES_MAX]; /* newest last */
    size_t count;
};

/* Seconds, rounded up, until `until_us`. */
static uint32_t wait_for(int64_t until_us, int64_t now_us)
{
    int64_t left = until_us - now_us;
    return left <= 0 ? 0 : (uint32_t)((left + 999999) / 1000000);
}

static void drop_old(struct uses *uses, int64_t oldest_us)
{
    size_t kept = 0;
    for (size_t i = 0; i < uses->count; i++) {
        if (uses->at_us[i] > oldest_us) {
            uses->at_us[kept++] = uses->at_us[i];
        }
    }
    uses->count = kept;
}

/* How long after the newest of `count` uses the next is allowed. */
static int64_t gap_of(const struct state_allowance *allowance, size_t count)
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

/* Drops what is too old to count. 0: there may be one more use now. */
static uint32_t judge(struct uses *uses, const struct state_allowance *allowance, int64_t now_us)
{
    int64_t window = (int64_t)allowance->window_s * 1000000;
    uint32_t wait_s = 0;
    drop_old(uses, now_us - window);
    if (uses->count >= allowance->times) {
        wait_s = wait_for(uses->at_us[uses->count - allowance->times] + window, now_us);
    }
    if (uses->count > 0) {
        int64_t next_us = uses->at_us[uses->count - 1] + gap_of(allowance, uses->count);
        uint32_t gap_s = wait_for(next_us, now_us);
        wait_s = gap_s > wait_s ? gap_s : wait_s;
    }
    return wait_s;
}

static int read_uses(struct lmdb_txn *txn, const struct lmdb_key *key, struct uses *out)
{
    MDB_val value;
    out->count = 0;
    int status = lmdb_get(txn, TABLE_LIMITS, key, &value);
    if (status != LFI_OK) {
        return status == LFI_UNKNOWN ? LFI_OK : status;
    }
    if (value.mv_size > sizeof(out->at_us)) {
        return lmdb_refuse(txn->error, "limits: malformed value");
    }
    out->count = value.mv_size / sizeof(out->at_us[0]);
    memcpy(out->at_us, value.mv_data, out->count * sizeof(out->at_us[0]));
    return LFI_OK;
}

static int put_uses(struct lmdb_txn *txn, const struct lmdb_key *key, struct uses *uses)
{
    MDB_val value = {uses->count * sizeof(uses->at_us[0]), uses->at_us};
    return lmdb_put(txn, TABLE_LIMITS, key, value, (struct lfi_slice){0});
}

struct sweep {
    int64_t oldest_us;
    unsigned left;
};

static enum lmdb_step sweep_one(void *ctx, const MDB_val *key, const MDB_val *value)
{
    struct sweep *sweep = ctx;
    int64_t newest_us = 0;
    (void)key;
    if (sweep->left-- == 0) {
        return LMDB_STOP;
    }
    if (value->mv_size >= sizeof(newest_us)) {
        memcpy(&newest_us, (char *)value->mv_data + value->mv_size - sizeof(newest_us),
               sizeof(newest_us));
    }
    return newest_us < sweep->oldest_us ? LMDB_DELETE : LMDB_GO_ON;
}

/*
 * Deletes some of the keys behind this one that were not used for a day. Keys hold digests: uses of
 * others come by everywhere, so that in time all are looked at.
 */
static int clear_away(struct lmdb_txn *txn, const struct lmdb_key *key, int64_t now_us)
{
    const struct lmdb_range behind = {key, 0};
    struct sweep sweep = {now_us - INT64_C(1000000) * STATE_WINDOW_MAX_S, SWEEP + 1};
    return lmdb_walk(txn, TABLE_LIMITS, &behind, sweep_one, &sweep);
}

int lmdb_limit_take(void *store, const struct state_call *call,
                    const struct state_allowance *allowance, uint32_t *wait_s)
{
    struct lmdb_txn txn;
    struct lmdb_key key;
    struct uses uses;
    if (!lmdb_key_own(&key, call) || allowance->times == 0 || allowance->times > STATE_USES_MAX ||
        allowance->window_s > STATE_WINDOW_MAX_S) {
        return lmdb_refuse(call->error, "rate limit: key or allowance do not fit");
    }
    int status = lmdb_begin(&txn, store, true, call->error);
    if (status != LFI_OK) {
        return status;
    }
    status = read_uses(&txn, &key, &uses);
    *wait_s = status == LFI_OK ? judge(&uses, allowance, call->now_us) : 0;
    if (status == LFI_OK && *wait_s == 0) {
        uses.at_us[uses.count++] = call->now_us;
        status = put_uses(&txn, &key, &uses);
        status = status == LFI_OK ? clear_away(&txn, &key, call->now_us) : status;
    }
    return lmdb_end(&txn, status);
}

int lmdb_limit_give_back(void *store, const struct state_call *call)
{
    struct lmdb_txn txn;
    struct lmdb_key key;
    struct uses uses;
    if (!lmdb_key_own(&key, call)) {
        return lmdb_refuse(call->error, "rate limit: the key does not fit");
    }
    int status = lmdb_begin(&txn, store, true, call->error);
    if (status != LFI_OK) {
        return status;
    }
    status = read_uses(&txn, &key, &uses);
    if (status == LFI_OK && uses.count > 1) {
        uses.count--;
        status = put_uses(&txn, &key, &uses);
    } else if (status == LFI_OK && uses.count == 1) {
        status = lmdb_delete(&txn, TABLE_LIMITS, &key);
    }
    return lmdb_end(&txn, status);
}
