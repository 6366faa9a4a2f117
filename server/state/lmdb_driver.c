/* The LMDB driver of the state: its store is opened, closed and forgotten here. */
#include "base/error.h"
#include "state/lmdb.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INSTANCES_READERS_MORE 64 /* for tools beside the server */

static MDB_val val_of_text(const char *text)
{
    return (MDB_val){strlen(text), (void *)(uintptr_t)text};
}

/* --- opening ---------------------------------------------------------------------------------- */

static unsigned count_readers(const struct state_config *config)
{
    return config->threads * config->instances + INSTANCES_READERS_MORE;
}

/* The slots are those that the first of all processes that use the store asked for. */
static int check_readers(MDB_env *env, const struct state_config *config, struct lfi_error *error)
{
    unsigned slots = 0;
    if (mdb_env_get_maxreaders(env, &slots) == 0 && slots < config->threads) {
        (void)error_set(error,
                        "the store has %u reader slots, %u threads may read: stop all that use it,"
                        " then start again",
                        slots, config->threads);
        return LFI_FAILED;
    }
    return LFI_OK;
}

static int refuse_format(const char *path, MDB_val found, struct lfi_error *error)
{
    (void)error_set(error, "%.120s: the store's format is \"%.*s\", this version needs \"%s\"",
                    path, found.mv_size < 32 ? (int)found.mv_size : 32, (const char *)found.mv_data,
                    LMDB_FORMAT);
    return LFI_FAILED;
}

static int refuse_foreign(const char *path, struct lfi_error *error)
{
    (void)error_set(error, "%.180s: is not a store of the server's state", path);
    return LFI_FAILED;
}

/* Of a store that has tables already. */
static int check_format(struct lmdb_store *store, MDB_txn *txn, const char *path,
                        struct lfi_error *error)
{
    MDB_val key = val_of_text("format");
    MDB_val wanted = val_of_text(LMDB_FORMAT);
    MDB_val found;
    int code = mdb_dbi_open(txn, lmdb_table_names[TABLE_META], 0, &store->table[TABLE_META]);
    if (code == 0) {
        code = mdb_get(txn, store->table[TABLE_META], &key, &found);
    }
    if (code == MDB_NOTFOUND || code == MDB_INCOMPATIBLE) {
        return refuse_foreign(path, error);
    }
    if (code != 0) {
        return lmdb_fail(error, "format", code);
    }
    bool same = found.mv_size == wanted.mv_size &&
                memcmp(found.mv_data, wanted.mv_data, wanted.mv_size) == 0;
    return same ? LFI_OK : refuse_format(path, found, error);
}

/* Opens the tables; makes them in a store that is empty. */
static int open_tables(struct lmdb_store *store, MDB_txn *txn, const char *path,
                       struct lfi_error *error)
{
    MDB_dbi all;
    MDB_stat stat_of_all;
    MDB_val key = val_of_text("format");
    MDB_val format = val_of_text(LMDB_FORMAT);
    int code = mdb_dbi_open(txn, NULL, 0, &all);
    if (code != 0 || (code = mdb_stat(txn, all, &stat_of_all)) != 0) {
        return lmdb_fail(error, "tables", code);
    }
    bool empty = stat_of_all.ms_entries == 0;
    int status = empty ? LFI_OK : check_format(store, txn, path, error);
    if (status != LFI_OK) {
        return status;
    }
    for (size_t i = 0; i < TABLE_COUNT && code == 0; i++) {
        code = mdb_dbi_open(txn, lmdb_table_names[i], empty || i >= TABLE_RECORDS ? MDB_CREATE : 0,
                            &store->table[i]);
    }
    if (code == 0 && empty) {
        code = mdb_put(txn, store->table[TABLE_META], &key, &format, 0);
    }
    return code == MDB_NOTFOUND ? refuse_foreign(path, error)
           : code == 0          ? LFI_OK
                                : lmdb_fail(error, "tables", code);
}

static int open_env(struct lmdb_store *store, const struct state_config *config,
                    struct lfi_error *error)
{
    struct lmdb_txn txn;
    int dead = 0;
    int code = mdb_env_create(&store->env);
    if (code == 0) {
        code = mdb_env_set_mapsize(store->env, (size_t)config->max_megabytes << 20);
    }
    if (code == 0) {
        code = mdb_env_set_maxdbs(store->env, TABLE_COUNT);
    }
    if (code == 0) {
        code = mdb_env_set_maxreaders(store->env, count_readers(config));
    }
    if (code == 0) {
        code = mdb_env_open(store->env, config->path, 0, 0600);
    }
    if (code != 0) {
        (void)error_set(error, "%.160s: %s", config->path, mdb_strerror(code));
        return LFI_FAILED;
    }
    (void)mdb_reader_check(store->env, &dead); /* slots of processes that were killed */
    int status = check_readers(store->env, config, error);
    if (status == LFI_OK) {
        status = lmdb_begin(&txn, store, true, error);
    }
    return status == LFI_OK ? lmdb_end(&txn, open_tables(store, txn.txn, config->path, error))
                            : status;
}

