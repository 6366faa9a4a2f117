// link: lfi-fixture-bank
#include "base/array.h"
#include "check.h"
#include "contract_fixtures.h"
#include "contract_records.h"
#include "fixture_folder.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* One change to a right set of files, and how it must be refused. */
struct broken {
    const char *file;
    const char *from;
    const char *to;
    const char *id;
    const char *says; /* part of the message */
};

#define ATMS "open-data/atms.json"
#define OFFERS "open-data/products.json"
#define ROHAN "\"holders\": [{\"customer\": \"rohan\", \"role\": \"Principal\"}]"
#define BEFORE_INVEST "{\n          \"key\": \"invest\""
#define TERM(opened, opening, more)                                                                \
    "\"accounts\": [{\"key\": \"term\", \"subType\": \"Savings\", \"product\": \"anchor-term\", "  \
    "\"currency\": \"AED\", \"opened\": \"" opened "T10:00:00+04:00\", \"opening\": \"" opening    \
    "\", " ROHAN more "},"

#define NAME_47 "NNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNN"

static const struct broken cases[] = {
    {FOLDER_PERSONA, "\"nickName\"", "\"nickNane\"", "FIXTURE-SCHEMA", ".json:"},
    {FOLDER_PERSONA, "\"18500.00\"}", "\"18500,00\"}", "FIXTURE-SCHEMA", "fixed"},
    {FOLDER_PERSONA, "\"18500.00\"}", "\"18500.005\"}", "FIXTURE-AMOUNT", "fixed"},
    {FOLDER_PERSONA, "\"18500.00\"}", "\"-18500.00\"}", "FIXTURE-SCHEMA", "fixed"},
    {FOLDER_PERSONA, "\"holders\": [{\"customer\": \"rohan\", \"role\": \"Principal\"}]",
     "\"holders\": []", "FIXTURE-SCHEMA", "holders"},
    {FOLDER_PERSONA, "\"holders\": [{\"customer\": \"rohan\"",
     "\"holders\": [{\"customer\": \"rohen\"", "FIXTURE-REFERENCE", "rohen"},
    {FOLDER_PERSONA, "\"key\": \"rohan-card\"", "\"key\": \"rohan-current\"", "FIXTURE-DOUBLED",
     "rohan-current"},
    {FOLDER_PERSONA, "\"key\": \"bonus\"", "\"key\": \"salary\"", "FIXTURE-DOUBLED", "salary"},
    {FOLDER_PERSONA, "\"2024-05-01\"", "\"2024-02-30\"", "FIXTURE-SCHEMA", "history"},
    {FOLDER_PERSONA, "\"2024-08-11T13:05:44\"", "\"2023-02-29T13:05:44\"", "FIXTURE-DATE", "times"},
    {FOLDER_PERSONA, "\"opened\": \"2019-09-01T10:12:00+04:00\"",
     "\"opened\": \"2029-09-01T10:12:00+04:00\"", "FIXTURE-DATE", "anchor"},
    {FOLDER_PERSONA, "\"event\": \"rent\"", "\"event\": \"wrent\"", "FIXTURE-REFERENCE", "wrent"},
    {FOLDER_PERSONA, "\"with\": \"lulwa-towers\"", "\"with\": \"lulwa\"", "FIXTURE-REFERENCE",
     "lulwa"},
    {FOLDER_PERSONA, "\"to\": \"rohan-card\"", "\"to\": \"rohan-cart\"", "FIXTURE-REFERENCE",
     "rohan-cart"},
    {FOLDER_PERSONA, "\"to\": \"rohan-card\"", "\"to\": \"rohan-current\"", "FIXTURE-STREAM",
     "another"},
    {FOLDER_PERSONA, "\"card\": \"debit\"", "\"card\": \"credit\"", "FIXTURE-REFERENCE", "credit"},
    {FOLDER_PERSONA, "\"product\": \"everyday-current\"", "\"product\": \"sail-card\"",
     "FIXTURE-PRODUCT", "CreditCard"},
    {FOLDER_PERSONA, "{\"fixed\": \"5800.00\"}", "{\"fixed\": \"5800.00\", \"surplus\": \"1.00\"}",
     "FIXTURE-STREAM", "exactly one"},
    {FOLDER_PERSONA, "{\"cardBill\": 20}", "{\"price\": true}", "FIXTURE-STREAM", "exactly one"},
    {FOLDER_PERSONA, "[\"240.00\", \"880.00\"]", "[\"880.00\", \"240.00\"]", "FIXTURE-AMOUNT",
     "range"},
    {FOLDER_PERSONA, "{\"fixed\": \"5800.00\"}", "{\"fixed\": \"580000.00\"}", "FIXTURE-BALANCE",
     "rent"},
    {FOLDER_PERSONA, "\"opening\": \"21480.35\"", "\"opening\": \"21480.355\"", "FIXTURE-AMOUNT",
     "opening"},
    {FOLDER_PERSONA, "\"expected\": \"2026-07-01T08:30:00+04:00\"", "\"information\": \"{OOPS}\"",
     "FIXTURE-TEMPLATE", "information"},
    {FOLDER_PERSONA, "\"person\"", "\"human\"", "FIXTURE-SCHEMA", "human"},
    {FOLDER_PERSONA, "\"givenName\": \"", "\"givenName\": \"\xc3\xab", "FIXTURE-NAME",
     "v2.2 takes"},
    {FOLDER_PERSONA, "\"shortName\"", "\"unfit\": true, \"shortName\"", "FIXTURE-NAME",
     "all versions take"},
    {FOLDER_PERSONA, "\"shortName\"", "\"otherNames\": [\"\"], \"shortName\"", "FIXTURE-SCHEMA",
     "otherNames"},
    {FOLDER_PERSONA, "\"shortName\"",
     "\"otherNames\": [\"" NAME_47 NAME_47 NAME_47 "\"], \"shortName\"", "FIXTURE-SCHEMA",
     "otherNames"}, /* 141 characters */
    {FOLDER_PERSONA, "\"login\": \"rohan\", \"customer\": \"rohan\"",
     "\"login\": \"rohan\", \"customer\": \"nobody\"", "FIXTURE-REFERENCE", "nobody"},
    {FOLDER_PERSONA, "rohan@mail.example.org", "rohan@mail.com", "FIXTURE-SCHEMA", "email"},
    {FOLDER_PERSONA, "{", "[", "FIXTURE-SCHEMA", ":"},
    {FOLDER_PERSONA, "\"status\": \"Pending\"", "\"status\": \"Booked\"", "FIXTURE-SCHEMA",
     "status"},
    {FOLDER_PERSONA, "\"time\": \"2026-07-12", "\"time\": \"2026-06-12", "FIXTURE-DATE", "anchor"},
    {FOLDER_PERSONA, "\"with\": \"arjun-m\"", "\"with\": \"arjuna\"", "FIXTURE-REFERENCE",
     "arjuna"},
    {FOLDER_PERSONA, "\"scheme\": \"MobileNumber\"", "\"scheme\": \"IBAN\"", "FIXTURE-IBAN",
     "check digits"},
    {"bank.json", "\"buy\": \"3.667500\"", "\"buy\": \"3.767500\"", "FIXTURE-AMOUNT", "dearer"},
    {"bank.json", "\"segment\": \"retail\"", "\"segment\": \"wholesale\"", "FIXTURE-SEGMENT",
     "no provider serves a segment \"retail\""},
    {"bank.json", "\"segment\": \"sme\"", "\"segment\": \"retail\"", "FIXTURE-DOUBLED",
     "another provider"},
    {"bank.json", "\"code\": \"999\"", "\"code\": \"099\"", "FIXTURE-SCHEMA", "code"},
    {"common/products.json", "\"encryptRates\": true", "\"opened\": true", "FIXTURE-PRODUCT",
     "only a current account"},
    {"common/banks.json", "\"bic\": \"SDRCAED9\"", "\"bic\": \"SDRCAED9\", \"otherId\": \"X1\"",
     "FIXTURE-BANK", "BIC"},
    {"common/banks.json", "\"key\": \"falaj\"", "\"key\": \"sidr\"", "FIXTURE-DOUBLED", "sidr"},
    {"common/parties.json", "\"bank\": \"sidr\"", "\"bank\": \"sidra\"", "FIXTURE-REFERENCE",
     "sidra"},
    {"common/events.json", "\"fee\": \"transfer-fee\"", "\"fee\": \"transfer-free\"",
     "FIXTURE-REFERENCE", "transfer-free"},
    {"common/events.json", "{PARTY}", "{PARTIES}", "FIXTURE-TEMPLATE", "information"},
    {"common/events.json", "\"key\": \"bonus\"", "\"key\": \"salary\"", "FIXTURE-DOUBLED",
     "salary"},
    {ATMS, "\"ATMId\": \"AUH-002\"", "\"ATMId\": \"AUH-001\"", "FIXTURE-DOUBLED", "ATMId"},
    {ATMS, "\"IsAccess24Hour\"", "\"IsAccess24hour\"", "FIXTURE-SCHEMA", "IsAccess24hour"},
    {ATMS, "\"Latitude\"", "\"Lattitude\"", "FIXTURE-RECORD", "GeoLocation"},
    {ATMS, "\"CloseTime\": \"22:00\"", "\"CloseTime\": \"24:00\"", "FIXTURE-RECORD", "CloseTime"},
    {ATMS, "\"DhowBank.Cardless\"", "\"DhowBank.24h\"", "FIXTURE-RECORD", "Services"},
    {ATMS, "\"updated\": \"2026-05-04T09:15:00+04:00\"",
     "\"updated\": \"2026-02-30T09:15:00+04:00\"", "FIXTURE-SCHEMA", "updated"},
    {ATMS, "\"updated\"", "\"changed\"", "FIXTURE-SCHEMA", "changed"},
    {OFFERS, "\"ProductId\": \"voyage-current\"", "\"ProductId\": \"everyday-current\"",
     "FIXTURE-DOUBLED", "ProductId"},
    {OFFERS, "\"IsOverdraftAvailable\"", "\"IsOverdraftAvailible\"", "FIXTURE-SCHEMA",
     "IsOverdraftAvailible"},
    {OFFERS, "\"KfsUri\"", "\"KFSUri\"", "FIXTURE-SCHEMA", "KFSUri"},
    {OFFERS, "\"Through your employer\"", "7", "FIXTURE-SCHEMA", "ApplicationDescription"},
    {OFFERS, "\"ApplicationDescription\": \"Through your employer\"", "", "FIXTURE-CONTACT",
     "apply"},
    {OFFERS, "\"ProductCategory\": \"CurrentAccount\"", "\"ProductCategory\": \"SavingsAccount\"",
     "FIXTURE-DETAILS", "category"},
    {OFFERS, "\"RateType\": \"VariableProfit\"", "\"RateType\": \"VariableInterest\"",
     "FIXTURE-SHARIA", "interest"},
    {OFFERS, "\"ProfitCalculationMethod\": \"InitialDrawdownAmount\"",
     "\"InterestCalculationMethod\": \"InitialDrawdownAmount\"", "FIXTURE-SHARIA",
     "ProfitCalculationMethod"},
    {"common/products.json", "{\"Rate\": 1.0, \"ProfitCalculationMethod\"",
     "{\"Rate\": 1.0, \"InterestCalculationMethod\"", "FIXTURE-SHARIA", "ProfitCalculationMethod"},
    {OFFERS, "\"IsShariaCompliant\": true,\n      \"ShariaStructure\": \"Murabaha\"",
     "\"IsShariaCompliant\": false,\n      \"ShariaStructure\": \"Murabaha\"", "FIXTURE-SHARIA",
     "compliant"},
    {OFFERS, "\"EffectiveToDateTime\": \"2025", "\"EffectiveToDateTime\": \"2020", "FIXTURE-DATE",
     "begins"},
    {OFFERS, "\"segments\": [\"retail\"]", "\"segments\": [\"wholesale\"]", "FIXTURE-REFERENCE",
     "wholesale"},
    {FOLDER_PERSONA, "\"product\": \"everyday-current\"", "\"product\": \"business-current\"",
     "FIXTURE-REFERENCE", "catalogue"},
    {FOLDER_PERSONA, "\"2026-06-30T08:14:20\"", "\"2026-06-20T08:14:20\"", "FIXTURE-PENDING",
     "fuel-hold"},
    {FOLDER_PERSONA, "\"emiratesIdExpiryDate\": \"2027", "\"emiratesIdExpiryDate\": \"2025",
     "FIXTURE-DOCUMENT", "rohan"},
    {FOLDER_PERSONA, BEFORE_INVEST,
     "{\"key\": \"team\", \"event\": \"wages-out\", \"amount\": {\"fixed\": \"1.00\"}, "
     "\"schedule\": {\"days\": [20], \"at\": \"10:00:00\", \"each\": 30}, \"among\": "
     "\"staff\"}, " BEFORE_INVEST,
     "FIXTURE-PAYEES", "twice"},
    {FOLDER_PERSONA, "\"accounts\": [", TERM("2020-01-05", "0.00", ""), "FIXTURE-TENOR", "over"},
    {FOLDER_PERSONA, "\"accounts\": [",
     TERM("2025-03-05", "0.00", ", \"matures\": \"2026-12-05T00:00:00+04:00\""), "FIXTURE-TENOR",
     "matures"},
    {FOLDER_PERSONA, "\"accounts\": [",
     TERM("2025-03-05", "9.00", ", \"matures\": \"2027-03-05T00:00:00+04:00\""), "FIXTURE-FUNDING",
     "paid in"},
    {FOLDER_PERSONA, "\"accounts\": [",
     "\"accounts\": [{\"key\": \"many\", \"copies\": 12, \"subType\": \"CurrentAccount\", "
     "\"currency\": "
     "\"AED\", \"opened\": \"2025-01-05T10:00:00+04:00\", \"opening\": \"900.00\", " ROHAN
     ", \"streams\": [{\"key\": \"gift\", \"event\": \"charity\", \"amount\": {\"fixed\": "
     "\"1.00\"}, "
     "\"schedule\": {\"days\": [7], \"at\": \"07:00:00\"}, \"with\": \"charity-bayt\"}]},",
     "FIXTURE-ORDERS", "half"},
};

