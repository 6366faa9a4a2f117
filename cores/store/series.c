/*
 * Series: an account's transactions and statements, numbered without gaps in the order of their
 * time, so that a place is found by binary search.
 */
#include "store/payments.h"

#include <string.h>

/* One account's entries in the tx, fx or statements database: n of them, numbered from 0. */
struct series {
    MDB_txn *txn;
    MDB_dbi db;
    uint32_t index;
    uint64_t n;
    size_t numbers; /* 8-byte integers before the JSON */
};

static struct store_key series_key(const struct series *series, uint64_t at)
{
    struct store_key key;
    key_start(&key);
    key_add_u32(&key, series->index);
    key_add_u64(&key, at);
    return key;
}

/* The 8-byte integer at `position` of entry `at`. Returns an LMDB code. */
static int series_number(const struct series *series, uint64_t at, size_t position, int64_t *out)
{
    struct store_key key = series_key(series, at);
    MDB_val where = key_val(&key);
    MDB_val value;
    int rc = mdb_get(series->txn, series->db, &where, &value);
    if (rc != 0) {
        return rc;
    }
    if (value.mv_size < position + sizeof(*out)) {
        return MDB_CORRUPTED;
    }
    memcpy(out, (const char *)value.mv_data + position, sizeof(*out));
    return 0;
}

/* How many entries have a number at `position` that is below `limit`; they come first. */
static int series_below(const struct series *series, size_t position, int64_t limit, uint64_t *out)
{
    uint64_t low = 0;
    uint64_t high = series->n;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        int64_t number = 0;
        int rc = series_number(series, middle, position, &number);
        if (rc != 0) {
            return rc;
        }
        if (number < limit) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *out = low;
    return 0;
}

/* Inclusive bounds on the number at `position`; INT64_MIN and INT64_MAX are open. */
struct bounds {
    size_t position;
    int64_t from, to;
};

/* The half-open range of entries within the bounds. */
static int series_between(const struct series *series, const struct bounds *bounds, uint64_t *first,
                          uint64_t *end)
{
    int rc = 0;
    *first = 0;
    *end = series->n;
    if (bounds->from != INT64_MIN) {
        rc = series_below(series, bounds->position, bounds->from, first);
    }
    if (rc == 0 && bounds->to != INT64_MAX) {
        rc = series_below(series, bounds->position, bounds->to + 1, end);
    }
    if (*end < *first) {
        *end = *first;
    }
    return rc;
}

/* The same for a transaction query, without what came after its watermark. */
static int series_range(const struct series *series, const struct lfi_transaction_query *query,
                        uint64_t *first, uint64_t *end)
{
    const struct bounds bounds = {0, query->from, query->to};
    int rc = series_between(series, &bounds, first, end);
    if (rc == 0 && query->up_to > 0 && query->up_to <= INT64_MAX) {
        uint64_t marked = query->up_to;
        if (query->fx_only) {
            rc = series_below(series, sizeof(int64_t), (int64_t)query->up_to, &marked);
        }
        *end = *end < marked ? *end : marked;
    }
    if (*end < *first) {
        *end = *first;
    }
    return rc;
}

/* Entries from `newest` downwards: what follows their numbers. */
static int give_run(const struct series *series, uint64_t newest, uint64_t count,
                    struct lfi_answer *answer, struct lfi_error *error)
{
    MDB_cursor *cursor = NULL;
    MDB_val value;
    if (count == 0) {
        return LFI_OK;
    }
    struct store_key key = series_key(series, newest);
    MDB_val where = key_val(&key);
    int rc = mdb_cursor_open(series->txn, series->db, &cursor);
    if (rc == 0) {
        rc = mdb_cursor_get(cursor, &where, &value, MDB_SET_KEY);
    }
    int result = LFI_OK;
    while (rc == 0 && result == LFI_OK && count > 0) {
        result = read_answer(answer, &value, series->numbers * sizeof(int64_t), NULL);
        if (--count > 0) {
            rc = mdb_cursor_get(cursor, &where, &value, MDB_PREV);
        }
    }
    if (cursor) {
        mdb_cursor_close(cursor);
    }
    return rc == 0 ? result : store_fail(error, "transactions", rc);
}

/* Which of the newest `total` entries before `end` the window asks for: how many from *newest down.
 */
static uint64_t window_of(struct lfi_window window, uint64_t end, uint64_t total, uint64_t *newest)
{
    if (window.offset >= total) {
        return 0;
    }
    uint64_t left = total - window.offset;
    *newest = end - 1 - window.offset;
    return left < window.limit ? left : window.limit;
}

