/* Whether an order becomes a payment: the rules, and what is written when it does. */
#include "store/files.h"
#include "store/fx.h"
#include "store/payments_order.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <openssl/rand.h>
#include <string.h>

/* --- what an order says ----------------------------------------------------------------------- */

static bool fits(struct lfi_slice text, size_t least, size_t most)
{
    return text.len >= least && text.len <= most && (text.len == 0 || text.ptr);
}

bool payment_order_is_sound(const struct lfi_payment_order *order)
{
    const struct lfi_slice texts[] = {
        order->purpose,          order->debtor_reference, order->creditor_reference,
        order->billing_type,     order->merchant_id,      order->creditor.bic,
        order->creditor.name_en, order->creditor.name_ar,
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (!fits(texts[i], 0, PAYMENT_TEXT_MAX)) {
            return false;
        }
    }
    return order->size >= sizeof(*order) && fits(order->consent_id, 1, PAYMENT_REFERENCE_MAX) &&
           fits(order->idempotency_key, 1, PAYMENT_REFERENCE_MAX) &&
           fits(order->creditor.iban, order->file ? 0 : 1, order->file ? 0 : STORE_ID_MAX) &&
           fits(order->account_id, 1, STORE_ID_MAX) && fits(order->quote_id, 0, FX_ID_SIZE - 1) &&
           fits(order->currency_request, 0, PAYMENT_EXCHANGE_MAX / 2) && order->amount.minor > 0 &&
           memchr(order->amount.currency, '\0', sizeof(order->amount.currency)) ==
               order->amount.currency + 3;
}

/* --- deciding --------------------------------------------------------------------------------- */

static int refuse(struct payment_ticket *ticket, enum lfi_order_outcome outcome, const char *why)
{
    ticket->outcome = outcome;
    if (why) {
        (void)store_say(ticket->error, "%s", why);
    }
    return LFI_OK;
}

/* Whether the key has a payment, which is then the ticket's. */
static bool has_claim(struct payment_batch *batch, struct payment_ticket *ticket,
                      const unsigned char digest[PAYMENT_DIGEST])
{
    MDB_val value;
    struct payment payment;
    struct payment_key_value claim;
    struct payments *payments = batch->store->payments;
    MDB_val key = {PAYMENT_DIGEST, (void *)(uintptr_t)digest};
    int rc = mdb_get(batch->write, payments->db[PAYMENTS_KEYS], &key, &value);
    if (rc == MDB_NOTFOUND) {
        return false;
    }
    if (rc == 0 && value.mv_size != sizeof(claim)) {
        rc = MDB_CORRUPTED;
    }
    if (rc == 0) {
        memcpy(&claim, value.mv_data, sizeof(claim));
        ticket->repeated = claim.sequence == 0;
        if (ticket->repeated || claim.expires_us <= batch->store->now_us(batch->store->clock)) {
            return false;
        }
        rc = payment_get(payments, batch->write, claim.sequence, &payment);
    }
    if (rc != 0) {
        batch->code = rc;
        return false;
    }
    bool same = memcmp(payment.head.digest, ticket->order->digest, LFI_ORDER_DIGEST_SIZE) == 0;
    ticket->outcome = same ? LFI_ORDER_EXISTS : LFI_ORDER_KEY_USED;
    ticket->sequence = claim.sequence;
    return true;
}

/* Whether an equal payment is pending. */
static bool is_in_flight(struct payment_batch *batch, const struct payment *payment)
{
    MDB_cursor *cursor = NULL;
    MDB_val value;
    struct store_key prefix;
    struct payment any = *payment;
    any.sequence = 0;
    if (!payment_flight_key(&any, &prefix)) {
        batch->code = ENOMEM;
        return false;
    }
    MDB_val key = key_val(&prefix);
    int rc = mdb_cursor_open(batch->write, batch->store->payments->db[PAYMENTS_IN_FLIGHT], &cursor);
    if (rc == 0) {
        rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
        mdb_cursor_close(cursor);
    }
    if (rc != 0 && rc != MDB_NOTFOUND) {
        batch->code = rc;
    }
    return rc == 0 && key_is_prefix(&prefix, &key);
}