/* Purchases in shops, of which some are at weekends. */
static const struct broken cheques_at_weekends = {
    "common/events.json", "\"key\": \"pos\",\n    \"type\": \"POS\"",
    "\"key\": \"pos\",\n    \"type\": \"Cheque\"", "FIXTURE-WEEKEND", "clears"};

static const struct bank_options whole = {0};

/* `named` is the file at fault. */
static void refuse(const char *folder, const struct broken *broken, const char *named)
{
    struct bank *bank = NULL;
    struct problem problem = {0};
    if (!folder_copy(folder, broken->file, broken->from, broken->to)) {
        fail_msg("%s does not have %s", broken->file, broken->from);
    }
    int status = bank_read(&bank, folder, "retail", &whole, &problem);
    if (status == 0) {
        status = ledger_build(bank, &problem);
    }
    if (status == 0) {
        status = check_bank(bank, &problem);
    }
    bank_free(bank);
    if (status == 0) {
        fail_msg("accepted: %s for %s", broken->to, broken->from);
    }
    if (strncmp(problem.id, broken->id, strlen(broken->id)) != 0 ||
        !strstr(problem.text, broken->says) || !strstr(problem.text, named)) {
        fail_msg("%s: expected %s with \"%s\", got %s: %s", broken->to, broken->id, broken->says,
                 problem.id, problem.text);
    }
    assert_true(folder_copy(folder, broken->file, NULL, NULL));
}