/* The same through the fx database, which names ordinals of the tx database. */
static int give_fx(const struct series *fx, MDB_dbi tx, uint64_t newest, uint64_t count,
                   struct lfi_answer *answer, struct lfi_error *error)
{
    struct series all = {.txn = fx->txn, .db = tx, .index = fx->index};
    int result = LFI_OK;
    for (uint64_t i = 0; i < count && result == LFI_OK; i++) {
        int64_t ordinal = 0;
        MDB_val value;
        int rc = series_number(fx, newest - i, sizeof(int64_t), &ordinal);
        if (rc == 0) {
            struct store_key key = series_key(&all, (uint64_t)ordinal);
            MDB_val where = key_val(&key);
            rc = mdb_get(all.txn, all.db, &where, &value);
        }
        result = rc == 0 ? read_answer(answer, &value, sizeof(int64_t), NULL)
                         : store_fail(error, "fx", rc);
    }
    return result;
}

/* --- what was loaded, and what payments have booked since ----------------------------------------
 */

/* The newest of both come first, posted ones before loaded ones of the same booking. */
struct merged {
    struct series loaded, posted;
    uint64_t loaded_first, loaded_end; /* the half-open range of each that is asked for … */
    uint64_t posted_first, posted_end; /* … of which the walk lowers the ends */
};

/* Whether the newest left of the posted comes before that of the loaded. */
static int posted_is_next(const struct merged *merged, uint64_t posted_end, uint64_t loaded_end,
                          bool *out)
{
    int64_t posted = 0;
    int64_t loaded = 0;
    *out = posted_end > merged->posted_first;
    if (!*out || loaded_end == merged->loaded_first) {
        return 0;
    }
    int rc = series_number(&merged->posted, posted_end - 1, 0, &posted);
    if (rc == 0) {
        rc = series_number(&merged->loaded, loaded_end - 1, 0, &loaded);
    }
    *out = posted >= loaded;
    return rc;
}

