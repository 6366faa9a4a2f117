// link: hub-sim-parts
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/array.h"
#include "base/datetime.h"
#include "consent.h"
#include "contract/contract.h"
#include "contract_hub_consent_manager.h"
#include "payment_staging.h"
#include "payment_terms.h"
#include "payments.h"

#define START "2027-01-15" /* a Friday; the clock of each test begins here at noon in the Gulf */

static const struct clock real_clock;
static const struct log silent = {.fd = -1, .level = LOG_ERROR, .clock = &real_clock};
static const struct config_hub retail = {.provider_id = "dhowretail",
                                         .segment = "retail",
                                         .authorize_url = "https://bank.example/authorize"};
static const struct config_hub private = {.provider_id = "dhowprivate",
                                          .segment = "private",
                                          .payment_log = HUB_FORM_2_2,
                                          .authorize_url = "https://bank.example/authorize"};
static const struct sim_config config = {.url = "http://tpp.test"};

struct world {
    struct clock clock;
    struct sim sim;
    struct consent *consent;
    int made;
    char refused[40];
};

/* --- the world -------------------------------------------------------------------------------- */

static void set_time(struct world *world, const char *text)
{
    struct datetime time;
    struct clock still = {0};
    assert_true(datetime_parse(slice_of(text), &time));
    atomic_store(&world->clock.offset_us, datetime_utc_us(&time) - clock_now_us(&still));
}

static int open_world(void **state)
{
    struct lfi_error error;
    struct world *world = calloc(1, sizeof(*world));
    assert_int_equal(contract_init(&contract_hub_consent_manager, &error), 0);
    world->sim = (struct sim){.config = &config,
                              .clock = &world->clock,
                              .log = &silent,
                              .store = store_new(&world->clock, &silent),
                              .hub_count = 2};
    world->sim.hubs[0] = (struct sim_hub){.config = &retail, .issuer = "http://tpp.test/as/retail"};
    world->sim.hubs[1] =
        (struct sim_hub){.config = &private, .issuer = "http://tpp.test/as/private"};
    set_time(world, START "T12:00:00+04:00");
    *state = world;
    return 0;
}

static int close_world(void **state)
{
    struct world *world = *state;
    store_free(world->sim.store);
    contract_fini(&contract_hub_consent_manager);
    free(world);
    return 0;
}

#define MORE "\"PersonalIdentifiableInformation\":\"a.b.c.d.e\",\"PaymentPurposeCode\":\"ACM\","
#define CONTROL(control) "\"ControlParameters\":{" control "}"
#define SCHEDULE(schedule) CONTROL("\"ConsentSchedule\":{" schedule "}")
#define SINGLE SCHEDULE("\"SinglePayment\":{\"Type\":\"SingleInstantPayment\"," AMOUNT("10.00") "}")
#define AED(name, amount) "\"" name "\":{\"Amount\":\"" amount "\",\"Currency\":\"AED\"}"
#define AMOUNT(amount) AED("Amount", amount)
#define MULTI(caps, periodic)                                                                      \
    SCHEDULE("\"MultiPayment\":{" caps "\"PeriodicSchedule\":{" periodic "}}")
#define PERIOD(type, period, more)                                                                 \
    "\"Type\":\"" type "\",\"PeriodType\":\"" period "\",\"PeriodStartDate\":\"" START "\"," more
#define CONTROLS(controls) "\"Controls\":{" controls "}"
#define TWELVE "\"MaximumCumulativeNumberOfPayments\":12,"

/* A consent to payments on these terms, authorized. */
static void authorize_at(struct world *world, const struct sim_hub *hub, const char *terms_text)
{
    struct lfi_error error = {""};
    struct refusal refusal = {0};
    struct consent made;
    char text[2048];
    (void)snprintf(text, sizeof(text), "{" MORE "%s}", terms_text);
    cJSON *terms = cJSON_Parse(text);
    assert_non_null(terms);
    int rc = consent_make(&world->sim,
                          &(struct consent_request){.hub = hub,
                                                    .tpp = &tpps[0],
                                                    .kind = consent_kind_named("flexi-pay"),
                                                    .terms = terms,
                                                    .request_life_s = 600},
                          &made, &error);
    cJSON_Delete(terms);
    assert_string_equal(error.message, "");
    assert_int_equal(rc, 0);
    world->consent = store_add(world->sim.store, &made);
    assert_int_equal(consent_patch(&world->sim, world->consent,
                                   SLICE("{\"status\":\"Authorized\",\"psuIdentifiers\":"
                                         "{\"userId\":\"u1\"},\"accountIds\":[\"a1\"],"
                                         "\"authorizationChannel\":\"Web\"}"),
                                   &refusal),
                     0);
}

