/* Payments: what is promised of making them. They are made from an account of a test bank. */
#include "base/array.h"
#include "payments.h"

#include "base/clock.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RACERS 8
#define FUNDS_RACERS 4
#define FEED_PAGE 7      /* of changes at once: small, so that a few make several pages */
#define FEED_MAX 2000    /* of a longer feed the rest is not looked at */
#define WAIT_MS 200      /* for a change, at once */
#define PATIENCE_MS 8000 /* for a payment to end */

/* --- one payment --------------------------------------------------------------------------------
 */

/* A UUID, version 4, in lower case. */
static bool is_uuid(const char *id)
{
    size_t len = strlen(id);
    for (size_t i = 0; i < len; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? id[i] != '-' : !strchr("0123456789abcdef", id[i])) {
            return false;
        }
    }
    return len == 36 && id[14] == '4' && strchr("89ab", id[19]);
}

static void check_made(struct run *run, const struct payer *payer, const struct attempt *attempt,
                       const struct made *made)
{
    const struct lfi_payment_facts *facts = &made->facts;
    if (!is_uuid(facts->payment_id)) {
        broken(run, "the id %s is no UUID of version 4", facts->payment_id);
    } else if (strcmp(facts->consent_id, attempt->consent) != 0 ||
               strcmp(facts->account_id, payer->account) != 0 ||
               facts->amount.minor != attempt->order.amount.minor ||
               strcmp(facts->amount.currency, "AED") != 0 ||
               memcmp(facts->digest, attempt->order.digest, sizeof(facts->digest)) != 0 ||
               facts->created_us == 0) {
        broken(run, "payment %s has other facts than its order", facts->payment_id);
    }
}

static void create(struct run *run)
{
    struct payer payer;
    struct attempt attempt;
    struct made made;
    if (!can_pay(run, &payer)) {
        return;
    }
    new_attempt(run, &payer, 7, &attempt);
    if (!must_create(run, &payer, &attempt, &made)) {
        return;
    }
    check_made(run, &payer, &attempt, &made);
    if (made.facts.status != LFI_PAYMENT_PENDING) {
        broken(run, "a payment begins with status %d, not pending", (int)made.facts.status);
    }
    struct made by_id = ask_find(run, made.facts.payment_id, NULL, NULL);
    struct made by_key = ask_find(run, NULL, attempt.consent, attempt.key);
    if (by_id.records != 1 || by_key.records != 1 ||
        strcmp(by_id.facts.payment_id, made.facts.payment_id) != 0 ||
        strcmp(by_key.facts.payment_id, made.facts.payment_id) != 0) {
        broken(run, "payment %s: %s by its id, %s by its key", made.facts.payment_id,
               status_name(by_id.status), status_name(by_key.status));
    }
    check_made(run, &payer, &attempt, &by_id);
    if (ask_count(run, attempt.consent) != 1) {
        broken(run, "a consent with one payment lists another number");
    }
}

static void isolation(struct run *run)
{
    struct payer payer;
    struct attempt attempt;
    if (!can_pay(run, &payer)) {
        return;
    }
    for (size_t u = 0; u <= run->user_count; u++) {
        const char *user = u < run->user_count ? run->users[u] : CHECK_ID_UNKNOWN;
        struct lfi_account_facts facts;
        if (u < run->user_count && ask_subject(run, user, payer.account, &facts) == LFI_OK) {
            continue;
        }
        new_attempt(run, &payer, 1, &attempt);
        struct made made = ask_create(run, user, &attempt.order);
        if (made.status != LFI_UNKNOWN || made.records > 0) {
            broken(run, "user %s pays from account %s, which is not held: %s", user, payer.account,
                   status_name(made.status));
        }
    }
    new_attempt(run, &payer, 1, &attempt);
    attempt.order.account_id = SLICE(CHECK_ID_UNKNOWN);
    struct made made = ask_create(run, payer.user, &attempt.order);
    if (made.status != LFI_UNKNOWN) {
        broken(run, "%s for an account that was never issued", status_name(made.status));
    }
}

/* --- money --------------------------------------------------------------------------------------
 */

