// link: lfi-psu
/* The payments of the customer's own consents: which, in which order, how many, and their sum. */
#include "base/array.h"
#include "psu/own_payments.h"
#include "psu_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MONEY(amount) "{\"Amount\":\"" amount "\",\"Currency\":\"AED\"}"
#define CONSENT(user, more)                                                                        \
    "{\"id\":\"c-1\",\"consentType\":\"cbuae-service-initiation-consents\","                       \
    "\"status\":\"Authorized\",\"psuIdentifiers\":{\"userId\":\"" user "\"},"                      \
    "\"tpp\":{\"tppName\":\"Falcon Pay\"},\"accountIds\":[\"acc-1\"],\"consentUsage\":"            \
    "{\"lastServiceInitiationAttempt\":\"2030-02-01T00:00:00Z\"},\"request\":{\"consent\":"        \
    "{\"ControlParameters\":{\"ConsentSchedule\":{\"MultiPayment\":{\"PeriodicSchedule\":"         \
    "{\"Type\":\"FixedOnDemand\",\"PeriodType\":\"Month\",\"PeriodStartDate\":\"2030-01-01\","     \
    "\"Amount\":" MONEY("50.00") "}}}}}},\"consentBody\":{\"Data\":{" more "}}}"
#define PAYMENT_OF(consent, user, made, amount, status)                                            \
    "{\"consentId\":\"" consent "\",\"psuIdentifiers\":{\"userId\":\"" user "\"},"                 \
    "\"paymentResponse\":{\"id\":\"p\",\"status\":\"" status "\",\"creationDateTime\":\"" made     \
    "\"},\"requestBody\":{\"Data\":{\"Instruction\":{\"Amount\":" amount "},"                      \
    "\"CreditorReference\":\"INV 7\",\"PaymentPurposeCode\":\"SAL\"}}}"
#define PAYMENT(made, amount, status) PAYMENT_OF("c-1", "u-1", made, MONEY(amount), status)

static const char *payments; /* JSON array: the Hub's log of any consent */
static enum hub_outcome log_read;

enum hub_outcome hub_list_payments(struct hub *hub, struct arena *arena,
                                   struct lfi_slice consent_id, cJSON **out,
                                   struct lfi_error *error)
{
    (void)hub;
    (void)arena;
    (void)consent_id;
    (void)error;
    *out = log_read == HUB_OK ? json_parse(slice_of(payments)) : NULL;
    return log_read;
}

static char session[64];

static void post(const char *step, const char *more)
{
    char path[64], body[256];
    snprintf(path, sizeof(path), "/consents/api/%s", step);
    snprintf(body, sizeof(body), "{\"journey\":\"%s\"%s}", session, more);
    world_post(path, body);
}

static void ask(const char *step, const char *page)
{
    char more[64];
    snprintf(more, sizeof(more), ",\"consentId\":\"c-1\"%s", page);
    post(step, more);
}

static int set_up(void **state)
{
    int result = world_set_up(state);
    world.consent = CONSENT("u-1", "");
    world.own = "[]";
    payments = "[]";
    log_read = HUB_OK;
    world_post("/consents/api/start", "{}");
    const char *at = strstr(world.body, "\"journey\":\"");
    assert_non_null(at);
    snprintf(session, sizeof(session), "%.36s", at + 11);
    post("sign-in", ",\"login\":\"layla\",\"password\":\"right\"");
    world.approval = LFI_APPROVAL_APPROVED;
    post("approval", "");
    return result;
}

static void shows_the_newest_payment_first(void **state)
{
    (void)state;
    payments = "[" PAYMENT("2030-02-01T08:00:00+04:00", "1.00", "Pending") "," PAYMENT(
        "2030-02-01T05:00:00Z", "2.05",
        "AcceptedWithoutPosting") "," PAYMENT("2030-01-31T23:00:00Z", "3.00", "Rejected") "]";
    ask("payments", "");
    assert_true(world_says("\"view\":\"payments\""));
    const char *newest = strstr(world.body, "2.05"), *next = strstr(world.body, "1.00");
    const char *oldest = strstr(world.body, "3.00");
    assert_true(newest && next && oldest && newest < next && next < oldest);
    assert_true(
        world_says("{\"status\":\"AcceptedWithoutPosting\",\"made\":1896152400000,\"amount\":"
                   "{\"value\":\"2.05\",\"currency\":\"AED\"},\"reference\":\"INV 7\","
                   "\"purpose\":\"SAL\"}"));
    assert_true(world_says("\"more\":false,\"count\":3"));
    assert_true(world_says("\"paid\":{\"value\":\"2.05\",\"currency\":\"AED\"}"));
}

/* Whatever the Hub may send. */
static void shows_no_payment_of_somebody_else(void **state)
{
    (void)state;
    payments = "[" PAYMENT_OF("c-1", "u-9", "2030-02-01T05:00:00Z", MONEY("7.77"),
                              "Pending") "," PAYMENT_OF("c-9", "u-1", "2030-02-01T05:00:00Z",
                                                        MONEY("8.88"), "Pending") ",{}]";
    ask("payments", "");
    assert_true(world_says("\"payments\":[],\"more\":false,\"count\":0"));
    world.consent = CONSENT("u-9", "");
    ask("payments", "");
    assert_true(world.status == 404 && world_says("CONSENT-UNKNOWN"));
}

