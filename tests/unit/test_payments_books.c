// link: lfi-store lfi-base
/* A payment is one truth in transactions, balances and statements. */
#include "payments_bank.h"

#define ANY_IBAN "AE219900000000000099999"
#define SLOW_IBAN "AE939910000000000000009" /* by UAEFTS, in a minute */
#define RECORDS_MAX 16
#define DAY (86400 * BANK_SECOND)

/* --- a bank with a past ------------------------------------------------------------------------
 */

#define STATEMENT(id, dated, opening_date, closing_date, opening, closing, amount, direction)      \
    "{\"StatementId\":\"" id "\",\"StatementDate\":\"" dated "\",\"OpeningDate\":\"" opening_date  \
    "\",\"ClosingDate\":\"" closing_date "\",\"CreditLine\":{\"Amount\":\"500.00\",\"Currency\":"  \
    "\"AED\"},\"OpeningBalance\":{\"CreditDebitIndicator\":\"Credit\",\"Amount\":{\"Amount\":"     \
    "\"" opening                                                                                   \
    "\",\"Currency\":\"AED\"}},\"ClosingBalance\":{\"CreditDebitIndicator\":\"Credit\","           \
    "\"Amount\":{\"Amount\":\"" closing "\",\"Currency\":\"AED\"}},\"Summary\":[{"                 \
    "\"CreditDebitIndicator\":\"" direction "\",\"TransactionType\":\"Teller\","                   \
    "\"SubTransactionType\":\"NotApplicable\",\"Amount\":{\"Amount\":\"" amount                    \
    "\",\"Currency\":\"AED\"},\"Count\":1}]}"

static const char MAY[] = STATEMENT("s-may", "2026-06-01", "2026-05-01", "2026-05-31", "0.00",
                                    "1200.00", "1200.00", "Credit");
static const char JUNE[] = STATEMENT("s-june", "2026-07-01", "2026-06-01", "2026-06-30", "1200.00",
                                     "1000.00", "200.00", "Debit");

#define ENTRY(id, time, direction, amount, balance)                                                \
    "{\"accountId\":\"" BANK_MAIN "\",\"transactionId\":\"" id "\",\"bookingDateTime\":\"" time    \
    "\",\"transactionType\":\"Teller\",\"subTransactionType\":\"NotApplicable\","                  \
    "\"creditDebitIndicator\":\"" direction                                                        \
    "\",\"status\":\"Booked\",\"amount\":{\"amount\":\"" amount                                    \
    "\",\"currency\":\"AED\"},\"balance\":{\"creditDebitIndicator\":\"Credit\","                   \
    "\"balanceType\":\"InterimBooked\",\"amount\":{\"amount\":\"" balance                          \
    "\",\"currency\":\"AED\"}}}"

static int add_entry(struct store_builder *builder, lfi_wall_us booking, const char *id,
                     const char *json, struct lfi_error *error)
{
    const struct store_transaction entry = {
        .booking = booking, .id = pay_text(id), .json = pay_text(json)};
    return store_builder_transaction(builder, BANK_MAIN, &entry, error);
}

static int add_statement(struct store_builder *builder, const char *json, int64_t opening,
                         int64_t dated, struct lfi_error *error)
{
    const struct store_statement_days days = {opening, dated};
    return store_builder_statement(builder, BANK_MAIN, &days, pay_text(json), error);
}

/* 1,200.00 came on May 10, 200.00 went on June 5; May has its statement. */
static int add_past(struct store_builder *builder, struct lfi_error *error)
{
    int rc = pay_add_banks(builder, error);
    rc = rc != 0
             ? rc
             : add_entry(builder, 20583 * DAY, "t1",
                         ENTRY("t1", "2026-05-10T00:00:00+04:00", "Credit", "1200.00", "1200.00"),
                         error);
    rc = rc != 0 ? rc
                 : add_entry(builder, 20609 * DAY, "t2",
                             ENTRY("t2", "2026-06-05T00:00:00+04:00", "Debit", "200.00", "1000.00"),
                             error);
    return rc != 0 ? rc : add_statement(builder, MAY, 20574, 20605, error);
}

