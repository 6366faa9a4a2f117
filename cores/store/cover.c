/*
 * lfi/quotes.h over the store: quotes of insurance cover, moved on by the clock when somebody
 * looks, and told in a feed. The reference insurer plays underwriting and the customer's payment by
 * itself. The policies that it issues are shared like others (policies.c).
 */
#include "store/cover.h"

#include "store/steps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STEP_US INT64_C(2000000) /* from one status to the next */
#define WAITS_US (7 * DAY_US)    /* for what the TPP has to bring */

/* The quote as the change left it. */
struct cover_change_value {
    int64_t at_us;
    uint32_t status, number;
    char id[COVER_ID_SIZE];
    char unused[3];
};

static struct lfi_slice id_of(const struct cover_value *value)
{
    return (struct lfi_slice){value->id, COVER_ID_SIZE - 1};
}

/* --- in the database; LMDB codes -------------------------------------------------------------- */

/* The texts are borrowed until the transaction writes or ends. */
static int get(struct payments *payments, MDB_txn *txn, struct lfi_slice id,
               struct cover_quote *out)
{
    MDB_val bytes, key = val_of(id);
    int rc = id.len == COVER_ID_SIZE - 1 ? mdb_get(txn, payments->db[PAYMENTS_COVER], &key, &bytes)
                                         : MDB_NOTFOUND;
    if (rc == 0 && bytes.mv_size < sizeof(out->value)) {
        rc = MDB_CORRUPTED;
    }
    if (rc != 0) {
        return rc;
    }
    memcpy(&out->value, bytes.mv_data, sizeof(out->value));
    size_t size = sizeof(out->value);
    for (size_t i = 0; i < COVER_TEXTS; i++) {
        out->texts[i] = (const char *)bytes.mv_data + size;
        size += out->value.lengths[i];
    }
    return size == bytes.mv_size ? 0 : MDB_CORRUPTED;
}

/* With its place in the queue, when it goes on. Its texts are lost when they were borrowed. */
static int put(struct payments *payments, MDB_txn *txn, const struct cover_quote *quote)
{
    const struct cover_value *value = &quote->value;
    size_t size = sizeof(*value);
    for (size_t i = 0; i < COVER_TEXTS; i++) {
        size += value->lengths[i];
    }
    char *copy = malloc(size), *at = copy;
    if (!copy) {
        return ENOMEM;
    }
    memcpy(at, value, sizeof(*value));
    at += sizeof(*value);
    for (size_t i = 0; i < COVER_TEXTS; i++) {
        if (value->lengths[i] > 0) {
            memcpy(at, quote->texts[i], value->lengths[i]);
            at += value->lengths[i];
        }
    }
    MDB_val key = val_of(id_of(value)), bytes = {size, copy};
    int rc = mdb_put(txn, payments->db[PAYMENTS_COVER], &key, &bytes, 0);
    free(copy);
    return rc == 0 && value->due_us != 0
               ? steps_put_due(txn, payments->db[PAYMENTS_COVER_DUE], value->due_us, id_of(value))
               : rc;
}

static int put_change(struct payments *payments, MDB_txn *txn, struct cover_quote *quote)
{
    struct cover_value *value = &quote->value;
    struct cover_change_value change = {
        .at_us = value->updated_us, .status = value->status, .number = ++value->changes};
    memcpy(change.id, value->id, sizeof(change.id));
    int rc = put(payments, txn, quote);
    return rc == 0 ? steps_add_change(txn, payments->db[PAYMENTS_COVER_CHANGES], &change,
                                      sizeof(change))
                   : rc;
}

/* --- moving ----------------------------------------------------------------------------------- */

static uint32_t next_of(const struct cover_value *value)
{
    switch (value->status) {
    case LFI_QUOTE_PENDING:
        return LFI_QUOTE_AVAILABLE;
    case LFI_QUOTE_AVAILABLE:
        return LFI_QUOTE_EXPIRED;
    case LFI_QUOTE_APPLIED:
        if (value->plan == COVER_REJECT) {
            return LFI_QUOTE_REJECTED;
        }
        return value->allowed & COVER_VERIFICATION ? LFI_QUOTE_INSURER_CANCELLED
                                                   : LFI_QUOTE_APPROVED;
    case LFI_QUOTE_VERIFIED:
        return LFI_QUOTE_APPROVED;
    case LFI_QUOTE_APPROVED:
        return value->allowed ? LFI_QUOTE_INSURER_CANCELLED : LFI_QUOTE_PAYMENT_REQUIRED;
    case LFI_QUOTE_PAYMENT_REQUIRED:
        return value->plan == COVER_CANCEL ? LFI_QUOTE_CUSTOMER_CANCELLED : LFI_QUOTE_ISSUED;
    default:
        return LFI_QUOTE_COMPLETED;
    }
}

