/* What payments do to accounts. */
#include "store/payments.h"

#include <cjson/cJSON.h>
#include <string.h>

int ledger_get(struct payments *payments, MDB_txn *txn, struct lfi_slice account_id,
               struct ledger_value *out)
{
    MDB_val value;
    MDB_val key = val_of(account_id);
    *out = (struct ledger_value){.booking = LFI_WALL_MIN};
    int rc = mdb_get(txn, payments->db[PAYMENTS_LEDGERS], &key, &value);
    if (rc != 0) {
        return rc == MDB_NOTFOUND ? 0 : rc;
    }
    if (value.mv_size != sizeof(*out)) {
        return MDB_CORRUPTED;
    }
    memcpy(out, value.mv_data, sizeof(*out));
    return 0;
}

int ledger_put(struct payments *payments, MDB_txn *txn, struct lfi_slice account_id,
               struct ledger_value *ledger)
{
    MDB_val key = val_of(account_id);
    MDB_val value = {sizeof(*ledger), ledger};
    if (ledger->index == 0) {
        MDB_stat stat;
        int rc = mdb_stat(txn, payments->db[PAYMENTS_LEDGERS], &stat);
        if (rc != 0) {
            return rc;
        }
        ledger->index = (uint32_t)stat.ms_entries + 1;
    }
    return mdb_put(txn, payments->db[PAYMENTS_LEDGERS], &key, &value, 0);
}

/* --- what an account can pay with ------------------------------------------------------------- */

struct usable {
    int64_t available, overdraft;
    bool found;
};

static bool read_money(const cJSON *object, struct decimal *out)
{
    const cJSON *amount = cJSON_GetObjectItemCaseSensitive(object, "amount");
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(amount, "amount"));
    return text && decimal_parse(text, out);
}

static const char *member(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text ? text : "";
}

/* The lines that the bank lends on a current account. */
static int64_t lent(const cJSON *balance)
{
    int64_t sum = 0;
    const cJSON *line;
    cJSON_ArrayForEach(line, cJSON_GetObjectItemCaseSensitive(balance, "creditLines"))
    {
        struct decimal amount;
        if (strcmp(member(line, "creditType"), "Available") != 0 && read_money(line, &amount) &&
            cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(line, "included"))) {
            sum += decimal_minor(amount);
        }
    }
    return sum;
}

static int visit_balance(void *ctx, const MDB_val *key, const MDB_val *value)
{
    struct usable *usable = ctx;
    struct decimal amount;
    (void)key;
    cJSON *balance = cJSON_ParseWithLength(value->mv_data, value->mv_size);
    if (strcmp(member(balance, "balanceType"), "InterimAvailable") == 0 &&
        read_money(balance, &amount)) {
        if (strcmp(member(balance, "creditDebitIndicator"), "Debit") == 0) {
            amount.value = -amount.value;
        }
        usable->available = decimal_minor(amount);
        usable->overdraft = lent(balance);
        usable->found = true;
    }
    cJSON_Delete(balance);
    return usable->found ? LFI_STOPPED : LFI_OK;
}

int ledger_available(struct store *store, MDB_txn *txn, struct lfi_slice account_id,
                     int64_t *available, int64_t *overdraft, struct lfi_error *error)
{
    MDB_val value;
    struct store_key prefix;
    struct account_value head;
    struct usable usable = {0};
    int rc = read_account(store, txn, account_id, &head, &value, error);
    if (rc != LFI_OK) {
        return rc;
    }
    key_start(&prefix);
    key_add_u32(&prefix, head.index);
    key_add_byte(&prefix, STORE_BALANCES);
    rc = read_walk(store, txn, DB_RECORDS, &prefix, visit_balance, &usable, error);
    *available = usable.available;
    *overdraft = usable.overdraft;
    return rc == LFI_STOPPED ? LFI_OK : rc;
}
