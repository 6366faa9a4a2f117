// link: lfi-consent
#include "base/array.h"
#include "consent/consent.h"

#include "base/buf.h"
#include "consent/permissions.h"
#include "consent/policy_rights.h"
#include "contract/version.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define NOW (INT64_C(1800000000) * 1000000) /* 2027-01-15T08:00:00Z */

/* --- reading ---------------------------------------------------------------------------------- */

static bool is_open(const char *status, const char *expires, const char *deadline)
{
    struct consent consent = {
        .status = slice_of(status), .expires = slice_of(expires), .deadline = slice_of(deadline)};
    return consent_is_open(&consent, NOW);
}

static void judges_state_and_deadlines(void **state)
{
    (void)state;
    assert_true(is_open("AwaitingAuthorization", NULL, NULL));
    assert_true(is_open("AwaitingAuthorization", "2027-01-15T08:00:01Z", NULL));
    assert_false(is_open("AwaitingAuthorization", "2027-01-15T08:00:00Z", NULL));
    assert_true(is_open("AwaitingAuthorization", "2027-01-15T12:00:01+04:00", NULL));
    assert_false(is_open("AwaitingAuthorization", "2028-01-01T00:00:00Z", "2027-01-15T08:00:00Z"));
    assert_false(is_open("AwaitingAuthorization", "2028-01-01T00:00:00Z", ""));
    assert_false(is_open("Authorized", NULL, NULL));
    assert_false(is_open("awaitingauthorization", NULL, NULL));
    assert_false(is_open(NULL, NULL, NULL));
}

static void names_whom_the_data_goes_to(void **state)
{
    (void)state;
    struct consent consent;
    cJSON *tree = json_parse(SLICE("{\"tpp\":{\"tppName\":\"T\"},\"consentBody\":{\"Data\":{"
                                   "\"OnBehalfOf\":{\"TradingName\":\"B\"},"
                                   "\"TransactionFromDateTime\":\"2026-01-01T00:00:00Z\"}}}"));
    consent_read(tree, &consent);
    assert_true(slice_equal_text(consent_beneficiary(&consent), "B"));
    assert_true(slice_equal_text(consent.from, "2026-01-01T00:00:00Z"));
    consent.on_behalf_of = (struct lfi_slice){0};
    assert_true(slice_equal_text(consent_beneficiary(&consent), "T"));
    cJSON_Delete(tree);
    consent_read(NULL, &consent);
    assert_null(consent.status.ptr);
    assert_string_equal(consent.kind->name, "other");
}

static void belongs_to_whom_it_names_and_to_nobody_before(void **state)
{
    (void)state;
    const struct consent nobodys = {.user_id = SLICE("")};
    const struct consent layla = {.user_id = SLICE("u-1")};
    assert_true(consent_is_of(&layla, SLICE("u-1")));
    assert_false(consent_is_of(&layla, SLICE("u-2")));
    assert_false(consent_is_of(&layla, SLICE("")));
    assert_false(consent_is_of(&nobodys, SLICE("")));
}

static void may_be_ended_until_it_has_ended(void **state)
{
    (void)state;
    static const struct {
        const char *status;
        bool revocable;
    } rows[] = {{"AwaitingAuthorization", true},
                {"Authorized", true},
                {"Suspended", true},
                {"Rejected", false},
                {"Revoked", false},
                {"Expired", false},
                {"Consumed", false},
                {"", false}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct consent consent = {.status = slice_of(rows[i].status)};
        assert_int_equal(consent_is_revocable(&consent), rows[i].revocable);
    }
}

/* Versions 5.5: on payments OnBehalfOf is not for display. */
static void shows_nobody_on_whose_behalf_a_payment_is(void **state)
{
    struct consent consent;
    cJSON *tree = json_parse(SLICE("{\"consentType\":\"cbuae-service-initiation-consents\","
                                   "\"tpp\":{\"tppName\":\"T\"},\"consentBody\":{\"Data\":"
                                   "{\"OnBehalfOf\":{\"TradingName\":\"B\"}}}}"));
    (void)state;
    consent_read(tree, &consent);
    assert_true(slice_equal_text(consent.on_behalf_of, "B"));
    assert_true(slice_equal_text(consent_beneficiary(&consent), "T"));
    cJSON_Delete(tree);
}

/* --- kinds ------------------------------------------------------------------------------------ */

