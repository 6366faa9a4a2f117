/*
 * Quotes of currency exchange: given, accepted, moved on by the clock when somebody looks, and told
 * in a feed. A remittance waits for a payment (fx_pay.c); of an exchange alone the reference bank
 * plays funding and trade by itself, and a customer whom it does not know needs an account first,
 * which POST /accounts opens.
 */
#include "store/fx.h"

#include "store/steps.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAITS_US INT64_C(86400000000) /* for an account */
#define LIABILITY_URL "https://www.dhow.example/exchange/liability"
#define REFUND_URL "https://www.dhow.example/exchange/refunds"
#define STATUS_ROOM 128 /* of the members that a record ends with */

struct fx_identity {
    int64_t expires_us;
    char id[FX_ID_SIZE];
    char unused[3];
};

/* The quote as the change left it. */
struct fx_change_value {
    int64_t at_us;
    uint32_t status, number;
    char id[FX_ID_SIZE];
    char unused[3];
};

static const char *const statuses[] = {
    [LFI_FX_AVAILABLE] = "Available",
    [LFI_FX_ACCEPTED] = "Accepted",
    [LFI_FX_ACCOUNT_OPENED] = "AccountOpened",
    [LFI_FX_FUNDED] = "Funded",
    [LFI_FX_ACTIONED] = "Actioned",
    [LFI_FX_COMPLETED] = "Completed",
    [LFI_FX_REJECTED] = "Rejected",
    [LFI_FX_CANCELLED] = "Cancelled",
    [LFI_FX_EXPIRED] = "Expired",
};

static bool is_payable(uint32_t status)
{
    return status == LFI_FX_ACCEPTED || status == LFI_FX_ACCOUNT_OPENED;
}

bool fx_is_payable(const struct fx_value *value, int64_t now_us)
{
    return value->remitted && is_payable(value->status) && value->due_us > now_us;
}

static struct lfi_slice id_of(const struct fx_value *value)
{
    return (struct lfi_slice){value->id, FX_ID_SIZE - 1};
}

/* --- in the database; LMDB codes -------------------------------------------------------------- */

int fx_get(struct payments *payments, MDB_txn *txn, struct lfi_slice id, struct fx_value *out,
           MDB_val *bytes)
{
    MDB_val key = val_of(id);
    int rc = id.len == FX_ID_SIZE - 1 ? mdb_get(txn, payments->db[PAYMENTS_QUOTES], &key, bytes)
                                      : MDB_NOTFOUND;
    if (rc == 0 && bytes->mv_size < sizeof(*out)) {
        rc = MDB_CORRUPTED;
    }
    if (rc == 0) {
        memcpy(out, bytes->mv_data, sizeof(*out));
        size_t size = sizeof(*out) + out->json_len + out->trade_len + out->commission_len;
        rc = size == bytes->mv_size ? 0 : MDB_CORRUPTED;
    }
    return rc;
}

static int put_new(struct payments *payments, MDB_txn *txn, const struct fx_quote *quote)
{
    const struct fx_value *value = &quote->value;
    MDB_val key = val_of(id_of(value));
    MDB_val bytes = {sizeof(*value) + value->json_len + value->trade_len + value->commission_len,
                     NULL};
    int rc = mdb_put(txn, payments->db[PAYMENTS_QUOTES], &key, &bytes, MDB_RESERVE);
    if (rc != 0) {
        return rc;
    }
    char *to = bytes.mv_data;
    memcpy(to, value, sizeof(*value));
    to += sizeof(*value);
    memcpy(to, quote->json, value->json_len);
    to += value->json_len;
    memcpy(to, quote->trade, value->trade_len);
    to += value->trade_len;
    memcpy(to, quote->commission, value->commission_len);
    return steps_put_due(txn, payments->db[PAYMENTS_QUOTE_DUE], value->due_us, id_of(value));
}

/* A status of the quote, at updated_us: with its change, and its place in the queue. */
static int put_status(struct payments *payments, MDB_txn *txn, struct fx_value *value)
{
    MDB_val bytes, key = val_of(id_of(value));
    struct fx_change_value change = {
        .at_us = value->updated_us, .status = value->status, .number = ++value->changes};
    memcpy(change.id, value->id, sizeof(change.id));
    int rc = mdb_get(txn, payments->db[PAYMENTS_QUOTES], &key, &bytes);
    if (rc != 0) {
        return rc;
    }
    char *copy = malloc(bytes.mv_size); /* LMDB's own may move */
    if (!copy) {
        return ENOMEM;
    }
    memcpy(copy, bytes.mv_data, bytes.mv_size);
    memcpy(copy, value, sizeof(*value));
    bytes.mv_data = copy;
    rc = mdb_put(txn, payments->db[PAYMENTS_QUOTES], &key, &bytes, 0);
    free(copy);
    if (rc == 0 && value->due_us != 0) {
        rc = steps_put_due(txn, payments->db[PAYMENTS_QUOTE_DUE], value->due_us, id_of(value));
    }
    return rc == 0 ? steps_add_change(txn, payments->db[PAYMENTS_QUOTE_CHANGES], &change,
                                      sizeof(change))
                   : rc;
}

