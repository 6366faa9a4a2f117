#include "payments/quotes.h"

#include "base/datetime.h"
#include "base/error.h"
#include "payments/quote_documents.h"

/* --- quotes of the core ----------------------------------------------------------------------- */

static enum lfi_insurance_sector sector_of(const struct call *call)
{
    return (enum lfi_insurance_sector)call->row->select;
}

static bool has_facts(const struct lfi_quote_facts *facts, struct lfi_slice json)
{
    return facts && facts->size >= sizeof(*facts) && list_is_object(json);
}

/* The plans of a reply. */
struct plans {
    struct call *call;
    size_t count;
};

static int take_plan(void *ctx, struct lfi_slice json, const void *given)
{
    struct plans *plans = ctx;
    struct call *call = plans->call;
    const struct lfi_quote_facts *facts = given;
    if (!has_facts(facts, json) || facts->status > LFI_QUOTE_AVAILABLE ||
        facts->sector != sector_of(call)) {
        call->record_fault = "a quote is malformed, has no facts, or is not new";
        return -1;
    }
    buf_append_text(&call->reply->body, plans->count++ > 0 ? "," : "{\"data\":[");
    buf_append_slice(&call->reply->body, json);
    return call->reply->body.failed ? -1 : 0;
}

/* One record that a function gives; absent: it gave none. */
struct record {
    struct call *call;
    struct lfi_quote_facts facts;
    struct lfi_slice json; /* in the arena */
};

static int take_json(void *ctx, struct lfi_slice json, const void *given)
{
    struct record *record = ctx;
    (void)given;
    if (!list_is_object(json) || record->json.ptr) {
        record->call->record_fault = "the record is malformed, or is one too many";
        return -1;
    }
    record->json = arena_keep(record->call->arena, json);
    return record->json.ptr ? 0 : -1;
}

static int take_quote(void *ctx, struct lfi_slice json, const void *given)
{
    struct record *record = ctx;
    if (!has_facts(given, json)) {
        record->call->record_fault = "the quote is malformed, or has no facts";
        return -1;
    }
    record->facts = *(const struct lfi_quote_facts *)given;
    return take_json(ctx, json, given);
}

/* That of another client, or another sector's, is as unknown as one that there never was. */
static int find(struct call *call, struct lfi_slice client_id, struct lfi_slice quote_id,
                struct record *out)
{
    struct lfi_error error = {"it is another client's, or of another sector"};
    *out = (struct record){.call = call};
    struct core_answer answer = core_answer(take_quote, out);
    const struct provider *provider = call->provider;
    const struct lfi_query query = {.size = sizeof(query), .subject_id = quote_id};
    int status = provider->quotes->find(provider->core, &call->core, &query, &answer.base, &error);
    if (status == LFI_OK && out->json.ptr &&
        (!slice_equal_text(client_id, out->facts.client_id) ||
         out->facts.sector != sector_of(call))) {
        status = LFI_UNKNOWN;
    }
    if (outcome_check(call, OUTCOME_INSURANCE_QUOTE, status, &error) != 0) {
        return -1;
    }
    return out->json.ptr && slice_equal_text(quote_id, out->facts.quote_id)
               ? 0
               : outcome_refuse_record(call, "the quote is not the one that was asked for");
}

/* {"data":…,"links":{NAME:URL}}; an empty URL has no links. */
static void write_reply(struct call *call, struct lfi_slice data, const char *name, const char *url)
{
    struct json_writer w;
    json_begin(&w, &call->reply->body);
    json_open_object(&w, NULL);
    json_raw(&w, "data", data);
    if (url[0]) {
        json_open_object(&w, "links");
        json_text(&w, name, url);
        json_close_object(&w);
    }
    json_close_object(&w);
}

/* --- asking for quotes, reading one ----------------------------------------------------------- */

