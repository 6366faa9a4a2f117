// link: lfi-connect lfi-caller lfi-http lfi-jose lfi-base
/* What consents are refused for: every rule in every kind, and bodies of another kind. */
#include "base/array.h"
#include "consent/permissions.h"
#include "consent/policy_rights.h"
#include "consent/rules.h"

#include "connect/families.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define SHARING "cbuae-account-access-consents"
#define PAYMENT "cbuae-service-initiation-consents"
#define INSURANCE "cbuae-insurance-consents"

static int balances(void *core, const struct lfi_call *call, const struct lfi_query *query,
                    struct lfi_answer *answer, struct lfi_error *error)
{
    (void)core;
    (void)call;
    (void)query;
    (void)answer;
    (void)error;
    return LFI_OK;
}

static struct apis *apis;

static const char *const types[] = {SHARING, PAYMENT, INSURANCE, NULL};
static const char *const account_types[] = {"Retail", NULL};
static const char *const sub_types[] = {"Savings", NULL};
static const uint32_t versions[] = {CONTRACT_VERSION(2, 1), 0};
static const struct lfi_accounts accounts = {.size = sizeof(accounts), .balances = balances};
static const struct lfi_payments payments = {.size = sizeof(payments)};
static int held(void *core, const struct lfi_call *call,
                const struct lfi_held_policies_query *query, struct lfi_answer *answer,
                struct lfi_error *error)
{
    (void)query;
    return balances(core, call, NULL, answer, error);
}

static int policy(void *core, const struct lfi_call *call, const struct lfi_policy_query *query,
                  struct lfi_answer *answer, struct lfi_error *error)
{
    (void)query;
    return balances(core, call, NULL, answer, error);
}

/* Motor insurance without the payer's account. */
static const struct lfi_insurance insurance = {.size = sizeof(insurance),
                                               .sectors = 1U << LFI_INSURANCE_MOTOR,
                                               .held = held,
                                               .policy = policy};
/* Offers consents of all types, and delivers balances and motor policies alone. */
static const struct provider bank = {
    .accounts = &accounts,
    .payments = &payments,
    .insurance = &insurance,
    .offers = {.consent_types = types,
               .account_types = account_types,
               .account_sub_types = sub_types,
               .versions = {
                   [CONTRACT_DATA_SHARING] = versions, [CONTRACT_SERVICE_INITIATION] = versions}}};

#define NOW_US (INT64_C(1800000000) * 1000000) /* 2027-01-15T08:00:00Z */

/* The code of the rule that the consent breaks; "": none. */
static const char *broken_at(const struct provider *provider, const char *type, const char *more,
                             const char *terms)
{
    char json[1024];
    struct consent consent;
    snprintf(json, sizeof(json), "{\"consentType\":\"%s\"%s,\"consentBody\":{\"Data\":{%s}}}", type,
             more, terms);
    cJSON *tree = json_parse(slice_of(json));
    assert_non_null(tree);
    consent_read(tree, &consent);
    const struct consent_finding *finding =
        consent_rules_check(&consent, provider, &provider->offers, apis, NOW_US);
    cJSON_Delete(tree);
    return finding ? finding->code : "";
}

static const char *broken(const char *type, const char *more, const char *terms)
{
    return broken_at(&bank, type, more, terms);
}

#define SINGLE "\"ControlParameters\":{\"ConsentSchedule\":{\"SinglePayment\":{}}}"