static void broken_files_are_named(void **state)
{
    char folder[] = "/tmp/lfi-fixtures-XXXXXX";
    struct bank *bank;
    struct problem problem;
    (void)state;
    assert_true(folder_make(folder));
    assert_int_equal(bank_read(&bank, folder, "retail", &whole, &problem), 0);
    bank_free(bank);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        refuse(folder, &cases[i], cases[i].file);
    }
    refuse(folder, &cheques_at_weekends, FOLDER_PERSONA);
    folder_remove(folder);
}

/* --- populations that no file can bring about as long as the ledger is right ---------------------
 */

static void two_days_without_entries(struct bank *bank)
{
    bank->anchor += 2 * CALENDAR_DAY;
}

static void one_rate_for_ever(struct bank *bank)
{
    for (size_t i = 0; i < bank->accounts[0].posting_count; i++) {
        struct posting *posting = &bank->accounts[0].postings[i];
        if (posting->rate != 0) {
            posting->rate = 43;
        }
    }
}

static void no_balance(struct bank *bank)
{
    bank->accounts[0].profile = PROFILE_SPARSE + 1;
}

static void an_entry_too_early(struct bank *bank)
{
    const struct account *account = &bank->accounts[0];
    account->postings[0].booked = calendar_day_start(account->history) - 1;
}

