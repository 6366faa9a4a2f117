// link: lfi-store lfi-base
/* Accounts that are asked for: what the clock makes of them, identities, and the feed. */
#include "payments_bank.h"
#include "store/opening.h"

#define LIFE_S 86400
#define OTHER_CURSOR "0000000000000000" /* of no core that there is */

static const char PERSON[] =
    "{\"Party\":{\"Claims\":{\"IdentityType\":\"Person\",\"FullName\":\"Layla Qamar\","
    "\"EmiratesIdExpiryDate\":\"2026-06-30\"}}}";
static const char EXPIRED[] =
    "{\"Party\":{\"Claims\":{\"IdentityType\":\"Person\",\"FullName\":\"Layla Qamar\","
    "\"EmiratesIdExpiryDate\":\"2026-06-29\"}}}";

struct given {
    struct lfi_answer base;
    unsigned count;
    char json[1024], cursor[65];
    struct lfi_opening_facts facts;
    unsigned number;
    bool changes;
};

static int take(struct lfi_answer *answer, struct lfi_slice json, const void *facts)
{
    struct given *given = (struct given *)answer;
    assert_true(json.len < sizeof(given->json));
    memcpy(given->json, json.ptr, json.len);
    given->json[json.len] = '\0';
    given->count++;
    if (given->changes) {
        const struct lfi_opening_change *change = facts;
        assert_int_equal(change->size, sizeof(*change));
        given->facts = change->facts;
        given->number = change->number;
        memcpy(given->cursor, change->cursor, sizeof(given->cursor));
    } else {
        given->facts = *(const struct lfi_opening_facts *)facts;
    }
    return 0;
}

static struct given given_of(void *summary)
{
    return (struct given){.base = {sizeof(struct lfi_answer), take, 0, summary}};
}

/* Whether it was taken, and as what. */
static bool ask(struct pay_bank *bank, unsigned char identity, const char *json, struct given *out)
{
    struct lfi_error error = {""};
    struct lfi_opening_summary summary = {.size = sizeof(summary)};
    const struct lfi_opening_request request = {.size = sizeof(request),
                                                .identity_life_s = LIFE_S,
                                                .identity = {identity},
                                                .client_id = pay_text("client-1"),
                                                .json = pay_text(json)};
    *out = given_of(&summary);
    assert_int_equal(store_opening.request(bank->store, &bank->call, &request, &out->base, &error),
                     LFI_OK);
    assert_int_equal(out->count, summary.repeated ? 0 : 1);
    return !summary.repeated;
}

static struct given find(struct pay_bank *bank, const char *id)
{
    struct lfi_error error = {""};
    struct given found = given_of(NULL);
    const struct lfi_query query = {.size = sizeof(query), .subject_id = pay_text(id)};
    assert_int_equal(store_opening.find(bank->store, &bank->call, &query, &found.base, &error),
                     LFI_OK);
    return found;
}

static int read_feed(struct pay_bank *bank, const char *cursor, uint32_t limit, struct given *out)
{
    struct lfi_error error = {""};
    const struct lfi_change_query query = {
        .size = sizeof(query), .cursor = pay_text(cursor), .limit = limit};
    *out = given_of(NULL);
    out->changes = true;
    return store_opening.changes(bank->store, &bank->call, &query, &out->base, &error);
}

