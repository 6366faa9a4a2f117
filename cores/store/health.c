/*
 * Whether the store can be read and written, and how full it is. Each call reads; every half
 * minute, and after a failure until one succeeds, a call writes too.
 */
#include "store/internal.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>

#define WRITE_GAP_S 30 /* how late a quota or a broken disk is noticed: only a write shows it */

/* Pages that are free inside the file: LMDB lists them in a database of its own, the first. */
static int count_free_pages(struct store *store, uint64_t *out, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    MDB_cursor *cursor = NULL;
    MDB_val key, value;
    int rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);
    *out = 0;
    if (rc == 0 && (rc = mdb_cursor_open(txn, 0, &cursor)) == 0) {
        while ((rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
            size_t pages = 0; /* each record begins with their number */
            memcpy(&pages, value.mv_data, sizeof(pages));
            *out += pages;
        }
        mdb_cursor_close(cursor);
    }
    if (txn) {
        mdb_txn_abort(txn);
    }
    return rc == MDB_NOTFOUND ? LFI_OK : store_fail(error, "free pages", rc);
}

static int measure(struct store *store, struct lfi_health *out, struct lfi_error *error)
{
    MDB_envinfo info;
    MDB_stat stat_of_main;
    uint64_t free_pages = 0;
    if (count_free_pages(store, &free_pages, error) != LFI_OK) {
        return LFI_FAILED;
    }
    (void)mdb_env_info(store->env, &info);
    (void)mdb_env_stat(store->env, &stat_of_main);
    out->used_bytes = (info.me_last_pgno + 1 - free_pages) * stat_of_main.ms_psize;
    out->limit_bytes = info.me_mapsize;
    if (out->limit_bytes - out->used_bytes < STORE_ROOM_BYTES) {
        return store_say(error, "the store is full: raise mapMiB");
    }
    return LFI_OK;
}

/* The file that is open is the one that has the name, and the disk has room. */
static int look_at_file(struct store *store, struct lfi_health *out, struct lfi_error *error)
{
    struct stat open_file, named;
    struct statvfs disk;
    mdb_filehandle_t fd;
    if (mdb_env_get_fd(store->env, &fd) != 0 || fstat(fd, &open_file) != 0) {
        return store_say(error, "the store's file cannot be looked at");
    }
    out->storage_device = open_file.st_dev;
    out->storage_inode = open_file.st_ino;
    if (stat(store->data_file, &named) != 0) {
        return store_say(error, "the store was removed: %.180s", store->data_file);
    }
    if (named.st_dev != open_file.st_dev || named.st_ino != open_file.st_ino) {
        return store_say(error, "the store was replaced, start the server again: %.150s",
                         store->data_file);
    }
    if (fstatvfs(fd, &disk) != 0) {
        return store_say(error, "the disk of the store cannot be looked at");
    }
    if (disk.f_flag & ST_RDONLY) {
        return store_say(error, "the disk of the store is read-only");
    }
    if (disk.f_bavail * disk.f_frsize < STORE_ROOM_BYTES) {
        return store_say(error, "the disk of the store is full");
    }
    return LFI_OK;
}

static int write_something(struct store *store, struct lfi_error *error)
{
    static const char name[] = "written";
    MDB_txn *txn = NULL;
    int64_t now_us = store->now_us(store->clock);
    MDB_val key = {sizeof(name) - 1, (void *)(uintptr_t)name};
    MDB_val value = {sizeof(now_us), &now_us};
    int rc = mdb_txn_begin(store->env, NULL, 0, &txn);
    if (rc != 0) {
        return store_fail(error, "the store cannot be written", rc);
    }
    rc = mdb_put(txn, store->db[DB_META], &key, &value, 0);
    if (rc != 0) {
        mdb_txn_abort(txn);
    } else {
        rc = mdb_txn_commit(txn);
    }
    return rc == 0 ? LFI_OK : store_fail(error, "the store cannot be written", rc);
}

/* Each write flushes the disk and delays other writers. */
static int write_if_due(struct store *store, struct lfi_error *error)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t tried_s = atomic_load(&store->write_tried_s);
    if (tried_s != 0 && now.tv_sec - tried_s < WRITE_GAP_S) {
        return LFI_OK;
    }
    int rc = write_something(store, error);
    atomic_store(&store->write_tried_s, rc == LFI_OK ? now.tv_sec : 0);
    return rc;
}

int store_health(void *core, const struct lfi_call *call, struct lfi_health *out,
                 struct lfi_error *error)
{
    struct store *store = core;
    (void)call;
    int dead = 0;
    (void)mdb_reader_check(store->env, &dead); /* slots of processes that were killed */
    int rc = look_at_file(store, out, error);
    if (rc == LFI_OK) {
        rc = measure(store, out, error);
    }
    if (rc != LFI_OK) {
        atomic_store(&store->write_tried_s, 0); /* the next call writes */
        return rc;
    }
    return write_if_due(store, error);
}
