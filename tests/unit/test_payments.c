// link: lfi-store lfi-base
/* Payments of the reference core: creating, finding, and what creating refuses. */
#include "payments_bank.h"
#include "store_reads.h"

#define SIDR_IBAN "AE219900000000000000001"
#define WADI_IBAN "AE189940000000000000001"

static void test_a_payment_is_created_and_found(void **state)
{
    struct pay_bank *bank = *state;
    struct pay_answer made;
    struct pay_answer found;
    struct lfi_payment_order order = pay_order("key-1", SIDR_IBAN, 12345);
    order.debtor_reference = pay_text("Invoice 7");
    order.merchant_id = pay_text("MERCHANT1");
    assert_int_equal(pay_create(bank, &order, &made), LFI_ORDER_CREATED);
    assert_int_equal(made.count, 1);
    assert_int_equal(strlen(made.facts.payment_id), 36);
    char want[700];
    (void)snprintf(want, sizeof(want),
                   "{\"id\":\"%s\",\"consentId\":\"consent-1\",\"status\":\"Pending\","
                   "\"statusUpdateDateTime\":\"2026-06-30T12:00:00+04:00\","
                   "\"creationDateTime\":\"2026-06-30T12:00:00+04:00\","
                   "\"instruction\":{\"Amount\":{\"amount\":\"123.45\",\"currency\":\"AED\"}},"
                   "\"paymentPurposeCode\":\"GDS\",\"debtorReference\":\"Invoice 7\","
                   "\"openFinanceBilling\":{\"Type\":\"Collection\",\"MerchantId\":\"MERCHANT1\"}}",
                   made.facts.payment_id);
    assert_string_equal(made.json, want);
    assert_int_equal(made.facts.status, LFI_PAYMENT_PENDING);
    assert_int_equal(made.facts.rail, LFI_RAIL_AANI);
    assert_int_equal(made.facts.amount.minor, 12345);
    assert_string_equal(made.facts.account_id, BANK_MAIN);

    assert_int_equal(pay_find(bank, made.facts.payment_id, &found), LFI_OK);
    assert_string_equal(found.json, made.json);
    assert_int_equal(pay_find_by_key(bank, "consent-1", "key-1", &found), LFI_OK);
    assert_string_equal(found.json, made.json);
    assert_int_equal(pay_find_by_key(bank, "consent-1", "key-2", &found), LFI_UNKNOWN);
    assert_int_equal(pay_find_by_key(bank, "consent-2", "key-1", &found), LFI_UNKNOWN);
    assert_int_equal(pay_find(bank, "5d0a71ec-0000-4000-8000-000000000000", &found), LFI_UNKNOWN);
    assert_int_equal(pay_find(bank, "none", &found), LFI_UNKNOWN);
    assert_int_equal(found.count, 0);
}

static void test_a_payment_outlives_the_process_and_a_new_load(void **state)
{
    struct pay_bank *bank = *state;
    struct pay_answer made;
    struct pay_answer found;
    struct lfi_payment_order order = pay_order("key-1", SIDR_IBAN, 149999);
    assert_int_equal(pay_create(bank, &order, &made), LFI_ORDER_CREATED);
    store_close(bank->store);
    pay_build(bank);
    pay_open(bank);
    assert_int_equal(pay_find(bank, made.facts.payment_id, &found), LFI_OK);
    assert_string_equal(found.json, made.json);
    order = pay_order("key-2", SIDR_IBAN, 2);
    assert_int_equal(pay_create(bank, &order, &made), LFI_ORDER_NO_FUNDS);
}

static void test_a_key_names_one_payment(void **state)
{
    struct pay_bank *bank = *state;
    struct pay_answer first;
    struct pay_answer again;
    struct lfi_payment_order order = pay_order("key-1", SIDR_IBAN, 10000);
    assert_int_equal(pay_create(bank, &order, &first), LFI_ORDER_CREATED);
    assert_int_equal(pay_create(bank, &order, &again), LFI_ORDER_EXISTS);
    assert_string_equal(again.json, first.json);
    order.digest[31] = 1;
    assert_int_equal(pay_create(bank, &order, &again), LFI_ORDER_KEY_USED);
    assert_int_equal(again.count, 0);
    order.consent_id = pay_text("consent-2");
    assert_int_equal(pay_create(bank, &order, &again), LFI_ORDER_CREATED);

    order = pay_order("key-1", SIDR_IBAN, 10000);
    bank->now_us += 86400 * BANK_SECOND - 1;
    assert_int_equal(pay_create(bank, &order, &again), LFI_ORDER_EXISTS);
    bank->now_us += 1;
    assert_int_equal(pay_find_by_key(bank, "consent-1", "key-1", &again), LFI_UNKNOWN);
    assert_int_equal(pay_create(bank, &order, &again), LFI_ORDER_CREATED);
    assert_string_not_equal(again.facts.payment_id, first.facts.payment_id);
    assert_int_equal(pay_find(bank, first.facts.payment_id, &again), LFI_OK);
}