/* The account's status, and that it is one to pay from: true when the order may go on. */
static bool may_pay(struct payment_ticket *ticket, const struct account_value *head,
                    const struct lfi_id *own)
{
    struct lfi_slice debtor = ticket->order->account_id;
    switch ((enum lfi_account_status)head->status) {
    case LFI_ACCOUNT_ACTIVE:
        break;
    case LFI_ACCOUNT_INACTIVE:
    case LFI_ACCOUNT_DORMANT:
    case LFI_ACCOUNT_SUSPENDED:
        return refuse(ticket, LFI_ORDER_BLOCKED_FOR_NOW, NULL) != LFI_OK;
    case LFI_ACCOUNT_UNCLAIMED:
    case LFI_ACCOUNT_DECEASED:
    case LFI_ACCOUNT_CLOSED:
    default:
        return refuse(ticket, LFI_ORDER_BLOCKED_FOR_GOOD, NULL) != LFI_OK;
    }
    if (strlen(own->text) == debtor.len && memcmp(own->text, debtor.ptr, debtor.len) == 0) {
        return refuse(ticket, LFI_ORDER_BANK_RULE, "debtor and creditor are the same account") !=
               LFI_OK;
    }
    if (!payments_can_pay(head)) {
        return refuse(ticket, LFI_ORDER_BANK_RULE, "not an account to pay from") != LFI_OK;
    }
    if (strcmp(head->currency, ticket->order->amount.currency) != 0) {
        return refuse(ticket, LFI_ORDER_BANK_RULE, "not the account's currency") != LFI_OK;
    }
    return true;
}

/* Whether the funds cover the order and its charges; the ledger is the account's. */
static bool has_funds(struct payment_batch *batch, struct payment_ticket *ticket, int64_t charges,
                      struct ledger_value *ledger)
{
    int64_t available = 0;
    struct account_money money;
    const struct lfi_payment_order *order = ticket->order;
    batch->code = ledger_get(batch->store->payments, batch->write, order->account_id, ledger);
    if (batch->code != 0) {
        return false;
    }
    ticket->result =
        ledger_money(batch->store, batch->read, order->account_id, &money, ticket->error);
    if (ticket->result != LFI_OK) {
        return false;
    }
    ticket->outcome = LFI_ORDER_NO_FUNDS;
    return !__builtin_add_overflow(money.available, ledger->posted - ledger->held, &available) &&
           available - charges >= order->amount.minor;
}

/* --- writing ---------------------------------------------------------------------------------- */

static uint64_t next_sequence(struct payment_batch *batch)
{
    MDB_cursor *cursor = NULL;
    MDB_val key;
    MDB_val value;
    uint64_t last = 0;
    int rc = mdb_cursor_open(batch->write, batch->store->payments->db[PAYMENTS_PAYMENTS], &cursor);
    if (rc == 0) {
        rc = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
        if (rc == 0) {
            last = payment_number_of(&key);
        }
        mdb_cursor_close(cursor);
    }
    batch->code = rc == MDB_NOTFOUND ? 0 : rc;
    return last + 1;
}

/* A random UUID, version 4. */
static bool new_uuid(unsigned char out[PAYMENT_ID_BYTES])
{
    if (RAND_bytes(out, PAYMENT_ID_BYTES) != 1) {
        return false;
    }
    out[6] = (unsigned char)((out[6] & 0x0f) | 0x40);
    out[8] = (unsigned char)((out[8] & 0x3f) | 0x80);
    return true;
}

static void put(struct payment_batch *batch, enum payments_db db, MDB_val key, MDB_val value)
{
    if (batch->code == 0) {
        batch->code = mdb_put(batch->write, batch->store->payments->db[db], &key, &value, 0);
    }
}