/* The same, loaded when June had its statement, too. */
static int add_longer_past(struct store_builder *builder, struct lfi_error *error)
{
    int rc = add_past(builder, error);
    return rc != 0 ? rc : add_statement(builder, JUNE, 20605, 20635, error);
}

static int setup(void **state)
{
    *state = pay_make(false, add_past);
    return 0;
}

/* --- reading -----------------------------------------------------------------------------------
 */

struct list {
    struct lfi_answer base;
    size_t count;
    cJSON *items[RECORDS_MAX];
};

static int take(struct lfi_answer *answer, struct lfi_slice json, const void *facts)
{
    struct list *list = (struct list *)answer;
    (void)facts;
    assert_true(list->count < RECORDS_MAX);
    list->items[list->count] = cJSON_ParseWithLength(json.ptr, json.len);
    assert_non_null(list->items[list->count++]);
    return 0;
}

static void list_free(struct list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        cJSON_Delete(list->items[i]);
    }
    list->count = 0;
}

static struct list transactions(struct pay_bank *bank, struct lfi_window window, uint64_t up_to,
                                uint64_t *mark)
{
    struct lfi_error error = {""};
    struct lfi_transaction_summary summary = {.size = sizeof(summary)};
    struct list list = {.base = {.size = sizeof(list.base), .record = take, .summary = &summary}};
    const struct lfi_transaction_query query = {
        .base = {.size = sizeof(query), .subject_id = pay_text(BANK_MAIN), .window = window},
        .from = LFI_WALL_MIN,
        .to = LFI_WALL_MAX,
        .up_to = up_to};
    assert_int_equal(
        store_accounts.transactions(bank->store, &bank->call, &query, &list.base, &error), LFI_OK);
    *mark = summary.mark;
    return list;
}

static struct list all_transactions(struct pay_bank *bank)
{
    uint64_t mark = 0;
    return transactions(bank, (struct lfi_window){0, RECORDS_MAX}, 0, &mark);
}

static struct list statements(struct pay_bank *bank, int64_t from_day,
                              struct lfi_statement_summary *summary)
{
    struct lfi_error error = {""};
    *summary = (struct lfi_statement_summary){.size = sizeof(*summary)};
    struct list list = {.base = {.size = sizeof(list.base), .record = take, .summary = summary}};
    const struct lfi_statement_query query = {.base = {.size = sizeof(query),
                                                       .subject_id = pay_text(BANK_MAIN),
                                                       .window = {0, RECORDS_MAX}},
                                              .from_day = from_day,
                                              .to_day = INT64_MAX};
    assert_int_equal(
        store_accounts.statements(bank->store, &bank->call, &query, &list.base, &error), LFI_OK);
    assert_int_equal(list.base.total, list.count);
    return list;
}

/* The text at "a.b" of a record; "" when it has none. */
static const char *at(const cJSON *record, const char *path)
{
    char name[64];
    while (strchr(path, '.')) {
        (void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(path, "."), path);
        record = cJSON_GetObjectItemCaseSensitive(record, name);
        path = strchr(path, '.') + 1;
    }
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(record, path));
    return text ? text : "";
}

static void make(struct pay_bank *bank, const char *key, const char *iban, int64_t minor)
{
    struct pay_answer said;
    const struct lfi_payment_order order = pay_order(key, iban, minor);
    assert_int_equal(pay_create(bank, &order, &said), LFI_ORDER_CREATED);
}

/* --- transactions ------------------------------------------------------------------------------
 */