int quotes_request(struct call *call, struct lfi_slice client_id)
{
    struct lfi_error error = {""};
    struct plans plans = {.call = call};
    struct core_answer answer = core_answer(take_plan, &plans);
    const struct provider *provider = call->provider;
    cJSON *body = json_parse(call->request->body);
    char *data = body ? cJSON_PrintUnformatted(json_get(body, "data")) : NULL;
    const struct lfi_quote_request request = {.size = sizeof(request),
                                              .sector = sector_of(call),
                                              .client_id = client_id,
                                              .json = slice_of(data)};
    int status =
        data ? provider->quotes->quote(provider->core, &call->core, &request, &answer.base, &error)
             : error_set(&error, "out of memory");
    cJSON_free(data);
    cJSON_Delete(body);
    if (outcome_check(call, OUTCOME_BANK, status, &error) != 0) {
        return -1;
    }
    call->reply->status = plans.count > 0 ? 201 : 204;
    buf_append_text(&call->reply->body, plans.count > 0 ? "]}" : "");
    return 0;
}

int quotes_find(struct call *call, struct lfi_slice client_id, struct lfi_slice quote_id)
{
    struct record quote;
    if (find(call, client_id, quote_id, &quote) != 0) {
        return -1;
    }
    write_reply(call, quote.json, NULL, "");
    call->reply->status = 200;
    return 0;
}

/* --- changing one ----------------------------------------------------------------------------- */

static int refuse_expired(struct call *call)
{
    return refusal_set(call->refusal, "QUOTE-EXPIRED", 409, "Quote.Expired",
                       "The quote has expired.");
}

static bool same_instant(const cJSON *one, const cJSON *other, const char *first,
                         const char *second)
{
    struct datetime a, b;
    return datetime_parse(json_get_string(one, first), &a) &&
           datetime_parse(json_get_string(other, second), &b) &&
           datetime_utc_us(&a) == datetime_utc_us(&b);
}

/* Whether what is accepted is what was quoted. (7.4) */
static bool repeats(const cJSON *quote, const cJSON *data)
{
    const cJSON *quoted = json_get(json_get(quote, "Premium"), "TotalPremiumAmount");
    const cJSON *accepted = json_get(json_get(data, "Premium"), "TotalPremiumAmount");
    return slice_equal(json_get_string(quote, "QuoteReference"),
                       json_get_string(data, "QuoteReference")) &&
           same_instant(quote, data, "CreationDateTime", "QuoteCreationDateTime") &&
           slice_equal(json_get_string(quoted, "Amount"), json_get_string(accepted, "Amount")) &&
           slice_equal(json_get_string(quoted, "Currency"), json_get_string(accepted, "Currency"));
}

/* Accepting leads on from one status; verifying from the next, where the TPP may verify. */
static bool leads_on(const struct record *quote, const cJSON *tree, enum lfi_quote_status to)
{
    if (to == LFI_QUOTE_APPLIED) {
        return quote->facts.status == LFI_QUOTE_AVAILABLE;
    }
    const cJSON *allowed = json_get(tree, "PolicyIssuanceAllowed");
    return quote->facts.status == LFI_QUOTE_APPLIED &&
           cJSON_IsTrue(json_get(allowed, "CustomerVerification"));
}

static int refuse_status(struct call *call)
{
    return refusal_set(call->refusal, "QUOTE-STATE", 409, "Quote.InvalidState",
                       "The quote does not permit this now.");
}

static int check_change(struct call *call, const struct record *quote, const cJSON *data,
                        enum lfi_quote_status to)
{
    if (quote->facts.status == LFI_QUOTE_EXPIRED) {
        return refuse_expired(call);
    }
    cJSON *tree = json_parse(quote->json);
    bool possible = leads_on(quote, tree, to);
    bool same = repeats(tree, data);
    cJSON_Delete(tree);
    if (!possible) {
        return refuse_status(call);
    }
    if (!same) {
        return refusal_set(call->refusal, "QUOTE-TERMS", 400, "Quote.Mismatch",
                           "Reference, creation time and total premium must be the quote's.");
    }
    return quote_documents_check(call, json_get(data, "Documents"));
}