static void money(struct run *run)
{
    static const int64_t AMOUNTS[] = {1, 9, 10, 99, 101};
    struct payer payer;
    struct attempt attempt;
    struct made made;
    if (!can_pay(run, &payer)) {
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(AMOUNTS); i++) {
        int64_t before = ask_available(run, &payer);
        if (before < AMOUNTS[i]) {
            break;
        }
        new_attempt(run, &payer, AMOUNTS[i], &attempt);
        if (!must_create(run, &payer, &attempt, &made)) {
            return;
        }
        int64_t left = before - ask_available(run, &payer);
        if (left != AMOUNTS[i] || made.facts.amount.minor != AMOUNTS[i]) {
            broken(run, "a payment of %" PRId64 " fils takes %" PRId64, AMOUNTS[i], left);
        }
    }
}

static void funds(struct run *run)
{
    static const int64_t HUGE_MINOR = INT64_C(999999999999999999); /* 16 digits and 2 */
    struct payer payer;
    struct attempt attempt;
    struct made made;
    if (!can_pay(run, &payer)) {
        return;
    }
    const int64_t amounts[] = {payer.available + 1, HUGE_MINOR};
    for (size_t i = 0; i < 2; i++) {
        new_attempt(run, &payer, amounts[i], &attempt);
        made = ask_create(run, payer.user, &attempt.order);
        if (made.status != LFI_OK || made.outcome != LFI_ORDER_NO_FUNDS || made.records > 0) {
            broken(run, "%" PRId64 " fils of %" PRId64 ": %s, %s", amounts[i], payer.available,
                   status_name(made.status), outcome_name(made.outcome));
        }
    }
    if (ask_available(run, &payer) != payer.available) {
        broken(run, "an order that was refused took money");
    }
    attempt.order.amount.minor = 1; /* the key of an order that was refused is free */
    (void)must_create(run, &payer, &attempt, &made);
}

/* --- the same at the same time ------------------------------------------------------------------
 */

struct racer {
    pthread_t id;
    struct run run; /* its own: verdict and what was watched */
    const char *user;
    struct attempt attempt;
    struct made made;
};

static void *race(void *ctx)
{
    struct racer *racer = ctx;
    racer->made = ask_create(&racer->run, racer->user, &racer->attempt.order);
    return NULL;
}

/* Lets all create at once; false when one could not be started. */
static bool run_racers(struct run *run, struct racer *racers, size_t count)
{
    size_t started = 0;
    while (started < count &&
           pthread_create(&racers[started].id, NULL, race, &racers[started]) == 0) {
        started++;
    }
    for (size_t i = 0; i < started; i++) {
        (void)pthread_join(racers[i].id, NULL);
        if (racers[i].run.verdict == VERDICT_BROKEN) {
            broken(run, "%s", racers[i].run.why);
        }
    }
    if (started < count) {
        not_checked(run, "threads cannot be started");
    }
    return started == count;
}

/* Each with the same order, or one of its own. */
static void prepare(struct run *run, const struct payer *payer, int64_t minor, bool same_key,
                    struct racer racers[RACERS])
{
    for (size_t i = 0; i < RACERS; i++) {
        struct attempt *attempt = &racers[i].attempt;
        racers[i].user = payer->user;
        new_attempt(run, payer, minor, attempt);
        if (same_key) {
            memcpy(attempt->consent, racers[0].attempt.consent, sizeof(attempt->consent));
            memcpy(attempt->key, racers[0].attempt.key, sizeof(attempt->key));
            attempt->order.consent_id = slice_of(attempt->consent);
            attempt->order.idempotency_key = slice_of(attempt->key);
        }
        racers[i].run = *run;
    }
}

static void key_race(struct run *run)
{
    struct payer payer;
    static struct racer racers[RACERS];
    size_t created = 0;
    if (!can_pay(run, &payer)) {
        return;
    }
    prepare(run, &payer, 3, true, racers);
    if (!run_racers(run, racers, RACERS)) {
        return;
    }
    for (size_t i = 0; i < RACERS; i++) {
        const struct made *made = &racers[i].made;
        created += made->outcome == LFI_ORDER_CREATED;
        if (made->status != LFI_OK ||
            (made->outcome != LFI_ORDER_CREATED && made->outcome != LFI_ORDER_EXISTS) ||
            strcmp(made->facts.payment_id, racers[0].made.facts.payment_id) != 0) {
            broken(run, "orders with one key: %s, %s, payment %s beside %s",
                   status_name(made->status), outcome_name(made->outcome), made->facts.payment_id,
                   racers[0].made.facts.payment_id);
        }
    }
    if (created != 1) {
        broken(run, "%zu of %d orders with one key made a payment", created, RACERS);
    }
}

