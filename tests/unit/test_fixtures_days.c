// link: lfi-fixture-bank
/* The demo bank is believable on whichever day it is shown. */
#include "base/array.h"
#include "check.h"
#include "contract_fixtures.h"
#include "contract_records.h"
#include "view.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define FIXTURES LFI_SOURCE_DIR "/fixtures"
#define DUMP_MAX (64u * 1024 * 1024)

static const char *const days[] = {
    "2026-06-30",                                           /* as the files are written */
    "2026-08-31",                                           /* last of a month of 31 days */
    "2026-11-01",                                           /* first of a month, a Sunday */
    "2026-12-31", "2027-01-01", "2027-02-28", "2027-03-05", /* a Friday in Ramadan */
    "2027-09-04",                                           /* a Saturday */
    "2028-02-29", "2029-06-17",
};

static lfi_wall_us noon(const char *day)
{
    struct datetime date;
    assert_true(datetime_parse(slice_of(day), &date));
    return date.wall_us + 12 * CALENDAR_HOUR;
}

static struct bank *built(const char *segment, lfi_wall_us as_of)
{
    struct bank *bank;
    struct problem problem;
    struct bank_options options = {.small = true, .as_of = as_of};
    if (bank_read(&bank, FIXTURES, segment, &options, &problem) != 0 ||
        ledger_build(bank, &problem) != 0 || check_bank(bank, &problem) != 0) {
        fail_msg("%s: %s", problem.id, problem.text);
    }
    return bank;
}

/* A member of the n-th record as wall clock; false: no such record. */
static bool date_of(const struct bank *bank, const struct account *account, view_list_fn *view,
                    size_t n, const char *member, lfi_wall_us *out)
{
    struct buf text;
    struct datetime date = {0};
    buf_init(&text, VIEW_MAX);
    bool there = view(bank, account, n, &text);
    cJSON *record = there ? json_parse(buf_slice(&text)) : NULL;
    *out = datetime_parse(json_get_string(record, member), &date) ? date.wall_us : LFI_WALL_MIN;
    cJSON_Delete(record);
    buf_free(&text);
    return there;
}

static void check_account(const struct bank *bank, const struct account *account)
{
    lfi_wall_us month = calendar_month_start(calendar_month_of(bank->anchor));
    lfi_wall_us at, last = LFI_WALL_MIN;
    for (size_t n = 0;
         date_of(bank, account, view_scheduled_payment, n, "scheduledPaymentDateTime", &at); n++) {
        assert_true(at > bank->anchor);
    }
    for (size_t n = 0; date_of(bank, account, view_standing_order, n, "nextPaymentDateTime", &at);
         n++) {
        assert_true(at == LFI_WALL_MIN || at > bank->anchor);
    }
    for (size_t n = 0; date_of(bank, account, view_statement, n, "StatementDate", &at); n++) {
        last = at;
    }
    if (account->cycle_day == 0 && account->history < month) {
        assert_int_equal(last, month);
    }
    for (size_t i = 0; i < account->posting_count; i++) {
        assert_true(account->postings[i].occurred <= bank->anchor);
    }
}

static void what_is_past_is_past_and_what_lies_ahead_lies_ahead(void **state)
{
    (void)state;
    for (size_t d = 0; d < ARRAY_LEN(days); d++) {
        lfi_wall_us newest = LFI_WALL_MIN;
        struct bank *bank = built("retail", noon(days[d]));
        assert_int_equal(bank->anchor, noon(days[d]));
        for (size_t a = 0; a < bank->account_count; a++) {
            const struct account *account = &bank->accounts[a];
            check_account(bank, account);
            for (size_t i = 0; i < account->posting_count; i++) {
                if (account->postings[i].status == POSTING_BOOKED &&
                    account->postings[i].booked > newest) {
                    newest = account->postings[i].booked;
                }
            }
        }
        assert_true(newest >= calendar_day_start(bank->anchor) - CALENDAR_DAY);
        bank_free(bank);
        bank_free(built("sme", noon(days[d])));
    }
}

static void print_all(const struct bank *bank, struct buf *out)
{
    buf_init(out, DUMP_MAX);
    for (size_t a = 0; a < bank->account_count; a++) {
        for (size_t i = 0; i < bank->accounts[a].posting_count; i++) {
            view_transaction(bank, &bank->accounts[a], &bank->accounts[a].postings[i], out);
        }
    }
    assert_false(out->failed);
}

static void the_same_day_gives_the_same_bytes(void **state)
{
    struct buf first, second;
    (void)state;
    struct bank *one = built("sme", noon("2028-02-29"));
    struct bank *two = built("sme", noon("2028-02-29"));
    print_all(one, &first);
    print_all(two, &second);
    assert_int_equal(first.len, second.len);
    assert_memory_equal(first.ptr, second.ptr, first.len);
    buf_free(&first);
    buf_free(&second);
    bank_free(one);
    bank_free(two);
}

static void a_grown_child_is_noticed(void **state)
{
    struct bank *bank;
    struct problem problem;
    struct bank_options options = {.small = true, .as_of = noon("2040-01-15")};
    (void)state;
    assert_int_equal(bank_read(&bank, FIXTURES, "retail", &options, &problem), 0);
    assert_int_equal(ledger_build(bank, &problem), 0);
    assert_int_equal(check_bank(bank, &problem), -1);
    assert_string_equal(problem.id, "FIXTURE-MINOR");
    bank_free(bank);
}

static void dates_move_as_they_should(void **state)
{
    static const struct {
        const char *at, *from, *to, *expected;
    } cases[] = {
        {"2026-06-28", "2026-06-30", "2026-11-02", "2026-10-31"}, /* near: keeps its distance */
        {"2026-07-14", "2026-06-30", "2026-11-02", "2026-11-16"},
        {"2025-12-31", "2026-06-30", "2026-08-15", "2026-02-28"}, /* far: keeps its day */
        {"2026-06-15", "2026-06-30", "2026-11-02", "2026-10-18"}, /* would lie ahead */
        {"2026-06-15", "2026-06-30", "2026-11-20", "2026-11-15"},
        {"2026-07-31", "2026-06-30", "2026-11-30", "2026-12-31"},
        {"2024-02-29", "2026-06-30", "2027-09-30", "2024-02-29"}, /* leap days */
        {"2024-02-29", "2026-06-30", "2026-01-31", "2020-02-29"},
        {"2024-02-29", "2026-06-30", "2030-06-30", "2028-02-29"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(calendar_move(noon(cases[i].at), noon(cases[i].from), noon(cases[i].to)),
                         noon(cases[i].expected));
    }
}

static void the_weekend_moved_in_2022(void **state)
{
    (void)state;
    assert_false(calendar_is_working_day(noon("2021-12-31"))); /* Friday */
    assert_false(calendar_is_working_day(noon("2022-01-01"))); /* Saturday */
    assert_true(calendar_is_working_day(noon("2022-01-07")));  /* Friday */
    assert_true(calendar_is_working_day(noon("2021-12-26")));  /* Sunday */
    assert_false(calendar_is_working_day(noon("2022-01-09")));
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
        cmocka_unit_test(what_is_past_is_past_and_what_lies_ahead_lies_ahead),
        cmocka_unit_test(the_same_day_gives_the_same_bytes),
        cmocka_unit_test(a_grown_child_is_noticed),
        cmocka_unit_test(dates_move_as_they_should),
        cmocka_unit_test(the_weekend_moved_in_2022),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
