/* Payments and their changes, read. */
#include "store/payments.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CURSOR_DIGITS 16
#define CHANGES_POLL_MS 100 /* another process may have written */

/* --- one -------------------------------------------------------------------------------------- */

/* 0 to 15, or 16 when it is no hexadecimal digit in lower case. */
static unsigned hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? (unsigned)(c - '0')
           : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                                  : 16;
}

static bool uuid_parse(struct lfi_slice text, unsigned char out[PAYMENT_ID_BYTES])
{
    size_t digits = 0;
    if (text.len != 36) {
        return false;
    }
    memset(out, 0, PAYMENT_ID_BYTES);
    for (size_t i = 0; i < text.len; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        unsigned digit = dash ? 0 : hex_digit(text.ptr[i]);
        if (digit > 15 || (dash && text.ptr[i] != '-')) {
            return false;
        }
        if (!dash) {
            out[digits / 2] = (unsigned char)((unsigned)out[digits / 2] << 4 | digit);
            digits++;
        }
    }
    return true;
}

int payment_sequence(struct payments *payments, MDB_txn *txn, struct lfi_slice id, uint64_t *out)
{
    MDB_val value;
    unsigned char bytes[PAYMENT_ID_BYTES];
    if (!uuid_parse(id, bytes)) {
        return MDB_NOTFOUND;
    }
    MDB_val key = {sizeof(bytes), bytes};
    int rc = mdb_get(txn, payments->db[PAYMENTS_IDS], &key, &value);
    if (rc == 0 && value.mv_size != sizeof(*out)) {
        rc = MDB_CORRUPTED;
    }
    if (rc == 0) {
        memcpy(out, value.mv_data, sizeof(*out));
    }
    return rc;
}

/* Returns an LMDB code. */
static int find_by_key(struct store *store, MDB_txn *txn, const struct lfi_payment_query *query,
                       uint64_t *out)
{
    MDB_val value;
    struct payment_key_value claim;
    unsigned char digest[PAYMENT_DIGEST];
    if (!query->consent_id.ptr || !query->idempotency_key.ptr) {
        return MDB_NOTFOUND;
    }
    if (!payment_claim_key(query->consent_id, query->idempotency_key, digest)) {
        return EIO;
    }
    MDB_val key = {sizeof(digest), digest};
    int rc = mdb_get(txn, store->payments->db[PAYMENTS_KEYS], &key, &value);
    if (rc != 0 || value.mv_size != sizeof(claim)) {
        return rc != 0 ? rc : MDB_CORRUPTED;
    }
    memcpy(&claim, value.mv_data, sizeof(claim));
    *out = claim.sequence;
    return claim.sequence > 0 && claim.expires_us > store->now_us(store->clock) ? 0 : MDB_NOTFOUND;
}

int payments_find(void *core, const struct lfi_call *call, const struct lfi_payment_query *query,
                  struct lfi_answer *answer, struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    uint64_t sequence = 0;
    struct payment payment;
    (void)call;
    int result = read_check_query(&query->base, sizeof(*query), error);
    if (result == LFI_OK) {
        result = payments_begin(store->payments, false, &txn, error);
    }
    if (result != LFI_OK) {
        return result;
    }
    int rc = query->base.subject_id.ptr
                 ? payment_sequence(store->payments, txn, query->base.subject_id, &sequence)
                 : find_by_key(store, txn, query, &sequence);
    if (rc == 0) {
        rc = payment_get(store->payments, txn, sequence, &payment);
    }
    if (rc == 0) {
        result = payment_give(&payment, NULL, answer, error);
    } else {
        result = rc == MDB_NOTFOUND ? LFI_UNKNOWN : store_fail(error, "payment", rc);
    }
    mdb_txn_abort(txn);
    return result;
}

/* --- many ------------------------------------------------------------------------------------- */

/* Where the walk through payments stands: keys of all, or the duplicates of one consent. */
struct newest {
    MDB_cursor *cursor;
    bool of_consent;
    MDB_val key, value;
};

