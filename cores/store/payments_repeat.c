/* Whether a customer has paid the same amount to the same creditor before. */
#include "store/payments.h"

#include <errno.h>
#include <string.h>

/* What names those payments; without a sequence the prefix of all. */
static bool key_of(struct lfi_slice user_id, struct lfi_slice iban, const struct lfi_money *amount,
                   uint64_t sequence, struct store_key *out)
{
    unsigned char digest[PAYMENT_DIGEST];
    const struct lfi_slice parts[] = {
        user_id,
        iban,
        {(const char *)&amount->minor, sizeof(amount->minor)},
        {amount->currency, sizeof(amount->currency)},
    };
    if (!payment_digest(parts, sizeof(parts) / sizeof(parts[0]), digest)) {
        return false;
    }
    key_start(out);
    for (size_t i = 0; i < PAYMENT_DIGEST; i++) {
        key_add_byte(out, digest[i]);
    }
    if (sequence > 0) {
        key_add_u64(out, sequence);
    }
    return true;
}

int payment_note_paid(struct payments *payments, MDB_txn *txn, struct lfi_slice user_id,
                      const struct payment *payment)
{
    struct store_key key;
    struct lfi_money amount = {.minor = payment->head.amount};
    if (payment->head.file > 0) { /* it has no creditor */
        return 0;
    }
    memcpy(amount.currency, payment->head.currency, sizeof(amount.currency));
    if (!key_of(user_id, payment->text[PAYMENT_IBAN], &amount, payment->sequence, &key)) {
        return ENOMEM;
    }
    MDB_val where = key_val(&key);
    return mdb_put(txn, payments->db[PAYMENTS_PAID], &where, &(MDB_val){0, NULL}, 0);
}

/* The sequence behind the prefix in a key. */
static uint64_t sequence_of(const struct store_key *prefix, const MDB_val *key)
{
    const MDB_val rest = {key->mv_size - prefix->len, (char *)key->mv_data + prefix->len};
    return payment_number_of(&rest);
}

/* From the newest down to the first that is older than `since_us`. Returns an LMDB code. */
static int look(struct payments *payments, MDB_cursor *cursor, const struct store_key *prefix,
                int64_t since_us, bool *found)
{
    MDB_val value;
    struct store_key end = *prefix;
    key_add_u64(&end, UINT64_MAX);
    MDB_val key = key_val(&end);
    int rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    rc = mdb_cursor_get(cursor, &key, &value, rc == MDB_NOTFOUND ? MDB_LAST : MDB_PREV);
    while (rc == 0 && !*found && key_is_prefix(prefix, &key)) {
        struct payment payment;
        rc = payment_get(payments, mdb_cursor_txn(cursor), sequence_of(prefix, &key), &payment);
        if (rc != 0 || payment.head.created_us < since_us) {
            break;
        }
        *found = payment.head.status != LFI_PAYMENT_REJECTED;
        rc = mdb_cursor_get(cursor, &key, &value, MDB_PREV);
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

int payments_repeats(void *core, const struct lfi_call *call, const struct lfi_repeat_query *query,
                     struct lfi_repeat *out, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    MDB_cursor *cursor = NULL;
    struct store_key prefix;
    bool found = false;
    struct payments *payments = ((struct store *)core)->payments;
    if (query->size < sizeof(*query) ||
        !key_of(call->user_id, query->iban, &query->amount, 0, &prefix)) {
        return store_say(error, "the query is of an unknown form, or out of memory");
    }
    int result = payments_begin(payments, false, &txn, error);
    if (result != LFI_OK) {
        return result;
    }
    int rc = mdb_cursor_open(txn, payments->db[PAYMENTS_PAID], &cursor);
    if (rc == 0) {
        rc = look(payments, cursor, &prefix, query->since_us, &found);
        mdb_cursor_close(cursor);
    }
    mdb_txn_abort(txn);
    out->found = found;
    return rc == 0 ? LFI_OK : store_fail(error, "paid", rc);
}
