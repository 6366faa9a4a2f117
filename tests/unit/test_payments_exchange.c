// link: lfi-connect lfi-caller lfi-http lfi-jose lfi-base
/* Payments into another currency at banks that take none, and at cores that fail. */
#include "base/error.h"
#include "flow/call.h"
#include "http/http.h"
#include "payments/exchange.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ID "7a0e5f0c-5bb1-4a0e-9d0b-2f6a7a1c0001"

/* What the core gives. */
static int status;
static const char *record, *given_id;
static enum lfi_fx_status quote_status;

static int find(void *core, const struct lfi_call *call, const struct lfi_query *query,
                struct lfi_answer *answer, struct lfi_error *error)
{
    struct lfi_fx_facts facts = {.size = sizeof(facts),
                                 .status = quote_status,
                                 .client_id = "c",
                                 .trade = slice_of("{}"),
                                 .commission = slice_of("{}")};
    (void)core;
    (void)call;
    (void)query;
    (void)snprintf(facts.quote_id, sizeof(facts.quote_id), "%s", given_id);
    if (status != LFI_OK) {
        (void)error_set(error, "the core fails");
        return status;
    }
    return answer->record(answer, slice_of(record), &facts) == 0 ? LFI_OK : LFI_FAILED;
}

static const struct lfi_core_ops ops = {.name = "fake"};
static const struct lfi_payments payments = {.size = sizeof(payments)};
static const struct lfi_fx taking = {.size = sizeof(taking), .find = find, .pays = 1};
static const struct lfi_fx quoting = {.size = sizeof(quoting), .find = find};
static const struct lfi_fx older = {.size = offsetof(struct lfi_fx, pays), .find = find, .pays = 1};

static const char asked[] =
    "{\"CurrencyRequest\":{\"CurrencyOfTransfer\":\"INR\",\"FxQuoteId\":\"" ID "\"},"
    "\"ControlParameters\":{\"ConsentSchedule\":{\"SinglePayment\":{\"Type\":"
    "\"SingleInstantPayment\",\"Amount\":{\"Amount\":\"1.00\",\"Currency\":\"AED\"}}}}}";
static const char quoted[] = "{\"SellAmount\":{\"Amount\":\"1.00\",\"Currency\":\"AED\"},"
                             "\"BuyAmount\":{\"Amount\":\"23.00\",\"Currency\":\"INR\"}}";

/* Judges it at a provider with that family: the code, "" for none; NULL: refused. */
static const char *judge(const char *data, const struct lfi_fx *fx, struct refusal *refusal)
{
    const char *code = NULL;
    struct consent_finding found = {NULL, NULL};
    struct provider provider = {.id = "p", .ops = &ops, .payments = &payments, .fx = fx};
    struct arena *arena = arena_new(64 * 1024);
    cJSON *tree = cJSON_Parse(data);
    const cJSON *schedule = json_get(json_get(tree, "ControlParameters"), "ConsentSchedule");
    struct consent consent = {.data = tree,
                              .schedule = schedule,
                              .payment = payment_type_of(json_get(tree, "ControlParameters"))};
    struct reply reply = {.status = 0};
    struct call call = {.provider = &provider, .arena = arena, .refusal = refusal, .reply = &reply};
    *refusal = (struct refusal){.id = NULL};
    if (exchange_validate(&call, &consent, slice_of("c"), &found) == 0) {
        code = found.code ? found.code : "";
    }
    cJSON_Delete(tree);
    arena_free(arena);
    return code;
}

static int sound(void **state)
{
    (void)state;
    status = LFI_OK;
    record = quoted;
    given_id = ID;
    quote_status = LFI_FX_ACCEPTED;
    return 0;
}

static void takes_them_where_the_core_says_so(void **state)
{
    struct refusal refusal;
    (void)state;
    assert_string_equal(judge(asked, &taking, &refusal), "");
    assert_string_equal(judge(asked, &quoting, &refusal), "CurrencyNotSupported");
    assert_string_equal(judge(asked, &older, &refusal), "CurrencyNotSupported");
    assert_string_equal(judge(asked, NULL, &refusal), "CurrencyNotSupported");
    assert_string_equal(judge("{}", NULL, &refusal), "");
}

static void takes_quotes_that_wait(void **state)
{
    static const struct {
        enum lfi_fx_status status;
        const char *code;
    } cases[] = {{LFI_FX_ACCEPTED, ""},
                 {LFI_FX_ACCOUNT_OPENED, ""},
                 {LFI_FX_AVAILABLE, "InvalidFxQuote"},
                 {LFI_FX_FUNDED, "InvalidFxQuote"},
                 {LFI_FX_ACTIONED, "InvalidFxQuote"},
                 {LFI_FX_COMPLETED, "InvalidFxQuote"},
                 {LFI_FX_REJECTED, "InvalidFxQuote"},
                 {LFI_FX_CANCELLED, "InvalidFxQuote"},
                 {LFI_FX_EXPIRED, "InvalidFxQuote"}};
    struct refusal refusal;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        quote_status = cases[i].status;
        assert_string_equal(judge(asked, &taking, &refusal), cases[i].code);
    }
}

static void reports_a_core_that_fails(void **state)
{
    struct refusal refusal;
    (void)state;
    status = LFI_UNAVAILABLE;
    assert_null(judge(asked, &taking, &refusal));
    assert_int_equal(refusal.status, 500);
    status = LFI_OK;
    given_id = "7a0e5f0c-5bb1-4a0e-9d0b-2f6a7a1c0002";
    assert_null(judge(asked, &taking, &refusal));
    given_id = ID;
    record = "[]";
    assert_null(judge(asked, &taking, &refusal));
    record = quoted;
    status = LFI_UNKNOWN;
    assert_string_equal(judge(asked, &taking, &refusal), "InvalidFxQuote");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(takes_them_where_the_core_says_so, sound),
        cmocka_unit_test_setup(takes_quotes_that_wait, sound),
        cmocka_unit_test_setup(reports_a_core_that_fails, sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
