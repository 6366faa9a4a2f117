/* What payments do to the money of accounts. */
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

/* --- balances in records -----------------------------------------------------------------------
 */

static const char *member(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text ? text : "";
}

/* The amount of a balance or a credit line; a debit is below zero. */
static bool read_money(const cJSON *object, struct decimal *out)
{
    const cJSON *amount = cJSON_GetObjectItemCaseSensitive(object, "amount");
    if (!decimal_parse(member(amount, "amount"), out)) {
        return false;
    }
    if (strcmp(member(object, "creditDebitIndicator"), "Debit") == 0) {
        out->value = -out->value;
    }
    return true;
}

/* What the bank lends: the lines that the available balance includes. */
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

static int add_to_money(void *ctx, const MDB_val *key, const MDB_val *value)
{
    struct account_money *money = ctx;
    struct decimal amount;
    (void)key;
    cJSON *balance = cJSON_ParseWithLength(value->mv_data, value->mv_size);
    const char *type = member(balance, "balanceType");
    if (strcmp(type, "InterimAvailable") == 0 && read_money(balance, &amount)) {
        money->available = decimal_minor(amount);
        money->overdraft = lent(balance);
    } else if (strcmp(type, "InterimBooked") == 0 && read_money(balance, &amount)) {
        money->booked = decimal_minor(amount);
        money->has_booked = true;
    }
    cJSON_Delete(balance);
    return money->has_booked ? LFI_STOPPED : LFI_OK; /* it comes after what is available */
}

static int walk_balances(struct store *store, MDB_txn *txn, struct lfi_slice account_id,
                         read_visit_fn *visit, void *ctx, struct lfi_error *error)
{
    MDB_val value;
    struct store_key prefix;
    struct account_value head;
    int rc = read_account(store, txn, account_id, &head, &value, error);
    if (rc != LFI_OK) {
        return rc;
    }
    key_start(&prefix);
    key_add_u32(&prefix, head.index);
    key_add_byte(&prefix, STORE_BALANCES);
    return read_walk(store, txn, DB_RECORDS, &prefix, visit, ctx, error);
}

int ledger_money(struct store *store, MDB_txn *txn, struct lfi_slice account_id,
                 struct account_money *out, struct lfi_error *error)
{
    *out = (struct account_money){0};
    int rc = walk_balances(store, txn, account_id, add_to_money, out, error);
    return rc == LFI_STOPPED ? LFI_OK : rc;
}

/* --- balances with what payments have changed ---------------------------------------------------
 */

struct balances {
    struct ledger_value ledger;
    struct lfi_answer *answer;
    struct lfi_error *error;
};

/* By how much a balance differs from the record; what was determined earlier does not. */
static int64_t difference(const char *type, const struct ledger_value *ledger)
{
    static const char *const HELD[] = {"InterimAvailable", "ForwardAvailable", "Expected"};
    static const char *const BOOKED[] = {"InterimBooked", "InterimCleared", "Information"};
    for (size_t i = 0; i < sizeof(HELD) / sizeof(HELD[0]); i++) {
        if (strcmp(type, HELD[i]) == 0) {
            return ledger->posted - ledger->held;
        }
        if (strcmp(type, BOOKED[i]) == 0) {
            return ledger->posted;
        }
    }
    return 0;
}

static bool set_text(cJSON *object, const char *name, const char *text)
{
    cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return item && cJSON_SetValuestring(item, text);
}

bool ledger_move_balance(cJSON *balance, int64_t minor)
{
    struct decimal amount;
    char number[MONEY_TEXT];
    if (!read_money(balance, &amount) || !decimal_add_minor(&amount, minor)) {
        return false;
    }
    decimal_format(amount, number);
    return set_text(balance, "creditDebitIndicator", amount.value < 0 ? "Debit" : "Credit") &&
           set_text(cJSON_GetObjectItemCaseSensitive(balance, "amount"), "amount", number);
}

/* The balance and the instant of the last entry that it includes. */
static bool change_balance(cJSON *balance, int64_t minor, lfi_wall_us booking)
{
    char time[TIME_TEXT];
    if (booking != LFI_WALL_MIN) {
        time_format(booking - GULF_OFFSET_US, time);
        if (strcmp(member(balance, "timestamp"), time) < 0) {
            (void)set_text(balance, "timestamp", time);
        }
    }
    return ledger_move_balance(balance, minor);
}

static int give_changed(const struct balances *balances, const MDB_val *value, cJSON *balance)
{
    int64_t minor = difference(member(balance, "balanceType"), &balances->ledger);
    if (minor == 0) {
        return read_answer(balances->answer, value, 0, NULL);
    }
    char *text = change_balance(balance, minor, balances->ledger.booking)
                     ? cJSON_PrintUnformatted(balance)
                     : NULL;
    if (!text) {
        return store_say(balances->error, "a balance cannot be told");
    }
    int rc = lfi_give(balances->answer, (struct lfi_slice){text, strlen(text)});
    cJSON_free(text);
    return rc;
}

static int visit_balance(void *ctx, const MDB_val *key, const MDB_val *value)
{
    const struct balances *balances = ctx;
    (void)key;
    if (balances->ledger.posted == 0 && balances->ledger.held == 0) {
        return read_answer(balances->answer, value, 0, NULL);
    }
    cJSON *balance = cJSON_ParseWithLength(value->mv_data, value->mv_size);
    int rc = give_changed(balances, value, balance);
    cJSON_Delete(balance);
    return rc;
}

int ledger_balances(struct store *store, struct lfi_slice account_id, struct lfi_answer *answer,
                    struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    MDB_txn *payments = NULL;
    struct balances balances = {.answer = answer, .error = error};
    int rc = read_begin(store, &txn, error);
    if (rc != LFI_OK) {
        return rc;
    }
    rc = payments_begin(store->payments, false, &payments, error);
    if (rc == LFI_OK && account_id.len > 0 && account_id.len <= STORE_ID_MAX) {
        int code = ledger_get(store->payments, payments, account_id, &balances.ledger);
        rc = code == 0 ? LFI_OK : store_fail(error, "ledger", code);
    }
    if (rc == LFI_OK) {
        rc = walk_balances(store, txn, account_id, visit_balance, &balances, error);
    }
    if (payments) {
        mdb_txn_abort(payments);
    }
    mdb_txn_abort(txn);
    return rc;
}