static void sums_what_succeeded_or_says_no_sum(void **state)
{
    static const struct {
        const char *amounts[2], *sum;
    } cases[] = {
        {{MONEY("0.05"), MONEY("0.10")}, "\"0.15\""},
        {{MONEY("9999999999999999.99"), MONEY("0.01")}, "\"10000000000000000.00\""},
        {{"{\"Amount\":\"1.00\",\"Currency\":\"USD\"}", MONEY("1.00")}, NULL},
        {{MONEY("1"), MONEY("1.00")}, NULL},
        {{MONEY("-1.00"), MONEY("1.00")}, NULL},
        {{MONEY("99999999999999999999.00"), MONEY("1.00")}, NULL},
        {{MONEY("90000000000000000.00"), MONEY("90000000000000000.00")}, NULL},
    };
    char log[2048];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        snprintf(
            log, sizeof(log),
            "[" PAYMENT_OF("c-1", "u-1", "2030-02-01T05:00:00Z", "%s",
                           "AcceptedSettlementCompleted") "," PAYMENT_OF("c-1", "u-1", "?", "%s",
                                                                         "AcceptedCreditSettleme"
                                                                         "ntCompleted") "]",
            cases[i].amounts[0], cases[i].amounts[1]);
        payments = log;
        ask("payments", "");
        assert_true(world_says("\"count\":2"));
        assert_int_equal(world_says("\"paid\""), cases[i].sum ? 1 : 0);
        assert_true(!cases[i].sum || world_says(cases[i].sum));
    }
}

static void pages_what_does_not_fit(void **state)
{
    static char log[32768];
    size_t used = 0;
    (void)state;
    for (int i = 0; i <= OWN_PAYMENTS_PAGE; i++) {
        used += (size_t)snprintf(log + used, sizeof(log) - used,
                                 "%s" PAYMENT("2030-01-01T00:00:%02dZ", "%d.00", "Pending"),
                                 i == 0 ? "[" : ",", i, 100 + i);
    }
    snprintf(log + used, sizeof(log) - used, "]");
    payments = log;
    ask("payments", ",\"page\":1");
    assert_true(world_says("120.00") && world_says("101.00") && world_says("\"more\":true"));
    assert_false(world_says("100.00"));
    ask("payments", ",\"page\":2");
    assert_true(world_says("\"100.00\"") && world_says("\"more\":false") &&
                world_says("\"count\":21"));
    assert_false(world_says("101.00"));
    ask("payments", ",\"page\":10000");
    assert_true(world_says("\"payments\":[],\"more\":false"));
    ask("payments", ",\"page\":0");
    assert_int_equal(world.status, 400);
}

/* The consent is shown all the same. */
static void says_that_the_log_cannot_be_read(void **state)
{
    static const enum hub_outcome outcomes[] = {HUB_REFUSED, HUB_UNREACHABLE, HUB_WRONG};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(outcomes); i++) {
        log_read = outcomes[i];
        ask("payments", "");
        assert_true(world.status == 503 && world_says("\"error\":\"HUB-DOWN\""));
        ask("consent", "");
        assert_true(world_says("\"view\":\"consent\"") && world_says("\"kind\":\"flexi-pay\""));
    }
}

static void shows_what_the_hub_has_counted(void **state)
{
    (void)state;
    ask("consent", "");
    assert_true(world_says("\"lastPaid\":\"2030-02-01T00:00:00Z\""));
    assert_false(world_says("\"used\"") || world_says("paidTotal"));
    world.consent = CONSENT(
        "u-1", "\"PaymentConsumption\":{\"CumulativeNumberOfPayments\":4,"
               "\"CumulativeValueOfPayments\":" MONEY(
                   "200.00") ","
                             "\"CumulativeNumberOfPaymentsInCurrentPeriod\":1,"
                             "\"CumulativeValueOfPaymentsInCurrentPeriod\":" MONEY("50.00") "}");
    ask("consent", "");
    assert_true(
        world_says("\"used\":{\"count\":4,\"value\":{\"value\":\"200.00\",\"currency\":\"AED\"},"
                   "\"periodCount\":1,\"periodValue\":{\"value\":\"50.00\",\"currency\":"
                   "\"AED\"}}"));
    assert_true(world_says("\"paidTotal\":{\"value\":\"200.00\",\"currency\":\"AED\"}"));
    assert_false(world_says("\"payment\":")); /* nobody can decrypt it */
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(shows_the_newest_payment_first),     CASE(shows_no_payment_of_somebody_else),
        CASE(sums_what_succeeded_or_says_no_sum), CASE(pages_what_does_not_fit),
        CASE(says_that_the_log_cannot_be_read),   CASE(shows_what_the_hub_has_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
