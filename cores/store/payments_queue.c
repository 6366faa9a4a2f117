/*
 * Group commit. A commit costs a flush of the disk, whatever it holds; so orders that come while
 * one is under way are collected, and the first of them takes all into the next.
 */
#include "store/payments_order.h"

#include <time.h>

#define ORDERS_PER_COMMIT 256    /* keeps a commit's pages bounded */
#define LATE_US INT64_C(2000000) /* by how much a late reply outlasts its deadline */

/* --- the commit ------------------------------------------------------------------------------- */

static int decide_all(struct payment_batch *batch, struct payment_ticket *first,
                      struct lfi_error *error)
{
    int result = read_begin(batch->store, &batch->read, error);
    if (result == LFI_OK) {
        result = payments_begin(batch->store->payments, true, &batch->write, error);
    }
    if (result == LFI_OK) {
        for (struct payment_ticket *at = first; at && batch->code == 0; at = at->next) {
            payment_decide(batch, at);
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
    struct payment_batch batch = {.store = store};
    int result = decide_all(&batch, first, &error);
    for (struct payment_ticket *at = first; at && result != LFI_OK; at = at->next) {
        at->result = result;
        (void)store_say(at->error, "%s", error.message);
    }
}

/* --- the queue -------------------------------------------------------------------------------- */

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

/* Each waits for itself: all that wait would only find that it is not their turn. */
static void wake_next(struct payments *payments)
{
    if (payments->first && !payments->committing) {
        (void)pthread_cond_signal(&payments->first->wake);
    }
}

/* Until the ticket is done or comes first, or until the deadline. */
static void wait_for_turn(struct payments *payments, struct payment_ticket *ticket, int64_t left_us)
{
    struct timespec end;
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    int64_t nanoseconds = end.tv_nsec + left_us % 1000000 * 1000;
    end.tv_sec += left_us / 1000000 + nanoseconds / 1000000000;
    end.tv_nsec = nanoseconds % 1000000000;
    (void)pthread_cond_timedwait(&ticket->wake, &payments->lock, &end);
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
            wake_next(payments);
            (void)store_say(ticket->error, "no time left");
            ticket->result = LFI_UNAVAILABLE;
            break;
        }
        if (payments->committing) { /* a commit that has begun is waited for */
            wait_for_turn(payments, ticket, left_us > 0 ? left_us : 1000000);
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
            (void)pthread_cond_signal(&first->wake);
            first = next;
        }
        payments->committing = false;
        wake_next(payments);
    }
    (void)pthread_mutex_unlock(&payments->lock);
}

/* --- the reply -------------------------------------------------------------------------------- */

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
    if (!payment_order_is_sound(order)) {
        return store_say(error, "the order is not one that this core can keep");
    }
    if (!payments_init_cond(&ticket.wake)) {
        return store_say(error, "out of memory");
    }
    take_turn(store, &ticket);
    (void)pthread_cond_destroy(&ticket.wake);
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
    .approvers = payments_approvers,
    .repeats = payments_repeats,
};
