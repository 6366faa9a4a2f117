/* Cursors: each under its key, moved in one transaction with the tasks that were made on the way.
 */
#include "state/lmdb.h"

#include <string.h>

/* A copy: the store moves with the first write. */
struct cursor {
    size_t len; /* 0: it was never moved */
    char text[STATE_CURSOR_MAX];
};

static int read_cursor(struct lmdb_txn *txn, const struct state_call *call, struct cursor *out)
{
    struct lmdb_key key;
    MDB_val value;
    out->len = 0;
    int status =
        lmdb_key_own(&key, call) ? lmdb_get(txn, TABLE_CURSORS, &key, &value) : LFI_UNKNOWN;
    if (status == LFI_OK && value.mv_size > sizeof(out->text)) {
        return lmdb_refuse(call->error, "cursors: malformed value");
    }
    if (status == LFI_OK) {
        out->len = value.mv_size;
        memcpy(out->text, value.mv_data, value.mv_size);
    }
    return status;
}

int lmdb_cursor_find(void *store, const struct state_call *call, const struct state_sink *sink)
{
    struct lmdb_txn txn;
    struct cursor cursor;
    int status = lmdb_begin(&txn, store, false, call->error);
    if (status == LFI_OK) {
        status = lmdb_end(&txn, read_cursor(&txn, call, &cursor));
    }
    if (status == LFI_OK) {
        sink->take(sink->ctx, (struct lfi_slice){cursor.text, cursor.len});
    }
    return status;
}

static int keep_tasks(struct lmdb_txn *txn, const struct state_call *call,
                      const struct state_cursor_move *move)
{
    int status = LFI_OK;
    for (size_t i = 0; i < move->task_count && status == LFI_OK; i++) {
        struct state_call own = *call;
        own.key = move->tasks[i].key;
        status = lmdb_keep_task(txn, &own, &move->tasks[i].task);
    }
    return status;
}

static int move_cursor(struct lmdb_txn *txn, const struct state_call *call,
                       const struct state_cursor_move *move)
{
    struct lmdb_key key;
    struct cursor now;
    int status = read_cursor(txn, call, &now);
    if (status != LFI_OK && status != LFI_UNKNOWN) {
        return status;
    }
    if (now.len != move->from.len ||
        (now.len > 0 && memcmp(now.text, move->from.ptr, now.len) != 0)) {
        return LFI_DENIED;
    }
    if (!lmdb_key_own(&key, call)) {
        return lmdb_refuse(call->error, "cursor: the key does not fit");
    }
    status = keep_tasks(txn, call, move);
    return status == LFI_OK ? lmdb_put(txn, TABLE_CURSORS, &key, (MDB_val){0, NULL}, move->to)
                            : status;
}

int lmdb_cursor_move(void *store, const struct state_call *call,
                     const struct state_cursor_move *move)
{
    struct lmdb_txn txn;
    if (move->to.len == 0 || move->to.len > STATE_CURSOR_MAX ||
        move->task_count > STATE_MOVE_TASKS) {
        return lmdb_refuse(call->error, "cursor: it does not fit");
    }
    int status = lmdb_begin(&txn, store, true, call->error);
    return status == LFI_OK ? lmdb_end(&txn, move_cursor(&txn, call, move)) : status;
}