static void authorize(struct world *world, const char *terms_text)
{
    authorize_at(world, &world->sim.hubs[0], terms_text);
}

static cJSON *data_of(const struct world *world, const char *amount, const char *more)
{
    char text[1024];
    (void)snprintf(text, sizeof(text),
                   "{\"ConsentId\":\"%s\",\"Instruction\":{\"Amount\":{\"Amount\":\"%s\","
                   "\"Currency\":\"AED\"}},\"PaymentPurposeCode\":\"ACM\"%s}",
                   world->consent->id, amount, more);
    cJSON *data = cJSON_Parse(text);
    assert_non_null(data);
    return data;
}

/* The id of the Hub's refusal, "" when the consent allows the payment. */
static const char *check_data(struct world *world, cJSON *data)
{
    struct refusal refusal = {0};
    int rc = payments_check(&world->sim, world->consent, data, &refusal);
    assert_int_equal(rc, refusal.id ? -1 : 0);
    assert_int_equal(refusal.status, refusal.id ? 400 : 0);
    (void)snprintf(world->refused, sizeof(world->refused), "%s", refusal.id ? refusal.id : "");
    cJSON_Delete(data);
    return world->refused;
}

static const char *check(struct world *world, const char *amount)
{
    return check_data(world, data_of(world, amount, ""));
}

/* The bank's 201; returns the payment's id. */
static const char *add(struct world *world, const char *amount, const char *key)
{
    static char id[16];
    char now[DATETIME_TEXT_MAX], text[256];
    datetime_format_gulf(clock_now_us(&world->clock), now);
    (void)snprintf(id, sizeof(id), "pay-%d", ++world->made);
    (void)snprintf(text, sizeof(text),
                   "{\"id\":\"%s\",\"status\":\"Pending\",\"creationDateTime\":\"%s\"}", id, now);
    cJSON *answer = cJSON_Parse(text), *request = cJSON_CreateObject();
    cJSON_AddItemToObject(cJSON_AddObjectToObject(request, "request"), "Data",
                          data_of(world, amount, ""));
    payments_add(&world->sim, world->consent,
                 &(struct payment_made){.request = request,
                                        .data = answer,
                                        .idempotency_key = slice_of(key),
                                        .interaction_id = "i"});
    cJSON_Delete(answer);
    cJSON_Delete(request);
    return id;
}

static void pay(struct world *world, const char *amount)
{
    assert_string_equal(check(world, amount), "");
    add(world, amount, "key");
}

static const char *patch(struct world *world, const char *id, const char *body)
{
    struct refusal refusal = {0};
    int rc = payments_patch(&world->sim, world->consent,
                            payments_find(world->consent, slice_of(id)), slice_of(body), &refusal);
    assert_int_equal(rc, refusal.id ? -1 : 0);
    (void)snprintf(world->refused, sizeof(world->refused), "%s", refusal.id ? refusal.id : "");
    return world->refused;
}

#define STATUS(status) "{\"paymentResponse.status\":\"" status "\"}"
#define REJECTED                                                                                   \
    "{\"paymentResponse.status\":\"Rejected\",\"paymentResponse.rejectReasonCode\":"               \
    "[{\"code\":\"AANI.AC06\",\"message\":\"The account is blocked.\"}]}"

static void assert_used(struct world *world, const char *expected)
{
    consent_status(&world->sim, world->consent);
    const cJSON *data = json_get(json_get(world->consent->data, "consentBody"), "Data");
    char *used = cJSON_PrintUnformatted(json_get(data, "PaymentConsumption"));
    assert_string_equal(used, expected);
    cJSON_free(used);
}

static void assert_status(struct world *world, const char *expected)
{
    assert_string_equal(consent_status(&world->sim, world->consent).ptr, expected);
}

#define USED(count, value)                                                                         \
    "{\"CumulativeNumberOfPayments\":" count "," AED("CumulativeValueOfPayments", value) "}"
#define USED_NOW(count, value, now_count, now_value)                                               \
    "{\"CumulativeNumberOfPayments\":" count                                                       \
    "," AED("CumulativeValueOfPayments",                                                           \
            value) ","                                                                             \
                   "\"CumulativeNumberOfPaymentsInCurrentPeriod\":" now_count                      \
                   "," AED("CumulativeValueOfPaymentsInCurrentPeriod", now_value) "}"

/* --- terms ------------------------------------------------------------------------------------ */

#define END(date) "\"ExpirationDateTime\":\"" date "\","
#define SOON END("2027-06-01T00:00:00Z")
#define DATES(type, ...) MULTI("", "\"Type\":\"" type "\",\"Schedule\":[" __VA_ARGS__ "]")
#define DATE(day) "{\"PaymentExecutionDate\":\"" day "\"," AMOUNT("1.00") "}"
#define ON_DEMAND                                                                                  \
    PERIOD("VariableOnDemand", "Month",                                                            \
           CONTROLS("\"MaximumCumulativeNumberOfPaymentsPerPeriod\":1"))