/* --- moving ----------------------------------------------------------------------------------- */

/* A remittance is funded by a payment; other trades, the reference bank plays by itself. */
static uint32_t after_acceptance(const struct fx_value *value)
{
    if (value->remitted) {
        return LFI_FX_CANCELLED;
    }
    if (value->plan == FX_PLAN_REJECT) {
        return LFI_FX_REJECTED;
    }
    return value->plan == FX_PLAN_CANCEL || (!value->identified && value->status == LFI_FX_ACCEPTED)
               ? LFI_FX_CANCELLED
               : LFI_FX_FUNDED;
}

static uint32_t next_of(const struct fx_value *value)
{
    switch (value->status) {
    case LFI_FX_AVAILABLE:
        return LFI_FX_EXPIRED;
    case LFI_FX_ACCEPTED:
    case LFI_FX_ACCOUNT_OPENED:
        return after_acceptance(value);
    case LFI_FX_FUNDED:
        return value->plan == FX_PLAN_REJECT ? LFI_FX_REJECTED : LFI_FX_ACTIONED;
    default:
        return LFI_FX_COMPLETED;
    }
}

/* A quote that is due. */
static int move_on(struct payments *payments, MDB_txn *txn, struct fx_value *value)
{
    value->updated_us = value->due_us;
    value->status = next_of(value);
    value->due_us = value->status < LFI_FX_COMPLETED ? value->due_us + FX_STEP_US : 0;
    return put_status(payments, txn, value);
}

/* Until it goes on by itself from a status that it takes now. */
static int64_t next_due_us(const struct fx_value *value, uint32_t status, int64_t now_us)
{
    if (value->remitted && is_payable(status)) {
        return value->created_us + FX_LIFE_US;
    }
    bool waits = status == LFI_FX_ACCEPTED && !value->identified && value->plan == FX_PLAN_COMPLETE;
    return now_us + (waits ? WAITS_US : FX_STEP_US);
}

int fx_step(struct payments *payments, MDB_txn *txn, struct fx_value *value, uint32_t status,
            int64_t now_us)
{
    int rc = steps_drop_due(txn, payments->db[PAYMENTS_QUOTE_DUE], value->due_us, id_of(value));
    value->due_us = next_due_us(value, status, now_us);
    value->status = status;
    value->updated_us = now_us;
    return rc == 0 ? put_status(payments, txn, value) : rc;
}

int fx_open_account(struct payments *payments, MDB_txn *txn, const char *quote_id,
                    const char *client_id, int64_t at_us)
{
    MDB_val bytes;
    struct fx_value value;
    struct lfi_slice id = {quote_id, strlen(quote_id)};
    int rc = fx_get(payments, txn, id, &value, &bytes);
    if (rc != 0) {
        return rc == MDB_NOTFOUND ? 0 : rc;
    }
    bool waits = value.status == LFI_FX_ACCEPTED && !value.identified &&
                 strcmp(value.client_id, client_id) == 0;
    return waits ? fx_step(payments, txn, &value, LFI_FX_ACCOUNT_OPENED, at_us) : 0;
}

static int move(struct store *store, MDB_txn *txn, struct lfi_slice id)
{
    MDB_val bytes;
    struct fx_value value;
    struct payments *payments = store->payments;
    int rc = fx_get(payments, txn, id, &value, &bytes);
    return rc == 0 ? move_on(payments, txn, &value) : rc;
}

static int give_change(struct payments *payments, MDB_txn *txn, const struct steps_range *range,
                       uint64_t number, struct lfi_answer *answer, struct lfi_error *error);

static const struct steps steps = {PAYMENTS_QUOTE_DUE, PAYMENTS_QUOTE_CHANGES, move, give_change};

/* --- records ---------------------------------------------------------------------------------- */

static const char *information_of(const struct fx_value *value)
{
    switch (value->status) {
    case LFI_FX_EXPIRED:
        return "The quote was not accepted in time.";
    case LFI_FX_REJECTED:
        return "The bank could not carry out the trade.";
    case LFI_FX_CANCELLED:
        return value->remitted || value->plan == FX_PLAN_CANCEL
                   ? "The trade was not funded in time."
                   : "No account was opened for the trade in time.";
    default:
        return "";
    }
}