#define SHARING "cbuae-account-access-consents"
#define PAYMENT "cbuae-service-initiation-consents"
#define INSURANCE "cbuae-insurance-consents"

static void tells_every_kind_by_type(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        size_t row;
        const char *name;
    } examples[] = {
        {SHARING, 0, "data-sharing"},       {PAYMENT, 1, "flexi-pay"}, {INSURANCE, 2, "insurance"},
        {"cbuae-new-consents", 3, "other"}, {"", 3, "other"},
    };
    for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
        const struct consent_kind *kind = consent_kind_of(slice_of(examples[i].type));
        assert_ptr_equal(kind, consent_kind_at(examples[i].row));
        assert_string_equal(kind->name, examples[i].name);
    }
    assert_null(consent_kind_at(4));
    assert_ptr_equal(consent_kind_named("flexi-pay"), consent_kind_at(1));
    assert_null(consent_kind_named("nothing"));
}

/* --- types of payments ------------------------------------------------------------------------ */

#define PERIODIC(type) "\"MultiPayment\":{\"PeriodicSchedule\":{\"Type\":\"" type "\"}}"
#define SCHEDULED(schedule) "\"ConsentSchedule\":{" schedule "}"
#define DELEGATED "\"IsDelegatedAuthentication\":true"

static void tells_every_payment_by_its_control_parameters(void **state)
{
    (void)state;
    static const struct {
        const char *consent_type, *control;
        int id; /* -1: none */
    } examples[] = {
        {PAYMENT, SCHEDULED("\"SinglePayment\":{\"Type\":\"SingleInstantPayment\"}"),
         PAYMENT_SINGLE_INSTANT},
        {PAYMENT, SCHEDULED(PERIODIC("FixedOnDemand")), PAYMENT_FIXED_ON_DEMAND},
        {PAYMENT, SCHEDULED(PERIODIC("VariableOnDemand")), PAYMENT_VARIABLE_ON_DEMAND},
        {PAYMENT, SCHEDULED(PERIODIC("FixedPeriodicSchedule")), PAYMENT_FIXED_PERIODIC},
        {PAYMENT, SCHEDULED(PERIODIC("VariablePeriodicSchedule")), PAYMENT_VARIABLE_PERIODIC},
        {PAYMENT, SCHEDULED(PERIODIC("FixedDefinedSchedule")), PAYMENT_FIXED_DEFINED},
        {PAYMENT, SCHEDULED(PERIODIC("VariableDefinedSchedule")), PAYMENT_VARIABLE_DEFINED},
        {PAYMENT, DELEGATED, PAYMENT_DELEGATED},
        {PAYMENT, DELEGATED "," SCHEDULED(""), PAYMENT_DELEGATED},
        {PAYMENT, SCHEDULED("\"FilePayment\":{}"), PAYMENT_FILE},
        {PAYMENT, "", -1},
        {PAYMENT, SCHEDULED(""), -1},
        {PAYMENT, DELEGATED "," SCHEDULED(PERIODIC("FixedOnDemand")), -1},
        {PAYMENT, SCHEDULED("\"SinglePayment\":{\"Type\":\"FixedOnDemand\"}"), -1},
        {PAYMENT, SCHEDULED(PERIODIC("SingleInstantPayment")), -1},
        {PAYMENT,
         SCHEDULED("\"SinglePayment\":{\"Type\":\"SingleInstantPayment\"},\"FilePayment\":{}"), -1},
        {SHARING, SCHEDULED(PERIODIC("FixedOnDemand")), -1},
    };
    for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
        char json[512];
        struct consent consent;
        snprintf(json, sizeof(json),
                 "{\"consentType\":\"%s\",\"request\":{\"consent\":{\"ControlParameters\":{%s}}}}",
                 examples[i].consent_type, examples[i].control);
        cJSON *tree = json_parse(slice_of(json));
        consent_read(tree, &consent);
        assert_int_equal(consent.payment ? (int)consent.payment->id : -1, examples[i].id);
        cJSON_Delete(tree);
    }
}

