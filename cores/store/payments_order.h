/*
 * An order to pay on its way into a commit: payments_queue.c collects orders, payments_create.c
 * decides each. Internal to the two.
 */
#ifndef STORE_PAYMENTS_ORDER_H
#define STORE_PAYMENTS_ORDER_H

#include "store/payments.h"

struct payment_ticket {
    const struct lfi_call *call;
    const struct lfi_payment_order *order;
    struct lfi_error *error;
    struct payment_ticket *next;
    pthread_cond_t wake; /* it is done, or comes first while no commit is under way */
    enum { TICKET_WAITS, TICKET_TAKEN, TICKET_DONE } state;
    int result; /* lfi_status */
    enum lfi_order_outcome outcome;
    uint64_t sequence; /* of the payment that was made or found */
    bool repeated;     /* its reply was lost before it was done */
    bool lost, late;   /* the reply is to be lost, long after the deadline */
};

/* One commit under way. */
struct payment_batch {
    struct store *store;
    MDB_txn *read;  /* of the store */
    MDB_txn *write; /* of the payments */
    int code;       /* of LMDB: not 0 ends it */
};

/* The server has checked the order; this keeps the database's bounds. */
bool payment_order_is_sound(const struct lfi_payment_order *order);
/* Fills the ticket's result and outcome, and writes the payment when it is one. */
void payment_decide(struct payment_batch *batch, struct payment_ticket *ticket);

#endif