/* When a quote goes on that has just come to its status; 0: it does not. */
static int64_t due_after(const struct cover_value *value)
{
    switch (value->status) {
    case LFI_QUOTE_AVAILABLE:
        return value->expires_us;
    case LFI_QUOTE_APPLIED:
        return value->updated_us +
               (value->allowed & COVER_VERIFICATION && value->plan != COVER_REJECT ? WAITS_US
                                                                                   : STEP_US);
    case LFI_QUOTE_APPROVED:
        return value->updated_us + (value->allowed ? WAITS_US : STEP_US);
    default:
        return value->status < LFI_QUOTE_COMPLETED ? value->updated_us + STEP_US : 0;
    }
}

static int move_to(struct payments *payments, MDB_txn *txn, struct cover_quote *quote,
                   uint32_t status, int64_t at_us)
{
    quote->value.status = status;
    quote->value.updated_us = at_us;
    quote->value.due_us = due_after(&quote->value);
    if (status != LFI_QUOTE_ISSUED) {
        return put_change(payments, txn, quote);
    }
    MDB_val policy;
    int rc = cover_make_policy(quote, &policy);
    if (rc == 0) {
        rc = put_change(payments, txn, quote);
        rc = rc == 0 ? cover_put_policy(payments, txn, &quote->value, &policy) : rc;
        free(policy.mv_data);
    }
    return rc;
}

/* It goes on before it was due. */
static int step(struct payments *payments, MDB_txn *txn, struct cover_quote *quote, uint32_t status,
                int64_t now_us)
{
    int rc = steps_drop_due(txn, payments->db[PAYMENTS_COVER_DUE], quote->value.due_us,
                            id_of(&quote->value));
    return rc == 0 ? move_to(payments, txn, quote, status, now_us) : rc;
}

static int move(struct store *store, MDB_txn *txn, struct lfi_slice id)
{
    struct cover_quote quote;
    struct payments *payments = store->payments;
    int rc = get(payments, txn, id, &quote);
    return rc == 0 ? move_to(payments, txn, &quote, next_of(&quote.value), quote.value.due_us) : rc;
}

static int give_change(struct payments *payments, MDB_txn *txn, const struct steps_range *range,
                       uint64_t number, struct lfi_answer *answer, struct lfi_error *error);

static const struct steps steps = {PAYMENTS_COVER_DUE, PAYMENTS_COVER_CHANGES, move, give_change};

int cover_begin_read(struct store *store, MDB_txn **txn, struct lfi_error *error)
{
    return steps_begin(store, &steps, false, txn, error);
}

/* --- records ---------------------------------------------------------------------------------- */

static void fill_facts(const struct cover_value *value, struct lfi_quote_facts *out)
{
    *out = (struct lfi_quote_facts){.size = sizeof(*out),
                                    .sector = (enum lfi_insurance_sector)value->sector,
                                    .status = (enum lfi_quote_status)value->status};
    memcpy(out->quote_id, value->id, sizeof(out->quote_id));
    memcpy(out->client_id, value->client_id, sizeof(out->client_id));
}

static int give_text(struct lfi_answer *answer, char *text, const void *facts,
                     struct lfi_error *error)
{
    if (!text) {
        return store_say(error, "out of memory");
    }
    int rc = answer->record(answer, (struct lfi_slice){text, strlen(text)}, facts);
    cJSON_free(text);
    return rc == 0 ? LFI_OK : LFI_STOPPED;
}

static int give(const struct cover_quote *quote, struct lfi_answer *answer, struct lfi_error *error)
{
    struct lfi_quote_facts facts;
    fill_facts(&quote->value, &facts);
    return give_text(answer, cover_record(quote), &facts, error);
}

/* --- a request -------------------------------------------------------------------------------- */