/* 1,500.00 with the overdraft. */
static void test_money_is_held_once(void **state)
{
    struct pay_bank *bank = *state;
    struct pay_answer said;
    struct lfi_payment_order order = pay_order("key-1", SIDR_IBAN, 150001);
    assert_int_equal(pay_create(bank, &order, &said), LFI_ORDER_NO_FUNDS);
    assert_int_equal(pay_find_by_key(bank, "consent-1", "key-1", &said), LFI_UNKNOWN);
    order = pay_order("key-1", SIDR_IBAN, 150000);
    assert_int_equal(pay_create(bank, &order, &said), LFI_ORDER_CREATED);
    order = pay_order("key-2", SIDR_IBAN, 1);
    assert_int_equal(pay_create(bank, &order, &said), LFI_ORDER_NO_FUNDS);
    order.account_id = pay_text(BANK_SAVING);
    assert_int_equal(pay_create(bank, &order, &said), LFI_ORDER_CREATED);
}

static void test_account_decides(void **state)
{
    static const struct {
        enum lfi_account_status status;
        enum lfi_order_outcome outcome;
    } CASES[] = {
        {LFI_ACCOUNT_INACTIVE, LFI_ORDER_BLOCKED_FOR_NOW},
        {LFI_ACCOUNT_DORMANT, LFI_ORDER_BLOCKED_FOR_NOW},
        {LFI_ACCOUNT_SUSPENDED, LFI_ORDER_BLOCKED_FOR_NOW},
        {LFI_ACCOUNT_CLOSED, LFI_ORDER_BLOCKED_FOR_GOOD},
        {LFI_ACCOUNT_DECEASED, LFI_ORDER_BLOCKED_FOR_GOOD},
        {LFI_ACCOUNT_UNCLAIMED, LFI_ORDER_BLOCKED_FOR_GOOD},
        {LFI_ACCOUNT_ACTIVE, LFI_ORDER_CREATED},
    };
    struct pay_bank *bank = *state;
    struct pay_answer said;
    struct lfi_payment_order order = pay_order("key-1", SIDR_IBAN, 100);
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        assert_int_equal(
            store_account_set_status(bank->store, pay_text(BANK_MAIN), CASES[i].status, NULL), 0);
        assert_int_equal(pay_create(bank, &order, &said), CASES[i].outcome);
    }
    order.idempotency_key = pay_text("key-2");
    order.account_id = pay_text(BANK_DOLLARS);
    assert_int_equal(pay_create(bank, &order, &said), LFI_ORDER_BANK_RULE);
    order.account_id = pay_text(BANK_FOREIGN);
    assert_int_equal(pay_create(bank, &order, &said), LFI_UNKNOWN);
    order.account_id = pay_text("none");
    assert_int_equal(pay_create(bank, &order, &said), LFI_UNKNOWN);
    order = pay_order("key-3", BANK_MAIN_IBAN, 100);
    assert_int_equal(pay_create(bank, &order, &said), LFI_ORDER_BANK_RULE);
    order = pay_order("key-4", SIDR_IBAN, 100);
    memcpy(order.amount.currency, "USD", 4);
    assert_int_equal(pay_create(bank, &order, &said), LFI_ORDER_BANK_RULE);
}