/* The payment with all that finds it, and the hold. */
static void insert(struct payment_batch *batch, struct payment_ticket *ticket,
                   const struct payment *payment, const unsigned char claim_digest[PAYMENT_DIGEST],
                   struct ledger_value *ledger)
{
    struct store_key flight;
    const struct lfi_payment_order *order = ticket->order;
    struct store_key number = payment_key_of(payment->sequence);
    uint64_t sequence = payment->sequence;
    struct payment_key_value claim = {
        payment->head.created_us + (int64_t)order->key_life_s * 1000000, sequence};
    if (!payment_flight_key(payment, &flight)) {
        batch->code = ENOMEM;
        return;
    }
    batch->code = payment_put(batch->store->payments, batch->write, payment);
    put(batch, PAYMENTS_IDS, (MDB_val){PAYMENT_ID_BYTES, (void *)(uintptr_t)payment->head.id},
        (MDB_val){sizeof(sequence), &sequence});
    put(batch, PAYMENTS_KEYS, (MDB_val){PAYMENT_DIGEST, (void *)(uintptr_t)claim_digest},
        (MDB_val){sizeof(claim), &claim});
    put(batch, PAYMENTS_CONSENTS, val_of(order->consent_id), key_val(&number));
    put(batch, PAYMENTS_IN_FLIGHT, key_val(&flight), (MDB_val){0, NULL});
    if (batch->code == 0) {
        batch->code = payment_put_due(batch->store->payments, batch->write, payment);
    }
    if (batch->code == 0) {
        batch->code =
            payment_note_paid(batch->store->payments, batch->write, ticket->call->user_id, payment);
    }
    if (batch->code == 0) {
        batch->code = file_note_payment(batch->store->payments, batch->write, payment);
    }
    if (batch->code == 0 && order->quote_id.len > 0) {
        batch->code =
            fx_pay(batch->store->payments, batch->write, order->quote_id, payment->head.created_us);
    }
    if (batch->code == 0) {
        batch->code = hold_place(batch->store->payments, batch->write, payment, ledger);
    }
}

static struct payment payment_of(const struct lfi_payment_order *order, int64_t now_us)
{
    struct payment payment = {
        .head = {.created_us = now_us,
                 .updated_us = now_us,
                 .amount = order->amount.minor,
                 .status = LFI_PAYMENT_PENDING},
        .text = {[PAYMENT_CONSENT] = order->consent_id,
                 [PAYMENT_ACCOUNT] = order->account_id,
                 [PAYMENT_PURPOSE] = order->purpose,
                 [PAYMENT_DEBTOR_REFERENCE] = order->debtor_reference,
                 [PAYMENT_CREDITOR_REFERENCE] = order->creditor_reference,
                 [PAYMENT_BILLING] = order->billing_type,
                 [PAYMENT_MERCHANT] = order->merchant_id,
                 [PAYMENT_IBAN] = order->creditor.iban,
                 [PAYMENT_BIC] = order->creditor.bic,
                 [PAYMENT_NAME_EN] = order->creditor.name_en,
                 [PAYMENT_NAME_AR] = order->creditor.name_ar},
    };
    memcpy(payment.head.currency, order->amount.currency, sizeof(payment.head.currency));
    memcpy(payment.head.digest, order->digest, sizeof(payment.head.digest));
    return payment;
}

/* What is known of the creditor, and of an exchange. */
struct creditor {
    struct lfi_id own; /* its account, when it is one of the segment; else empty */
    struct payment_outcome outcome;
    struct fx_payment fx; /* its text is in the payment, and freed at the end */
};

/* Into another currency: by its quote alone, for the account is abroad. */
static bool plan_exchange(struct payment_batch *batch, struct payment_ticket *ticket,
                          struct payment *payment, struct fx_payment *fx)
{
    const struct lfi_payment_order *order = ticket->order;
    batch->code =
        fx_judge(batch->store->payments, batch->write, order, payment->head.created_us, fx);
    if (batch->code != 0) {
        return false;
    }
    if (!fx->payable) {
        return refuse(ticket, LFI_ORDER_QUOTE, fx->fault) != LFI_OK;
    }
    payment->head.charges = fx->charges;
    payment->text[PAYMENT_EXCHANGE] = (struct lfi_slice){fx->exchange, strlen(fx->exchange)};
    payment_plan_exchange(payment, fx->plan == FX_PLAN_REJECT);
    return true;
}

