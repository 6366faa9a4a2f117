/*
 * What the reference bank offers for currencies: invented rates that never move, a margin that is
 * smaller for its own customers, charges of a remittance, and a commission for the TPP.
 */
#include "store/fx.h"
#include "store/steps.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MILLION INT64_C(1000000)
#define MARGIN 6000        /* of a million */
#define MARGIN_AGREED 2000 /* for the bank's customers */
#define COMMISSION 1000    /* of a million, of what is sold */
#define FEE 2500           /* of a remittance, in fils */
#define FEE_URGENT 5000
#define VAT_PERCENT 5

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text ? text : "";
}

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* --- the trade -------------------------------------------------------------------------------- */

struct trade {
    const char *sold, *bought; /* currencies */
    int64_t sell, buy;         /* minor units */
    int64_t rate;              /* millionths of what is bought for one of what is sold */
};

static int64_t divide_half_even(int64_t value, int64_t by)
{
    int64_t whole = value / by, twice = value % by * 2;
    return whole + (twice > by || (twice == by && whole % 2 != 0));
}

/* False: the bank does not trade this. */
static bool calculate(const cJSON *data, bool identified, struct trade *out)
{
    struct decimal number;
    const cJSON *amount = member(data, "TradeAmount");
    *out = (struct trade){.sold = text_of(data, "UnitCurrency"),
                          .bought = text_of(data, "QuotedCurrency")};
    int64_t sold = fx_value_of_currency(out->sold), bought = fx_value_of_currency(out->bought);
    bool remitted = strcmp(text_of(data, "TransactionType"), "Remittance") == 0;
    bool same = strcmp(out->sold, out->bought) == 0;
    if (sold == 0 || bought == 0 || same != remitted ||
        !decimal_parse(text_of(amount, "Amount"), &number)) {
        return false;
    }
    int64_t minor = decimal_minor(number);
    if (minor <= 0 || minor > FX_MINOR_MAX) {
        return false;
    }
    int64_t margin = same ? 0 : identified ? MARGIN_AGREED : MARGIN;
    out->rate = sold * MILLION / bought * (MILLION - margin) / MILLION;
    bool sells = strcmp(text_of(amount, "Currency"), out->sold) == 0;
    out->sell = sells ? minor : (minor * MILLION + out->rate - 1) / out->rate;
    out->buy = sells ? divide_half_even(minor * out->rate, MILLION) : minor;
    return out->sell <= FX_MINOR_MAX && out->buy > 0 && out->buy <= FX_MINOR_MAX;
}

/* --- who asks --------------------------------------------------------------------------------- */

/* Whether the bank knows the party by its Emirates ID. lfi_status. */
static int identify(struct store *store, const cJSON *data, bool *out, struct lfi_error *error)
{
    struct lfi_person person = {.size = sizeof(person)};
    const char *id = text_of(member(member(data, "Party"), "Claims"), "EmiratesId");
    int rc = identity_find(store, id, &person, error);
    *out = rc == LFI_OK && !person.blocked;
    return rc == LFI_UNKNOWN || rc == LFI_DENIED ? LFI_OK : rc;
}

/* --- texts ------------------------------------------------------------------------------------ */

static bool add_text(cJSON *object, const char *name, const char *value)
{
    return cJSON_AddStringToObject(object, name, value);
}

static bool add_amount(cJSON *object, const char *name, int64_t minor, const char *currency)
{
    char text[MONEY_TEXT];
    cJSON *amount = cJSON_AddObjectToObject(object, name);
    decimal_format((struct decimal){minor, 2}, text);
    return amount && add_text(amount, "Amount", text) && add_text(amount, "Currency", currency);
}

static bool add_charge(cJSON *charges, const char *type, int64_t fils, const char *description)
{
    cJSON *charge = cJSON_CreateObject();
    if (!charge || !cJSON_AddItemToArray(charges, charge)) {
        cJSON_Delete(charge);
        return false;
    }
    return add_text(charge, "ChargeBearer", "BorneByDebtor") && add_text(charge, "Type", type) &&
           add_amount(charge, "Amount", fils, "AED") &&
           add_text(charge, "Description", description);
}

/* A remittance costs; an exchange alone does not. */
static bool add_charges(cJSON *object, const cJSON *data)
{
    if (strcmp(text_of(data, "TransactionType"), "Spot") == 0) {
        return true;
    }
    const char *priority = text_of(member(data, "RemittanceInformation"), "InstructionPriority");
    int64_t fee = strcmp(priority, "Urgent") == 0 ? FEE_URGENT : FEE;
    cJSON *charges = cJSON_AddArrayToObject(object, "Charges");
    return charges && add_charge(charges, "Fees", fee, "Remittance abroad") &&
           add_charge(charges, "VAT", fee * VAT_PERCENT / 100, "VAT on the fee");
}

static bool add_trade(cJSON *object, const cJSON *data, const struct trade *trade)
{
    return add_amount(object, "SellAmount", trade->sell, trade->sold) &&
           add_amount(object, "BuyAmount", trade->buy, trade->bought) && add_charges(object, data);
}