/* Each row breaks one rule; the kinds that have it refuse, the others do not look. */
static void holds_each_kind_to_its_own_rules(void **state)
{
    (void)state;
    static const struct {
        const char *more, *terms;
        const char *sharing, *payment, *insurance;
    } rows[] = {
        {"", SINGLE, "", "", ""},
        {",\"standardVersion\":\"v3.0\"", SINGLE, "UnsupportedVersion", "UnsupportedVersion",
         "UnsupportedVersion"},
        {",\"standardVersion\":\"v2.0\"", SINGLE, "", "", ""},
        {"", SINGLE ",\"AccountType\":[\"Retail\",\"SME\"]", "UnsupportedAccountType", "", ""},
        {"", SINGLE ",\"AccountSubType\":[\"Savings\",\"Finance\"]", "UnsupportedAccountSubType",
         "", ""},
        {"", SINGLE ",\"Permissions\":[\"ReadBalances\"]", "", "", "UnsupportedInsuranceType"},
        {"", SINGLE ",\"Permissions\":[\"ReadBalances\",\"ReadStatements\"]",
         "UnsupportedPermission", "UnsupportedPermission", "UnsupportedInsuranceType"},
        {"", SINGLE ",\"Permissions\":[\"ReadRefundAccount\"]", "", "", "UnsupportedInsuranceType"},
        {"", SINGLE ",\"Permissions\":[\"ReadConsents\"]", "", "UnsupportedPermission",
         "UnsupportedInsuranceType"},
        {"", SINGLE ",\"Permissions\":[\"ReadOfTomorrow\"]", "UnsupportedPermission",
         "UnsupportedPermission", "UnsupportedInsuranceType"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_string_equal(broken(SHARING, rows[i].more, rows[i].terms), rows[i].sharing);
        assert_string_equal(broken(PAYMENT, rows[i].more, rows[i].terms), rows[i].payment);
        assert_string_equal(broken(INSURANCE, rows[i].more, rows[i].terms), rows[i].insurance);
        assert_string_equal(broken("cbuae-new-consents", rows[i].more, rows[i].terms),
                            "UNSUPPORTED_CONSENT");
    }
}

#define BLOCK(type, codes)                                                                         \
    "\"Permissions\":[{\"InsuranceType\":\"" type "\",\"Permissions\":[" codes "]}]"

static void offers_each_sector_of_insurance_by_itself(void **state)
{
    struct provider insurer = bank;
    (void)state;
    const char *base = BLOCK("Motor", "\"ReadInsurancePolicies\"");
    assert_string_equal(broken_at(&insurer, INSURANCE, "", base), "");
    assert_string_equal(
        broken_at(&insurer, INSURANCE, "", BLOCK("Motor", "\"ReadCustomerClaims\"")),
        "MissingBasePermission");
    assert_string_equal(
        broken_at(&insurer, INSURANCE, "", BLOCK("Home", "\"ReadInsurancePolicies\"")),
        "UnsupportedInsuranceType");
    assert_string_equal(
        broken_at(&insurer, INSURANCE, "", BLOCK("Pets", "\"ReadInsurancePolicies\"")),
        "UnsupportedInsuranceType");
    assert_string_equal(
        broken_at(&insurer, INSURANCE, "",
                  BLOCK("Motor", "\"ReadInsurancePolicies\",\"ReadCustomerPaymentDetails\"")),
        "UnsupportedPermission");
    insurer.insurance = NULL;
    assert_string_equal(broken_at(&insurer, INSURANCE, "", base), "UNSUPPORTED_CONSENT");
}

static void offers_payments_only_with_a_core_that_makes_them(void **state)
{
    struct provider none = bank;
    (void)state;
    none.payments = NULL;
    assert_string_equal(broken_at(&none, PAYMENT, "", SINGLE), "UNSUPPORTED_CONSENT");
    assert_string_equal(broken_at(&none, SHARING, "", SINGLE), "");
}

static void holds_each_kind_to_the_versions_of_its_family(void **state)
{
    static const uint32_t other[] = {CONTRACT_VERSION(2, 2), 0};
    struct provider apart = bank;
    (void)state;
    apart.offers.versions[CONTRACT_SERVICE_INITIATION] = other;
    assert_string_equal(broken_at(&apart, PAYMENT, ",\"standardVersion\":\"v2.2\"", SINGLE), "");
    assert_string_equal(broken_at(&apart, SHARING, ",\"standardVersion\":\"v2.2\"", SINGLE),
                        "UnsupportedVersion");
}

/* Calls in a version that is closing go on; new consents in it do not. */
static void takes_no_consents_in_a_version_that_is_closing(void **state)
{
    static const uint32_t both[] = {CONTRACT_VERSION(2, 1), CONTRACT_VERSION(2, 2), 0};
    struct provider closing = bank;
    closing.offers.versions[CONTRACT_DATA_SHARING] = both;
    closing.offers.closing = versions;
    (void)state;
    assert_string_equal(broken_at(&closing, SHARING, ",\"standardVersion\":\"v2.2\"", SINGLE), "");
    assert_string_equal(broken_at(&closing, SHARING, "", SINGLE), "");
    assert_string_equal(broken_at(&closing, SHARING, ",\"standardVersion\":\"v2.1\"", SINGLE),
                        "UnsupportedVersion");
    assert_string_equal(broken_at(&closing, SHARING, ",\"standardVersion\":\"v2.0\"", SINGLE),
                        "UnsupportedVersion");
}

/* --- one kind --------------------------------------------------------------------------------- */

#define TERMS                                                                                      \
    "\"ConsentId\":\"c-1\",\"Permissions\":[\"ReadBalances\"],\"OpenFinanceBilling\":{"            \
    "\"UserType\":\"Retail\",\"Purpose\":\"AccountAggregation\"},"                                 \
    "\"ExpirationDateTime\":\"2027-01-15T08:00:00Z\""
#define SHARING_BODY "{\"Data\":{" TERMS "}}"
#define OTHER_BODY "{\"Data\":{\"ConsentId\":\"c-1\"}}"
#define RAR(family) ",\"rarType\":\"urn:openfinanceuae:" family ":v2.1\""
#define REQUEST(family)                                                                            \
    ",\"request\":{\"type\":\"urn:openfinanceuae:" family ":v2.1\",\"consent\":{" TERMS "}}"

static bool coherent(const char *type, const char *more, const char *body)
{
    char json[2048];
    struct consent consent;
    snprintf(json, sizeof(json), "{\"consentType\":\"%s\"%s,\"consentBody\":%s}", type, more, body);
    cJSON *tree = json_parse(slice_of(json));
    assert_non_null(tree);
    consent_read(tree, &consent);
    bool result = consent_rules_coherent(&consent, slice_of(json));
    cJSON_Delete(tree);
    return result;
}

static void sees_a_consent_of_two_kinds(void **state)
{
    (void)state;
    struct lfi_error error;
    assert_int_equal(consent_rules_init(&error), 0);
    assert_true(coherent(SHARING, "", SHARING_BODY));
    assert_true(coherent(SHARING, RAR("account-access-consent") REQUEST("account-access-consent"),
                         SHARING_BODY));
    assert_false(coherent(SHARING, RAR("insurance-consent"), SHARING_BODY));
    assert_false(coherent(SHARING, REQUEST("service-initiation-consent"), SHARING_BODY));
    assert_false(coherent(SHARING, "", OTHER_BODY));
    assert_false(coherent(PAYMENT, "", SHARING_BODY));
    assert_false(coherent(INSURANCE, "", SHARING_BODY));
    assert_false(coherent(INSURANCE, RAR("account-access-consent"), SHARING_BODY));
    assert_true(coherent("cbuae-new-consents", RAR("account-access-consent"), OTHER_BODY));
    consent_rules_fini();
}

/* An instant, of every kind; what was authorised in time stays. */
static void refuses_what_nobody_may_authorise_any_more(void **state)
{
    (void)state;
#define UNTIL(text) "\"AuthorizationExpirationDateTime\":\"" text "\""
    static const char *const kinds[] = {SHARING, PAYMENT, INSURANCE};
    static const char *const waits = ",\"status\":\"AwaitingAuthorization\"";
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        assert_string_equal(broken(kinds[i], waits, UNTIL("2027-01-15T08:00:01Z")), "");
        assert_string_equal(broken(kinds[i], "", UNTIL("2027-01-15T12:00:01+04:00")), "");
        assert_string_equal(broken(kinds[i], waits, UNTIL("2027-01-15T08:00:00Z")),
                            "AuthorizationExpired");
        assert_string_equal(broken(kinds[i], "", UNTIL("2027-01-15T12:00:00+04:00")),
                            "AuthorizationExpired");
        assert_string_equal(
            broken(kinds[i], ",\"status\":\"Authorized\"", UNTIL("2027-01-15T08:00:00Z")), "");
    }
}

