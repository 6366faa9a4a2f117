/* Transactions and statements: order, windows, bounds, and pages that fit together. */
#include "check.h"

#include "base/datetime.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PAGE 3         /* records of a window: small, so that a few records make several pages */
#define PAGES 8        /* of a list that are looked at */
#define SERIES_MAX 500 /* of a longer series only the newest are looked at */

/* --- transactions ----------------------------------------------------------------------------- */

static struct lfi_transaction_query transactions_of(const char *account)
{
    return (struct lfi_transaction_query){
        .base = {.size = sizeof(struct lfi_transaction_query),
                 .subject_id = slice_of(account),
                 .window = {0, SERIES_MAX}},
        .from = LFI_WALL_MIN,
        .to = LFI_WALL_MAX,
    };
}

static int ask(struct run *run, const struct lfi_transaction_query *query, struct records *out,
               uint64_t *mark)
{
    struct lfi_error error = {""};
    struct lfi_transaction_summary summary = {.size = sizeof(summary)};
    struct core_answer answer = records_answer(out);
    struct lfi_call call = call_of(run, NULL);
    answer.base.summary = &summary;
    int status = run->provider->accounts->transactions(run->provider->core, &call, query,
                                                       &answer.base, &error);
    watch(run, "accounts.transactions", &call, status, &error);
    (void)records_take(run, "accounts.transactions", &answer, out);
    if (mark) {
        *mark = summary.mark;
    }
    return status;
}

static lfi_wall_us booked(const struct record *record)
{
    struct datetime value;
    const char *text = record_text(record, "bookingDateTime");
    return datetime_parse(slice_of(text), &value) ? value.wall_us : LFI_WALL_MIN;
}

/*
 * An account's transactions, the newest SERIES_MAX, as of the mark (0: now). False when there is
 * nothing to look at.
 */
static bool whole(struct run *run, const char *account, struct records *out, uint64_t *mark)
{
    struct lfi_transaction_query query = transactions_of(account);
    query.up_to = *mark;
    int status = ask(run, &query, out, mark);
    if (status != LFI_OK) {
        return broken(run, "%s for account %s, which exists", status_name(status), account);
    }
    if (out->total == CORE_TOTAL_UNKNOWN || out->total < out->count ||
        (out->total > out->count && out->count < SERIES_MAX)) {
        return broken(run, "account %s: %zu records, and a total of %" PRIu64, account, out->count,
                      out->total);
    }
    return out->count > 0;
}

static void check_order(struct run *run, const char *account, const struct records *all,
                        uint64_t mark)
{
    (void)mark;
    for (size_t i = 1; i < all->count; i++) {
        const struct record *before = &all->items[i - 1], *this = &all->items[i];
        lfi_wall_us earlier = booked(before), later = booked(this);
        if (earlier < later ||
            (earlier == later && strcmp(record_text(before, "transactionId"),
                                        record_text(this, "transactionId")) <= 0)) {
            broken(run, "account %s: transaction %s stands after %s", account,
                   record_text(this, "transactionId"), record_text(before, "transactionId"));
        }
    }
}

static void check_owner(struct run *run, const char *account, const struct records *all,
                        uint64_t mark)
{
    (void)mark;
    for (size_t i = 0; i < all->count; i++) {
        const char *named = record_text(&all->items[i], "accountId");
        if (strcmp(named, account) != 0) {
            broken(run, "asked for account %s, given a transaction of account %s", account, named);
        }
        (void)fits_contract(run, "accounts.transactions", &all->items[i]);
    }
}

/* One page of the list as it was at the mark: the same records, and the same total. */
static bool check_page(struct run *run, const struct lfi_transaction_query *query,
                       const struct records *all)
{
    struct records some = {.total = 0};
    uint64_t at = query->base.window.offset;
    size_t wanted = at >= all->count ? 0 : all->count - (size_t)at;
    wanted = wanted < PAGE ? wanted : PAGE;
    int status = ask(run, query, &some, NULL);
    bool same = status == LFI_OK && some.total == all->total && some.count == wanted;
    for (size_t i = 0; same && i < wanted; i++) {
        same = strcmp(some.items[i].text, all->items[at + i].text) == 0;
    }
    if (!same) {
        broken(run,
               "account %.*s: %zu records from %" PRIu64 " of %" PRIu64 ", which are not those "
               "that stand there in the whole list of %" PRIu64,
               (int)query->base.subject_id.len, query->base.subject_id.ptr, some.count, at,
               some.total, all->total);
    }
    records_free(&some);
    return same;
}