static void test_the_clock_moves_it(void **state)
{
    struct pay_bank *bank = *state;
    struct given asked, good;
    assert_true(ask(bank, 1, PERSON, &good));
    assert_true(ask(bank, 2, EXPIRED, &asked));
    assert_int_equal(asked.facts.status, LFI_OPENING_PENDING);
    bank->now_us += 2 * BANK_SECOND - 1;
    assert_int_equal(find(bank, asked.facts.account_id).facts.status, LFI_OPENING_PENDING);
    bank->now_us += 1;
    assert_int_equal(find(bank, asked.facts.account_id).facts.status, LFI_OPENING_AWAITING_BANK);
    bank->now_us += 3 * BANK_SECOND;
    struct given rejected = find(bank, asked.facts.account_id);
    assert_int_equal(rejected.facts.status, LFI_OPENING_REJECTED);
    assert_string_equal(rejected.facts.information, "The Emirates ID has expired.");
    struct given opened = find(bank, good.facts.account_id);
    assert_int_equal(opened.facts.status, LFI_OPENING_COMPLETED);
    assert_non_null(strstr(opened.json, "\"2026-06-30T12:00:05+04:00\""));
    assert_non_null(strstr(opened.json, "\"DHWBAED9\""));
    bank->now_us -= 60 * BANK_SECOND; /* what has ended does not begin again */
    assert_int_equal(find(bank, good.facts.account_id).facts.status, LFI_OPENING_COMPLETED);
}

static void test_an_identity_counts_for_its_life_unless_rejected(void **state)
{
    struct pay_bank *bank = *state;
    struct given asked;
    assert_true(ask(bank, 1, PERSON, &asked));
    assert_false(ask(bank, 1, EXPIRED, &asked));
    bank->now_us += LIFE_S * BANK_SECOND - 1;
    assert_false(ask(bank, 1, PERSON, &asked));
    bank->now_us += 1;
    assert_true(ask(bank, 1, EXPIRED, &asked));
    assert_false(ask(bank, 1, EXPIRED, &asked));
    bank->now_us += 5 * BANK_SECOND;
    assert_true(ask(bank, 1, EXPIRED, &asked));
}

static void test_the_feed_tells_each_change_once_in_order(void **state)
{
    struct pay_bank *bank = *state;
    struct given asked, change;
    assert_int_equal(read_feed(bank, NULL, 10, &change), LFI_OK);
    assert_int_equal(change.count, 0);
    assert_true(ask(bank, 1, PERSON, &asked));
    bank->now_us += 3600 * BANK_SECOND; /* both steps are due at once */
    assert_int_equal(read_feed(bank, NULL, 1, &change), LFI_OK);
    assert_int_equal(change.count, 1);
    assert_int_equal(change.facts.status, LFI_OPENING_AWAITING_BANK);
    assert_null(strstr(change.json, "Completed"));
    assert_string_equal(change.facts.client_id, "client-1");
    assert_string_equal(change.facts.account_id, asked.facts.account_id);
    assert_int_equal(change.number, 1);
    char cursor[65];
    memcpy(cursor, change.cursor, sizeof(cursor));
    store_close(bank->store);
    pay_open(bank);
    assert_int_equal(read_feed(bank, cursor, 10, &change), LFI_OK);
    assert_int_equal(change.count, 1);
    assert_int_equal(change.facts.status, LFI_OPENING_COMPLETED);
    assert_int_equal(change.number, 2);
    memcpy(cursor, change.cursor, sizeof(cursor));
    assert_int_equal(read_feed(bank, cursor, 10, &change), LFI_OK);
    assert_int_equal(change.count, 0);
}

static void test_a_cursor_of_another_core_is_unknown(void **state)
{
    struct pay_bank *bank = *state;
    struct given asked, change;
    assert_true(ask(bank, 1, PERSON, &asked));
    bank->now_us += 60 * BANK_SECOND;
    assert_int_equal(read_feed(bank, OTHER_CURSOR OTHER_CURSOR, 10, &change), LFI_UNKNOWN);
    assert_int_equal(read_feed(bank, "x", 10, &change), LFI_UNKNOWN);
    assert_int_equal(read_feed(bank, NULL, 10, &change), LFI_OK);
    change.cursor[16] = 'f'; /* behind an entry that is not there */
    char cursor[65];
    memcpy(cursor, change.cursor, sizeof(cursor));
    assert_int_equal(read_feed(bank, cursor, 10, &change), LFI_UNKNOWN);
}

