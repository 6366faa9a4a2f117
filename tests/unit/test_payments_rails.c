// link: lfi-fixture-bank
/* Payments on the simulated rails: each row of the demo bank's tables ends as it says, when it says
 * so, on a clock that the test moves. */
#include "payments_bank.h"

#include "contract_fixtures.h"
#include "rails.h"

#define FIXTURES LFI_SOURCE_DIR "/fixtures"
#define ANY_IBAN "AE219900000000000099999"
#define MILLI INT64_C(1000)
#define SECOND BANK_SECOND
#define MORNING (20 * 3600 * SECOND) /* from the start, Tuesday noon, to Wednesday 08:00 */
#define NEVER INT64_MAX

static struct bank *demo;

static int add_demo_banks(struct store_builder *builder, struct lfi_error *error)
{
    return rails_load(demo, builder, error);
}

static int setup(void **state)
{
    *state = pay_make(true, add_demo_banks);
    return 0;
}

/* --- the tables --------------------------------------------------------------------------------
 */

#define PENDING LFI_PAYMENT_PENDING
#define CREDITED LFI_PAYMENT_CREDITED
#define ACCEPTED LFI_PAYMENT_ACCEPTED_WITHOUT_POSTING
#define REJECTED LFI_PAYMENT_REJECTED

static const struct row {
    const char *place;
    int64_t after_us; /* when it ends */
    enum lfi_payment_status status;
    enum lfi_rail rail;
    const char *code; /* with its prefix */
} ROWS[] = {
    {"pay-aani", 2 * SECOND, ACCEPTED, LFI_RAIL_AANI, ""},
    {"pay-aani-two-steps", 4 * SECOND, ACCEPTED, LFI_RAIL_AANI, ""},
    {"pay-uaefts", 60 * SECOND, CREDITED, LFI_RAIL_UAEFTS, ""},
    {"pay-aani-blocked", 2 * SECOND, REJECTED, LFI_RAIL_AANI, "AANI.AC06"},
    {"pay-aani-closed", 2 * SECOND, REJECTED, LFI_RAIL_AANI, "AANI.AC07"},
    {"pay-aani-funds", 2 * SECOND, REJECTED, LFI_RAIL_AANI, "AANI.AM04"},
    {"pay-aani-limit", 2 * SECOND, REJECTED, LFI_RAIL_AANI, "AANI.AM14"},
    {"pay-aani-unknown", 2 * SECOND, REJECTED, LFI_RAIL_AANI, "AANI.UCRD"},
    {"pay-uaefts-nak", SECOND, REJECTED, LFI_RAIL_UAEFTS, "FTS.AC06"},
    {"pay-screening", SECOND, REJECTED, LFI_RAIL_AANI, "LFI.ScreeningRejected"},
    {"pay-screening-slow", 32 * SECOND, ACCEPTED, LFI_RAIL_AANI, ""},
    {"pay-referred", NEVER, PENDING, LFI_RAIL_AANI, ""},
    {"pay-slow", 60 * SECOND, ACCEPTED, LFI_RAIL_AANI, ""},
    {"pay-no-answer", 900 * SECOND, ACCEPTED, LFI_RAIL_AANI, ""},
    {"pay-fallback", 60 * SECOND, CREDITED, LFI_RAIL_UAEFTS, ""},
    {"pay-next-window", MORNING, CREDITED, LFI_RAIL_UAEFTS, ""},
    {"pay-unreachable", SECOND, REJECTED, LFI_RAIL_NONE, "LFI.CreditorBankNotReachable"},
    {"pay-unreachable-later", SECOND, REJECTED, LFI_RAIL_NONE, "LFI.CreditorBankNotReachable"},
    {"pay-name-only", 2 * SECOND, ACCEPTED, LFI_RAIL_AANI, ""},
    {"pay-name-arabic", 2 * SECOND, ACCEPTED, LFI_RAIL_AANI, ""},
    {"pay-amount-funds-gone", SECOND, REJECTED, LFI_RAIL_AANI, "LFI.InsufficientFunds"},
    {"pay-amount-ac06", 2 * SECOND, REJECTED, LFI_RAIL_AANI, "AANI.AC06"},
    {"pay-amount-ac07", 2 * SECOND, REJECTED, LFI_RAIL_AANI, "AANI.AC07"},
    {"pay-amount-am14", 2 * SECOND, REJECTED, LFI_RAIL_AANI, "AANI.AM14"},
    {"pay-amount-ucrd", 2 * SECOND, REJECTED, LFI_RAIL_AANI, "AANI.UCRD"},
    {"pay-amount-uaefts", 60 * SECOND, CREDITED, LFI_RAIL_UAEFTS, ""},
    {"pay-amount-uaefts-nak", SECOND, REJECTED, LFI_RAIL_UAEFTS, "FTS.AC06"},
    {"pay-amount-screening", SECOND, REJECTED, LFI_RAIL_AANI, "LFI.ScreeningRejected"},
    {"pay-amount-referred", NEVER, PENDING, LFI_RAIL_AANI, ""},
    {"pay-amount-slow", 60 * SECOND, ACCEPTED, LFI_RAIL_AANI, ""},
    {"pay-amount-unreachable", SECOND, REJECTED, LFI_RAIL_NONE, "LFI.CreditorBankNotReachable"},
    {"pay-amount-lost", 2 * SECOND, ACCEPTED, LFI_RAIL_AANI, ""},
    {"pay-amount-lost-before", 2 * SECOND, ACCEPTED, LFI_RAIL_AANI, ""},
    {"pay-amount-late", 2 * SECOND, ACCEPTED, LFI_RAIL_AANI, ""},
};

