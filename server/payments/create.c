#include "payments/create.h"

#include "base/array.h"
#include "base/error.h"
#include "base/limits.h"
#include "payments/payment.h"
#include "payments/push.h"
#include "payments/record.h"

/* --- a repeat --------------------------------------------------------------------------------- */

static enum payment_step refuse_key(struct payment *payment)
{
    (void)refusal_set(payment->call->refusal, "PAYMENT-KEY-USED", 400, "Body.InvalidFormat",
                      "The idempotency key was used with another payment.");
    return PAYMENT_REFUSED;
}

/* The core keeps the payments of all consents and accounts: this must be the one asked for. */
static enum payment_step answer(struct payment *payment, struct payment_record *record)
{
    struct call *call = payment->call;
    if (payment_record_end(record, 201) != 0) {
        return PAYMENT_REFUSED;
    }
    if (!slice_equal_text(call->core.consent_id, record->facts.consent_id)) {
        (void)outcome_refuse_record(call, "the payment is of another consent");
        return PAYMENT_REFUSED;
    }
    return PAYMENT_ANSWERED;
}

/* The Hub may have missed the first reply, and refused to hear of a payment that it did not know.
 */
static enum payment_step answer_again(struct payment *payment, struct payment_record *record)
{
    const struct payment_means *means = payment->means;
    const struct push push = {payment->call->provider, means->offers, means->state, means->clock,
                              means->log};
    enum payment_step step = answer(payment, record);
    if (step == PAYMENT_ANSWERED && means->state) {
        push_revive(&push, payment->call->arena, &record->facts);
    }
    return step;
}

/*
 * An honest repeat gets its payment even when consent or account have changed since. What is not
 * known is new; what cannot be said now is left to create().
 */
static enum payment_step answer_repeat(struct payment *payment)
{
    struct call *call = payment->call;
    struct lfi_error error = {""};
    struct payment_record record;
    struct core_answer found = payment_record_answer(&record, call);
    const struct lfi_payment_query query = {.base = {.size = sizeof(query)},
                                            .consent_id = payment->order.consent_id,
                                            .idempotency_key = payment->order.idempotency_key};
    int status = call->provider->payments->find(call->provider->core, &call->core, &query,
                                                &found.base, &error);
    if (status == LFI_UNKNOWN) {
        return PAYMENT_GO_ON;
    }
    if (outcome_check(call, OUTCOME_PAYMENT, status, &error) != 0 ||
        payment_open_pii(payment) != PAYMENT_GO_ON) {
        return PAYMENT_REFUSED;
    }
    if (memcmp(record.facts.digest, payment->order.digest, LFI_ORDER_DIGEST_SIZE) != 0) {
        return refuse_key(payment);
    }
    return answer_again(payment, &record);
}

/* --- the core --------------------------------------------------------------------------------- */

/* What each outcome but those with a payment is told. */
static const struct order_refusal {
    const char *id;
    int status;
    const char *error_code, *message;
} refusals[] = {
    [LFI_ORDER_NO_FUNDS] = {"PAYMENT-FUNDS", 400, "GenericError",
                            "Payment rejected due to insufficient funds"},
    [LFI_ORDER_BLOCKED_FOR_NOW] = {"PAYMENT-BLOCKED", 403, "Consent.AccountTemporarilyBlocked",
                                   "The account is temporarily blocked."},
    [LFI_ORDER_BLOCKED_FOR_GOOD] = {"PAYMENT-BLOCKED-FOR-GOOD", 403,
                                    "Consent.PermanentAccountAccessFailure",
                                    "The account is permanently inaccessible."},
    [LFI_ORDER_IN_FLIGHT] = {"PAYMENT-IN-FLIGHT", 409, "Payment.DuplicateInFlight",
                             "A payment with the same creditor and amount is already in flight "
                             "under this consent."},
    [LFI_ORDER_CREDITOR] = {"PAYMENT-CREDITOR-REACH", 400, "Consent.FailsControlParameters",
                            "The creditor cannot be reached."},
    [LFI_ORDER_QUOTE] = {"PAYMENT-QUOTE", 400, "Consent.BusinessRuleViolation",
                         "The quote of currency exchange does not wait for this payment."},
    [LFI_ORDER_BANK_RULE] = {"PAYMENT-BANK-RULE", 400, "Consent.BusinessRuleViolation",
                             "A rule of the bank forbids the payment."},
};

static enum payment_step refuse_order(struct payment *payment, enum lfi_order_outcome outcome,
                                      const struct lfi_error *error)
{
    if ((size_t)outcome >= ARRAY_LEN(refusals) || !refusals[outcome].id) {
        (void)outcome_fail(payment->call, "the outcome of the order is out of range");
        return PAYMENT_REFUSED;
    }
    const struct order_refusal *refusal = &refusals[outcome];
    (void)refusal_set(payment->call->refusal, refusal->id, refusal->status, refusal->error_code,
                      refusal->message);
    refusal_detail(payment->call->refusal, "%s", error->message);
    return PAYMENT_REFUSED;
}

static enum payment_step order_payment(struct payment *payment)
{
    struct call *call = payment->call;
    struct lfi_error error = {""};
    struct payment_record record;
    struct lfi_order_summary summary = {.size = sizeof(summary), .outcome = LFI_ORDER_BANK_RULE};
    struct core_answer made = payment_record_answer(&record, call);
    made.base.summary = &summary;
    int status = call->provider->payments->create(call->provider->core, &call->core,
                                                  &payment->order, &made.base, &error);
    if (outcome_check(call, OUTCOME_ORDER, status, &error) != 0) {
        return PAYMENT_REFUSED;
    }
    switch (summary.outcome) {
    case LFI_ORDER_CREATED:
        return answer(payment, &record);
    case LFI_ORDER_EXISTS:
        return answer_again(payment, &record);
    case LFI_ORDER_KEY_USED:
        return refuse_key(payment);
    default:
        return refuse_order(payment, summary.outcome, &error);
    }
}

/* --- all of it -------------------------------------------------------------------------------- */

/* The order that payments 3.2 recommends; what needs the account is the core's one atomic step. */
#define READS_CONSENT 3
static const struct {
    enum payment_step (*take)(struct payment *payment);
    bool by_consent; /* what it refuses, the consent says */
} steps[] = {
    {payment_read_order, false},    {payment_read_file, false},
    {answer_repeat, false},         [READS_CONSENT] = {payment_read_consent, true},
    {payment_check_headers, true},  {payment_open_pii, false},
    {payment_check_creditor, true}, {payment_check_proof, false},
    {order_payment, false},
};

/* What a copy of the consent would refuse, the consent itself decides. */
static void drop_copy(struct payment *payment)
{
    *payment->call->refusal = (struct refusal){.id = NULL};
    cJSON_Delete(payment->consent_tree);
    payment->consent_tree = NULL;
    payment->asks_hub = true;
}

int payment_create(struct call *call, const struct payment_means *means)
{
    struct payment payment = {.call = call, .means = means};
    enum payment_step step = PAYMENT_GO_ON;
    for (size_t i = 0; step == PAYMENT_GO_ON && i < ARRAY_LEN(steps); i++) {
        step = steps[i].take(&payment);
        if (step == PAYMENT_REFUSED && steps[i].by_consent && !payment.asks_hub) {
            drop_copy(&payment);
            step = PAYMENT_GO_ON;
            i = READS_CONSENT - 1;
        }
    }
    pii_close(&payment.pii);
    cJSON_Delete(payment.consent_tree);
    cJSON_Delete(payment.body);
    return step == PAYMENT_ANSWERED ? 0 : -1;
}
