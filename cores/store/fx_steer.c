/* What of a request for a quote decides what becomes of it. */
#include "store/fx.h"
#include "store/steer.h"

#include <stdio.h>
#include <string.h>

/* Millionths of a dirham. */
static const struct {
    const char *currency;
    int64_t value;
} rates[] = {
    {"AED", 1000000}, {"EUR", 4021300}, {"GBP", 4684200}, {"INR", 43150},
    {"PHP", 63420},   {"PKR", 13120},   {"SAR", 979300},  {"USD", 3672500},
};
#define RATE_COUNT (sizeof(rates) / sizeof(rates[0]))

/* Hundredths of the amount that decide how an accepted trade ends. */
static const struct {
    int64_t hundredths;
    enum fx_plan plan;
    const char *place, *shows, *status;
} ends[] = {
    {91, FX_PLAN_REJECT, "fx-rejected", "this amount: the bank cannot carry out the trade",
     "Rejected"},
    {92, FX_PLAN_CANCEL, "fx-cancelled", "this amount: the trade is not funded in time",
     "Cancelled"},
};
#define END_COUNT (sizeof(ends) / sizeof(ends[0]))

int64_t fx_value_of_currency(const char *currency)
{
    for (size_t i = 0; i < RATE_COUNT; i++) {
        if (strcmp(rates[i].currency, currency) == 0) {
            return rates[i].value;
        }
    }
    return 0;
}

enum fx_plan fx_plan_of(int64_t minor)
{
    for (size_t i = 0; i < END_COUNT; i++) {
        if (minor % 100 == ends[i].hundredths) {
            return ends[i].plan;
        }
    }
    return FX_PLAN_COMPLETE;
}

/* --- places ----------------------------------------------------------------------------------- */

#define ORDINARY_MINOR 100000 /* of a trade in dirhams */

static const struct {
    const char *place, *shows;
    enum store_steer_party party;
    const char *quoted; /* currency */
    int64_t minor;
    const char *status;
    const char *type; /* of the transaction; NULL: an exchange alone */
} others[] = {
    {"fx-customer", "the Emirates ID of a customer: the agreed rate, and no account is opened",
     STORE_STEER_CUSTOMER, "INR", ORDINARY_MINOR, "Completed", NULL},
    {"fx-barred", "the Emirates ID of a barred customer: as if the bank did not know it",
     STORE_STEER_BARRED, "INR", ORDINARY_MINOR, "Completed", NULL},
    {"fx-account", "nobody whom the bank knows: waits a day for an account, which completes it",
     STORE_STEER_NOBODY, "INR", ORDINARY_MINOR, "Completed", NULL},
    {"fx-no-account", "nobody whom the bank knows, and no account is opened within a day",
     STORE_STEER_NOBODY, "INR", ORDINARY_MINOR, "Cancelled", NULL},
    {"fx-expired", "nobody accepts it within its ten minutes", STORE_STEER_NOBODY, "INR",
     ORDINARY_MINOR, "Expired", NULL},
    {"fx-remittance", "sent abroad, with a fee and VAT on it; a payment under the quote funds it",
     STORE_STEER_NOBODY, "INR", ORDINARY_MINOR, "Accepted", "SpotAndRemittance"},
    {"fx-remittance-unpaid", "sent abroad, and no payment comes within ten minutes",
     STORE_STEER_NOBODY, "INR", ORDINARY_MINOR, "Cancelled", "SpotAndRemittance"},
    {"fx-currency-not-traded", "a currency that the bank does not trade", STORE_STEER_NOBODY, "XAU",
     ORDINARY_MINOR, "204", NULL},
    {"fx-same-currency", "an exchange of a currency for itself", STORE_STEER_NOBODY, "AED",
     ORDINARY_MINOR, "204", NULL},
    {"fx-largest", "as much as the bank trades", STORE_STEER_NOBODY, "USD", FX_MINOR_MAX,
     "Available", NULL},
    {"fx-too-much", "more than the bank trades", STORE_STEER_NOBODY, "USD", FX_MINOR_MAX + 1, "204",
     NULL},
    {"fx-nothing", "no money to trade", STORE_STEER_NOBODY, "USD", 0, "204", NULL},
};
#define OTHER_COUNT (sizeof(others) / sizeof(others[0]))

/* `type` NULL: of an ordinary request. */
static void write_request(struct store_steer *out, const char *type, const char *quoted,
                          int64_t minor)
{
    char amount[MONEY_TEXT];
    decimal_format((struct decimal){minor, 2}, amount);
    (void)snprintf(out->request, sizeof(out->request),
                   "{%s%s%s\"QuotedCurrency\":\"%s\",\"TradeAmount\":{\"Amount\":\"%s\","
                   "\"Currency\":\"AED\"}}",
                   type ? "\"TransactionType\":\"" : "", type ? type : "", type ? "\"," : "",
                   quoted, amount);
}

/* The first currency is the one that is sold. */
static void steer_to_currency(size_t n, struct store_steer *out)
{
    *out = (struct store_steer){.place = "fx-currency", .status = "Available"};
    (void)snprintf(out->shows, sizeof(out->shows), "dirhams for %s", rates[n].currency);
    write_request(out, NULL, rates[n].currency, ORDINARY_MINOR);
}

static void steer_to_end(size_t n, struct store_steer *out)
{
    *out = (struct store_steer){.place = ends[n].place, .status = ends[n].status};
    (void)snprintf(out->shows, sizeof(out->shows), "%s", ends[n].shows);
    write_request(out, NULL, "INR", ORDINARY_MINOR + ends[n].hundredths);
}

static void steer_otherwise(size_t n, struct store_steer *out)
{
    *out = (struct store_steer){
        .place = others[n].place, .party = others[n].party, .status = others[n].status};
    (void)snprintf(out->shows, sizeof(out->shows), "%s", others[n].shows);
    write_request(out, others[n].type, others[n].quoted, others[n].minor);
}

bool store_steer_fx(size_t n, struct store_steer *out)
{
    size_t currencies = RATE_COUNT - 1;
    if (n < currencies) {
        steer_to_currency(n + 1, out);
    } else if (n - currencies < END_COUNT) {
        steer_to_end(n - currencies, out);
    } else if (n - currencies - END_COUNT < OTHER_COUNT) {
        steer_otherwise(n - currencies - END_COUNT, out);
    } else {
        return false;
    }
    return true;
}
