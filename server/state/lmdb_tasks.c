/* Tasks: each under its key, and its key under the time when it is due. */
#include "state/lmdb.h"

#include <string.h>

struct task_head {
    int64_t due_us;
};

/* Of a provider. */
struct task_counts {
    uint64_t kept;
    uint64_t parked;
};

static int64_t due_us_of(int64_t due_s)
{
    return due_s * 1000000;
}

static int find(struct lmdb_txn *txn, const struct state_call *call, struct task_head *head,
                struct lfi_slice *record)
{
    struct lmdb_key key;
    MDB_val into = {sizeof(*head), head};
    return lmdb_key_own(&key, call) ? lmdb_get_head(txn, TABLE_TASKS, &key, &into, record)
                                    : LFI_UNKNOWN;
}

/* --- how many there are ----------------------------------------------------------------------- */

static int read_counts(struct lmdb_txn *txn, const struct state_call *call, struct task_counts *out)
{
    struct lmdb_key key;
    struct lfi_slice rest;
    MDB_val into = {sizeof(*out), out};
    *out = (struct task_counts){0};
    if (!lmdb_key_provider(&key, call)) {
        return lmdb_refuse(call->error, "no such provider");
    }
    int status = lmdb_get_head(txn, TABLE_COUNTS, &key, &into, &rest);
    return status == LFI_UNKNOWN ? LFI_OK : status;
}

/* One more, or one less. */
static int count(struct lmdb_txn *txn, const struct state_call *call, int64_t due_us, bool more)
{
    struct lmdb_key key;
    struct task_counts counts;
    uint64_t change = more ? 1 : UINT64_MAX;
    int status = read_counts(txn, call, &counts);
    if (status != LFI_OK || !lmdb_key_provider(&key, call)) {
        return status;
    }
    counts.kept += change;
    counts.parked += due_us == due_us_of(STATE_PARKED_S) ? change : 0;
    return lmdb_put(txn, TABLE_COUNTS, &key, (MDB_val){sizeof(counts), &counts},
                    (struct lfi_slice){0});
}

int lmdb_task_counts(void *store, const struct state_call *call, struct state_task_counts *out)
{
    struct lmdb_txn txn;
    struct task_counts counts;
    int status = lmdb_begin(&txn, store, false, call->error);
    if (status != LFI_OK) {
        return status;
    }
    status = read_counts(&txn, call, &counts);
    *out = (struct state_task_counts){
        .kept = counts.kept, .limit = txn.store->max_tasks, .parked = counts.parked};
    return lmdb_end(&txn, status);
}

/* --- keeping ---------------------------------------------------------------------------------- */

static int put(struct lmdb_txn *txn, const struct state_call *call, int64_t due_us,
               struct lfi_slice record)
{
    struct lmdb_key key, when;
    struct task_head head = {due_us};
    if (!lmdb_key_own(&key, call) || !lmdb_key_timed(&when, call, due_us, call->key)) {
        return lmdb_refuse(call->error, "task: the key does not fit");
    }
    int status = lmdb_put(txn, TABLE_TASKS, &key, (MDB_val){sizeof(head), &head}, record);
    if (status == LFI_OK) {
        status = lmdb_put(txn, TABLE_DUE, &when, (MDB_val){0, NULL}, (struct lfi_slice){0});
    }
    return status == LFI_OK ? count(txn, call, due_us, true) : status;
}

/* Takes a task out. LFI_UNKNOWN: there is none. */
static int take_out(struct lmdb_txn *txn, const struct state_call *call)
{
    struct lmdb_key key, when;
    struct task_head head;
    struct lfi_slice record;
    int status = find(txn, call, &head, &record);
    if (status != LFI_OK || !lmdb_key_own(&key, call) ||
        !lmdb_key_timed(&when, call, head.due_us, call->key)) {
        return status;
    }
    status = lmdb_delete(txn, TABLE_DUE, &when);
    if (status == LFI_UNKNOWN) {
        return lmdb_refuse(call->error, "due: a task is missing");
    }
    if (status == LFI_OK) {
        status = lmdb_delete(txn, TABLE_TASKS, &key);
    }
    return status == LFI_OK ? count(txn, call, head.due_us, false) : status;
}

static int check_room(struct lmdb_txn *txn, const struct state_call *call)
{
    struct task_counts counts;
    int status = read_counts(txn, call, &counts);
    if (status == LFI_OK && counts.kept >= txn->store->max_tasks) {
        (void)lmdb_refuse(call->error, "task: as many as maxTasks are kept already");
        return LFI_UNAVAILABLE;
    }
    return status;
}

int lmdb_task_put(void *store, const struct state_call *call, int64_t due_s,
                  struct lfi_slice record)
{
    struct lmdb_txn txn;
    if (record.len == 0 || record.len > STATE_RECORD_MAX) {
        return lmdb_refuse(call->error, "task: the record does not fit");
    }
    int status = lmdb_begin(&txn, store, true, call->error);
    if (status != LFI_OK) {
        return status;
    }
    status = take_out(&txn, call);
    if (status == LFI_UNKNOWN) {
        status = check_room(&txn, call);
    }
    if (status == LFI_OK) {
        status = put(&txn, call, due_us_of(due_s), record);
    }
    return lmdb_end(&txn, status);
}

int lmdb_task_done(void *store, const struct state_call *call)
{
    struct lmdb_txn txn;
    int status = lmdb_begin(&txn, store, true, call->error);
    return status == LFI_OK ? lmdb_end(&txn, take_out(&txn, call)) : status;
}

