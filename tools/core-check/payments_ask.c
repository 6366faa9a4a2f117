/* Calling the payments of a core. */
#include "base/array.h"
#include "payments.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define KEY_LIFE_S 86400
#define LEAST_MINOR 200 /* that an account must have for the rules to pay from it */

bool is_final(enum lfi_payment_status status)
{
    return status == LFI_PAYMENT_CREDITED || status == LFI_PAYMENT_ACCEPTED_WITHOUT_POSTING ||
           status == LFI_PAYMENT_REJECTED;
}

const char *outcome_name(enum lfi_order_outcome outcome)
{
    static const char *const NAMES[] = {
        [LFI_ORDER_CREATED] = "created",
        [LFI_ORDER_EXISTS] = "exists",
        [LFI_ORDER_KEY_USED] = "key used",
        [LFI_ORDER_NO_FUNDS] = "no funds",
        [LFI_ORDER_BLOCKED_FOR_NOW] = "blocked for now",
        [LFI_ORDER_BLOCKED_FOR_GOOD] = "blocked for good",
        [LFI_ORDER_IN_FLIGHT] = "in flight",
        [LFI_ORDER_CREDITOR] = "creditor",
        [LFI_ORDER_BANK_RULE] = "bank rule",
    };
    return (size_t)outcome < ARRAY_LEN(NAMES) ? NAMES[outcome] : "no outcome";
}

bool offers_payments(struct run *run)
{
    if (!PROVIDER_SERVES(run->provider, payments, payable)) { /* the last required one */
        not_checked(run, "the core offers no payments");
        return false;
    }
    return true;
}

/* --- accounts --------------------------------------------------------------------------------- */

int ask_payable(struct run *run, const char *user, struct records *out)
{
    struct lfi_error error = {""};
    struct core_answer answer = records_answer(out);
    struct lfi_call call = call_of(run, user);
    const struct lfi_query query = {.size = sizeof(query), .subject_id = slice_of(user)};
    int status =
        run->provider->payments->payable(run->provider->core, &call, &query, &answer.base, &error);
    watch(run, "payments.payable", &call, status, &error);
    (void)records_take(run, "payments.payable", &answer, out);
    return status;
}

int64_t ask_available(struct run *run, const struct payer *payer)
{
    int64_t available = INT64_MIN;
    struct records records = {.total = 0};
    (void)ask_payable(run, payer->user, &records);
    for (size_t i = 0; i < records.count; i++) {
        if (strcmp(records.items[i].payable.account.account_id, payer->account) == 0) {
            available = records.items[i].payable.available.minor;
        }
    }
    records_free(&records);
    return available;
}

/* Whether it is no account of the creditor's, is active, and has this much. */
static bool may_pay(const struct run *run, const struct record *record, int64_t minor)
{
    const char *iban = iban_of(record);
    return record->payable.account.status == LFI_ACCOUNT_ACTIVE &&
           record->payable.available.minor >= minor && (!iban || strcmp(iban, run->creditor) != 0);
}

bool can_pay(struct run *run, struct payer *out)
{
    return can_pay_amount(run, 0, out);
}

bool can_pay_amount(struct run *run, int64_t minor, struct payer *out)
{
    bool found = false;
    if (!offers_payments(run)) {
        return false;
    }
    if (!run->creditor) {
        not_checked(run, "it needs --payments");
        return false;
    }
    for (size_t u = 0; u < run->user_count && !found; u++) {
        struct records records = {.total = 0};
        (void)ask_payable(run, run->users[u], &records);
        for (size_t i = 0; i < records.count && !found; i++) {
            found = may_pay(run, &records.items[i], minor + LEAST_MINOR);
            if (found) {
                *out = (struct payer){.user = run->users[u],
                                      .available = records.items[i].payable.available.minor};
                memcpy(out->account, records.items[i].payable.account.account_id,
                       sizeof(out->account));
            }
        }
        records_free(&records);
    }
    if (!found) {
        not_checked(run, "no user has an active account with enough to pay from");
    }
    return found;
}

/* --- payments --------------------------------------------------------------------------------- */

