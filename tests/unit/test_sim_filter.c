// link: hub-sim-parts
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/array.h"
#include "contract/tables.h"
#include "filter.h"
#include "rows_data_sharing.h"

struct example {
    const char *path, *permissions, *answer, *shown;
};

#define ACCOUNT                                                                                    \
    "{\"id\":\"a\",\"currency\":\"AED\",\"accountNumbers\":[{\"identification\":\"AE07\"}],"       \
    "\"openingDate\":\"2020-01-01\",\"product\":{\"id\":\"p\"},\"multiAuth\":true}"
#define TRANSACTION                                                                                \
    "{\"transactionId\":\"t\",\"transactionInformation\":\"shop\",\"merchantDetails\":"            \
    "{\"merchantName\":\"m\"},\"currencyExchange\":{\"exchangeRate\":\"1\"},\"balance\":{}}"
#define PERSON                                                                                     \
    "{\"id\":\"c\",\"verifiedClaims\":[{\"verification\":{\"evidence\":[1]},\"claims\":{"          \
    "\"fullName\":\"A B\",\"email\":\"a@example.com\",\"birthDate\":\"1990-01-01\","               \
    "\"emiratesId\":\"784\",\"salary\":\"1\"}}]}"

static const struct example examples[] = {
    {"/accounts", "[\"ReadAccountsBasic\"]", "{\"data\":[" ACCOUNT "],\"meta\":{\"totalPages\":1}}",
     "{\"data\":[{\"id\":\"a\",\"currency\":\"AED\"}],\"meta\":{\"totalPages\":1}}"},
    {"/accounts/{accountId}", "[\"ReadAccountsDetail\"]", "{\"data\":" ACCOUNT "}",
     "{\"data\":{\"id\":\"a\",\"currency\":\"AED\",\"accountNumbers\":[{\"identification\":"
     "\"AE07\"}],\"openingDate\":\"2020-01-01\"}}"},
    {"/accounts/{accountId}/transactions", "[\"ReadTransactionsBasic\"]",
     "{\"data\":[" TRANSACTION "]}",
     "{\"data\":[{\"transactionId\":\"t\",\"transactionInformation\":\"shop\"}]}"},
    {"/accounts/{accountId}/transactions", "[\"ReadFXTransactionsBasic\"]",
     "{\"data\":[" TRANSACTION "]}",
     "{\"data\":[{\"transactionId\":\"t\",\"transactionInformation\":\"shop\","
     "\"currencyExchange\":{\"exchangeRate\":\"1\"}}]}"},
    {"/accounts/{accountId}/transactions", "[\"ReadTransactionsDetail\"]",
     "{\"data\":[" TRANSACTION "]}", "{\"data\":[" TRANSACTION "]}"},
    {"/accounts/{accountId}/transactions", "[\"ReadFXTransactionsDetail\"]",
     "{\"data\":[" TRANSACTION "]}", "{\"data\":[" TRANSACTION "]}"},
    {"/accounts/{accountId}/beneficiaries", "[\"ReadBeneficiariesBasic\"]",
     "{\"data\":[{\"reference\":\"r\",\"servicer\":{\"name\":\"B\",\"postalAddress\":{}}}]}",
     "{\"data\":[{\"reference\":\"r\",\"servicer\":{\"name\":\"B\"}}]}"},
    {"/accounts/{accountId}/beneficiaries", "[\"ReadBeneficiariesDetail\"]",
     "{\"data\":[{\"servicer\":{\"name\":\"B\",\"postalAddress\":{}}}]}",
     "{\"data\":[{\"servicer\":{\"name\":\"B\",\"postalAddress\":{}}}]}"},
    {"/accounts/{accountId}/scheduled-payments", "[\"ReadScheduledPaymentsBasic\"]",
     "{\"data\":[{\"scheduledPaymentId\":\"s\",\"creditorAgent\":{},\"creditorAccount\":[],"
     "\"creditorReference\":\"r\",\"debtorReference\":\"d\"}]}",
     "{\"data\":[{\"scheduledPaymentId\":\"s\"}]}"},
    {"/accounts/{accountId}/scheduled-payments", "[\"ReadScheduledPaymentsDetail\"]",
     "{\"data\":[{\"scheduledPaymentId\":\"s\",\"creditorReference\":\"r\"}]}",
     "{\"data\":[{\"scheduledPaymentId\":\"s\",\"creditorReference\":\"r\"}]}"},
    {"/accounts/{accountId}/products", "[\"ReadProduct\"]",
     "{\"data\":[{\"AccountId\":\"a\",\"Charges\":[],\"FinanceRates\":\"jwe\"}]}",
     "{\"data\":[{\"AccountId\":\"a\",\"Charges\":[]}]}"},
    {"/accounts/{accountId}/products", "[\"ReadProductFinanceRates\"]",
     "{\"data\":[{\"AccountId\":\"a\",\"Charges\":[],\"FinanceRates\":\"jwe\"}]}",
     "{\"data\":[{\"AccountId\":\"a\",\"FinanceRates\":\"jwe\"}]}"},
    {"/accounts/{accountId}/customer", "[\"ReadParty\",\"ReadPartyUserIdentity\"]",
     "{\"data\":[" PERSON "]}",
     "{\"data\":[{\"id\":\"c\",\"verifiedClaims\":[{\"claims\":{\"fullName\":\"A B\"}}]}]}"},
    {"/customer", "[\"ReadPartyUser\"]", "{\"data\":" PERSON "}",
     "{\"data\":{\"id\":\"c\",\"verifiedClaims\":[{\"claims\":{\"fullName\":\"A B\","
     "\"email\":\"a@example.com\",\"birthDate\":\"1990-01-01\"}}]}}"},
    {"/customer", "[\"ReadPartyUserIdentity\"]", "{\"data\":" PERSON "}", "{\"data\":" PERSON "}"},
    {"/accounts/{accountId}/balances", "[\"ReadBalances\"]", "{\"data\":[{\"anything\":1}]}",
     "{\"data\":[{\"anything\":1}]}"},
    {"/accounts", "[]", "{\"data\":[" ACCOUNT "]}", "{\"data\":[{}]}"},
};