/* Page by page with the first page's mark: the list as it was, though entries are added. */
static void check_pages(struct run *run, const char *account, const struct records *now,
                        uint64_t mark)
{
    struct lfi_transaction_query query = transactions_of(account);
    struct records first = {.total = 0}, all = {.total = 0};
    (void)now, (void)mark;
    query.base.window.limit = PAGE;
    (void)ask(run, &query, &first, &query.up_to);
    uint64_t as_of = query.up_to;
    if (whole(run, account, &all, &as_of)) {
        size_t last = all.count < PAGES * PAGE ? all.count : PAGES * PAGE;
        bool same = true;
        for (size_t at = 0; same && at < last; at += PAGE) {
            query.base.window.offset = at;
            same = check_page(run, &query, &all);
        }
        if (all.total == all.count) {
            query.base.window.offset = UINT64_MAX;
            (void)check_page(run, &query, &all);
        }
    }
    records_free(&all);
    records_free(&first);
}

static void check_bound(struct run *run, struct lfi_transaction_query query,
                        const struct records *all, lfi_wall_us from, lfi_wall_us to)
{
    struct records some = {.total = 0};
    size_t wanted = 0;
    query.from = from;
    query.to = to;
    for (size_t i = 0; i < all->count; i++) {
        wanted += booked(&all->items[i]) >= from && booked(&all->items[i]) <= to;
    }
    if (ask(run, &query, &some, NULL) != LFI_OK || some.count < wanted ||
        (all->total == all->count && some.count != wanted)) {
        broken(run, "%zu transactions within bounds that %zu fit", some.count, wanted);
    }
    for (size_t i = 0; i < some.count; i++) {
        if (booked(&some.items[i]) < from || booked(&some.items[i]) > to) {
            broken(run, "transaction %s is outside the bounds",
                   record_text(&some.items[i], "transactionId"));
        }
    }
    records_free(&some);
}

static void check_bounds(struct run *run, const char *account, const struct records *all,
                         uint64_t mark)
{
    struct lfi_transaction_query query = transactions_of(account);
    lfi_wall_us middle = booked(&all->items[all->count / 2]);
    query.up_to = mark;
    check_bound(run, query, all, middle, LFI_WALL_MAX);
    check_bound(run, query, all, middle, middle);
    check_bound(run, query, all, middle + 1, LFI_WALL_MAX);
    check_bound(run, query, all, LFI_WALL_MIN, middle);
}

static void check_fx(struct run *run, const char *account, const struct records *all, uint64_t mark)
{
    struct lfi_transaction_query query = transactions_of(account);
    struct records some = {.total = 0};
    size_t wanted = 0;
    query.up_to = mark;
    query.fx_only = 1;
    for (size_t i = 0; i < all->count; i++) {
        wanted += json_get(all->items[i].tree, "currencyExchange") ? 1 : 0;
    }
    if (ask(run, &query, &some, NULL) != LFI_OK || some.count < wanted ||
        (all->total == all->count && some.count != wanted)) {
        broken(run,
               "account %s: %zu transactions with a currency exchange, %zu when only these "
               "are asked for",
               account, wanted, some.count);
    }
    records_free(&some);
}

typedef void series_check_fn(struct run *run, const char *account, const struct records *all,
                             uint64_t mark);

static void each_series(struct run *run, series_check_fn *check)
{
    size_t seen = 0;
    if (!PROVIDER_SERVES(run->provider, accounts, transactions)) {
        not_checked(run, "the core offers no transactions");
        return;
    }
    for (size_t u = 0; u < run->user_count; u++) {
        for (size_t i = 0; i < run->held[u].count; i++) {
            struct records all = {.total = 0};
            const char *account = record_text(&run->held[u].items[i], "id");
            uint64_t mark = 0;
            if (whole(run, account, &all, &mark)) {
                check(run, account, &all, mark);
                seen++;
            }
            records_free(&all);
        }
    }
    if (seen == 0) {
        not_checked(run, "no account has transactions");
    }
}

static void transactions_order(struct run *run)
{
    each_series(run, check_order);
}

static void transactions_owner(struct run *run)
{
    each_series(run, check_owner);
}

