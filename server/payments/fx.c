#include "payments/fx.h"

#include "base/array.h"
#include "base/error.h"
#include "base/limits.h"
#include "payments/exchange.h"
#include "payments/identity.h"

/* --- asking for one --------------------------------------------------------------------------- */

static bool has_text(const cJSON *object, const char *name, struct lfi_slice text)
{
    return slice_equal(json_get_string(object, name), text);
}

static int check_request(struct call *call, const cJSON *data)
{
    struct lfi_slice traded = json_get_string(json_get(data, "TradeAmount"), "Currency");
    const cJSON *remittance = json_get(data, "RemittanceInformation");
    if (!has_text(data, "UnitCurrency", traded) && !has_text(data, "QuotedCurrency", traded)) {
        return refusal_set(call->refusal, "FX-TRADE-CURRENCY", 400, "Body.InvalidFormat",
                           "TradeAmount must be in UnitCurrency or QuotedCurrency.");
    }
    bool remits = !has_text(data, "TransactionType", SLICE("Spot"));
    bool alone = has_text(data, "TransactionType", SLICE("Remittance"));
    if ((remits && !remittance) || (alone && !json_get(remittance, "PaymentAmount"))) {
        return refusal_set(call->refusal, "FX-REMITTANCE", 400, "Body.InvalidFormat",
                           "A remittance needs RemittanceInformation, and one without an exchange "
                           "its PaymentAmount.");
    }
    return 0;
}

/* The answer to a request has less than the quote that is read later. */
static int write_quote(struct call *call, const struct fx_record *record,
                       const struct lfi_fx_summary *summary)
{
    static const char *const left_out[] = {"ContractIdentification", "Party", "QuoteStatus",
                                           "CreationDateTime", "StatusUpdateDateTime"};
    struct json_writer w;
    if (!record->json.ptr || !summary->liability_url[0] || !summary->refund_url[0]) {
        return outcome_refuse_record(call, "there is no record, or it lacks its policies");
    }
    cJSON *quote = json_parse(record->json);
    for (size_t i = 0; i < ARRAY_LEN(left_out); i++) {
        cJSON_DeleteItemFromObjectCaseSensitive(quote, left_out[i]);
    }
    char *text = quote ? cJSON_PrintUnformatted(quote) : NULL;
    cJSON_Delete(quote);
    if (!text) {
        return outcome_refuse_record(call, "the record is not JSON");
    }
    json_begin(&w, &call->reply->body);
    json_open_object(&w, NULL);
    json_raw(&w, "data", slice_of(text));
    json_open_object(&w, "links");
    json_text(&w, "LiabilityPolicy", summary->liability_url);
    json_text(&w, "RefundCancellationPolicy", summary->refund_url);
    json_close_object(&w);
    json_close_object(&w);
    cJSON_free(text);
    call->reply->status = 201;
    return 0;
}

static int ask_core(struct call *call, const struct lfi_fx_request *request)
{
    struct lfi_error error = {""};
    struct fx_record record = {.arena = call->arena};
    struct lfi_fx_summary summary = {.size = sizeof(summary)};
    struct core_answer answer = fx_record_answer(&record);
    const struct provider *provider = call->provider;
    answer.base.summary = &summary;
    int status = provider->fx->quote(provider->core, &call->core, request, &answer.base, &error);
    call->record_fault = record.fault;
    if (outcome_check(call, OUTCOME_BANK, status, &error) != 0) {
        return -1;
    }
    if (summary.repeated) {
        return refusal_set(call->refusal, "FX-REPEATED", 409, "GenericError",
                           "The QuoteReference has a quote already.");
    }
    if (summary.unavailable) {
        call->reply->status = 204;
        return 0;
    }
    return write_quote(call, &record, &summary);
}

int fx_quote(struct call *call, struct lfi_slice client_id)
{
    int rc = -1;
    char *text = NULL;
    cJSON *body = json_parse(call->request->body);
    cJSON *data = cJSON_GetObjectItemCaseSensitive(body, "data");
    if (check_request(call, data) != 0) {
        goto out;
    }
    text = cJSON_PrintUnformatted(data);
    struct lfi_fx_request request = {.size = sizeof(request),
                                     .identity_life_s = LIMIT_FX_IDENTITY_S,
                                     .client_id = client_id,
                                     .json = slice_of(text)};
    const struct lfi_slice parts[] = {client_id, json_get_string(data, "QuoteReference")};
    rc = text && identity_write(parts, ARRAY_LEN(parts), request.identity)
             ? ask_core(call, &request)
             : outcome_fail(call, "out of memory");
out:
    cJSON_free(text);
    cJSON_Delete(body);
    return rc;
}

/* --- one that there is ------------------------------------------------------------------------ */

static int find(struct call *call, struct lfi_slice client_id, struct lfi_slice quote_id,
                struct fx_record *out)
{
    struct lfi_error error = {""};
    const struct fx_named named = {quote_id, client_id};
    *out = (struct fx_record){.arena = call->arena};
    int status = fx_record_find(call->provider, &call->core, &named, out, &error);
    call->record_fault = out->fault;
    if (outcome_check(call, OUTCOME_QUOTE, status, &error) != 0) {
        return -1;
    }
    return out->json.ptr && slice_equal_text(quote_id, out->facts.quote_id)
               ? 0
               : outcome_refuse_record(call, "the quote is not the one that was asked for");
}

int fx_find(struct call *call, struct lfi_slice client_id, struct lfi_slice quote_id)
{
    struct json_writer w;
    struct fx_record record;
    if (find(call, client_id, quote_id, &record) != 0) {
        return -1;
    }
    json_begin(&w, &call->reply->body);
    json_open_object(&w, NULL);
    json_raw(&w, "data", record.json);
    json_close_object(&w);
    call->reply->status = 200;
    return 0;
}

/* --- acceptance ------------------------------------------------------------------------------- */

static bool says(const cJSON *accepted, struct lfi_slice quoted)
{
    cJSON *tree = json_parse(quoted);
    bool same = tree && cJSON_Compare(accepted, tree, true);
    cJSON_Delete(tree);
    return same;
}

/* Whether it repeats the quote exactly. */
static bool repeats(const struct fx_record *record, const cJSON *data)
{
    cJSON *quote = json_parse(record->json);
    bool same = has_text(quote, "QuoteReference", json_get_string(data, "QuoteReference")) &&
                says(json_get(data, "Trade"), record->facts.trade) &&
                says(json_get(data, "Commission"), record->facts.commission);
    cJSON_Delete(quote);
    return same;
}

int fx_accept(struct call *call, struct lfi_slice client_id, struct lfi_slice quote_id)
{
    struct fx_record record;
    struct lfi_error error = {""};
    const struct provider *provider = call->provider;
    if (find(call, client_id, quote_id, &record) != 0) {
        return -1;
    }
    cJSON *body = json_parse(call->request->body);
    bool same = repeats(&record, json_get(body, "data"));
    cJSON_Delete(body);
    if (!same) {
        return refusal_set(call->refusal, "FX-TERMS", 400, "Body.InvalidFormat",
                           "QuoteReference, Trade and Commission must be those of the quote.");
    }
    int status = provider->fx->accept(provider->core, &call->core, quote_id, &error);
    if (outcome_check(call, OUTCOME_QUOTE, status, &error) != 0) {
        return -1;
    }
    call->reply->status = 204;
    return 0;
}