static const struct row *row_of(const char *place)
{
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        if (strcmp(ROWS[i].place, place) == 0) {
            return &ROWS[i];
        }
    }
    return NULL;
}

static int64_t minor_of(const char *amount)
{
    struct decimal value = {10000, 2};
    assert_true(!amount || decimal_parse(amount, &value));
    return decimal_minor(value);
}

static void check_code(const struct pay_answer *found, const char *want)
{
    char code[64] = "";
    static const char *const PREFIXES[] = {"LFI", "LFI", "AANI", "FTS"};
    if (found->facts.reason.code[0]) {
        (void)snprintf(code, sizeof(code), "%s.%s", PREFIXES[found->facts.reason.by],
                       found->facts.reason.code);
    }
    assert_string_equal(code, want);
    char quoted[80];
    (void)snprintf(quoted, sizeof(quoted), "\"code\":\"%s\"", want);
    assert_int_equal(strstr(found->json, quoted) != 0, want[0] != '\0');
}

static void visit_row(struct pay_bank *bank, const struct payment_place *place)
{
    struct pay_answer found;
    const struct row *row = row_of(place->id);
    if (!row) {
        fail_msg("%s: the test does not know this row", place->id);
        return;
    }
    int64_t amount = minor_of(place->amount);
    int64_t available = pay_balance_of(bank, BANK_MAIN, "InterimAvailable");
    int64_t booked = pay_balance_of(bank, BANK_MAIN, "InterimBooked");
    const struct lfi_payment_order order =
        pay_order(place->id, place->creditor ? place->creditor : ANY_IBAN, amount);
    int outcome = pay_create(bank, &order, &found);
    if (outcome == LFI_IN_DOUBT) {
        bank->call.deadline_us += 60 * SECOND;
        bool made = pay_find_by_key(bank, "consent-1", place->id, &found) == LFI_OK;
        assert_int_equal(pay_create(bank, &order, &found),
                         made ? LFI_ORDER_EXISTS : LFI_ORDER_CREATED);
        assert_int_equal(made, strcmp(place->id, "pay-amount-lost-before") != 0);
    } else {
        assert_int_equal(outcome, LFI_ORDER_CREATED);
    }
    char id[41];
    memcpy(id, found.facts.payment_id, sizeof(id));
    assert_int_equal(found.facts.status, LFI_PAYMENT_PENDING);
    assert_string_equal(found.facts.transaction_id, "");
    assert_int_equal(pay_balance_of(bank, BANK_MAIN, "InterimAvailable"), available - amount);
    assert_int_equal(pay_balance_of(bank, BANK_MAIN, "InterimBooked"), booked);
    if (row->after_us == NEVER) {
        pay_wait(bank, 30 * 86400 * SECOND);
    } else {
        pay_wait(bank, row->after_us - 1);
        assert_int_equal(pay_find(bank, id, &found), LFI_OK);
        assert_true(found.facts.status == LFI_PAYMENT_PENDING ||
                    found.facts.status == LFI_PAYMENT_SETTLED);
        pay_wait(bank, 1);
    }
    assert_int_equal(pay_find(bank, id, &found), LFI_OK);
    assert_int_equal(found.facts.status, row->status);
    assert_int_equal(found.facts.rail, row->rail);
    check_code(&found, row->code);
    assert_string_equal(place->code, row->code);
    bool paid = row->status == ACCEPTED || row->status == CREDITED;
    assert_int_equal(found.facts.transaction_id[0] != '\0',
                     paid || found.facts.reason.by != LFI_RAIL_NONE);
    assert_int_equal(pay_balance_of(bank, BANK_MAIN, "InterimBooked"),
                     booked - (paid ? amount : 0));
    assert_int_equal(pay_balance_of(bank, BANK_MAIN, "InterimAvailable"),
                     available - (row->status == REJECTED ? 0 : amount));
}