/* `texts` lie one after the other. `change` NULL: the facts alone. */
static int give(const struct fx_value *value, const char *texts, struct lfi_fx_change *change,
                struct lfi_answer *answer, struct lfi_error *error)
{
    char updated[TIME_TEXT];
    size_t room = value->json_len + STATUS_ROOM;
    const char *trade = texts + value->json_len;
    struct lfi_fx_facts facts = {.size = sizeof(facts),
                                 .status = (enum lfi_fx_status)value->status,
                                 .trade = {trade, value->trade_len},
                                 .commission = {trade + value->trade_len, value->commission_len}};
    char *json = malloc(room);
    if (!json) {
        return store_say(error, "out of memory");
    }
    time_format(value->updated_us, updated);
    memcpy(json, texts, value->json_len);
    int len = snprintf(json + value->json_len, STATUS_ROOM,
                       ",\"QuoteStatus\":\"%s\",\"StatusUpdateDateTime\":\"%s\"}",
                       statuses[value->status], updated);
    memcpy(facts.quote_id, value->id, sizeof(value->id));
    memcpy(facts.client_id, value->client_id, sizeof(value->client_id));
    (void)snprintf(facts.information, sizeof(facts.information), "%s", information_of(value));
    if (change) {
        change->facts = facts;
    }
    const void *given = change ? (const void *)change : &facts;
    int rc = answer->record(answer, (struct lfi_slice){json, value->json_len + (size_t)len}, given);
    free(json);
    return rc == 0 ? LFI_OK : LFI_STOPPED;
}

/* --- a request -------------------------------------------------------------------------------- */

static bool is_void(uint32_t status)
{
    return status == LFI_FX_REJECTED || status == LFI_FX_CANCELLED || status == LFI_FX_EXPIRED;
}

/* Whether the identity has a quote that counts. */
static int is_repeated(struct payments *payments, MDB_txn *txn,
                       const struct lfi_fx_request *request, int64_t now_us, bool *out)
{
    MDB_val bytes, key = {sizeof(request->identity), (void *)(uintptr_t)request->identity};
    struct fx_identity identity;
    struct fx_value value;
    int rc = mdb_get(txn, payments->db[PAYMENTS_QUOTE_IDENTITIES], &key, &bytes);
    *out = false;
    if (rc != 0 || bytes.mv_size != sizeof(identity)) {
        return rc == MDB_NOTFOUND ? 0 : rc != 0 ? rc : MDB_CORRUPTED;
    }
    memcpy(&identity, bytes.mv_data, sizeof(identity));
    rc = fx_get(payments, txn, (struct lfi_slice){identity.id, FX_ID_SIZE - 1}, &value, &bytes);
    *out = rc == 0 && identity.expires_us > now_us && !is_void(value.status);
    return rc;
}

static int put_identity(struct payments *payments, MDB_txn *txn,
                        const struct lfi_fx_request *request, const struct fx_value *value)
{
    struct fx_identity identity = {.expires_us = value->created_us +
                                                 (int64_t)request->identity_life_s * 1000000};
    memcpy(identity.id, value->id, sizeof(identity.id));
    MDB_val key = {sizeof(request->identity), (void *)(uintptr_t)request->identity};
    MDB_val bytes = {sizeof(identity), &identity};
    return mdb_put(txn, payments->db[PAYMENTS_QUOTE_IDENTITIES], &key, &bytes, 0);
}

static int take(struct store *store, const struct lfi_fx_request *request,
                const struct fx_quote *quote, bool *repeated, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    struct payments *payments = store->payments;
    int result = steps_begin(store, &steps, true, &txn, error);
    if (result != LFI_OK) {
        return result;
    }
    int rc = is_repeated(payments, txn, request, quote->value.created_us, repeated);
    if (rc == 0 && *repeated) {
        mdb_txn_abort(txn);
        return LFI_OK;
    }
    if (rc == 0) {
        rc = put_identity(payments, txn, request, &quote->value);
    }
    if (rc == 0) {
        rc = put_new(payments, txn, quote);
    }
    return payments_end(payments, txn, rc, error);
}

static int give_new(const struct fx_quote *quote, struct lfi_answer *answer,
                    struct lfi_error *error)
{
    const struct fx_value *value = &quote->value;
    char *texts = malloc(value->json_len + value->trade_len + value->commission_len);
    if (!texts) {
        return store_say(error, "out of memory");
    }
    memcpy(texts, quote->json, value->json_len);
    memcpy(texts + value->json_len, quote->trade, value->trade_len);
    memcpy(texts + value->json_len + value->trade_len, quote->commission, value->commission_len);
    int rc = give(value, texts, NULL, answer, error);
    free(texts);
    return rc;
}

