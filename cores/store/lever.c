/*
 * Levers of a test bank. The first change of a value keeps what it was in the database `origin`,
 * from which a reset puts it back; of a value that was added it keeps that there was none.
 */
#include "store/payments.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const STATUS_NAMES[] = {
    [LFI_ACCOUNT_ACTIVE] = "Active",     [LFI_ACCOUNT_INACTIVE] = "Inactive",
    [LFI_ACCOUNT_DORMANT] = "Dormant",   [LFI_ACCOUNT_UNCLAIMED] = "Unclaimed",
    [LFI_ACCOUNT_DECEASED] = "Deceased", [LFI_ACCOUNT_SUSPENDED] = "Suspended",
    [LFI_ACCOUNT_CLOSED] = "Closed",
};

/* Keeps what a value was before it is touched first. Returns an LMDB code. */
static int keep_origin(struct store *store, MDB_txn *txn, enum store_db db, const MDB_val *key,
                       MDB_val old)
{
    struct store_key origin;
    if (key->mv_size >= STORE_KEY_MAX) {
        return MDB_BAD_VALSIZE;
    }
    key_start(&origin);
    key_add_byte(&origin, (unsigned char)db);
    memcpy(origin.bytes + origin.len, key->mv_data, key->mv_size);
    origin.len += key->mv_size;
    MDB_val origin_key = key_val(&origin);
    int rc = mdb_put(txn, store->db[DB_ORIGIN], &origin_key, &old, MDB_NOOVERWRITE);
    return rc == MDB_KEYEXIST ? 0 : rc;
}

/* Replaces a value that is there. Returns an LMDB code. */
static int change(struct store *store, MDB_txn *txn, enum store_db db, MDB_val key, MDB_val value)
{
    MDB_val old;
    int rc = mdb_get(txn, store->db[db], &key, &old);
    if (rc == 0) {
        rc = keep_origin(store, txn, db, &key, old);
    }
    return rc == 0 ? mdb_put(txn, store->db[db], &key, &value, 0) : rc;
}

int lever_add(struct store *store, MDB_txn *txn, enum store_db db, MDB_val key, MDB_val value)
{
    int rc = mdb_put(txn, store->db[db], &key, &value, MDB_NOOVERWRITE);
    return rc == 0 ? keep_origin(store, txn, db, &key, (MDB_val){0, NULL}) : rc;
}

static int finish(MDB_txn *txn, int rc, struct lfi_error *error)
{
    if (rc == 0) {
        rc = mdb_txn_commit(txn);
    } else {
        mdb_txn_abort(txn);
    }
    return rc == 0 ? LFI_OK : (rc == MDB_NOTFOUND ? LFI_UNKNOWN : store_fail(error, "lever", rc));
}

/* The account's JSON with another status; freed by the caller. */
static char *with_status(const char *json, size_t len, enum lfi_account_status status)
{
    char *text = NULL;
    cJSON *account = cJSON_ParseWithLength(json, len);
    cJSON *value = cJSON_CreateString(STATUS_NAMES[status]);
    if (account && value && cJSON_ReplaceItemInObjectCaseSensitive(account, "status", value)) {
        text = cJSON_PrintUnformatted(account);
    } else {
        cJSON_Delete(value);
    }
    cJSON_Delete(account);
    return text;
}

static int set_status(void *core, const struct lfi_call *call, struct lfi_slice account_id,
                      enum lfi_account_status status, struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    MDB_val value;
    struct account_value head;
    (void)call;
    if ((size_t)status >= sizeof(STATUS_NAMES) / sizeof(STATUS_NAMES[0])) {
        return store_say(error, "status out of range");
    }
    int rc = mdb_txn_begin(store->env, NULL, 0, &txn);
    if (rc != 0) {
        return store_fail(error, "begin", rc);
    }
    int result = read_account(store, txn, account_id, &head, &value, error);
    if (result != LFI_OK) {
        mdb_txn_abort(txn);
        return result;
    }
    const char *json = (const char *)value.mv_data + sizeof(head);
    char *text = with_status(json, value.mv_size - sizeof(head), status);
    size_t len = text ? strlen(text) : 0;
    char *joined = text ? malloc(sizeof(head) + len) : NULL;
    rc = MDB_PANIC;
    if (joined) {
        head.status = (uint32_t)status;
        memcpy(joined, &head, sizeof(head));
        memcpy(joined + sizeof(head), text, len);
        rc = change(store, txn, DB_ACCOUNTS, val_of(account_id),
                    (MDB_val){sizeof(head) + len, joined});
    }
    free(joined);
    cJSON_free(text);
    return finish(txn, rc, error);
}