static void funds_race(struct run *run)
{
    struct payer payer;
    static struct racer racers[RACERS];
    size_t created = 0;
    size_t refused = 0;
    if (!can_pay(run, &payer)) {
        return;
    }
    prepare(run, &payer, payer.available / 2 + 1, false, racers);
    if (!run_racers(run, racers, FUNDS_RACERS)) {
        return;
    }
    for (size_t i = 0; i < FUNDS_RACERS; i++) {
        created += racers[i].made.status == LFI_OK && racers[i].made.outcome == LFI_ORDER_CREATED;
        refused += racers[i].made.status == LFI_OK && racers[i].made.outcome == LFI_ORDER_NO_FUNDS;
    }
    if (created != 1 || refused != FUNDS_RACERS - 1) {
        broken(run, "of %d payments at once on money for one, %zu were made and %zu refused",
               FUNDS_RACERS, created, refused);
    }
}

/* --- keys ---------------------------------------------------------------------------------------
 */

static void key(struct run *run)
{
    struct payer payer;
    struct attempt attempt;
    struct made made;
    if (!can_pay(run, &payer)) {
        return;
    }
    new_attempt(run, &payer, 5, &attempt);
    if (!must_create(run, &payer, &attempt, &made)) {
        return;
    }
    struct made again = ask_create(run, payer.user, &attempt.order);
    if (again.status != LFI_OK || again.outcome != LFI_ORDER_EXISTS ||
        strcmp(again.facts.payment_id, made.facts.payment_id) != 0) {
        broken(run, "the same order again: %s, %s, payment %s", status_name(again.status),
               outcome_name(again.outcome), again.facts.payment_id);
    }
    attempt.order.amount.minor = 6;
    attempt.order.digest[0] ^= 1;
    struct made other = ask_create(run, payer.user, &attempt.order);
    if (other.status != LFI_OK || other.outcome != LFI_ORDER_KEY_USED || other.records > 0) {
        broken(run, "the key with another order: %s, %s, %zu records", status_name(other.status),
               outcome_name(other.outcome), other.records);
    }
    if (ask_available(run, &payer) != payer.available - 5) {
        broken(run, "a repeated order took money again");
    }
}

static void in_flight(struct run *run)
{
    struct payer payer;
    struct attempt first;
    struct attempt second;
    struct made made;
    if (!can_pay(run, &payer)) {
        return;
    }
    new_attempt(run, &payer, 11, &first);
    new_attempt(run, &payer, 11, &second);
    second.order.consent_id = first.order.consent_id;
    second.order.one_in_flight = 1;
    if (!must_create(run, &payer, &first, &made)) {
        return;
    }
    struct made equal = ask_create(run, payer.user, &second.order);
    struct made now = ask_find(run, made.facts.payment_id, NULL, NULL);
    if (now.facts.status != LFI_PAYMENT_PENDING) {
        not_checked(run, "the first payment was no longer pending");
    } else if (equal.status != LFI_OK || equal.outcome != LFI_ORDER_IN_FLIGHT) {
        broken(run, "an equal payment while one is pending: %s, %s", status_name(equal.status),
               outcome_name(equal.outcome));
    }
    second.order.amount.minor = 12;
    (void)must_create(run, &payer, &second, &made);
}

