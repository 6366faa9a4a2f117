/* Quotes of currency exchange and accounts that TPPs ask for. They are asked for at a test bank. */
#include "check.h"

#include "base/array.h"
#include "base/id.h"

#include <stdio.h>
#include <string.h>

#define CLIENT "core-check"
#define UNKNOWN_UUID "00000000-0000-4000-8000-000000000000"
#define LIFE_S 600
#define FEED_PAGE 50
#define FEED_PAGES 200 /* of a longer feed the rest is not looked at */

/* What was asked for, and what came of it. */
struct asked {
    int status;
    size_t records;
    bool repeated, unavailable;
    char id[64];
    char text[4096]; /* the record */
};

static bool may_ask(struct run *run, bool offered, const char *what)
{
    if (!offered) {
        not_checked(run, what);
    } else if (!run->creditor) {
        not_checked(run, "it needs --payments");
    }
    return offered && run->creditor;
}

static bool draw(struct run *run, unsigned char identity[LFI_ORDER_DIGEST_SIZE])
{
    return id_random(identity, LFI_ORDER_DIGEST_SIZE) || broken(run, "no random numbers");
}

static void keep_text(struct asked *out, const struct records *records, const char *id)
{
    out->records = records->count;
    if (records->count == 1) {
        (void)snprintf(out->id, sizeof(out->id), "%s", id);
        (void)snprintf(out->text, sizeof(out->text), "%s", records->items[0].text);
    }
}

/* --- quotes ----------------------------------------------------------------------------------- */

static struct asked ask_quote(struct run *run, const unsigned char *identity)
{
    struct asked asked = {.records = 0};
    struct lfi_error error = {""};
    struct records records = {.total = 0};
    struct core_answer answer = records_answer(&records);
    struct lfi_fx_summary summary = {.size = sizeof(summary)};
    struct lfi_call call = call_of(run, NULL);
    char json[256], reference[37];
    struct lfi_fx_request request = {
        .size = sizeof(request), .identity_life_s = LIFE_S, .client_id = SLICE(CLIENT)};
    (void)snprintf(reference, sizeof(reference), "check-%02x%02x%02x%02x", identity[0], identity[1],
                   identity[2], identity[3]);
    (void)snprintf(json, sizeof(json),
                   "{\"QuoteReference\":\"%s\",\"TransactionType\":\"Spot\",\"UnitCurrency\":"
                   "\"AED\",\"QuotedCurrency\":\"USD\",\"TradeAmount\":{\"Amount\":\"100.00\","
                   "\"Currency\":\"AED\"}}",
                   reference);
    memcpy(request.identity, identity, sizeof(request.identity));
    request.json = slice_of(json);
    answer.base.summary = &summary;
    asked.status =
        run->provider->fx->quote(run->provider->core, &call, &request, &answer.base, &error);
    watch(run, "fx.quote", &call, asked.status, &error);
    (void)records_take(run, "fx.quote", &answer, &records);
    asked.repeated = summary.repeated;
    asked.unavailable = summary.unavailable;
    keep_text(&asked, &records, records.count == 1 ? records.items[0].fx.quote_id : "");
    if (records.count == 1 && (records.items[0].fx.status != LFI_FX_AVAILABLE ||
                               strcmp(records.items[0].fx.client_id, CLIENT) != 0 ||
                               !summary.liability_url[0] || !summary.refund_url[0])) {
        broken(run, "quote %s is not available to its client, or has no policies", asked.id);
    }
    records_free(&records);
    return asked;
}

static int find_quote(struct run *run, const char *id, struct records *out)
{
    struct lfi_error error = {""};
    struct core_answer answer = records_answer(out);
    struct lfi_call call = call_of(run, NULL);
    const struct lfi_query query = {.size = sizeof(query), .subject_id = slice_of(id)};
    int status = run->provider->fx->find(run->provider->core, &call, &query, &answer.base, &error);
    watch(run, "fx.find", &call, status, &error);
    (void)records_take(run, "fx.find", &answer, out);
    return status;
}

static int accept(struct run *run, const char *id)
{
    struct lfi_error error = {""};
    struct lfi_call call = call_of(run, NULL);
    int status = run->provider->fx->accept(run->provider->core, &call, slice_of(id), &error);
    watch(run, "fx.accept", &call, status, &error);
    return status;
}

/* A new quote; false: broken, or the bank does not quote dollars. */
static bool must_quote(struct run *run, unsigned char identity[LFI_ORDER_DIGEST_SIZE],
                       struct asked *out)
{
    if (!draw(run, identity)) {
        return false;
    }
    *out = ask_quote(run, identity);
    if (out->status == LFI_OK && out->unavailable && out->records == 0) {
        not_checked(run, "the core quotes no dollars for dirhams");
        return false;
    }
    return (out->status == LFI_OK && !out->repeated && out->records == 1) ||
           broken(run, "a quote: %s, %zu records", status_name(out->status), out->records);
}