static void terms_are_held_against_the_rules_of_the_hub(void **state)
{
    static const struct {
        const char *terms, *refused;
    } cases[] = {
        {SOON SINGLE, ""},
        {END("2028-01-15T07:59:59Z") SINGLE, ""},
        {END("2028-01-15T08:01:00Z") SINGLE, "SIM-TERMS-EXPIRY"},
        {END("2027-01-15T08:00:00Z") SINGLE, "SIM-TERMS-EXPIRY"},
        {SOON CONTROL(""), "SIM-TERMS-TYPE"},
        {SOON CONTROL("\"IsDelegatedAuthentication\":true"), ""},
        {SOON CONTROL("\"IsDelegatedAuthentication\":true,\"ConsentSchedule\":{}"), ""},
        {SOON CONTROL("\"IsDelegatedAuthentication\":true,\"ConsentSchedule\":{\"SinglePayment\":"
                      "{\"Type\":\"SingleInstantPayment\"," AMOUNT("1.00") "}}"),
         "SIM-TERMS-TYPE"},
        {SOON "\"AuthorizationExpirationDateTime\":\"2027-06-01T00:00:00Z\"," SINGLE, ""},
        {SOON "\"AuthorizationExpirationDateTime\":\"2027-06-01T00:00:01Z\"," SINGLE,
         "SIM-TERMS-DEADLINE"},
        {SOON "\"AuthorizationExpirationDateTime\":\"2027-01-15T08:00:00Z\"," SINGLE,
         "SIM-TERMS-DEADLINE"},
        {SOON "\"Permissions\":[\"ReadBalances\"]," SINGLE, "SIM-TERMS-PERMISSION"},
        {SOON "\"Permissions\":[\"ReadBalances\",\"ReadAccountsBasic\"]," SINGLE, ""},
        {SOON "\"PaymentPurposeCode\":\"XYZ\"," SINGLE, "SIM-TERMS-PURPOSE"},
        {SOON "\"PersonalIdentifiableInformation\":\"a.b.c\"," SINGLE, "SIM-TERMS-PII"},
        {SOON SCHEDULE("\"SinglePayment\":{\"Type\":\"SingleInstantPayment\",\"Amount\":"
                       "{\"Amount\":\"1.00\",\"Currency\":\"USD\"}}"),
         "SIM-TERMS-CURRENCY"},
        {SOON MULTI("", ON_DEMAND), ""},
        {END("2027-01-15T12:00:00Z") MULTI("", ON_DEMAND), ""},
        {SOON MULTI("", PERIOD("FixedPeriodicSchedule", "Month", AMOUNT("1.00"))),
         "SIM-TERMS-COUNT"},
        {SOON MULTI(TWELVE, PERIOD("FixedPeriodicSchedule", "Month", AMOUNT("1.00"))), ""},
        {SOON MULTI("",
                    "\"Type\":\"VariableOnDemand\",\"PeriodType\":\"Day\",\"PeriodStartDate\":"
                    "\"2027-01-14\"," CONTROLS("\"MaximumCumulativeNumberOfPaymentsPerPeriod\":1")),
         "SIM-TERMS-START"},
        {SOON MULTI("",
                    "\"Type\":\"VariableOnDemand\",\"PeriodType\":\"Day\",\"PeriodStartDate\":"
                    "\"2027-06-02\"," CONTROLS("\"MaximumCumulativeNumberOfPaymentsPerPeriod\":1")),
         "SIM-TERMS-START"},
        {END("2027-02-01T23:59:59+04:00")
             DATES("FixedDefinedSchedule", DATE(START) "," DATE("2027-02-01")),
         ""},
        {END("2027-02-01T23:00:00Z") DATES("FixedDefinedSchedule", DATE("2027-02-01")),
         "SIM-TERMS-LAST-DATE"},
        {END("2027-02-01T12:00:00Z")
             DATES("FixedDefinedSchedule", DATE("2027-02-01") "," DATE("2027-02-01")),
         "SIM-TERMS-DATES"},
        {END("2027-02-01T12:00:00Z")
             DATES("FixedDefinedSchedule", DATE("2027-01-14") "," DATE("2027-02-01")),
         "SIM-TERMS-DATES"},
    };
    struct world *world = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct refusal refusal = {0};
        char text[2048];
        (void)snprintf(text, sizeof(text), "{%s," MORE "\"x\":0}", cases[i].terms);
        cJSON *terms = cJSON_Parse(text); /* the first of two equal names counts */
        assert_non_null(terms);
        (void)payment_staging_check(terms, &world->clock, &refusal);
        assert_string_equal(refusal.id ? refusal.id : "", cases[i].refused);
        cJSON_Delete(terms);
    }
}

