/*
 * Accounts that were asked for: taken, moved on by the clock when somebody looks, and told in a
 * feed. The account of a person who is a customer is then among the bank's (opening_account.c).
 */
#include "store/opening.h"

#include "store/fx.h"
#include "store/steps.h"

#include <string.h>

#define TAKEN_UP_US INT64_C(2000000) /* after the request */
#define DECIDED_US INT64_C(3000000)  /* after that */

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

static struct lfi_slice id_of(const struct opening_value *opening)
{
    return (struct lfi_slice){opening->id, OPENING_ID_SIZE - 1};
}

/* With its place in the queue, when it is due. */
static int opening_put(struct payments *payments, MDB_txn *txn, const struct opening_value *opening)
{
    MDB_val key = id_val(opening->id);
    MDB_val value = {sizeof(*opening), (void *)(uintptr_t)opening};
    int rc = mdb_put(txn, payments->db[PAYMENTS_OPENINGS], &key, &value, 0);
    return rc != 0 || opening->due_us == 0 ? rc
                                           : steps_put_due(txn, payments->db[PAYMENTS_OPENING_DUE],
                                                           opening->due_us, id_of(opening));
}

/* --- moving ----------------------------------------------------------------------------------- */

static int put_change(struct payments *payments, MDB_txn *txn, const struct opening_value *opening)
{
    struct opening_change_value change = {
        .at_us = opening->updated_us, .status = opening->status, .number = opening->changes};
    memcpy(change.id, opening->id, sizeof(change.id));
    return steps_add_change(txn, payments->db[PAYMENTS_OPENING_CHANGES], &change, sizeof(change));
}

/* The account is there before anybody can read that it is open. */
static int complete(struct store *store, MDB_txn *txn, const struct opening_value *opening)
{
    int rc = opening->quote_id[0] ? fx_open_account(store->payments, txn, opening->quote_id,
                                                    opening->client_id, opening->updated_us)
                                  : 0;
    return rc == 0 ? opening_add_account(store, opening) : rc;
}

static int move_on(struct store *store, MDB_txn *txn, struct opening_value *opening)
{
    struct payments *payments = store->payments;
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
    if (rc == 0) {
        rc = opening_put(payments, txn, opening);
    }
    return rc == 0 && opening->status == LFI_OPENING_COMPLETED ? complete(store, txn, opening) : rc;
}

static int move(struct store *store, MDB_txn *txn, struct lfi_slice id)
{
    struct opening_value opening;
    int rc = opening_get(store->payments, txn, id, &opening);
    return rc == 0 ? move_on(store, txn, &opening) : rc;
}

static int give_change(struct payments *payments, MDB_txn *txn, const struct steps_range *range,
                       uint64_t number, struct lfi_answer *answer, struct lfi_error *error);

static const struct steps steps = {PAYMENTS_OPENING_DUE, PAYMENTS_OPENING_CHANGES, move,
                                   give_change};

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
    int result = steps_begin(store, &steps, true, &txn, error);
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
        request->client_id.len >= sizeof(opening.client_id) ||
        request->quote_id.len >= sizeof(opening.quote_id)) {
        return store_say(error, "the request is malformed");
    }
    if (!store_new_id(&id)) {
        return store_say(error, "no random numbers");
    }
    opening.updated_us = opening.created_us;
    opening.due_us = opening.created_us + TAKEN_UP_US;
    memcpy(opening.id, id.text, sizeof(opening.id) - 1);
    memcpy(opening.client_id, request->client_id.ptr, request->client_id.len);
    if (request->quote_id.ptr) {
        memcpy(opening.quote_id, request->quote_id.ptr, request->quote_id.len);
    }
    int rc = opening_decide(store, request->json, &opening, error);
    if (rc == LFI_OK && !opening.refusal[0]) {
        rc = opening_number(store, &opening, error);
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
    int result = steps_begin(store, &steps, false, &txn, error);
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

static int give_change(struct payments *payments, MDB_txn *txn, const struct steps_range *range,
                       uint64_t number, struct lfi_answer *answer, struct lfi_error *error)
{
    struct opening_value opening;
    struct opening_change_value head;
    struct lfi_opening_change change = {.size = sizeof(change)};
    int rc =
        steps_get_change(txn, payments->db[PAYMENTS_OPENING_CHANGES], number, &head, sizeof(head));
    if (rc == 0) {
        rc = opening_get(payments, txn, (struct lfi_slice){head.id, OPENING_ID_SIZE - 1}, &opening);
    }
    if (rc != 0) {
        return store_fail(error, "opening's change", rc);
    }
    opening.status = head.status;
    opening.updated_us = head.at_us;
    change.number = head.number;
    steps_write_cursor(range, number, change.cursor);
    return opening_give(&opening, &change, answer, error);
}

static int opening_changes(void *core, const struct lfi_call *call,
                           const struct lfi_change_query *query, struct lfi_answer *answer,
                           struct lfi_error *error)
{
    (void)call;
    return steps_give(core, &steps, query, answer, error);
}

const struct lfi_opening store_opening = {.size = sizeof(struct lfi_opening),
                                          .request = opening_request,
                                          .find = opening_find,
                                          .changes = opening_changes};
