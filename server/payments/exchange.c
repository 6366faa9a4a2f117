#include "payments/exchange.h"

#include "base/array.h"
#include "base/error.h"
#include "flow/call.h"

/* --- a quote ---------------------------------------------------------------------------------- */

static int take(void *ctx, struct lfi_slice json, const void *given)
{
    struct fx_record *record = ctx;
    const struct lfi_fx_facts *facts = given;
    struct arena *arena = record->arena;
    if (!list_is_object(json) || record->json.ptr || !facts ||
        facts->size < sizeof(record->facts) || !facts->trade.ptr || !facts->commission.ptr) {
        record->fault = "the record is malformed, has no facts, or is one too many";
        return -1;
    }
    record->facts = *facts;
    record->facts.trade = arena_keep(arena, facts->trade);
    record->facts.commission = arena_keep(arena, facts->commission);
    record->json = arena_keep(arena, json);
    bool kept = record->json.ptr && record->facts.trade.ptr && record->facts.commission.ptr;
    return kept ? 0 : -1;
}

struct core_answer fx_record_answer(struct fx_record *record)
{
    return core_answer(take, record);
}

int fx_record_find(const struct provider *provider, const struct lfi_call *call,
                   const struct fx_named *named, struct fx_record *record, struct lfi_error *error)
{
    struct core_answer answer = fx_record_answer(record);
    const struct lfi_query query = {.size = sizeof(query), .subject_id = named->quote_id};
    int status = provider->fx->find(provider->core, call, &query, &answer.base, error);
    if (status == LFI_OK && record->json.ptr &&
        !slice_equal_text(named->client_id, record->facts.client_id)) {
        (void)error_set(error, "another client has asked for the quote");
        status = LFI_UNKNOWN;
    }
    return status;
}

/* --- its terms, as consents have them --------------------------------------------------------- */

/* Those members of an object, in the arena; absent: out of memory. */
static struct lfi_slice print_members(struct arena *arena, const cJSON *object,
                                      const char *const *names, size_t count)
{
    cJSON *some = cJSON_CreateObject();
    for (size_t i = 0; i < count; i++) {
        const cJSON *member = json_get(object, names[i]);
        if (member) {
            cJSON_AddItemToObject(some, names[i], cJSON_Duplicate(member, true));
        }
    }
    char *text = some ? cJSON_PrintUnformatted(some) : NULL;
    struct lfi_slice kept = arena_keep(arena, slice_of(text));
    cJSON_free(text);
    cJSON_Delete(some);
    return kept;
}

/* A consent's charges have no description. */
static struct lfi_slice print_charges(struct arena *arena, const cJSON *charges)
{
    struct lfi_slice kept = {NULL, 0};
    cJSON *copy = cJSON_Duplicate(charges, true);
    cJSON *charge;
    cJSON_ArrayForEach(charge, copy)
    {
        cJSON_DeleteItemFromObjectCaseSensitive(charge, "Description");
    }
    char *text = copy ? cJSON_PrintUnformatted(copy) : NULL;
    kept = arena_keep(arena, slice_of(text));
    cJSON_free(text);
    cJSON_Delete(copy);
    return kept;
}

bool fx_terms_read(const cJSON *quote, struct arena *arena, struct fx_terms *out)
{
    static const char *const of_rate[] = {"UnitCurrency", "ExchangeRate", "RateType",
                                          "ContractIdentification", "ExpirationDateTime"};
    const cJSON *charges = json_get(quote, "Charges");
    *out = (struct fx_terms){.rate = print_members(arena, quote, of_rate, ARRAY_LEN(of_rate)),
                             .charges = charges ? print_charges(arena, charges)
                                                : (struct lfi_slice){NULL, 0}};
    return out->rate.ptr && (!charges || out->charges.ptr);
}

/* --- payments under one ----------------------------------------------------------------------- */

bool exchange_is_offered(const struct provider *provider)
{
    return provider->payments && PROVIDER_SERVES(provider, fx, pays);
}