static void a_tpp_saw_what_its_permission_does_not_cover(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
        cJSON *body = cJSON_Parse(examples[i].answer);
        cJSON *permissions = cJSON_Parse(examples[i].permissions);
        assert_non_null(body);
        assert_non_null(permissions);
        filter_answer(body, examples[i].path, permissions);
        char *shown = cJSON_PrintUnformatted(body);
        assert_string_equal(shown, examples[i].shown);
        cJSON_free(shown);
        cJSON_Delete(permissions);
        cJSON_Delete(body);
    }
}

static void an_answer_without_data_is_left_alone(void **state)
{
    (void)state;
    cJSON *body = cJSON_Parse("[1]"), *permissions = cJSON_Parse("[\"ReadAccountsBasic\"]");
    filter_answer(NULL, "/accounts", permissions);
    filter_answer(body, "/accounts", permissions);
    assert_int_equal(cJSON_GetArraySize(body), 1);
    cJSON_Delete(permissions);
    cJSON_Delete(body);
}

/* --- the table against the bank's documents --------------------------------------------------- */

/* Whose permissions the consent page tells no difference between: answers are left whole. */
static const struct {
    const char *path, *permission; /* NULL: all of them */
} unsaid[] = {{"/accounts/{accountId}/standing-orders", NULL},
              {"/accounts/{accountId}/transactions", "ReadFXRemittanceCharges"}};

static bool is_unsaid(const char *path, const char *permission)
{
    for (size_t i = 0; i < ARRAY_LEN(unsaid); i++) {
        if (strcmp(unsaid[i].path, path) == 0 &&
            (!unsaid[i].permission || strcmp(unsaid[i].permission, permission) == 0)) {
            return true;
        }
    }
    return false;
}

/* The operation of a path; NULL: none. */
static const struct contract_operation *operation_of(const char *path)
{
    const struct contract_api *contract = flow_data_sharing.contract;
    for (size_t i = 0; i < contract_operation_count(contract); i++) {
        const struct contract_operation *operation = contract_operation_at(contract, i);
        if (strcmp(contract_operation_path(operation), path) == 0 &&
            strcmp(contract_operation_method(operation), "GET") == 0) {
            return operation;
        }
    }
    return NULL;
}

