// link: lfi-fixture-bank
#include "base/array.h"
#include "check.h"
#include "contract_fixtures.h"
#include "contract_records.h"
#include "fixture_folder.h"
#include "load.h"
#include "policies.h"
#include "users.h"
#include "view.h"

#include <openssl/sha.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define DUMP_MAX (64u * 1024 * 1024)
#define FIXTURES LFI_SOURCE_DIR "/fixtures"

enum { RETAIL, SME, SEGMENTS };
static const char *const segments[] = {"retail", "sme"};

static struct bank *built(const char *from, const char *segment)
{
    struct bank *bank;
    struct problem problem;
    static const struct bank_options small = {.small = true};
    if (bank_read(&bank, from, segment, &small, &problem) != 0 ||
        ledger_build(bank, &problem) != 0 || check_bank(bank, &problem) != 0) {
        fail_msg("%s: %s", problem.id, problem.text);
    }
    return bank;
}

static int keep_line(void *ctx, struct lfi_slice line)
{
    struct buf *out = ctx;
    buf_append_slice(out, line);
    return out->failed;
}

/* The demo bank, built once for all tests. */
struct world {
    struct bank *banks[SEGMENTS];
};

/* Loads into a store and dumps it; `account_id` NULL: everything. */
static void load_and_dump(const struct bank *bank, const char *account_id, struct buf *out)
{
    char store[] = "/tmp/lfi-store-XXXXXX";
    struct problem problem = {0};
    assert_non_null(mkdtemp(store));
    struct dump_options dump = {
        .path = store,
        .segment = bank->segment,
        .account_id = account_id,
        .line = keep_line,
        .ctx = out,
    };
    buf_init(out, DUMP_MAX);
    if (load_bank(bank, store, &problem) != 0 || dump_store(&dump, &problem) != 0) {
        fail_msg("%s", problem.text);
    }
    folder_remove(store);
}

static void same_input_same_bytes(void **state)
{
    const struct world *world = *state;
    struct buf first, second;
    for (int segment = 0; segment < SEGMENTS; segment++) {
        struct bank *again = built(FIXTURES, segments[segment]);
        load_and_dump(world->banks[segment], NULL, &first);
        load_and_dump(again, NULL, &second);
        bank_free(again);
        assert_true(first.len > 1000000);
        assert_true(slice_equal(buf_slice(&first), buf_slice(&second)));
        buf_free(&first);
        buf_free(&second);
    }
}

static void a_new_persona_changes_no_other(void **state)
{
    static const char *const others[] = {"retail/r02-affluent-national.json",
                                         "retail/r09-family-joint.json"};
    char folder[] = "/tmp/lfi-fixtures-XXXXXX";
    struct buf alone, among;
    (void)state;
    assert_true(folder_make(folder));
    struct bank *bank = built(folder, "retail");
    char id[64];
    snprintf(id, sizeof(id), "%s", bank_account(bank, "rohan-current")->id);
    load_and_dump(bank, id, &alone);
    bank_free(bank);
    for (size_t i = 0; i < 2; i++) {
        assert_true(folder_copy(folder, others[i], NULL, NULL));
    }
    bank = built(folder, "retail");
    load_and_dump(bank, id, &among);
    bank_free(bank);
    /* the first lines name all users; the account's own are the rest */
    const char *mine = strstr(alone.ptr, "{\"record\":\"holding\"");
    const char *still = strstr(among.ptr, "{\"record\":\"holding\"");
    assert_non_null(mine);
    assert_non_null(still);
    assert_int_equal(alone.len - (size_t)(mine - alone.ptr),
                     among.len - (size_t)(still - among.ptr));
    assert_memory_equal(mine, still, alone.len - (size_t)(mine - alone.ptr));
    buf_free(&alone);
    buf_free(&among);
    folder_remove(folder);
}

static void a_broken_load_leaves_the_store(void **state)
{
    char store[] = "/tmp/lfi-store-XXXXXX";
    char elsewhere[] = "/tmp/lfi-store-XXXXXX/none/none";
    struct problem problem = {0};
    struct buf out;
    const struct world *world = *state;
    const struct bank *bank = world->banks[SME];
    assert_non_null(mkdtemp(store));
    assert_int_equal(load_bank(bank, store, &problem), 0);
    assert_int_equal(load_bank(bank, elsewhere, &problem), -1);
    assert_string_equal(problem.id, "FIXTURE-STORE");

    /* A wrong segment is not the store's: nothing is read from it. */
    struct dump_options dump = {.path = store, .segment = "retail", .line = keep_line, .ctx = &out};
    buf_init(&out, DUMP_MAX);
    assert_int_equal(dump_store(&dump, &problem), -1);
    dump.segment = "sme";
    assert_int_equal(dump_store(&dump, &problem), 0);
    assert_true(out.len > 0);
    buf_free(&out);
    folder_remove(store);
}