/* Goes to the newest, and says how many there are. Returns an LMDB code. */
static int go_to_newest(struct newest *at, struct payments *payments, MDB_txn *txn,
                        struct lfi_slice consent_id, uint64_t *total)
{
    MDB_stat stat;
    size_t count = 0;
    at->of_consent = consent_id.ptr;
    *total = 0;
    if (at->of_consent && (consent_id.len == 0 || consent_id.len > PAYMENT_REFERENCE_MAX)) {
        return MDB_NOTFOUND;
    }
    MDB_dbi db = payments->db[at->of_consent ? PAYMENTS_CONSENTS : PAYMENTS_PAYMENTS];
    int rc = mdb_cursor_open(txn, db, &at->cursor);
    if (rc != 0) {
        return rc;
    }
    if (!at->of_consent) {
        rc = mdb_stat(txn, db, &stat);
        *total = rc == 0 ? stat.ms_entries : 0;
        return rc == 0 ? mdb_cursor_get(at->cursor, &at->key, &at->value, MDB_LAST) : rc;
    }
    at->key = val_of(consent_id);
    rc = mdb_cursor_get(at->cursor, &at->key, &at->value, MDB_SET_KEY);
    if (rc == 0) {
        rc = mdb_cursor_count(at->cursor, &count);
    }
    *total = count;
    return rc == 0 ? mdb_cursor_get(at->cursor, &at->key, &at->value, MDB_LAST_DUP) : rc;
}

static int go_to_older(struct newest *at)
{
    return mdb_cursor_get(at->cursor, &at->key, &at->value,
                          at->of_consent ? MDB_PREV_DUP : MDB_PREV);
}

static int give_window(struct newest *at, struct payments *payments, MDB_txn *txn,
                       struct lfi_window window, struct lfi_answer *answer, struct lfi_error *error)
{
    int rc = 0;
    int result = LFI_OK;
    for (uint64_t i = 0; i < window.offset && rc == 0; i++) {
        rc = go_to_older(at);
    }
    for (uint64_t i = 0; i < window.limit && rc == 0 && result == LFI_OK; i++) {
        struct payment payment;
        const MDB_val *number = at->of_consent ? &at->value : &at->key;
        rc = payment_get(payments, txn, payment_number_of(number), &payment);
        if (rc == 0) {
            result = payment_give(&payment, NULL, answer, error);
            rc = go_to_older(at);
        }
    }
    return rc == 0 || rc == MDB_NOTFOUND ? result : store_fail(error, "payments", rc);
}

int payments_list(void *core, const struct lfi_call *call,
                  const struct lfi_payment_list_query *query, struct lfi_answer *answer,
                  struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    struct newest at = {0};
    (void)call;
    int result = read_check_query(&query->base, sizeof(*query), error);
    if (result == LFI_OK) {
        result = payments_begin(store->payments, false, &txn, error);
    }
    if (result != LFI_OK) {
        return result;
    }
    int rc = go_to_newest(&at, store->payments, txn, query->base.subject_id, &answer->total);
    if (rc == 0) {
        result = give_window(&at, store->payments, txn, query->base.window, answer, error);
    } else if (rc != MDB_NOTFOUND) {
        result = store_fail(error, "payments", rc);
    }
    if (at.cursor) {
        mdb_cursor_close(at.cursor);
    }
    mdb_txn_abort(txn);
    return result;
}

/* --- changes ---------------------------------------------------------------------------------- */

/* A cursor: the payments' identity, then the number of the change in hexadecimal digits. */
static bool cursor_parse(struct lfi_slice text, const char *identity, uint64_t *out)
{
    size_t len = strlen(identity);
    *out = 0;
    if (text.len != len + CURSOR_DIGITS || memcmp(text.ptr, identity, len) != 0) {
        return false;
    }
    for (size_t i = len; i < text.len; i++) {
        unsigned digit = hex_digit(text.ptr[i]);
        if (digit > 15) {
            return false;
        }
        *out = *out << 4 | digit;
    }
    return true;
}

/* The payment as the change left it. Returns an LMDB code. */
static int read_change(struct payments *payments, MDB_txn *txn, const MDB_val *value,
                       struct payment *out, uint32_t *number)
{
    static const enum payment_text TEXTS[] = {PAYMENT_TRANSACTION, PAYMENT_CODE, PAYMENT_MESSAGE};
    struct payment_change_value head;
    size_t at = sizeof(head);
    if (value->mv_size < sizeof(head)) {
        return MDB_CORRUPTED;
    }
    memcpy(&head, value->mv_data, sizeof(head));
    int rc = payment_get(payments, txn, head.sequence, out);
    for (size_t i = 0; i < 3 && rc == 0; i++) {
        if (value->mv_size - at < head.len[i]) {
            return MDB_CORRUPTED;
        }
        out->text[TEXTS[i]] = (struct lfi_slice){(const char *)value->mv_data + at, head.len[i]};
        at += head.len[i];
    }
    out->head.status = head.status;
    out->head.rail = head.rail;
    out->head.reason_by = head.reason_by;
    out->head.updated_us = head.at_us;
    *number = head.number;
    return rc;
}