static bool is_covered(const char *path, const char *permission)
{
    for (size_t i = 0; i < filter_cover_count; i++) {
        if (strcmp(filter_covers[i].path, path) == 0 &&
            strcmp(filter_covers[i].permission, permission) == 0) {
            return true;
        }
    }
    return false;
}

static bool opens(const char *permission, const struct flow_row *row)
{
    for (const char *const *code = row->permissions; code && *code; code++) {
        if (strcmp(*code, permission) == 0) {
            return true;
        }
    }
    return false;
}

/* One that is added to a row must be here too, or its answers would be empty. */
static void an_operation_opens_by_a_permission_that_covers_nothing(void **state)
{
    const struct contract_api *contract = flow_data_sharing.contract;
    (void)state;
    for (size_t i = 0; i < contract_operation_count(contract); i++) {
        const struct contract_operation *operation = contract_operation_at(contract, i);
        const char *path = contract_operation_path(operation);
        const struct flow_row *row = flow_row_of(&flow_data_sharing, operation);
        for (const char *const *code = row->permissions; code && *code; code++) {
            bool only_one = !row->permissions[1];
            if (!only_one && is_covered(path, *code) == is_unsaid(path, *code)) {
                fail_msg("%s: %s", path, *code);
            }
        }
    }
    for (size_t i = 0; i < filter_cover_count; i++) {
        const struct contract_operation *operation = operation_of(filter_covers[i].path);
        if (!operation ||
            !opens(filter_covers[i].permission, flow_row_of(&flow_data_sharing, operation))) {
            fail_msg("%s: %s", filter_covers[i].path, filter_covers[i].permission);
        }
    }
}

static bool has_member(const struct contract_schema *schema, struct lfi_slice name);

static bool find_member(const struct contract_schema *schema, struct lfi_slice first,
                        struct lfi_slice rest)
{
    for (size_t i = 0; schema->object && i < schema->object->member_count; i++) {
        const struct contract_member *member = &schema->object->members[i];
        if (slice_equal_text(first, member->name.ptr) &&
            (!rest.ptr || (member->schema && has_member(member->schema, rest)))) {
            return true;
        }
    }
    return false;
}

/* Whether some form of the value has a member of this dotted name; of a list, its items. */
static bool has_member(const struct contract_schema *schema, struct lfi_slice name)
{
    struct lfi_slice rest = name, first;
    (void)slice_next(&rest, '.', &first);
    if (find_member(schema, first, rest) ||
        (schema->array && schema->array->items && has_member(schema->array->items, name))) {
        return true;
    }
    for (size_t i = 0; i < schema->combination_count; i++) {
        const struct contract_combination *combination = &schema->combinations[i];
        for (size_t branch = 0; branch < combination->count; branch++) {
            if (has_member(combination->branches[branch], name)) {
                return true;
            }
        }
    }
    return false;
}

static const struct contract_schema *answer_of(const struct contract_operation *operation)
{
    for (size_t i = 0; i < operation->response_count; i++) {
        if (operation->responses[i].status == 200) {
            return operation->responses[i].body.schema;
        }
    }
    return NULL;
}

static void a_permission_covers_a_member_that_no_answer_has(void **state)
{
    (void)state;
    for (size_t i = 0; i < filter_cover_count; i++) {
        const struct contract_operation *operation = operation_of(filter_covers[i].path);
        struct lfi_slice rest = slice_of(filter_covers[i].members), member;
        assert_non_null(operation);
        while (slice_next(&rest, ' ', &member)) {
            char whole[128];
            snprintf(whole, sizeof(whole), "data.%.*s", SLICE_ARG(member));
            if (!has_member(answer_of(operation), slice_of(whole))) {
                fail_msg("%s has no %s", filter_covers[i].path, whole);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tpp_saw_what_its_permission_does_not_cover),
        cmocka_unit_test(an_answer_without_data_is_left_alone),
        cmocka_unit_test(an_operation_opens_by_a_permission_that_covers_nothing),
        cmocka_unit_test(a_permission_covers_a_member_that_no_answer_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