static void test_a_payment_is_pending_then_booked_under_one_id(void **state)
{
    struct pay_bank *bank = *state;
    char id[64];
    make(bank, "key-1", ANY_IBAN, 10000);
    struct list list = all_transactions(bank);
    assert_int_equal(list.count, 3);
    (void)snprintf(id, sizeof(id), "%s", at(list.items[0], "transactionId"));
    assert_string_equal(at(list.items[0], "status"), "Pending");
    assert_string_equal(at(list.items[0], "transactionMutability"), "Mutable");
    assert_string_equal(at(list.items[0], "amount.amount"), "100.00");
    assert_string_equal(at(list.items[0], "transactionDateTime"), "2026-06-30T12:00:00+04:00");
    assert_string_equal(at(list.items[0], "bookingDateTime"), "2026-06-30T12:00:02+04:00");
    assert_null(cJSON_GetObjectItem(list.items[0], "balance"));
    assert_string_equal(at(list.items[1], "balance.amount.amount"), "1000.00");
    list_free(&list);
    pay_wait(bank, 2 * BANK_SECOND);
    list = all_transactions(bank);
    assert_int_equal(list.count, 3);
    assert_string_equal(at(list.items[0], "transactionId"), id);
    assert_string_equal(at(list.items[0], "status"), "Booked");
    assert_string_equal(at(list.items[0], "transactionMutability"), "Immutable");
    assert_string_equal(at(list.items[0], "balance.amount.amount"), "900.00");
    assert_string_equal(at(list.items[0], "transactionDateTime"), "2026-06-30T12:00:00+04:00");
    list_free(&list);
}

static void test_a_rejected_payment_leaves_no_entry(void **state)
{
    struct pay_bank *bank = *state;
    make(bank, "key-1", "AE189940000000000000009", 10000);
    struct list list = all_transactions(bank);
    assert_int_equal(list.count, 3);
    list_free(&list);
    pay_wait(bank, BANK_SECOND);
    list = all_transactions(bank);
    assert_int_equal(list.count, 2);
    list_free(&list);
}

static void test_bookings_of_one_instant_keep_their_order(void **state)
{
    struct pay_bank *bank = *state;
    make(bank, "key-1", SLOW_IBAN, 100);
    bank->now_us += 58 * BANK_SECOND;
    make(bank, "key-2", ANY_IBAN, 200);
    bank->now_us += 60 * BANK_SECOND; /* nothing has moved meanwhile */
    struct list list = all_transactions(bank);
    assert_string_equal(at(list.items[0], "amount.amount"), "2.00");
    list_free(&list);
    pay_wait(bank, 0);
    list = all_transactions(bank);
    assert_string_equal(at(list.items[0], "amount.amount"), "2.00");
    assert_string_equal(at(list.items[0], "bookingDateTime"), "2026-06-30T12:01:58.000001+04:00");
    assert_string_equal(at(list.items[1], "bookingDateTime"), "2026-06-30T12:01:58+04:00");
    assert_string_equal(at(list.items[0], "balance.amount.amount"), "997.00");
    list_free(&list);
}

static void test_bounds_apply_to_what_is_pending(void **state)
{
    struct pay_bank *bank = *state;
    struct lfi_error error = {""};
    struct lfi_transaction_summary summary = {.size = sizeof(summary)};
    static const struct {
        int64_t from, to; /* seconds from the start */
        size_t count;
    } CASES[] = {{2, 2, 1}, {1, 2, 1}, {2, 60, 2}, {3, 60, 1}, {3, 59, 0}, {60, 60, 1}};
    make(bank, "key-1", ANY_IBAN, 100);
    make(bank, "key-2", SLOW_IBAN, 100);
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        lfi_wall_us start = BANK_START + GULF_OFFSET_US;
        struct list list = {
            .base = {.size = sizeof(list.base), .record = take, .summary = &summary}};
        const struct lfi_transaction_query query = {.base = {.size = sizeof(query),
                                                             .subject_id = pay_text(BANK_MAIN),
                                                             .window = {0, RECORDS_MAX}},
                                                    .from = start + CASES[i].from * BANK_SECOND,
                                                    .to = start + CASES[i].to * BANK_SECOND};
        assert_int_equal(
            store_accounts.transactions(bank->store, &bank->call, &query, &list.base, &error),
            LFI_OK);
        assert_int_equal(list.base.total, CASES[i].count);
        assert_int_equal(list.count, CASES[i].count);
        list_free(&list);
    }
}