/* --- payments --------------------------------------------------------------------------------- */

static void a_single_payment_is_made_once_and_as_agreed(void **state)
{
    struct world *world = *state;
    authorize(world, "\"DebtorReference\":\"Invoice 1\"," SINGLE);
    static const struct {
        const char *amount, *more, *refused;
    } cases[] = {
        {"10.00", ",\"DebtorReference\":\"Invoice 1\"", ""},
        {"10.01", ",\"DebtorReference\":\"Invoice 1\"", "SIM-PAYMENT-AMOUNT"},
        {"10.00", "", "SIM-PAYMENT-TERMS"},
        {"10.00", ",\"DebtorReference\":\"Invoice 1\",\"CreditorReference\":\"R\"",
         "SIM-PAYMENT-TERMS"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_string_equal(check_data(world, data_of(world, cases[i].amount, cases[i].more)),
                            cases[i].refused);
    }
    const char *id = add(world, "10.00", "key");
    assert_status(world, "Consumed");
    assert_used(world, USED("1", "10.00"));
    assert_string_equal(check(world, "10.00"), "SIM-PAYMENT-USED");
    assert_string_equal(patch(world, id, REJECTED), "");
    assert_status(world, "Consumed");
    assert_string_equal(check(world, "10.00"), "SIM-PAYMENT-USED");
}

static void payments_of_all_types_are_in_dirhams_for_a_known_purpose(void **state)
{
    struct world *world = *state;
    authorize(world, CONTROL("\"IsDelegatedAuthentication\":true"));
    cJSON *data = data_of(world, "1.00", "");
    cJSON *amount = cJSON_GetObjectItem(cJSON_GetObjectItem(data, "Instruction"), "Amount");
    cJSON_ReplaceItemInObject(amount, "Currency", cJSON_CreateString("USD"));
    assert_string_equal(check_data(world, data), "SIM-PAYMENT-CURRENCY");
    data = data_of(world, "1.00", "");
    cJSON_ReplaceItemInObject(data, "PaymentPurposeCode", cJSON_CreateString("XYZ"));
    assert_string_equal(check_data(world, data), "SIM-PAYMENT-PURPOSE");
    data = data_of(world, "1.00", "");
    cJSON_ReplaceItemInObject(data, "ConsentId", cJSON_CreateString("other"));
    assert_string_equal(check_data(world, data), "SIM-PAYMENT-CONSENT");
    for (int i = 0; i < 3; i++) {
        pay(world, "9999999999999999.99");
    }
    assert_status(world, "Authorized");
}

static void caps_of_a_period_count_anew_in_the_next(void **state)
{
    struct world *world = *state;
    authorize(world,
              MULTI("", PERIOD("VariableOnDemand", "Week",
                               CONTROLS(AED("MaximumIndividualAmount", "60.00") "," AED(
                                   "MaximumCumulativeValueOfPaymentsPerPeriod",
                                   "100.00") ","
                                             "\"MaximumCumulativeNumberOfPaymentsPerPeriod\":3"))));
    assert_string_equal(check(world, "60.01"), "SIM-PAYMENT-AMOUNT");
    pay(world, "60.00");
    assert_string_equal(check(world, "40.01"), "SIM-PAYMENT-VALUE");
    pay(world, "39.00");
    pay(world, "1.00");
    assert_string_equal(check(world, "0.01"), "SIM-PAYMENT-COUNT");
    assert_used(world, USED_NOW("3", "100.00", "3", "100.00"));
    set_time(world, "2027-01-21T23:59:59+04:00");
    assert_string_equal(check(world, "0.01"), "SIM-PAYMENT-COUNT");
    set_time(world, "2027-01-22T00:00:00+04:00");
    assert_used(world, USED_NOW("3", "100.00", "0", "0.00"));
    pay(world, "60.00");
    assert_used(world, USED_NOW("4", "160.00", "1", "60.00"));
}

static void a_rejected_payment_gives_its_share_back(void **state)
{
    struct world *world = *state;
    authorize(world, MULTI("\"MaximumCumulativeNumberOfPayments\":1,",
                           PERIOD("FixedOnDemand", "Day",
                                  AMOUNT("5.00") "," CONTROLS(
                                      "\"MaximumCumulativeNumberOfPaymentsPerPeriod\":1"))));
    const char *id = add(world, "5.00", "key");
    assert_string_equal(check(world, "5.00"), "SIM-PAYMENT-COUNT");
    assert_status(world, "Authorized"); /* it may still be rejected */
    assert_string_equal(patch(world, id, REJECTED), "");
    assert_used(world, USED_NOW("0", "0.00", "0", "0.00"));
    assert_string_equal(check(world, "4.99"), "SIM-PAYMENT-AMOUNT");
    pay(world, "5.00");
    assert_string_equal(patch(world, "pay-2", STATUS("AcceptedWithoutPosting")), "");
    assert_status(world, "Consumed");
    assert_string_equal(check(world, "5.00"), "SIM-CONSENT-STATE");
}

static void caps_of_the_whole_consent_hold(void **state)
{
    struct world *world = *state;
    authorize(world, MULTI(AED("MaximumCumulativeValueOfPayments", "10.00") ",",
                           PERIOD("VariableOnDemand", "Day",
                                  CONTROLS(AED("MaximumIndividualAmount", "8.00")))));
    pay(world, "8.00");
    set_time(world, "2027-03-01T00:00:00Z");
    assert_string_equal(check(world, "2.01"), "SIM-PAYMENT-VALUE");
    pay(world, "2.00");
    assert_string_equal(check(world, "0.01"), "SIM-PAYMENT-VALUE");
}

static void what_the_bank_is_being_asked_for_counts(void **state)
{
    struct world *world = *state;
    authorize(world, MULTI("\"MaximumCumulativeNumberOfPayments\":1,", ON_DEMAND));
    cJSON *data = data_of(world, "5.00", "");
    payments_reserve(world->consent, SLICE("k1"), data);
    assert_true(payments_is_reserved(world->consent, SLICE("k1")));
    assert_string_equal(check(world, "5.00"), "SIM-PAYMENT-COUNT");
    payments_release(world->consent, SLICE("k1"));
    assert_string_equal(check(world, "5.00"), "");
    cJSON_Delete(data);
}

static void a_periodic_schedule_has_one_payment_in_each_period(void **state)
{
    static const struct {
        const char *type, *last, *next;
    } cases[] = {
        {"Day", "2027-01-15T23:59:59+04:00", "2027-01-16T00:00:00+04:00"},
        {"Week", "2027-01-21T23:59:59+04:00", "2027-01-22T00:00:00+04:00"},
        {"Month", "2027-01-31T23:59:59+04:00", "2027-02-01T00:00:00+04:00"},
        {"Year", "2028-01-14T23:59:59+04:00", "2028-01-15T00:00:00+04:00"},
    };
    struct world *world = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char terms[512];
        set_time(world, START "T12:00:00+04:00");
        (void)snprintf(terms, sizeof(terms),
                       END("2029-01-01T00:00:00Z")
                           MULTI(TWELVE, PERIOD("VariablePeriodicSchedule", "%s",
                                                AED("MaximumIndividualAmount", "5.00"))),
                       cases[i].type);
        authorize(world, terms);
        set_time(world, "2027-01-14T23:59:59+04:00");
        assert_string_equal(check(world, "5.00"), "SIM-PAYMENT-DATE");
        set_time(world, START "T00:00:00+04:00");
        assert_string_equal(check(world, "5.01"), "SIM-PAYMENT-AMOUNT");
        pay(world, "5.00");
        set_time(world, cases[i].last);
        assert_string_equal(check(world, "5.00"), "SIM-PAYMENT-USED");
        set_time(world, cases[i].next);
        pay(world, "5.00");
    }
}

