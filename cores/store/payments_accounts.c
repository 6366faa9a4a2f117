/* Accounts and banks as payments see them. */
#include "store/payments.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#define IBAN_BANK_AT 4 /* after the country and the check digits */

static void copy_text(char *out, size_t size, const char *text, size_t len)
{
    len = len < size ? len : size - 1;
    memcpy(out, text, len);
    out[len] = '\0';
}

bool payments_can_pay(const struct account_value *head)
{
    return strcmp(head->currency, "AED") == 0 && (strcmp(head->sub_type, "CurrentAccount") == 0 ||
                                                  strcmp(head->sub_type, "Savings") == 0);
}

int payments_own_account(struct store *store, MDB_txn *txn, struct lfi_slice iban,
                         struct own_account *out, struct lfi_error *error)
{
    MDB_val value;
    MDB_val account;
    int rc = read_value(store, txn, DB_PAYEES, iban, &value, error);
    if (rc != LFI_OK) {
        return rc;
    }
    size_t len = value.mv_size - sizeof(out->payee);
    if (value.mv_size <= sizeof(out->payee) || len >= sizeof(out->id.text)) {
        return store_fail(error, "payee", MDB_CORRUPTED);
    }
    memcpy(&out->payee, value.mv_data, sizeof(out->payee));
    copy_text(out->id.text, sizeof(out->id.text), (const char *)value.mv_data + sizeof(out->payee),
              len);
    return read_account(store, txn, (struct lfi_slice){out->id.text, len}, &out->head, &account,
                        error);
}

bool payments_can_receive(const struct own_account *account)
{
    enum lfi_account_status status = (enum lfi_account_status)account->head.status;
    bool open = status == LFI_ACCOUNT_ACTIVE || status == LFI_ACCOUNT_INACTIVE ||
                status == LFI_ACCOUNT_DORMANT;
    return open && strcmp(account->head.currency, "AED") == 0 &&
           !(account->payee.flags & (STORE_PAYEE_BLOCKED_FOR_NOW | STORE_PAYEE_BLOCKED_FOR_GOOD));
}

int payments_account_by_iban(void *core, const struct lfi_call *call, struct lfi_slice iban,
                             struct lfi_account_by_iban *out, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    MDB_val role;
    struct own_account account;
    struct lfi_account_by_iban found = {.size = out->size};
    int rc = read_begin(core, &txn, error);
    if (rc != LFI_OK) {
        return rc;
    }
    rc = payments_own_account(core, txn, iban, &account, error);
    if (rc == LFI_OK && call->user_id.ptr) {
        struct lfi_slice id = {account.id.text, strlen(account.id.text)};
        rc = read_holding(core, txn, call->user_id, id, &role, error);
        found.held = rc == LFI_OK;
        rc = rc == LFI_UNKNOWN ? LFI_OK : rc;
    }
    mdb_txn_abort(txn);
    if (rc == LFI_OK) {
        found.status = (enum lfi_account_status)account.head.status;
        memcpy(found.account_id, account.id.text, sizeof(found.account_id));
        copy_text(found.sub_type, sizeof(found.sub_type), account.head.sub_type,
                  strlen(account.head.sub_type));
        copy_text(found.currency, sizeof(found.currency), account.head.currency,
                  strlen(account.head.currency));
        memcpy(out, &found, out->size < sizeof(found) ? out->size : sizeof(found));
    }
    return rc;
}

/* --- reach ------------------------------------------------------------------------------------ */