int exchange_find(const struct provider *provider, const struct lfi_call *call,
                  const struct fx_named *named, struct arena *arena, struct exchange *out,
                  struct lfi_error *error)
{
    *out = (struct exchange){.record.arena = arena};
    int status = fx_record_find(provider, call, named, &out->record, error);
    if (status != LFI_OK) {
        return status;
    }
    out->quote = out->record.json.ptr ? json_parse(out->record.json) : NULL;
    if (!out->quote || !slice_equal_text(named->quote_id, out->record.facts.quote_id)) {
        (void)error_set(error, "the quote is malformed, or not the one that was asked for");
        return LFI_FAILED;
    }
    return LFI_OK;
}

void exchange_close(struct exchange *exchange)
{
    cJSON_Delete(exchange->quote);
    exchange->quote = NULL;
}

bool exchange_is_payable(const struct exchange *exchange)
{
    enum lfi_fx_status status = exchange->record.facts.status;
    return status == LFI_FX_ACCEPTED || status == LFI_FX_ACCOUNT_OPENED;
}

static bool same_text(const cJSON *a, const cJSON *b, const char *name)
{
    return slice_equal(json_get_string(a, name), json_get_string(b, name));
}

/* The contract's pattern takes more around the two letters. */
static bool names_country(const cJSON *currency_request)
{
    return !json_get(currency_request, "DestinationCountryCode") ||
           json_get_string(currency_request, "DestinationCountryCode").len == 2;
}

const char *exchange_fault(const struct exchange *exchange, const cJSON *currency_request,
                           const cJSON *amount)
{
    const cJSON *sold = json_get(exchange->quote, "SellAmount");
    const cJSON *bought = json_get(exchange->quote, "BuyAmount");
    if (!same_text(sold, amount, "Amount") || !same_text(sold, amount, "Currency")) {
        return "Amount must be the SellAmount of the quote.";
    }
    if (!slice_equal(json_get_string(currency_request, "CurrencyOfTransfer"),
                     json_get_string(bought, "Currency")) ||
        same_text(sold, bought, "Currency")) {
        return "CurrencyOfTransfer must be what the quote buys, another currency than it sells.";
    }
    return names_country(currency_request) ? NULL : "DestinationCountryCode must be two letters.";
}

/* --- validation ------------------------------------------------------------------------------- */

static int found(struct consent_finding *out, const char *code, const char *description)
{
    *out = (struct consent_finding){code, description};
    return 0;
}

static int judge_quote(const struct exchange *exchange, const struct consent *consent,
                       const cJSON *request, struct consent_finding *out)
{
    const cJSON *amount = json_get(payment_type_terms(consent->schedule), "Amount");
    const char *fault = exchange_fault(exchange, request, amount);
    if (exchange->record.facts.status == LFI_FX_AVAILABLE) {
        return found(out, "InvalidFxQuote", "The quote must be accepted before.");
    }
    if (!exchange_is_payable(exchange)) {
        return found(out, "InvalidFxQuote", "The quote does not wait for a payment.");
    }
    return fault ? found(out, "InvalidFxQuote", fault) : 0;
}

int exchange_validate(struct call *call, const struct consent *consent, struct lfi_slice client_id,
                      struct consent_finding *out)
{
    struct exchange exchange;
    struct lfi_error error = {""};
    const struct provider *provider = call->provider;
    const cJSON *request = json_get(consent->data, "CurrencyRequest");
    struct lfi_slice quote_id = json_get_string(request, "FxQuoteId");
    if (!request) {
        return 0;
    }
    if (!exchange_is_offered(provider)) {
        return found(out, "CurrencyNotSupported", "The bank pays in dirhams only.");
    }
    if (!consent->payment || consent->payment->id != PAYMENT_SINGLE_INSTANT) {
        return found(out, "PaymentTypeNotSupported",
                     "The bank makes single payments alone into another currency.");
    }
    if (!quote_id.ptr) {
        return found(out, "InvalidFxQuote",
                     "The bank pays into another currency under a quote of its own alone.");
    }
    const struct fx_named named = {quote_id, client_id};
    int status = exchange_find(provider, &call->core, &named, call->arena, &exchange, &error);
    int rc = status == LFI_UNKNOWN
                 ? found(out, "InvalidFxQuote", "The bank has given this client no such quote.")
             : outcome_check(call, OUTCOME_BANK, status, &error) != 0
                 ? -1
                 : judge_quote(&exchange, consent, request, out);
    exchange_close(&exchange);
    return rc;
}