/* The account is the user's, and the creditor and the account's status allow the order. */
static bool passes_checks(struct payment_batch *batch, struct payment_ticket *ticket,
                          struct payment *payment, struct creditor *creditor)
{
    MDB_val role;
    MDB_val value;
    struct account_value head;
    uint32_t answer_s = 0;
    struct lfi_id *own = &creditor->own;
    struct lfi_reach reach;
    struct payment_outcome *outcome = &creditor->outcome;
    const struct lfi_payment_order *order = ticket->order;
    struct store *store = batch->store;
    ticket->result = read_holding(store, batch->read, ticket->call->user_id, order->account_id,
                                  &role, ticket->error);
    if (ticket->result == LFI_OK) {
        ticket->result =
            read_account(store, batch->read, order->account_id, &head, &value, ticket->error);
    }
    if (ticket->result == LFI_OK && order->file) {
        return file_plan(batch, ticket, payment) && may_pay(ticket, &head, own);
    }
    if (ticket->result == LFI_OK && order->quote_id.len > 0) {
        return may_pay(ticket, &head, own) && plan_exchange(batch, ticket, payment, &creditor->fx);
    }
    if (ticket->result == LFI_OK) {
        ticket->result = payments_reach_in(store, batch->read, order->creditor.iban, &reach, own,
                                           &answer_s, ticket->error);
    }
    if (ticket->result == LFI_OK) {
        ticket->result =
            payment_outcome_of(store, batch->read, order, &reach, outcome, ticket->error);
    }
    if (ticket->result != LFI_OK) {
        return false;
    }
    bool reachable = (reach.own || reach.aani || reach.uaefts) &&
                     !(outcome->of_creditor && outcome->what == STORE_OUTCOME_UNREACHABLE);
    if (order->creditor_open && (!reachable || reach.can_receive == LFI_NO)) {
        return refuse(ticket, LFI_ORDER_CREDITOR, NULL) != LFI_OK;
    }
    payment_plan(store->payments, payment, &reach, outcome, answer_s);
    payment->text[PAYMENT_CREDITOR_ACCOUNT] = (struct lfi_slice){own->text, strlen(own->text)};
    return may_pay(ticket, &head, own);
}

/* The reply to a lost order is lost once: the mark says that the next one is its repetition. */
static void lose(struct payment_batch *batch, struct payment_ticket *ticket,
                 const unsigned char claim_digest[PAYMENT_DIGEST])
{
    int64_t now_us = batch->store->now_us(batch->store->clock);
    struct payment_key_value mark = {now_us + (int64_t)ticket->order->key_life_s * 1000000, 0};
    put(batch, PAYMENTS_KEYS, (MDB_val){PAYMENT_DIGEST, (void *)(uintptr_t)claim_digest},
        (MDB_val){sizeof(mark), &mark});
    (void)store_say(ticket->error, "the reply is lost, as the amount says");
    ticket->result = LFI_IN_DOUBT;
}

/* Decides on an order that has no payment yet. */
static void decide(struct payment_batch *batch, struct payment_ticket *ticket,
                   struct payment *payment, struct creditor *creditor,
                   const unsigned char claim[PAYMENT_DIGEST])
{
    struct ledger_value ledger;
    if (!passes_checks(batch, ticket, payment, creditor)) {
        return;
    }
    if (ticket->order->one_in_flight && is_in_flight(batch, payment)) {
        ticket->outcome = LFI_ORDER_IN_FLIGHT;
        return;
    }
    if (batch->code != 0 || !has_funds(batch, ticket, payment->head.charges, &ledger)) {
        return;
    }
    enum store_outcome what = creditor->outcome.what;
    if (what == STORE_OUTCOME_NO_FUNDS) {
        ticket->outcome = LFI_ORDER_NO_FUNDS;
        return;
    }
    if (what == STORE_OUTCOME_LOST_BEFORE && !ticket->repeated) {
        lose(batch, ticket, claim);
        return;
    }
    payment->sequence = next_sequence(batch);
    if (!new_uuid(payment->head.id)) {
        ticket->result = store_say(ticket->error, "no random bytes");
        return;
    }
    ticket->outcome = LFI_ORDER_CREATED;
    ticket->late = what == STORE_OUTCOME_LATE;
    ticket->lost = ticket->late || what == STORE_OUTCOME_LOST;
    ticket->sequence = payment->sequence;
    insert(batch, ticket, payment, claim, &ledger);
}

void payment_decide(struct payment_batch *batch, struct payment_ticket *ticket)
{
    unsigned char claim[PAYMENT_DIGEST];
    struct creditor creditor = {.own = {""}};
    const struct lfi_payment_order *order = ticket->order;
    struct payment payment = payment_of(order, batch->store->now_us(batch->store->clock));
    if (!payment_claim_key(order->consent_id, order->idempotency_key, claim)) {
        ticket->result = store_say(ticket->error, "out of memory");
        return;
    }
    if (!has_claim(batch, ticket, claim) && batch->code == 0) {
        decide(batch, ticket, &payment, &creditor, claim);
    }
    cJSON_free(creditor.fx.exchange);
}
