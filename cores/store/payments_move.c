/*
 * Moving payments: what is due, what an operator wants, and what either does to holds, books and
 * changes.
 */
#include "store/files.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MOVES_PER_COMMIT 256
#define SECOND_STEP_US INT64_C(2000000) /* of a payment that is settled first */
#define LOOK_GAP_US INT64_C(100000)     /* the clock may be set, another process may write */
#define IDLE_GAP_US INT64_C(1000000)    /* nothing is due */

static bool is_success(enum lfi_payment_status status)
{
    return status == LFI_PAYMENT_SETTLED || status == LFI_PAYMENT_CREDITED ||
           status == LFI_PAYMENT_ACCEPTED_WITHOUT_POSTING;
}

/* A transition, and how the payment goes on. */
struct move {
    enum lfi_payment_status status;
    struct lfi_payment_reason reason; /* when it is rejected */
    int64_t due_us;                   /* of its next move; 0: none */
};

/* --- the queue -------------------------------------------------------------------------------- */

static struct store_key due_key(const struct payment *payment)
{
    struct store_key key;
    key_start(&key);
    key_add_u64(&key, (uint64_t)payment->head.due_us);
    key_add_u64(&key, payment->sequence);
    return key;
}

int payment_put_due(struct payments *payments, MDB_txn *txn, const struct payment *payment)
{
    MDB_val nothing = {0, NULL};
    struct store_key key = due_key(payment);
    MDB_val where = key_val(&key);
    return payment->head.due_us == 0
               ? 0
               : mdb_put(txn, payments->db[PAYMENTS_DUE], &where, &nothing, 0);
}