/* Of five that are pending on page 1, some are booked, one is rejected, and others come. */
static void test_pages_stay_while_payments_move(void **state)
{
    static const char *const IBANS[] = {ANY_IBAN, SLOW_IBAN, "AE189940000000000000009",
                                        BANK_SAVING_IBAN, ANY_IBAN};
    struct pay_bank *bank = *state;
    uint64_t mark = 0;
    uint64_t later = 0;
    char key[32];
    for (size_t i = 0; i < ARRAY_LEN(IBANS); i++) {
        (void)snprintf(key, sizeof(key), "key-%zu", i);
        make(bank, key, IBANS[i], 100 + (int64_t)i);
    }
    struct list before = transactions(bank, (struct lfi_window){0, RECORDS_MAX}, 0, &mark);
    assert_int_equal(before.count, 7);
    for (int round = 0; round < 4; round++) {
        for (size_t page = 0; page < 4; page++) {
            struct list list = transactions(bank, (struct lfi_window){page * 2, 2}, mark, &later);
            assert_int_equal(list.base.total, before.count);
            assert_int_equal(list.count, page < 3 ? 2 : 1);
            for (size_t i = 0; i < list.count; i++) {
                assert_true(cJSON_Compare(list.items[i], before.items[page * 2 + i], true));
            }
            list_free(&list);
        }
        pay_wait(bank, round == 0 ? BANK_SECOND : 30 * BANK_SECOND);
        (void)snprintf(key, sizeof(key), "more-%d", round);
        make(bank, key, ANY_IBAN, 5000);
    }
    struct list now = all_transactions(bank);
    assert_int_equal(now.count, 10); /* one was rejected, four came */
    list_free(&now);
    list_free(&before);
}

/* --- statements --------------------------------------------------------------------------------
 */

static void test_a_month_that_has_ended_has_a_statement(void **state)
{
    struct pay_bank *bank = *state;
    struct lfi_statement_summary summary;
    make(bank, "key-1", ANY_IBAN, 10000);
    pay_wait(bank, 2 * BANK_SECOND);
    make(bank, "key-2", ANY_IBAN, 2550);
    pay_wait(bank, 2 * BANK_SECOND);
    struct list list = statements(bank, INT64_MIN, &summary);
    assert_int_equal(list.count, 1);
    list_free(&list);
    bank->now_us += 32 * DAY; /* August 1 */
    list = statements(bank, INT64_MIN, &summary);
    assert_int_equal(list.count, 3);
    assert_int_equal(summary.held, 3);
    assert_int_equal(summary.first_day, 20574);
    assert_int_equal(summary.last_day, 20635);
    const cJSON *june = list.items[1];
    assert_string_equal(at(june, "OpeningDate"), "2026-06-01");
    assert_string_equal(at(june, "ClosingDate"), "2026-06-30");
    assert_string_equal(at(june, "StatementDate"), "2026-07-01");
    assert_string_equal(at(june, "CreditLine.Amount"), "500.00");
    assert_string_equal(at(june, "OpeningBalance.Amount.Amount"), "1200.00");
    assert_string_equal(at(june, "ClosingBalance.Amount.Amount"), "874.50");
    const cJSON *rows = cJSON_GetObjectItem(june, "Summary");
    assert_int_equal(cJSON_GetArraySize(rows), 2);
    assert_string_equal(at(cJSON_GetArrayItem(rows, 0), "Amount.Amount"), "200.00");
    assert_string_equal(at(cJSON_GetArrayItem(rows, 1), "TransactionType"), "LocalBankTransfer");
    assert_string_equal(at(cJSON_GetArrayItem(rows, 1), "Amount.Amount"), "125.50");
    assert_int_equal(cJSON_GetObjectItem(cJSON_GetArrayItem(rows, 1), "Count")->valueint, 2);
    const cJSON *july = list.items[0];
    assert_string_equal(at(july, "OpeningDate"), "2026-07-01");
    assert_string_equal(at(july, "OpeningBalance.Amount.Amount"), "874.50");
    assert_string_equal(at(july, "ClosingBalance.Amount.Amount"), "874.50");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(july, "Summary")), 0);
    list_free(&list);
    list = statements(bank, 20606, &summary);
    assert_int_equal(list.count, 1);
    assert_string_equal(at(list.items[0], "OpeningDate"), "2026-07-01");
    assert_int_equal(summary.held, 3);
    list_free(&list);
}