static void test_every_row_ends_as_it_says(void **state)
{
    struct pay_bank *bank = *state;
    struct payment_place place;
    struct pay_answer found;
    size_t count = 0;
    for (size_t n = 0; rails_place(demo, n, &place); n++) {
        bank->now_us = BANK_START;
        bank->call.deadline_us = pay_monotonic(NULL) + SECOND / 5;
        if (strcmp(place.id, "pay-amount-no-funds") == 0) {
            const struct lfi_payment_order order = pay_order("none", ANY_IBAN, 900404);
            assert_int_equal(pay_create(bank, &order, &found), LFI_ORDER_NO_FUNDS);
            continue;
        }
        visit_row(bank, &place);
        count++;
    }
    assert_int_equal(count, ARRAY_LEN(ROWS));
}

static void test_a_late_reply_outlasts_the_deadline(void **state)
{
    struct pay_bank *bank = *state;
    struct pay_answer found;
    const struct lfi_payment_order order = pay_order("key-1", ANY_IBAN, 970003);
    bank->call.deadline_us = pay_monotonic(NULL) + 200 * MILLI;
    assert_int_equal(pay_create(bank, &order, &found), LFI_IN_DOUBT);
    assert_true(pay_monotonic(NULL) >= bank->call.deadline_us + 2 * SECOND);
    assert_int_equal(pay_find_by_key(bank, "consent-1", "key-1", &found), LFI_OK);
}

static void test_banks_that_lack_the_rail_have_the_ordinary_outcome(void **state)
{
    static const struct {
        const char *iban;
        int64_t amount;
        enum lfi_rail rail;
    } CASES[] = {
        {"AE939910000000000000009", 900606, LFI_RAIL_UAEFTS},
        {"AE939920000000000000009", 920001, LFI_RAIL_AANI},
        {"AE939920000000000000009", 920006, LFI_RAIL_AANI},
        {BANK_SAVING_IBAN, 900606, LFI_RAIL_INTRA_BANK},
        {BANK_SAVING_IBAN, 940001, LFI_RAIL_INTRA_BANK},
        {"AE070331234567890123456", 100, LFI_RAIL_AANI},
        {"AE139990000000000000007", 100, LFI_RAIL_AANI},
    };
    struct pay_bank *bank = *state;
    struct pay_answer found;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        char key[16];
        (void)snprintf(key, sizeof(key), "key-%zu", i);
        const struct lfi_payment_order order = pay_order(key, CASES[i].iban, CASES[i].amount);
        bank->now_us = BANK_START;
        assert_int_equal(pay_create(bank, &order, &found), LFI_ORDER_CREATED);
        assert_int_equal(found.facts.rail, CASES[i].rail);
        pay_wait(bank, 61 * SECOND);
        assert_int_equal(pay_find(bank, found.facts.payment_id, &found), LFI_OK);
        assert_int_equal(found.facts.status, CASES[i].rail == LFI_RAIL_AANI ? ACCEPTED : CREDITED);
    }
}

static void test_a_slow_bank_answers_later(void **state)
{
    struct pay_bank *bank = *state;
    struct pay_answer found;
    const struct lfi_payment_order order = pay_order("key-1", "AE939950000000000000001", 100);
    assert_int_equal(pay_create(bank, &order, &found), LFI_ORDER_CREATED);
    pay_wait(bank, 32 * SECOND - 1);
    assert_int_equal(pay_find(bank, found.facts.payment_id, &found), LFI_OK);
    assert_int_equal(found.facts.status, PENDING);
    pay_wait(bank, 1);
    assert_int_equal(pay_find(bank, found.facts.payment_id, &found), LFI_OK);
    assert_int_equal(found.facts.status, ACCEPTED);
}

