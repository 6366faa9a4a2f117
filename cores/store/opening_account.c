/*
 * The account that an opening has led to. It is put where the bank's other accounts are, so that
 * all who read accounts find it. The opening is in the payments' environment, which is committed
 * after this one: what is told to be open is there, and a crash between the two does it again.
 */
#include "store/opening.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROLE "Principal"

/* An account that is being added. */
struct added {
    struct store *store;
    MDB_txn *txn; /* of the store */
    const struct opening_value *opening;
    const cJSON *offer;    /* what the bank opens: its account, and terms */
    const cJSON *customer; /* as the bank has identified it */
    uint32_t index;        /* of the account */
};

static struct lfi_slice text_slice(const char *text)
{
    return (struct lfi_slice){text, strlen(text)};
}

static bool add_text(cJSON *object, const char *name, const char *value)
{
    return cJSON_AddStringToObject(object, name, value);
}

static bool add_copy(cJSON *object, const char *name, const cJSON *value)
{
    return !value || cJSON_AddItemToObject(object, name, cJSON_Duplicate(value, true));
}

/* All members that are there. */
static bool add_members(cJSON *object, const cJSON *from)
{
    const cJSON *member;
    cJSON_ArrayForEach(member, from)
    {
        if (!add_copy(object, member->string, member)) {
            return false;
        }
    }
    return true;
}

/* An object that is the only one of a list; NULL: out of memory. */
static cJSON *add_only(cJSON *object, const char *name)
{
    cJSON *item = cJSON_CreateObject();
    if (!item || !cJSON_AddItemToArray(cJSON_AddArrayToObject(object, name), item)) {
        cJSON_Delete(item);
        return NULL;
    }
    return item;
}

static const char *customer_text(const struct added *added, const char *name)
{
    const char *text = record_find_text(added->customer, name);
    return text ? text : "";
}

/* --- records ---------------------------------------------------------------------------------- */

static bool fill_account(const struct added *added, cJSON *account)
{
    char created[TIME_TEXT], opened[TIME_TEXT];
    const char *name = customer_text(added, "fullName");
    const struct opening_value *opening = added->opening;
    time_format(opening->created_us, created);
    time_format(opening->updated_us, opened);
    cJSON *number =
        add_text(account, "id", opening->id) ? add_only(account, "accountNumbers") : NULL;
    cJSON *holder = number ? add_only(account, "customers") : NULL;
    return holder && add_text(number, "schemeName", "IBAN") &&
           add_text(number, "identification", opening->iban) &&
           add_text(holder, "id", customer_text(added, "id")) &&
           add_text(holder, "customerName", name) && add_text(account, "status", "Active") &&
           add_text(account, "statusUpdateDateTime", opened) &&
           add_text(account, "accountType", customer_text(added, "customerCategory")) &&
           add_text(account, "accountHolderName", name) &&
           add_members(account, cJSON_GetObjectItemCaseSensitive(added->offer, "account")) &&
           add_text(account, "openingDate", created);
}

static bool fill_balance(const struct added *added, cJSON *balance)
{
    char opened[TIME_TEXT];
    time_format(added->opening->updated_us, opened);
    bool whole = add_text(balance, "accountId", added->opening->id) &&
                 add_text(balance, "balanceType", "InterimAvailable") &&
                 add_text(balance, "creditDebitIndicator", "Credit") &&
                 add_text(balance, "timestamp", opened);
    cJSON *amount = whole ? cJSON_AddObjectToObject(balance, "amount") : NULL;
    return amount && add_text(amount, "amount", "0.00") && add_text(amount, "currency", "AED");
}

static bool fill_booked(const struct added *added, cJSON *balance)
{
    return fill_balance(added, balance) &&
           cJSON_SetValuestring(cJSON_GetObjectItemCaseSensitive(balance, "balanceType"),
                                "InterimBooked");
}

static bool fill_customer(const struct added *added, cJSON *customer)
{
    return add_members(customer, added->customer) && add_text(customer, "customerType", "Sole") &&
           add_text(customer, "accountRole", ROLE);
}

/* Names alone: confirmation of payee has no consent. */
static bool fill_payee(const struct added *added, cJSON *payee)
{
    static const char *const NAMES[] = {"fullName", "givenName", "middleName", "familyName"};
    cJSON *claim = add_text(payee, "id", customer_text(added, "id"))
                       ? add_only(payee, "verifiedClaims")
                       : NULL;
    cJSON *verification = cJSON_AddObjectToObject(claim, "verification");
    cJSON *claims = cJSON_AddObjectToObject(claim, "claims");
    bool whole = claims && verification && add_text(verification, "trustFramework", "UAE.FI");
    for (size_t i = 0; whole && i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        whole = add_copy(claims, NAMES[i], record_find(added->customer, NAMES[i]));
    }
    return whole;
}