static void a_population_that_makes_no_sense_is_refused(void **state)
{
    static const struct {
        void (*break_it)(struct bank *bank);
        const char *id, *says;
    } broken[] = {
        {two_days_without_entries, "FIXTURE-STALE", "older than yesterday"},
        {one_rate_for_ever, "FIXTURE-RATE", "home: the rate never changes"},
        {no_balance, "FIXTURE-UNTOLD", "rohan-current: entries without"},
        {an_entry_too_early, "FIXTURE-UNTOLD", "rohan-current: an entry before"},
    };
    char folder[] = "/tmp/lfi-fixtures-XXXXXX";
    (void)state;
    assert_true(folder_make(folder));
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        struct bank *bank = NULL;
        struct problem problem = {0};
        assert_int_equal(bank_read(&bank, folder, "retail", &whole, &problem), 0);
        assert_int_equal(ledger_build(bank, &problem), 0);
        assert_int_equal(check_bank(bank, &problem), 0);
        broken[i].break_it(bank);
        assert_int_equal(check_bank(bank, &problem), -1);
        assert_string_equal(problem.id, broken[i].id);
        if (!strstr(problem.text, broken[i].says)) {
            fail_msg("%s", problem.text);
        }
        bank_free(bank);
    }
    folder_remove(folder);
}