/* Puts the quote's own id into its record: {"QuoteId":"…",… */
static int name_quote(struct cover_quote *quote, struct lfi_slice client_id,
                      struct lfi_error *error)
{
    struct lfi_id token;
    struct cover_value *value = &quote->value;
    cJSON *head = cJSON_Parse(quote->texts[COVER_HEAD]);
    if (!steps_write_id(value->id) || !steps_write_id(value->policy_id) || !store_new_id(&token)) {
        cJSON_Delete(head);
        return store_say(error, "no random numbers");
    }
    bool named = cJSON_AddStringToObject(head, "QuoteId", value->id);
    char *text = named ? cJSON_PrintUnformatted(head) : NULL;
    cJSON_Delete(head);
    if (!text) {
        return store_say(error, "out of memory");
    }
    cJSON_free((char *)(uintptr_t)quote->texts[COVER_HEAD]);
    quote->texts[COVER_HEAD] = text;
    value->lengths[COVER_HEAD] = (uint32_t)strlen(text) - 1;
    memcpy(value->token, token.text, sizeof(value->token) - 1);
    memcpy(value->client_id, client_id.ptr, client_id.len);
    return LFI_OK;
}

static int keep(struct store *store, const struct cover_offer *offer, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    int rc = 0, result = payments_begin(store->payments, true, &txn, error);
    if (result != LFI_OK) {
        return result;
    }
    for (size_t i = 0; i < offer->count && rc == 0; i++) {
        rc = put(store->payments, txn, &offer->quotes[i]);
    }
    return payments_end(store->payments, txn, rc, error);
}

static int offer_quotes(struct store *store, const struct lfi_quote_request *request,
                        const cJSON *data, struct lfi_answer *answer, struct lfi_error *error)
{
    struct cover_offer offer;
    int rc = cover_offer(request->sector, data, store->now_us(store->clock), &offer, error);
    for (size_t i = 0; i < offer.count && rc == LFI_OK; i++) {
        rc = name_quote(&offer.quotes[i], request->client_id, error);
        rc = rc == LFI_OK ? cover_keep_parts(store, data, &offer.quotes[i], error) : rc;
    }
    if (rc == LFI_OK && offer.count > 0) {
        rc = keep(store, &offer, error);
    }
    for (size_t i = 0; i < offer.count && rc == LFI_OK; i++) {
        rc = give(&offer.quotes[i], answer, error);
    }
    cover_offer_free(&offer);
    return rc;
}

static int cover_quote(void *core, const struct lfi_call *call,
                       const struct lfi_quote_request *request, struct lfi_answer *answer,
                       struct lfi_error *error)
{
    (void)call;
    if (request->size < sizeof(*request) || request->client_id.len == 0 ||
        request->client_id.len >= sizeof(((struct cover_value *)NULL)->client_id)) {
        return store_say(error, "the request is malformed");
    }
    cJSON *data = cJSON_ParseWithLength(request->json.ptr, request->json.len);
    int rc = data ? offer_quotes(core, request, data, answer, error)
                  : store_say(error, "the request is not JSON");
    cJSON_Delete(data);
    return rc;
}

/* --- reading ---------------------------------------------------------------------------------- */

static int cover_find(void *core, const struct lfi_call *call, const struct lfi_query *query,
                      struct lfi_answer *answer, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    struct cover_quote quote;
    struct store *store = core;
    (void)call;
    int result = steps_begin(store, &steps, false, &txn, error);
    if (result != LFI_OK) {
        return result;
    }
    int rc = get(store->payments, txn, query->subject_id, &quote);
    result = rc == 0              ? give(&quote, answer, error)
             : rc == MDB_NOTFOUND ? LFI_UNKNOWN
                                  : store_fail(error, "quote", rc);
    mdb_txn_abort(txn);
    return result;
}

/* --- changing --------------------------------------------------------------------------------- */

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* Documents named bad-… cannot be read, and nobody with a serial of 0001199 is insured. */
static bool can_verify(const cJSON *data)
{
    const cJSON *document;
    cJSON_ArrayForEach(document, member(data, "Documents"))
    {
        const char *name = cJSON_GetStringValue(member(document, "FileName"));
        if (name && strncmp(name, "bad-", 4) == 0) {
            return false;
        }
    }
    char *text = cJSON_PrintUnformatted(member(data, "VerifiedDetails"));
    bool listed = text && strstr(text, "0001199");
    cJSON_free(text);
    return !listed;
}

static uint32_t salary_of(const cJSON *data)
{
    const char *salary = cJSON_GetStringValue(member(data, "CustomerSalary"));
    return !salary                          ? COVER_SALARY_UNKNOWN
           : strcmp(salary, "Under4K") == 0 ? COVER_SALARY_UNDER_4K
                                            : COVER_SALARY_OVER_4K;
}