static bool fill_terms(const struct added *added, cJSON *product)
{
    return add_text(product, "AccountId", added->opening->id) &&
           add_members(product, cJSON_GetObjectItemCaseSensitive(added->offer, "terms"));
}

typedef bool fill_fn(const struct added *added, cJSON *record);

/* --- writing; LMDB codes ---------------------------------------------------------------------- */

/* The record as text behind a head, which may be empty. */
static int put_record(const struct added *added, enum store_db db, MDB_val key, MDB_val head,
                      fill_fn *fill)
{
    int rc = ENOMEM;
    cJSON *record = cJSON_CreateObject();
    char *text = record && fill(added, record) ? cJSON_PrintUnformatted(record) : NULL;
    size_t len = text ? strlen(text) : 0;
    char *joined = text ? malloc(head.mv_size + len) : NULL;
    if (joined) {
        if (head.mv_size > 0) {
            memcpy(joined, head.mv_data, head.mv_size);
        }
        memcpy(joined + head.mv_size, text, len);
        rc = lever_add(added->store, added->txn, db, key, (MDB_val){head.mv_size + len, joined});
    }
    free(joined);
    cJSON_free(text);
    cJSON_Delete(record);
    return rc;
}

static int put_listed(const struct added *added, enum store_list list, MDB_val head, fill_fn *fill)
{
    MDB_stat stat;
    struct store_key key;
    int rc = mdb_stat(added->txn, added->store->db[DB_RECORDS], &stat);
    key_start(&key);
    key_add_u32(&key, added->index);
    key_add_byte(&key, (unsigned char)list);
    key_add_u64(&key, stat.ms_entries);
    return rc == 0 ? put_record(added, DB_RECORDS, key_val(&key), head, fill) : rc;
}

static int put_product(const struct added *added)
{
    const char *name = record_find_text(added->offer, "productName");
    struct account_product_value head = {.name_len = name ? (uint32_t)strlen(name) : 0};
    char bytes[sizeof(head) + OPENING_NAME_SIZE];
    if (!cJSON_GetObjectItemCaseSensitive(added->offer, "terms")) {
        return 0;
    }
    if (!name || head.name_len > OPENING_NAME_SIZE) {
        return MDB_CORRUPTED;
    }
    memcpy(bytes, &head, sizeof(head));
    memcpy(bytes + sizeof(head), name, head.name_len);
    return put_listed(added, STORE_PRODUCTS, (MDB_val){sizeof(head) + head.name_len, bytes},
                      fill_terms);
}

static int put_lists(const struct added *added)
{
    static const struct {
        enum store_list list;
        fill_fn *fill;
    } LISTS[] = {{STORE_BALANCES, fill_balance},
                 {STORE_BALANCES, fill_booked},
                 {STORE_CUSTOMERS, fill_customer},
                 {STORE_PAYEES, fill_payee}};
    int rc = 0;
    for (size_t i = 0; i < sizeof(LISTS) / sizeof(LISTS[0]) && rc == 0; i++) {
        rc = put_listed(added, LISTS[i].list, (MDB_val){0, NULL}, LISTS[i].fill);
    }
    return rc == 0 ? put_product(added) : rc;
}

static int put_account(struct added *added)
{
    MDB_stat stat;
    struct account_value head = {
        .status = LFI_ACCOUNT_ACTIVE, .sub_type = "CurrentAccount", .currency = "AED"};
    int rc = mdb_stat(added->txn, added->store->db[DB_ACCOUNTS], &stat);
    if (rc != 0) {
        return rc;
    }
    /* Accounts have the indexes below: none goes but with all that were added. */
    added->index = (uint32_t)stat.ms_entries;
    head.index = added->index;
    return put_record(added, DB_ACCOUNTS, val_of(text_slice(added->opening->id)),
                      (MDB_val){sizeof(head), &head}, fill_account);
}

static int put_holding(const struct added *added)
{
    struct store_key key;
    if (!key_pair(&key, text_slice(added->opening->user.text), text_slice(added->opening->id))) {
        return MDB_BAD_VALSIZE;
    }
    return lever_add(added->store, added->txn, DB_HOLDINGS, key_val(&key),
                     val_of(text_slice(ROLE)));
}

/* Whether another account of the customer is hidden from confirmation of payee. */
struct hidden {
    const struct added *added;
    bool found;
};

