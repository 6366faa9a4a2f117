#include "store/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CURSOR_DIGITS 16

bool steps_write_id(char out[STEPS_ID_SIZE])
{
    struct lfi_id id;
    if (!store_new_id(&id)) {
        return false;
    }
    const char *hex = id.text;
    (void)snprintf(out, STEPS_ID_SIZE, "%.8s-%.4s-4%.3s-a%.3s-%.12s", hex, hex + 8, hex + 13,
                   hex + 17, hex + 20);
    return true;
}

/* --- the queue -------------------------------------------------------------------------------- */

static void write_place(int64_t at_us, struct lfi_slice id, struct store_key *out)
{
    key_start(out);
    key_add_u64(out, (uint64_t)at_us);
    (void)key_add_text(out, id);
}

int steps_put_due(MDB_txn *txn, MDB_dbi due, int64_t at_us, struct lfi_slice id)
{
    struct store_key place;
    MDB_val nothing = {0, NULL};
    write_place(at_us, id, &place);
    MDB_val key = key_val(&place);
    return mdb_put(txn, due, &key, &nothing, 0);
}

int steps_drop_due(MDB_txn *txn, MDB_dbi due, int64_t at_us, struct lfi_slice id)
{
    struct store_key place;
    write_place(at_us, id, &place);
    MDB_val key = key_val(&place);
    return mdb_del(txn, due, &key, NULL);
}

/* The first that is due by now: MDB_NOTFOUND when none is. Its id lies in *place. */
static int find_due(MDB_txn *txn, MDB_dbi due, int64_t now_us, struct store_key *place,
                    struct lfi_slice *id)
{
    MDB_cursor *cursor = NULL;
    MDB_val key, value;
    struct store_key now;
    int rc = mdb_cursor_open(txn, due, &cursor);
    if (rc != 0) {
        return rc;
    }
    key_start(&now);
    key_add_u64(&now, (uint64_t)now_us + 1);
    rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    if (rc == 0 && (key.mv_size < now.len || key.mv_size > sizeof(place->bytes))) {
        rc = MDB_CORRUPTED;
    }
    if (rc == 0 && memcmp(key.mv_data, now.bytes, now.len) >= 0) {
        rc = MDB_NOTFOUND;
    }
    if (rc == 0) {
        place->len = key.mv_size;
        memcpy(place->bytes, key.mv_data, key.mv_size);
        *id = (struct lfi_slice){(const char *)place->bytes + now.len, place->len - now.len};
    }
    mdb_cursor_close(cursor);
    return rc;
}

/* --- the feed --------------------------------------------------------------------------------- */

int steps_add_change(MDB_txn *txn, MDB_dbi changes, const void *value, size_t size)
{
    MDB_stat stat;
    int rc = mdb_stat(txn, changes, &stat);
    if (rc != 0) {
        return rc;
    }
    struct store_key key = payment_key_of(stat.ms_entries + 1);
    MDB_val where = key_val(&key), bytes = {size, (void *)(uintptr_t)value};
    return mdb_put(txn, changes, &where, &bytes, MDB_APPEND);
}

int steps_get_change(MDB_txn *txn, MDB_dbi changes, uint64_t number, void *value, size_t size)
{
    struct store_key key = payment_key_of(number);
    MDB_val bytes, where = key_val(&key);
    int rc = mdb_get(txn, changes, &where, &bytes);
    if (rc == 0 && bytes.mv_size != size) {
        rc = MDB_CORRUPTED;
    }
    if (rc == 0) {
        memcpy(value, bytes.mv_data, size);
    }
    return rc;
}

/* A cursor: the payments' identity, then the number of the change in hexadecimal digits. */
static bool cursor_parse(struct lfi_slice text, const char *identity, uint64_t *out)
{
    char digits[CURSOR_DIGITS + 1] = "";
    size_t len = strlen(identity);
    if (text.len != len + CURSOR_DIGITS || memcmp(text.ptr, identity, len) != 0) {
        return false;
    }
    memcpy(digits, text.ptr + len, CURSOR_DIGITS);
    *out = strtoull(digits, NULL, 16);
    return strspn(digits, "0123456789abcdef") == CURSOR_DIGITS;
}

static int read_range(struct payments *payments, MDB_txn *txn, MDB_dbi changes,
                      struct lfi_slice cursor, struct steps_range *out, struct lfi_error *error)
{
    MDB_stat stat;
    *out = (struct steps_range){.behind = 0};
    int rc = payments_identity(payments, txn, out->identity);
    if (rc == 0) {
        rc = mdb_stat(txn, changes, &stat);
    }
    if (rc != 0) {
        return store_fail(error, "changes", rc);
    }
    out->last = stat.ms_entries;
    bool known = !cursor.ptr ||
                 (cursor_parse(cursor, out->identity, &out->behind) && out->behind <= out->last);
    return known ? LFI_OK : LFI_UNKNOWN;
}

void steps_write_cursor(const struct steps_range *range, uint64_t number,
                        char out[STEPS_CURSOR_SIZE])
{
    (void)snprintf(out, STEPS_CURSOR_SIZE, "%s%0*llx", range->identity, CURSOR_DIGITS,
                   (unsigned long long)number);
}

/* --- of one kind of thing --------------------------------------------------------------------- */

static int move_due(struct store *store, MDB_txn *txn, const struct steps *steps, int64_t now_us)
{
    struct store_key place;
    struct lfi_slice id;
    MDB_dbi due = store->payments->db[steps->due];
    int rc;
    while ((rc = find_due(txn, due, now_us, &place, &id)) == 0) {
        MDB_val key = key_val(&place);
        rc = mdb_del(txn, due, &key, NULL);
        if (rc == 0) {
            rc = steps->move(store, txn, id);
        }
        if (rc != 0) {
            return rc;
        }
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static int advance(struct store *store, const struct steps *steps, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    struct store_key place;
    struct lfi_slice id;
    struct payments *payments = store->payments;
    int64_t now_us = store->now_us(store->clock);
    int result = payments_begin(payments, false, &txn, error);
    if (result != LFI_OK) {
        return result;
    }
    int rc = find_due(txn, payments->db[steps->due], now_us, &place, &id);
    mdb_txn_abort(txn);
    if (rc != 0) {
        return rc == MDB_NOTFOUND ? LFI_OK : store_fail(error, "what is due", rc);
    }
    result = payments_begin(payments, true, &txn, error);
    return result == LFI_OK
               ? payments_end(payments, txn, move_due(store, txn, steps, now_us), error)
               : result;
}

int steps_begin(struct store *store, const struct steps *steps, bool writes, MDB_txn **txn,
                struct lfi_error *error)
{
    int result = advance(store, steps, error);
    return result == LFI_OK ? payments_begin(store->payments, writes, txn, error) : result;
}

int steps_give(struct store *store, const struct steps *steps, const struct lfi_change_query *query,
               struct lfi_answer *answer, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    struct steps_range range;
    struct payments *payments = store->payments;
    int result = steps_begin(store, steps, false, &txn, error);
    if (result != LFI_OK) {
        return result;
    }
    result = read_range(payments, txn, payments->db[steps->changes], query->cursor, &range, error);
    for (uint64_t number = range.behind + 1;
         result == LFI_OK && number <= range.last && number - range.behind <= query->limit;
         number++) {
        result = steps->give(payments, txn, &range, number, answer, error);
    }
    mdb_txn_abort(txn);
    return result;
}
