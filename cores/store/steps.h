/*
 * Inside the payments of a store: what things share that the clock moves from status to status
 * (openings, quotes): a queue of what is due, and a feed of changes. Ids have no zero byte.
 */
#ifndef STORE_STEPS_H
#define STORE_STEPS_H

#include "store/payments.h"

#define STEPS_CURSOR_SIZE 65
#define STEPS_ID_SIZE 37

/* A random UUID, version 4. False: no random numbers. */
bool steps_write_id(char out[STEPS_ID_SIZE]);

/* --- in a transaction; LMDB codes --------------------------------------------------------------
 */

int steps_put_due(MDB_txn *txn, MDB_dbi due, int64_t at_us, struct lfi_slice id);
int steps_drop_due(MDB_txn *txn, MDB_dbi due, int64_t at_us, struct lfi_slice id);
/* Appends to the feed, of which nothing is ever deleted. */
int steps_add_change(MDB_txn *txn, MDB_dbi changes, const void *value, size_t size);
/* MDB_CORRUPTED when it has another size. */
int steps_get_change(MDB_txn *txn, MDB_dbi changes, uint64_t number, void *value, size_t size);

/* What of a feed lies behind a cursor: the numbers after `behind`, up to `last`. */
struct steps_range {
    char identity[17]; /* of these payments, in cursors */
    uint64_t behind, last;
};
void steps_write_cursor(const struct steps_range *range, uint64_t number,
                        char out[STEPS_CURSOR_SIZE]);

/* --- of one kind of thing; lfi_status ----------------------------------------------------------
 */

struct steps {
    enum payments_db due, changes;
    /* Carries on what was due, which is in the queue no more. An LMDB code. */
    int (*move)(struct store *store, MDB_txn *txn, struct lfi_slice id);
    /* Gives a change of the feed. */
    int (*give)(struct payments *payments, MDB_txn *txn, const struct steps_range *range,
                uint64_t number, struct lfi_answer *answer, struct lfi_error *error);
};

/* Begins a transaction, after all that is due by now has moved. */
int steps_begin(struct store *store, const struct steps *steps, bool writes, MDB_txn **txn,
                struct lfi_error *error);
/* Gives what is behind the cursor. Never waits: the server asks each second. LFI_UNKNOWN: no cursor
 * of this feed. */
int steps_give(struct store *store, const struct steps *steps, const struct lfi_change_query *query,
               struct lfi_answer *answer, struct lfi_error *error);

#endif
