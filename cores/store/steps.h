/*
 * Inside the payments of a store: what things share that the clock moves from status to status
 * (openings, quotes): a queue of what is due, and a feed of changes. Ids have no zero byte. But for
 * steps_range() the functions return LMDB codes.
 */
#ifndef STORE_STEPS_H
#define STORE_STEPS_H

#include "store/payments.h"

#define STEPS_CURSOR_SIZE 65
#define STEPS_ID_SIZE 37

/* A random UUID, version 4. False: no random numbers. */
bool steps_write_id(char out[STEPS_ID_SIZE]);

int steps_put_due(MDB_txn *txn, MDB_dbi due, int64_t at_us, struct lfi_slice id);
int steps_drop_due(MDB_txn *txn, MDB_dbi due, int64_t at_us, struct lfi_slice id);
/* The first that is due by now: MDB_NOTFOUND when none is. Its id lies in *place. */
int steps_find_due(MDB_txn *txn, MDB_dbi due, int64_t now_us, struct store_key *place,
                   struct lfi_slice *id);

/* Appends to the feed, of which nothing is ever deleted. */
int steps_add_change(MDB_txn *txn, MDB_dbi changes, const void *value, size_t size);
/* MDB_CORRUPTED when it has another size. */
int steps_get_change(MDB_txn *txn, MDB_dbi changes, uint64_t number, void *value, size_t size);

/* What of a feed lies behind a cursor: the numbers after `behind`, up to `last`. */
struct steps_range {
    char identity[17]; /* of these payments, in cursors */
    uint64_t behind, last;
};
/* lfi_status. LFI_UNKNOWN: no cursor of this feed. */
int steps_range(struct payments *payments, MDB_txn *txn, MDB_dbi changes, struct lfi_slice cursor,
                struct steps_range *out, struct lfi_error *error);
void steps_write_cursor(const struct steps_range *range, uint64_t number,
                        char out[STEPS_CURSOR_SIZE]);

#endif