/* Consents live longer than versions: those of v2.2 are read as those of v2.1 are. */
static void reads_what_a_later_version_added(void **state)
{
    (void)state;
    struct lfi_error error;
    assert_int_equal(consent_rules_init(&error), 0);
    assert_true(coherent(SHARING, "",
                         "{\"Data\":{" TERMS
                         ",\"AuthorizationExpirationDateTime\":\"2027-01-14T08:00:00Z\"}}"));
    assert_false(coherent(SHARING, "",
                          "{\"Data\":{" TERMS ",\"AuthorizationExpirationDateTime\":\"P1D\"}}"));
    assert_true(coherent(PAYMENT, "",
                         "{\"Data\":{\"ConsentId\":\"c-1\",\"Status\":\"Authorized\","
                         "\"ExpirationDateTime\":\"2027-01-15T08:00:00Z\","
                         "\"OnBehalfOf\":{\"TradingName\":\"Some Shop\"}}}"));
    consent_rules_fini();
}

static void takes_the_first_of_a_chain_as_base(void **state)
{
    (void)state;
    const struct consent sharing = {.type = SLICE(SHARING)}, payment = {.type = SLICE(PAYMENT)};
    const struct consent later = {.type = SLICE(SHARING), .base_id = SLICE("c-0")};
    assert_null(consent_rules_check_base(&sharing, &sharing));
    assert_string_equal(consent_rules_check_base(&sharing, &payment)->code, "InvalidBaseConsentId");
    assert_string_equal(consent_rules_check_base(&sharing, &later)->code, "InvalidBaseConsentId");
}