static void transactions_pages(struct run *run)
{
    each_series(run, check_pages);
}

static void transactions_bounds(struct run *run)
{
    each_series(run, check_bounds);
}

static void transactions_fx(struct run *run)
{
    each_series(run, check_fx);
}

/* --- statements ------------------------------------------------------------------------------- */

static int ask_statements(struct run *run, const struct lfi_statement_query *query,
                          struct records *out, struct lfi_statement_summary *summary)
{
    struct lfi_error error = {""};
    struct core_answer answer = records_answer(out);
    struct lfi_call call = call_of(run, NULL);
    *summary = (struct lfi_statement_summary){.size = sizeof(*summary)};
    answer.base.summary = summary;
    int status = run->provider->accounts->statements(run->provider->core, &call, query,
                                                     &answer.base, &error);
    watch(run, "accounts.statements", &call, status, &error);
    (void)records_take(run, "accounts.statements", &answer, out);
    return status;
}

static int64_t day_of(const struct record *record, enum lfi_statement_day day)
{
    struct datetime value;
    const char *member = day == LFI_STATEMENT_OPENING_DATE ? "OpeningDate" : "StatementDate";
    return datetime_parse(slice_of(record_text(record, member)), &value)
               ? value.wall_us / (INT64_C(86400) * 1000000)
               : INT64_MIN;
}

static void check_statements(struct run *run, const char *account, enum lfi_statement_day day,
                             size_t *seen)
{
    struct lfi_statement_summary summary;
    struct records all = {.total = 0}, some = {.total = 0};
    struct lfi_statement_query query = {
        .base = {.size = sizeof(query), .subject_id = slice_of(account), .window = {0, SERIES_MAX}},
        .day = day,
        .from_day = INT64_MIN,
        .to_day = INT64_MAX};
    if (ask_statements(run, &query, &all, &summary) != LFI_OK || summary.held != all.total ||
        all.total != all.count) {
        broken(run, "account %s: %zu statements, a total of %" PRIu64 ", %" PRIu64 " held", account,
               all.count, all.total, summary.held);
    }
    for (size_t i = 0; i < all.count; i++) {
        if (i > 0 && day_of(&all.items[i - 1], day) < day_of(&all.items[i], day)) {
            broken(run, "account %s: statement %zu is newer than the one before", account, i + 1);
        }
        (void)fits_contract(run, "accounts.statements", &all.items[i]);
    }
    if (all.count > 0) {
        int64_t last = day_of(&all.items[0], day), first = day_of(&all.items[all.count - 1], day);
        if (summary.first_day != first || summary.last_day != last) {
            broken(run, "account %s: the days of the first and the last statement are others",
                   account);
        }
        query.from_day = last;
        if (ask_statements(run, &query, &some, &summary) != LFI_OK || some.count == 0 ||
            day_of(&some.items[some.count - 1], day) < last || summary.held != all.count) {
            broken(run, "account %s: bounds of statements are not kept", account);
        }
        ++*seen;
    }
    records_free(&some);
    records_free(&all);
}

static void statements(struct run *run)
{
    size_t seen = 0;
    if (!PROVIDER_SERVES(run->provider, accounts, statements)) {
        not_checked(run, "the core offers no statements");
        return;
    }
    for (size_t u = 0; u < run->user_count; u++) {
        for (size_t i = 0; i < run->held[u].count; i++) {
            const char *account = record_text(&run->held[u].items[i], "id");
            check_statements(run, account, LFI_STATEMENT_OPENING_DATE, &seen);
            check_statements(run, account, LFI_STATEMENT_STATEMENT_DATE, &seen);
        }
    }
    if (seen == 0) {
        not_checked(run, "no account has statements");
    }
}

const struct rule RULES_SERIES[] = {
    {"transactions-order", "Transactions come newest booking first, ties by id descending.",
     transactions_order},
    {"transactions-owner", "Transactions name their account and have the contract's shape.",
     transactions_owner},
    {"transactions-pages", "Pages neither repeat nor miss one, though entries are added.",
     transactions_pages},
    {"transactions-bounds", "Bounds on the booking time are inclusive and kept.",
     transactions_bounds},
    {"transactions-fx", "Only entries with a currency exchange, when only these are asked for.",
     transactions_fx},
    {"statements", "Statements come newest first, within their bounds, with a true summary.",
     statements},
    {NULL, NULL, NULL},
};