static void a_list_of_dates_has_one_payment_for_each(void **state)
{
    struct world *world = *state;
    authorize(world, DATES("FixedDefinedSchedule", DATE(START) "," DATE("2027-02-01")));
    assert_string_equal(check(world, "2.00"), "SIM-PAYMENT-AMOUNT");
    pay(world, "1.00");
    assert_string_equal(check(world, "1.00"), "SIM-PAYMENT-USED");
    set_time(world, "2027-01-16T00:00:00+04:00");
    assert_string_equal(check(world, "1.00"), "SIM-PAYMENT-DATE");
    assert_used(world, USED("1", "1.00"));
    set_time(world, "2027-02-01T23:59:00+04:00");
    pay(world, "1.00");
    assert_status(world, "Authorized");
    assert_string_equal(patch(world, "pay-2", STATUS("AcceptedCreditSettlementCompleted")), "");
    assert_status(world, "Consumed");
}

static void no_payment_without_an_authorized_consent(void **state)
{
    struct world *world = *state;
    authorize(world, MULTI("", ON_DEMAND));
    set_time(world, "2028-01-15T12:00:00+04:00");
    assert_string_equal(check(world, "1.00"), "SIM-CONSENT-STATE");
    assert_status(world, "Expired");
}

/* --- idempotency ------------------------------------------------------------------------------ */

static const char *look_up(struct world *world, const char *amount, const char *more,
                           const cJSON **found)
{
    struct refusal refusal = {0};
    cJSON *data = data_of(world, amount, more);
    (void)payments_find_key(&world->sim, world->consent, SLICE("key"), data, found, &refusal);
    cJSON_Delete(data);
    return refusal.id ? refusal.id : "";
}

