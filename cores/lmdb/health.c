#include "lmdb/health.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>

#define ROOM_BYTES (1024 * 1024) /* with less room left, in map or disk, it counts as full */
#define WRITE_GAP_S 30           /* each write flushes the disk and delays other writers */

__attribute__((format(printf, 2, 3))) static int fail(struct lfi_error *error, const char *format,
                                                      ...)
{
    if (error) {
        va_list args;
        va_start(args, format);
        (void)vsnprintf(error->message, sizeof(error->message), format, args);
        va_end(args);
    }
    return LFI_FAILED;
}

/* LMDB says EIO when the disk took only a part of a page. */
int lmdb_status_of(int code)
{
    bool passes = code == MDB_MAP_FULL || code == MDB_READERS_FULL || code == ENOSPC ||
                  code == EDQUOT || code == EFBIG || code == EIO;
    return passes ? LFI_UNAVAILABLE : LFI_FAILED;
}

static int fail_with(int code, const char *what, const struct lmdb_watched *watched,
                     struct lfi_error *error)
{
    (void)fail(error, "the %s %s: %s", watched->name, what, mdb_strerror(code));
    return lmdb_status_of(code);
}

/* Pages that are free inside the file: LMDB lists them in a database of its own, the first. */
static int count_free_pages(const struct lmdb_watched *watched, uint64_t *out,
                            struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    MDB_cursor *cursor = NULL;
    MDB_val key, value;
    int rc = mdb_txn_begin(watched->env, NULL, MDB_RDONLY, &txn);
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
    return rc == MDB_NOTFOUND ? LFI_OK : fail_with(rc, "cannot be read", watched, error);
}

static int measure(const struct lmdb_watched *watched, struct lmdb_use *out,
                   struct lfi_error *error)
{
    MDB_envinfo info;
    MDB_stat stat_of_main;
    uint64_t free_pages = 0;
    int rc = count_free_pages(watched, &free_pages, error);
    if (rc != LFI_OK) {
        return rc;
    }
    (void)mdb_env_info(watched->env, &info);
    (void)mdb_env_stat(watched->env, &stat_of_main);
    out->used_bytes = (info.me_last_pgno + 1 - free_pages) * stat_of_main.ms_psize;
    out->limit_bytes = info.me_mapsize;
    return out->limit_bytes - out->used_bytes < ROOM_BYTES
               ? fail(error, "the %s is full: raise %s", watched->name, watched->setting)
               : LFI_OK;
}

/* The file that is open is the one that has the name, and the disk has room. */
static int look_at_file(const struct lmdb_watched *watched, struct lmdb_use *out,
                        struct lfi_error *error)
{
    struct stat open_file, named;
    struct statvfs disk;
    mdb_filehandle_t fd;
    const char *name = watched->name;
    if (mdb_env_get_fd(watched->env, &fd) != 0 || fstat(fd, &open_file) != 0 ||
        fstatvfs(fd, &disk) != 0) {
        return fail(error, "the %s's file cannot be looked at: %.160s", name, watched->data_file);
    }
    out->device = open_file.st_dev;
    out->inode = open_file.st_ino;
    if (stat(watched->data_file, &named) != 0) {
        return fail(error, "the %s was removed: %.160s", name, watched->data_file);
    }
    if (named.st_dev != open_file.st_dev || named.st_ino != open_file.st_ino) {
        return fail(error, "the %s was replaced, start the server again: %.160s", name,
                    watched->data_file);
    }
    if (disk.f_flag & ST_RDONLY) {
        return fail(error, "the disk of the %s is read-only", name);
    }
    return disk.f_bavail * disk.f_frsize < ROOM_BYTES
               ? fail(error, "the disk of the %s is full", name)
               : LFI_OK;
}

static int write_something(const struct lmdb_watched *watched, struct lfi_error *error)
{
    static const char name[] = "written";
    MDB_txn *txn = NULL;
    int64_t now_us = watched->now_us;
    MDB_val key = {sizeof(name) - 1, (void *)(uintptr_t)name};
    MDB_val value = {sizeof(now_us), &now_us};
    int rc = mdb_txn_begin(watched->env, NULL, 0, &txn);
    if (rc == 0 && (rc = mdb_put(txn, watched->meta, &key, &value, 0)) != 0) {
        mdb_txn_abort(txn);
    } else if (rc == 0) {
        rc = mdb_txn_commit(txn);
    }
    return rc == 0 ? LFI_OK : fail_with(rc, "cannot be written", watched, error);
}

static int write_if_due(const struct lmdb_watched *watched, struct lfi_error *error)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t tried_s = atomic_load(watched->write_tried_s);
    if (tried_s != 0 && now.tv_sec - tried_s < WRITE_GAP_S) {
        return LFI_OK;
    }
    int rc = write_something(watched, error);
    atomic_store(watched->write_tried_s, rc == LFI_OK ? now.tv_sec : 0);
    return rc;
}

int lmdb_watch(const struct lmdb_watched *watched, struct lmdb_use *out, struct lfi_error *error)
{
    int dead = 0;
    *out = (struct lmdb_use){0};
    (void)mdb_reader_check(watched->env, &dead); /* slots of processes that were killed */
    int rc = look_at_file(watched, out, error);
    if (rc == LFI_OK) {
        rc = measure(watched, out, error);
    }
    if (rc != LFI_OK) {
        atomic_store(watched->write_tried_s, 0);
        return rc;
    }
    return write_if_due(watched, error);
}