/* Monday to Friday, 08:00 to 18:00 in the Gulf; the start is a Tuesday noon. */
static void test_hours_of_uaefts(void **state)
{
    static const struct {
        int64_t at, opens; /* hours from Tuesday 00:00 */
    } CASES[] = {
        {0, 8},    {7, 8},    {8, 8},     {17, 17},   {18, 32},   {23, 32},   {89, 89},
        {90, 152}, {96, 152}, {120, 152}, {144, 152}, {151, 152}, {152, 152},
    };
    const struct payments *payments = ((struct pay_bank *)*state)->store->payments;
    const int64_t hour = 3600 * SECOND;
    const int64_t tuesday = BANK_START - 12 * hour;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        assert_int_equal((payment_window(payments, tuesday + CASES[i].at * hour) - tuesday) / hour,
                         CASES[i].opens);
    }
    assert_int_equal(payment_window(payments, tuesday + 18 * hour - 1), tuesday + 18 * hour - 1);
    assert_int_equal(payment_window(payments, tuesday + 8 * hour - 1), tuesday + 8 * hour);
}

/* --- the change feed ---------------------------------------------------------------------------
 */

/* Reads up to `limit` changes behind the cursor, which goes on. */
static int read_changes(struct pay_bank *bank, char cursor[65], uint32_t limit,
                        struct pay_answer *out)
{
    struct lfi_error error = {""};
    const struct lfi_change_query query = {
        .size = sizeof(query), .cursor = pay_text(cursor[0] ? cursor : NULL), .limit = limit};
    *out = pay_answer_of(NULL);
    out->changes = true;
    int rc = store_payments.changes(bank->store, &bank->call, &query, &out->base, &error);
    if (out->count > 0) {
        memcpy(cursor, out->change.cursor, 65);
    }
    return rc;
}

static void test_changes_are_told_in_order(void **state)
{
    struct pay_bank *bank = *state;
    struct pay_answer found;
    struct pay_answer changes;
    char cursor[65] = "";
    const struct lfi_payment_order order = pay_order("key-1", "AE919900000000000000002", 100);
    assert_int_equal(pay_create(bank, &order, &found), LFI_ORDER_CREATED);
    assert_int_equal(read_changes(bank, cursor, 10, &changes), LFI_OK);
    assert_int_equal(changes.count, 0);
    pay_wait(bank, 2 * SECOND);
    pay_wait(bank, 2 * SECOND);
    assert_int_equal(read_changes(bank, cursor, 1, &changes), LFI_OK);
    assert_int_equal(changes.count, 1);
    assert_int_equal(changes.change.number, 1);
    assert_int_equal(changes.change.facts.status, LFI_PAYMENT_SETTLED);
    assert_non_null(strstr(changes.json, "\"status\":\"AcceptedSettlementCompleted\""));
    assert_string_equal(changes.change.facts.payment_id, found.facts.payment_id);
    assert_true(changes.change.facts.updated_us == BANK_START + 2 * SECOND);
    assert_int_equal(read_changes(bank, cursor, 10, &changes), LFI_OK);
    assert_int_equal(changes.count, 1);
    assert_int_equal(changes.change.number, 2);
    assert_int_equal(changes.change.facts.status, ACCEPTED);
    assert_true(changes.change.facts.transaction_id[0]);

    store_close(bank->store);
    pay_build(bank);
    pay_open(bank);
    assert_int_equal(read_changes(bank, cursor, 10, &changes), LFI_OK);
    assert_int_equal(changes.count, 0);
    char old[65];
    memcpy(old, cursor, sizeof(old));
    cursor[strlen(cursor) - 1] = '9';
    assert_int_equal(read_changes(bank, cursor, 10, &changes), LFI_UNKNOWN);
    assert_int_equal(store_levers.reset(bank->store, &bank->call, NULL), LFI_OK);
    assert_int_equal(read_changes(bank, old, 10, &changes), LFI_UNKNOWN);
    assert_int_equal(pay_find(bank, found.facts.payment_id, &found), LFI_UNKNOWN);
}

struct watcher {
    struct pay_bank *bank;
    struct pay_answer changes;
    int rc;
};

static void *watch_changes(void *arg)
{
    struct watcher *watcher = arg;
    struct lfi_error error = {""};
    const struct lfi_change_query query = {.size = sizeof(query), .limit = 10, .wait_ms = 20000};
    watcher->changes = pay_answer_of(NULL);
    watcher->changes.changes = true;
    watcher->rc = store_payments.changes(watcher->bank->store, &watcher->bank->call, &query,
                                         &watcher->changes.base, &error);
    return NULL;
}

