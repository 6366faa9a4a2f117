/*
 * Accounts that were asked for: taken, moved on by the clock when somebody looks, and told in a
 * feed. The reference bank gives the account an IBAN and no place among its accounts: it lends
 * itself to a TPP's journey, not to payments.
 */
#include "store/opening.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAKEN_UP_US INT64_C(2000000) /* after the request */
#define DECIDED_US INT64_C(3000000)  /* after that */
#define CURSOR_DIGITS 16
#define IDENTITY_SIZE 17 /* of payments_identity */

struct opening_identity {
    int64_t expires_us;
    char id[OPENING_ID_SIZE];
    char unused[7];
};

/* The opening as the change left it. */
struct opening_change_value {
    int64_t at_us;
    uint32_t status, number;
    char id[OPENING_ID_SIZE];
    char unused[7];
};

static MDB_val id_val(const char *id)
{
    return (MDB_val){OPENING_ID_SIZE - 1, (void *)(uintptr_t)id};
}

/* The functions here that tell no lfi_status return LMDB codes. */
static int opening_get(struct payments *payments, MDB_txn *txn, struct lfi_slice id,
                       struct opening_value *out)
{
    MDB_val value, key = val_of(id);
    int rc = id.len == OPENING_ID_SIZE - 1
                 ? mdb_get(txn, payments->db[PAYMENTS_OPENINGS], &key, &value)
                 : MDB_NOTFOUND;
    if (rc == 0 && value.mv_size != sizeof(*out)) {
        rc = MDB_CORRUPTED;
    }
    if (rc == 0) {
        memcpy(out, value.mv_data, sizeof(*out));
    }
    return rc;
}

/* With its place in the queue, when it is due. */
static int opening_put(struct payments *payments, MDB_txn *txn, const struct opening_value *opening)
{
    struct store_key due;
    MDB_val nothing = {0, NULL}, key = id_val(opening->id);
    MDB_val value = {sizeof(*opening), (void *)(uintptr_t)opening};
    int rc = mdb_put(txn, payments->db[PAYMENTS_OPENINGS], &key, &value, 0);
    if (rc != 0 || opening->due_us == 0) {
        return rc;
    }
    key_start(&due);
    key_add_u64(&due, (uint64_t)opening->due_us);
    (void)key_add_text(&due, (struct lfi_slice){opening->id, OPENING_ID_SIZE - 1});
    key = key_val(&due);
    return mdb_put(txn, payments->db[PAYMENTS_OPENING_DUE], &key, &nothing, 0);
}

/* --- moving ----------------------------------------------------------------------------------- */

static int put_change(struct payments *payments, MDB_txn *txn, const struct opening_value *opening)
{
    MDB_stat stat;
    struct opening_change_value change = {
        .at_us = opening->updated_us, .status = opening->status, .number = opening->changes};
    memcpy(change.id, opening->id, sizeof(change.id));
    int rc = mdb_stat(txn, payments->db[PAYMENTS_OPENING_CHANGES], &stat); /* none is deleted */
    if (rc != 0) {
        return rc;
    }
    struct store_key key = payment_key_of(stat.ms_entries + 1);
    MDB_val where = key_val(&key), value = {sizeof(change), &change};
    return mdb_put(txn, payments->db[PAYMENTS_OPENING_CHANGES], &where, &value, MDB_APPEND);
}

static int move_on(struct payments *payments, MDB_txn *txn, struct opening_value *opening)
{
    opening->updated_us = opening->due_us;
    opening->changes++;
    if (opening->status == LFI_OPENING_PENDING) {
        opening->status = LFI_OPENING_AWAITING_BANK;
        opening->due_us += DECIDED_US;
    } else {
        opening->status = opening->refusal[0] ? LFI_OPENING_REJECTED : LFI_OPENING_COMPLETED;
        opening->due_us = 0;
    }
    int rc = put_change(payments, txn, opening);
    return rc == 0 ? opening_put(payments, txn, opening) : rc;
}

/* The first in the queue, when it is due: MDB_NOTFOUND when none is. */
static int find_due(struct payments *payments, MDB_txn *txn, int64_t now_us,
                    struct opening_value *out, struct store_key *place)
{
    MDB_cursor *cursor = NULL;
    MDB_val key, value;
    struct store_key now;
    int rc = mdb_cursor_open(txn, payments->db[PAYMENTS_OPENING_DUE], &cursor);
    if (rc != 0) {
        return rc;
    }
    key_start(&now);
    key_add_u64(&now, (uint64_t)now_us + 1);
    rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    if (rc == 0 && memcmp(key.mv_data, now.bytes, now.len) >= 0) {
        rc = MDB_NOTFOUND;
    }
    if (rc == 0) {
        place->len = key.mv_size;
        memcpy(place->bytes, key.mv_data, key.mv_size);
        rc = opening_get(
            payments, txn,
            (struct lfi_slice){(const char *)place->bytes + now.len, place->len - now.len}, out);
    }
    mdb_cursor_close(cursor);
    return rc;
}

