// link: hub-sim-parts
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "filter.h"

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
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tpp_saw_what_its_permission_does_not_cover),
        cmocka_unit_test(an_answer_without_data_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