static void test_whoever_waits_for_a_change_gets_it(void **state)
{
    struct pay_bank *bank = *state;
    struct pay_answer found;
    pthread_t thread;
    struct watcher watcher = {.bank = bank};
    const struct lfi_payment_order order = pay_order("key-1", ANY_IBAN, 100);
    assert_int_equal(pay_create(bank, &order, &found), LFI_ORDER_CREATED);
    assert_int_equal(pthread_create(&thread, NULL, watch_changes, &watcher), 0);
    (void)nanosleep(&(struct timespec){0, 20000000}, NULL);
    int64_t began_us = pay_monotonic(NULL);
    pay_wait(bank, 2 * SECOND);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(watcher.rc, LFI_OK);
    assert_int_equal(watcher.changes.count, 1);
    assert_true(pay_monotonic(NULL) - began_us < 10 * SECOND);
}

static void test_the_thread_moves_payments_by_itself(void **state)
{
    struct pay_bank *bank = *state;
    struct pay_answer found;
    struct watcher watcher = {.bank = bank};
    struct lfi_error error = {""};
    const struct lfi_payment_order order = pay_order("key-1", ANY_IBAN, 100);
    assert_int_equal(payments_start(bank->store, &error), LFI_OK);
    assert_int_equal(pay_create(bank, &order, &found), LFI_ORDER_CREATED);
    payments_stop(bank->store->payments);
    bank->now_us += 2 * SECOND;
    bank->store->payments->closing = false;
    assert_int_equal(payments_start(bank->store, &error), LFI_OK);
    (void)watch_changes(&watcher);
    assert_int_equal(watcher.changes.count, 1);
}

static void test_a_store_is_closed_while_payments_move(void **state)
{
    struct pay_bank *bank = *state;
    struct pay_answer found;
    struct lfi_error error = {""};
    for (int round = 0; round < 50; round++) {
        char key[16];
        (void)snprintf(key, sizeof(key), "key-%d", round);
        const struct lfi_payment_order order = pay_order(key, ANY_IBAN, 100);
        assert_int_equal(pay_create(bank, &order, &found), LFI_ORDER_CREATED);
        bank->now_us += 2 * SECOND;
        assert_int_equal(payments_start(bank->store, &error), LFI_OK);
        (void)nanosleep(&(struct timespec){0, round % 5 * 100000}, NULL);
        store_close(bank->store);
        pay_open(bank);
    }
}

/* --- the operator ------------------------------------------------------------------------------
 */

static void test_an_operator_moves_a_payment(void **state)
{
    static const struct {
        const char *iban;
        enum lfi_payment_status first; /* PENDING: none */
        enum lfi_payment_status then;
        int result;
    } CASES[] = {
        {ANY_IBAN, PENDING, REJECTED, LFI_OK},
        {ANY_IBAN, PENDING, ACCEPTED, LFI_OK},
        {ANY_IBAN, PENDING, CREDITED, LFI_DENIED},
        {ANY_IBAN, PENDING, LFI_PAYMENT_SETTLED, LFI_OK},
        {ANY_IBAN, PENDING, PENDING, LFI_DENIED},
        {ANY_IBAN, LFI_PAYMENT_SETTLED, ACCEPTED, LFI_OK},
        {ANY_IBAN, LFI_PAYMENT_SETTLED, REJECTED, LFI_DENIED},
        {ANY_IBAN, REJECTED, ACCEPTED, LFI_DENIED},
        {ANY_IBAN, ACCEPTED, REJECTED, LFI_DENIED},
        {"AE939910000000000000009", PENDING, CREDITED, LFI_OK},
        {"AE939910000000000000009", PENDING, ACCEPTED, LFI_DENIED},
        {BANK_SAVING_IBAN, PENDING, CREDITED, LFI_OK},
        {"AE189940000000000000009", PENDING, CREDITED, LFI_DENIED},
        {"AE189940000000000000009", PENDING, REJECTED, LFI_OK},
    };
    struct pay_bank *bank = *state;
    struct pay_answer found;
    struct lfi_error error = {""};
    const struct lfi_payment_reason reason = {LFI_RAIL_AANI, "AC04", "The account is closed."};
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        char key[16];
        (void)snprintf(key, sizeof(key), "key-%zu", i);
        const struct lfi_payment_order order = pay_order(key, CASES[i].iban, 100);
        assert_int_equal(pay_create(bank, &order, &found), LFI_ORDER_CREATED);
        struct lfi_slice id = pay_text(found.facts.payment_id);
        if (CASES[i].first != PENDING) {
            assert_int_equal(store_levers.payment_set_status(
                                 bank->store, &bank->call, id, CASES[i].first,
                                 CASES[i].first == REJECTED ? &reason : NULL, &error),
                             LFI_OK);
        }
        assert_int_equal(
            store_levers.payment_set_status(bank->store, &bank->call, id, CASES[i].then,
                                            CASES[i].then == REJECTED ? &reason : NULL, &error),
            CASES[i].result);
        struct pay_answer after;
        assert_int_equal(pay_find(bank, found.facts.payment_id, &after), LFI_OK);
        assert_int_equal(after.facts.status,
                         CASES[i].result == LFI_OK ? CASES[i].then : CASES[i].first);
        if (after.facts.status == REJECTED) {
            check_code(&after, "AANI.AC04");
        }
    }
    assert_int_equal(store_levers.payment_set_status(bank->store, &bank->call, pay_text("none"),
                                                     REJECTED, &reason, &error),
                     LFI_UNKNOWN);
    assert_int_equal(store_levers.payment_set_status(bank->store, &bank->call, pay_text("none"),
                                                     REJECTED, NULL, &error),
                     LFI_FAILED);
    pay_wait(bank, 3600 * SECOND); /* what was moved by hand stays */
}

