/*
 * Rules of lfi/quotes.h. They ask for no quote, so that nothing changes in the core: what the core
 * has told of quotes in its feed of changes is compared with what it tells of each.
 */
#include "base/array.h"
#include "check.h"

#include <string.h>

#define FEED_MAX 1000 /* entries that are looked at */

static bool offers(struct run *run)
{
    if (!run->provider->quotes) {
        not_checked(run, "the core offers no quotes");
    }
    return run->provider->quotes;
}

/* --- asking ----------------------------------------------------------------------------------- */

static int ask_changes(struct run *run, const char *cursor, uint32_t limit, struct records *out)
{
    struct lfi_error error = {""};
    struct core_answer answer = records_answer(out);
    struct lfi_call call = call_of(run, NULL);
    const struct lfi_change_query query = {
        .size = sizeof(query), .cursor = slice_of(cursor[0] ? cursor : NULL), .limit = limit};
    int status =
        run->provider->quotes->changes(run->provider->core, &call, &query, &answer.base, &error);
    watch(run, "quotes.changes", &call, status, &error);
    (void)records_take(run, "quotes.changes", &answer, out);
    return status;
}

static int ask_quote(struct run *run, const char *quote, struct records *out)
{
    struct lfi_error error = {""};
    struct core_answer answer = records_answer(out);
    struct lfi_call call = call_of(run, NULL);
    const struct lfi_query query = {.size = sizeof(query), .subject_id = slice_of(quote)};
    int status =
        run->provider->quotes->find(run->provider->core, &call, &query, &answer.base, &error);
    watch(run, "quotes.find", &call, status, &error);
    (void)records_take(run, "quotes.find", &answer, out);
    return status;
}

/* The feed from its beginning. False: there is nothing to check. records_free() ends it. */
static bool read_feed(struct run *run, struct records *feed)
{
    *feed = (struct records){.total = 0};
    if (!offers(run)) {
        return false;
    }
    int status = ask_changes(run, "", FEED_MAX, feed);
    if (status != LFI_OK) {
        return broken(run, "changes: %s for the feed from its beginning", status_name(status));
    }
    if (feed->count == 0) {
        not_checked(run, "no quote has changed yet");
    }
    return feed->count > 0;
}

/* --- what was never issued -------------------------------------------------------------------- */

static const char NEVER[] = "00000000-0000-4000-8000-000000000000";

static void must_not_know(struct run *run, const char *what, int status,
                          const struct core_answer *answer, const struct lfi_call *call,
                          const struct lfi_error *error, struct records *records)
{
    watch(run, what, call, status, error);
    (void)records_take(run, what, answer, records);
    if (status != LFI_UNKNOWN || records->count > 0) {
        broken(run, "%s: %s and %zu records for a quote that was never issued", what,
               status_name(status), records->count);
    }
    records_free(records);
}

static void unknown(struct run *run)
{
    struct records records = {.total = 0};
    struct lfi_error error = {""};
    struct lfi_call call = call_of(run, NULL);
    if (!offers(run)) {
        return;
    }
    const struct lfi_quotes *quotes = run->provider->quotes;
    struct core_answer answer = records_answer(&records);
    const struct lfi_query query = {.size = sizeof(query), .subject_id = slice_of(NEVER)};
    int status = quotes->find(run->provider->core, &call, &query, &answer.base, &error);
    must_not_know(run, "quotes.find", status, &answer, &call, &error, &records);

    struct lfi_quote_change_summary changed = {.size = sizeof(changed)};
    const struct lfi_quote_change change = {.size = sizeof(change),
                                            .status = LFI_QUOTE_APPLIED,
                                            .quote_id = slice_of(NEVER),
                                            .json = SLICE("{}")};
    call = call_of(run, NULL);
    answer = records_answer(&records);
    answer.base.summary = &changed;
    status = quotes->update(run->provider->core, &call, &change, &answer.base, &error);
    must_not_know(run, "quotes.update", status, &answer, &call, &error, &records);

    struct lfi_quote_issue_summary issued = {.size = sizeof(issued)};
    const struct lfi_quote_issue issue = {
        .size = sizeof(issue), .quote_id = slice_of(NEVER), .json = SLICE("{}")};
    call = call_of(run, NULL);
    answer = records_answer(&records);
    answer.base.summary = &issued;
    status = quotes->issue(run->provider->core, &call, &issue, &answer.base, &error);
    must_not_know(run, "quotes.issue", status, &answer, &call, &error, &records);

    status = ask_changes(run, CHECK_ID_UNKNOWN, 1, &records);
    if (status != LFI_UNKNOWN || records.count > 0) {
        broken(run, "%s and %zu changes behind a cursor that was never given", status_name(status),
               records.count);
    }
    records_free(&records);
}

/* --- the feed --------------------------------------------------------------------------------- */