static void test_an_equal_payment_is_in_flight(void **state)
{
    struct pay_bank *bank = *state;
    struct pay_answer said;
    struct lfi_payment_order order = pay_order("key-1", SIDR_IBAN, 100);
    assert_int_equal(pay_create(bank, &order, &said), LFI_ORDER_CREATED);
    order = pay_order("key-2", SIDR_IBAN, 100);
    order.one_in_flight = 1;
    assert_int_equal(pay_create(bank, &order, &said), LFI_ORDER_IN_FLIGHT);
    assert_int_equal(pay_find_by_key(bank, "consent-1", "key-2", &said), LFI_UNKNOWN);
    struct lfi_payment_order other = order;
    other.amount.minor = 101;
    assert_int_equal(pay_create(bank, &other, &said), LFI_ORDER_CREATED);
    other = order;
    other.idempotency_key = pay_text("key-3");
    other.creditor.iban = pay_text(BANK_SAVING_IBAN);
    assert_int_equal(pay_create(bank, &other, &said), LFI_ORDER_CREATED);
    other = order;
    other.consent_id = pay_text("consent-2");
    assert_int_equal(pay_create(bank, &other, &said), LFI_ORDER_CREATED);
    other = order;
    other.idempotency_key = pay_text("key-4");
    other.one_in_flight = 0;
    assert_int_equal(pay_create(bank, &other, &said), LFI_ORDER_CREATED);
}

static bool is_repeated(struct pay_bank *bank, const char *iban, int64_t minor, int64_t since_us)
{
    struct lfi_error error = {""};
    struct lfi_repeat repeat = {.size = sizeof(repeat)};
    const struct lfi_repeat_query query = {.size = sizeof(query),
                                           .iban = pay_text(iban),
                                           .amount = {minor, "AED"},
                                           .since_us = since_us};
    assert_int_equal(store_payments.repeats(bank->store, &bank->call, &query, &repeat, &error),
                     LFI_OK);
    return repeat.found;
}

static void test_a_customer_repeats_a_payment(void **state)
{
    struct pay_bank *bank = *state;
    struct pay_answer said;
    const int64_t day_us = 86400 * BANK_SECOND;
    assert_false(is_repeated(bank, SIDR_IBAN, 100, bank->now_us - day_us));
    struct lfi_payment_order order = pay_order("key-1", SIDR_IBAN, 100);
    assert_int_equal(pay_create(bank, &order, &said), LFI_ORDER_CREATED);
    assert_true(is_repeated(bank, SIDR_IBAN, 100, bank->now_us - day_us));
    assert_false(is_repeated(bank, SIDR_IBAN, 101, bank->now_us - day_us));
    assert_false(is_repeated(bank, BANK_SAVING_IBAN, 100, bank->now_us - day_us));
    assert_true(is_repeated(bank, SIDR_IBAN, 100, bank->now_us));
    assert_false(is_repeated(bank, SIDR_IBAN, 100, bank->now_us + 1));
    bank->call.user_id = pay_text("user-2");
    assert_false(is_repeated(bank, SIDR_IBAN, 100, bank->now_us - day_us));
}

static void test_a_rejected_payment_is_not_repeated(void **state)
{
    struct pay_bank *bank = *state;
    struct pay_answer said;
    struct lfi_error error = {""};
    const struct lfi_payment_reason reason = {.code = "AC06", .message = "Blocked"};
    struct lfi_payment_order order = pay_order("key-1", SIDR_IBAN, 100);
    assert_int_equal(pay_create(bank, &order, &said), LFI_ORDER_CREATED);
    struct lfi_slice id = pay_text(said.facts.payment_id);
    assert_int_equal(
        payments_set_status(bank->store, &bank->call, id, LFI_PAYMENT_REJECTED, &reason, &error),
        LFI_OK);
    assert_false(is_repeated(bank, SIDR_IBAN, 100, 0));
}

static void test_an_open_creditor_must_be_reachable(void **state)
{
    struct pay_bank *bank = *state;
    struct pay_answer said;
    struct lfi_payment_order order = pay_order("key-1", WADI_IBAN, 100);
    order.creditor_open = 1;
    assert_int_equal(pay_create(bank, &order, &said), LFI_ORDER_CREDITOR);
    order.creditor.iban = pay_text(BANK_SAVING_IBAN);
    assert_int_equal(
        store_account_set_status(bank->store, pay_text(BANK_SAVING), LFI_ACCOUNT_CLOSED, NULL), 0);
    assert_int_equal(pay_create(bank, &order, &said), LFI_ORDER_CREDITOR);
    order.creditor_open = 0;
    assert_int_equal(pay_create(bank, &order, &said), LFI_ORDER_CREATED);
}

static void list_payments(struct pay_bank *bank, const char *consent, struct lfi_window window,
                          struct pay_answer *out)
{
    struct lfi_error error = {""};
    const struct lfi_payment_list_query query = {
        .base = {.size = sizeof(query), .subject_id = pay_text(consent), .window = window}};
    *out = pay_answer_of(NULL);
    assert_int_equal(store_payments.list(bank->store, &bank->call, &query, &out->base, &error), 0);
}