static void test_a_moved_payment_ends_the_duplicate(void **state)
{
    struct pay_bank *bank = *state;
    struct pay_answer said;
    struct lfi_payment_order order = pay_order("key-1", ANY_IBAN, 100);
    assert_int_equal(pay_create(bank, &order, &said), LFI_ORDER_CREATED);
    order.idempotency_key = pay_text("key-2");
    order.one_in_flight = 1;
    assert_int_equal(pay_create(bank, &order, &said), LFI_ORDER_IN_FLIGHT);
    pay_wait(bank, 2 * SECOND);
    assert_int_equal(pay_create(bank, &order, &said), LFI_ORDER_CREATED);
}

static void test_a_creditor_that_is_closed_meanwhile_gets_nothing(void **state)
{
    struct pay_bank *bank = *state;
    struct pay_answer said;
    const struct lfi_payment_order order = pay_order("key-1", BANK_SAVING_IBAN, 100);
    assert_int_equal(pay_create(bank, &order, &said), LFI_ORDER_CREATED);
    assert_int_equal(store_levers.account_set_status(
                         bank->store, &bank->call, pay_text(BANK_SAVING), LFI_ACCOUNT_CLOSED, NULL),
                     LFI_OK);
    pay_wait(bank, SECOND);
    assert_int_equal(pay_find(bank, said.facts.payment_id, &said), LFI_OK);
    check_code(&said, "LFI.CreditorAccountUnusable");
    assert_int_equal(pay_balance_of(bank, BANK_SAVING, "InterimAvailable"), 20000);
}

static void test_an_open_creditor_that_is_unreachable_later_is_refused(void **state)
{
    struct pay_bank *bank = *state;
    struct pay_answer said;
    struct lfi_payment_order order = pay_order("key-1", "AE459900000000000005001", 100);
    order.creditor_open = 1;
    assert_int_equal(pay_create(bank, &order, &said), LFI_ORDER_CREDITOR);
    order = pay_order("key-2", ANY_IBAN, 950001);
    order.creditor_open = 1;
    assert_int_equal(pay_create(bank, &order, &said), LFI_ORDER_CREATED);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, pay_teardown)
    const struct CMUnitTest tests[] = {
        T(test_every_row_ends_as_it_says),
        T(test_a_late_reply_outlasts_the_deadline),
        T(test_banks_that_lack_the_rail_have_the_ordinary_outcome),
        T(test_a_slow_bank_answers_later),
        T(test_hours_of_uaefts),
        T(test_changes_are_told_in_order),
        T(test_whoever_waits_for_a_change_gets_it),
        T(test_the_thread_moves_payments_by_itself),
        T(test_a_store_is_closed_while_payments_move),
        T(test_an_operator_moves_a_payment),
        T(test_a_moved_payment_ends_the_duplicate),
        T(test_a_creditor_that_is_closed_meanwhile_gets_nothing),
        T(test_an_open_creditor_that_is_unreachable_later_is_refused),
    };
    struct problem problem;
    struct lfi_error error;
    const struct bank_options small = {.small = true};
    if (contract_init(&contract_fixtures, &error) != 0 ||
        bank_read(&demo, FIXTURES, "retail", &small, &problem) != 0) {
        return 1;
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    bank_free(demo);
    contract_fini(&contract_fixtures);
    return failed;
}
