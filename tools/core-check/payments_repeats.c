/* Payments: whether one repeats another. */
#include "payments.h"

#include <inttypes.h>

#define AMOUNT 23 /* fils; no other rule pays as much, or one more */

/* What the core says of an amount to the creditor of all rules. */
static void expect(struct run *run, const char *user, int64_t minor, int64_t since_us,
                   bool expected)
{
    struct lfi_error error = {""};
    struct lfi_repeat repeat = {.size = sizeof(repeat)};
    struct lfi_call call = call_of(run, user);
    const struct lfi_repeat_query query = {.size = sizeof(query),
                                           .iban = slice_of(run->creditor),
                                           .amount = {minor, "AED"},
                                           .since_us = since_us};
    int status =
        run->provider->payments->repeats(run->provider->core, &call, &query, &repeat, &error);
    watch(run, "payments.repeats", &call, status, &error);
    if (status != LFI_OK || (repeat.found != 0) != expected) {
        broken(run, "user %s, %" PRId64 " fils since %" PRId64 ": %s, %s; one was made: %s", user,
               minor, since_us, status_name(status), repeat.found ? "found" : "not found",
               expected ? "yes" : "no");
    }
}

static void repeats(struct run *run)
{
    struct payer payer;
    struct attempt attempt;
    struct made made;
    if (!offers_payments(run)) {
        return;
    }
    if (!PROVIDER_SERVES(run->provider, payments, repeats)) {
        not_checked(run, "the core does not say whether a payment repeats one");
        return;
    }
    if (!can_pay(run, &payer)) {
        return;
    }
    new_attempt(run, &payer, AMOUNT, &attempt);
    if (!must_create(run, &payer, &attempt, &made)) {
        return;
    }
    expect(run, payer.user, AMOUNT, made.facts.created_us, true);
    expect(run, payer.user, AMOUNT, made.facts.created_us + 1, false);
    expect(run, payer.user, AMOUNT + 1, 0, false);
}

const struct rule RULES_REPEATS[] = {
    {"payment-repeats", "A payment that its customer has made before is found, and no other.",
     repeats},
    {NULL, NULL, NULL},
};
