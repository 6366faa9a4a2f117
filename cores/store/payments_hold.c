/* Holds: what pending payments take from accounts, now and as it was. */
#include "store/payments.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What waits for an operator stands behind everything that has an instant. */
static int64_t due_of(const struct payment *payment)
{
    return payment->head.due_us > 0 ? payment->head.due_us : INT64_MAX;
}

static struct store_key hold_key(uint32_t index, const struct payment *payment)
{
    struct store_key key;
    key_start(&key);
    key_add_u32(&key, index);
    key_add_u64(&key, (uint64_t)due_of(payment));
    key_add_u64(&key, payment->sequence);
    return key;
}

static struct store_key released_key(uint32_t index, uint64_t version)
{
    struct store_key key;
    key_start(&key);
    key_add_u32(&key, index);
    key_add_u64(&key, version);
    return key;
}

int64_t payment_total(const struct payment *payment)
{
    return payment->head.amount + payment->head.charges;
}

int hold_place(struct payments *payments, MDB_txn *txn, const struct payment *payment,
               struct ledger_value *ledger)
{
    ledger->held += payment_total(payment);
    ledger->version++;
    int rc = ledger_put(payments, txn, payment->text[PAYMENT_ACCOUNT], ledger);
    struct store_key key = hold_key(ledger->index, payment);
    MDB_val where = key_val(&key);
    MDB_val value = {sizeof(ledger->version), &ledger->version};
    return rc == 0 ? mdb_put(txn, payments->db[PAYMENTS_HOLDS], &where, &value, 0) : rc;
}

int hold_release(struct payments *payments, MDB_txn *txn, const struct payment *payment)
{
    MDB_val value;
    struct ledger_value ledger;
    struct released_hold released = {due_of(payment), payment->sequence, 0};
    struct lfi_slice account_id = payment->text[PAYMENT_ACCOUNT];
    int rc = ledger_get(payments, txn, account_id, &ledger);
    if (rc != 0) {
        return rc;
    }
    struct store_key key = hold_key(ledger.index, payment);
    MDB_val where = key_val(&key);
    rc = mdb_get(txn, payments->db[PAYMENTS_HOLDS], &where, &value);
    if (rc == 0 && value.mv_size != sizeof(released.version)) {
        rc = MDB_CORRUPTED;
    }
    if (rc != 0) {
        return rc;
    }
    memcpy(&released.version, value.mv_data, sizeof(released.version));
    rc = mdb_del(txn, payments->db[PAYMENTS_HOLDS], &where, NULL);
    ledger.held -= payment_total(payment);
    ledger.version++;
    if (rc == 0) {
        rc = ledger_put(payments, txn, account_id, &ledger);
    }
    key = released_key(ledger.index, ledger.version);
    where = key_val(&key);
    value = (MDB_val){sizeof(released), &released};
    return rc == 0 ? mdb_put(txn, payments->db[PAYMENTS_RELEASED], &where, &value, 0) : rc;
}

/* --- reading ---------------------------------------------------------------------------------- */

static int add_hold(struct holds *holds, int64_t due_us, uint64_t sequence)
{
    if (holds->count == holds->room) {
        size_t room = holds->room > 0 ? holds->room * 2 : 16;
        struct hold *items = realloc(holds->items, room * sizeof(*items));
        if (!items) {
            return ENOMEM;
        }
        holds->items = items;
        holds->room = room;
    }
    holds->items[holds->count++] = (struct hold){.due_us = due_us, .sequence = sequence};
    return 0;
}

static int add_open(struct holds *holds, const MDB_val *key, const MDB_val *value)
{
    uint64_t placed = 0;
    const char *numbers = (const char *)key->mv_data + sizeof(uint32_t);
    MDB_val due = {sizeof(uint64_t), (void *)(uintptr_t)numbers};
    MDB_val sequence = {sizeof(uint64_t), (void *)(uintptr_t)(numbers + sizeof(uint64_t))};
    if (value->mv_size != sizeof(placed) ||
        key->mv_size != sizeof(uint32_t) + 2 * sizeof(uint64_t)) {
        return MDB_CORRUPTED;
    }
    memcpy(&placed, value->mv_data, sizeof(placed));
    return placed <= holds->version
               ? add_hold(holds, (int64_t)payment_number_of(&due), payment_number_of(&sequence))
               : 0;
}

static int add_released(struct holds *holds, const MDB_val *key, const MDB_val *value)
{
    struct released_hold released;
    (void)key;
    if (value->mv_size != sizeof(released)) {
        return MDB_CORRUPTED;
    }
    memcpy(&released, value->mv_data, sizeof(released));
    return released.version <= holds->version ? add_hold(holds, released.due_us, released.sequence)
                                              : 0;
}

/* Visits the entries of an account's index from a key on. */
static int walk(MDB_txn *txn, MDB_dbi db, const struct store_key *from,
                int (*add)(struct holds *holds, const MDB_val *key, const MDB_val *value),
                struct holds *holds)
{
    MDB_cursor *cursor = NULL;
    MDB_val value;
    MDB_val key = key_val(from);
    struct store_key prefix = *from;
    prefix.len = sizeof(uint32_t);
    int rc = mdb_cursor_open(txn, db, &cursor);
    if (rc != 0) {
        return rc;
    }
    rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    while (rc == 0 && key_is_prefix(&prefix, &key)) {
        rc = add(holds, &key, &value);
        rc = rc == 0 ? mdb_cursor_get(cursor, &key, &value, MDB_NEXT) : rc;
    }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

int holds_read(struct payments *payments, MDB_txn *txn, uint32_t index, uint64_t version,
               struct holds *out)
{
    struct store_key key;
    *out = (struct holds){.version = version};
    key_start(&key);
    key_add_u32(&key, index);
    int rc = walk(txn, payments->db[PAYMENTS_HOLDS], &key, add_open, out);
    if (rc == 0 && version != UINT64_MAX) {
        key = released_key(index, version + 1);
        rc = walk(txn, payments->db[PAYMENTS_RELEASED], &key, add_released, out);
    }
    return rc;
}

static int by_due(const void *a, const void *b)
{
    const struct hold *x = a;
    const struct hold *y = b;
    if (x->due_us != y->due_us) {
        return x->due_us < y->due_us ? -1 : 1;
    }
    return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

void holds_expect(struct holds *holds, lfi_wall_us after, int64_t now_us)
{
    lfi_wall_us wall = now_us + GULF_OFFSET_US;
    lfi_wall_us day_end = wall - wall % DAY_US + DAY_US - 1000000;
    if (holds->count > 0) {
        qsort(holds->items, holds->count, sizeof(holds->items[0]), by_due);
    }
    for (size_t i = 0; i < holds->count; i++) {
        struct hold *hold = &holds->items[i];
        hold->expected = hold->due_us == INT64_MAX ? day_end : hold->due_us + GULF_OFFSET_US;
        if (hold->expected <= after) {
            hold->expected = after + 1;
        }
        after = hold->expected;
    }
}

void holds_free(struct holds *holds)
{
    free(holds->items);
    *holds = (struct holds){0};
}