static void test_payments_are_listed_newest_first(void **state)
{
    struct pay_bank *bank = *state;
    struct pay_answer said;
    for (int i = 0; i < 7; i++) {
        char key[16];
        (void)snprintf(key, sizeof(key), "key-%d", i);
        struct lfi_payment_order order = pay_order(key, SIDR_IBAN, 100 + i);
        order.consent_id = pay_text(i % 3 == 0 ? "consent-0" : "consent-1");
        assert_int_equal(pay_create(bank, &order, &said), LFI_ORDER_CREATED);
    }
    static const struct {
        const char *consent;
        struct lfi_window window;
        uint64_t total, count;
        int64_t last; /* its amount */
    } CASES[] = {
        {NULL, {0, 100}, 7, 7, 100},       {NULL, {0, 1}, 7, 1, 106},
        {NULL, {5, 3}, 7, 2, 100},         {NULL, {7, 3}, 7, 0, 0},
        {"consent-0", {0, 10}, 3, 3, 100}, {"consent-0", {1, 1}, 3, 1, 103},
        {"consent-1", {0, 1}, 4, 1, 105},  {"consent-2", {0, 10}, 0, 0, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        list_payments(bank, CASES[i].consent, CASES[i].window, &said);
        assert_int_equal(said.base.total, CASES[i].total);
        assert_int_equal(said.count, CASES[i].count);
        assert_int_equal(said.facts.amount.minor, CASES[i].last);
    }
}

static void test_orders_beyond_the_bounds_are_refused(void **state)
{
    static char many[PAYMENT_TEXT_MAX + 2];
    struct pay_bank *bank = *state;
    struct pay_answer said;
    memset(many, 'x', sizeof(many) - 1);
    struct lfi_payment_order order = pay_order("key-1", SIDR_IBAN, 100);
    struct lfi_payment_order bad[7];
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        bad[i] = order;
    }
    bad[0].consent_id = (struct lfi_slice){many, PAYMENT_REFERENCE_MAX + 1};
    bad[1].idempotency_key = (struct lfi_slice){many, PAYMENT_REFERENCE_MAX + 1};
    bad[2].idempotency_key = pay_text(NULL);
    bad[3].amount.minor = 0;
    bad[4].creditor.name_ar = (struct lfi_slice){many, PAYMENT_TEXT_MAX + 1};
    bad[5].creditor.iban = pay_text(NULL);
    memcpy(bad[6].amount.currency, "AEDX", 4);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(pay_create(bank, &bad[i], &said), LFI_FAILED);
    }
    order.consent_id.ptr = many;
    order.consent_id.len = PAYMENT_REFERENCE_MAX;
    order.idempotency_key = order.consent_id;
    order.creditor.name_ar = (struct lfi_slice){many, PAYMENT_TEXT_MAX};
    assert_int_equal(pay_create(bank, &order, &said), LFI_ORDER_CREATED);
}

/* --- accounts and banks ------------------------------------------------------------------------
 */

static void test_reach(void **state)
{
    static const struct {
        const char *iban;
        uint32_t own, aani, uaefts;
        enum lfi_maybe can_receive;
        const char *bic;
    } CASES[] = {
        {SIDR_IBAN, 0, 1, 1, LFI_NOT_KNOWN, "SDRCAED9"},
        {"AE939910000000000000001", 0, 0, 1, LFI_NOT_KNOWN, "FLJIAEA9"},
        {"AE949920000000000000001", 0, 1, 0, LFI_NOT_KNOWN, "MRJCAEF9"},
        {WADI_IBAN, 0, 0, 0, LFI_NOT_KNOWN, "WDNBAES9"},
        {"AE070331234567890123456", 0, 1, 1, LFI_NOT_KNOWN, ""},
        {"AE059970000000000000001", 0, 0, 0, LFI_NOT_KNOWN, ""},
        {BANK_SAVING_IBAN, 1, 1, 0, LFI_YES, "DHWBAED9"},
        {"AE139990000000000000007", 0, 1, 0, LFI_NOT_KNOWN, "DHWBAED9"},
        {"DE89370400440532013000", 0, 0, 0, LFI_NOT_KNOWN, ""},
        {"", 0, 0, 0, LFI_NOT_KNOWN, ""},
    };
    struct pay_bank *bank = *state;
    struct lfi_error error = {""};
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct lfi_reach reach = {.size = sizeof(reach)};
        assert_int_equal(
            store_payments.reach(bank->store, &bank->call, pay_text(CASES[i].iban), &reach, &error),
            LFI_OK);
        assert_int_equal(reach.own, CASES[i].own);
        assert_int_equal(reach.aani, CASES[i].aani);
        assert_int_equal(reach.uaefts, CASES[i].uaefts);
        assert_int_equal(reach.can_receive, CASES[i].can_receive);
        assert_string_equal(reach.bic, CASES[i].bic);
    }
    struct lfi_reach reach = {.size = sizeof(reach)};
    assert_int_equal(store_account_set_credit_block(bank->store, pay_text(BANK_SAVING),
                                                    LFI_CREDIT_BLOCKED_FOR_NOW, NULL),
                     0);
    assert_int_equal(
        store_payments.reach(bank->store, &bank->call, pay_text(BANK_SAVING_IBAN), &reach, &error),
        LFI_OK);
    assert_int_equal(reach.can_receive, LFI_NO);
}