/* Numbers count each quote's changes from 1, and none follows one that is final. */
static void check_entry(struct run *run, const struct records *feed, size_t at)
{
    const struct lfi_quote_entry *entry = &feed->items[at].quote_change;
    uint32_t want = 1;
    bool ended = false;
    for (size_t i = 0; i < at; i++) {
        const struct lfi_quote_entry *before = &feed->items[i].quote_change;
        if (strcmp(before->facts.quote_id, entry->facts.quote_id) == 0) {
            ended = ended || before->facts.status >= LFI_QUOTE_COMPLETED;
            want = before->number + 1;
        }
    }
    if (!feed->items[at].has_facts || !entry->cursor[0]) {
        broken(run, "entry %zu of the feed comes without facts or cursor", at + 1);
    } else if (entry->number != want) {
        broken(run, "change %u of quote %s is told as number %u", want, entry->facts.quote_id,
               entry->number);
    } else if (ended) {
        broken(run, "quote %s has ended, and changes again", entry->facts.quote_id);
    } else if (entry->facts.status < LFI_QUOTE_APPLIED ||
               entry->facts.status > LFI_QUOTE_INSURER_CANCELLED) {
        broken(run, "quote %s changes to status %d, which is no change", entry->facts.quote_id,
               (int)entry->facts.status);
    }
}

static void order(struct run *run)
{
    struct records feed;
    bool found = read_feed(run, &feed);
    for (size_t i = 0; found && i < feed.count; i++) {
        check_entry(run, &feed, i);
    }
    records_free(&feed);
}

/* Behind an entry come those after it, as they came before. */
static void check_behind(struct run *run, const struct records *feed, size_t at)
{
    struct records rest = {.total = 0};
    int status = ask_changes(run, feed->items[at].quote_change.cursor, FEED_MAX, &rest);
    bool same = status == LFI_OK && rest.count >= feed->count - at - 1;
    for (size_t i = at + 1; same && i < feed->count; i++) {
        const struct record *now = &rest.items[i - at - 1];
        same = strcmp(now->quote_change.cursor, feed->items[i].quote_change.cursor) == 0 &&
               strcmp(now->text, feed->items[i].text) == 0;
    }
    if (!same) {
        broken(run, "behind entry %zu of %zu: %s, and other entries than before", at + 1,
               feed->count, status_name(status));
    }
    records_free(&rest);
}

static void cursors(struct run *run)
{
    struct records feed, one = {.total = 0};
    if (read_feed(run, &feed)) {
        for (size_t i = 0; i < feed.count; i += feed.count / 4 + 1) {
            check_behind(run, &feed, i);
        }
        check_behind(run, &feed, feed.count - 1);
        (void)ask_changes(run, "", 1, &one);
        if (one.count != 1) {
            broken(run, "%zu changes where one was wanted", one.count);
        }
    }
    records_free(&one);
    records_free(&feed);
}

/* --- each quote ------------------------------------------------------------------------------- */

typedef void quote_check_fn(struct run *run, const struct lfi_quote_facts *told,
                            const struct record *quote);

/* Finds each quote that the feed tells of, by its last entry there. */
static void each_quote(struct run *run, quote_check_fn *check)
{
    struct records feed;
    bool found = read_feed(run, &feed);
    for (size_t i = 0; found && i < feed.count; i++) {
        const struct lfi_quote_facts *told = &feed.items[i].quote_change.facts;
        struct records quote = {.total = 0};
        int status = ask_quote(run, told->quote_id, &quote);
        if (status != LFI_OK || quote.count != 1) {
            broken(run, "find: %s and %zu records for quote %s of the feed", status_name(status),
                   quote.count, told->quote_id);
        } else {
            check(run, told, &quote.items[0]);
        }
        records_free(&quote);
    }
    records_free(&feed);
}

static void check_facts(struct run *run, const struct lfi_quote_facts *told,
                        const struct record *quote)
{
    const struct lfi_quote_facts *facts = &quote->quote;
    if (!quote->has_facts || strcmp(facts->quote_id, told->quote_id) != 0 ||
        strcmp(facts->client_id, told->client_id) != 0 || facts->sector != told->sector) {
        broken(run, "quote %s: the feed and the quote name another id, client or sector",
               told->quote_id);
    } else if (strcmp(record_text(quote, "QuoteId"), told->quote_id) != 0) {
        broken(run, "quote %s: its record names another id", told->quote_id);
    } else if (facts->client_id[0] == '\0' || facts->sector < LFI_INSURANCE_EMPLOYMENT ||
               facts->sector >= LFI_INSURANCE_SECTORS) {
        broken(run, "quote %s is of no client or sector", told->quote_id);
    }
}

static void facts_agree(struct run *run)
{
    each_quote(run, check_facts);
}

static void check_shape(struct run *run, const struct lfi_quote_facts *told,
                        const struct record *quote)
{
    struct buf reply;
    buf_init(&reply, SIZE_MAX);
    buf_append_format(&reply, "{\"data\":%s}", quote->text);
    (void)reply_fits_contract(run, "quotes.find", told->sector, buf_slice(&reply));
    buf_free(&reply);
}

static void shape(struct run *run)
{
    each_quote(run, check_shape);
}

const struct rule RULES_QUOTES[] = {
    {"quote-unknown", "A quote or cursor that was never issued is UNKNOWN.", unknown},
    {"quote-order", "Changes of a quote are numbered from 1; none follows its end.", order},
    {"quote-cursor", "Behind each entry of the feed come those that came before.", cursors},
    {"quote-facts", "A quote of the feed is found, of the same client and sector.", facts_agree},
    {"quote-shape", "Quotes have the contract's shape.", shape},
    {NULL, NULL, NULL},
};
