#include "connect/additions.h"

#include "base/error.h"
#include "consent/billing.h"

static int keep_terms(struct call *call, const struct exchange *exchange, struct fx_terms *out)
{
    if (exchange->record.facts.status != LFI_FX_AVAILABLE && !exchange_is_payable(exchange)) {
        return refusal_set(call->refusal, "ADDITIONS-QUOTE-ENDED", 400,
                           "Consent.BusinessRuleViolation",
                           "The quote that the consent names has ended.");
    }
    return fx_terms_read(exchange->quote, call->arena, out) ? 0
                                                            : outcome_fail(call, "out of memory");
}

static int find_exchange(struct call *call, const cJSON *tree, struct fx_terms *out)
{
    struct exchange exchange;
    struct lfi_error error = {""};
    const cJSON *data = json_get(json_get(tree, "consentBody"), "Data");
    const struct fx_named named = {
        .quote_id = json_get_string(json_get(data, "CurrencyRequest"), "FxQuoteId"),
        .client_id = json_get_string(json_get(tree, "tpp"), "clientId")};
    *out = (struct fx_terms){.charges = {NULL, 0}};
    if (!named.quote_id.ptr || !call->provider->fx) {
        return 0;
    }
    int status = exchange_find(call->provider, &call->core, &named, call->arena, &exchange, &error);
    int rc = status == LFI_UNKNOWN
                 ? refusal_set(call->refusal, "ADDITIONS-QUOTE", 400, "Consent.Invalid",
                               "The consent names a quote that there is not.")
             : outcome_check(call, OUTCOME_BANK, status, &error) != 0
                 ? -1
                 : keep_terms(call, &exchange, out);
    exchange_close(&exchange);
    return rc;
}

int additions_find(struct call *call, const cJSON *tree, struct additions *out)
{
    struct lfi_error error = {""};
    int status = billing_find(call->provider, &call->core, &out->large_corporate, &error);
    return outcome_check(call, OUTCOME_USER, status, &error) == 0
               ? find_exchange(call, tree, &out->exchange)
               : -1;
}

void additions_write(struct json_writer *w, const struct additions *additions)
{
    if (additions->exchange.charges.ptr) {
        json_raw(w, "Charges", additions->exchange.charges);
    }
    if (additions->exchange.rate.ptr) {
        json_raw(w, "ExchangeRate", additions->exchange.rate);
    }
    billing_write(w, "OpenFinanceBilling", additions->large_corporate);
}