static void a_key_stands_for_one_payment_for_a_day(void **state)
{
    struct world *world = *state;
    const cJSON *found;
    authorize(world, MULTI("", ON_DEMAND));
    add(world, "1.00", "key");
    assert_string_equal(look_up(world, "1.00", "", &found), "");
    assert_string_equal(json_get_string(found, "paymentId").ptr, "pay-1");
    assert_string_equal(
        look_up(world, "1.00", ",\"PersonalIdentifiableInformation\":\"sealed anew\"", &found), "");
    assert_non_null(found);
    assert_string_equal(look_up(world, "1.01", "", &found), "");
    assert_string_equal(json_get_string(found, "paymentId").ptr, "pay-1");
    cJSON *conflict = cJSON_Parse("{\"idempotencyMismatch\":\"conflict\"}");
    switches_apply(&world->sim.switches, conflict);
    cJSON_Delete(conflict);
    assert_string_equal(look_up(world, "1.01", "", &found), "SIM-KEY-OTHER");
    set_time(world, "2027-01-16T11:59:55+04:00");
    assert_string_equal(look_up(world, "1.01", "", &found), "SIM-KEY-OTHER");
    set_time(world, "2027-01-16T12:00:05+04:00");
    assert_string_equal(look_up(world, "1.01", "", &found), "");
    assert_null(found);
}

/* --- patches of the bank ---------------------------------------------------------------------- */

static int findings(const struct world *world)
{
    return cJSON_GetArraySize(world->consent->findings);
}

static const char *last_finding(const struct world *world)
{
    const cJSON *last = cJSON_GetArrayItem(world->consent->findings, findings(world) - 1);
    return last ? json_get_string(last, "id").ptr : "";
}

static void a_final_status_stays(void **state)
{
    static const char *const finals[] = {STATUS("AcceptedWithoutPosting"),
                                         STATUS("AcceptedCreditSettlementCompleted"), REJECTED};
    struct world *world = *state;
    authorize(world, CONTROL("\"IsDelegatedAuthentication\":true"));
    for (size_t i = 0; i < ARRAY_LEN(finals); i++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "%s", add(world, "1.00", "key"));
        assert_string_equal(patch(world, id, STATUS("AcceptedSettlementCompleted")), "");
        assert_string_equal(patch(world, id, STATUS("Pending")), "PAYMENT-MOVE");
        assert_string_equal(patch(world, id, finals[i]), "");
        for (size_t j = 0; j < ARRAY_LEN(finals); j++) {
            assert_string_equal(patch(world, id, finals[j]), i == j ? "" : "PAYMENT-MOVE");
        }
        assert_string_equal(patch(world, id, STATUS("AcceptedSettlementCompleted")),
                            "PAYMENT-MOVE");
    }
}

#define REASON(code) "{\"code\":\"" code "\",\"message\":\"m\"}"
#define REJECT(reasons)                                                                            \
    "{\"paymentResponse.status\":\"Rejected\",\"paymentResponse.rejectReasonCode\":[" reasons "]}"
#define ACCEPT(transaction)                                                                        \
    "{\"paymentResponse.status\":\"AcceptedWithoutPosting\","                                      \
    "\"paymentResponse.paymentTransactionId\":\"" transaction "\"}"

static void a_repeated_patch_is_taken_once(void **state)
{
    struct world *world = *state;
    authorize(world, CONTROL("\"IsDelegatedAuthentication\":true"));
    const char *id = add(world, "1.00", "key");
    const cJSON *answer = json_get(payments_find(world->consent, slice_of(id)), "paymentResponse");
    assert_string_equal(patch(world, id, ACCEPT("t1")), "");
    struct lfi_slice updated = json_get_string(answer, "statusUpdateDateTime");
    char first[DATETIME_TEXT_MAX];
    (void)snprintf(first, sizeof(first), "%s", updated.ptr);
    set_time(world, START "T13:00:00+04:00");
    assert_string_equal(patch(world, id, ACCEPT("t1")), "");
    assert_string_equal(json_get_string(answer, "statusUpdateDateTime").ptr, first);
    assert_int_equal(findings(world), 0);
    assert_string_equal(patch(world, id, ACCEPT("t2")), "PAYMENT-TRANSACTION");
}

