/* Confirmation of payee: who holds an account, for those who may be told. */
#include "store/internal.h"

#include <cjson/cJSON.h>
#include <string.h>

static enum lfi_payee_state judge(uint32_t flags, enum lfi_account_status status)
{
    if (flags & STORE_PAYEE_OPTED_OUT) {
        return LFI_PAYEE_HIDDEN; /* before any block: it would tell that the account is here */
    }
    if ((flags & STORE_PAYEE_BLOCKED_FOR_GOOD) || status == LFI_ACCOUNT_CLOSED ||
        status == LFI_ACCOUNT_DECEASED || status == LFI_ACCOUNT_UNCLAIMED) {
        return LFI_PAYEE_BLOCKED_FOR_GOOD;
    }
    if ((flags & STORE_PAYEE_BLOCKED_FOR_NOW) || status == LFI_ACCOUNT_SUSPENDED) {
        return LFI_PAYEE_BLOCKED_FOR_NOW;
    }
    return LFI_PAYEE_SHOWN;
}

/* Copies the account id, so that the list can be read in a transaction of its own. */
static int look_up(struct store *store, struct lfi_slice iban, struct lfi_id *account_id,
                   enum lfi_payee_state *out, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    MDB_val value;
    MDB_val account;
    struct payee_value head;
    struct account_value account_head;
    int rc = read_begin(store, &txn, error);
    if (rc != LFI_OK) {
        return rc;
    }
    MDB_val key = val_of(iban);
    int code = mdb_get(txn, store->db[DB_PAYEES], &key, &value);
    if (code == MDB_NOTFOUND) {
        *out = LFI_PAYEE_HIDDEN;
    } else if (code != 0 || value.mv_size <= sizeof(head) ||
               value.mv_size - sizeof(head) >= sizeof(account_id->text)) {
        rc = store_fail(error, "payee", code == 0 ? MDB_CORRUPTED : code);
    } else {
        memcpy(&head, value.mv_data, sizeof(head));
        size_t len = value.mv_size - sizeof(head);
        memcpy(account_id->text, (const char *)value.mv_data + sizeof(head), len);
        account_id->text[len] = '\0';
        struct lfi_slice id = {account_id->text, len};
        rc = read_account(store, txn, id, &account_head, &account, error);
        if (rc == LFI_OK) {
            *out = judge(head.flags, (enum lfi_account_status)account_head.status);
        }
    }
    mdb_txn_abort(txn);
    return rc;
}

/* --- the holders and their further names ------------------------------------------------------ */

struct holders {
    struct lfi_answer *answer;
    struct lfi_error *error;
    cJSON *names; /* of each holder, an object */
    int next;
};

static int keep_names(void *ctx, const MDB_val *key, const MDB_val *value)
{
    struct holders *holders = ctx;
    cJSON *names = cJSON_ParseWithLength(value->mv_data, value->mv_size);
    (void)key;
    return cJSON_AddItemToArray(holders->names, names) ? LFI_OK
                                                       : store_say(holders->error, "payee names");
}

static struct lfi_slice text_of(const cJSON *value)
{
    const char *text = cJSON_GetStringValue(value);
    return (struct lfi_slice){text, text ? strlen(text) : 0};
}

static int give_holder(void *ctx, const MDB_val *key, const MDB_val *value)
{
    struct holders *holders = ctx;
    const cJSON *names = cJSON_GetArrayItem(holders->names, holders->next++);
    const cJSON *others = cJSON_GetObjectItemCaseSensitive(names, "otherNames");
    struct lfi_payee_facts facts = {
        .size = sizeof(facts),
        .arabic_name = text_of(cJSON_GetObjectItemCaseSensitive(names, "arabicName"))};
    (void)key;
    for (int i = 0; i < LFI_PAYEE_OTHER_NAMES; i++) {
        facts.other_names[i] = text_of(cJSON_GetArrayItem(others, i));
    }
    return read_answer(holders->answer, value, 0, &facts);
}

static int give_holders(struct store *store, struct lfi_slice account_id, struct lfi_answer *answer,
                        struct lfi_error *error)
{
    struct holders holders = {.answer = answer, .error = error, .names = cJSON_CreateArray()};
    int rc = holders.names
                 ? read_list(store, STORE_PAYEE_NAMES, account_id, keep_names, &holders, error)
                 : store_say(error, "out of memory");
    if (rc == LFI_OK) {
        rc = read_list(store, STORE_PAYEES, account_id, give_holder, &holders, error);
    }
    cJSON_Delete(holders.names);
    return rc;
}

static int payee_holders(void *core, const struct lfi_call *call, const struct lfi_query *query,
                         struct lfi_answer *answer, struct lfi_error *error)
{
    struct lfi_id account_id;
    struct lfi_payee_summary *summary = answer->summary;
    struct lfi_slice iban = query->subject_id;
    (void)call;
    summary->state = LFI_PAYEE_HIDDEN;
    int rc = read_check_query(query, sizeof(*query), error);
    if (rc != LFI_OK) {
        return rc;
    }
    if (iban.len == 0 || iban.len > STORE_ID_MAX) {
        return LFI_OK;
    }
    rc = look_up(core, iban, &account_id, &summary->state, error);
    if (rc != LFI_OK || summary->state != LFI_PAYEE_SHOWN) {
        return rc;
    }
    struct lfi_slice id = {account_id.text, strlen(account_id.text)};
    return give_holders(core, id, answer, error);
}

const struct lfi_payee store_payee = {.size = sizeof(struct lfi_payee), .holders = payee_holders};
