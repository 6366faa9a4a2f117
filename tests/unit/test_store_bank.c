// link: lfi-store
/* What a test bank can be made to do: levers, payees, catalogue, messages, statements.
 */
#include "store_reads.h"

#include "store/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ACCOUNT "account-1"
#define IBAN "AE879990000000000000001"
#define SECOND_US INT64_C(1000000)

struct bank {
    char dir[64];
    char path[96];
    int64_t now_us;
    struct store *store;
};

struct seen {
    size_t count;
    char all[2000];
};

static struct lfi_slice text(const char *s)
{
    return (struct lfi_slice){s, strlen(s)};
}

static int remember(void *ctx, struct lfi_slice json)
{
    struct seen *seen = ctx;
    size_t used = strlen(seen->all);
    (void)snprintf(seen->all + used, sizeof(seen->all) - used, "%.*s;", (int)json.len, json.ptr);
    seen->count++;
    return 0;
}

/* A product, then its rates. */
static int remember_rates(struct lfi_answer *answer, struct lfi_slice json, const void *facts)
{
    const struct sink_answer *self = (const struct sink_answer *)answer;
    const struct lfi_account_product_facts *product = facts;
    (void)remember(self->sink.ctx, json);
    return remember(self->sink.ctx,
                    product->finance_rates.ptr ? product->finance_rates : text("none"));
}

static struct record_sink sink_into(struct seen *seen)
{
    *seen = (struct seen){0};
    return (struct record_sink){remember, seen};
}

static int64_t bank_now(void *clock)
{
    return ((struct bank *)clock)->now_us;
}

static void add_products(struct store_builder *builder)
{
    static const struct {
        const char *id, *category;
        bool sharia;
        int64_t updated_us, until_us;
    } PRODUCTS[] = {
        {"p1", "Mortgage", true, 30 * SECOND_US, INT64_MAX},
        {"p2", "CreditCard", false, 10 * SECOND_US, INT64_MAX},
        {"p3", "Mortgage", false, INT64_MIN, INT64_MAX},
        {"p4", "Mortgage", false, 10 * SECOND_US, INT64_MAX},
        {"p5", "Mortgage", false, 10 * SECOND_US, 5 * SECOND_US}, /* no longer in effect */
    };
    for (size_t i = 0; i < sizeof(PRODUCTS) / sizeof(PRODUCTS[0]); i++) {
        struct store_product product = {PRODUCTS[i].id,         "brand",
                                        PRODUCTS[i].category,   PRODUCTS[i].sharia,
                                        PRODUCTS[i].updated_us, PRODUCTS[i].until_us,
                                        text(PRODUCTS[i].id)};
        assert_int_equal(store_builder_product(builder, &product, NULL), 0);
    }
}

static int setup(void **state)
{
    struct bank *bank = calloc(1, sizeof(*bank));
    struct store_builder *builder = NULL;
    struct lfi_error error = {""};
    (void)snprintf(bank->dir, sizeof(bank->dir), "/tmp/lfi-bank-XXXXXX");
    assert_non_null(mkdtemp(bank->dir));
    (void)snprintf(bank->path, sizeof(bank->path), "%s/store", bank->dir);
    bank->now_us = 1000 * SECOND_US;
    assert_int_equal(store_builder_new(&builder, bank->path, "retail", &error), 0);
    assert_int_equal(store_builder_account(builder, ACCOUNT, LFI_ACCOUNT_ACTIVE,
                                           text("{\"id\":\"account-1\",\"status\":\"Active\"}"),
                                           &error),
                     0);
    struct store_payee_entry payee = {IBAN, ACCOUNT, false, false, false};
    assert_int_equal(store_builder_payee(builder, &payee, &error), 0);
    assert_int_equal(
        store_builder_record(builder, STORE_PAYEES, ACCOUNT, text("{\"id\":\"c1\"}"), &error), 0);
    for (int64_t day = 100; day < 103; day++) {
        char json[16];
        const struct store_statement_days days = {day, day + 50};
        (void)snprintf(json, sizeof(json), "d%d", (int)day);
        assert_int_equal(store_builder_statement(builder, ACCOUNT, &days, text(json), &error), 0);
    }
    static const struct store_statement_days disordered[] = {{101, 153}, {103, 152}};
    for (size_t i = 0; i < 2; i++) {
        assert_int_not_equal(
            store_builder_statement(builder, ACCOUNT, &disordered[i], text("x"), &error), 0);
    }
    const struct lfi_account_product_facts products[] = {
        {.encrypt = 1, .finance_rates = text("{\"r\":1}"), .name = text("Card")},
        {.name = text("Plain")}};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(
            store_builder_account_product(builder, ACCOUNT, text("{}"), &products[i], &error), 0);
    }
    assert_int_equal(store_builder_atm(builder, "atm-2", 7 * SECOND_US, text("m2"), &error), 0);
    assert_int_equal(store_builder_atm(builder, "atm-1", 5 * SECOND_US, text("m1"), &error), 0);
    add_products(builder);
    assert_int_equal(store_builder_commit(builder, &error), 0);
    struct store_options options = {bank->path, "retail", bank_now, bank, 0, 0, 0, 0, false, 0, 0};
    assert_int_equal(store_open(&bank->store, &options, &error), 0);
    *state = bank;
    return 0;
}