static bool fill_commission(cJSON *object, const struct trade *trade)
{
    return add_amount(object, "CommissionAmount",
                      divide_half_even(trade->sell * COMMISSION, MILLION), trade->sold) &&
           add_text(object, "PaymentMethod", "ThroughAPIHub");
}

static bool add_copy(cJSON *object, const cJSON *data, const char *name)
{
    const cJSON *item = member(data, name);
    cJSON *copy = item ? cJSON_Duplicate(item, true) : NULL;
    if (item && (!copy || !cJSON_AddItemToObject(object, name, copy))) {
        cJSON_Delete(copy);
        return false;
    }
    return true;
}

static bool fill_record(cJSON *record, const cJSON *data, const struct trade *trade,
                        const struct fx_value *value)
{
    char created[TIME_TEXT], expires[TIME_TEXT];
    time_format(value->created_us, created);
    time_format(value->due_us, expires);
    bool agreed = value->identified && trade->rate != MILLION;
    cJSON *commission = cJSON_AddObjectToObject(record, "Commission");
    return commission && fill_commission(commission, trade) &&
           add_text(record, "FxQuoteId", value->id) && add_copy(record, data, "QuoteReference") &&
           add_trade(record, data, trade) && add_text(record, "UnitCurrency", trade->sold) &&
           add_text(record, "QuotedCurrency", trade->bought) &&
           add_text(record, "RateType", agreed ? "Agreed" : "Actual") &&
           cJSON_AddNumberToObject(record, "ExchangeRate", (double)trade->rate / (double)MILLION) &&
           add_text(record, "UserIdentificationStatus",
                    value->identified ? "UserIdentified" : "UserNotIdentified") &&
           add_text(record, "ExpirationDateTime", expires) &&
           add_text(record, "CreationDateTime", created) &&
           add_copy(record, data, "ContractIdentification") && add_copy(record, data, "Party");
}

/* NULL: out of memory. */
static char *print(cJSON *object, bool whole)
{
    char *text = whole ? cJSON_PrintUnformatted(object) : NULL;
    cJSON_Delete(object);
    return text;
}

static bool write_texts(const cJSON *data, const struct trade *trade, struct fx_quote *out)
{
    cJSON *record = cJSON_CreateObject();
    cJSON *terms = cJSON_CreateObject();
    cJSON *commission = cJSON_CreateObject();
    out->json = print(record, record && fill_record(record, data, trade, &out->value));
    out->trade = print(terms, terms && add_trade(terms, data, trade));
    out->commission = print(commission, commission && fill_commission(commission, trade));
    if (!out->json || !out->trade || !out->commission) {
        return false;
    }
    out->value.json_len = (uint32_t)strlen(out->json) - 1;
    out->value.trade_len = (uint32_t)strlen(out->trade);
    out->value.commission_len = (uint32_t)strlen(out->commission);
    return true;
}

/* --- the offer -------------------------------------------------------------------------------- */

static enum fx_plan plan_of(const struct trade *trade, const cJSON *data)
{
    const cJSON *amount = member(data, "TradeAmount");
    bool sells = strcmp(text_of(amount, "Currency"), trade->sold) == 0;
    return fx_plan_of(sells ? trade->sell : trade->buy);
}

static enum fx_offer offer(struct store *store, const cJSON *data, struct fx_quote *out,
                           struct lfi_error *error)
{
    struct trade trade;
    bool identified = false;
    if (identify(store, data, &identified, error) != LFI_OK) {
        return FX_OFFER_FAILED;
    }
    if (!calculate(data, identified, &trade)) {
        return FX_NOT_OFFERED;
    }
    out->value.identified = identified;
    out->value.plan = plan_of(&trade, data);
    out->value.remitted = strcmp(text_of(data, "TransactionType"), "Spot") != 0;
    out->value.created_us = store->now_us(store->clock);
    out->value.updated_us = out->value.created_us;
    out->value.due_us = out->value.created_us + FX_LIFE_US;
    if (!steps_write_id(out->value.id)) {
        (void)store_say(error, "no random numbers");
        return FX_OFFER_FAILED;
    }
    if (!write_texts(data, &trade, out)) {
        (void)store_say(error, "out of memory");
        return FX_OFFER_FAILED;
    }
    return FX_OFFERED;
}

enum fx_offer fx_offer(struct store *store, struct lfi_slice request, struct fx_quote *out,
                       struct lfi_error *error)
{
    *out = (struct fx_quote){.json = NULL};
    cJSON *data = cJSON_ParseWithLength(request.ptr, request.len);
    if (!data) {
        (void)store_say(error, "the request is not JSON");
        return FX_OFFER_FAILED;
    }
    enum fx_offer result = offer(store, data, out, error);
    cJSON_Delete(data);
    if (result == FX_OFFER_FAILED) {
        fx_free(out);
    }
    return result;
}

void fx_free(struct fx_quote *quote)
{
    cJSON_free(quote->json);
    cJSON_free(quote->trade);
    cJSON_free(quote->commission);
    *quote = (struct fx_quote){.json = NULL};
}