static int remove_due(struct payments *payments, MDB_txn *txn, const struct payment *payment)
{
    struct store_key key = due_key(payment);
    MDB_val where = key_val(&key);
    int rc = payment->head.due_us == 0 ? 0 : mdb_del(txn, payments->db[PAYMENTS_DUE], &where, NULL);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

/* --- one move --------------------------------------------------------------------------------- */

/* The change, as the payment is now. Returns an LMDB code. */
static int put_change(struct payments *payments, MDB_txn *txn, const struct payment *payment)
{
    MDB_stat stat;
    const struct payment_value *head = &payment->head;
    bool rejected = head->status == LFI_PAYMENT_REJECTED;
    const struct lfi_slice none = {NULL, 0};
    const struct lfi_slice texts[] = {payment->text[PAYMENT_TRANSACTION],
                                      rejected ? payment->text[PAYMENT_CODE] : none,
                                      rejected ? payment->text[PAYMENT_MESSAGE] : none};
    struct payment_change_value change = {.sequence = payment->sequence,
                                          .at_us = head->updated_us,
                                          .number = head->changes,
                                          .status = head->status,
                                          .rail = head->rail,
                                          .reason_by = head->reason_by};
    int rc = mdb_stat(txn, payments->db[PAYMENTS_CHANGES], &stat); /* none is ever deleted */
    struct store_key key = payment_key_of(stat.ms_entries + 1);
    MDB_val where = key_val(&key);
    MDB_val value = {sizeof(change), NULL};
    for (size_t i = 0; i < 3; i++) {
        change.len[i] = (uint16_t)texts[i].len;
        value.mv_size += texts[i].len;
    }
    if (rc == 0) {
        rc = mdb_put(txn, payments->db[PAYMENTS_CHANGES], &where, &value, MDB_RESERVE);
    }
    if (rc == 0) {
        char *at = value.mv_data;
        memcpy(at, &change, sizeof(change));
        at += sizeof(change);
        for (size_t i = 0; i < 3; i++) {
            if (texts[i].len > 0) {
                memcpy(at, texts[i].ptr, texts[i].len);
                at += texts[i].len;
            }
        }
    }
    return rc;
}

/* The hold ends, and equal payments are allowed again. Returns an LMDB code. */
static int release(struct payments *payments, MDB_txn *txn, const struct payment *payment)
{
    struct store_key flight;
    if (!payment_flight_key(payment, &flight)) {
        return MDB_PANIC;
    }
    MDB_val key = key_val(&flight);
    int rc = mdb_del(txn, payments->db[PAYMENTS_IN_FLIGHT], &key, NULL);
    return rc == 0 ? hold_release(payments, txn, payment) : rc;
}

/* The rail's id, which stays; a payment in the bank's own books has none. */
static void set_transaction(struct payment *payment, char *room, size_t size)
{
    char time[TIME_TEXT];
    const char *prefix = payment->head.rail == LFI_RAIL_AANI     ? "IPP"
                         : payment->head.rail == LFI_RAIL_UAEFTS ? "FTS"
                                                                 : NULL;
    if (!prefix || payment->text[PAYMENT_TRANSACTION].len > 0) {
        return;
    }
    time_format(payment->head.created_us, time);
    int len = snprintf(room, size, "%s%.4s%.2s%.2s%08llu", prefix, time, time + 5, time + 8,
                       (unsigned long long)payment->sequence);
    payment->text[PAYMENT_TRANSACTION] = (struct lfi_slice){room, (size_t)len};
}

/* Books what went through: of a file, the sum of its instructions that did. */
static int post(const struct posting *posting)
{
    struct payment part = *posting->payment;
    struct posting of_file = *posting;
    if (part.head.file == 0) {
        return payment_post(posting);
    }
    part.head.amount = part.head.succeeded;
    of_file.payment = &part;
    return payment_post(&of_file);
}

/* Carries out a move that may follow. The posting's payment is changed. */
static int carry_out(const struct posting *posting, struct payment *payment,
                     const struct move *move)
{
    char transaction[64];
    struct payments *payments = posting->store->payments;
    struct payment_value *head = &payment->head;
    bool was_pending = head->status == LFI_PAYMENT_PENDING;
    int rc = remove_due(payments, posting->write, payment);
    if (rc == 0 && was_pending) {
        rc = release(payments, posting->write, payment);
    }
    head->status = (uint8_t)move->status;
    head->updated_us = posting->now_us > head->updated_us ? posting->now_us : head->updated_us;
    head->changes++;
    head->due_us = move->due_us;
    head->plan = move->due_us > 0 ? PAYMENT_PLAN_ACCEPT : PAYMENT_PLAN_NONE;
    if (move->status == LFI_PAYMENT_REJECTED) {
        const struct lfi_payment_reason *reason = &move->reason;
        head->reason_by = (uint8_t)reason->by;
        payment->text[PAYMENT_CODE] = (struct lfi_slice){reason->code, strlen(reason->code)};
        payment->text[PAYMENT_MESSAGE] =
            (struct lfi_slice){reason->message, strlen(reason->message)};
    }
    if (move->status != LFI_PAYMENT_REJECTED || head->reason_by != LFI_RAIL_NONE) {
        set_transaction(payment, transaction, sizeof(transaction));
    }
    int result = LFI_OK;
    if (rc == 0 && was_pending && is_success(move->status)) {
        result = post(posting);
    }
    if (rc == 0 && result == LFI_OK) {
        rc = put_change(payments, posting->write, payment);
    }
    if (rc == 0 && result == LFI_OK) {
        rc = payment_put_due(payments, posting->write, payment);
    }
    if (rc == 0 && result == LFI_OK) {
        rc = payment_put(payments, posting->write, payment);
    }
    return rc == 0 ? result : store_fail(posting->error, "payment", rc);
}

/* --- what is due ------------------------------------------------------------------------------ */

static void set_reason(struct lfi_payment_reason *out, enum lfi_rail by, struct lfi_slice code,
                       struct lfi_slice message)
{
    *out = (struct lfi_payment_reason){.by = by};
    (void)snprintf(out->code, sizeof(out->code), "%.*s", (int)code.len, code.ptr ? code.ptr : "");
    (void)snprintf(out->message, sizeof(out->message), "%.*s", (int)message.len,
                   message.ptr ? message.ptr : "");
}

/* Whether the creditor's account, one of the segment, takes the money now. */
static int creditor_takes(const struct posting *posting, bool *out)
{
    struct own_account account;
    int rc = payments_own_account(posting->store, posting->read,
                                  posting->payment->text[PAYMENT_IBAN], &account, posting->error);
    *out = rc == LFI_OK && payments_can_receive(&account);
    return rc == LFI_UNKNOWN ? LFI_OK : rc;
}

static int move_file(const struct posting *posting, struct payment *payment)
{
    struct move move = {.status = LFI_PAYMENT_CREDITED};
    struct payment_value *head = &payment->head;
    if (!file_outcome(posting->store->payments, payment, &head->successes, &head->succeeded)) {
        return store_say(posting->error, "a file was not processed");
    }
    if (head->successes == 0) {
        move.status = LFI_PAYMENT_REJECTED;
        move.reason = (struct lfi_payment_reason){
            .code = FILES_NOTHING_PAID, .message = "No instruction of the file was carried out."};
    }
    return carry_out(posting, payment, &move);
}

static int move_as_planned(const struct posting *posting, struct payment *payment)
{
    const struct payment_value *head = &payment->head;
    bool takes = true;
    if (head->plan == PAYMENT_PLAN_FILE) {
        return move_file(posting, payment);
    }
    struct move move = {.status = head->rail == LFI_RAIL_AANI ? LFI_PAYMENT_ACCEPTED_WITHOUT_POSTING
                                                              : LFI_PAYMENT_CREDITED};
    if (head->rail == LFI_RAIL_INTRA_BANK && head->plan == PAYMENT_PLAN_ACCEPT) {
        int rc = creditor_takes(posting, &takes);
        if (rc != LFI_OK) {
            return rc;
        }
    }
    if (!takes) {
        move.status = LFI_PAYMENT_REJECTED;
        move.reason = (struct lfi_payment_reason){
            .code = "CreditorAccountUnusable",
            .message = "The creditor's account cannot receive payments."};
    } else if (head->plan == PAYMENT_PLAN_SETTLE) {
        move.status = LFI_PAYMENT_SETTLED;
        move.due_us = head->due_us + SECOND_STEP_US;
    } else if (head->plan == PAYMENT_PLAN_REJECT) {
        move.status = LFI_PAYMENT_REJECTED;
        set_reason(&move.reason, (enum lfi_rail)head->reason_by, payment->text[PAYMENT_CODE],
                   payment->text[PAYMENT_MESSAGE]);
    }
    return carry_out(posting, payment, &move);
}

/* The first of the queue: its sequence, 0 when nothing is due; *due_us when it is. */
static int first_due(struct payments *payments, MDB_txn *txn, int64_t now_us, uint64_t *sequence,
                     int64_t *due_us)
{
    MDB_cursor *cursor = NULL;
    MDB_val key;
    MDB_val value;
    *sequence = 0;
    *due_us = INT64_MAX;
    int rc = mdb_cursor_open(txn, payments->db[PAYMENTS_DUE], &cursor);
    if (rc != 0) {
        return rc;
    }
    rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    if (rc == 0 && key.mv_size == 2 * sizeof(uint64_t)) {
        MDB_val instant = {sizeof(uint64_t), key.mv_data};
        MDB_val number = {sizeof(uint64_t), (char *)key.mv_data + sizeof(uint64_t)};
        *due_us = (int64_t)payment_number_of(&instant);
        *sequence = *due_us <= now_us ? payment_number_of(&number) : 0;
    }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Begins both transactions, or none. */
static int begin_posting(struct posting *posting)
{
    struct store *store = posting->store;
    int result = read_begin(store, &posting->read, posting->error);
    if (result == LFI_OK) {
        result = payments_begin(store->payments, true, &posting->write, posting->error);
        if (result != LFI_OK) {
            mdb_txn_abort(posting->read);
        }
    }
    return result;
}

/* Files are processed before the transaction in which they move, which others wait for. */
static bool is_prepared(struct store *store, const struct payment *payment)
{
    uint32_t successes;
    int64_t succeeded;
    return payment->head.plan != PAYMENT_PLAN_FILE ||
           file_outcome(store->payments, payment, &successes, &succeeded);
}

static int prepare(struct store *store, uint64_t sequence, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    char room[PAYMENT_BYTES_MAX];
    struct payment payment;
    int result = payments_begin(store->payments, false, &txn, error);
    if (result != LFI_OK) {
        return result;
    }
    int rc = payment_get_copy(store->payments, txn, sequence, room, &payment);
    mdb_txn_abort(txn);
    if (rc != 0) {
        return store_fail(error, "payment", rc);
    }
    return payment.head.plan == PAYMENT_PLAN_FILE ? file_process(store, &payment, error) : LFI_OK;
}

/* Moves some, in one commit. *moved: how many. */
static int move_some(struct store *store, unsigned *moved, struct lfi_error *error)
{
    uint64_t sequence = 0;
    int64_t due_us = 0;
    int rc = 0;
    struct posting posting = {
        .store = store, .now_us = store->now_us(store->clock), .error = error};
    int result = begin_posting(&posting);
    if (result != LFI_OK) {
        return result;
    }
    for (*moved = 0; rc == 0 && result == LFI_OK && *moved < MOVES_PER_COMMIT; (*moved)++) {
        char room[PAYMENT_BYTES_MAX];
        struct payment payment;
        rc = first_due(store->payments, posting.write, posting.now_us, &sequence, &due_us);
        if (rc != 0 || sequence == 0) {
            break;
        }
        rc = payment_get_copy(store->payments, posting.write, sequence, room, &payment);
        posting.payment = &payment;
        if (rc == 0 && !is_prepared(store, &payment)) {
            break;
        }
        result = rc == 0 ? move_as_planned(&posting, &payment) : LFI_OK;
    }
    if (result != LFI_OK) {
        mdb_txn_abort(posting.write);
    } else {
        result = payments_end(store->payments, posting.write, rc, error);
    }
    mdb_txn_abort(posting.read);
    return result;
}

int payments_advance(struct store *store, int64_t *next_us, struct lfi_error *error)
{
    for (;;) {
        MDB_txn *txn = NULL;
        uint64_t sequence = 0;
        unsigned moved = 0;
        int result = payments_begin(store->payments, false, &txn, error);
        if (result != LFI_OK) {
            return result;
        }
        int rc = first_due(store->payments, txn, store->now_us(store->clock), &sequence, next_us);
        mdb_txn_abort(txn);
        if (rc != 0 || sequence == 0) {
            return rc == 0 ? LFI_OK : store_fail(error, "due", rc);
        }
        result = prepare(store, sequence, error);
        if (result == LFI_OK) {
            result = move_some(store, &moved, error);
        }
        if (result != LFI_OK) {
            return result;
        }
    }
}

/* --- the thread ------------------------------------------------------------------------------- */

static void wait_for_work(struct payments *payments, int64_t gap_us)
{
    struct timespec end;
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    int64_t nanoseconds = end.tv_nsec + gap_us * 1000;
    end.tv_sec += nanoseconds / 1000000000;
    end.tv_nsec = nanoseconds % 1000000000;
    (void)pthread_mutex_lock(&payments->lock);
    if (!payments->closing) {
        (void)pthread_cond_timedwait(&payments->moved, &payments->lock, &end);
    }
    (void)pthread_mutex_unlock(&payments->lock);
}

static bool is_closing(struct payments *payments)
{
    (void)pthread_mutex_lock(&payments->lock);
    bool closing = payments->closing;
    (void)pthread_mutex_unlock(&payments->lock);
    return closing;
}

/* What fails is tried again: the disk may have room then. store_health tells of it. */
static void *run_mover(void *arg)
{
    struct store *store = arg;
    while (!is_closing(store->payments)) {
        struct lfi_error error = {""};
        int64_t next_us = INT64_MAX;
        int64_t gap_us = IDLE_GAP_US;
        if (payments_advance(store, &next_us, &error) == LFI_OK && next_us != INT64_MAX) {
            int64_t left_us = next_us - store->now_us(store->clock);
            gap_us = left_us < 1 ? 1 : left_us < LOOK_GAP_US ? left_us : LOOK_GAP_US;
        }
        wait_for_work(store->payments, gap_us);
    }
    return NULL;
}

int payments_start(struct store *store, struct lfi_error *error)
{
    struct payments *payments = store->payments;
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the process's business */
    payments->moving = pthread_create(&payments->mover, NULL, run_mover, store) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return payments->moving ? LFI_OK
                            : store_say(error, "the thread that moves payments cannot be started");
}

void payments_stop(struct payments *payments)
{
    if (payments && payments->moving) {
        (void)pthread_mutex_lock(&payments->lock);
        payments->closing = true;
        (void)pthread_cond_broadcast(&payments->moved);
        (void)pthread_mutex_unlock(&payments->lock);
        (void)pthread_join(payments->mover, NULL);
        payments->moving = false;
    }
}

/* --- the lever -------------------------------------------------------------------------------- */

/* Which status may follow (service initiation: the life of a payment). */
static bool may_follow(const struct payment_value *head, enum lfi_payment_status to)
{
    enum lfi_payment_status from = (enum lfi_payment_status)head->status;
    bool aani = head->rail == LFI_RAIL_AANI;
    if (from != LFI_PAYMENT_PENDING && from != LFI_PAYMENT_SETTLED) {
        return false;
    }
    switch (to) {
    case LFI_PAYMENT_REJECTED:
    case LFI_PAYMENT_SETTLED:
        return from == LFI_PAYMENT_PENDING &&
               (to == LFI_PAYMENT_REJECTED || head->rail != LFI_RAIL_NONE);
    case LFI_PAYMENT_CREDITED:
        return !aani && head->rail != LFI_RAIL_NONE;
    case LFI_PAYMENT_ACCEPTED_WITHOUT_POSTING:
        return aani;
    case LFI_PAYMENT_PENDING:
        break;
    }
    return false;
}

int payments_set_status(void *core, const struct lfi_call *call, struct lfi_slice payment_id,
                        enum lfi_payment_status status, const struct lfi_payment_reason *reason,
                        struct lfi_error *error)
{
    struct store *store = core;
    struct payment payment;
    uint64_t sequence = 0;
    char room[PAYMENT_BYTES_MAX];
    struct move move = {.status = status};
    struct posting posting = {
        .store = store, .payment = &payment, .now_us = store->now_us(store->clock), .error = error};
    (void)call;
    if (!store->payments || (status == LFI_PAYMENT_REJECTED) != (reason && reason->code[0])) {
        return store_say(error, "a rejection has a reason, and nothing else has one");
    }
    if (reason) {
        move.reason = *reason;
    }
    int result = begin_posting(&posting);
    if (result != LFI_OK) {
        return result;
    }
    int rc = payment_sequence(store->payments, posting.write, payment_id, &sequence);
    if (rc == 0) {
        rc = payment_get_copy(store->payments, posting.write, sequence, room, &payment);
    }
    if (rc != 0) {
        result = rc == MDB_NOTFOUND ? LFI_UNKNOWN : store_fail(error, "payment", rc);
    } else {
        result =
            may_follow(&payment.head, status) ? carry_out(&posting, &payment, &move) : LFI_DENIED;
    }
    if (result == LFI_OK) {
        result = payments_end(store->payments, posting.write, 0, error);
    } else {
        mdb_txn_abort(posting.write);
    }
    mdb_txn_abort(posting.read);
    return result;
}