/* An order without time left: whatever is said of it, searching and repeating agree. */
static void doubt(struct run *run)
{
    struct payer payer;
    struct attempt attempt;
    struct watched watched = run->watched; /* it is late, of course */
    uint32_t usual = run->deadline_ms;
    if (!can_pay(run, &payer)) {
        return;
    }
    new_attempt(run, &payer, 13, &attempt);
    run->deadline_ms = 0;
    struct made first = ask_create(run, payer.user, &attempt.order);
    run->deadline_ms = usual;
    run->watched = watched;
    if (first.status != LFI_OK && first.status != LFI_UNAVAILABLE && first.status != LFI_IN_DOUBT) {
        broken(run, "%s for an order whose deadline has passed", status_name(first.status));
    }
    struct made found = ask_find(run, NULL, attempt.consent, attempt.key);
    struct made again = ask_create(run, payer.user, &attempt.order);
    enum lfi_order_outcome want = found.records == 1 ? LFI_ORDER_EXISTS : LFI_ORDER_CREATED;
    if (again.status != LFI_OK || again.outcome != want ||
        (found.records == 1 && strcmp(found.facts.payment_id, again.facts.payment_id) != 0)) {
        broken(run, "after %s the payment is %s, and the order again: %s, %s",
               status_name(first.status), status_name(found.status), status_name(again.status),
               outcome_name(again.outcome));
    }
    uint64_t count = ask_count(run, attempt.consent);
    if (count != 1) {
        broken(run, "%s, and then %" PRIu64 " payments of one key", status_name(first.status),
               count);
    }
}

/* --- the change feed ----------------------------------------------------------------------------
 */

/* Reads on behind the last of `feed` until a page is not full. */
static bool read_on(struct run *run, struct records *feed, uint32_t limit, uint32_t wait_ms)
{
    for (;;) {
        struct records page = {.total = 0};
        const char *cursor = feed->count > 0 ? feed->items[feed->count - 1].change.cursor : "";
        int status = ask_changes(run, cursor, limit, wait_ms, &page);
        size_t count = page.count;
        bool moved = records_move(feed, &page);
        if (status != LFI_OK || !moved || count > limit) {
            return broken(run, "%s and %zu changes, at most %u were wanted", status_name(status),
                          count, limit);
        }
        if (count < limit || feed->count >= FEED_MAX) {
            return true;
        }
        wait_ms = 0;
    }
}

/* The whole feed, once the payment has ended in it. */
static bool read_feed(struct run *run, const char *payment_id, struct records *feed)
{
    int64_t until_us = clock_monotonic_us() + PATIENCE_MS * INT64_C(1000);
    for (size_t seen = 0;;) {
        if (!read_on(run, feed, FEED_PAGE, WAIT_MS)) {
            return false;
        }
        for (; seen < feed->count; seen++) {
            const struct lfi_payment_facts *facts = &feed->items[seen].change.facts;
            if (strcmp(facts->payment_id, payment_id) == 0 && is_final(facts->status)) {
                return true;
            }
        }
        if (feed->count >= FEED_MAX || clock_monotonic_us() > until_us) {
            not_checked(run, "no payment ended in time");
            return false;
        }
    }
}

/* Makes a payment, and reads the feed until it has ended. */
static bool feed_of_one(struct run *run, struct records *feed, struct made *made)
{
    struct payer payer;
    struct attempt attempt;
    if (!can_pay(run, &payer)) {
        return false;
    }
    new_attempt(run, &payer, 17, &attempt);
    return must_create(run, &payer, &attempt, made) && read_feed(run, made->facts.payment_id, feed);
}

/* How many changes of the payment come before that place. */
static uint32_t number_at(const struct records *feed, size_t at)
{
    uint32_t number = 0;
    for (size_t i = 0; i <= at; i++) {
        number += strcmp(feed->items[i].change.facts.payment_id,
                         feed->items[at].change.facts.payment_id) == 0;
    }
    return number;
}

/* From a place on the feed reads as it did before. */
static void check_from(struct run *run, const struct records *feed, size_t at)
{
    struct records again = {.total = 0};
    const char *cursor = at > 0 ? feed->items[at - 1].change.cursor : "";
    int status = ask_changes(run, cursor, FEED_MAX, 0, &again);
    bool same = status == LFI_OK && again.count >= feed->count - at &&
                (again.count == 0 || strcmp(again.items[0].change.cursor, cursor) != 0);
    for (size_t i = at; same && i < feed->count; i++) {
        same = strcmp(again.items[i - at].change.cursor, feed->items[i].change.cursor) == 0 &&
               strcmp(again.items[i - at].text, feed->items[i].text) == 0;
    }
    if (!same) {
        broken(run, "from entry %zu of %zu the feed reads otherwise than before", at, feed->count);
    }
    records_free(&again);
}