static void test_a_long_name_is_cut_between_characters(void **state)
{
    struct pay_bank *bank = *state;
    struct given asked;
    char name[200 * 2 + 1] = "", json[600];
    for (size_t i = 0; i < 200; i++) {
        memcpy(name + 2 * i, "ل", 2);
    }
    (void)snprintf(json, sizeof(json),
                   "{\"Party\":{\"Claims\":{\"IdentityType\":\"Business\",\"BusinessName\":\"%s\","
                   "\"TradeLicenceNumber\":\"1\"}}}",
                   name);
    assert_true(ask(bank, 1, json, &asked));
    bank->now_us += 60 * BANK_SECOND;
    cJSON *record = cJSON_Parse(find(bank, asked.facts.account_id).json);
    const cJSON *identifier =
        cJSON_GetArrayItem(cJSON_GetObjectItem(record, "AccountIdentifiers"), 0);
    name[70 * 2] = '\0';
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(identifier, "Name")), name);
    cJSON_Delete(record);
}

/* --- the account -------------------------------------------------------------------------------
 */

#define EMIRATES_ID "784-1988-0000101-5"

static const char CUSTOMER[] =
    "{\"Party\":{\"Claims\":{\"IdentityType\":\"Person\",\"FullName\":\"A. Marjan\","
    "\"EmiratesId\":\"" EMIRATES_ID "\",\"EmiratesIdExpiryDate\":\"2030-01-31\"}}}";

static int add_customers(struct store_builder *builder, struct lfi_error *error)
{
    static const char RECORD[] =
        "{\"id\":\"customer-1\",\"number\":\"C1\",\"customerCategory\":\"Retail\","
        "\"verifiedClaims\":[{\"verification\":{\"trustFramework\":\"FI\"},\"claims\":{"
        "\"identityType\":\"Person\",\"fullName\":\"Amal Marjan\",\"givenName\":\"Amal\","
        "\"familyName\":\"Marjan\",\"birthDate\":\"1988-01-01\"}}]}";
    static const char OFFER[] =
        "{\"account\":{\"currency\":\"AED\",\"accountSubType\":\"CurrentAccount\",\"product\":{"
        "\"id\":\"everyday\",\"productName\":\"Everyday\"}},\"terms\":{\"IsSecured\":false}}";
    int rc = store_builder_customer(builder, BANK_USER, pay_text(RECORD), error);
    if (rc == 0) {
        rc = store_builder_identity(builder, BANK_USER, "784198800001015", error);
    }
    if (rc == 0) {
        rc = store_builder_opening(builder, pay_text(OFFER), error);
    }
    return rc == 0 ? pay_add_banks(builder, error) : rc;
}

static int set_up_with_customers(void **state)
{
    *state = pay_make(false, add_customers);
    return 0;
}

/* Only the text: facts differ by function. */
static int keep_text(struct lfi_answer *answer, struct lfi_slice json, const void *facts)
{
    (void)facts;
    return pay_record(answer, json, NULL);
}

static struct pay_answer text_answer(void *summary)
{
    struct pay_answer out = pay_answer_of(summary);
    out.base.record = keep_text;
    return out;
}

/* The account as the user holds it; count 0: not held. */
static struct pay_answer held(struct pay_bank *bank, const char *user, const char *id)
{
    struct lfi_error error = {""};
    struct pay_answer out = text_answer(NULL);
    const struct lfi_slice ids[] = {pay_text(id)};
    const struct lfi_held_query query = {
        .base = {.size = sizeof(query), .subject_id = pay_text(user)},
        .account_ids = ids,
        .account_count = 1};
    assert_int_equal(store_accounts.held(bank->store, &bank->call, &query, &out.base, &error),
                     LFI_OK);
    return out;
}

static size_t count_held(struct pay_bank *bank, const char *user)
{
    struct lfi_error error = {""};
    struct pay_answer out = text_answer(NULL);
    const struct lfi_held_query query = {
        .base = {.size = sizeof(query), .subject_id = pay_text(user)}};
    assert_int_equal(store_accounts.held(bank->store, &bank->call, &query, &out.base, &error),
                     LFI_OK);
    return out.count;
}

