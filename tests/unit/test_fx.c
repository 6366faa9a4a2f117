// link: lfi-store lfi-base
/* Quotes of currency exchange: what is offered, what the clock makes of it, identities, the feed.
 */
#include "payments_bank.h"

#define LIFE_S 86400
#define QUOTE_S 600

struct given {
    struct lfi_answer base;
    unsigned count, number;
    char json[2048], cursor[65], trade[256], commission[256];
    struct lfi_fx_facts facts;
    bool changes;
};

static void copy(struct lfi_slice from, char *to, size_t room)
{
    assert_true(from.len < room);
    memcpy(to, from.ptr, from.len);
    to[from.len] = '\0';
}

static int take(struct lfi_answer *answer, struct lfi_slice json, const void *facts)
{
    struct given *given = (struct given *)answer;
    const struct lfi_fx_change *change = facts;
    given->facts = given->changes ? change->facts : *(const struct lfi_fx_facts *)facts;
    given->count++;
    if (given->changes) {
        given->number = change->number;
        memcpy(given->cursor, change->cursor, sizeof(given->cursor));
    }
    copy(json, given->json, sizeof(given->json));
    copy(given->facts.trade, given->trade, sizeof(given->trade));
    copy(given->facts.commission, given->commission, sizeof(given->commission));
    return 0;
}

static struct given given_of(void *summary)
{
    return (struct given){.base = {sizeof(struct lfi_answer), take, 0, summary}};
}

static struct lfi_fx_summary ask(struct pay_bank *bank, unsigned char identity, const char *sold,
                                 const char *bought, const char *amount, struct given *out)
{
    char json[512];
    struct lfi_error error = {""};
    struct lfi_fx_summary summary = {.size = sizeof(summary)};
    (void)snprintf(json, sizeof(json),
                   "{\"QuoteReference\":\"q\",\"TransactionType\":\"Spot\",\"UnitCurrency\":\"%s\","
                   "\"QuotedCurrency\":\"%s\",\"TradeAmount\":%s}",
                   sold, bought, amount);
    const struct lfi_fx_request request = {.size = sizeof(request),
                                           .identity_life_s = LIFE_S,
                                           .identity = {identity},
                                           .client_id = pay_text("client-1"),
                                           .json = pay_text(json)};
    *out = given_of(&summary);
    assert_int_equal(store_fx.quote(bank->store, &bank->call, &request, &out->base, &error),
                     LFI_OK);
    assert_int_equal(out->count, summary.repeated || summary.unavailable ? 0 : 1);
    return summary;
}

static struct given quote(struct pay_bank *bank, unsigned char identity, const char *amount)
{
    struct given out;
    struct lfi_fx_summary summary = ask(bank, identity, "AED", "USD", amount, &out);
    assert_false(summary.repeated || summary.unavailable);
    return out;
}

#define SELL "{\"Amount\":\"1000.00\",\"Currency\":\"AED\"}"

static int accept(struct pay_bank *bank, const char *id)
{
    struct lfi_error error = {""};
    return store_fx.accept(bank->store, &bank->call, pay_text(id), &error);
}

static struct given find(struct pay_bank *bank, const char *id)
{
    struct lfi_error error = {""};
    struct given found = given_of(NULL);
    const struct lfi_query query = {.size = sizeof(query), .subject_id = pay_text(id)};
    assert_int_equal(store_fx.find(bank->store, &bank->call, &query, &found.base, &error), LFI_OK);
    return found;
}

static int read_feed(struct pay_bank *bank, const char *cursor, uint32_t limit, struct given *out)
{
    struct lfi_error error = {""};
    const struct lfi_change_query query = {
        .size = sizeof(query), .cursor = pay_text(cursor), .limit = limit};
    *out = given_of(NULL);
    out->changes = true;
    return store_fx.changes(bank->store, &bank->call, &query, &out->base, &error);
}

