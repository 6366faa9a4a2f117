/* Transactions: those that were loaded, what payments have booked since, and what they hold. */
#include "store/series.h"

#include <cjson/cJSON.h>
#include <string.h>

/* --- series ----------------------------------------------------------------------------------- */

static struct store_key series_key(const struct series *series, uint64_t at)
{
    struct store_key key;
    key_start(&key);
    key_add_u32(&key, series->index);
    key_add_u64(&key, at);
    return key;
}

int series_value(const struct series *series, uint64_t at, MDB_val *value)
{
    struct store_key key = series_key(series, at);
    MDB_val where = key_val(&key);
    int rc = mdb_get(series->txn, series->db, &where, value);
    return rc == 0 && value->mv_size < series->numbers * sizeof(int64_t) ? MDB_CORRUPTED : rc;
}

int series_number(const struct series *series, uint64_t at, size_t position, int64_t *out)
{
    MDB_val value;
    int rc = series_value(series, at, &value);
    if (rc != 0) {
        return rc;
    }
    if (value.mv_size < position + sizeof(*out)) {
        return MDB_CORRUPTED;
    }
    memcpy(out, (const char *)value.mv_data + position, sizeof(*out));
    return 0;
}

int series_below(const struct series *series, size_t position, int64_t limit, uint64_t *out)
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