static void test_account_by_iban(void **state)
{
    struct pay_bank *bank = *state;
    struct lfi_error error = {""};
    struct lfi_account_by_iban found = {.size = sizeof(found)};
    assert_int_equal(store_payments.account_by_iban(bank->store, &bank->call,
                                                    pay_text(BANK_SAVING_IBAN), &found, &error),
                     LFI_OK);
    assert_string_equal(found.account_id, BANK_SAVING);
    assert_string_equal(found.sub_type, "Savings");
    assert_string_equal(found.currency, "AED");
    assert_int_equal(found.status, LFI_ACCOUNT_ACTIVE);
    assert_int_equal(found.held, 1);
    assert_int_equal(store_payments.account_by_iban(bank->store, &bank->call,
                                                    pay_text(BANK_FOREIGN_IBAN), &found, &error),
                     LFI_OK);
    assert_int_equal(found.held, 0);
    assert_int_equal(store_payments.account_by_iban(bank->store, &bank->call, pay_text(SIDR_IBAN),
                                                    &found, &error),
                     LFI_UNKNOWN);
}

struct payable_answer {
    struct lfi_answer base;
    size_t count;
    struct lfi_payable_facts facts[4];
};

static int payable_record(struct lfi_answer *answer, struct lfi_slice json, const void *facts)
{
    struct payable_answer *self = (struct payable_answer *)answer;
    assert_true(json.len > 0);
    memcpy(&self->facts[self->count++], facts, sizeof(self->facts[0]));
    return 0;
}

static void test_accounts_to_pay_from(void **state)
{
    struct pay_bank *bank = *state;
    struct pay_answer said;
    struct lfi_error error = {""};
    struct payable_answer answer = {
        .base = {.size = sizeof(answer.base), .record = payable_record}};
    const struct lfi_payment_order order = pay_order("key-1", SIDR_IBAN, 70000);
    assert_int_equal(pay_create(bank, &order, &said), LFI_ORDER_CREATED);
    struct lfi_query query = query_about(pay_text(BANK_USER));
    assert_int_equal(store_payments.payable(bank->store, &bank->call, &query, &answer.base, &error),
                     LFI_OK);
    assert_int_equal(answer.count, 2);
    assert_string_equal(answer.facts[0].account.account_id, BANK_MAIN);
    assert_string_equal(answer.facts[0].account.role, "Principal");
    assert_int_equal(answer.facts[0].available.minor, 80000);
    assert_int_equal(answer.facts[0].overdraft.minor, 50000);
    assert_int_equal(answer.facts[0].limit.minor, 70000);
    assert_string_equal(answer.facts[0].available.currency, "AED");
    assert_int_equal(answer.facts[0].alone, 1);
    assert_string_equal(answer.facts[1].account.account_id, BANK_SAVING);
    assert_int_equal(answer.facts[1].available.minor, 20000);
    assert_int_equal(answer.facts[1].overdraft.minor, 0);
    assert_int_equal(answer.facts[1].limit.minor, 0);
    assert_int_equal(answer.facts[1].alone, 0);
    query = query_about(pay_text("none"));
    assert_int_equal(store_payments.payable(bank->store, &bank->call, &query, &answer.base, &error),
                     LFI_UNKNOWN);
}

