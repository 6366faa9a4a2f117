/* Things to be done later: each task under its key, and its key under the time when it is due. */
#include "store/internal.h"

#include <cjson/cJSON.h>
#include <string.h>

#define RECORD_MAX 4096
#define KEY_MAX (STORE_KEY_MAX - 8) /* the time stands before it */

struct task_value {
    int64_t due_us;
};

static bool read_head(const MDB_val *value, struct task_value *out)
{
    if (value->mv_size < sizeof(*out)) {
        return false;
    }
    memcpy(out, value->mv_data, sizeof(*out));
    return true;
}

static struct lfi_slice record_of(const MDB_val *value)
{
    return (struct lfi_slice){(const char *)value->mv_data + sizeof(struct task_value),
                              value->mv_size - sizeof(struct task_value)};
}

static bool is_key(struct lfi_slice key)
{
    return key.len > 0 && key.len <= KEY_MAX;
}

/* Ends the transaction: commits when all went well. */
static int finish(MDB_txn *txn, int rc, struct lfi_error *error)
{
    if (rc != 0) {
        mdb_txn_abort(txn);
    } else {
        rc = mdb_txn_commit(txn);
    }
    return rc == 0 ? LFI_CORE_OK : store_fail(error, "task", rc);
}

/* --- keeping ---------------------------------------------------------------------------------- */

static bool due_key(struct store_key *out, int64_t due_us, struct lfi_slice key)
{
    key_start(out);
    key_add_u64(out, due_us > 0 ? (uint64_t)due_us : 0);
    return key_add_text(out, key);
}

/* Takes a task out of the order of time; MDB_NOTFOUND: there is none. */
static int forget_time(struct store *store, MDB_txn *txn, struct lfi_slice key)
{
    struct store_key when;
    struct task_value head;
    MDB_val where = val_of(key);
    MDB_val value;
    int rc = mdb_get(txn, store->db[DB_TASKS], &where, &value);
    if (rc != 0) {
        return rc;
    }
    if (!read_head(&value, &head) || !due_key(&when, head.due_us, key)) {
        return MDB_CORRUPTED;
    }
    MDB_val when_key = key_val(&when);
    return mdb_del(txn, store->db[DB_DUE], &when_key, NULL);
}

static int put(struct store *store, MDB_txn *txn, struct lfi_slice key, int64_t due_us,
               struct lfi_slice record)
{
    struct store_key when;
    struct task_value head = {due_us};
    MDB_val where = val_of(key);
    MDB_val nothing = {0, NULL};
    MDB_val value = {sizeof(head) + record.len, NULL};
    if (!due_key(&when, due_us, key)) {
        return MDB_BAD_VALSIZE;
    }
    int rc = mdb_put(txn, store->db[DB_TASKS], &where, &value, MDB_RESERVE);
    if (rc != 0) {
        return rc;
    }
    memcpy(value.mv_data, &head, sizeof(head));
    memcpy((char *)value.mv_data + sizeof(head), record.ptr, record.len);
    MDB_val when_key = key_val(&when);
    return mdb_put(txn, store->db[DB_DUE], &when_key, &nothing, 0);
}

int store_task_put(void *core, struct lfi_slice key, int64_t due_s, struct lfi_slice record,
                   struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    MDB_stat stat;
    if (!is_key(key) || record.len == 0 || record.len > RECORD_MAX) {
        return store_say(error, "task: key of %zu, record of %zu bytes", key.len, record.len);
    }
    int rc = mdb_txn_begin(store->env, NULL, 0, &txn);
    if (rc != 0) {
        return store_fail(error, "begin", rc);
    }
    rc = forget_time(store, txn, key);
    if (rc == MDB_NOTFOUND) {
        rc = mdb_stat(txn, store->db[DB_TASKS], &stat);
        if (rc == 0 && stat.ms_entries >= store->max_tasks) {
            mdb_txn_abort(txn);
            (void)store_say(error, "task: %u are kept already", store->max_tasks);
            return LFI_CORE_UNAVAILABLE;
        }
    }
    if (rc == 0) {
        rc = put(store, txn, key, due_s * 1000000, record);
    }
    return finish(txn, rc, error);
}