int series_between(const struct series *series, const struct bounds *bounds, uint64_t *first,
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

uint64_t series_window(struct lfi_window window, uint64_t end, uint64_t total, uint64_t *newest)
{
    if (window.offset >= total) {
        return 0;
    }
    uint64_t left = total - window.offset;
    *newest = end - 1 - window.offset;
    return left < window.limit ? left : window.limit;
}

int series_posted(struct store *store, struct lfi_slice account_id, MDB_txn **txn,
                  struct ledger_value *ledger, struct series *out, struct lfi_error *error)
{
    *ledger = (struct ledger_value){.booking = LFI_WALL_MIN};
    *out = (struct series){.numbers = ENTRY_NUMBERS};
    if (!store->payments) {
        return LFI_OK;
    }
    int rc = payments_begin(store->payments, false, txn, error);
    if (rc != LFI_OK) {
        return rc;
    }
    int code = ledger_get(store->payments, *txn, account_id, ledger);
    out->txn = *txn;
    out->db = store->payments->db[PAYMENTS_ENTRIES];
    out->index = ledger->index;
    out->n = ledger->entries;
    return code == 0 ? LFI_OK : store_fail(error, "ledger", code);
}

int series_posted_before(const struct series *posted, lfi_wall_us instant, int64_t *out)
{
    uint64_t count = 0;
    *out = 0;
    int rc = series_below(posted, offsetof(struct entry_head, booking), instant, &count);
    return rc == 0 && count > 0
               ? series_number(posted, count - 1, offsetof(struct entry_head, posted), out)
               : rc;
}

/* --- what was loaded, what payments have booked, what they hold --------------------------------
 */

/*
 * An account's transactions as the query asks for them. What is held comes first, as it is to be
 * booked after everything else; then the newest of the others, posted ones before loaded ones of
 * the same booking.
 */
struct merged {
    struct series loaded, posted;      /* which are asked for */
    struct series booked;              /* all that payments have booked */
    MDB_dbi tx;                        /* what the ordinals of the fx database name */
    uint64_t transactions;             /* that were loaded */
    uint64_t loaded_first, loaded_end; /* the half-open range of each within the query's times … */
    uint64_t posted_first, posted_end; /* … of which the walk lowers the ends */
    struct holds holds;
    size_t held_first, held_end;
    struct posting posting; /* what an entry of a hold is made of */
    struct lfi_answer *answer;
    struct lfi_error *error;
};

/* Adds to the balance after a loaded entry. Result: lfi_status. */
static int give_moved(const struct merged *merged, struct lfi_slice json, int64_t minor)
{
    cJSON *entry = cJSON_ParseWithLength(json.ptr, json.len);
    cJSON *balance = cJSON_GetObjectItemCaseSensitive(entry, "balance");
    char *text =
        balance && ledger_move_balance(balance, minor) ? cJSON_PrintUnformatted(entry) : NULL;
    int rc = lfi_give(merged->answer, text ? (struct lfi_slice){text, strlen(text)} : json);
    cJSON_free(text);
    cJSON_Delete(entry);
    return rc;
}

/* A loaded entry; the balance after it has what payments had booked by then. */
static int give_loaded(const struct merged *merged, const MDB_val *value)
{
    int64_t booking = 0;
    int64_t moved = 0;
    struct lfi_slice json = {(const char *)value->mv_data + sizeof(booking),
                             value->mv_size - sizeof(booking)};
    memcpy(&booking, value->mv_data, sizeof(booking));
    int rc = merged->booked.n > 0 ? series_posted_before(&merged->booked, booking, &moved) : 0;
    if (rc != 0) {
        return store_fail(merged->error, "transactions", rc);
    }
    return moved == 0 ? lfi_give(merged->answer, json) : give_moved(merged, json, moved);
}

/* The fx database has ordinals of the tx database in place of entries. */
static int give_loaded_at(const struct merged *merged, uint64_t at)
{
    const struct series *loaded = &merged->loaded;
    struct series all = {
        .txn = loaded->txn, .db = merged->tx, .index = loaded->index, .numbers = 1};
    int64_t ordinal = (int64_t)at;
    MDB_val value;
    int rc = loaded->numbers > 1 ? series_number(loaded, at, sizeof(int64_t), &ordinal) : 0;
    if (rc == 0) {
        rc = series_value(&all, (uint64_t)ordinal, &value);
    }
    return rc == 0 ? give_loaded(merged, &value) : store_fail(merged->error, "transactions", rc);
}

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

static int give_posted(const struct merged *merged, uint64_t at)
{
    MDB_val value;
    int rc = series_value(&merged->posted, at, &value);
    return rc == 0 ? read_answer(merged->answer, &value, sizeof(struct entry_head), NULL)
                   : store_fail(merged->error, "transactions", rc);
}

static int give_held(const struct merged *merged, const struct hold *hold)
{
    struct payment payment;
    struct posting posting = merged->posting;
    int rc = payment_get(posting.store->payments, posting.write, hold->sequence, &payment);
    if (rc != 0) {
        return store_fail(merged->error, "payment", rc);
    }
    posting.payment = &payment;
    return payment_give_pending(&posting, hold->expected, merged->answer);
}

static int give_booked(struct merged *merged, uint64_t offset, uint64_t count)
{
    int result = LFI_OK;
    int rc = count > 0 ? skip_newest(merged, offset) : 0;
    while (rc == 0 && result == LFI_OK && count-- > 0) {
        bool posted = false;
        rc = posted_is_next(merged, merged->posted_end, merged->loaded_end, &posted);
        if (rc == 0 && posted) {
            result = give_posted(merged, --merged->posted_end);
        } else if (rc == 0) {
            result = give_loaded_at(merged, --merged->loaded_end);
        }
    }
    return rc == 0 ? result : store_fail(merged->error, "transactions", rc);
}

static int give_merged(struct merged *merged, struct lfi_window window)
{
    int result = LFI_OK;
    uint64_t held = merged->held_end - merged->held_first;
    uint64_t total = merged->answer->total;
    uint64_t left = window.offset < total ? total - window.offset : 0;
    uint64_t count = left < window.limit ? left : window.limit;
    uint64_t at = window.offset;
    for (; at < held && count > 0 && result == LFI_OK; at++, count--) {
        result = give_held(merged, &merged->holds.items[merged->held_end - 1 - at]);
    }
    return result == LFI_OK ? give_booked(merged, at - held, count) : result;
}

/* Leaves out what was booked after a version of the ledger. Returns an LMDB code. */
static int cut_after(struct series *posted, uint64_t version)
{
    return version == UINT64_MAX ? 0
                                 : series_below(posted, offsetof(struct entry_head, version),
                                                (int64_t)version + 1, &posted->n);
}

/* Leaves holds out that are of no payment into another currency. Returns an LMDB code. */
static int keep_exchanges(struct holds *holds, struct payments *payments, MDB_txn *txn)
{
    int rc = 0;
    size_t kept = 0;
    for (size_t i = 0; i < holds->count && rc == 0; i++) {
        struct payment payment;
        rc = payment_get(payments, txn, holds->items[i].sequence, &payment);
        if (rc == 0 && payment.text[PAYMENT_EXCHANGE].len > 0) {
            holds->items[kept++] = holds->items[i];
        }
    }
    holds->count = kept;
    return rc;
}

/* Of what was booked and is held only what has a currency exchange. Returns an LMDB code. */
static int narrow_to_exchanges(struct merged *merged, struct payments *payments,
                               const struct ledger_value *ledger, uint64_t version)
{
    merged->posted.db = payments->db[PAYMENTS_EXCHANGES];
    merged->posted.n = ledger->exchanges;
    int rc = cut_after(&merged->posted, version);
    return rc == 0 ? keep_exchanges(&merged->holds, payments, merged->posted.txn) : rc;
}

/* Leaves out what came after the query's mark, which is the loaded ones and the ledger's version.
 */
static int open_posted(struct store *store, const struct lfi_transaction_query *query,
                       struct merged *merged, MDB_txn **txn, uint64_t *version)
{
    int64_t last = LFI_WALL_MIN;
    struct ledger_value ledger;
    int rc =
        series_posted(store, query->base.subject_id, txn, &ledger, &merged->booked, merged->error);
    *version = ledger.version;
    merged->posted = merged->booked;
    if (rc != LFI_OK || ledger.version == 0) {
        return rc;
    }
    uint64_t seen = UINT64_MAX;
    if (query->up_to > 0 && query->up_to - 1 < INT64_MAX) {
        uint64_t loaded = merged->transactions;
        seen = query->up_to > loaded ? query->up_to - loaded : 0;
    }
    int code = cut_after(&merged->booked, seen);
    if (code == 0 && merged->booked.n > 0) {
        code = series_number(&merged->booked, merged->booked.n - 1, 0, &last);
    }
    if (code == 0) {
        code = holds_read(store->payments, *txn, ledger.index, seen, &merged->holds);
        holds_expect(&merged->holds, last, store->now_us(store->clock));
    }
    merged->posted = merged->booked;
    if (code == 0 && query->fx_only) {
        code = narrow_to_exchanges(merged, store->payments, &ledger, seen);
    }
    return code == 0 ? LFI_OK : store_fail(merged->error, "ledger", code);
}

static int find_ranges(struct merged *merged, const struct lfi_transaction_query *query)
{
    const struct bounds bounds = {0, query->from, query->to};
    int rc = series_range(&merged->loaded, query, &merged->loaded_first, &merged->loaded_end);
    if (rc == 0) {
        rc = series_between(&merged->posted, &bounds, &merged->posted_first, &merged->posted_end);
        for (size_t i = 0; i < merged->holds.count; i++) {
            lfi_wall_us expected = merged->holds.items[i].expected;
            merged->held_first += expected < query->from;
            merged->held_end += expected <= query->to;
        }
    }
    if (merged->held_end < merged->held_first) {
        merged->held_end = merged->held_first;
    }
    return rc;
}

static int give_transactions(struct merged *merged, const struct lfi_transaction_query *query)
{
    uint64_t newest = 0;
    struct lfi_window window = query->base.window;
    int code = find_ranges(merged, query);
    if (code != 0) {
        return store_fail(merged->error, "range", code);
    }
    uint64_t loaded = merged->loaded_end - merged->loaded_first;
    merged->answer->total = loaded + (merged->posted_end - merged->posted_first) +
                            (merged->held_end - merged->held_first);
    uint64_t count = series_window(window, merged->loaded_end, loaded, &newest);
    return query->fx_only || merged->booked.n > 0 || merged->holds.count > 0
               ? give_merged(merged, window)
               : give_run(&merged->loaded, newest, count, merged->answer, merged->error);
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
    uint64_t version = 0;
    struct account_value head;
    struct merged merged = {.answer = answer, .error = error};
    int rc = read_check_query(&query->base, sizeof(*query), error);
    if (rc != LFI_OK || (rc = read_begin(store, &txn, error)) != LFI_OK) {
        return rc;
    }
    rc = read_account(store, txn, query->base.subject_id, &head, &value, error);
    if (rc == LFI_OK) {
        merged.transactions = head.transactions;
        merged.tx = store->db[DB_TX];
        merged.loaded = (struct series){.txn = txn,
                                        .db = store->db[query->fx_only ? DB_FX : DB_TX],
                                        .index = head.index,
                                        .numbers = query->fx_only ? 2 : 1,
                                        .n = query->fx_only ? head.fx : head.transactions};
        rc = open_posted(store, query, &merged, &payments, &version);
    }
    if (rc == LFI_OK) {
        merged.posting =
            (struct posting){.store = store, .read = txn, .write = payments, .error = error};
        summary->mark = head.transactions + version;
        rc = give_transactions(&merged, query);
    }
    holds_free(&merged.holds);
    if (payments) {
        mdb_txn_abort(payments);
    }
    mdb_txn_abort(txn);
    return rc;
}
