/*
 * Tasks: each under its key, and its key under the time when it is due. While a task has its
 * destination's turn, the destination's others wait.
 */
#include "state/lmdb.h"

#include <string.h>

struct task_head {
    int64_t due_us;
    uint64_t destination_len;
};

/* A copy: the store moves with the first write. */
struct task {
    struct task_head head;
    struct lfi_slice destination, record; /* in `text` */
    char text[STATE_KEY_MAX + STATE_RECORD_MAX];
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

/* False: they do not fit. */
static bool set_text(struct task *task, struct lfi_slice destination, struct lfi_slice record)
{
    if (destination.len > STATE_KEY_MAX || record.len > STATE_RECORD_MAX) {
        return false;
    }
    if (destination.len > 0) {
        memcpy(task->text, destination.ptr, destination.len);
    }
    memcpy(task->text + destination.len, record.ptr, record.len);
    task->head.destination_len = destination.len;
    task->destination = (struct lfi_slice){task->text, destination.len};
    task->record = (struct lfi_slice){task->text + destination.len, record.len};
    return true;
}

static int find(struct lmdb_txn *txn, const struct state_call *call, struct task *out)
{
    struct lmdb_key key;
    struct lfi_slice rest;
    MDB_val into = {sizeof(out->head), &out->head};
    if (!lmdb_key_own(&key, call)) {
        return LFI_UNKNOWN;
    }
    int status = lmdb_get_head(txn, TABLE_TASKS, &key, &into, &rest);
    if (status != LFI_OK) {
        return status;
    }
    size_t len = out->head.destination_len;
    if (len > rest.len || !set_text(out, (struct lfi_slice){rest.ptr, len},
                                    (struct lfi_slice){rest.ptr + len, rest.len - len})) {
        return lmdb_refuse(call->error, "tasks: malformed value");
    }
    return LFI_OK;
}

/* --- whose turn it is ------------------------------------------------------------------------- */

static bool key_of_turn(struct lmdb_key *key, const struct state_call *call,
                        const struct task *task)
{
    struct state_call turn = *call;
    turn.key = task->destination;
    return lmdb_key_own(key, &turn);
}

/* *other: another task has the turn of this one's destination; *own: this one has it. */
static int find_turn(struct lmdb_txn *txn, const struct state_call *call, const struct task *task,
                     bool *own, bool *other)
{
    struct lmdb_key key;
    MDB_val holder;
    *own = *other = false;
    if (task->destination.len == 0 || !key_of_turn(&key, call, task)) {
        return LFI_OK;
    }
    int status = lmdb_get(txn, TABLE_TURNS, &key, &holder);
    if (status == LFI_OK) {
        *own = holder.mv_size == call->key.len &&
               memcmp(holder.mv_data, call->key.ptr, call->key.len) == 0;
        *other = !*own;
    }
    return status == LFI_UNKNOWN ? LFI_OK : status;
}

static int begin_turn(struct lmdb_txn *txn, const struct state_call *call, const struct task *task)
{
    struct lmdb_key key;
    if (task->destination.len == 0) {
        return LFI_OK;
    }
    if (!key_of_turn(&key, call, task)) {
        return lmdb_refuse(call->error, "task: the destination does not fit");
    }
    return lmdb_put(txn, TABLE_TURNS, &key, (MDB_val){0, NULL}, call->key);
}

/* If it has it. */
static int end_turn(struct lmdb_txn *txn, const struct state_call *call, const struct task *task)
{
    struct lmdb_key key;
    bool own, other;
    int status = find_turn(txn, call, task, &own, &other);
    if (status != LFI_OK || !own || !key_of_turn(&key, call, task)) {
        return status;
    }
    return lmdb_delete(txn, TABLE_TURNS, &key);
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

static int put(struct lmdb_txn *txn, const struct state_call *call, struct task *task)
{
    struct lmdb_key key, when;
    int64_t due_us = task->head.due_us;
    MDB_val head = {sizeof(task->head), &task->head};
    if (!lmdb_key_own(&key, call) || !lmdb_key_timed(&when, call, due_us, call->key)) {
        return lmdb_refuse(call->error, "task: the key does not fit");
    }
    int status = lmdb_put(txn, TABLE_TASKS, &key, head,
                          (struct lfi_slice){task->text, task->destination.len + task->record.len});
    if (status == LFI_OK) {
        status = lmdb_put(txn, TABLE_DUE, &when, (MDB_val){0, NULL}, (struct lfi_slice){0});
    }
    return status == LFI_OK ? count(txn, call, due_us, true) : status;
}

/* Takes a task out; it keeps its turn. LFI_UNKNOWN: there is none. */
static int take_out(struct lmdb_txn *txn, const struct state_call *call, struct task *out)
{
    struct lmdb_key key, when;
    int status = find(txn, call, out);
    if (status != LFI_OK || !lmdb_key_own(&key, call) ||
        !lmdb_key_timed(&when, call, out->head.due_us, call->key)) {
        return status;
    }
    status = lmdb_delete(txn, TABLE_DUE, &when);
    if (status == LFI_UNKNOWN) {
        return lmdb_refuse(call->error, "due: a task is missing");
    }
    if (status == LFI_OK) {
        status = lmdb_delete(txn, TABLE_TASKS, &key);
    }
    return status == LFI_OK ? count(txn, call, out->head.due_us, false) : status;
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

/* `old` is what it replaces; without a destination: none. */
static int put_new(struct lmdb_txn *txn, const struct state_call *call,
                   const struct state_task *wanted, const struct task *old)
{
    struct task task = {.head = {.due_us = due_us_of(wanted->due_s)}};
    bool stays = !wanted->destination.ptr;
    if (!set_text(&task, stays ? old->destination : wanted->destination, wanted->record)) {
        return lmdb_refuse(call->error, "task: the destination does not fit");
    }
    bool ends_turn = wanted->due_s == STATE_PARKED_S ||
                     task.destination.len != old->destination.len ||
                     memcmp(task.text, old->text, task.destination.len) != 0;
    int status = ends_turn ? end_turn(txn, call, old) : LFI_OK;
    return status == LFI_OK ? put(txn, call, &task) : status;
}

int lmdb_keep_task(struct lmdb_txn *txn, const struct state_call *call,
                   const struct state_task *task)
{
    struct task old = {.destination = {NULL, 0}};
    if (task->record.len == 0 || task->record.len > STATE_RECORD_MAX) {
        return lmdb_refuse(call->error, "task: the record does not fit");
    }
    int status = take_out(txn, call, &old);
    if (status == LFI_UNKNOWN) {
        status = check_room(txn, call);
    }
    return status == LFI_OK ? put_new(txn, call, task, &old) : status;
}

int lmdb_task_put(void *store, const struct state_call *call, const struct state_task *task)
{
    struct lmdb_txn txn;
    int status = lmdb_begin(&txn, store, true, call->error);
    return status == LFI_OK ? lmdb_end(&txn, lmdb_keep_task(&txn, call, task)) : status;
}

int lmdb_task_done(void *store, const struct state_call *call)
{
    struct lmdb_txn txn;
    struct task task;
    int status = lmdb_begin(&txn, store, true, call->error);
    if (status != LFI_OK) {
        return status;
    }
    status = take_out(&txn, call, &task);
    if (status == LFI_OK) {
        status = end_turn(&txn, call, &task);
    }
    return lmdb_end(&txn, status);
}

/* --- finding ---------------------------------------------------------------------------------- */

int lmdb_task_find(void *store, const struct state_call *call, const struct state_sink *sink)
{
    struct lmdb_txn txn;
    struct task task;
    int status = lmdb_begin(&txn, store, false, call->error);
    if (status == LFI_OK) {
        status = lmdb_end(&txn, find(&txn, call, &task));
    }
    if (status == LFI_OK) {
        sink->take(sink->ctx, task.record);
    }
    return status;
}

/* The first task whose time and turn have come. */
struct due {
    struct lmdb_txn *txn;
    struct state_call call; /* its key is in `name`; absent: none is due */
    struct lmdb_key until;
    size_t skip; /* provider and time */
    char name[STATE_KEY_MAX];
    struct task task;
    int status;
};

/* What is skipped is little: a destination has few tasks. */
static enum lmdb_step see_due(void *ctx, const MDB_val *when, const MDB_val *nothing)
{
    struct due *due = ctx;
    struct state_call call = due->call;
    bool own = false;
    bool other = false;
    (void)nothing;
    if (when->mv_size <= due->skip || when->mv_size - due->skip > sizeof(due->name) ||
        memcmp(when->mv_data, due->until.bytes, due->skip) > 0) {
        return LMDB_STOP;
    }
    call.key = lmdb_key_rest(when, due->skip);
    due->status = find(due->txn, &call, &due->task);
    if (due->status == LFI_OK) {
        due->status = find_turn(due->txn, &call, &due->task, &own, &other);
    } else if (due->status == LFI_UNKNOWN) {
        due->status = lmdb_refuse(call.error, "due: a task is missing");
    }
    if (due->status == LFI_OK && other) {
        return LMDB_GO_ON;
    }
    memcpy(due->name, call.key.ptr, call.key.len);
    due->call.key = (struct lfi_slice){due->name, call.key.len};
    return LMDB_STOP;
}

static int find_due(struct lmdb_txn *txn, const struct state_call *call, struct due *out)
{
    struct lmdb_key first;
    out->txn = txn;
    out->call = *call;
    out->call.key = (struct lfi_slice){0};
    out->status = LFI_OK;
    if (!lmdb_key_provider(&first, call) ||
        !lmdb_key_timed(&out->until, call, call->now_us, (struct lfi_slice){0})) {
        return lmdb_refuse(call->error, "no such provider");
    }
    out->skip = out->until.len;
    const struct lmdb_range all = {&first, first.len};
    int status = lmdb_walk(txn, TABLE_DUE, &all, see_due, out);
    status = status == LFI_OK ? out->status : status;
    return status == LFI_OK && !out->call.key.ptr ? LFI_UNKNOWN : status;
}

/* Most of the time nothing is due, which a look without writing tells. */
static int look(void *store, const struct state_call *call, struct due *due)
{
    struct lmdb_txn txn;
    int status = lmdb_begin(&txn, store, false, call->error);
    return status == LFI_OK ? lmdb_end(&txn, find_due(&txn, call, due)) : status;
}

/* Finds what is due, makes it due again later and gives it its destination's turn. */
static int hold(struct lmdb_txn *txn, const struct state_call *call, int64_t until_us,
                struct due *due)
{
    int status = find_due(txn, call, due);
    if (status == LFI_OK) {
        status = take_out(txn, &due->call, &due->task);
    }
    if (status == LFI_OK) {
        due->task.head.due_us = until_us;
        status = put(txn, &due->call, &due->task);
    }
    return status == LFI_OK ? begin_turn(txn, &due->call, &due->task) : status;
}

int lmdb_task_take(void *store, const struct state_call *call, uint32_t hold_s,
                   const struct state_sink *sink)
{
    struct lmdb_txn txn;
    struct due due;
    int status = look(store, call, &due);
    if (status == LFI_OK) {
        status = lmdb_begin(&txn, store, true, call->error);
    }
    if (status != LFI_OK) {
        return status;
    }
    int64_t until_us = call->now_us + (int64_t)hold_s * 1000000;
    status = lmdb_end(&txn, hold(&txn, call, until_us, &due));
    if (status == LFI_OK) {
        sink->take(sink->ctx, due.task.record);
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
    struct task task;
    struct state_call call = *parked->call;
    (void)nothing;
    call.key = lmdb_key_rest(when, parked->skip);
    if (find(parked->txn, &call, &task) != LFI_OK) {
        parked->status = lmdb_refuse(call.error, "due: a task is missing");
        return LMDB_STOP;
    }
    return parked->sink->take(parked->sink->ctx, call.key, task.record) ? LMDB_GO_ON : LMDB_STOP;
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
