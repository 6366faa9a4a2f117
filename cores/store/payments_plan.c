/*
 * Rails, simulated: which one takes a payment, and what its answer is when. Everything follows from
 * the order, the tables of banks and outcomes, and the instant of creation; so a payment's plan is
 * made once, when it is created.
 */
#include "store/payments.h"

#include <stdio.h>
#include <string.h>

#define SECOND_US INT64_C(1000000)
#define HOUR_US (3600 * SECOND_US)
#define INTRA_BANK_US (SECOND_US / 5)
#define REFUSAL_US                                                                                 \
    SECOND_US /* of the bank's own screening, and of UAEFTS before it acknowledges                 \
               */
#define AANI_US (2 * SECOND_US)
#define UAEFTS_US (60 * SECOND_US)
#define EXCHANGE_US (4 * SECOND_US) /* as long as the trade itself (fx.c) */

/* --- the tables ------------------------------------------------------------------------------- */

/* Reads a row: LFI_UNKNOWN when there is none. */
static int read_row(struct store *store, MDB_txn *txn, struct lfi_slice key,
                    struct payment_outcome *out, struct lfi_error *error)
{
    MDB_val value;
    struct outcome_value head;
    int rc = read_value(store, txn, DB_OUTCOMES, key, &value, error);
    if (rc != LFI_OK) {
        return rc;
    }
    if (value.mv_size < sizeof(head)) {
        return store_fail(error, "outcome", MDB_CORRUPTED);
    }
    memcpy(&head, value.mv_data, sizeof(head));
    const char *texts = (const char *)value.mv_data + sizeof(head);
    size_t len = value.mv_size - sizeof(head);
    if (len < head.code_len) {
        return store_fail(error, "outcome", MDB_CORRUPTED);
    }
    *out = (struct payment_outcome){.what = (enum store_outcome)head.what,
                                    .rail = (enum lfi_rail)head.rail,
                                    .reason_by = (enum lfi_rail)head.reason_by,
                                    .after_s = head.after_s,
                                    .code = {texts, head.code_len},
                                    .message = {texts + head.code_len, len - head.code_len}};
    return LFI_OK;
}

/* A row about a rail that the creditor's bank does not take says nothing. */
static bool applies(const struct payment_outcome *outcome, const struct lfi_reach *reach)
{
    switch (outcome->rail) {
    case LFI_RAIL_AANI:
        return !reach->own && reach->aani;
    case LFI_RAIL_UAEFTS:
        return !reach->own && reach->uaefts;
    case LFI_RAIL_NONE:
    case LFI_RAIL_INTRA_BANK:
        break;
    }
    return outcome->after_s == 0 || !reach->own;
}

int payment_outcome_of(struct store *store, MDB_txn *txn, const struct lfi_payment_order *order,
                       const struct lfi_reach *reach, struct payment_outcome *out,
                       struct lfi_error *error)
{
    char amount[32];
    int rc = read_row(store, txn, order->creditor.iban, out, error);
    out->of_creditor = rc == LFI_OK;
    if (rc == LFI_UNKNOWN) {
        (void)snprintf(amount, sizeof(amount), "=%lld", (long long)order->amount.minor);
        rc = read_row(store, txn, (struct lfi_slice){amount, strlen(amount)}, out, error);
    }
    if (rc == LFI_UNKNOWN || (rc == LFI_OK && !applies(out, reach))) {
        *out = (struct payment_outcome){.what = STORE_OUTCOME_ORDINARY};
        return LFI_OK;
    }
    return rc;
}

/* --- hours ------------------------------------------------------------------------------------ */

/* The opening on the day of the instant, or on the next working day. */
static int64_t opening_from(const struct payments *payments, int64_t day)
{
    while ((day + 3) % 7 > 4) { /* 1970-01-01 was a Thursday; days count from Monday */
        day++;
    }
    return day * DAY_US + payments->opens * HOUR_US - GULF_OFFSET_US;
}

static int64_t next_opening(const struct payments *payments, int64_t utc_us)
{
    int64_t day = (utc_us + GULF_OFFSET_US) / DAY_US;
    int64_t opening = opening_from(payments, day);
    return opening > utc_us ? opening : opening_from(payments, day + 1);
}

