/* Figures of days: each under its day and operation; old ones go with the next that is added. */
#include "state/lmdb.h"

#include <string.h>

#define DAY_BYTES 8 /* of a key, after the provider */

struct stored {
    uint32_t failed;
    uint32_t buckets[STATE_FIGURE_BUCKETS];
};

static uint32_t sum(uint32_t a, uint32_t b)
{
    return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

static int add_one(struct lmdb_txn *txn, const struct state_call *call,
                   const struct state_figure *figure)
{
    struct lmdb_key key;
    struct lfi_slice rest;
    struct stored kept = {0};
    if (!lmdb_key_timed(&key, call, figure->day, figure->operation) || !figure->operation.ptr) {
        return lmdb_refuse(call->error, "figures: the key does not fit");
    }
    MDB_val value = {sizeof(kept), &kept};
    int status = lmdb_get_head(txn, TABLE_FIGURES, &key, &value, &rest);
    if (status != LFI_OK && status != LFI_UNKNOWN) {
        return status;
    }
    kept.failed = sum(kept.failed, figure->failed);
    for (size_t i = 0; i < STATE_FIGURE_BUCKETS; i++) {
        kept.buckets[i] = sum(kept.buckets[i], figure->buckets[i]);
    }
    return lmdb_put(txn, TABLE_FIGURES, &key, value, (struct lfi_slice){NULL, 0});
}

/* --- forgetting ------------------------------------------------------------------------------- */

struct limit {
    size_t skip; /* bytes of the provider */
    uint32_t first_day;
};

static uint32_t day_of(const MDB_val *key, size_t skip)
{
    const unsigned char *bytes = (const unsigned char *)key->mv_data + skip;
    uint64_t day = 0;
    for (size_t i = 0; i < DAY_BYTES; i++) {
        day = day << 8 | bytes[i];
    }
    return (uint32_t)day;
}

static enum lmdb_step forget_old(void *ctx, const MDB_val *key, const MDB_val *value)
{
    const struct limit *limit = ctx;
    (void)value;
    return day_of(key, limit->skip) < limit->first_day ? LMDB_DELETE : LMDB_STOP;
}

static int add_all(struct lmdb_txn *txn, const struct state_call *call,
                   const struct state_figure *figures, size_t count)
{
    struct lmdb_key provider;
    struct limit limit = {0};
    int status = LFI_OK;
    for (size_t i = 0; i < count && status == LFI_OK; i++) {
        status = add_one(txn, call, &figures[i]);
        if (figures[i].day > limit.first_day) {
            limit.first_day = figures[i].day;
        }
    }
    if (status != LFI_OK || limit.first_day < STATE_FIGURES_DAYS ||
        !lmdb_key_provider(&provider, call)) {
        return status;
    }
    limit.first_day -= STATE_FIGURES_DAYS - 1;
    limit.skip = provider.len;
    const struct lmdb_range all = {&provider, provider.len};
    return lmdb_walk(txn, TABLE_FIGURES, &all, forget_old, &limit);
}

int lmdb_figures_add(void *store, const struct state_call *call, const struct state_figure *figures,
                     size_t count)
{
    struct lmdb_txn txn;
    int status = lmdb_begin(&txn, store, true, call->error);
    return status == LFI_OK ? lmdb_end(&txn, add_all(&txn, call, figures, count)) : status;
}

/* --- reading ---------------------------------------------------------------------------------- */

struct reading {
    size_t skip;
    const struct state_figure_sink *sink;
    bool malformed;
};

static enum lmdb_step read_one(void *ctx, const MDB_val *key, const MDB_val *value)
{
    struct reading *reading = ctx;
    struct stored kept;
    if (value->mv_size != sizeof(kept) || key->mv_size <= reading->skip + DAY_BYTES) {
        reading->malformed = true;
        return LMDB_STOP;
    }
    memcpy(&kept, value->mv_data, sizeof(kept));
    struct state_figure figure = {.day = day_of(key, reading->skip),
                                  .operation = lmdb_key_rest(key, reading->skip + DAY_BYTES),
                                  .failed = kept.failed};
    memcpy(figure.buckets, kept.buckets, sizeof(figure.buckets));
    return reading->sink->take(reading->sink->ctx, &figure) ? LMDB_GO_ON : LMDB_STOP;
}

int lmdb_figures(void *store, const struct state_call *call, const struct state_figure_sink *sink)
{
    struct lmdb_txn txn;
    struct lmdb_key provider;
    if (!lmdb_key_provider(&provider, call)) {
        return lmdb_refuse(call->error, "no such provider");
    }
    struct reading reading = {.skip = provider.len, .sink = sink};
    const struct lmdb_range all = {&provider, provider.len};
    int status = lmdb_begin(&txn, store, false, call->error);
    if (status == LFI_OK) {
        status = lmdb_end(&txn, lmdb_walk(&txn, TABLE_FIGURES, &all, read_one, &reading));
    }
    return reading.malformed ? lmdb_refuse(call->error, "figures: malformed value") : status;
}