static void quote(struct run *run)
{
    struct asked first;
    unsigned char identity[LFI_ORDER_DIGEST_SIZE];
    struct records found = {.total = 0};
    if (!may_ask(run, PROVIDER_SERVES(run->provider, fx, quote), "the core quotes no exchange") ||
        !must_quote(run, identity, &first)) {
        return;
    }
    const struct asked again = ask_quote(run, identity);
    if (again.status != LFI_OK || !again.repeated || again.records > 0) {
        broken(run, "the same request again: %s, %zu records", status_name(again.status),
               again.records);
    }
    int status = find_quote(run, first.id, &found);
    if (status != LFI_OK || found.count != 1 || strcmp(found.items[0].text, first.text) != 0 ||
        strcmp(record_text(&found.items[0], "FxQuoteId"), first.id) != 0) {
        broken(run, "quote %s is found otherwise than it was given: %s", first.id,
               status_name(status));
    } else {
        (void)fits_contract(run, "fx.find", &found.items[0]);
    }
    records_free(&found);
}

static void quote_accepted(struct run *run)
{
    struct asked given;
    unsigned char identity[LFI_ORDER_DIGEST_SIZE];
    struct records found = {.total = 0};
    if (!may_ask(run, PROVIDER_SERVES(run->provider, fx, accept), "the core quotes no exchange") ||
        !must_quote(run, identity, &given)) {
        return;
    }
    int first = accept(run, given.id), second = accept(run, given.id);
    int status = find_quote(run, given.id, &found);
    if (first != LFI_OK || second != LFI_DENIED) {
        broken(run, "accepted twice: %s, then %s", status_name(first), status_name(second));
    } else if (status != LFI_OK || found.count != 1 ||
               found.items[0].fx.status == LFI_FX_AVAILABLE) {
        broken(run, "quote %s was accepted, and is available still", given.id);
    }
    records_free(&found);
}

static void quote_unknown(struct run *run)
{
    struct records found = {.total = 0};
    if (!PROVIDER_SERVES(run->provider, fx, find)) {
        not_checked(run, "the core quotes no exchange");
        return;
    }
    int status = find_quote(run, UNKNOWN_UUID, &found);
    int accepted = accept(run, UNKNOWN_UUID);
    if (status != LFI_UNKNOWN || accepted != LFI_UNKNOWN || found.count > 0) {
        broken(run, "a quote that nobody was given: %s, accepted: %s", status_name(status),
               status_name(accepted));
    }
    records_free(&found);
}

/* --- feeds ------------------------------------------------------------------------------------ */

typedef int changes_fn(void *core, const struct lfi_call *call,
                       const struct lfi_change_query *query, struct lfi_answer *answer,
                       struct lfi_error *error);

static int ask_feed(struct run *run, const char *what, changes_fn *changes, const char *cursor,
                    struct records *out)
{
    struct lfi_error error = {""};
    struct core_answer answer = records_answer(out);
    struct lfi_call call = call_of(run, NULL);
    const struct lfi_change_query query = {
        .size = sizeof(query), .cursor = slice_of(cursor[0] ? cursor : NULL), .limit = FEED_PAGE};
    int status = changes(run->provider->core, &call, &query, &answer.base, &error);
    watch(run, what, &call, status, &error);
    (void)records_take(run, what, &answer, out);
    return status;
}

/* The accepted quote's changes are numbered from 1, the first its acceptance. */
static void quote_changes(struct run *run)
{
    struct asked given;
    unsigned char identity[LFI_ORDER_DIGEST_SIZE];
    char cursor[65] = "";
    uint32_t last = 0;
    bool first_is_acceptance = false, more = true;
    if (!may_ask(run, PROVIDER_SERVES(run->provider, fx, changes), "the core quotes no exchange") ||
        !must_quote(run, identity, &given) || accept(run, given.id) != LFI_OK) {
        return;
    }
    for (unsigned page = 0; more && page < FEED_PAGES; page++) {
        struct records records = {.total = 0};
        int status = ask_feed(run, "fx.changes", run->provider->fx->changes, cursor, &records);
        if (status != LFI_OK || records.count > FEED_PAGE) {
            broken(run, "%s and %zu changes", status_name(status), records.count);
        }
        for (size_t i = 0; i < records.count; i++) {
            const struct lfi_fx_change *change = &records.items[i].fx_change;
            (void)snprintf(cursor, sizeof(cursor), "%s", change->cursor);
            if (strcmp(change->facts.quote_id, given.id) != 0) {
                continue;
            }
            if (change->number != last + 1) {
                broken(run, "change %u of quote %s follows %u", change->number, given.id, last);
            }
            first_is_acceptance |= change->number == 1 && change->facts.status == LFI_FX_ACCEPTED;
            last = change->number;
        }
        more = status == LFI_OK && records.count > 0;
        records_free(&records);
    }
    if (!first_is_acceptance) {
        broken(run, "the acceptance of quote %s is not its first change", given.id);
    }
}