static void test_refund_account(void **state)
{
    struct pay_bank *bank = *state;
    struct lfi_error error = {""};
    struct lfi_refund_account refund = {.size = sizeof(refund)};
    assert_int_equal(store_payments.refund_account(bank->store, &bank->call, pay_text(BANK_FOREIGN),
                                                   &refund, &error),
                     LFI_OK);
    assert_string_equal(refund.iban, BANK_FOREIGN_IBAN);
    assert_string_equal(refund.name_en, "Amal Marjan");
    assert_string_equal(refund.name_ar, "");
    assert_int_equal(refund.status, LFI_ACCOUNT_ACTIVE);
    assert_int_equal(
        store_payments.refund_account(bank->store, &bank->call, pay_text("none"), &refund, &error),
        LFI_UNKNOWN);
}

/* --- many at once ------------------------------------------------------------------------------
 */

#define THREADS 16
#define ORDERS 20

struct payer_thread {
    pthread_t id;
    struct pay_bank *bank;
    int number;
    unsigned created, exists, refused;
};

/* All threads use the same keys; money is there for 15 payments of 100.00. */
static void *run_payer(void *arg)
{
    struct payer_thread *self = arg;
    for (int i = 0; i < ORDERS; i++) {
        char key[16];
        struct pay_answer said;
        (void)snprintf(key, sizeof(key), "key-%d", i);
        const struct lfi_payment_order order = pay_order(key, SIDR_IBAN, 10000);
        int outcome = pay_create(self->bank, &order, &said);
        self->created += outcome == LFI_ORDER_CREATED;
        self->exists += outcome == LFI_ORDER_EXISTS;
        self->refused += outcome == LFI_ORDER_NO_FUNDS;
    }
    return NULL;
}

static void test_orders_at_the_same_time(void **state)
{
    struct pay_bank *bank = *state;
    struct payer_thread threads[THREADS];
    struct payer_thread sum = {0};
    for (int i = 0; i < THREADS; i++) {
        threads[i] = (struct payer_thread){.bank = bank, .number = i};
        assert_int_equal(pthread_create(&threads[i].id, NULL, run_payer, &threads[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i].id, NULL), 0);
        sum.created += threads[i].created;
        sum.exists += threads[i].exists;
        sum.refused += threads[i].refused;
    }
    assert_int_equal(sum.created, 15);
    assert_int_equal(sum.exists, (THREADS - 1) * 15);
    assert_int_equal(sum.refused, THREADS * (ORDERS - 15));
    assert_true(bank->store->payments->commits < THREADS * ORDERS);
}

static void test_an_order_whose_deadline_has_passed_is_not_begun(void **state)
{
    struct pay_bank *bank = *state;
    struct pay_answer said;
    const struct lfi_payment_order order = pay_order("key-1", SIDR_IBAN, 100);
    bank->call.deadline_us = pay_monotonic(NULL) - 1;
    assert_int_equal(pay_create(bank, &order, &said), LFI_UNAVAILABLE);
    assert_int_equal(pay_find_by_key(bank, "consent-1", "key-1", &said), LFI_UNKNOWN);
}

static void test_changes_of_nothing(void **state)
{
    struct pay_bank *bank = *state;
    struct lfi_error error = {""};
    struct pay_answer answer = pay_answer_of(NULL);
    struct lfi_change_query query = {.size = sizeof(query), .limit = 10};
    assert_int_equal(store_payments.changes(bank->store, &bank->call, &query, &answer.base, &error),
                     LFI_OK);
    assert_int_equal(answer.count, 0);
    query.cursor = pay_text("0123456789abcdef0000000000000001");
    assert_int_equal(store_payments.changes(bank->store, &bank->call, &query, &answer.base, &error),
                     LFI_UNKNOWN);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, pay_setup, pay_teardown)
    const struct CMUnitTest tests[] = {
        T(test_a_payment_is_created_and_found),
        T(test_a_payment_outlives_the_process_and_a_new_load),
        T(test_a_key_names_one_payment),
        T(test_money_is_held_once),
        T(test_account_decides),
        T(test_an_equal_payment_is_in_flight),
        T(test_a_customer_repeats_a_payment),
        T(test_a_rejected_payment_is_not_repeated),
        T(test_an_open_creditor_must_be_reachable),
        T(test_payments_are_listed_newest_first),
        T(test_orders_beyond_the_bounds_are_refused),
        T(test_reach),
        T(test_account_by_iban),
        T(test_accounts_to_pay_from),
        T(test_refund_account),
        T(test_orders_at_the_same_time),
        T(test_an_order_whose_deadline_has_passed_is_not_begun),
        T(test_changes_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