static void amounts_follow_the_rate_and_are_rounded_half_to_even(void **state)
{
    static const struct {
        const char *sold, *bought, *amount, *sell, *buy;
    } cases[] = {
        /* 1000000/3672500, less 6 in 1000: 0.270660 */
        {"AED", "USD", "{\"Amount\":\"1000.00\",\"Currency\":\"AED\"}", "1000.00", "270.66"},
        {"AED", "USD", "{\"Amount\":\"500.00\",\"Currency\":\"AED\"}", "500.00", "135.33"},
        {"AED", "USD", "{\"Amount\":\"1.00\",\"Currency\":\"USD\"}", "3.70", "1.00"},
        /* 3672500/1000000, less 6 in 1000: 3.650465 */
        {"USD", "AED", "{\"Amount\":\"1000.00\",\"Currency\":\"USD\"}", "1000.00", "3650.46"},
        {"USD", "AED", "{\"Amount\":\"0.01\",\"Currency\":\"AED\"}", "0.01", "0.01"},
        {"GBP", "PKR", "{\"Amount\":\"10.00\",\"Currency\":\"GBP\"}", "10.00", "3548.85"},
    };
    struct pay_bank *bank = *state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct given given;
        char sell[64], buy[64];
        struct lfi_fx_summary summary = ask(bank, (unsigned char)(i + 1), cases[i].sold,
                                            cases[i].bought, cases[i].amount, &given);
        assert_false(summary.unavailable);
        (void)snprintf(sell, sizeof(sell), "\"SellAmount\":{\"Amount\":\"%s\"", cases[i].sell);
        (void)snprintf(buy, sizeof(buy), "\"BuyAmount\":{\"Amount\":\"%s\"", cases[i].buy);
        assert_non_null(strstr(given.trade, sell));
        assert_non_null(strstr(given.trade, buy));
        assert_non_null(strstr(given.json, sell));
        assert_true(summary.liability_url[0] && summary.refund_url[0]);
    }
}

static void what_is_not_traded_is_unavailable(void **state)
{
    static const struct {
        const char *sold, *bought, *amount;
    } cases[] = {
        {"AED", "XAU", SELL},
        {"XAU", "AED", "{\"Amount\":\"1.00\",\"Currency\":\"AED\"}"},
        {"AED", "AED", SELL},
        {"AED", "USD", "{\"Amount\":\"0.00\",\"Currency\":\"AED\"}"},
        {"AED", "USD", "{\"Amount\":\"10000000.01\",\"Currency\":\"AED\"}"},
        {"AED", "USD", "{\"Amount\":\"2706600.01\",\"Currency\":\"USD\"}"}, /* sells more */
        {"AED", "INR", "{\"Amount\":\"9999999999999999.99\",\"Currency\":\"AED\"}"},
        {"PKR", "GBP", "{\"Amount\":\"0.01\",\"Currency\":\"PKR\"}"}, /* buys nothing */
    };
    struct pay_bank *bank = *state;
    struct given given;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(
            ask(bank, 1, cases[i].sold, cases[i].bought, cases[i].amount, &given).unavailable);
    }
    assert_false(
        ask(bank, 1, "AED", "USD", "{\"Amount\":\"10000000.00\",\"Currency\":\"AED\"}", &given)
            .unavailable);
}

static void a_quote_expires_to_the_instant(void **state)
{
    struct pay_bank *bank = *state;
    struct given first = quote(bank, 1, SELL), second = quote(bank, 2, SELL);
    bank->now_us += QUOTE_S * BANK_SECOND - 1;
    assert_int_equal(find(bank, first.facts.quote_id).facts.status, LFI_FX_AVAILABLE);
    assert_int_equal(accept(bank, first.facts.quote_id), LFI_OK);
    assert_int_equal(accept(bank, first.facts.quote_id), LFI_DENIED);
    bank->now_us += 1;
    assert_int_equal(accept(bank, second.facts.quote_id), LFI_DENIED);
    struct given expired = find(bank, second.facts.quote_id);
    assert_int_equal(expired.facts.status, LFI_FX_EXPIRED);
    assert_non_null(strstr(expired.json, "\"QuoteStatus\":\"Expired\""));
    assert_int_equal(find(bank, first.facts.quote_id).facts.status, LFI_FX_ACCEPTED);
    assert_int_equal(accept(bank, "00000000-0000-4000-a000-000000000000"), LFI_UNKNOWN);
}

static void an_identity_counts_unless_its_quote_came_to_nothing(void **state)
{
    struct pay_bank *bank = *state;
    struct given first = quote(bank, 1, SELL), given;
    assert_true(ask(bank, 1, "AED", "INR", SELL, &given).repeated);
    assert_int_equal(accept(bank, first.facts.quote_id), LFI_OK);
    bank->now_us += LIFE_S * BANK_SECOND - 1;
    assert_true(ask(bank, 1, "AED", "USD", SELL, &given).repeated);
    bank->now_us += 1;
    struct given second = quote(bank, 1, SELL);
    bank->now_us += QUOTE_S * BANK_SECOND;
    struct given third = quote(bank, 1, SELL);
    assert_string_not_equal(second.facts.quote_id, third.facts.quote_id);
}