/* Payments 9.1, a line each. */
static void promises_of_each_payment_type(void **state)
{
    (void)state;
    static const struct {
        const char *name, *kind;
        bool present, delegated, one_in_flight, vary;
    } promised[PAYMENT_TYPES] = {
        {"SingleInstantPayment", "single-payment", true, false, false, false},
        {"FixedOnDemand", "flexi-pay", false, false, true, false},
        {"VariableOnDemand", "flexi-pay", false, false, true, true},
        {"FixedPeriodicSchedule", "flexi-pay", false, false, false, false},
        {"VariablePeriodicSchedule", "flexi-pay", false, false, false, false},
        {"FixedDefinedSchedule", "flexi-pay", false, false, false, false},
        {"VariableDefinedSchedule", "flexi-pay", false, false, false, false},
        {"DelegatedAuthentication", "flexi-pay", true, true, true, true},
        {"FilePayment", "file-payment", false, false, false, false},
    };
    for (int i = 0; i < PAYMENT_TYPES; i++) {
        const struct payment_type *type = payment_type_at((enum payment_type_id)i);
        assert_int_equal(type->id, i);
        assert_string_equal(type->name, promised[i].name);
        assert_string_equal(type->kind, promised[i].kind);
        assert_int_equal(type->customer_present, promised[i].present);
        assert_int_equal(type->delegated, promised[i].delegated);
        assert_int_equal(type->file, i == PAYMENT_FILE);
        assert_int_equal(type->one_in_flight, promised[i].one_in_flight);
        for (int count = 0; count <= 11; count++) {
            bool many = promised[i].vary && count <= 10;
            bool one = type->file ? count == 0 : count == 1;
            assert_int_equal(payment_type_allows(type, count), one || many);
        }
    }
}

static void names_the_flag_of_each_payment_type(void **state)
{
    (void)state;
    static const struct {
        enum payment_type_id id;
        int creditors;
        const char *flag;
    } flags[] = {
        {PAYMENT_SINGLE_INSTANT, 1, "SingleInstantPayment.Supported"},
        {PAYMENT_VARIABLE_DEFINED, 1, "VariableDefinedSchedule.Supported"},
        {PAYMENT_VARIABLE_ON_DEMAND, 0, "VariableOnDemand.OpenBeneficiariesSupported"},
        {PAYMENT_VARIABLE_ON_DEMAND, 1, "VariableOnDemand.SingleBeneficiarySupported"},
        {PAYMENT_FILE, 0, "FilePayment.Supported"},
        {PAYMENT_DELEGATED, 10, "DelegatedAuthentication.MultipleBeneficiariesSupported"},
    };
    for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
        char flag[PAYMENT_FLAG_MAX];
        payment_type_flag(payment_type_at(flags[i].id), flags[i].creditors, flag);
        assert_string_equal(flag, flags[i].flag);
    }
}

