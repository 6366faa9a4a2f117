/*
 * Series: an account's transactions and statements, numbered without gaps in the order of their
 * time, so that a place is found by binary search. For series.c and statements.c.
 */
#ifndef STORE_SERIES_H
#define STORE_SERIES_H

#include "store/payments.h"

#include <stddef.h>

/* One account's entries in a database: n of them, numbered from 0. */
struct series {
    MDB_txn *txn;
    MDB_dbi db;
    uint32_t index;
    uint64_t n;
    size_t numbers; /* 8-byte integers before the JSON */
};

/* Inclusive bounds on the number at a position; INT64_MIN and INT64_MAX are open. */
struct bounds {
    size_t position;
    int64_t from, to;
};

/* Functions return an LMDB code where nothing else is said. */

/* The value of entry `at`, numbers and JSON. */
int series_value(const struct series *series, uint64_t at, MDB_val *value);
/* The 8-byte integer at `position` of entry `at`. */
int series_number(const struct series *series, uint64_t at, size_t position, int64_t *out);
/* How many entries have a number at `position` that is below `limit`; they come first. */
int series_below(const struct series *series, size_t position, int64_t limit, uint64_t *out);
/* The half-open range of entries within the bounds. */
int series_between(const struct series *series, const struct bounds *bounds, uint64_t *first,
                   uint64_t *end);
/* Of the newest `total` entries before `end`: how many the window asks for, from *newest down. */
uint64_t series_window(struct lfi_window window, uint64_t end, uint64_t total, uint64_t *newest);
/*
 * What payments have booked on an account, read in *txn, which the caller aborts when it is set;
 * empty when the store was opened without payments. Result: lfi_status.
 */
int series_posted(struct store *store, struct lfi_slice account_id, MDB_txn **txn,
                  struct ledger_value *ledger, struct series *out, struct lfi_error *error);
/* The sum of what payments had booked before an instant. */
int series_posted_before(const struct series *posted, lfi_wall_us instant, int64_t *out);

#endif