/* The last record of a list, and how many there are. */
static struct pay_answer list(struct pay_bank *bank, lfi_account_list_fn *function, const char *id)
{
    struct lfi_error error = {""};
    struct pay_answer out = text_answer(NULL);
    const struct lfi_query query = {.size = sizeof(query), .subject_id = pay_text(id)};
    assert_int_equal(function(bank->store, &bank->call, &query, &out.base, &error), LFI_OK);
    return out;
}

/* The record of an opening that has ended; its IBAN. */
static struct given open_one(struct pay_bank *bank, unsigned char identity, const char *json,
                             char iban[24])
{
    struct given asked;
    assert_true(ask(bank, identity, json, &asked));
    bank->now_us += 5 * BANK_SECOND;
    struct given opened = find(bank, asked.facts.account_id);
    assert_int_equal(opened.facts.status, LFI_OPENING_COMPLETED);
    const char *at = strstr(opened.json, "\"AE");
    assert_non_null(at);
    (void)snprintf(iban, 24, "%.23s", at + 1);
    return opened;
}

static enum lfi_payee_state payee_of(struct pay_bank *bank, const char *iban)
{
    struct lfi_error error = {""};
    struct lfi_payee_summary summary = {.size = sizeof(summary)};
    struct pay_answer out = text_answer(&summary);
    const struct lfi_query query = {.size = sizeof(query), .subject_id = pay_text(iban)};
    assert_int_equal(store_payee.holders(bank->store, &bank->call, &query, &out.base, &error),
                     LFI_OK);
    return summary.state;
}

static void reset(struct pay_bank *bank)
{
    struct lfi_error error = {""};
    assert_int_equal(store_levers.reset(bank->store, &bank->call, &error), LFI_OK);
}

static void test_the_account_is_the_customers_once_it_is_open(void **state)
{
    struct pay_bank *bank = *state;
    struct given asked;
    char iban[24];
    assert_true(ask(bank, 1, CUSTOMER, &asked));
    const char *early = asked.facts.account_id;
    bank->now_us += 5 * BANK_SECOND - 1;
    assert_int_equal(find(bank, early).facts.status, LFI_OPENING_AWAITING_BANK);
    assert_int_equal(held(bank, BANK_USER, early).count, 0);
    struct given opened = open_one(bank, 2, CUSTOMER, iban);
    const char *id = opened.facts.account_id;
    struct pay_answer account = held(bank, BANK_USER, id);
    assert_int_equal(account.count, 1);
    assert_non_null(strstr(account.json, iban));
    assert_non_null(strstr(account.json, "\"accountHolderName\":\"Amal Marjan\""));
    assert_non_null(strstr(account.json, "\"accountType\":\"Retail\""));
    assert_non_null(strstr(account.json, "\"productName\":\"Everyday\""));
    assert_non_null(strstr(account.json, "\"status\":\"Active\""));
    assert_null(strstr(account.json, "A. Marjan"));
    assert_int_equal(held(bank, "user-2", id).count, 0);
    assert_int_equal(pay_balance_of(bank, id, "InterimAvailable"), 0);
    assert_int_equal(list(bank, store_accounts.balances, id).count, 2);
    assert_int_equal(list(bank, store_accounts.beneficiaries, id).count, 0);
    struct pay_answer product = list(bank, store_accounts.products, id);
    assert_int_equal(product.count, 1);
    assert_non_null(strstr(product.json, id));
    assert_non_null(strstr(product.json, "\"IsSecured\":false"));
    struct pay_answer customer = list(bank, store_accounts.customers, id);
    assert_non_null(strstr(customer.json, "\"accountRole\":\"Principal\""));
    assert_non_null(strstr(customer.json, "\"birthDate\":\"1988-01-01\""));
    assert_int_equal(payee_of(bank, iban), LFI_PAYEE_SHOWN);
}