/* What each row promises. */
static void promises_of_each_kind(void **state)
{
    (void)state;
    static const struct consent_kind promised[] = {
        {.schema = "DataSharing",
         .rules = CONSENT_RULE_ACCOUNTS | CONSENT_RULE_PERMISSIONS,
         .journey = true,
         .accounts = true,
         .step_up_if_wanted = true},
        {.schema = "Payment",
         .rules = CONSENT_RULE_PERMISSIONS,
         .pays = true,
         .journey = true,
         .accounts = true},
        {.schema = "Insurance",
         .rules = CONSENT_RULE_SECTORS,
         .journey = true,
         .policies = true,
         .step_up_if_wanted = true},
        {.schema = NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(promised); i++) {
        const struct consent_kind *kind = consent_kind_at(i);
        assert_int_equal(kind->rules, promised[i].rules);
        assert_int_equal(kind->pays, promised[i].pays);
        assert_int_equal(kind->journey, promised[i].journey);
        assert_int_equal(kind->accounts, promised[i].accounts);
        assert_int_equal(kind->policies, promised[i].policies);
        assert_int_equal(kind->step_up_if_wanted, promised[i].step_up_if_wanted);
        assert_int_equal(!kind->type, !promised[i].schema);
        assert_int_equal(!kind->family, !kind->type);
        if (kind->type) {
            assert_string_equal(kind->schema, promised[i].schema);
        }
    }
}

static void is_offered_by_its_type(void **state)
{
    (void)state;
    static const char *const types[] = {PAYMENT, SHARING, NULL}, *const none[] = {NULL};
    const struct consent sharing = {.type = SLICE(SHARING)}, other = {.type = SLICE(INSURANCE)};
    assert_true(consent_is_offered(&sharing, &(struct offers){.consent_types = types}));
    assert_false(consent_is_offered(&sharing, &(struct offers){.consent_types = none}));
    assert_false(consent_is_offered(&other, &(struct offers){.consent_types = types}));
    assert_false(
        consent_is_offered(&(struct consent){0}, &(struct offers){.consent_types = types}));
}

/* --- permissions ------------------------------------------------------------------------------ */

static void expect_groups(const char *permissions, const char *expected)
{
    struct buf out;
    struct json_writer w;
    cJSON *codes = json_parse(slice_of(permissions));
    buf_init(&out, 4096);
    json_begin(&w, &out);
    json_open_object(&w, NULL);
    consent_permissions_append_groups(codes, &w);
    json_close_object(&w);
    buf_append(&out, "", 1);
    assert_string_equal(out.ptr, expected);
    buf_free(&out);
    cJSON_Delete(codes);
}

static void groups_permissions_in_a_fixed_order(void **state)
{
    (void)state;
    expect_groups(
        "[\"ReadTransactionsBasic\",\"ReadAccountsDetail\",\"ReadAccountsBasic\"]",
        "{\"permissions\":[{\"group\":\"accounts\",\"permissions\":[\"ReadAccountsBasic\","
        "\"ReadAccountsDetail\"]},"
        "{\"group\":\"transactions\",\"permissions\":[\"ReadTransactionsBasic\"]}]}");
    expect_groups("[\"ReadSomethingNew\",\"ReadMore\",\"ReadBalances\"]",
                  "{\"permissions\":[{\"group\":\"balances\",\"permissions\":[\"ReadBalances\"]},"
                  "{\"group\":\"other\",\"permissions\":[\"other\"]}]}");
    expect_groups("[]", "{\"permissions\":[]}");
}

static void says_what_a_detailed_permission_includes(void **state)
{
    (void)state;
    expect_groups("[\"ReadPartyUserIdentity\",\"ReadProductFinanceRates\"]",
                  "{\"permissions\":[{\"group\":\"products\",\"permissions\":"
                  "[\"ReadProductFinanceRates\"]},"
                  "{\"group\":\"you\",\"permissions\":[\"ReadPartyUser\","
                  "\"ReadPartyUserIdentity\"]}]}");
}

static void expect_sectors(const char *permissions, const char *expected)
{
    struct buf out;
    struct json_writer w;
    cJSON *blocks = json_parse(slice_of(permissions));
    buf_init(&out, 4096);
    json_begin(&w, &out);
    json_open_object(&w, NULL);
    policy_rights_append_sectors(blocks, &w);
    json_close_object(&w);
    buf_append(&out, "", 1);
    assert_string_equal(out.ptr, expected);
    buf_free(&out);
    cJSON_Delete(blocks);
}

static void groups_permissions_to_insurance_by_sector(void **state)
{
    (void)state;
    expect_sectors("[{\"InsuranceType\":\"Travel\",\"Permissions\":[\"ReadInsurancePremium\","
                   "\"ReadInsurancePolicies\"]},{\"InsuranceType\":\"Home\",\"Permissions\":"
                   "[\"ReadInsurancePolicies\"]},{\"InsuranceType\":\"Travel\",\"Permissions\":"
                   "[\"ReadSomethingNew\",\"ReadCustomerClaims\"]}]",
                   "{\"sectors\":[{\"sector\":\"Travel\",\"permissions\":"
                   "[\"ReadInsurancePolicies\",\"ReadCustomerClaims\",\"ReadInsurancePremium\","
                   "\"other\"]},{\"sector\":\"Home\",\"permissions\":"
                   "[\"ReadInsurancePolicies\"]}]}");
    expect_sectors("[{\"InsuranceType\":\"Pet\",\"Permissions\":[\"ReadInsurancePolicies\"]}]",
                   "{\"sectors\":[]}");
    expect_sectors("[]", "{\"sectors\":[]}");
}

static cJSON *load_texts(const char *language)
{
    char path[512];
    struct buf text;
    snprintf(path, sizeof(path), LFI_SOURCE_DIR "/server/psu/web/locales/%s.json", language);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    buf_init(&text, 1024 * 1024);
    for (int c = fgetc(file); c != EOF; c = fgetc(file)) {
        buf_append(&text, &(char){(char)c}, 1);
    }
    (void)fclose(file);
    cJSON *texts = json_parse(buf_slice(&text));
    buf_free(&text);
    assert_non_null(texts);
    return texts;
}

static void expect_text(const cJSON *texts, const char *format, const char *part)
{
    char key[128];
    snprintf(key, sizeof(key), format, part);
    if (!cJSON_IsString(json_get(texts, key))) {
        fail_msg("no text %s", key);
    }
}

/* Every permission and group, and every kind, has words in every language. */
static void has_words_for_every_row(void **state)
{
    (void)state;
    static const char *const languages[] = {"en", "ar"};
    for (size_t i = 0; i < ARRAY_LEN(languages); i++) {
        const struct consent_permission *permission;
        const struct consent_kind *kind;
        cJSON *texts = load_texts(languages[i]);
        for (size_t j = 0; (permission = consent_permission_at(j)); j++) {
            expect_text(texts, "permission.%s", permission->code);
            expect_text(texts, "group.%s.title", permission->group);
        }
        for (size_t j = 0; (kind = consent_kind_at(j)); j++) {
            expect_text(texts, "own.kind.%s", kind->name);
        }
        for (int j = 0; j < PAYMENT_TYPES; j++) {
            expect_text(texts, "own.kind.%s", payment_type_at((enum payment_type_id)j)->kind);
        }
        for (unsigned sector = 1; sector < LFI_INSURANCE_SECTORS; sector++) {
            expect_text(texts, "sector.%s", policy_sector_name((enum lfi_insurance_sector)sector));
        }
        for (unsigned right = 0; right < RIGHTS; right++) {
            expect_text(texts, "right.%s.title", policy_right_code((enum policy_right)right));
            expect_text(texts, "right.%s.text", policy_right_code((enum policy_right)right));
        }
        expect_text(texts, "group.%s.title", "other");
        cJSON_Delete(texts);
    }
}

/* Groups are not torn apart, and what includes the row above is of its group. */
static void keeps_groups_together(void **state)
{
    (void)state;
    const struct consent_permission *row, *earlier;
    for (size_t i = 1; (row = consent_permission_at(i)); i++) {
        const struct consent_permission *previous = consent_permission_at(i - 1);
        bool same = strcmp(row->group, previous->group) == 0;
        assert_true(same || !row->includes_previous);
        for (size_t j = 0; j < i; j++) {
            earlier = consent_permission_at(j);
            assert_string_not_equal(earlier->code, row->code);
            assert_true(same || strcmp(earlier->group, row->group) != 0);
        }
        assert_ptr_equal(consent_permission_find(slice_of(row->code)), row);
    }
    assert_null(consent_permission_find(SLICE("readbalances")));
    assert_null(consent_permission_find((struct lfi_slice){0}));
}

static void knows_the_version_by_either_name(void **state)
{
#define URN "urn:openfinanceuae:insurance-consent:"
    static const struct {
        const char *version, *rar_type;
        uint32_t wanted;
    } cases[] = {
        {"v2.1", NULL, CONTRACT_VERSION(2, 1)},
        {"v2.2", URN "v2.1", CONTRACT_VERSION(2, 2)},
        {"insurance:v1.1", URN "v2.2", CONTRACT_VERSION(2, 2)},
        {NULL, URN "v2.1", CONTRACT_VERSION(2, 1)},
        {"insurance:v1.1", URN "new", 0},
        {NULL, NULL, 0},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct consent consent = {.version = slice_of(cases[i].version),
                                        .rar_type = slice_of(cases[i].rar_type)};
        assert_int_equal(consent_standard_version(&consent), cases[i].wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_version_by_either_name),
        cmocka_unit_test(judges_state_and_deadlines),
        cmocka_unit_test(names_whom_the_data_goes_to),
        cmocka_unit_test(shows_nobody_on_whose_behalf_a_payment_is),
        cmocka_unit_test(belongs_to_whom_it_names_and_to_nobody_before),
        cmocka_unit_test(may_be_ended_until_it_has_ended),
        cmocka_unit_test(tells_every_kind_by_type),
        cmocka_unit_test(tells_every_payment_by_its_control_parameters),
        cmocka_unit_test(promises_of_each_payment_type),
        cmocka_unit_test(names_the_flag_of_each_payment_type),
        cmocka_unit_test(promises_of_each_kind),
        cmocka_unit_test(is_offered_by_its_type),
        cmocka_unit_test(groups_permissions_in_a_fixed_order),
        cmocka_unit_test(says_what_a_detailed_permission_includes),
        cmocka_unit_test(groups_permissions_to_insurance_by_sector),
        cmocka_unit_test(has_words_for_every_row),
        cmocka_unit_test(keeps_groups_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