static void odd_patches_become_findings(void **state)
{
    static const struct {
        const char *first, *body, *finding;
    } cases[] = {
        {NULL, STATUS("Pending"), "PAYMENT-PENDING"},
        {NULL, STATUS("AcceptedWithoutPosting"), "PAYMENT-TRANSACTION-MISSING"},
        {NULL, REJECT(REASON("Other.AC06")), "PAYMENT-REASON-CODE"},
        {REJECT(REASON("LFI.A")), REJECT(REASON("LFI.B")), "PAYMENT-REASONS-LOST"},
        {REJECT(REASON("LFI.A")), REJECT(REASON("LFI.A") "," REASON("LFI.B")), ""},
        {NULL,
         "{\"paymentResponse.status\":\"AcceptedSettlementCompleted\","
         "\"paymentResponse.OpenFinanceBilling\":{\"NumberOfSuccessfulTransactions\":1}}",
         "PAYMENT-BILLING"},
    };
    struct world *world = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        authorize(world, CONTROL("\"IsDelegatedAuthentication\":true"));
        const char *id = add(world, "1.00", "key");
        if (cases[i].first) {
            assert_string_equal(patch(world, id, cases[i].first), "");
        }
        assert_string_equal(patch(world, id, cases[i].body), "");
        assert_string_equal(last_finding(world), cases[i].finding);
    }
}

#define ON_RAIL(rail, status)                                                                      \
    "{\"paymentResponse.paymentRail\":\"" rail "\",\"paymentResponse.status\":\"" status "\"}"

static void each_version_of_the_hub_has_its_form(void **state)
{
    struct world *world = *state;
    authorize(world, CONTROL("\"IsDelegatedAuthentication\":true"));
    const char *id = add(world, "1.00", "key");
    assert_string_equal(patch(world, id, ON_RAIL("LFI", "AcceptedCreditSettlementCompleted")),
                        "PAYMENT-FORM");
    assert_string_equal(patch(world, id, REJECT(REASON("LFI.A"))), "");
    assert_string_equal(patch(world, id, STATUS("Rejected")), "PAYMENT-REASON");
    authorize_at(world, &world->sim.hubs[1], CONTROL("\"IsDelegatedAuthentication\":true"));
    id = add(world, "1.00", "key");
    assert_string_equal(patch(world, id, STATUS("AcceptedSettlementCompleted")), "PAYMENT-FORM");
    assert_string_equal(patch(world, id, ON_RAIL("AANI", "AcceptedSettlementCompleted")), "");
    assert_string_equal(patch(world, id, ON_RAIL("FTS", "AcceptedCreditSettlementCompleted")),
                        "PAYMENT-RAIL");
}

/* --- several approvers ------------------------------------------------------------------------ */

#define APPROVER(id, more) "{\"AuthorizerId\":\"" id "\",\"AuthorizationStatus\":" more "}"
#define APPROVED "\"Approved\",\"AuthorizationDate\":\"2027-01-15T12:00:00+04:00\""
#define REFUSED "\"Rejected\",\"AuthorizationDate\":\"2027-01-15T12:00:00+04:00\""
#define PENDING "\"Pending\""
#define LIST(total, first, second)                                                                 \
    "\"consentBody.Meta.MultipleAuthorizers\":{\"TotalRequired\":" total                           \
    ",\"Authorizations\":[" APPROVER("a", first) "," APPROVER("b", second) "]}"
#define PATCH(more)                                                                                \
    "{\"psuIdentifiers\":{\"userId\":\"u1\"},\"accountIds\":[\"a1\"],"                             \
    "\"authorizationChannel\":\"Web\"," more "}"
#define MOVE(state) "\"status\":\"" state "\""

static void await_approvals(struct world *world, const char *more)
{
    struct consent made;
    struct lfi_error error = {0};
    char text[1024];
    (void)snprintf(text, sizeof(text), "{%s" MORE SINGLE "}", more);
    cJSON *terms = cJSON_Parse(text);
    struct consent_request request = {.hub = &world->sim.hubs[0],
                                      .tpp = &tpps[0],
                                      .kind = consent_kind_named("flexi-pay"),
                                      .terms = terms,
                                      .request_life_s = 600};
    int rc = consent_make(&world->sim, &request, &made, &error);
    cJSON_Delete(terms);
    assert_string_equal(error.message, "");
    assert_int_equal(rc, 0);
    world->consent = store_add(world->sim.store, &made);
}

static const char *patch_consent(struct world *world, const char *body)
{
    static struct refusal refusal;
    refusal = (struct refusal){0};
    int rc = consent_patch(&world->sim, world->consent, slice_of(body), &refusal);
    assert_int_equal(rc, refusal.id ? -1 : 0);
    return refusal.id;
}