void new_attempt(struct run *run, const struct payer *payer, int64_t minor, struct attempt *out)
{
    *out = (struct attempt){{""}, {""}, {.size = sizeof(out->order)}};
    unsigned number = ++run->attempts;
    (void)snprintf(out->consent, sizeof(out->consent), "core-check-%d-%" PRId64 "-%u",
                   (int)getpid(), clock_now_s(run->clock), number);
    (void)snprintf(out->key, sizeof(out->key), "key-%u", number);
    out->order.account_id = slice_of(payer->account);
    out->order.consent_id = slice_of(out->consent);
    out->order.idempotency_key = slice_of(out->key);
    out->order.key_life_s = KEY_LIFE_S;
    memcpy(out->order.digest, &minor, sizeof(minor));
    out->order.creditor =
        (struct lfi_creditor){.iban = slice_of(run->creditor), .name_en = SLICE("Core Check")};
    out->order.amount = (struct lfi_money){minor, "AED"};
    out->order.purpose = SLICE("ACM");
    out->order.billing_type = SLICE("PushP2P");
}

/* What an answer holds; it ends the records. */
static struct made made_of(int status, struct records *records)
{
    struct made made = {.status = status, .records = records->count};
    if (records->count > 0) {
        made.facts = records->items[records->count - 1].payment;
    }
    records_free(records);
    return made;
}

struct made ask_create(struct run *run, const char *user, const struct lfi_payment_order *order)
{
    struct lfi_error error = {""};
    struct records records = {.total = 0};
    struct core_answer answer = records_answer(&records);
    struct lfi_call call = call_of(run, user);
    struct lfi_order_summary summary = {.size = sizeof(summary), .outcome = (unsigned)-1};
    answer.base.summary = &summary;
    int status =
        run->provider->payments->create(run->provider->core, &call, order, &answer.base, &error);
    watch(run, "payments.create", &call, status, &error);
    (void)records_take(run, "payments.create", &answer, &records);
    struct made made = made_of(status, &records);
    made.outcome = summary.outcome;
    return made;
}

struct made ask_find(struct run *run, const char *id, const char *consent, const char *key)
{
    struct lfi_error error = {""};
    struct records records = {.total = 0};
    struct core_answer answer = records_answer(&records);
    struct lfi_call call = call_of(run, NULL);
    const struct lfi_payment_query query = {
        .base = {.size = sizeof(query), .subject_id = slice_of(id)},
        .consent_id = slice_of(consent),
        .idempotency_key = slice_of(key)};
    int status =
        run->provider->payments->find(run->provider->core, &call, &query, &answer.base, &error);
    watch(run, "payments.find", &call, status, &error);
    (void)records_take(run, "payments.find", &answer, &records);
    for (size_t i = 0; i < records.count; i++) {
        (void)fits_contract(run, "payments.find", &records.items[i]);
    }
    return made_of(status, &records);
}

uint64_t ask_count(struct run *run, const char *consent)
{
    struct lfi_error error = {""};
    struct records records = {.total = 0};
    struct core_answer answer = records_answer(&records);
    struct lfi_call call = call_of(run, NULL);
    const struct lfi_payment_list_query query = {
        .base = {sizeof(query), slice_of(consent), {0, 100}}};
    int status =
        run->provider->payments->list(run->provider->core, &call, &query, &answer.base, &error);
    watch(run, "payments.list", &call, status, &error);
    (void)records_take(run, "payments.list", &answer, &records);
    uint64_t total = records.total;
    if (status != LFI_OK || total != records.count) {
        broken(run, "list: %s, %zu records of %" PRIu64, status_name(status), records.count, total);
    }
    records_free(&records);
    return total;
}

int ask_changes(struct run *run, const char *cursor, uint32_t limit, uint32_t wait_ms,
                struct records *out)
{
    struct lfi_error error = {""};
    struct core_answer answer = records_answer(out);
    struct lfi_call call = call_of(run, NULL);
    const struct lfi_change_query query = {.size = sizeof(query),
                                           .cursor = slice_of(cursor[0] ? cursor : NULL),
                                           .limit = limit,
                                           .wait_ms = wait_ms};
    int status =
        run->provider->payments->changes(run->provider->core, &call, &query, &answer.base, &error);
    watch(run, "payments.changes", &call, status, &error);
    (void)records_take(run, "payments.changes", &answer, out);
    return status;
}

bool must_create(struct run *run, const struct payer *payer, const struct attempt *attempt,
                 struct made *out)
{
    *out = ask_create(run, payer->user, &attempt->order);
    bool created = out->status == LFI_OK && out->outcome == LFI_ORDER_CREATED && out->records == 1;
    return created || broken(run, "a payment of %" PRId64 " fils: %s, %s, %zu records",
                             attempt->order.amount.minor, status_name(out->status),
                             outcome_name(out->outcome), out->records);
}
