#include "psu/exchange_terms.h"

#include "base/datetime.h"
#include "base/decimal.h"
#include "payments/exchange.h"

#define JSON_BYTES 8192

/* --- for the view ----------------------------------------------------------------------------- */

static void append_money(struct json_writer *w, const char *name, const cJSON *amount)
{
    json_open_object(w, name);
    json_string(w, "value", json_get_string(amount, "Amount"));
    json_string(w, "currency", json_get_string(amount, "Currency"));
    json_close_object(w);
}

/* What is sold, and the charges that the debtor bears. */
static struct lfi_slice total_of(struct arena *arena, const cJSON *quote)
{
    const cJSON *charge;
    int64_t total = decimal_minor(json_get_string(json_get(quote, "SellAmount"), "Amount"));
    cJSON_ArrayForEach(charge, json_get(quote, "Charges"))
    {
        bool debtor = slice_equal_text(json_get_string(charge, "ChargeBearer"), "BorneByDebtor");
        total += debtor ? decimal_minor(json_get_string(json_get(charge, "Amount"), "Amount")) : 0;
    }
    return arena_format(arena, "%lld.%02d", (long long)(total / 100), (int)(total % 100));
}

static void append_rate(struct json_writer *w, const char *name, const cJSON *quote)
{
    char *rate = cJSON_PrintUnformatted(json_get(quote, "ExchangeRate"));
    json_raw(w, name, rate ? slice_of(rate) : SLICE("0"));
    cJSON_free(rate);
}

static void append_view(struct json_writer *w, const cJSON *quote, const cJSON *request,
                        struct lfi_slice total)
{
    const cJSON *sold = json_get(quote, "SellAmount");
    append_money(w, "sold", sold);
    append_money(w, "bought", json_get(quote, "BuyAmount"));
    json_open_object(w, "total");
    json_string(w, "value", total);
    json_string(w, "currency", json_get_string(sold, "Currency"));
    json_close_object(w);
    append_rate(w, "rate", quote);
    json_string(w, "unit", json_get_string(quote, "UnitCurrency"));
    json_string(w, "quoted", json_get_string(quote, "QuotedCurrency"));
    json_string(w, "rateType", json_get_string(quote, "RateType"));
    json_string(w, "expires", json_get_string(quote, "ExpirationDateTime"));
    json_string_if_any(w, "country", json_get_string(request, "DestinationCountryCode"));
    json_string_if_any(w, "purpose", json_get_string(request, "ExtendedPurpose"));
    json_string_if_any(w, "priority", json_get_string(request, "InstructionPriority"));
}

/* A time that cannot be read has passed. */
static int64_t expires_of(const cJSON *quote)
{
    struct datetime value;
    return datetime_parse(json_get_string(quote, "ExpirationDateTime"), &value)
               ? datetime_utc_us(&value) / 1000000
               : 0;
}

/* --- both ------------------------------------------------------------------------------------- */

static bool write_texts(struct actor actor, const cJSON *request, struct exchange_terms *out)
{
    struct json_writer w;
    struct buf text;
    const cJSON *quote = out->exchange.quote;
    out->total = total_of(actor.arena, quote);
    out->currency =
        arena_keep(actor.arena, json_get_string(json_get(quote, "SellAmount"), "Currency"));
    buf_init(&text, JSON_BYTES);
    json_begin(&w, &text);
    json_open_object(&w, NULL);
    append_view(&w, quote, request, out->total);
    json_close_object(&w);
    out->json = arena_keep(actor.arena, buf_slice(&text));
    bool whole = out->total.ptr && out->currency.ptr && !text.failed && out->json.ptr;
    buf_free(&text);
    return whole && fx_terms_read(quote, actor.arena, &out->agreed);
}

bool exchange_terms_read(struct actor actor, const cJSON *tree, const struct consent *consent,
                         struct exchange_terms *out)
{
    struct lfi_error error = {""};
    const struct provider *provider = actor.endpoint->provider;
    const cJSON *request = json_get(consent->data, "CurrencyRequest");
    const cJSON *amount = json_get(payment_type_terms(consent->schedule), "Amount");
    const struct fx_named named = {json_get_string(request, "FxQuoteId"),
                                   json_get_string(json_get(tree, "tpp"), "clientId")};
    struct lfi_call call = actor_core_call(actor);
    *out = (struct exchange_terms){.expires_s = INT64_MAX};
    if (!request) {
        return true;
    }
    call.tpp_id = (struct lfi_slice){NULL, 0};
    if (!exchange_is_offered(provider) || !consent->payment ||
        consent->payment->id != PAYMENT_SINGLE_INSTANT ||
        exchange_find(provider, &call, &named, actor.arena, &out->exchange, &error) != LFI_OK ||
        exchange_fault(&out->exchange, request, amount)) {
        return false;
    }
    out->over = !exchange_is_payable(&out->exchange);
    out->expires_s = expires_of(out->exchange.quote);
    return write_texts(actor, request, out);
}

const cJSON *exchange_terms_charges(const struct exchange_terms *terms)
{
    return json_get(terms->exchange.quote, "Charges");
}

void exchange_terms_free(struct exchange_terms *terms)
{
    exchange_close(&terms->exchange);
}