static void changes(struct run *run)
{
    struct made made;
    struct records feed = {.total = 0};
    if (feed_of_one(run, &feed, &made)) {
        for (size_t i = 0; i < feed.count; i++) {
            uint32_t want = number_at(&feed, i);
            if (feed.items[i].change.number != want) {
                broken(run, "change %u of payment %s comes as number %u",
                       feed.items[i].change.number, feed.items[i].change.facts.payment_id, want);
            }
        }
        for (size_t i = 0; i < feed.count; i += feed.count / 4 + 1) {
            check_from(run, &feed, i);
        }
        check_from(run, &feed, feed.count);
    }
    records_free(&feed);
}

static void check_lever(struct run *run, const struct lfi_payment_facts *facts)
{
    struct lfi_error error = {""};
    struct lfi_call call = call_of(run, NULL);
    const struct lfi_payment_reason reason = {LFI_RAIL_NONE, "CoreCheck", "Moved by core-check."};
    bool rejected = facts->status == LFI_PAYMENT_REJECTED;
    if (!run->levers || !PROVIDER_SERVES(run->provider, levers, payment_set_status)) {
        return;
    }
    int status = run->provider->levers->payment_set_status(
        run->provider->core, &call, slice_of(facts->payment_id),
        rejected ? LFI_PAYMENT_CREDITED : LFI_PAYMENT_REJECTED, rejected ? NULL : &reason, &error);
    watch(run, "levers.payment_set_status", &call, status, &error);
    if (status != LFI_DENIED) {
        broken(run, "a payment that has ended is moved: %s", status_name(status));
    }
}

static void final(struct run *run)
{
    struct made made;
    struct records feed = {.total = 0};
    if (!feed_of_one(run, &feed, &made)) {
        records_free(&feed);
        return;
    }
    (void)read_on(run, &feed, FEED_PAGE, WAIT_MS); /* what follows the end, if it does */
    const struct lfi_payment_facts *last = NULL;
    for (size_t i = 0; i < feed.count; i++) {
        const struct lfi_payment_facts *facts = &feed.items[i].change.facts;
        if (strcmp(facts->payment_id, made.facts.payment_id) != 0) {
            continue;
        }
        if (last && is_final(last->status)) {
            broken(run, "payment %s has ended, and changes again", facts->payment_id);
        }
        last = facts;
    }
    if (last) {
        check_lever(run, last);
        struct made now = ask_find(run, last->payment_id, NULL, NULL);
        if (now.records != 1 || now.facts.status != last->status) {
            broken(run, "payment %s ended with status %d, and is found with %d", last->payment_id,
                   (int)last->status, (int)now.facts.status);
        }
    }
    records_free(&feed);
}

static void restart(struct run *run)
{
    struct payer payer;
    struct attempt attempt;
    struct made made;
    if (!can_pay(run, &payer)) {
        return;
    }
    new_attempt(run, &payer, 19, &attempt);
    if (!must_create(run, &payer, &attempt, &made)) {
        return;
    }
    run->reopen(run);
    struct made by_id = ask_find(run, made.facts.payment_id, NULL, NULL);
    struct made by_key = ask_find(run, NULL, attempt.consent, attempt.key);
    if (by_id.records != 1 || by_key.records != 1 ||
        strcmp(by_key.facts.payment_id, made.facts.payment_id) != 0) {
        broken(run, "after the core was closed and opened: %s by its id, %s by its key",
               status_name(by_id.status), status_name(by_key.status));
    }
}

const struct rule RULES_PAYMENTS_MADE[] = {
    {"payment-create", "A payment begins as pending, with its order's facts, and is found.",
     create},
    {"payment-isolation", "Nobody pays from an account that is not held.", isolation},
    {"payment-key", "An order again is its payment; its key serves for no other order.", key},
    {"payment-key-race", "Orders with one key at the same time make one payment.", key_race},
    {"payment-in-flight", "An equal payment is refused while one is pending.", in_flight},
    {"payment-doubt", "What find says of an order in doubt is what a repetition finds.", doubt},
    {"payment-changes", "Changes are numbered, and read the same from every cursor.", changes},
    {"payment-final", "A payment that has ended stays as it is.", final},
    {"payment-restart", "A payment is there when the core is opened again.", restart},
    {"payment-money", "A payment takes its amount from what is available, to the fils.", money},
    {"payment-funds", "More than is available is refused, and takes nothing.", funds},
    {"payment-funds-race", "Of payments at once on money for one, one is made.", funds_race},
    {NULL, NULL, NULL},
};