static size_t entries_of(const struct bank *bank, const char *key)
{
    struct account *account = bank_account(bank, key);
    assert_non_null(account);
    return account->posting_count;
}

static void edge_accounts_have_exact_counts(void **state)
{
    static const size_t counts[] = {0, 1, 99, 100, 101, 200};
    const struct world *world = *state;
    for (int segment = 0; segment < SEGMENTS; segment++) {
        const struct bank *bank = world->banks[segment];
        size_t all = 0;
        for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
            char key[32];
            snprintf(key, sizeof(key), "count-%zu", counts[i]);
            assert_int_equal(entries_of(bank, key), counts[i]);
        }
        assert_int_equal(entries_of(bank, "same-instant"), 500);
        const struct account *instant = bank_account(bank, "same-instant");
        for (size_t i = 1; i < 500; i++) {
            assert_int_equal(instant->postings[i].booked, instant->postings[0].booked);
            assert_true(strcmp(instant->postings[i - 1].id, instant->postings[i].id) < 0);
        }
        for (size_t i = 0; i < bank->account_count; i++) {
            all += bank->accounts[i].posting_count;
        }
        assert_true(all <= 5000);
    }
}

/* Segments are separate banks: no identifier of one exists in the other. */
static void segments_share_no_identifier(void **state)
{
    const struct world *world = *state;
    const struct bank *retail = world->banks[RETAIL];
    const struct bank *sme = world->banks[SME];
    for (size_t i = 0; i < retail->account_count; i++) {
        for (size_t j = 0; j < sme->account_count; j++) {
            assert_string_not_equal(retail->accounts[i].id, sme->accounts[j].id);
            assert_string_not_equal(retail->accounts[i].number, sme->accounts[j].number);
        }
    }
    for (size_t i = 0; i < retail->user_count; i++) {
        for (size_t j = 0; j < sme->user_count; j++) {
            assert_string_not_equal(retail->users[i].id, sme->users[j].id);
            assert_string_not_equal(retail->users[i].login, sme->users[j].login);
        }
    }
}

static void users_are_listed_with_what_they_hold(void **state)
{
    struct buf text;
    const struct world *world = *state;
    struct bank *bank = world->banks[RETAIL];
    buf_init(&text, DOCUMENT_MAX);
    assert_int_equal(users_list(bank, &text), 0);
    cJSON *list = json_parse(buf_slice(&text));
    assert_int_equal(cJSON_GetArraySize(list), (int)bank->user_count);
    const cJSON *user;
    cJSON_ArrayForEach(user, list)
    {
        const cJSON *ids = json_get(user, "accountIds");
        const char *login = cJSON_GetStringValue(json_get(user, "login"));
        for (int i = 1; i < cJSON_GetArraySize(ids); i++) {
            assert_true(strcmp(cJSON_GetArrayItem(ids, i - 1)->valuestring,
                               cJSON_GetArrayItem(ids, i)->valuestring) < 0);
        }
        if (strcmp(login, "esra") == 0) {
            assert_int_equal(cJSON_GetArraySize(ids), 130);
        }
        if (strcmp(login, "lanqing") == 0) {
            assert_int_equal(cJSON_GetArraySize(ids), 0);
        }
    }
    cJSON_Delete(list);
    buf_free(&text);
}

static int64_t signed_amount(const cJSON *balance, const struct account *account)
{
    int64_t minor = 0;
    const cJSON *amount = json_get(balance, "Amount");
    const cJSON *text = json_get(amount, "Amount");
    assert_true(money_parse(cJSON_GetStringValue(text ? text : amount), account->digits, &minor));
    bool debit = slice_equal_text(json_get_string(balance, "CreditDebitIndicator"), "Debit");
    return debit ? -minor : minor;
}

static void statements_follow_each_other(void **state)
{
    const struct world *world = *state;
    const struct bank *bank = world->banks[RETAIL];
    struct buf text;
    size_t seen = 0;
    buf_init(&text, VIEW_MAX);
    for (size_t a = 0; a < bank->account_count; a++) {
        const struct account *account = &bank->accounts[a];
        int64_t last = 0;
        for (size_t n = 0;; n++, seen++) {
            buf_clear(&text);
            if (!view_statement(bank, account, n, &text)) {
                break;
            }
            cJSON *statement = json_parse(buf_slice(&text));
            const cJSON *line;
            int64_t balance = signed_amount(json_get(statement, "OpeningBalance"), account);
            if (n > 0) {
                assert_int_equal(balance, last);
            }
            cJSON_ArrayForEach(line, json_get(statement, "Summary"))
            {
                balance += signed_amount(line, account);
            }
            last = signed_amount(json_get(statement, "ClosingBalance"), account);
            assert_int_equal(balance, last);
            cJSON_Delete(statement);
        }
    }
    assert_true(seen > 100);
    buf_free(&text);
}

