/*
 * Creating payments. A commit costs a flush of the disk, whatever it holds; so orders that come
 * while one is under way are collected, and the first of them takes all into the next.
 */
#include "store/payments.h"

#include <errno.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ORDERS_PER_COMMIT 256    /* keeps a commit's pages bounded */
#define LATE_US INT64_C(2000000) /* by how much a late reply outlasts its deadline */

struct payment_ticket {
    const struct lfi_call *call;
    const struct lfi_payment_order *order;
    struct lfi_error *error;
    struct payment_ticket *next;
    enum { TICKET_WAITS, TICKET_TAKEN, TICKET_DONE } state;
    int result; /* lfi_status */
    enum lfi_order_outcome outcome;
    uint64_t sequence; /* of the payment that was made or found */
    bool repeated;     /* its reply was lost before it was done */
    bool lost, late;   /* the reply is to be lost, long after the deadline */
};

/* One commit under way. */
struct batch {
    struct store *store;
    MDB_txn *read;  /* of the store */
    MDB_txn *write; /* of the payments */
    int code;       /* of LMDB: not 0 ends it */
};

/* --- what an order says ------------------------------------------------------------------------
 */

static bool fits(struct lfi_slice text, size_t least, size_t most)
{
    return text.len >= least && text.len <= most && (text.len == 0 || text.ptr);
}

/* The server has checked it; this keeps the database's bounds. */
static bool is_sound(const struct lfi_payment_order *order)
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
           fits(order->creditor.iban, 1, STORE_ID_MAX) &&
           fits(order->account_id, 1, STORE_ID_MAX) && order->amount.minor > 0 &&
           memchr(order->amount.currency, '\0', sizeof(order->amount.currency)) ==
               order->amount.currency + 3;
}

/* --- deciding ----------------------------------------------------------------------------------
 */

static int refuse(struct payment_ticket *ticket, enum lfi_order_outcome outcome, const char *why)
{
    ticket->outcome = outcome;
    if (why) {
        (void)store_say(ticket->error, "%s", why);
    }
    return LFI_OK;
}