/* Whether the change leads on from where the quote is. */
static bool leads_on(const struct cover_value *value, enum lfi_quote_status to)
{
    return to == LFI_QUOTE_APPLIED
               ? value->status == LFI_QUOTE_AVAILABLE
               : value->status == LFI_QUOTE_APPLIED && value->allowed & COVER_VERIFICATION;
}

static int give_allowed(const struct cover_value *value, struct lfi_quote_change_summary *summary,
                        struct lfi_answer *answer, struct lfi_error *error)
{
    cJSON *allowed = cJSON_CreateObject();
    bool whole =
        allowed &&
        cJSON_AddBoolToObject(allowed, "CustomerVerification",
                              value->allowed & COVER_VERIFICATION) &&
        cJSON_AddBoolToObject(allowed, "Payment", value->allowed & COVER_PAYMENT) &&
        cJSON_AddBoolToObject(allowed, "PolicyDocuments", value->allowed & COVER_DOCUMENTS);
    char *text = whole ? cJSON_PrintUnformatted(allowed) : NULL;
    cJSON_Delete(allowed);
    if (value->allowed & COVER_PAYMENT) {
        cover_url(value, "pay", summary->payment_url);
    }
    return give_text(answer, text, NULL, error);
}

static int change_quote(struct store *store, const struct lfi_quote_change *change,
                        const cJSON *data, struct cover_value *out, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    struct cover_quote quote;
    int64_t now_us = store->now_us(store->clock);
    int result = steps_begin(store, &steps, true, &txn, error);
    if (result != LFI_OK) {
        return result;
    }
    int rc = get(store->payments, txn, change->quote_id, &quote);
    if (rc == MDB_NOTFOUND || (rc == 0 && !leads_on(&quote.value, change->status))) {
        mdb_txn_abort(txn);
        (void)store_say(error, "the quote is not where this leads on");
        return rc == MDB_NOTFOUND ? LFI_UNKNOWN : LFI_DENIED;
    }
    if (rc == 0 && !quote.value.user_id[0]) {
        (void)cover_name_holder(store, member(data, "VerifiedDetails"), &quote.value, error);
    }
    if (rc == 0) {
        quote.value.salary =
            change->status == LFI_QUOTE_APPLIED ? salary_of(data) : quote.value.salary;
        rc = step(store->payments, txn, &quote, change->status, now_us);
        *out = quote.value;
    }
    return payments_end(store->payments, txn, rc, error);
}

static int cover_update(void *core, const struct lfi_call *call,
                        const struct lfi_quote_change *change, struct lfi_answer *answer,
                        struct lfi_error *error)
{
    struct cover_value value;
    struct lfi_quote_change_summary *summary = answer->summary;
    cJSON *data = cJSON_ParseWithLength(change->json.ptr, change->json.len);
    (void)call;
    if (!data) {
        return store_say(error, "the change is not JSON");
    }
    summary->unverified = change->status == LFI_QUOTE_VERIFIED && !can_verify(data);
    int rc = summary->unverified ? LFI_OK : change_quote(core, change, data, &value, error);
    cJSON_Delete(data);
    bool tells = rc == LFI_OK && !summary->unverified && change->status == LFI_QUOTE_APPLIED;
    return tells && value.allowed ? give_allowed(&value, summary, answer, error) : rc;
}

/* --- the policy ------------------------------------------------------------------------------- */

/* The insurer leads the customer on its own pages as soon as the quote is accepted; a TPP that does
 * so itself asks when it is approved. */
static bool can_issue(const struct cover_value *value)
{
    return value->status < LFI_QUOTE_EXPIRED &&
           value->status >= (value->allowed ? LFI_QUOTE_APPROVED : LFI_QUOTE_APPLIED);
}

/* The first time: the quote goes on, and what is answered is kept with it. */
static int issue_first(struct store *store, MDB_txn *txn, struct cover_quote *quote,
                       const cJSON *data, int64_t now_us)
{
    uint32_t before = quote->value.status;
    bool paid = quote->value.allowed & COVER_PAYMENT || member(data, "PaymentReferenceId");
    bool moves = quote->value.allowed && before == LFI_QUOTE_APPROVED;
    quote->value.status = !moves ? before : paid ? LFI_QUOTE_ISSUED : LFI_QUOTE_PAYMENT_REQUIRED;
    char *policy = cover_policy(&quote->value, data);
    if (!policy) {
        return ENOMEM;
    }
    quote->texts[COVER_POLICY] = policy;
    quote->value.lengths[COVER_POLICY] = (uint32_t)strlen(policy);
    int rc = moves ? step(store->payments, txn, quote, quote->value.status, now_us)
                   : put(store->payments, txn, quote);
    cJSON_free(policy);
    return rc;
}