int store_task_done(void *core, struct lfi_slice key, struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    MDB_val where = val_of(key);
    if (!is_key(key)) {
        return LFI_CORE_UNKNOWN;
    }
    int rc = mdb_txn_begin(store->env, NULL, 0, &txn);
    if (rc != 0) {
        return store_fail(error, "begin", rc);
    }
    rc = forget_time(store, txn, key);
    if (rc == MDB_NOTFOUND) {
        mdb_txn_abort(txn);
        return LFI_CORE_UNKNOWN;
    }
    if (rc == 0) {
        rc = mdb_del(txn, store->db[DB_TASKS], &where, NULL);
    }
    return finish(txn, rc, error);
}

/* --- finding ---------------------------------------------------------------------------------- */

int store_task_find(void *core, struct lfi_slice key, struct lfi_sink sink, struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    MDB_val where = val_of(key);
    MDB_val value;
    if (!is_key(key)) {
        return LFI_CORE_UNKNOWN;
    }
    int result = read_begin(store, &txn, error);
    if (result != LFI_CORE_OK) {
        return result;
    }
    int rc = mdb_get(txn, store->db[DB_TASKS], &where, &value);
    if (rc == MDB_NOTFOUND) {
        result = LFI_CORE_UNKNOWN;
    } else if (rc != 0) {
        result = store_fail(error, "task", rc);
    } else {
        result = read_give(sink, &value, sizeof(struct task_value));
    }
    mdb_txn_abort(txn);
    return result;
}

/* The key of the first task whose time has come, borrowed; MDB_NOTFOUND: none. */
static int find_due(struct store *store, MDB_txn *txn, struct lfi_slice *out)
{
    MDB_cursor *cursor = NULL;
    MDB_val when;
    MDB_val nothing;
    struct store_key now;
    int rc = mdb_cursor_open(txn, store->db[DB_DUE], &cursor);
    if (rc != 0) {
        return rc;
    }
    rc = mdb_cursor_get(cursor, &when, &nothing, MDB_FIRST);
    mdb_cursor_close(cursor);
    key_start(&now);
    key_add_u64(&now, (uint64_t)store->now_us(store->clock));
    if (rc == 0 && (when.mv_size <= now.len || memcmp(when.mv_data, now.bytes, now.len) > 0)) {
        rc = MDB_NOTFOUND;
    }
    if (rc == 0) {
        *out = (struct lfi_slice){(const char *)when.mv_data + now.len, when.mv_size - now.len};
    }
    return rc;
}

/* Most of the time nothing is due, which a look without writing tells. */
static int look(struct store *store, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    struct lfi_slice key;
    int result = read_begin(store, &txn, error);
    if (result != LFI_CORE_OK) {
        return result;
    }
    int rc = find_due(store, txn, &key);
    mdb_txn_abort(txn);
    if (rc == MDB_NOTFOUND) {
        return LFI_CORE_UNKNOWN;
    }
    return rc == 0 ? LFI_CORE_OK : store_fail(error, "task", rc);
}

int store_task_take(void *core, uint32_t hold_s, struct lfi_sink sink, struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    MDB_val value;
    struct lfi_slice key;
    char name[KEY_MAX];
    char record[RECORD_MAX];
    size_t len = 0;
    int result = look(store, error);
    if (result != LFI_CORE_OK) {
        return result;
    }
    int rc = mdb_txn_begin(store->env, NULL, 0, &txn);
    if (rc != 0) {
        return store_fail(error, "begin", rc);
    }
    rc = find_due(store, txn, &key);
    if (rc == MDB_NOTFOUND) { /* another instance was faster */
        mdb_txn_abort(txn);
        return LFI_CORE_UNKNOWN;
    }
    if (rc == 0 && key.len <= sizeof(name)) {
        memcpy(name, key.ptr, key.len); /* what is in the store moves with the first write */
        key.ptr = name;
        MDB_val where = val_of(key);
        rc = mdb_get(txn, store->db[DB_TASKS], &where, &value);
        len = rc == 0 ? record_of(&value).len : 0;
    }
    if (rc == 0 && len <= sizeof(record)) {
        memcpy(record, record_of(&value).ptr, len);
        int64_t due_us = store->now_us(store->clock) + (int64_t)hold_s * 1000000;
        rc = forget_time(store, txn, key);
        rc = rc == 0 ? put(store, txn, key, due_us, (struct lfi_slice){record, len}) : rc;
    }
    result = finish(txn, rc, error);
    if (result == LFI_CORE_OK) {
        (void)sink.record(sink.ctx, (struct lfi_slice){record, len});
    }
    return result;
}