/* --- one table of permissions ----------------------------------------------------------------- */

static bool is_opened(const char *code)
{
    for (size_t i = 0; i < apis_operation_count(apis); i++) {
        const char *const *opened = apis_row_at(apis, i)->permissions;
        while (opened && *opened) {
            if (strcmp(*opened++, code) == 0) {
                return true;
            }
        }
    }
    return false;
}

static bool is_policy_right(const char *code)
{
    unsigned right = 0;
    while (right < RIGHTS && strcmp(policy_right_code((enum policy_right)right), code) != 0) {
        right++;
    }
    return right < RIGHTS;
}

/* The table, or that of insurance, knows what the operations demand, and each of its rows opens one
 * or needs none. */
static void knows_the_permissions_of_the_operations(void **state)
{
    (void)state;
    const struct consent_permission *permission;
    for (size_t i = 0; i < apis_operation_count(apis); i++) {
        const char *const *code = apis_row_at(apis, i)->permissions;
        for (; code && *code; code++) {
            assert_int_not_equal(!consent_permission_find(slice_of(*code)),
                                 !is_policy_right(*code));
        }
    }
    for (size_t i = 0; (permission = consent_permission_at(i)); i++) {
        assert_int_equal(is_opened(permission->code), !permission->without_operation);
    }
    for (unsigned right = 0; right < RIGHTS; right++) {
        assert_true(is_opened(policy_right_code((enum policy_right)right)));
    }
}

static int set_up(void **state)
{
    struct lfi_error error;
    (void)state;
    return connect_apis_new(&apis, NULL, &error);
}

static int tear_down(void **state)
{
    (void)state;
    apis_free(apis);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offers_each_sector_of_insurance_by_itself),
        cmocka_unit_test(offers_payments_only_with_a_core_that_makes_them),
        cmocka_unit_test(holds_each_kind_to_the_versions_of_its_family),
        cmocka_unit_test(takes_no_consents_in_a_version_that_is_closing),
        cmocka_unit_test(holds_each_kind_to_its_own_rules),
        cmocka_unit_test(sees_a_consent_of_two_kinds),
        cmocka_unit_test(reads_what_a_later_version_added),
        cmocka_unit_test(refuses_what_nobody_may_authorise_any_more),
        cmocka_unit_test(takes_the_first_of_a_chain_as_base),
        cmocka_unit_test(knows_the_permissions_of_the_operations),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