int64_t payment_window(const struct payments *payments, int64_t utc_us)
{
    int64_t day = (utc_us + GULF_OFFSET_US) / DAY_US;
    int64_t opening = opening_from(payments, day);
    int64_t open_us = (payments->closes - payments->opens) * HOUR_US;
    return utc_us >= opening && utc_us < opening + open_us ? utc_us
                                                           : next_opening(payments, utc_us);
}

/* --- the plan --------------------------------------------------------------------------------- */

static struct lfi_slice text_of(const char *text)
{
    return (struct lfi_slice){text, strlen(text)};
}

static enum lfi_rail rail_of(const struct lfi_reach *reach, const struct payment_outcome *outcome)
{
    if (outcome->what == STORE_OUTCOME_UNREACHABLE) {
        return LFI_RAIL_NONE;
    }
    if (outcome->what == STORE_OUTCOME_FALLBACK) {
        return LFI_RAIL_UAEFTS;
    }
    if (reach->own) {
        return LFI_RAIL_INTRA_BANK;
    }
    if (outcome->rail != LFI_RAIL_NONE) {
        return outcome->rail;
    }
    return reach->aani ? LFI_RAIL_AANI : reach->uaefts ? LFI_RAIL_UAEFTS : LFI_RAIL_NONE;
}

/* When the rail says that it has taken the payment. */
static int64_t answer_at(const struct payments *payments, const struct payment *payment,
                         uint32_t after_s, uint32_t answer_s)
{
    int64_t at = payment->head.created_us + answer_s * SECOND_US;
    switch ((enum lfi_rail)payment->head.rail) {
    case LFI_RAIL_INTRA_BANK:
        return at + INTRA_BANK_US;
    case LFI_RAIL_UAEFTS:
        return payment_window(payments, at + (after_s > 0 ? after_s * SECOND_US : UAEFTS_US));
    case LFI_RAIL_AANI:
    case LFI_RAIL_NONE:
        break;
    }
    return at + (after_s > 0 ? after_s * SECOND_US : AANI_US);
}

/* The reason counts once the payment is rejected. */
static void plan_refusal(struct payment *payment, enum lfi_rail by, struct lfi_slice code,
                         struct lfi_slice message)
{
    payment->head.plan = PAYMENT_PLAN_REJECT;
    payment->head.reason_by = (uint8_t)by;
    payment->head.due_us = payment->head.created_us + (by == LFI_RAIL_AANI ? AANI_US : REFUSAL_US);
    payment->text[PAYMENT_CODE] = code;
    payment->text[PAYMENT_MESSAGE] = message;
}

void payment_plan(struct payments *payments, struct payment *payment, const struct lfi_reach *reach,
                  const struct payment_outcome *outcome, uint32_t answer_s)
{
    struct payment_value *head = &payment->head;
    head->rail = (uint8_t)rail_of(reach, outcome);
    head->plan = PAYMENT_PLAN_ACCEPT;
    head->due_us = answer_at(payments, payment, outcome->after_s, answer_s);
    if (outcome->what == STORE_OUTCOME_REFERRED) {
        head->plan = PAYMENT_PLAN_NONE;
        head->due_us = 0;
    } else if (outcome->what == STORE_OUTCOME_REJECTED) {
        plan_refusal(payment, outcome->reason_by, outcome->code, outcome->message);
    } else if (head->rail == LFI_RAIL_NONE) {
        plan_refusal(payment, LFI_RAIL_NONE, text_of("CreditorBankNotReachable"),
                     text_of("The creditor's bank cannot be reached."));
    } else if (outcome->what == STORE_OUTCOME_TWO_STEPS) {
        head->plan = PAYMENT_PLAN_SETTLE;
    } else if (outcome->what == STORE_OUTCOME_NEXT_WINDOW) {
        head->due_us = next_opening(payments, head->created_us);
    }
}

void payment_plan_exchange(struct payment *payment, bool fails)
{
    struct payment_value *head = &payment->head;
    head->rail = LFI_RAIL_NONE;
    head->plan = PAYMENT_PLAN_ACCEPT;
    head->due_us = head->created_us + EXCHANGE_US;
    if (fails) {
        plan_refusal(payment, LFI_RAIL_NONE, text_of("TradeFailed"),
                     text_of("The bank could not carry out the trade."));
    }
}