static int teardown(void **state)
{
    struct bank *bank = *state;
    char file[128];
    store_close(bank->store);
    (void)snprintf(file, sizeof(file), "%s/data.mdb", bank->path);
    (void)unlink(file);
    (void)snprintf(file, sizeof(file), "%s/lock.mdb", bank->path);
    (void)unlink(file);
    (void)rmdir(bank->path);
    (void)rmdir(bank->dir);
    free(bank);
    return 0;
}

static enum lfi_payee_state payee_of(struct bank *bank, const char *iban, size_t *count)
{
    struct seen seen;
    struct lfi_error error = {""};
    struct lfi_payee_summary summary = {sizeof(summary), LFI_PAYEE_SHOWN};
    const struct lfi_query query = query_about(text(iban));
    struct sink_answer answer = answer_into(sink_into(&seen), &summary);
    assert_int_equal(store_payee.holders(bank->store, NULL, &query, &answer.base, &error), 0);
    *count = seen.count;
    return summary.state;
}

/* A payee whose account is not in the store, which no builder makes. */
static void test_a_payee_without_its_account_is_hidden(void **state)
{
    static const char iban[] = "AE509991234567890123456";
    static const char value[] = "\0\0\0\0\0\0\0\0gone";
    struct bank *bank = *state;
    struct seen seen = {0};
    struct lfi_error error = {""};
    struct lfi_payee_summary summary = {sizeof(summary), LFI_PAYEE_SHOWN};
    const struct lfi_query query = query_about(text(iban));
    struct sink_answer answer = answer_into(sink_into(&seen), &summary);
    MDB_txn *txn = NULL;
    MDB_val key = {sizeof(iban) - 1, (void *)(uintptr_t)iban};
    MDB_val data = {sizeof(value) - 1, (void *)(uintptr_t)value};
    assert_int_equal(mdb_txn_begin(bank->store->env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_put(txn, bank->store->db[DB_PAYEES], &key, &data, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    assert_int_equal(store_payee.holders(bank->store, NULL, &query, &answer.base, &error),
                     LFI_UNKNOWN);
    assert_int_equal(summary.state, LFI_PAYEE_HIDDEN);
    assert_int_equal(seen.count, 0);
}

static void test_payee_and_levers(void **state)
{
    struct bank *bank = *state;
    size_t count = 0;
    assert_int_equal(payee_of(bank, IBAN, &count), LFI_PAYEE_SHOWN);
    assert_int_equal(count, 1);
    assert_int_equal(payee_of(bank, "AE109991234567890123456", &count), LFI_PAYEE_HIDDEN);
    assert_int_equal(payee_of(bank, "", &count), LFI_PAYEE_HIDDEN);
    assert_int_equal(count, 0);
    static const struct {
        enum lfi_account_status status;
        enum lfi_credit_block block;
        enum lfi_payee_state payee;
    } CASES[] = {
        {LFI_ACCOUNT_DORMANT, LFI_CREDIT_OPEN, LFI_PAYEE_SHOWN},
        {LFI_ACCOUNT_SUSPENDED, LFI_CREDIT_OPEN, LFI_PAYEE_BLOCKED_FOR_NOW},
        {LFI_ACCOUNT_CLOSED, LFI_CREDIT_BLOCKED_FOR_NOW, LFI_PAYEE_BLOCKED_FOR_GOOD},
        {LFI_ACCOUNT_ACTIVE, LFI_CREDIT_BLOCKED_FOR_NOW, LFI_PAYEE_BLOCKED_FOR_NOW},
        {LFI_ACCOUNT_ACTIVE, LFI_CREDIT_BLOCKED_FOR_GOOD, LFI_PAYEE_BLOCKED_FOR_GOOD},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        assert_int_equal(
            store_account_set_status(bank->store, text(ACCOUNT), CASES[i].status, NULL), 0);
        assert_int_equal(
            store_account_set_credit_block(bank->store, text(ACCOUNT), CASES[i].block, NULL), 0);
        assert_int_equal(payee_of(bank, IBAN, &count), CASES[i].payee);
    }
    assert_int_equal(store_account_set_status(bank->store, text("none"), LFI_ACCOUNT_ACTIVE, NULL),
                     LFI_UNKNOWN);
    assert_int_equal(
        store_account_set_credit_block(bank->store, text("none"), LFI_CREDIT_OPEN, NULL),
        LFI_UNKNOWN);
}

static void test_reset(void **state)
{
    struct bank *bank = *state;
    struct seen seen;
    struct lfi_id lead;
    struct lfi_error error = {""};
    size_t count = 0;
    assert_int_equal(store_account_set_status(bank->store, text(ACCOUNT), LFI_ACCOUNT_CLOSED, NULL),
                     0);
    assert_int_equal(
        store_account_set_status(bank->store, text(ACCOUNT), LFI_ACCOUNT_DORMANT, NULL), 0);
    assert_int_equal(read_record(bank->store, text(ACCOUNT), sink_into(&seen)), 0);
    assert_non_null(strstr(seen.all, "\"Dormant\""));
    assert_int_equal(store_account_set_credit_block(bank->store, text(ACCOUNT),
                                                    LFI_CREDIT_BLOCKED_FOR_GOOD, NULL),
                     0);
    assert_int_equal(
        store_open_data.lead_create(bank->store, NULL, text("{\"a\":1}"), &lead, &error), 0);
    assert_int_equal(read_leads(bank->store, sink_into(&seen)), 0);
    assert_non_null(strstr(seen.all, "\"createdAt\":1000,\"lead\":{\"a\":1}}"));
    assert_int_equal(store_reset(bank->store, NULL), 0);
    assert_int_equal(read_leads(bank->store, sink_into(&seen)), 0);
    assert_int_equal(seen.count, 0);
    assert_int_equal(read_record(bank->store, text(ACCOUNT), sink_into(&seen)), 0);
    assert_string_equal(seen.all, "{\"id\":\"account-1\",\"status\":\"Active\"};");
    assert_int_equal(payee_of(bank, IBAN, &count), LFI_PAYEE_SHOWN);
}

static void check_catalogue(struct bank *bank, struct lfi_product_query query, const char *want,
                            uint64_t total)
{
    struct seen seen;
    struct lfi_error error = {""};
    struct sink_answer answer = answer_into(sink_into(&seen), NULL);
    assert_int_equal(store_open_data.catalogue(bank->store, NULL, &query, &answer.base, &error), 0);
    assert_string_equal(seen.all, want);
    assert_int_equal(answer.base.total, total);
}

static void test_catalogue(void **state)
{
    struct bank *bank = *state;
    struct lfi_product_query all = {.base = {.size = sizeof(all), .window = {0, 100}},
                                    .updated_since_us = INT64_MIN,
                                    .sharia = -1};
    struct lfi_product_query query = all;
    check_catalogue(bank, query, "p2;p4;p1;p3;", 4);
    query.descending = 1;
    check_catalogue(bank, query, "p1;p2;p4;p3;", 4);
    query.by_id = 1;
    check_catalogue(bank, query, "p4;p3;p2;p1;", 4);
    query = all;
    query.base.window = (struct lfi_window){1, 2};
    check_catalogue(bank, query, "p4;p1;", 4);
    query = all;
    query.category = text("Mortgage");
    check_catalogue(bank, query, "p4;p1;p3;", 3);
    query.sharia = 1;
    check_catalogue(bank, query, "p1;", 1);
    query = all;
    query.sharia = 0;
    check_catalogue(bank, query, "p2;p4;p3;", 3);
    query = all;
    query.updated_since_us = 10 * SECOND_US + 1;
    check_catalogue(bank, query, "p1;", 1);
}

static void test_machines_products_messages(void **state)
{
    struct bank *bank = *state;
    struct seen seen;
    struct lfi_error error = {""};
    struct lfi_atm_summary summary = {.size = sizeof(summary)};
    const struct lfi_query any = query_about(text(ACCOUNT));
    struct sink_answer atms = answer_into(sink_into(&seen), &summary);
    assert_int_equal(store_open_data.atms(bank->store, NULL, &any, &atms.base, &error), 0);
    assert_string_equal(seen.all, "m1;m2;");
    assert_true(summary.updated_us == 7 * SECOND_US);
    struct sink_answer rates = answer_into(sink_into(&seen), NULL);
    rates.base.record = remember_rates;
    assert_int_equal(store_accounts.products(bank->store, NULL, &any, &rates.base, &error), 0);
    assert_string_equal(seen.all, "{};{\"r\":1};{};none;");
    assert_int_equal(store_message_send(bank->store, text("u1"), text("\"first\""), NULL), 0);
    assert_int_equal(store_message_send(bank->store, text("u2"), text("\"other\""), NULL), 0);
    assert_int_equal(store_message_send(bank->store, text("u1"), text("\"second\""), NULL), 0);
    assert_int_equal(store_messages(bank->store, text("u1"), sink_into(&seen), NULL), 0);
    assert_string_equal(seen.all, "{\"sentAt\":1000,\"text\":\"second\"};"
                                  "{\"sentAt\":1000,\"text\":\"first\"};");
    static char large[LFI_MESSAGE_BYTES_MAX + 1];
    memset(large, 'x', sizeof(large));
    for (size_t len = LFI_MESSAGE_BYTES_MAX; len <= LFI_MESSAGE_BYTES_MAX + 1; len++) {
        const struct lfi_slice message = {large, len};
        assert_int_equal(store_message_send(bank->store, text("u2"), message, &error) == 0,
                         len == LFI_MESSAGE_BYTES_MAX);
    }
    bank->now_us += 1801 * SECOND_US;
    assert_int_equal(store_messages(bank->store, text("u1"), sink_into(&seen), NULL), 0);
    assert_int_equal(seen.count, 0);
}

/* Returns the total. */
static uint64_t read_statements(struct store *store, const struct lfi_statement_query *query,
                                struct record_sink sink, struct lfi_statement_summary *out)
{
    struct sink_answer answer = answer_into(sink, out);
    struct lfi_error error = {""};
    assert_int_equal(store_accounts.statements(store, NULL, query, &answer.base, &error), 0);
    return answer.base.total;
}

static void test_statements(void **state)
{
    struct bank *bank = *state;
    struct seen seen;
    struct lfi_statement_query query = {
        .base = {.size = sizeof(query), .subject_id = text(ACCOUNT), .window = {0, 10}},
        .from_day = 101,
        .to_day = INT64_MAX};
    struct lfi_statement_summary said = {.size = sizeof(said)};
    assert_int_equal(read_statements(bank->store, &query, sink_into(&seen), &said), 2);
    assert_string_equal(seen.all, "d102;d101;");
    assert_int_equal(said.held, 3);
    assert_int_equal(said.first_day, 100);
    assert_int_equal(said.last_day, 102);
    query.to_day = 100;
    assert_int_equal(read_statements(bank->store, &query, sink_into(&seen), &said), 0);

    query.day = LFI_STATEMENT_STATEMENT_DATE;
    query.from_day = 151;
    query.to_day = 151;
    assert_int_equal(read_statements(bank->store, &query, sink_into(&seen), &said), 1);
    assert_string_equal(seen.all, "d101;");
    assert_int_equal(said.first_day, 150);
    assert_int_equal(said.last_day, 152);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_a_payee_without_its_account_is_hidden),
        T(test_payee_and_levers),
        T(test_reset),
        T(test_catalogue),
        T(test_machines_products_messages),
        T(test_statements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