/* --- for an operator -------------------------------------------------------------------------- */

static void parked_prefix(struct store_key *out)
{
    key_start(out);
    key_add_u64(out, (uint64_t)LFI_TASK_PARKED * 1000000);
}

static int count_one(void *ctx, const MDB_val *key, const MDB_val *value)
{
    (void)key;
    (void)value;
    ++*(uint64_t *)ctx;
    return LFI_CORE_OK;
}

int store_task_counts(void *core, struct lfi_task_counts *out, struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    MDB_stat stat;
    struct store_key prefix;
    int result = read_begin(store, &txn, error);
    if (result != LFI_CORE_OK) {
        return result;
    }
    int rc = mdb_stat(txn, store->db[DB_TASKS], &stat);
    parked_prefix(&prefix);
    out->kept = rc == 0 ? stat.ms_entries : 0;
    out->limit = store->max_tasks;
    out->parked = 0;
    result = rc == 0 ? read_walk(store, txn, DB_DUE, &prefix, count_one, &out->parked, error)
                     : store_fail(error, "task", rc);
    mdb_txn_abort(txn);
    return result;
}

struct parked {
    struct store *store;
    MDB_txn *txn;
    struct lfi_sink sink;
    struct lfi_error *error;
};

static int give_parked(void *ctx, const MDB_val *key, const MDB_val *nothing)
{
    struct parked *parked = ctx;
    char name[KEY_MAX + 1];
    char record[RECORD_MAX + 1];
    MDB_val where = {key->mv_size - 8, (char *)key->mv_data + 8};
    MDB_val value;
    (void)nothing;
    int rc = mdb_get(parked->txn, parked->store->db[DB_TASKS], &where, &value);
    if (rc != 0 || where.mv_size > KEY_MAX || record_of(&value).len > RECORD_MAX) {
        return store_fail(parked->error, "task", rc != 0 ? rc : MDB_CORRUPTED);
    }
    memcpy(name, where.mv_data, where.mv_size);
    name[where.mv_size] = '\0';
    memcpy(record, record_of(&value).ptr, record_of(&value).len);
    record[record_of(&value).len] = '\0';
    cJSON *task = cJSON_CreateObject();
    char *text =
        cJSON_AddStringToObject(task, "key", name) && cJSON_AddRawToObject(task, "record", record)
            ? cJSON_PrintUnformatted(task)
            : NULL;
    cJSON_Delete(task);
    if (!text) {
        return store_say(parked->error, "out of memory");
    }
    struct lfi_slice given = {text, strlen(text)};
    int stopped = parked->sink.record(parked->sink.ctx, given);
    cJSON_free(text);
    return stopped ? LFI_CORE_STOPPED : LFI_CORE_OK;
}

int store_tasks_parked(void *core, struct lfi_sink sink, struct lfi_error *error)
{
    struct store *store = core;
    struct parked parked = {.store = store, .sink = sink, .error = error};
    struct store_key prefix;
    int result = read_begin(store, &parked.txn, error);
    if (result == LFI_CORE_OK) {
        parked_prefix(&prefix);
        result = read_walk(store, parked.txn, DB_DUE, &prefix, give_parked, &parked, error);
        mdb_txn_abort(parked.txn);
    }
    return result;
}