static int see_payee(void *ctx, const MDB_val *iban, const MDB_val *value)
{
    struct hidden *hidden = ctx;
    const struct added *added = hidden->added;
    struct payee_value head;
    struct store_key key;
    MDB_val role;
    (void)iban;
    if (value->mv_size < sizeof(head)) {
        return LFI_FAILED;
    }
    memcpy(&head, value->mv_data, sizeof(head));
    struct lfi_slice account_id = {(const char *)value->mv_data + sizeof(head),
                                   value->mv_size - sizeof(head)};
    if (!(head.flags & STORE_PAYEE_OPTED_OUT) ||
        !key_pair(&key, text_slice(added->opening->user.text), account_id)) {
        return LFI_OK;
    }
    MDB_val holding = key_val(&key);
    hidden->found = mdb_get(added->txn, added->store->db[DB_HOLDINGS], &holding, &role) == 0;
    return hidden->found ? LFI_STOPPED : LFI_OK;
}

static int put_payee(const struct added *added)
{
    struct hidden hidden = {.added = added};
    struct lfi_error error = {""};
    struct payee_value head = {0};
    char bytes[sizeof(head) + OPENING_ID_SIZE];
    int rc = read_walk(added->store, added->txn, DB_PAYEES, NULL, see_payee, &hidden, &error);
    if (rc != LFI_OK && rc != LFI_STOPPED) {
        return MDB_CORRUPTED;
    }
    head.flags = hidden.found ? STORE_PAYEE_OPTED_OUT : 0U;
    memcpy(bytes, &head, sizeof(head));
    memcpy(bytes + sizeof(head), added->opening->id, OPENING_ID_SIZE - 1);
    return lever_add(added->store, added->txn, DB_PAYEES, val_of(text_slice(added->opening->iban)),
                     (MDB_val){sizeof(head) + OPENING_ID_SIZE - 1, bytes});
}

/* --- the whole -------------------------------------------------------------------------------- */

/* The value as JSON; *out NULL: there is none. */
static int read_json(const struct added *added, enum store_db db, const char *name, cJSON **out)
{
    MDB_val value, key = val_of(text_slice(name));
    int rc = mdb_get(added->txn, added->store->db[db], &key, &value);
    *out = NULL;
    if (rc == 0) {
        *out = cJSON_ParseWithLength(value.mv_data, value.mv_size);
        rc = *out ? 0 : ENOMEM;
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static int add_in(struct added *added)
{
    cJSON *offer = NULL, *customer = NULL;
    int rc = read_json(added, DB_META, STORE_META_OPENING, &offer);
    if (rc == 0) {
        rc = read_json(added, DB_CUSTOMERS, added->opening->user.text, &customer);
    }
    added->offer = offer;
    added->customer = customer;
    if (rc == 0 && offer && customer) {
        rc = put_account(added);
        rc = rc == 0 ? put_holding(added) : rc;
        rc = rc == 0 ? put_payee(added) : rc;
        rc = rc == 0 ? put_lists(added) : rc;
    }
    cJSON_Delete(offer);
    cJSON_Delete(customer);
    return rc;
}

int opening_add_account(struct store *store, const struct opening_value *opening)
{
    MDB_val value, key = val_of(text_slice(opening->id));
    struct added added = {.store = store, .opening = opening};
    int rc = opening->user.text[0] ? mdb_txn_begin(store->env, NULL, 0, &added.txn) : 0;
    if (!added.txn) {
        return rc;
    }
    bool there = mdb_get(added.txn, store->db[DB_ACCOUNTS], &key, &value) == 0;
    rc = there ? 0 : add_in(&added);
    if (rc == 0 && !there) {
        return mdb_txn_commit(added.txn);
    }
    mdb_txn_abort(added.txn);
    return rc;
}

static int add_completed(void *ctx, const MDB_val *key, const MDB_val *value)
{
    struct opening_value opening;
    (void)key;
    if (value->mv_size != sizeof(opening)) {
        return LFI_FAILED;
    }
    memcpy(&opening, value->mv_data, sizeof(opening));
    int rc = opening.status == LFI_OPENING_COMPLETED ? opening_add_account(ctx, &opening) : 0;
    return rc == 0 ? LFI_OK : LFI_FAILED;
}

int opening_add_accounts(struct store *store, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    int rc = payments_begin(store->payments, false, &txn, error);
    if (rc == LFI_OK) {
        rc = read_walk_in(txn, store->payments->db[PAYMENTS_OPENINGS], NULL, add_completed, store,
                          error);
        mdb_txn_abort(txn);
    }
    return rc == LFI_FAILED ? store_say(error, "an account that was opened cannot be added") : rc;
}