/* The row of the IBAN's bank; absent: of a bank that is not listed, which takes both rails. */
static int read_bank(struct store *store, MDB_txn *txn, struct lfi_slice iban,
                     struct lfi_reach *out, uint32_t *answer_s, struct lfi_error *error)
{
    MDB_val value;
    struct bank_value bank;
    if (iban.len < IBAN_BANK_AT + STORE_BANK_CODE || memcmp(iban.ptr, "AE", 2) != 0) {
        return LFI_OK; /* no payment within the country */
    }
    out->aani = 1;
    out->uaefts = 1;
    int rc =
        read_value(store, txn, DB_BANKS,
                   (struct lfi_slice){iban.ptr + IBAN_BANK_AT, STORE_BANK_CODE}, &value, error);
    if (rc != LFI_OK) {
        return rc == LFI_UNKNOWN ? LFI_OK : rc;
    }
    if (value.mv_size < sizeof(bank)) {
        return store_fail(error, "bank", MDB_CORRUPTED);
    }
    memcpy(&bank, value.mv_data, sizeof(bank));
    *answer_s = bank.answer_s;
    out->aani = (bank.flags & STORE_BANK_AANI) != 0;
    out->uaefts = (bank.flags & STORE_BANK_UAEFTS) != 0;
    copy_text(out->bic, sizeof(out->bic), bank.bic, strnlen(bank.bic, sizeof(bank.bic)));
    copy_text(out->bank_name, sizeof(out->bank_name), (const char *)value.mv_data + sizeof(bank),
              value.mv_size - sizeof(bank));
    return LFI_OK;
}

int payments_reach_in(struct store *store, MDB_txn *txn, struct lfi_slice iban,
                      struct lfi_reach *out, struct lfi_id *own_account, uint32_t *answer_s,
                      struct lfi_error *error)
{
    struct own_account account;
    *out = (struct lfi_reach){.size = sizeof(*out)};
    *answer_s = 0;
    int rc = read_bank(store, txn, iban, out, answer_s, error);
    if (rc == LFI_OK) {
        rc = payments_own_account(store, txn, iban, &account, error);
    }
    if (rc == LFI_OK) {
        out->own = 1;
        out->can_receive = payments_can_receive(&account) ? LFI_YES : LFI_NO;
        *own_account = account.id;
    }
    return rc == LFI_UNKNOWN ? LFI_OK : rc;
}

int payments_reach(void *core, const struct lfi_call *call, struct lfi_slice iban,
                   struct lfi_reach *out, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    struct lfi_id own;
    struct lfi_reach reach;
    uint32_t size = out->size;
    uint32_t answer_s = 0;
    (void)call;
    int rc = read_begin(core, &txn, error);
    if (rc == LFI_OK) {
        rc = payments_reach_in(core, txn, iban, &reach, &own, &answer_s, error);
        mdb_txn_abort(txn);
    }
    if (rc == LFI_OK) {
        memcpy(out, &reach, size < sizeof(reach) ? size : sizeof(reach));
        out->size = size;
    }
    return rc;
}

/* --- accounts to pay from ----------------------------------------------------------------------
 */

struct payer {
    struct store *store;
    MDB_txn *txn;      /* of the store */
    MDB_txn *payments; /* of the payments */
    size_t prefix_len; /* of keys of holdings */
    struct lfi_answer *answer;
    struct lfi_error *error;
};

static void set_money(struct lfi_money *out, int64_t minor, const char *currency)
{
    out->minor = minor;
    copy_text(out->currency, sizeof(out->currency), currency, strlen(currency));
}

static int give_payable(const struct payer *payer, struct lfi_slice account_id, const MDB_val *role)
{
    MDB_val value;
    struct account_value head;
    struct ledger_value ledger;
    struct account_money money;
    struct lfi_payable_facts facts = {.size = sizeof(facts)};
    int rc = read_account(payer->store, payer->txn, account_id, &head, &value, payer->error);
    if (rc != LFI_OK || !payments_can_pay(&head)) {
        return rc;
    }
    rc = ledger_money(payer->store, payer->txn, account_id, &money, payer->error);
    int code = ledger_get(payer->store->payments, payer->payments, account_id, &ledger);
    if (rc != LFI_OK || code != 0) {
        return rc != LFI_OK ? rc : store_fail(payer->error, "ledger", code);
    }
    cJSON *account = cJSON_ParseWithLength((const char *)value.mv_data + sizeof(head),
                                           value.mv_size - sizeof(head));
    facts.alone = !cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(account, "multiAuth"));
    cJSON_Delete(account);
    facts.account.size = sizeof(facts.account);
    accounts_fill_facts(&facts.account, account_id, &head, role);
    set_money(&facts.available, money.available + ledger.posted - ledger.held, head.currency);
    set_money(&facts.overdraft, money.overdraft, head.currency);
    set_money(&facts.limit, head.payment_limit, head.currency);
    return read_answer(payer->answer, &value, sizeof(head), &facts);
}