static int give_change(struct payments *payments, MDB_txn *txn, const char *identity,
                       const MDB_val *key, const MDB_val *value, struct lfi_answer *answer,
                       struct lfi_error *error)
{
    struct payment payment;
    struct lfi_payment_change change = {.size = sizeof(change)};
    int rc = read_change(payments, txn, value, &payment, &change.number);
    if (rc != 0) {
        return store_fail(error, "change", rc);
    }
    (void)snprintf(change.cursor, sizeof(change.cursor), "%s%016llx", identity,
                   (unsigned long long)payment_number_of(key));
    payment_fill_facts(&payment, &change.facts);
    return payment_give(&payment, &change, answer, error);
}

/* *given: how many. */
static int give_changes(struct payments *payments, const struct lfi_change_query *query,
                        struct lfi_answer *answer, uint32_t *given, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    MDB_cursor *cursor = NULL;
    MDB_val value;
    char identity[17];
    uint64_t behind = 0;
    int result = payments_begin(payments, false, &txn, error);
    if (result != LFI_OK) {
        return result;
    }
    int rc = payments_identity(payments, txn, identity);
    if (rc == 0 && query->cursor.ptr && !cursor_parse(query->cursor, identity, &behind)) {
        mdb_txn_abort(txn);
        return LFI_UNKNOWN;
    }
    struct store_key key = payment_key_of(behind);
    MDB_val where = key_val(&key);
    if (rc == 0) {
        rc = mdb_cursor_open(txn, payments->db[PAYMENTS_CHANGES], &cursor);
    }
    if (rc == 0 && behind > 0) { /* the entry itself must be there */
        rc = mdb_cursor_get(cursor, &where, &value, MDB_SET);
        result = rc == MDB_NOTFOUND ? LFI_UNKNOWN : LFI_OK;
    }
    for (*given = 0; rc == 0 && result == LFI_OK && *given < query->limit; (*given)++) {
        rc = mdb_cursor_get(cursor, &where, &value, MDB_NEXT);
        if (rc != 0) {
            break;
        }
        result = give_change(payments, txn, identity, &where, &value, answer, error);
    }
    if (cursor) {
        mdb_cursor_close(cursor);
    }
    mdb_txn_abort(txn);
    return rc == 0 || rc == MDB_NOTFOUND ? result : store_fail(error, "changes", rc);
}

/* Until something was committed or `until_us` has come, on the host's monotonic clock. */
static void wait_for_commit(struct payments *payments, const struct lfi_host *host,
                            int64_t until_us, uint64_t seen)
{
    struct timespec end;
    int64_t left_us = until_us - host->monotonic_us(host);
    if (left_us > CHANGES_POLL_MS * 1000) {
        left_us = CHANGES_POLL_MS * 1000;
    }
    if (left_us <= 0) {
        return;
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    int64_t nanoseconds = end.tv_nsec + left_us * 1000;
    end.tv_sec += nanoseconds / 1000000000;
    end.tv_nsec = nanoseconds % 1000000000;
    (void)pthread_mutex_lock(&payments->lock);
    if (payments->commits == seen) {
        (void)pthread_cond_timedwait(&payments->moved, &payments->lock, &end);
    }
    (void)pthread_mutex_unlock(&payments->lock);
}

static uint64_t commits_of(struct payments *payments)
{
    (void)pthread_mutex_lock(&payments->lock);
    uint64_t commits = payments->commits;
    (void)pthread_mutex_unlock(&payments->lock);
    return commits;
}

int payments_changes(void *core, const struct lfi_call *call, const struct lfi_change_query *query,
                     struct lfi_answer *answer, struct lfi_error *error)
{
    struct payments *payments = ((struct store *)core)->payments;
    const struct lfi_host *host = call->host;
    uint32_t given = 0;
    int64_t until_us = 0;
    int rc = read_check_query((const struct lfi_query *)(const void *)query, sizeof(*query), error);
    if (query->wait_ms > 0) {
        until_us = host->monotonic_us(host) + (int64_t)query->wait_ms * 1000;
        until_us = until_us < call->deadline_us ? until_us : call->deadline_us;
    }
    while (rc == LFI_OK) {
        uint64_t seen = commits_of(payments);
        rc = give_changes(payments, query, answer, &given, error);
        if (given > 0 || until_us == 0 || host->monotonic_us(host) >= until_us) {
            break;
        }
        wait_for_commit(payments, host, until_us, seen);
    }
    return rc;
}