/* Leaves the newest out: how many of them are posted is found by binary search. */
static int skip_newest(struct merged *merged, uint64_t offset)
{
    uint64_t loaded = merged->loaded_end - merged->loaded_first;
    uint64_t posted = merged->posted_end - merged->posted_first;
    uint64_t low = offset > loaded ? offset - loaded : 0;
    uint64_t high = offset < posted ? offset : posted;
    while (low < high) {
        bool more = false;
        uint64_t middle = low + (high - low + 1) / 2;
        int rc = posted_is_next(merged, merged->posted_end - middle + 1,
                                merged->loaded_end - (offset - middle), &more);
        if (rc != 0) {
            return rc;
        }
        if (more) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    merged->posted_end -= low;
    merged->loaded_end -= offset - low;
    return 0;
}

static int give_one(const struct series *series, uint64_t at, struct lfi_answer *answer,
                    struct lfi_error *error)
{
    MDB_val value;
    struct store_key key = series_key(series, at);
    MDB_val where = key_val(&key);
    int rc = mdb_get(series->txn, series->db, &where, &value);
    return rc == 0 ? read_answer(answer, &value, series->numbers * sizeof(int64_t), NULL)
                   : store_fail(error, "transactions", rc);
}

static int give_merged(struct merged *merged, struct lfi_window window, struct lfi_answer *answer,
                       struct lfi_error *error)
{
    int result = LFI_OK;
    uint64_t left = window.offset < answer->total ? answer->total - window.offset : 0;
    uint64_t count = left < window.limit ? left : window.limit;
    int rc = count > 0 ? skip_newest(merged, window.offset) : 0;
    while (rc == 0 && result == LFI_OK && count-- > 0) {
        bool posted = false;
        rc = posted_is_next(merged, merged->posted_end, merged->loaded_end, &posted);
        if (rc == 0) {
            result = posted ? give_one(&merged->posted, --merged->posted_end, answer, error)
                            : give_one(&merged->loaded, --merged->loaded_end, answer, error);
        }
    }
    return rc == 0 ? result : store_fail(error, "transactions", rc);
}

/* What payments have booked; nothing when the store was opened without them. */
static int open_posted(struct store *store, const struct lfi_transaction_query *query,
                       MDB_txn **txn, struct series *out, struct lfi_error *error)
{
    struct ledger_value ledger = {0};
    if (!store->payments) {
        return LFI_OK;
    }
    int rc = payments_begin(store->payments, false, txn, error);
    if (rc != LFI_OK) {
        return rc;
    }
    int code = ledger_get(store->payments, *txn, query->base.subject_id, &ledger);
    *out = (struct series){.txn = *txn,
                           .db = store->payments->db[PAYMENTS_ENTRIES],
                           .index = ledger.index,
                           .numbers = 1,
                           .n = ledger.entries};
    return code == 0 ? LFI_OK : store_fail(error, "ledger", code);
}

/* The range of the posted: those after the mark came after all that was loaded. */
static int posted_range(struct merged *merged, const struct lfi_transaction_query *query)
{
    const struct bounds bounds = {0, query->from, query->to};
    int rc = series_between(&merged->posted, &bounds, &merged->posted_first, &merged->posted_end);
    if (rc == 0 && query->up_to > 0) {
        uint64_t loaded = merged->loaded.n;
        uint64_t marked = query->up_to > loaded ? query->up_to - loaded : 0;
        merged->posted_end = merged->posted_end < marked ? merged->posted_end : marked;
        merged->posted_first =
            merged->posted_first < merged->posted_end ? merged->posted_first : merged->posted_end;
    }
    return rc;
}

static int give_transactions(struct store *store, struct merged *merged,
                             const struct lfi_transaction_query *query, struct lfi_answer *answer,
                             struct lfi_error *error)
{
    uint64_t newest = 0;
    struct lfi_window window = query->base.window;
    int code = series_range(&merged->loaded, query, &merged->loaded_first, &merged->loaded_end);
    if (code == 0 && !query->fx_only && merged->posted.n > 0) { /* payments have no exchange */
        code = posted_range(merged, query);
    }
    if (code != 0) {
        return store_fail(error, "range", code);
    }
    uint64_t loaded = merged->loaded_end - merged->loaded_first;
    answer->total = loaded + (merged->posted_end - merged->posted_first);
    if (answer->total > loaded) {
        return give_merged(merged, window, answer, error);
    }
    uint64_t count = window_of(window, merged->loaded_end, loaded, &newest);
    return query->fx_only ? give_fx(&merged->loaded, store->db[DB_TX], newest, count, answer, error)
                          : give_run(&merged->loaded, newest, count, answer, error);
}

int series_transactions(void *core, const struct lfi_call *call,
                        const struct lfi_transaction_query *query, struct lfi_answer *answer,
                        struct lfi_error *error)
{
    struct store *store = core;
    struct lfi_transaction_summary *summary = answer->summary;
    (void)call;
    MDB_txn *txn = NULL;
    MDB_txn *payments = NULL;
    MDB_val value;
    struct account_value head;
    struct merged merged = {0};
    int rc = read_check_query(&query->base, sizeof(*query), error);
    if (rc != LFI_OK || (rc = read_begin(store, &txn, error)) != LFI_OK) {
        return rc;
    }
    rc = read_account(store, txn, query->base.subject_id, &head, &value, error);
    if (rc == LFI_OK) {
        rc = open_posted(store, query, &payments, &merged.posted, error);
    }
    if (rc == LFI_OK) {
        merged.loaded = (struct series){.txn = txn,
                                        .db = store->db[query->fx_only ? DB_FX : DB_TX],
                                        .index = head.index,
                                        .numbers = 1,
                                        .n = query->fx_only ? head.fx : head.transactions};
        summary->mark = head.transactions + merged.posted.n;
        rc = give_transactions(store, &merged, query, answer, error);
    }
    if (payments) {
        mdb_txn_abort(payments);
    }
    mdb_txn_abort(txn);
    return rc;
}

int series_statements(void *core, const struct lfi_call *call,
                      const struct lfi_statement_query *query, struct lfi_answer *answer,
                      struct lfi_error *error)
{
    struct store *store = core;
    struct lfi_statement_summary *summary = answer->summary;
    (void)call;
    MDB_txn *txn = NULL;
    MDB_val value;
    struct account_value head;
    int rc = read_check_query(&query->base, sizeof(*query), error);
    if (rc != LFI_OK || (rc = read_begin(store, &txn, error)) != LFI_OK) {
        return rc;
    }
    rc = read_account(store, txn, query->base.subject_id, &head, &value, error);
    if (rc != LFI_OK) {
        goto out;
    }
    struct series series = {.txn = txn,
                            .db = store->db[DB_STATEMENTS],
                            .index = head.index,
                            .numbers = 2,
                            .n = head.statements};
    const size_t position = query->day == LFI_STATEMENT_OPENING_DATE
                                ? offsetof(struct store_statement_days, opening)
                                : offsetof(struct store_statement_days, dated);
    const struct bounds bounds = {position, query->from_day, query->to_day};
    summary->held = series.n;
    uint64_t first = 0;
    uint64_t end = 0;
    int code = series_between(&series, &bounds, &first, &end);
    if (code == 0 && series.n > 0) {
        code = series_number(&series, 0, position, &summary->first_day);
    }
    if (code == 0 && series.n > 0) {
        code = series_number(&series, series.n - 1, position, &summary->last_day);
    }
    if (code != 0) {
        rc = store_fail(error, "statements", code);
        goto out;
    }
    answer->total = end - first;
    uint64_t newest = 0;
    uint64_t count = window_of(query->base.window, end, answer->total, &newest);
    rc = give_run(&series, newest, count, answer, error);
out:
    mdb_txn_abort(txn);
    return rc;
}
