/* Payments into another currency: what one costs by its quote, and that it uses the quote up. */
#include "store/fx.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <string.h>

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(member(object, name));
    return text ? text : "";
}

static int64_t minor_of(const cJSON *amount)
{
    struct decimal number;
    return decimal_parse(text_of(amount, "Amount"), &number) ? decimal_minor(number) : 0;
}

/* --- the record ------------------------------------------------------------------------------- */

static bool copy_text(cJSON *to, const char *as, const cJSON *from, const char *name)
{
    const char *text = text_of(from, name);
    return !text[0] || cJSON_AddStringToObject(to, as, text);
}

static bool add_charge(cJSON *charges, const cJSON *charge)
{
    cJSON *added = cJSON_CreateObject();
    if (!added || !cJSON_AddItemToArray(charges, added)) {
        cJSON_Delete(added);
        return false;
    }
    cJSON *amount = cJSON_AddObjectToObject(added, "amount");
    return copy_text(added, "chargeBearer", charge, "ChargeBearer") &&
           copy_text(added, "type", charge, "Type") && amount &&
           copy_text(amount, "amount", member(charge, "Amount"), "Amount") &&
           copy_text(amount, "currency", member(charge, "Amount"), "Currency");
}

static bool add_charges(cJSON *record, const cJSON *quoted)
{
    const cJSON *charge;
    bool whole = true;
    cJSON *charges = cJSON_AddArrayToObject(record, "charges");
    cJSON_ArrayForEach(charge, quoted)
    {
        whole = whole && charges && add_charge(charges, charge);
    }
    return whole && charges;
}

static bool add_rate(cJSON *record, const cJSON *quote)
{
    cJSON *rate = cJSON_AddObjectToObject(record, "exchangeRate");
    return rate && copy_text(rate, "unitCurrency", quote, "UnitCurrency") &&
           cJSON_AddNumberToObject(rate, "exchangeRate",
                                   cJSON_GetNumberValue(member(quote, "ExchangeRate"))) &&
           copy_text(rate, "rateType", quote, "RateType") &&
           copy_text(rate, "contractIdentification", quote, "ContractIdentification") &&
           copy_text(rate, "expirationDateTime", quote, "ExpirationDateTime");
}

/* NULL: out of memory. */
static char *write_exchange(const cJSON *quote, struct lfi_slice currency_request)
{
    cJSON *record = cJSON_CreateObject();
    cJSON *asked = cJSON_ParseWithLength(currency_request.ptr, currency_request.len);
    bool whole = record && add_charges(record, member(quote, "Charges")) && add_rate(record, quote);
    if (whole && asked && cJSON_AddItemToObject(record, "currencyRequest", asked)) {
        asked = NULL;
    }
    char *text = whole && !asked ? cJSON_PrintUnformatted(record) : NULL;
    cJSON_Delete(asked);
    cJSON_Delete(record);
    return text;
}

/* --- the order -------------------------------------------------------------------------------- */

static int64_t borne_by_debtor(const cJSON *charges)
{
    int64_t sum = 0;
    const cJSON *charge;
    cJSON_ArrayForEach(charge, charges)
    {
        bool debtor = strcmp(text_of(charge, "ChargeBearer"), "BorneByDebtor") == 0;
        sum += debtor ? minor_of(member(charge, "Amount")) : 0;
    }
    return sum;
}

/* What lies behind the value is the record without its last brace. */
static cJSON *read_quote(const struct fx_value *value, const MDB_val *bytes)
{
    char *text = cJSON_malloc(value->json_len + 2);
    if (!text) {
        return NULL;
    }
    memcpy(text, (const char *)bytes->mv_data + sizeof(*value), value->json_len);
    memcpy(text + value->json_len, "}", 2);
    cJSON *quote = cJSON_Parse(text);
    cJSON_free(text);
    return quote;
}

int fx_judge(struct payments *payments, MDB_txn *txn, const struct lfi_payment_order *order,
             int64_t now_us, struct fx_payment *out)
{
    MDB_val bytes;
    struct fx_value value;
    *out = (struct fx_payment){.fault = "the bank has no such quote"};
    int rc = fx_get(payments, txn, order->quote_id, &value, &bytes);
    if (rc != 0) {
        return rc == MDB_NOTFOUND ? 0 : rc;
    }
    if (!fx_is_payable(&value, now_us)) {
        out->fault = "the quote is not one that waits for a payment";
        return 0;
    }
    cJSON *quote = read_quote(&value, &bytes);
    const cJSON *sold = member(quote, "SellAmount");
    if (minor_of(sold) == order->amount.minor &&
        strcmp(text_of(sold, "Currency"), order->amount.currency) == 0) {
        out->payable = true;
        out->plan = value.plan;
        out->charges = borne_by_debtor(member(quote, "Charges"));
        out->exchange = write_exchange(quote, order->currency_request);
    } else {
        out->fault = "the amount is not what the quote sells";
    }
    cJSON_Delete(quote);
    return out->payable && !out->exchange ? ENOMEM : 0;
}

int fx_pay(struct payments *payments, MDB_txn *txn, struct lfi_slice quote_id, int64_t now_us)
{
    MDB_val bytes;
    struct fx_value value;
    int rc = fx_get(payments, txn, quote_id, &value, &bytes);
    return rc == 0 ? fx_step(payments, txn, &value, LFI_FX_FUNDED, now_us) : rc;
}