static void test_the_account_is_paid_into_and_from(void **state)
{
    struct pay_bank *bank = *state;
    struct pay_answer paid;
    char iban[24];
    struct given opened = open_one(bank, 1, CUSTOMER, iban);
    struct lfi_payment_order order = pay_order("key-1", iban, 12300);
    assert_int_equal(pay_create(bank, &order, &paid), LFI_ORDER_CREATED);
    pay_wait(bank, 3600 * BANK_SECOND);
    const char *id = opened.facts.account_id;
    assert_int_equal(pay_balance_of(bank, id, "InterimBooked"), 12300);
    order = pay_order("key-2", BANK_SAVING_IBAN, 12300);
    order.account_id = pay_text(id);
    assert_int_equal(pay_create(bank, &order, &paid), LFI_ORDER_CREATED);
    order = pay_order("key-3", BANK_SAVING_IBAN, 1);
    order.account_id = pay_text(id);
    assert_int_equal(pay_create(bank, &order, &paid), LFI_ORDER_NO_FUNDS);
}

static void test_the_account_survives_restart_and_loading(void **state)
{
    struct pay_bank *bank = *state;
    struct lfi_error error = {""};
    char iban[24];
    struct given opened = open_one(bank, 1, CUSTOMER, iban);
    const char *id = opened.facts.account_id;
    assert_int_equal(store_levers.account_set_status(bank->store, &bank->call, pay_text(id),
                                                     LFI_ACCOUNT_SUSPENDED, &error),
                     LFI_OK);
    store_close(bank->store);
    pay_open(bank);
    assert_non_null(strstr(held(bank, BANK_USER, id).json, "\"Suspended\""));
    assert_int_equal(count_held(bank, BANK_USER), 4);
    store_close(bank->store);
    pay_build(bank);
    pay_open(bank);
    assert_non_null(strstr(held(bank, BANK_USER, id).json, iban));
    assert_int_equal(count_held(bank, BANK_USER), 4);
}

/* The account's commit comes before the status's: between the two, the bank may end. */
static void test_an_account_whose_status_was_lost_is_added_once(void **state)
{
    struct pay_bank *bank = *state;
    struct lfi_error error = {""};
    struct opening_value opening;
    struct given asked;
    MDB_txn *txn = NULL;
    MDB_val value;
    assert_true(ask(bank, 1, CUSTOMER, &asked));
    const char *id = asked.facts.account_id;
    MDB_val key = val_of(pay_text(id));
    assert_int_equal(payments_begin(bank->store->payments, false, &txn, &error), LFI_OK);
    assert_int_equal(mdb_get(txn, bank->store->payments->db[PAYMENTS_OPENINGS], &key, &value), 0);
    assert_int_equal(value.mv_size, sizeof(opening));
    memcpy(&opening, value.mv_data, sizeof(opening));
    mdb_txn_abort(txn);
    assert_int_equal(opening_add_account(bank->store, &opening), 0);
    store_close(bank->store);
    pay_open(bank);
    bank->now_us += 5 * BANK_SECOND;
    assert_int_equal(find(bank, id).facts.status, LFI_OPENING_COMPLETED);
    assert_int_equal(count_held(bank, BANK_USER), 4);
    assert_int_equal(list(bank, store_accounts.balances, id).count, 2);
}

static void test_a_reset_removes_the_account(void **state)
{
    struct pay_bank *bank = *state;
    struct lfi_error error = {""};
    char iban[24], again[24];
    struct given opened = open_one(bank, 1, CUSTOMER, iban);
    (void)open_one(bank, 2, CUSTOMER, again);
    assert_int_equal(count_held(bank, BANK_USER), 5);
    assert_int_equal(store_levers.account_set_status(bank->store, &bank->call,
                                                     pay_text(opened.facts.account_id),
                                                     LFI_ACCOUNT_CLOSED, &error),
                     LFI_OK);
    reset(bank);
    assert_int_equal(count_held(bank, BANK_USER), 3);
    assert_int_equal(held(bank, BANK_USER, opened.facts.account_id).count, 0);
    assert_int_equal(payee_of(bank, iban), LFI_PAYEE_HIDDEN);
    opened = open_one(bank, 1, CUSTOMER, iban);
    assert_int_equal(list(bank, store_accounts.balances, opened.facts.account_id).count, 2);
    assert_int_equal(list(bank, store_accounts.balances, BANK_FOREIGN).count, 1);
    store_close(bank->store);
    pay_open(bank);
    assert_int_equal(count_held(bank, BANK_USER), 4);
}

