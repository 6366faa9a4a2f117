// link: lfi-store lfi-base
/* A process that is killed while it makes and moves payments: what it has told is there. */
#include "payments_bank.h"

#include <signal.h>
#include <sys/wait.h>

#define KILLS 12
#define PATIENCE_MAX 27
#define THREADS 4
#define ANY_IBAN "AE219900000000000099999"

static int setup(void **state)
{
    *state = pay_make(true, NULL);
    return 0;
}

/* --- the process that is killed ----------------------------------------------------------------
 */

struct maker {
    struct pay_bank *bank;
    int round, number, out;
};

/* Tells each payment once it is created, until it is killed. */
static void *make_payments(void *arg)
{
    const struct maker *maker = arg;
    for (int i = 0;; i++) {
        char key[32];
        struct pay_answer said;
        (void)snprintf(key, sizeof(key), "key-%d-%d-%d", maker->round, maker->number, i);
        const struct lfi_payment_order order =
            pay_order(key, i % 3 == 0 ? BANK_SAVING_IBAN : ANY_IBAN, 1 + i % 5);
        if (pay_create(maker->bank, &order, &said) != LFI_ORDER_CREATED ||
            write(maker->out, said.facts.payment_id, 36) != 36) {
            _exit(1);
        }
    }
    return NULL;
}

static _Noreturn void run_child(struct pay_bank *bank, int round, int out)
{
    struct lfi_error error = {""};
    struct maker makers[THREADS];
    pthread_t thread;
    pay_open(bank);
    if (payments_start(bank->store, &error) != LFI_OK) {
        _exit(1);
    }
    for (int i = 0; i < THREADS; i++) {
        makers[i] = (struct maker){bank, round, i, out};
        if (pthread_create(&thread, NULL, make_payments, &makers[i]) != 0) {
            _exit(1);
        }
    }
    for (;;) {
        (void)nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
}

/* --- what is found afterwards ------------------------------------------------------------------
 */

static size_t check_told(struct pay_bank *bank, int from)
{
    char id[37] = "";
    size_t count = 0;
    struct pay_answer found;
    while (read(from, id, 36) == 36) {
        assert_int_equal(pay_find(bank, id, &found), LFI_OK);
        assert_string_equal(found.facts.payment_id, id);
        count++;
    }
    return count;
}

struct books {
    struct lfi_answer base;
    int64_t pending, paid, credited;
};

static int add_payment(struct lfi_answer *answer, struct lfi_slice json, const void *facts)
{
    struct books *books = (struct books *)answer;
    const struct lfi_payment_facts *payment = facts;
    (void)json;
    if (payment->status == LFI_PAYMENT_PENDING) {
        books->pending += payment->amount.minor;
    } else if (payment->status != LFI_PAYMENT_REJECTED) {
        books->paid += payment->amount.minor;
        books->credited += payment->rail == LFI_RAIL_INTRA_BANK ? payment->amount.minor : 0;
    }
    return 0;
}

/* Adds the amounts of an account's entries, which are all of payments. */
static int add_entry(struct lfi_answer *answer, struct lfi_slice json, const void *facts)
{
    struct books *books = (struct books *)answer;
    cJSON *entry = cJSON_ParseWithLength(json.ptr, json.len);
    struct decimal amount;
    (void)facts;
    assert_true(decimal_parse(
        cJSON_GetObjectItem(cJSON_GetObjectItem(entry, "amount"), "amount")->valuestring, &amount));
    bool debit =
        strcmp(cJSON_GetObjectItem(entry, "creditDebitIndicator")->valuestring, "Debit") == 0;
    if (strcmp(cJSON_GetObjectItem(entry, "status")->valuestring, "Pending") == 0) {
        books->pending += amount.value;
    } else {
        books->paid += debit ? amount.value : -amount.value;
    }
    cJSON_Delete(entry);
    return 0;
}

/* What left the account; *pending: what is to leave it. */
static int64_t entries_of(struct pay_bank *bank, const char *account, int64_t *pending)
{
    struct lfi_error error = {""};
    struct lfi_transaction_summary summary = {.size = sizeof(summary)};
    struct books books = {
        .base = {.size = sizeof(books.base), .record = add_entry, .summary = &summary}};
    const struct lfi_transaction_query query = {
        .base = {.size = sizeof(query), .subject_id = pay_text(account), .window = {0, 1000000}},
        .from = LFI_WALL_MIN,
        .to = LFI_WALL_MAX};
    assert_int_equal(
        store_accounts.transactions(bank->store, &bank->call, &query, &books.base, &error), LFI_OK);
    *pending = books.pending;
    return books.paid;
}

/* Payments, entries and balances say the same. */
static void check_books(struct pay_bank *bank)
{
    struct lfi_error error = {""};
    int64_t pending = 0;
    struct books books = {.base = {.size = sizeof(books.base), .record = add_payment}};
    const struct lfi_payment_list_query query = {
        .base = {.size = sizeof(query), .window = {0, 1000000}}};
    assert_int_equal(store_payments.list(bank->store, &bank->call, &query, &books.base, &error),
                     LFI_OK);
    int64_t available = pay_balance_of(bank, BANK_MAIN, "InterimAvailable");
    assert_int_equal(available, 100150000 - books.paid - books.pending);
    assert_int_equal(pay_balance_of(bank, BANK_MAIN, "InterimBooked"), 100100000 - books.paid);
    assert_int_equal(entries_of(bank, BANK_MAIN, &pending), books.paid);
    assert_int_equal(pending, books.pending);
    assert_int_equal(pay_balance_of(bank, BANK_SAVING, "InterimAvailable"), 20000 + books.credited);
    assert_int_equal(entries_of(bank, BANK_SAVING, &pending), -books.credited);
}

/* Kills a process for each round, each a little later in its life; how many payments were told. */
static size_t kill_some(struct pay_bank *bank, long patience)
{
    size_t told = 0;
    for (int round = 0; round < KILLS; round++) {
        int ends[2];
        int status = 0;
        assert_int_equal(pipe(ends), 0);
        bank->now_us += 3 * BANK_SECOND; /* what the last one made is due */
        bank->call.deadline_us = pay_monotonic(NULL) + 60 * BANK_SECOND;
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            run_child(bank, round, ends[1]);
        }
        (void)close(ends[1]);
        long wait_ms = patience * (20 + round * 7);
        (void)nanosleep(&(struct timespec){wait_ms / 1000, wait_ms % 1000 * 1000000}, NULL);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        pay_open(bank);
        told += check_told(bank, ends[0]);
        (void)close(ends[0]);
        check_books(bank);
        if (round % 3 == 2) { /* else the next process moves them */
            pay_wait(bank, 3 * BANK_SECOND);
            check_books(bank);
        }
        store_close(bank->store);
    }
    return told;
}

/* A slow machine, or valgrind, needs longer until a first payment is told. */
static void test_what_was_told_survives_a_kill(void **state)
{
    struct pay_bank *bank = *state;
    size_t told = 0;
    store_close(bank->store);
    for (long patience = 1; told == 0 && patience <= PATIENCE_MAX; patience *= 3) {
        told = kill_some(bank, patience);
    }
    pay_open(bank);
    assert_true(told > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_was_told_survives_a_kill, setup, pay_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
