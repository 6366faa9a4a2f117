#include "connect/additions.h"

#include "base/error.h"
#include "consent/billing.h"

#include <string.h>

static int find_exchange(struct call *call, const cJSON *tree, struct fx_terms *out)
{
    const cJSON *data = json_get(json_get(tree, "consentBody"), "Data");
    struct lfi_slice quote_id = json_get_string(json_get(data, "CurrencyRequest"), "FxQuoteId");
    struct lfi_slice client_id = json_get_string(json_get(tree, "tpp"), "clientId");
    *out = (struct fx_terms){.charges = {NULL, 0}};
    if (!quote_id.ptr || !call->provider->fx) {
        return 0;
    }
    if (fx_find_terms(call, client_id, quote_id, out) != 0) {
        return strcmp(call->refusal->id, "FX-QUOTE-UNKNOWN") == 0
                   ? refusal_set(call->refusal, "ADDITIONS-QUOTE", 400, "Consent.Invalid",
                                 "The consent names a quote that there is not.")
                   : -1;
    }
    return out->status == LFI_FX_AVAILABLE || out->status == LFI_FX_ACCEPTED ||
                   out->status == LFI_FX_ACCOUNT_OPENED
               ? 0
               : refusal_set(call->refusal, "ADDITIONS-QUOTE-ENDED", 400,
                             "Consent.BusinessRuleViolation",
                             "The quote that the consent names has ended.");
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