static int fx_quote(void *core, const struct lfi_call *call, const struct lfi_fx_request *request,
                    struct lfi_answer *answer, struct lfi_error *error)
{
    struct fx_quote quote;
    bool repeated = false;
    struct lfi_fx_summary *summary = answer->summary;
    (void)call;
    if (request->size < sizeof(*request) || request->client_id.len == 0 ||
        request->client_id.len >= sizeof(quote.value.client_id)) {
        return store_say(error, "the request is malformed");
    }
    enum fx_offer offer = fx_offer(core, request->json, &quote, error);
    summary->unavailable = offer == FX_NOT_OFFERED;
    if (offer != FX_OFFERED) {
        return offer == FX_NOT_OFFERED ? LFI_OK : LFI_FAILED;
    }
    memcpy(quote.value.client_id, request->client_id.ptr, request->client_id.len);
    int rc = take(core, request, &quote, &repeated, error);
    summary->repeated = repeated;
    if (rc == LFI_OK && !repeated) {
        (void)snprintf(summary->liability_url, sizeof(summary->liability_url), LIABILITY_URL);
        (void)snprintf(summary->refund_url, sizeof(summary->refund_url), REFUND_URL);
        rc = give_new(&quote, answer, error);
    }
    fx_free(&quote);
    return rc;
}

/* --- reading and accepting -------------------------------------------------------------------- */

static int fx_find(void *core, const struct lfi_call *call, const struct lfi_query *query,
                   struct lfi_answer *answer, struct lfi_error *error)
{
    MDB_val bytes;
    MDB_txn *txn = NULL;
    struct fx_value value;
    struct store *store = core;
    (void)call;
    int result = steps_begin(store, &steps, false, &txn, error);
    if (result != LFI_OK) {
        return result;
    }
    int rc = fx_get(store->payments, txn, query->subject_id, &value, &bytes);
    result = rc == 0
                 ? give(&value, (const char *)bytes.mv_data + sizeof(value), NULL, answer, error)
             : rc == MDB_NOTFOUND ? LFI_UNKNOWN
                                  : store_fail(error, "quote", rc);
    mdb_txn_abort(txn);
    return result;
}

static int fx_accept(void *core, const struct lfi_call *call, struct lfi_slice quote_id,
                     struct lfi_error *error)
{
    MDB_val bytes;
    MDB_txn *txn = NULL;
    struct fx_value value;
    struct store *store = core;
    int64_t now_us = store->now_us(store->clock);
    (void)call;
    int result = steps_begin(store, &steps, true, &txn, error);
    if (result != LFI_OK) {
        return result;
    }
    int rc = fx_get(store->payments, txn, quote_id, &value, &bytes);
    if (rc == MDB_NOTFOUND) {
        mdb_txn_abort(txn);
        return LFI_UNKNOWN;
    }
    if (rc == 0 && (value.status != LFI_FX_AVAILABLE || value.due_us <= now_us)) {
        mdb_txn_abort(txn);
        (void)store_say(error, "the quote cannot be accepted any more");
        return LFI_DENIED;
    }
    if (rc == 0) {
        rc = fx_step(store->payments, txn, &value, LFI_FX_ACCEPTED, now_us);
    }
    return payments_end(store->payments, txn, rc, error);
}

/* --- the feed --------------------------------------------------------------------------------- */

static int give_change(struct payments *payments, MDB_txn *txn, const struct steps_range *range,
                       uint64_t number, struct lfi_answer *answer, struct lfi_error *error)
{
    MDB_val bytes;
    struct fx_value value;
    struct fx_change_value head;
    struct lfi_fx_change change = {.size = sizeof(change)};
    int rc =
        steps_get_change(txn, payments->db[PAYMENTS_QUOTE_CHANGES], number, &head, sizeof(head));
    if (rc == 0) {
        rc = fx_get(payments, txn, (struct lfi_slice){head.id, FX_ID_SIZE - 1}, &value, &bytes);
    }
    if (rc != 0) {
        return store_fail(error, "quote's change", rc);
    }
    value.status = head.status;
    value.updated_us = head.at_us;
    change.number = head.number;
    steps_write_cursor(range, number, change.cursor);
    return give(&value, (const char *)bytes.mv_data + sizeof(value), &change, answer, error);
}

static int fx_changes(void *core, const struct lfi_call *call, const struct lfi_change_query *query,
                      struct lfi_answer *answer, struct lfi_error *error)
{
    (void)call;
    return steps_give(core, &steps, query, answer, error);
}

const struct lfi_fx store_fx = {.size = sizeof(struct lfi_fx),
                                .quote = fx_quote,
                                .find = fx_find,
                                .accept = fx_accept,
                                .changes = fx_changes,
                                .pays = 1};