/* Whether the key has a payment, which is then the ticket's. */
static bool has_claim(struct batch *batch, struct payment_ticket *ticket,
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
static bool is_in_flight(struct batch *batch, const struct payment *payment)
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

/* Whether the funds cover the order; the ledger is the account's. */
static bool has_funds(struct batch *batch, struct payment_ticket *ticket,
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
           available >= order->amount.minor;
}

/* --- writing -----------------------------------------------------------------------------------
 */

static uint64_t next_sequence(struct batch *batch)
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

static void put(struct batch *batch, enum payments_db db, MDB_val key, MDB_val value)
{
    if (batch->code == 0) {
        batch->code = mdb_put(batch->write, batch->store->payments->db[db], &key, &value, 0);
    }
}

/* The payment with all that finds it, and the hold. */
static void insert(struct batch *batch, struct payment_ticket *ticket,
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
    ledger->held += order->amount.minor;
    if (batch->code == 0) {
        batch->code = payment_put_due(batch->store->payments, batch->write, payment);
    }
    if (batch->code == 0) {
        batch->code = ledger_put(batch->store->payments, batch->write, order->account_id, ledger);
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

/* What is known of the creditor. */
struct creditor {
    struct lfi_id own; /* its account, when it is one of the segment; else empty */
    struct payment_outcome outcome;
};

/* The account is the user's, and the creditor and the account's status allow the order. */
static bool passes_checks(struct batch *batch, struct payment_ticket *ticket,
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
static void lose(struct batch *batch, struct payment_ticket *ticket,
                 const unsigned char claim_digest[PAYMENT_DIGEST])
{
    int64_t now_us = batch->store->now_us(batch->store->clock);
    struct payment_key_value mark = {now_us + (int64_t)ticket->order->key_life_s * 1000000, 0};
    put(batch, PAYMENTS_KEYS, (MDB_val){PAYMENT_DIGEST, (void *)(uintptr_t)claim_digest},
        (MDB_val){sizeof(mark), &mark});
    (void)store_say(ticket->error, "the reply is lost, as the amount says");
    ticket->result = LFI_IN_DOUBT;
}

static void decide(struct batch *batch, struct payment_ticket *ticket)
{
    unsigned char claim[PAYMENT_DIGEST];
    struct ledger_value ledger;
    struct creditor creditor = {{""}, {0}};
    const struct lfi_payment_order *order = ticket->order;
    struct payment payment = payment_of(order, batch->store->now_us(batch->store->clock));
    if (!payment_claim_key(order->consent_id, order->idempotency_key, claim)) {
        ticket->result = store_say(ticket->error, "out of memory");
        return;
    }
    if (has_claim(batch, ticket, claim) || batch->code != 0 ||
        !passes_checks(batch, ticket, &payment, &creditor)) {
        return;
    }
    if (order->one_in_flight && is_in_flight(batch, &payment)) {
        ticket->outcome = LFI_ORDER_IN_FLIGHT;
        return;
    }
    if (batch->code != 0 || !has_funds(batch, ticket, &ledger)) {
        return;
    }
    enum store_outcome what = creditor.outcome.what;
    if (what == STORE_OUTCOME_NO_FUNDS) {
        ticket->outcome = LFI_ORDER_NO_FUNDS;
        return;
    }
    if (what == STORE_OUTCOME_LOST_BEFORE && !ticket->repeated) {
        lose(batch, ticket, claim);
        return;
    }
    payment.sequence = next_sequence(batch);
    if (!new_uuid(payment.head.id)) {
        ticket->result = store_say(ticket->error, "no random bytes");
        return;
    }
    ticket->outcome = LFI_ORDER_CREATED;
    ticket->late = what == STORE_OUTCOME_LATE;
    ticket->lost = ticket->late || what == STORE_OUTCOME_LOST;
    ticket->sequence = payment.sequence;
    insert(batch, ticket, &payment, claim, &ledger);
}

/* --- the commit --------------------------------------------------------------------------------
 */

static int decide_all(struct batch *batch, struct payment_ticket *first, struct lfi_error *error)
{
    int result = read_begin(batch->store, &batch->read, error);
    if (result == LFI_OK) {
        result = payments_begin(batch->store->payments, true, &batch->write, error);
    }
    if (result == LFI_OK) {
        for (struct payment_ticket *at = first; at && batch->code == 0; at = at->next) {
            decide(batch, at);
        }
        result = payments_end(batch->store->payments, batch->write, batch->code, error);
    }
    if (batch->read) {
        mdb_txn_abort(batch->read);
    }
    return result;
}

/* Orders whose commit failed were not done, whatever was decided. */
static void commit_tickets(struct store *store, struct payment_ticket *first)
{
    struct lfi_error error = {""};
    struct batch batch = {.store = store};
    int result = decide_all(&batch, first, &error);
    for (struct payment_ticket *at = first; at && result != LFI_OK; at = at->next) {
        at->result = result;
        (void)store_say(at->error, "%s", error.message);
    }
}

/* Takes the orders that wait, up to the bound. */
static struct payment_ticket *take_tickets(struct payments *payments)
{
    struct payment_ticket *first = payments->first;
    struct payment_ticket *last = first;
    first->state = TICKET_TAKEN;
    for (size_t i = 1; last->next && i < ORDERS_PER_COMMIT; i++) {
        last = last->next;
        last->state = TICKET_TAKEN;
    }
    payments->first = last->next;
    last->next = NULL;
    return first;
}

static void withdraw(struct payments *payments, struct payment_ticket *ticket)
{
    struct payment_ticket **at = &payments->first;
    while (*at != ticket) {
        at = &(*at)->next;
    }
    *at = ticket->next;
}

static void append(struct payments *payments, struct payment_ticket *ticket)
{
    struct payment_ticket **at = &payments->first;
    while (*at) {
        at = &(*at)->next;
    }
    *at = ticket;
}

/* Waits for a commit to end, or until the deadline. */
static void wait_for_turn(struct payments *payments, int64_t left_us)
{
    struct timespec end;
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    int64_t nanoseconds = end.tv_nsec + left_us % 1000000 * 1000;
    end.tv_sec += left_us / 1000000 + nanoseconds / 1000000000;
    end.tv_nsec = nanoseconds % 1000000000;
    (void)pthread_cond_timedwait(&payments->moved, &payments->lock, &end);
}

/* Until the ticket is done, by this thread or another's. */
static void take_turn(struct store *store, struct payment_ticket *ticket)
{
    struct payments *payments = store->payments;
    const struct lfi_host *host = ticket->call->host;
    (void)pthread_mutex_lock(&payments->lock);
    append(payments, ticket);
    while (ticket->state != TICKET_DONE) {
        int64_t left_us = ticket->call->deadline_us - host->monotonic_us(host);
        if (ticket->state == TICKET_WAITS && left_us <= 0) {
            withdraw(payments, ticket);
            (void)store_say(ticket->error, "no time left");
            ticket->result = LFI_UNAVAILABLE;
            break;
        }
        if (payments->committing) { /* a commit that has begun is waited for */
            wait_for_turn(payments, left_us > 0 ? left_us : 1000000);
            continue;
        }
        payments->committing = true;
        struct payment_ticket *first = take_tickets(payments);
        (void)pthread_mutex_unlock(&payments->lock);
        commit_tickets(store, first);
        (void)pthread_mutex_lock(&payments->lock);
        while (first) {
            struct payment_ticket *next = first->next; /* its owner may end once it is done */
            first->state = TICKET_DONE;
            first = next;
        }
        payments->committing = false;
        (void)pthread_cond_broadcast(&payments->moved);
    }
    (void)pthread_mutex_unlock(&payments->lock);
}

/* What was committed, read back. */
static int give_payment(struct payments *payments, uint64_t sequence, struct lfi_answer *answer,
                        struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    struct payment payment;
    int result = payments_begin(payments, false, &txn, error);
    if (result != LFI_OK) {
        return LFI_IN_DOUBT;
    }
    int rc = payment_get(payments, txn, sequence, &payment);
    result =
        rc == 0 ? payment_give(&payment, NULL, answer, error) : store_fail(error, "payment", rc);
    mdb_txn_abort(txn);
    return result == LFI_OK || result == LFI_STOPPED ? result : LFI_IN_DOUBT;
}

/* The payment is there, and the caller does not learn of it. */
static int lose_reply(const struct lfi_call *call, bool late, struct lfi_error *error)
{
    int64_t left_us = call->deadline_us + LATE_US - call->host->monotonic_us(call->host);
    if (late && left_us > 0) {
        const struct timespec left = {left_us / 1000000, left_us % 1000000 * 1000};
        (void)nanosleep(&left, NULL);
    }
    (void)store_say(error, "the reply is lost, as the amount says");
    return LFI_IN_DOUBT;
}

int payments_create(void *core, const struct lfi_call *call, const struct lfi_payment_order *order,
                    struct lfi_answer *answer, struct lfi_error *error)
{
    struct store *store = core;
    struct lfi_order_summary *summary = answer->summary;
    struct payment_ticket ticket = {.call = call, .order = order, .error = error};
    if (!is_sound(order)) {
        return store_say(error, "the order is not one that this core can keep");
    }
    take_turn(store, &ticket);
    if (ticket.result != LFI_OK) {
        return ticket.result;
    }
    if (ticket.lost) {
        return lose_reply(call, ticket.late, error);
    }
    summary->outcome = ticket.outcome;
    if (ticket.outcome != LFI_ORDER_CREATED && ticket.outcome != LFI_ORDER_EXISTS) {
        return LFI_OK;
    }
    return give_payment(store->payments, ticket.sequence, answer, error);
}

const struct lfi_payments store_payments = {
    .size = sizeof(struct lfi_payments),
    .create = payments_create,
    .find = payments_find,
    .list = payments_list,
    .changes = payments_changes,
    .account_by_iban = payments_account_by_iban,
    .reach = payments_reach,
    .payable = payments_payable,
    .refund_account = payments_refund_account,
};