/* The payee entry of an account: copies, since it is changed in place. */
struct found_payee {
    struct lfi_slice account_id;
    unsigned char iban[STORE_ID_MAX];
    size_t iban_len;
    unsigned char value[sizeof(struct payee_value) + STORE_ID_MAX];
    size_t value_len;
};

static int match_payee(void *ctx, const MDB_val *key, const MDB_val *value)
{
    struct found_payee *found = ctx;
    size_t skip = sizeof(struct payee_value);
    if (value->mv_size != skip + found->account_id.len ||
        memcmp((const char *)value->mv_data + skip, found->account_id.ptr, found->account_id.len) !=
            0) {
        return LFI_OK;
    }
    if (key->mv_size > sizeof(found->iban) || value->mv_size > sizeof(found->value)) {
        return LFI_FAILED;
    }
    memcpy(found->iban, key->mv_data, key->mv_size);
    found->iban_len = key->mv_size;
    memcpy(found->value, value->mv_data, value->mv_size);
    found->value_len = value->mv_size;
    return LFI_STOPPED;
}

static void set_block(struct found_payee *found, enum lfi_credit_block block)
{
    struct payee_value head;
    memcpy(&head, found->value, sizeof(head));
    head.flags &= ~(uint32_t)(STORE_PAYEE_BLOCKED_FOR_NOW | STORE_PAYEE_BLOCKED_FOR_GOOD);
    head.flags |= block == LFI_CREDIT_BLOCKED_FOR_NOW    ? STORE_PAYEE_BLOCKED_FOR_NOW
                  : block == LFI_CREDIT_BLOCKED_FOR_GOOD ? STORE_PAYEE_BLOCKED_FOR_GOOD
                                                         : 0U;
    memcpy(found->value, &head, sizeof(head));
}

static int set_credit_block(void *core, const struct lfi_call *call, struct lfi_slice account_id,
                            enum lfi_credit_block block, struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    struct found_payee found = {.account_id = account_id};
    (void)call;
    int rc = mdb_txn_begin(store->env, NULL, 0, &txn);
    if (rc != 0) {
        return store_fail(error, "begin", rc);
    }
    int result = read_walk(store, txn, DB_PAYEES, NULL, match_payee, &found, error);
    if (result != LFI_STOPPED) {
        mdb_txn_abort(txn);
        return result == LFI_OK ? LFI_UNKNOWN : result;
    }
    set_block(&found, block);
    rc = change(store, txn, DB_PAYEES, (MDB_val){found.iban_len, found.iban},
                (MDB_val){found.value_len, found.value});
    return finish(txn, rc, error);
}

struct states {
    struct store *store;
    MDB_txn *txn;
    struct lfi_answer *answer;
    struct lfi_error *error;
};

/* Which credit block an account has; NULL: it cannot receive payments. */
static int find_block(const struct states *states, struct lfi_slice account_id, const char **out)
{
    struct payee_value head;
    struct found_payee found = {.account_id = account_id};
    int rc =
        read_walk(states->store, states->txn, DB_PAYEES, NULL, match_payee, &found, states->error);
    *out = NULL;
    if (rc == LFI_STOPPED) {
        memcpy(&head, found.value, sizeof(head));
        *out = head.flags & STORE_PAYEE_BLOCKED_FOR_GOOD  ? "permanent"
               : head.flags & STORE_PAYEE_BLOCKED_FOR_NOW ? "temporary"
                                                          : "none";
        rc = LFI_OK;
    }
    return rc;
}

