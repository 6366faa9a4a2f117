/* Files of payments: what is promised of the payment of one, and of its report. */
#include "files.h"
#include "payments.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A report is text, no records. */
struct told {
    int status; /* lfi_status */
    size_t bytes;
    struct lfi_report_summary summary;
};

static int count_bytes(void *ctx, struct lfi_slice text, const void *facts)
{
    size_t *bytes = ctx;
    (void)facts;
    *bytes += text.len;
    return 0;
}

static struct told ask_report(struct run *run, const char *payment_id)
{
    struct lfi_error error = {""};
    struct told told = {.summary = {.size = sizeof(told.summary)}};
    struct core_answer answer = core_answer(count_bytes, &told.bytes);
    struct lfi_call call = call_of(run, NULL);
    const struct lfi_query query = {.size = sizeof(query), .subject_id = slice_of(payment_id)};
    answer.base.summary = &told.summary;
    told.status =
        run->provider->files->report(run->provider->core, &call, &query, &answer.base, &error);
    watch(run, "files.report", &call, told.status, &error);
    return told;
}

/* An order for the sample's file, with a key of its own. */
static void order_file(struct run *run, const struct payer *payer, const struct sample *sample,
                       struct attempt *out)
{
    new_attempt(run, payer, sample->terms.total_minor, out);
    out->order.consent_id = slice_of(sample->consent);
    out->order.creditor = (struct lfi_creditor){.iban = {NULL, 0}};
    out->order.file = 1;
}

/* The file and somebody who can pay it. */
static bool can_pay_file(struct run *run, struct sample *sample, struct payer *payer)
{
    return can_take_file(run, sample) && can_pay_amount(run, sample->terms.total_minor, payer);
}

static void must_refuse(struct run *run, const struct payer *payer, const struct attempt *attempt,
                        const char *what)
{
    struct made made = ask_create(run, payer->user, &attempt->order);
    if (made.status != LFI_OK || made.outcome != LFI_ORDER_BANK_RULE || made.records > 0) {
        broken(run, "%s: %s, %s", what, status_name(made.status), outcome_name(made.outcome));
    }
}

static void payment(struct run *run)
{
    struct sample sample;
    struct payer payer;
    struct attempt attempt;
    struct made made;
    if (can_pay_file(run, &sample, &payer)) {
        order_file(run, &payer, &sample, &attempt);
        must_refuse(run, &payer, &attempt, "a payment before its file was taken");
        bool taken = take_file(run, &sample);
        attempt.order.amount.minor++;
        must_refuse(run, &payer, &attempt, "a payment of another amount than the file's");
        attempt.order.amount.minor--;
        if (taken && must_create(run, &payer, &attempt, &made)) {
            int64_t left = payer.available - ask_available(run, &payer);
            if (!made.facts.file || strcmp(made.facts.consent_id, sample.consent) != 0 ||
                made.facts.amount.minor != sample.terms.total_minor ||
                left != sample.terms.total_minor) {
                broken(run,
                       "a file of %" PRId64 " fils has a payment with other facts, and took "
                       "%" PRId64,
                       sample.terms.total_minor, left);
            }
            order_file(run, &payer, &sample, &attempt);
            must_refuse(run, &payer, &attempt, "a second payment of a file");
        }
    }
    free(sample.bytes);
}

static void check_report(struct run *run, const struct sample *sample, const char *payment_id)
{
    struct told told = ask_report(run, payment_id);
    if (told.status != LFI_OK || told.bytes == 0 || !strchr(told.summary.media_type, '/') ||
        strcmp(told.summary.consent_id, sample->consent) != 0) {
        broken(run, "the report of a file: %s, %zu bytes of type '%s', of consent '%s'",
               status_name(told.status), told.bytes, told.summary.media_type,
               told.summary.consent_id);
    }
}

static void must_be_unknown(struct run *run, const char *payment_id, const char *what)
{
    struct told told = ask_report(run, payment_id);
    if (told.status != LFI_UNKNOWN || told.bytes > 0) {
        broken(run, "the report of %s: %s, %zu bytes", what, status_name(told.status), told.bytes);
    }
}

static void report(struct run *run)
{
    struct sample sample;
    struct payer payer;
    struct attempt attempt;
    struct made made;
    if (can_pay_file(run, &sample, &payer) && take_file(run, &sample)) {
        order_file(run, &payer, &sample, &attempt);
        if (must_create(run, &payer, &attempt, &made)) {
            check_report(run, &sample, made.facts.payment_id);
            run->reopen(run);
            check_report(run, &sample, made.facts.payment_id);
        }
        must_be_unknown(run, CHECK_ID_UNKNOWN, "no payment");
        new_attempt(run, &payer, 1, &attempt);
        if (must_create(run, &payer, &attempt, &made)) {
            must_be_unknown(run, made.facts.payment_id, "a payment without a file");
        }
    }
    free(sample.bytes);
}

const struct rule RULES_FILES_PAID[] = {
    {"files-payment", "A file that was taken is paid once, and as a whole.", payment},
    {"files-report", "The payment of a file has a report, and no other has one.", report},
    {NULL, NULL, NULL},
};