static void test_a_statement_that_covers_a_payment_is_amended(void **state)
{
    struct pay_bank *bank = *state;
    struct lfi_statement_summary summary;
    make(bank, "key-1", ANY_IBAN, 10000);
    pay_wait(bank, 2 * BANK_SECOND);
    store_close(bank->store);
    bank->add_banks = add_longer_past;
    pay_build(bank);
    pay_open(bank);
    bank->now_us += DAY;
    struct list list = statements(bank, INT64_MIN, &summary);
    assert_int_equal(list.count, 2);
    assert_string_equal(at(list.items[0], "StatementId"), "s-june");
    assert_string_equal(at(list.items[0], "OpeningBalance.Amount.Amount"), "1200.00");
    assert_string_equal(at(list.items[0], "ClosingBalance.Amount.Amount"), "900.00");
    const cJSON *rows = cJSON_GetObjectItem(list.items[0], "Summary");
    assert_int_equal(cJSON_GetArraySize(rows), 2);
    assert_string_equal(at(cJSON_GetArrayItem(rows, 1), "Amount.Amount"), "100.00");
    assert_string_equal(at(list.items[1], "ClosingBalance.Amount.Amount"), "1200.00");
    list_free(&list);
}

static void test_a_payment_in_the_past_moves_what_came_after_it(void **state)
{
    struct pay_bank *bank = *state;
    struct lfi_statement_summary summary;
    bank->now_us = BANK_START - 41 * DAY; /* May 20: the clock was set back */
    make(bank, "key-1", ANY_IBAN, 10000);
    pay_wait(bank, 2 * BANK_SECOND);
    struct list list = all_transactions(bank);
    assert_int_equal(list.count, 3);
    assert_string_equal(at(list.items[0], "transactionId"), "t2");
    assert_string_equal(at(list.items[0], "balance.amount.amount"), "900.00");
    assert_string_equal(at(list.items[2], "balance.amount.amount"), "1200.00");
    list_free(&list);
    list = statements(bank, INT64_MIN, &summary);
    assert_int_equal(list.count, 1);
    assert_string_equal(at(list.items[0], "ClosingBalance.Amount.Amount"), "1100.00");
    list_free(&list);
    bank->now_us = BANK_START + DAY;
    list = statements(bank, INT64_MIN, &summary);
    assert_string_equal(at(list.items[0], "OpeningBalance.Amount.Amount"), "1100.00");
    assert_string_equal(at(list.items[0], "ClosingBalance.Amount.Amount"), "900.00");
    list_free(&list);
}

static void test_days_and_months(void **state)
{
    static const struct {
        const char *text; /* NULL: the day is no date */
        int64_t day, month;
    } CASES[] = {{"1970-01-01", 0, 0},       {"1970-01-31", 30, 0},      {"1970-02-01", 31, 1},
                 {"2000-02-29", 11016, 361}, {"2024-12-31", 20088, 659}, {"2026-06-30", 20634, 677},
                 {"2100-03-01", 47541, 1562}};
    static const char *const BAD[] = {"2026-02-29", "2026-13-01", "2026-1-1", "", "2026-06-31"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        int64_t day = 0;
        char text[TIME_TEXT];
        assert_true(day_parse(CASES[i].text, &day));
        assert_int_equal(day, CASES[i].day);
        day_format(day, text);
        assert_string_equal(text, CASES[i].text);
        assert_int_equal(month_of_day(day), CASES[i].month);
        assert_int_equal(month_of_day(month_start(CASES[i].month)), CASES[i].month);
        assert_int_equal(month_of_day(month_start(CASES[i].month) - 1), CASES[i].month - 1);
    }
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        int64_t day = 0;
        assert_false(day_parse(BAD[i], &day));
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, pay_teardown)
    const struct CMUnitTest tests[] = {
        T(test_a_payment_is_pending_then_booked_under_one_id),
        T(test_a_rejected_payment_leaves_no_entry),
        T(test_bookings_of_one_instant_keep_their_order),
        T(test_bounds_apply_to_what_is_pending),
        T(test_pages_stay_while_payments_move),
        T(test_a_month_that_has_ended_has_a_statement),
        T(test_a_statement_that_covers_a_payment_is_amended),
        T(test_a_payment_in_the_past_moves_what_came_after_it),
        cmocka_unit_test(test_days_and_months),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
