/*
 * Whether the store can be read and written, and how full it is. Each call looks; every half
 * minute, and after a failure until it succeeds, one writes too.
 */
#include "state/lmdb.h"

#include "base/clock.h"
#include "base/error.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define ROOM_BYTES (1024 * 1024) /* with less room left, in map or disk, it counts as full */
#define WRITE_GAP_S 30 /* what a look cannot see, a quota or a broken disk, is found so late */

/* Pages that are free inside the file: LMDB lists them in a table of its own, the first. */
static int count_free_pages(struct lmdb_txn *txn, uint64_t *out)
{
    MDB_cursor *cursor = NULL;
    MDB_val key, value;
    *out = 0;
    int code = mdb_cursor_open(txn->txn, 0, &cursor);
    while (code == 0 && (code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        size_t pages = 0; /* each record begins with their number */
        memcpy(&pages, value.mv_data, sizeof(pages));
        *out += pages;
    }
    if (cursor) {
        mdb_cursor_close(cursor);
    }
    return code == MDB_NOTFOUND ? LFI_OK : lmdb_fail(txn->error, "free pages", code);
}

static int measure(struct lmdb_store *store, struct state_health *out, struct lfi_error *error)
{
    MDB_envinfo info;
    MDB_stat stat_of_main;
    struct lmdb_txn txn;
    uint64_t free_pages = 0;
    int status = lmdb_begin(&txn, store, false, error);
    if (status == LFI_OK) {
        status = lmdb_end(&txn, count_free_pages(&txn, &free_pages));
    }
    if (status != LFI_OK) {
        return status;
    }
    (void)mdb_env_info(store->env, &info);
    (void)mdb_env_stat(store->env, &stat_of_main);
    out->used_bytes = (info.me_last_pgno + 1 - free_pages) * stat_of_main.ms_psize;
    out->limit_bytes = info.me_mapsize;
    return out->limit_bytes - out->used_bytes < ROOM_BYTES
               ? lmdb_refuse(error, "the store is full: raise state.maxMegabytes")
               : LFI_OK;
}

static int refuse_file(const struct lmdb_store *store, const char *what, struct lfi_error *error)
{
    (void)error_set(error, "%s: %.160s", what, store->data_file);
    return LFI_FAILED;
}

/* The file that is open is the one that has the name, and the disk has room. */
static int look_at_file(struct lmdb_store *store, struct lfi_error *error)
{
    struct stat open_file, named;
    struct statvfs disk;
    mdb_filehandle_t fd;
    if (mdb_env_get_fd(store->env, &fd) != 0 || fstat(fd, &open_file) != 0 ||
        fstatvfs(fd, &disk) != 0) {
        return refuse_file(store, "the store's file cannot be looked at", error);
    }
    if (stat(store->data_file, &named) != 0) {
        return refuse_file(store, "the store was removed", error);
    }
    if (named.st_dev != open_file.st_dev || named.st_ino != open_file.st_ino) {
        return refuse_file(store, "the store was replaced, start the server again", error);
    }
    if (disk.f_flag & ST_RDONLY) {
        return lmdb_refuse(error, "the disk of the store is read-only");
    }
    return disk.f_bavail * disk.f_frsize < ROOM_BYTES
               ? lmdb_refuse(error, "the disk of the store is full")
               : LFI_OK;
}

static int write_something(struct lmdb_store *store, const struct state_call *call)
{
    static const struct lmdb_key key = {"written", sizeof("written") - 1};
    struct lmdb_txn txn;
    int64_t now_us = call->now_us;
    int status = lmdb_begin(&txn, store, true, call->error);
    if (status == LFI_OK) {
        status = lmdb_end(&txn, lmdb_put(&txn, TABLE_META, &key, (MDB_val){sizeof(now_us), &now_us},
                                         (struct lfi_slice){0}));
    }
    if (status != LFI_OK && call->error) {
        struct lfi_error cause = *call->error;
        (void)error_set(call->error, "the store cannot be written: %.200s", cause.message);
    }
    return status;
}

/* Each write costs the disk a flush, and the other writers a turn. */
static int write_if_due(struct lmdb_store *store, const struct state_call *call)
{
    int64_t now_s = clock_monotonic_us() / 1000000;
    int64_t tried_s = atomic_load(&store->write_tried_s);
    if (tried_s != 0 && now_s - tried_s < WRITE_GAP_S) {
        return LFI_OK;
    }
    int status = write_something(store, call);
    atomic_store(&store->write_tried_s, status == LFI_OK ? now_s : 0);
    return status;
}

int lmdb_health(void *opened, const struct state_call *call, struct state_health *out)
{
    struct lmdb_store *store = opened;
    int dead = 0;
    *out = (struct state_health){0};
    (void)mdb_reader_check(store->env, &dead); /* slots of processes that were killed */
    int status = look_at_file(store, call->error);
    if (status == LFI_OK) {
        status = measure(store, out, call->error);
    }
    if (status != LFI_OK) {
        atomic_store(&store->write_tried_s, 0); /* what works again is written first */
        return status;
    }
    return write_if_due(store, call);
}