static void assert_digest(const struct buf *text, const char *expected, const char *what)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    char hex[17];
    assert_false(text->failed);
    SHA256((const unsigned char *)text->ptr, text->len, digest);
    for (size_t i = 0; i < 8; i++) {
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    }
    if (strcmp(hex, expected) != 0) {
        print_error("%s is now %s: right if its data was meant to change\n", what, hex);
    }
    assert_string_equal(hex, expected);
}

/* The bytes of three accounts, on every machine and with every compiler. */
static void bytes_are_those_of_last_time(void **state)
{
    static const struct {
        int segment;
        const char *key, *account, *balances, *transactions;
    } known[] = {
        {RETAIL, "rohan-current", "0514ccf285fd6bf1", "2c42eae8fdc725b9", "62c945f229adfca4"},
        {RETAIL, "yusra-card", "1f0a6bc99bfa2173", "d730664b67620dfe", "7fc21e98378ecd3f"},
        {SME, "siraj-current", "eb3e866aa198642b", "24fd905e0bc292ce", "a946c8f636cec681"},
    };
    const struct world *world = *state;
    struct buf text;
    buf_init(&text, DUMP_MAX);
    for (size_t k = 0; k < ARRAY_LEN(known); k++) {
        const struct bank *bank = world->banks[known[k].segment];
        const struct account *account = bank_account(bank, known[k].key);
        buf_clear(&text);
        view_account(bank, account, &text);
        assert_digest(&text, known[k].account, known[k].key);
        buf_clear(&text);
        for (size_t n = 0; view_balance(bank, account, n, &text); n++) {
            ;
        }
        assert_digest(&text, known[k].balances, known[k].key);
        buf_clear(&text);
        for (size_t n = 0; n < account->posting_count; n++) {
            view_transaction(bank, account, &account->postings[n], &text);
        }
        assert_digest(&text, known[k].transactions, known[k].key);
    }
    buf_free(&text);
}

static void policies_carry_their_holder_s_number(void **state)
{
    struct problem problem = {0};
    (void)state;
    struct bank *bank = built(FIXTURES, "insurance");
    const struct customer *ines = bank_customer(bank, "ines");
    assert_non_null(ines);
    struct policy *first = &bank->policies[0];
    assert_ptr_not_equal(first->customer, ines);
    first->customer = ines;
    assert_int_equal(policies_check(bank, &problem), -1);
    assert_string_equal(problem.id, "FIXTURE-POLICY");
    assert_non_null(strstr(problem.text, "another Emirates ID than its holder"));
    bank_free(bank);
}

static void an_emirates_id_has_the_year_of_birth(void **state)
{
    struct problem problem = {0};
    (void)state;
    struct bank *bank = built(FIXTURES, "insurance");
    assert_int_equal(policies_check(bank, &problem), 0);
    cJSON *born = NULL;
    for (size_t i = 0; !born && i < bank->policy_count; i++) {
        const cJSON *product =
            json_get(json_get(bank->policies[i].origin.node, "parts"), "Product");
        const cJSON *insured = cJSON_GetArrayItem(json_get(product, "InsuredParties"), 0);
        if (json_get(json_get(insured, "Identity"), "EmiratesId")) {
            born = (cJSON *)json_get(insured, "DateOfBirth");
        }
    }
    assert_non_null(born);
    assert_non_null(cJSON_SetValuestring(born, "1987-03-14"));
    assert_int_equal(policies_check(bank, &problem), -1);
    assert_string_equal(problem.id, "FIXTURE-POLICY");
    assert_non_null(strstr(problem.text, "another year than the date of birth"));
    bank_free(bank);
}

static int set_up(void **state)
{
    static struct world world;
    struct lfi_error error;
    if (contract_init(&contract_fixtures, &error) != 0 ||
        contract_init(&contract_records, &error) != 0) {
        return -1;
    }
    for (int segment = 0; segment < SEGMENTS; segment++) {
        world.banks[segment] = built(FIXTURES, segments[segment]);
    }
    *state = &world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    bank_free(world->banks[RETAIL]);
    bank_free(world->banks[SME]);
    contract_fini(&contract_fixtures);
    contract_fini(&contract_records);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_input_same_bytes),
        cmocka_unit_test(a_new_persona_changes_no_other),
        cmocka_unit_test(a_broken_load_leaves_the_store),
        cmocka_unit_test(edge_accounts_have_exact_counts),
        cmocka_unit_test(segments_share_no_identifier),
        cmocka_unit_test(users_are_listed_with_what_they_hold),
        cmocka_unit_test(statements_follow_each_other),
        cmocka_unit_test(bytes_are_those_of_last_time),
        cmocka_unit_test(policies_carry_their_holder_s_number),
        cmocka_unit_test(an_emirates_id_has_the_year_of_birth),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