static void what_is_accepted_and_told_survives_a_restart(void **state)
{
    struct pay_bank *bank = *state;
    struct given asked = quote(bank, 1, "{\"Amount\":\"1000.91\",\"Currency\":\"AED\"}"), change;
    assert_int_equal(read_feed(bank, NULL, 10, &change), LFI_OK);
    assert_int_equal(change.count, 0);
    assert_int_equal(accept(bank, asked.facts.quote_id), LFI_OK);
    bank->now_us += 3600 * BANK_SECOND;
    assert_int_equal(read_feed(bank, NULL, 1, &change), LFI_OK);
    assert_int_equal(change.facts.status, LFI_FX_ACCEPTED);
    assert_int_equal(change.number, 1);
    char cursor[65];
    memcpy(cursor, change.cursor, sizeof(cursor));
    store_close(bank->store);
    pay_open(bank);
    assert_int_equal(read_feed(bank, cursor, 10, &change), LFI_OK);
    assert_int_equal(change.count, 1);
    assert_int_equal(change.number, 2);
    assert_int_equal(change.facts.status, LFI_FX_REJECTED);
    assert_string_equal(change.facts.client_id, "client-1");
    assert_string_equal(change.facts.information, "The bank could not carry out the trade.");
    assert_string_equal(change.trade, asked.trade);
    assert_string_equal(change.commission, asked.commission);
    memcpy(cursor, change.cursor, sizeof(cursor));
    assert_int_equal(read_feed(bank, cursor, 10, &change), LFI_OK);
    assert_int_equal(change.count, 0);
    assert_int_equal(read_feed(bank, "x", 10, &change), LFI_UNKNOWN);
}

static int take_any(struct lfi_answer *answer, struct lfi_slice json, const void *facts)
{
    (void)answer;
    (void)json;
    (void)facts;
    return 0;
}

/* An opening of the client for the quote; its Emirates ID is good. */
static void open_account(struct pay_bank *bank, const char *client, const char *quote_id)
{
    static const char json[] = "{\"Party\":{\"Claims\":{\"IdentityType\":\"Person\",\"FullName\":"
                               "\"Layla Qamar\",\"EmiratesIdExpiryDate\":\"2036-06-30\"}}}";
    static unsigned char identity;
    struct lfi_error error = {""};
    struct lfi_opening_summary summary = {.size = sizeof(summary)};
    const struct lfi_opening_request request = {.size = sizeof(request),
                                                .identity_life_s = LIFE_S,
                                                .identity = {++identity},
                                                .client_id = pay_text(client),
                                                .quote_id = pay_text(quote_id),
                                                .json = pay_text(json)};
    struct lfi_answer ignored = {sizeof(ignored), take_any, 0, &summary};
    assert_int_equal(store_opening.request(bank->store, &bank->call, &request, &ignored, &error),
                     LFI_OK);
    assert_false(summary.repeated);
}

/* Lets the bank look at its openings, as the server does each second. */
static void look_at_openings(struct pay_bank *bank)
{
    struct lfi_error error = {""};
    struct lfi_answer ignored = {sizeof(ignored), take_any, 0, NULL};
    const struct lfi_change_query query = {.size = sizeof(query), .limit = 10};
    assert_int_equal(store_opening.changes(bank->store, &bank->call, &query, &ignored, &error),
                     LFI_OK);
}

static void a_stranger_waits_for_an_account_of_the_same_client(void **state)
{
    struct pay_bank *bank = *state;
    struct given own = quote(bank, 1, SELL), other = quote(bank, 2, SELL);
    assert_int_equal(accept(bank, own.facts.quote_id), LFI_OK);
    assert_int_equal(accept(bank, other.facts.quote_id), LFI_OK);
    open_account(bank, "client-1", own.facts.quote_id);
    open_account(bank, "client-2", other.facts.quote_id);
    bank->now_us += 5 * BANK_SECOND;
    look_at_openings(bank);
    assert_int_equal(find(bank, own.facts.quote_id).facts.status, LFI_FX_ACCOUNT_OPENED);
    assert_int_equal(find(bank, other.facts.quote_id).facts.status, LFI_FX_ACCEPTED);
    bank->now_us += 6 * BANK_SECOND;
    assert_int_equal(find(bank, own.facts.quote_id).facts.status, LFI_FX_COMPLETED);
    bank->now_us += 86400 * BANK_SECOND;
    struct given ended = find(bank, other.facts.quote_id);
    assert_int_equal(ended.facts.status, LFI_FX_CANCELLED);
    assert_string_equal(ended.facts.information, "No account was opened for the trade in time.");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, pay_setup, pay_teardown)
    const struct CMUnitTest tests[] = {
        TEST(amounts_follow_the_rate_and_are_rounded_half_to_even),
        TEST(what_is_not_traded_is_unavailable),
        TEST(a_quote_expires_to_the_instant),
        TEST(an_identity_counts_unless_its_quote_came_to_nothing),
        TEST(what_is_accepted_and_told_survives_a_restart),
        TEST(a_stranger_waits_for_an_account_of_the_same_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