static int refuse_unverified(struct call *call)
{
    return refusal_set(call->refusal, "QUOTE-UNVERIFIED", 400, "Quote.VerificationFailed",
                       "The customer could not be verified.");
}

static int ask_update(struct call *call, const struct lfi_quote_change *change)
{
    struct lfi_error error = {""};
    struct record allowed = {.call = call};
    struct lfi_quote_change_summary summary = {.size = sizeof(summary)};
    struct core_answer answer = core_answer(take_json, &allowed);
    const struct provider *provider = call->provider;
    answer.base.summary = &summary;
    int status =
        provider->quotes->update(provider->core, &call->core, change, &answer.base, &error);
    if (outcome_check(call, OUTCOME_INSURANCE_QUOTE, status, &error) != 0) {
        return -1;
    }
    if (summary.unverified) {
        return refuse_unverified(call);
    }
    call->reply->status = 204;
    if (allowed.json.ptr) {
        struct lfi_slice data =
            arena_format(call->arena, "{\"PolicyIssuanceAllowed\":%.*s}", SLICE_ARG(allowed.json));
        write_reply(call, data, "PaymentUrl", summary.payment_url);
        call->reply->status = 200;
    }
    return 0;
}

int quotes_update(struct call *call, struct lfi_slice client_id, struct lfi_slice quote_id)
{
    struct record quote;
    if (find(call, client_id, quote_id, &quote) != 0) {
        return -1;
    }
    cJSON *body = json_parse(call->request->body);
    const cJSON *data = json_get(body, "data");
    bool accepts = slice_equal_text(json_get_string(data, "QuoteStatus"), "ApplicationPending");
    struct lfi_quote_change change = {.size = sizeof(change),
                                      .status = accepts ? LFI_QUOTE_APPLIED : LFI_QUOTE_VERIFIED,
                                      .quote_id = quote_id};
    int rc = check_change(call, &quote, data, change.status);
    if (rc == 0) {
        char *text = cJSON_PrintUnformatted(data);
        change.json = slice_of(text);
        rc = text ? ask_update(call, &change) : outcome_fail(call, "out of memory");
        cJSON_free(text);
    }
    cJSON_Delete(body);
    return rc;
}

/* --- the policy ------------------------------------------------------------------------------- */

static int ask_issue(struct call *call, const struct lfi_quote_issue *issue)
{
    struct lfi_error error = {""};
    struct record policy = {.call = call};
    struct lfi_quote_issue_summary summary = {.size = sizeof(summary)};
    struct core_answer answer = core_answer(take_json, &policy);
    const struct provider *provider = call->provider;
    answer.base.summary = &summary;
    int status = provider->quotes->issue(provider->core, &call->core, issue, &answer.base, &error);
    if (outcome_check(call, OUTCOME_INSURANCE_QUOTE, status, &error) != 0) {
        return -1;
    }
    if (summary.unverified) {
        return refuse_unverified(call);
    }
    if (!policy.json.ptr) {
        return outcome_refuse_record(call, "there is no policy");
    }
    write_reply(call, policy.json, "CreateInsurancePolicyRedirectUrl", summary.continue_url);
    call->reply->status = 201;
    return 0;
}

int quotes_issue(struct call *call, struct lfi_slice client_id)
{
    struct record quote;
    cJSON *body = json_parse(call->request->body);
    const cJSON *data = json_get(body, "data");
    struct lfi_slice quote_id = arena_keep(call->arena, json_get_string(data, "QuoteId"));
    char *text = cJSON_PrintUnformatted(data);
    const struct lfi_quote_issue issue = {
        .size = sizeof(issue), .quote_id = quote_id, .json = slice_of(text)};
    int rc = text && quote_id.ptr ? find(call, client_id, quote_id, &quote)
                                  : outcome_fail(call, "out of memory");
    if (rc == 0) {
        rc = quote.facts.status == LFI_QUOTE_EXPIRED ? refuse_expired(call)
                                                     : ask_issue(call, &issue);
    }
    cJSON_free(text);
    cJSON_Delete(body);
    return rc;
}