/* *out: what is answered, to be freed. lfi_status. */
static int issue_policy(struct store *store, const struct lfi_quote_issue *issue, const cJSON *data,
                        struct cover_value *value, char **out, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    struct cover_quote quote;
    int64_t now_us = store->now_us(store->clock);
    int result = steps_begin(store, &steps, true, &txn, error);
    if (result != LFI_OK) {
        return result;
    }
    int rc = get(store->payments, txn, issue->quote_id, &quote);
    bool first = rc == 0 && quote.value.lengths[COVER_POLICY] == 0;
    if (rc == MDB_NOTFOUND || (first && !can_issue(&quote.value))) {
        mdb_txn_abort(txn);
        (void)store_say(error, "no policy can be made of the quote now");
        return rc == MDB_NOTFOUND ? LFI_UNKNOWN : LFI_DENIED;
    }
    if (first) {
        rc = issue_first(store, txn, &quote, data, now_us);
        rc = rc == 0 ? get(store->payments, txn, issue->quote_id, &quote) : rc;
    }
    if (rc == 0) {
        size_t len = quote.value.lengths[COVER_POLICY];
        *value = quote.value;
        *out = cJSON_malloc(len + 1);
        rc = *out ? 0 : ENOMEM;
        if (*out) {
            memcpy(*out, quote.texts[COVER_POLICY], len);
            (*out)[len] = '\0';
        }
    }
    return payments_end(store->payments, txn, rc, error);
}

static int cover_issue(void *core, const struct lfi_call *call, const struct lfi_quote_issue *issue,
                       struct lfi_answer *answer, struct lfi_error *error)
{
    char *policy = NULL;
    struct cover_value value;
    struct lfi_quote_issue_summary *summary = answer->summary;
    cJSON *data = cJSON_ParseWithLength(issue->json.ptr, issue->json.len);
    (void)call;
    int rc = data ? issue_policy(core, issue, data, &value, &policy, error)
                  : store_say(error, "the request is not JSON");
    cJSON_Delete(data);
    if (rc != LFI_OK) {
        cJSON_free(policy);
        return rc;
    }
    if (!value.allowed) {
        cover_url(&value, "start", summary->continue_url);
    }
    return give_text(answer, policy, NULL, error);
}

/* --- the feed --------------------------------------------------------------------------------- */

static int give_change(struct payments *payments, MDB_txn *txn, const struct steps_range *range,
                       uint64_t number, struct lfi_answer *answer, struct lfi_error *error)
{
    struct cover_quote quote;
    struct cover_change_value head;
    struct lfi_quote_entry entry = {.size = sizeof(entry)};
    int rc =
        steps_get_change(txn, payments->db[PAYMENTS_COVER_CHANGES], number, &head, sizeof(head));
    if (rc == 0) {
        rc = get(payments, txn, (struct lfi_slice){head.id, COVER_ID_SIZE - 1}, &quote);
    }
    if (rc != 0) {
        return store_fail(error, "quote's change", rc);
    }
    quote.value.status = head.status;
    quote.value.updated_us = head.at_us;
    char *told = cover_told(&quote);
    if (!told) {
        return store_say(error, "out of memory");
    }
    entry.number = head.number;
    entry.told = (struct lfi_slice){told, strlen(told)};
    fill_facts(&quote.value, &entry.facts);
    steps_write_cursor(range, number, entry.cursor);
    rc = give_text(answer, cover_record(&quote), &entry, error);
    cJSON_free(told);
    return rc;
}

static int cover_changes(void *core, const struct lfi_call *call,
                         const struct lfi_change_query *query, struct lfi_answer *answer,
                         struct lfi_error *error)
{
    (void)call;
    return steps_give(core, &steps, query, answer, error);
}

const struct lfi_quotes store_quotes = {.size = sizeof(struct lfi_quotes),
                                        .quote = cover_quote,
                                        .find = cover_find,
                                        .update = cover_update,
                                        .issue = cover_issue,
                                        .changes = cover_changes};