static int move_due(struct payments *payments, MDB_txn *txn, int64_t now_us)
{
    struct opening_value opening;
    struct store_key place;
    int rc;
    while ((rc = find_due(payments, txn, now_us, &opening, &place)) == 0) {
        MDB_val key = key_val(&place);
        rc = mdb_del(txn, payments->db[PAYMENTS_OPENING_DUE], &key, NULL);
        if (rc == 0) {
            rc = move_on(payments, txn, &opening);
        }
        if (rc != 0) {
            return rc;
        }
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Moves what is due by now. Result: lfi_status. */
static int advance(struct store *store, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    struct opening_value opening;
    struct store_key place;
    struct payments *payments = store->payments;
    int64_t now_us = store->now_us(store->clock);
    int result = payments_begin(payments, false, &txn, error);
    if (result != LFI_OK) {
        return result;
    }
    int rc = find_due(payments, txn, now_us, &opening, &place);
    mdb_txn_abort(txn);
    if (rc != 0) {
        return rc == MDB_NOTFOUND ? LFI_OK : store_fail(error, "openings", rc);
    }
    result = payments_begin(payments, true, &txn, error);
    return result == LFI_OK ? payments_end(payments, txn, move_due(payments, txn, now_us), error)
                            : result;
}

/* --- a request -------------------------------------------------------------------------------- */

/* Whether the identity has a request that counts, and is not rejected. */
static int is_repeated(struct payments *payments, MDB_txn *txn,
                       const struct lfi_opening_request *request, int64_t now_us, bool *out)
{
    MDB_val value, key = {sizeof(request->identity), (void *)(uintptr_t)request->identity};
    struct opening_identity identity;
    struct opening_value opening;
    int rc = mdb_get(txn, payments->db[PAYMENTS_OPENING_IDENTITIES], &key, &value);
    *out = false;
    if (rc != 0 || value.mv_size != sizeof(identity)) {
        return rc == MDB_NOTFOUND ? 0 : rc != 0 ? rc : MDB_CORRUPTED;
    }
    memcpy(&identity, value.mv_data, sizeof(identity));
    rc = opening_get(payments, txn, (struct lfi_slice){identity.id, OPENING_ID_SIZE - 1}, &opening);
    *out = rc == 0 && identity.expires_us > now_us && opening.status != LFI_OPENING_REJECTED;
    return rc;
}

static int put_new(struct payments *payments, MDB_txn *txn,
                   const struct lfi_opening_request *request, const struct opening_value *opening)
{
    struct opening_identity identity = {.expires_us = opening->created_us +
                                                      (int64_t)request->identity_life_s * 1000000};
    memcpy(identity.id, opening->id, sizeof(identity.id));
    MDB_val key = {sizeof(request->identity), (void *)(uintptr_t)request->identity};
    MDB_val value = {sizeof(identity), &identity};
    int rc = mdb_put(txn, payments->db[PAYMENTS_OPENING_IDENTITIES], &key, &value, 0);
    return rc == 0 ? opening_put(payments, txn, opening) : rc;
}

static int take_request(struct store *store, const struct lfi_opening_request *request,
                        const struct opening_value *opening, bool *repeated,
                        struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    struct payments *payments = store->payments;
    int result = payments_begin(payments, true, &txn, error);
    if (result != LFI_OK) {
        return result;
    }
    int rc = is_repeated(payments, txn, request, opening->created_us, repeated);
    if (rc == 0 && *repeated) {
        mdb_txn_abort(txn);
        return LFI_OK;
    }
    if (rc == 0) {
        rc = put_new(payments, txn, request, opening);
    }
    return payments_end(payments, txn, rc, error);
}

static int opening_request(void *core, const struct lfi_call *call,
                           const struct lfi_opening_request *request, struct lfi_answer *answer,
                           struct lfi_error *error)
{
    struct store *store = core;
    struct lfi_id id;
    struct opening_value opening = {.created_us = store->now_us(store->clock)};
    struct lfi_opening_summary *summary = answer->summary;
    bool repeated = false;
    (void)call;
    if (request->size < sizeof(*request) || request->client_id.len == 0 ||
        request->client_id.len >= sizeof(opening.client_id)) {
        return store_say(error, "the request is malformed");
    }
    if (!store_new_id(&id)) {
        return store_say(error, "no random numbers");
    }
    opening.updated_us = opening.created_us;
    opening.due_us = opening.created_us + TAKEN_UP_US;
    memcpy(opening.id, id.text, sizeof(opening.id) - 1);
    memcpy(opening.client_id, request->client_id.ptr, request->client_id.len);
    int rc = opening_decide(request->json, opening.created_us, &opening, error);
    if (rc == LFI_OK && !opening.refusal[0]) {
        rc = opening_number(store, &opening, error);
    }
    if (rc == LFI_OK) {
        rc = advance(store, error);
    }
    if (rc == LFI_OK) {
        rc = take_request(store, request, &opening, &repeated, error);
    }
    summary->repeated = repeated;
    return rc != LFI_OK || repeated ? rc : opening_give(&opening, NULL, answer, error);
}

/* --- reading ---------------------------------------------------------------------------------- */

static int opening_find(void *core, const struct lfi_call *call, const struct lfi_query *query,
                        struct lfi_answer *answer, struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    struct opening_value opening;
    (void)call;
    int result = advance(store, error);
    if (result == LFI_OK) {
        result = payments_begin(store->payments, false, &txn, error);
    }
    if (result != LFI_OK) {
        return result;
    }
    int rc = opening_get(store->payments, txn, query->subject_id, &opening);
    mdb_txn_abort(txn);
    if (rc != 0) {
        return rc == MDB_NOTFOUND ? LFI_UNKNOWN : store_fail(error, "opening", rc);
    }
    return opening_give(&opening, NULL, answer, error);
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

static int give_change(struct payments *payments, MDB_txn *txn, const char *identity,
                       uint64_t number, struct lfi_answer *answer, struct lfi_error *error)
{
    struct opening_value opening;
    struct opening_change_value head;
    struct lfi_opening_change change = {.size = sizeof(change)};
    struct store_key key = payment_key_of(number);
    MDB_val value, where = key_val(&key);
    int rc = mdb_get(txn, payments->db[PAYMENTS_OPENING_CHANGES], &where, &value);
    if (rc == 0 && value.mv_size != sizeof(head)) {
        rc = MDB_CORRUPTED;
    }
    if (rc == 0) {
        memcpy(&head, value.mv_data, sizeof(head));
        rc = opening_get(payments, txn, (struct lfi_slice){head.id, OPENING_ID_SIZE - 1}, &opening);
    }
    if (rc != 0) {
        return store_fail(error, "opening's change", rc);
    }
    opening.status = head.status;
    opening.updated_us = head.at_us;
    change.number = head.number;
    (void)snprintf(change.cursor, sizeof(change.cursor), "%s%0*llx", identity, CURSOR_DIGITS,
                   (unsigned long long)number);
    return opening_give(&opening, &change, answer, error);
}

static int give_changes(struct payments *payments, MDB_txn *txn,
                        const struct lfi_change_query *query, struct lfi_answer *answer,
                        struct lfi_error *error)
{
    MDB_stat stat;
    char identity[IDENTITY_SIZE];
    uint64_t behind = 0;
    int rc = payments_identity(payments, txn, identity);
    if (rc == 0) {
        rc = mdb_stat(txn, payments->db[PAYMENTS_OPENING_CHANGES], &stat);
    }
    if (rc != 0) {
        return store_fail(error, "opening's changes", rc);
    }
    if (query->cursor.ptr &&
        (!cursor_parse(query->cursor, identity, &behind) || behind > stat.ms_entries)) {
        return LFI_UNKNOWN;
    }
    int result = LFI_OK;
    for (uint32_t given = 0; result == LFI_OK && given < query->limit && behind < stat.ms_entries;
         given++) {
        result = give_change(payments, txn, identity, ++behind, answer, error);
    }
    return result;
}

/* Never waits: the server asks each second. */
static int opening_changes(void *core, const struct lfi_call *call,
                           const struct lfi_change_query *query, struct lfi_answer *answer,
                           struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    (void)call;
    int result = advance(store, error);
    if (result == LFI_OK) {
        result = payments_begin(store->payments, false, &txn, error);
    }
    if (result == LFI_OK) {
        result = give_changes(store->payments, txn, query, answer, error);
        mdb_txn_abort(txn);
    }
    return result;
}

const struct lfi_opening store_opening = {.size = sizeof(struct lfi_opening),
                                          .request = opening_request,
                                          .find = opening_find,
                                          .changes = opening_changes};