static void test_whom_the_bank_does_not_know_has_no_account(void **state)
{
    static const char OTHERS[][17] = {"784198800001016", "78419880000101", "784-x",
                                      "7841988000010150"};
    struct pay_bank *bank = *state;
    char json[400], iban[24];
    for (size_t i = 0; i < ARRAY_LEN(OTHERS); i++) {
        (void)snprintf(json, sizeof(json),
                       "{\"Party\":{\"Claims\":{\"IdentityType\":\"Person\",\"FullName\":\"Amal "
                       "Marjan\",\"EmiratesId\":\"%.16s\",\"EmiratesIdExpiryDate\":"
                       "\"2030-01-31\"}}}",
                       OTHERS[i]);
        (void)open_one(bank, (unsigned char)(i + 1), json, iban);
        assert_int_equal(payee_of(bank, iban), LFI_PAYEE_HIDDEN);
    }
    assert_int_equal(count_held(bank, BANK_USER), 3);
    assert_int_equal(count_held(bank, "user-2"), 1);
}

static int hide_customer(struct store_builder *builder, struct lfi_error *error)
{
    const struct store_payee_entry payee = {
        .iban = "AE159990000000000000099", .account_id = BANK_MAIN, .opted_out = true};
    int rc = store_builder_payee(builder, &payee, error);
    return rc == 0 ? add_customers(builder, error) : rc;
}

static int set_up_hidden(void **state)
{
    *state = pay_make(false, hide_customer);
    return 0;
}

static void test_who_is_hidden_from_payers_stays_hidden(void **state)
{
    struct pay_bank *bank = *state;
    char iban[24];
    struct given opened = open_one(bank, 1, CUSTOMER, iban);
    assert_int_equal(held(bank, BANK_USER, opened.facts.account_id).count, 1);
    assert_int_equal(payee_of(bank, iban), LFI_PAYEE_HIDDEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_clock_moves_it, pay_setup, pay_teardown),
        cmocka_unit_test_setup_teardown(test_an_identity_counts_for_its_life_unless_rejected,
                                        pay_setup, pay_teardown),
        cmocka_unit_test_setup_teardown(test_the_feed_tells_each_change_once_in_order, pay_setup,
                                        pay_teardown),
        cmocka_unit_test_setup_teardown(test_a_cursor_of_another_core_is_unknown, pay_setup,
                                        pay_teardown),
        cmocka_unit_test_setup_teardown(test_a_long_name_is_cut_between_characters, pay_setup,
                                        pay_teardown),
        cmocka_unit_test_setup_teardown(test_the_account_is_the_customers_once_it_is_open,
                                        set_up_with_customers, pay_teardown),
        cmocka_unit_test_setup_teardown(test_the_account_is_paid_into_and_from,
                                        set_up_with_customers, pay_teardown),
        cmocka_unit_test_setup_teardown(test_the_account_survives_restart_and_loading,
                                        set_up_with_customers, pay_teardown),
        cmocka_unit_test_setup_teardown(test_an_account_whose_status_was_lost_is_added_once,
                                        set_up_with_customers, pay_teardown),
        cmocka_unit_test_setup_teardown(test_a_reset_removes_the_account, set_up_with_customers,
                                        pay_teardown),
        cmocka_unit_test_setup_teardown(test_whom_the_bank_does_not_know_has_no_account,
                                        set_up_with_customers, pay_teardown),
        cmocka_unit_test_setup_teardown(test_who_is_hidden_from_payers_stays_hidden, set_up_hidden,
                                        pay_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