/* Whether the consent as the Hub shows it has the shape that the contract gives it. */
static void assert_readable(const struct world *world)
{
    struct contract_match match = {0};
    struct contract_violation violation = {0};
    cJSON *envelope = consent_envelope(world->consent->data);
    char *text = cJSON_PrintUnformatted(envelope);
    assert_int_equal(
        contract_match(&contract_hub_consent_manager, SLICE("GET"), SLICE("/consents/x"), &match),
        CONTRACT_FOUND);
    assert_int_equal(contract_check_response(match.operation, 200, SLICE("application/json"),
                                             slice_of(text), &violation),
                     0);
    cJSON_free(text);
    cJSON_Delete(envelope);
}

static void approvals_come_one_by_one(void **state)
{
    struct world *world = *state;
    await_approvals(world, "");
    assert_null(patch_consent(world, PATCH(LIST("2", APPROVED, PENDING))));
    assert_true(
        slice_equal_text(consent_status(&world->sim, world->consent), "AwaitingAuthorization"));
    assert_readable(world);
    assert_string_equal(patch_consent(world, PATCH(MOVE("Authorized"))),
                        "PATCH-AUTHORIZERS-STATUS");
    assert_null(patch_consent(world, PATCH(MOVE("Authorized") "," LIST("2", APPROVED, APPROVED))));
    assert_true(slice_equal_text(consent_status(&world->sim, world->consent), "Authorized"));
    assert_readable(world);
}

static void decisions_that_cannot_be_true_are_refused(void **state)
{
    static const struct {
        const char *terms, *body, *refused;
    } cases[] = {
        {"\"IsSingleAuthorization\":true,", PATCH(LIST("2", APPROVED, PENDING)),
         "PATCH-AUTHORIZERS-SINGLE"},
        {"", PATCH(LIST("0", PENDING, PENDING)), "PATCH-AUTHORIZERS-COUNT"},
        {"", PATCH(LIST("3", APPROVED, PENDING)), "PATCH-AUTHORIZERS-COUNT"},
        {"", PATCH(LIST("1.5", APPROVED, PENDING)), "PATCH-AUTHORIZERS-COUNT"},
        {"", PATCH(LIST("2", APPROVED, PENDING "},{\"AuthorizerId\":\"a\"")),
         "PATCH-AUTHORIZERS-ID"},
        {"", PATCH(LIST("2", APPROVED, PENDING "},{\"AuthorizerType\":\"Management\"")),
         "PATCH-AUTHORIZERS-ID"},
        {"", PATCH(LIST("2", "\"Approved\"", PENDING)), "PATCH-AUTHORIZERS-DATE"},
        {"", PATCH(LIST("2", APPROVED, PENDING ",\"AuthorizationDate\":\"2027-01-15T12:00:00Z\"")),
         "PATCH-AUTHORIZERS-DATE"},
        {"", PATCH(MOVE("Authorized") "," LIST("2", APPROVED, PENDING)),
         "PATCH-AUTHORIZERS-STATUS"},
        {"", PATCH(MOVE("Authorized") "," LIST("1", APPROVED, REFUSED)),
         "PATCH-AUTHORIZERS-STATUS"},
        {"", PATCH(LIST("2", APPROVED, REFUSED)), "PATCH-AUTHORIZERS-STATUS"},
        {"", PATCH(LIST("2", APPROVED, APPROVED)), "PATCH-AUTHORIZERS-STATUS"},
        {"", PATCH(LIST("1", APPROVED, PENDING)), NULL},
        {"", PATCH(MOVE("Rejected") "," LIST("2", APPROVED, REFUSED)), NULL},
        {"", PATCH(MOVE("Rejected") "," LIST("2", APPROVED, PENDING)), NULL},
        {"", PATCH(MOVE("Authorized") "," LIST("1", APPROVED, PENDING)), NULL},
    };
    struct world *world = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        await_approvals(world, cases[i].terms);
        const char *refused = patch_consent(world, cases[i].body);
        assert_string_equal(refused ? refused : "accepted",
                            cases[i].refused ? cases[i].refused : "accepted");
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(approvals_come_one_by_one),
        TEST(decisions_that_cannot_be_true_are_refused),
        TEST(terms_are_held_against_the_rules_of_the_hub),
        TEST(a_single_payment_is_made_once_and_as_agreed),
        TEST(payments_of_all_types_are_in_dirhams_for_a_known_purpose),
        TEST(caps_of_a_period_count_anew_in_the_next),
        TEST(a_rejected_payment_gives_its_share_back),
        TEST(caps_of_the_whole_consent_hold),
        TEST(what_the_bank_is_being_asked_for_counts),
        TEST(a_periodic_schedule_has_one_payment_in_each_period),
        TEST(a_list_of_dates_has_one_payment_for_each),
        TEST(no_payment_without_an_authorized_consent),
        TEST(a_key_stands_for_one_payment_for_a_day),
        TEST(a_final_status_stays),
        TEST(a_repeated_patch_is_taken_once),
        TEST(odd_patches_become_findings),
        TEST(each_version_of_the_hub_has_its_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