static int refuse_folder(const char *path, const char *why, struct lfi_error *error)
{
    (void)error_set(error, "%.180s: %s", path, why);
    return LFI_FAILED;
}

/* Whether a folder could be made. */
static bool is_makeable(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *parent = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    bool makeable = parent && access(parent, W_OK | X_OK) == 0;
    free(parent);
    return makeable;
}

static int take_folder(const struct state_config *config, struct lfi_error *error)
{
    struct stat info;
    if (stat(config->path, &info) != 0) {
        bool fine = config->create ? mkdir(config->path, 0700) == 0 : is_makeable(config->path);
        return fine ? LFI_OK : refuse_folder(config->path, "cannot be made", error);
    }
    bool fine = S_ISDIR(info.st_mode) && access(config->path, R_OK | W_OK | X_OK) == 0;
    return fine ? LFI_OK
                : refuse_folder(config->path, "is not a folder that can be written", error);
}

static char *data_file_of(const char *path)
{
    size_t size = strlen(path) + sizeof("/data.mdb");
    char *file = malloc(size);
    if (file) {
        (void)snprintf(file, size, "%s/data.mdb", path);
    }
    return file;
}

static void lmdb_close(void *opened)
{
    struct lmdb_store *store = opened;
    if (store->env) {
        mdb_env_close(store->env);
    }
    free(store->data_file);
    free(store);
}

static int lmdb_open(void **out, const struct state_config *config, struct lfi_error *error)
{
    struct stat info;
    *out = NULL;
    int status = take_folder(config, error);
    if (status != LFI_OK) {
        return status;
    }
    struct lmdb_store *store = calloc(1, sizeof(*store));
    if (!store || !(store->data_file = data_file_of(config->path))) {
        free(store);
        return lmdb_refuse(error, "out of memory");
    }
    bool is_there = stat(store->data_file, &info) == 0;
    store->max_tasks = config->max_tasks;
    if (config->create || is_there) {
        status = open_env(store, config, error);
    }
    if (status != LFI_OK || !store->env) {
        lmdb_close(store);
        return status;
    }
    *out = store;
    return LFI_OK;
}

/* --- forgetting ------------------------------------------------------------------------------- */

static enum lmdb_step forget_one(void *ctx, const MDB_val *key, const MDB_val *value)
{
    (void)ctx;
    (void)key;
    (void)value;
    return LMDB_DELETE;
}

static int lmdb_forget(void *store, const struct state_call *call)
{
    struct lmdb_txn txn;
    struct lmdb_key key;
    if (!lmdb_key_provider(&key, call)) {
        return lmdb_refuse(call->error, "no such provider");
    }
    const struct lmdb_range all = {&key, key.len};
    int status = lmdb_begin(&txn, store, true, call->error);
    if (status != LFI_OK) {
        return status;
    }
    for (int table = TABLE_COUNTS; table < TABLE_COUNT && status == LFI_OK; table++) {
        status = lmdb_walk(&txn, (enum lmdb_table)table, &all, forget_one, NULL);
    }
    return lmdb_end(&txn, status);
}

const struct state_driver state_lmdb = {
    .size = sizeof(state_lmdb),
    .name = "lmdb",
    .open = lmdb_open,
    .close = lmdb_close,
    .claim = lmdb_claim,
    .claim_settle = lmdb_claim_settle,
    .claim_find = lmdb_claim_find,
    .limit_take = lmdb_limit_take,
    .limit_give_back = lmdb_limit_give_back,
    .task_put = lmdb_task_put,
    .task_take = lmdb_task_take,
    .task_find = lmdb_task_find,
    .task_done = lmdb_task_done,
    .task_counts = lmdb_task_counts,
    .tasks_parked = lmdb_tasks_parked,
    .cursor_find = lmdb_cursor_find,
    .cursor_move = lmdb_cursor_move,
    .record_find = lmdb_record_find,
    .record_replace = lmdb_record_replace,
    .passkey_add = lmdb_passkey_add,
    .passkey_find = lmdb_passkey_find,
    .passkey_use = lmdb_passkey_use,
    .passkey_remove = lmdb_passkey_remove,
    .passkeys = lmdb_passkeys,
    .figures_add = lmdb_figures_add,
    .figures = lmdb_figures,
    .forget = lmdb_forget,
    .health = lmdb_health,
};
