/*
 * Whether an LMDB environment can be read and written, and how full it is: for the stores of the
 * reference cores and for the server's state. Each call looks; every half minute, and after a
 * failure until one succeeds, a call writes too, for only that shows a quota or a broken disk. Any
 * thread.
 */
#ifndef LMDB_HEALTH_H
#define LMDB_HEALTH_H

#include <lfi/base.h>

#include <lmdb.h>
#include <stdatomic.h>

/* Borrowed, all of it. */
struct lmdb_watched {
    MDB_env *env;
    MDB_dbi meta;                        /* where now_us is written, as "written" */
    const char *data_file;               /* of the environment */
    const char *name;                    /* in messages: "store" */
    const char *setting;                 /* that gives it more room */
    int64_t now_us;                      /* UTC */
    atomic_int_least64_t *write_tried_s; /* monotonic; 0: to be tried with the next call */
};

struct lmdb_use {
    uint64_t used_bytes, limit_bytes;
    uint64_t device, inode; /* of the data file */
};

/* The status of a code that is not 0: LFI_UNAVAILABLE for what passes when there is room again. */
int lmdb_status_of(int code);
/* LFI_OK, or else a message says what is wrong and, where it helps, what to do. */
int lmdb_watch(const struct lmdb_watched *watched, struct lmdb_use *out, struct lfi_error *error);

#endif
