/* Whether the store can be read and written, and how full it is. */
#include "lmdb/health.h"
#include "state/lmdb.h"

int lmdb_health(void *opened, const struct state_call *call, struct state_health *out)
{
    struct lmdb_store *store = opened;
    struct lmdb_use use;
    const struct lmdb_watched watched = {.env = store->env,
                                         .meta = store->table[TABLE_META],
                                         .data_file = store->data_file,
                                         .name = "store",
                                         .setting = "state.maxMegabytes",
                                         .now_us = call->now_us,
                                         .write_tried_s = &store->write_tried_s};
    int status = lmdb_watch(&watched, &use, call->error);
    *out = (struct state_health){.used_bytes = use.used_bytes, .limit_bytes = use.limit_bytes};
    return status;
}