/* --- finding ---------------------------------------------------------------------------------- */

int lmdb_task_find(void *store, const struct state_call *call, const struct state_sink *sink)
{
    struct lmdb_txn txn;
    struct task_head head;
    struct lfi_slice record;
    int status = lmdb_begin(&txn, store, false, call->error);
    if (status != LFI_OK) {
        return status;
    }
    status = find(&txn, call, &head, &record);
    if (status == LFI_OK) {
        sink->take(sink->ctx, record);
    }
    return lmdb_end(&txn, status);
}

/* The key of the first task whose time has come, copied: the store moves with the first write. */
struct due {
    struct lmdb_key until;
    size_t skip; /* provider and time */
    char name[STATE_KEY_MAX];
    struct lfi_slice key; /* absent: none is due */
};

static enum lmdb_step see_first(void *ctx, const MDB_val *when, const MDB_val *nothing)
{
    struct due *due = ctx;
    (void)nothing;
    if (when->mv_size > due->skip && when->mv_size - due->skip <= sizeof(due->name) &&
        memcmp(when->mv_data, due->until.bytes, due->skip) <= 0) {
        due->key = lmdb_key_rest(when, due->skip);
        memcpy(due->name, due->key.ptr, due->key.len);
        due->key.ptr = due->name;
    }
    return LMDB_STOP;
}

static int find_due(struct lmdb_txn *txn, const struct state_call *call, struct due *out)
{
    struct lmdb_key first;
    if (!lmdb_key_provider(&first, call) ||
        !lmdb_key_timed(&out->until, call, call->now_us, (struct lfi_slice){0})) {
        return lmdb_refuse(call->error, "no such provider");
    }
    out->skip = out->until.len;
    out->key = (struct lfi_slice){0};
    const struct lmdb_range all = {&first, first.len};
    int status = lmdb_walk(txn, TABLE_DUE, &all, see_first, out);
    return status == LFI_OK && !out->key.ptr ? LFI_UNKNOWN : status;
}

/* Most of the time nothing is due, which a look without writing tells. */
static int look(void *store, const struct state_call *call)
{
    struct lmdb_txn txn;
    struct due due;
    int status = lmdb_begin(&txn, store, false, call->error);
    return status == LFI_OK ? lmdb_end(&txn, find_due(&txn, call, &due)) : status;
}

/* Finds what is due and makes it due again later; `copy` gets the record. */
static int hold(struct lmdb_txn *txn, const struct state_call *call, int64_t until_us,
                struct lfi_slice *copy, char record[STATE_RECORD_MAX])
{
    struct due due;
    struct task_head head;
    struct state_call task = *call;
    int status = find_due(txn, call, &due);
    if (status != LFI_OK) {
        return status;
    }
    task.key = due.key;
    status = find(txn, &task, &head, copy);
    if (status != LFI_OK || copy->len > STATE_RECORD_MAX) {
        return lmdb_refuse(call->error, "tasks: malformed value");
    }
    memcpy(record, copy->ptr, copy->len);
    copy->ptr = record;
    status = take_out(txn, &task);
    return status == LFI_OK ? put(txn, &task, until_us, *copy) : status;
}

int lmdb_task_take(void *store, const struct state_call *call, uint32_t hold_s,
                   const struct state_sink *sink)
{
    struct lmdb_txn txn;
    struct lfi_slice copy;
    char record[STATE_RECORD_MAX];
    int status = look(store, call);
    if (status == LFI_OK) {
        status = lmdb_begin(&txn, store, true, call->error);
    }
    if (status != LFI_OK) {
        return status;
    }
    int64_t until_us = call->now_us + (int64_t)hold_s * 1000000;
    status = lmdb_end(&txn, hold(&txn, call, until_us, &copy, record));
    if (status == LFI_OK) {
        sink->take(sink->ctx, copy);
    }
    return status;
}

/* --- for an operator -------------------------------------------------------------------------- */

struct parked {
    struct lmdb_txn *txn;
    const struct state_call *call;
    const struct state_task_sink *sink;
    size_t skip; /* provider and time */
    int status;
};

static enum lmdb_step give_parked(void *ctx, const MDB_val *when, const MDB_val *nothing)
{
    struct parked *parked = ctx;
    struct task_head head;
    struct lfi_slice record;
    struct state_call task = *parked->call;
    (void)nothing;
    task.key = lmdb_key_rest(when, parked->skip);
    if (find(parked->txn, &task, &head, &record) != LFI_OK) {
        parked->status = lmdb_refuse(task.error, "due: a task is missing");
        return LMDB_STOP;
    }
    return parked->sink->take(parked->sink->ctx, task.key, record) ? LMDB_GO_ON : LMDB_STOP;
}

int lmdb_tasks_parked(void *store, const struct state_call *call,
                      const struct state_task_sink *sink)
{
    struct lmdb_txn txn;
    struct lmdb_key first;
    if (!lmdb_key_timed(&first, call, due_us_of(STATE_PARKED_S), (struct lfi_slice){0})) {
        return lmdb_refuse(call->error, "no such provider");
    }
    const struct lmdb_range all = {&first, first.len};
    struct parked parked = {.txn = &txn, .call = call, .sink = sink, .skip = first.len};
    int status = lmdb_begin(&txn, store, false, call->error);
    if (status != LFI_OK) {
        return status;
    }
    status = lmdb_walk(&txn, TABLE_DUE, &all, give_parked, &parked);
    return lmdb_end(&txn, status == LFI_OK ? parked.status : status);
}