static int give_state(void *ctx, const MDB_val *key, const MDB_val *value)
{
    const struct states *states = ctx;
    const char *block = NULL;
    struct account_value head;
    char json[STORE_ID_MAX + 96];
    struct lfi_slice id = {key->mv_data, key->mv_size};
    if (id.len > STORE_ID_MAX || value->mv_size < sizeof(head)) {
        return store_fail(states->error, "account", MDB_CORRUPTED);
    }
    memcpy(&head, value->mv_data, sizeof(head));
    int rc = find_block(states, id, &block);
    if (rc != LFI_OK || head.status >= sizeof(STATUS_NAMES) / sizeof(STATUS_NAMES[0])) {
        return rc != LFI_OK ? rc : store_fail(states->error, "status", MDB_CORRUPTED);
    }
    int len = snprintf(json, sizeof(json), "{\"accountId\":\"%.*s\",\"status\":\"%s\"%s%s%s}",
                       (int)id.len, id.ptr, STATUS_NAMES[head.status],
                       block ? ",\"creditBlock\":\"" : "", block ? block : "", block ? "\"" : "");
    return lfi_give(states->answer, (struct lfi_slice){json, (size_t)len});
}

static int list_states(void *core, const struct lfi_call *call, const struct lfi_query *query,
                       struct lfi_answer *answer, struct lfi_error *error)
{
    struct account_value head;
    MDB_val value;
    struct lfi_slice account_id = query->subject_id;
    struct states states = {.store = core, .answer = answer, .error = error};
    (void)call;
    int rc = read_check_query(query, sizeof(*query), error);
    if (rc == LFI_OK) {
        rc = read_begin(core, &states.txn, error);
    }
    if (rc != LFI_OK) {
        return rc;
    }
    if (!account_id.ptr) {
        rc = read_walk(core, states.txn, DB_ACCOUNTS, NULL, give_state, &states, error);
    } else {
        MDB_val key = val_of(account_id);
        rc = read_account(core, states.txn, account_id, &head, &value, error);
        rc = rc == LFI_OK ? give_state(&states, &key, &value) : rc;
    }
    mdb_txn_abort(states.txn);
    return rc;
}

struct putting_back {
    struct store *store;
    MDB_txn *txn;
    struct lfi_error *error;
};

/* Puts one value back that a lever changed, or removes what was added. */
static int put_back(void *ctx, const MDB_val *origin, const MDB_val *value)
{
    const struct putting_back *back = ctx;
    unsigned char db = ((const unsigned char *)origin->mv_data)[0];
    MDB_val key = {origin->mv_size - 1, (char *)origin->mv_data + 1};
    MDB_val old = *value;
    int rc = MDB_CORRUPTED;
    if (db < DB_COUNT) {
        MDB_dbi dbi = back->store->db[db];
        rc = old.mv_size > 0 ? mdb_put(back->txn, dbi, &key, &old, 0)
                             : mdb_del(back->txn, dbi, &key, NULL);
    }
    return rc == 0 ? LFI_OK : store_fail(back->error, "reset", rc);
}

/* Of the bank's records, after payments: an opening that is forgotten adds no account any more. */
static int reset_records(struct store *store, struct lfi_error *error)
{
    static const enum store_db FORGOTTEN[] = {DB_ORIGIN, DB_LEADS, DB_APPROVALS};
    MDB_txn *txn = NULL;
    int rc = mdb_txn_begin(store->env, NULL, 0, &txn);
    if (rc != 0) {
        return store_fail(error, "begin", rc);
    }
    struct putting_back back = {store, txn, error};
    int result = read_walk(store, txn, DB_ORIGIN, NULL, put_back, &back, error);
    if (result != LFI_OK) {
        mdb_txn_abort(txn);
        return result;
    }
    for (size_t i = 0; i < sizeof(FORGOTTEN) / sizeof(FORGOTTEN[0]) && rc == 0; i++) {
        rc = mdb_drop(txn, store->db[FORGOTTEN[i]], 0);
    }
    return finish(txn, rc, error);
}

static int reset(void *core, const struct lfi_call *call, struct lfi_error *error)
{
    struct store *store = core;
    (void)call;
    int result = store->payments ? payments_forget(store->payments, error) : LFI_OK;
    return result == LFI_OK ? reset_records(store, error) : result;
}

const struct lfi_levers store_levers = {.size = sizeof(store_levers),
                                        .account_set_status = set_status,
                                        .account_set_credit_block = set_credit_block,
                                        .account_states = list_states,
                                        .reset = reset,
                                        .payment_set_status = payments_set_status};