/* --- accounts --------------------------------------------------------------------------------- */

static struct asked ask_opening(struct run *run, const unsigned char *identity)
{
    struct asked asked = {.records = 0};
    struct lfi_error error = {""};
    struct records records = {.total = 0};
    struct core_answer answer = records_answer(&records);
    struct lfi_opening_summary summary = {.size = sizeof(summary)};
    struct lfi_call call = call_of(run, NULL);
    struct lfi_opening_request request = {
        .size = sizeof(request),
        .identity_life_s = LIFE_S,
        .client_id = SLICE(CLIENT),
        .json = SLICE("{\"Party\":{\"Claims\":{\"IdentityType\":\"Business\",\"BusinessName\":"
                      "\"Core Check\",\"TradeLicenceNumber\":\"CN-1\"}}}")};
    memcpy(request.identity, identity, sizeof(request.identity));
    answer.base.summary = &summary;
    asked.status =
        run->provider->opening->request(run->provider->core, &call, &request, &answer.base, &error);
    watch(run, "opening.request", &call, asked.status, &error);
    (void)records_take(run, "opening.request", &answer, &records);
    asked.repeated = summary.repeated;
    keep_text(&asked, &records, records.count == 1 ? records.items[0].opening.account_id : "");
    records_free(&records);
    return asked;
}

static int find_opening(struct run *run, const char *id, struct records *out)
{
    struct lfi_error error = {""};
    struct core_answer answer = records_answer(out);
    struct lfi_call call = call_of(run, NULL);
    const struct lfi_query query = {.size = sizeof(query), .subject_id = slice_of(id)};
    int status =
        run->provider->opening->find(run->provider->core, &call, &query, &answer.base, &error);
    watch(run, "opening.find", &call, status, &error);
    (void)records_take(run, "opening.find", &answer, out);
    return status;
}

static void opening(struct run *run)
{
    unsigned char identity[LFI_ORDER_DIGEST_SIZE];
    struct records found = {.total = 0};
    if (!may_ask(run, PROVIDER_SERVES(run->provider, opening, request),
                 "the core opens no accounts") ||
        !draw(run, identity)) {
        return;
    }
    const struct asked first = ask_opening(run, identity), again = ask_opening(run, identity);
    if (first.status != LFI_OK || first.repeated || first.records != 1) {
        broken(run, "a request: %s, %zu records", status_name(first.status), first.records);
        return;
    }
    if (again.status != LFI_OK || !again.repeated || again.records > 0) {
        broken(run, "the same request again: %s, %zu records", status_name(again.status),
               again.records);
    }
    int status = find_opening(run, first.id, &found);
    if (status != LFI_OK || found.count != 1 ||
        strcmp(record_text(&found.items[0], "AccountId"), first.id) != 0 ||
        strcmp(found.items[0].opening.client_id, CLIENT) != 0) {
        broken(run, "account %s is found otherwise than it was asked for: %s", first.id,
               status_name(status));
    } else {
        (void)fits_contract(run, "opening.find", &found.items[0]);
    }
    records_free(&found);
}

static void opening_unknown(struct run *run)
{
    struct records found = {.total = 0}, changes = {.total = 0};
    if (!PROVIDER_SERVES(run->provider, opening, find)) {
        not_checked(run, "the core opens no accounts");
        return;
    }
    int status = find_opening(run, CHECK_ID_UNKNOWN, &found);
    int behind = ask_feed(run, "opening.changes", run->provider->opening->changes, CHECK_ID_UNKNOWN,
                          &changes);
    if (status != LFI_UNKNOWN || behind != LFI_UNKNOWN || found.count + changes.count > 0) {
        broken(run, "an account that nobody asked for: %s; changes behind a foreign cursor: %s",
               status_name(status), status_name(behind));
    }
    records_free(&found);
    records_free(&changes);
}

const struct rule RULES_ASKED[] = {
    {"fx-quote", "A request has one quote, which is found as it was given.", quote},
    {"fx-accept", "A quote is accepted once.", quote_accepted},
    {"fx-unknown", "A quote that nobody was given is unknown.", quote_unknown},
    {"fx-changes", "Changes of a quote are numbered, its acceptance first.", quote_changes},
    {"opening-request", "A request has one account, which is found by its id.", opening},
    {"opening-unknown", "An account that nobody asked for, and a foreign cursor, are unknown.",
     opening_unknown},
    {NULL, NULL, NULL},
};