static int visit_holding(void *ctx, const MDB_val *key, const MDB_val *role)
{
    const struct payer *payer = ctx;
    struct lfi_slice account_id = {(const char *)key->mv_data + payer->prefix_len,
                                   key->mv_size - payer->prefix_len};
    return give_payable(payer, account_id, role);
}

static int give_holdings(struct payer *payer, struct lfi_slice user_id)
{
    MDB_val user;
    struct store_key prefix;
    int rc = read_value(payer->store, payer->txn, DB_USERS, user_id, &user, payer->error);
    if (rc != LFI_OK || !key_user_prefix(&prefix, user_id)) {
        return rc != LFI_OK ? rc : LFI_UNKNOWN;
    }
    payer->prefix_len = prefix.len;
    return read_walk(payer->store, payer->txn, DB_HOLDINGS, &prefix, visit_holding, payer,
                     payer->error);
}

int payments_payable(void *core, const struct lfi_call *call, const struct lfi_query *query,
                     struct lfi_answer *answer, struct lfi_error *error)
{
    struct payer payer = {.store = core, .answer = answer, .error = error};
    (void)call;
    int rc = read_check_query(query, sizeof(*query), error);
    if (rc == LFI_OK) {
        rc = read_begin(core, &payer.txn, error);
    }
    if (rc != LFI_OK) {
        return rc;
    }
    rc = payments_begin(payer.store->payments, false, &payer.payments, error);
    if (rc == LFI_OK) {
        rc = give_holdings(&payer, query->subject_id);
        mdb_txn_abort(payer.payments);
    }
    mdb_txn_abort(payer.txn);
    return rc;
}

/* --- refunds ---------------------------------------------------------------------------------- */

/* Arabic letters lie from U+0600 to U+06FF: their first byte is one of four. */
static bool is_arabic(const char *name)
{
    for (; *name; name++) {
        if ((unsigned char)*name >= 0xd8 && (unsigned char)*name <= 0xdb) {
            return true;
        }
    }
    return false;
}

static const char *find_iban(const cJSON *account)
{
    const cJSON *number;
    cJSON_ArrayForEach(number, cJSON_GetObjectItemCaseSensitive(account, "accountNumbers"))
    {
        const char *scheme =
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(number, "schemeName"));
        if (scheme && strcmp(scheme, "IBAN") == 0) {
            return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(number, "identification"));
        }
    }
    return NULL;
}

static int fill_refund(const cJSON *account, struct lfi_refund_account *out)
{
    const char *iban = find_iban(account);
    const char *name =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(account, "accountHolderName"));
    if (!iban || !name || strlen(iban) >= sizeof(out->iban)) {
        return LFI_UNKNOWN;
    }
    copy_text(out->iban, sizeof(out->iban), iban, strlen(iban));
    if (is_arabic(name)) {
        copy_text(out->name_ar, sizeof(out->name_ar), name, strlen(name));
    } else {
        copy_text(out->name_en, sizeof(out->name_en), name, strlen(name));
    }
    return LFI_OK;
}

int payments_refund_in(struct store *store, MDB_txn *txn, struct lfi_slice account_id,
                       struct lfi_refund_account *out, struct lfi_error *error)
{
    MDB_val value;
    struct account_value head;
    int rc = read_account(store, txn, account_id, &head, &value, error);
    if (rc == LFI_OK) {
        cJSON *account = cJSON_ParseWithLength((const char *)value.mv_data + sizeof(head),
                                               value.mv_size - sizeof(head));
        out->status = (enum lfi_account_status)head.status;
        rc = fill_refund(account, out);
        cJSON_Delete(account);
    }
    return rc;
}

int payments_refund_account(void *core, const struct lfi_call *call, struct lfi_slice account_id,
                            struct lfi_refund_account *out, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    struct lfi_refund_account refund = {.size = out->size};
    (void)call;
    int rc = read_begin(core, &txn, error);
    if (rc == LFI_OK) {
        rc = payments_refund_in(core, txn, account_id, &refund, error);
        mdb_txn_abort(txn);
    }
    if (rc == LFI_OK) {
        memcpy(out, &refund, out->size < sizeof(refund) ? out->size : sizeof(refund));
    }
    return rc;
}