/* The line is that of the value at fault, not of the file or the record. */
static void the_line_is_right(void **state)
{
    static const char text[] =
        "{\n \"persona\": \"x\", \"story\": \"y\",\n \"customers\": [],\n"
        " \"users\": [\n  {\"login\": \"abc\",\n   \"customer\": \"none\"}],\n"
        " \"accounts\": []}\n";
    struct document document;
    struct problem problem;
    (void)state;
    assert_int_equal(document_parse(&document, "x.json", slice_of(text),
                                    contract_schema_named(&contract_fixtures, "Persona"), &problem),
                     0);
    const cJSON *user = cJSON_GetArrayItem(json_get(document.root, "users"), 0);
    assert_int_equal(document_line(&document, user), 5);
    assert_int_equal(document_line(&document, json_get(user, "customer")), 6);
    assert_int_equal(document_line(&document, json_get(document.root, "accounts")), 7);
    document_free(&document);
}

static void missing_files_are_named(void **state)
{
    struct bank *bank;
    struct problem problem;
    (void)state;
    assert_int_equal(bank_read(&bank, "/nonexistent", "sme", &whole, &problem), -1);
    assert_null(bank);
    assert_string_equal(problem.id, "FIXTURE-FILE");
}

static int set_up(void **state)
{
    struct lfi_error error;
    (void)state;
    return contract_init(&contract_fixtures, &error) | contract_init(&contract_records, &error);
}

static int tear_down(void **state)
{
    (void)state;
    contract_fini(&contract_fixtures);
    contract_fini(&contract_records);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_files_are_named),
        cmocka_unit_test(a_population_that_makes_no_sense_is_refused),
        cmocka_unit_test(the_line_is_right),
        cmocka_unit_test(missing_files_are_named),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
