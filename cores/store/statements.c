/*
 * Statements: those that were loaded, with what payments have booked in their periods since, and
 * one for each month that has ended since on an account with such bookings.
 */
#include "store/series.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#define ENTRY_LOADED_NUMBERS 1 /* the booking */
#define STATEMENT_NUMBERS 2    /* struct store_statement_days */

/* What the statements of an account are made of. */
struct books {
    struct store *store;
    MDB_txn *txn; /* of the store */
    struct lfi_slice account_id;
    const struct account_value *head;
    struct series loaded;  /* statements */
    struct series entries; /* loaded transactions */
    struct series posted;
    int64_t booked; /* what the loaded records say of now */
    /* Months that have ended since the loaded statements: the first begins on that day. */
    int64_t first_day;
    int64_t first_month;
    uint64_t months;
    struct lfi_error *error;
};

/* Days, the last one exclusive. */
struct period {
    int64_t opens, closes;
};

static int fail(const struct books *books, int code)
{
    return store_fail(books->error, "statements", code);
}

static const char *member(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text ? text : "";
}

/* --- money in statements -----------------------------------------------------------------------
 */

static int64_t read_amount(const cJSON *amount, const char *name)
{
    struct decimal number = {0};
    return decimal_parse(member(amount, name), &number) ? decimal_minor(number) : 0;
}

static bool set_member(cJSON *object, const char *name, const char *text)
{
    cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return (item && cJSON_SetValuestring(item, text)) ||
           (!item && cJSON_AddStringToObject(object, name, text));
}

static bool set_amount(cJSON *object, int64_t minor, const char *currency)
{
    char text[MONEY_TEXT];
    cJSON *amount = cJSON_GetObjectItemCaseSensitive(object, "Amount");
    amount = amount ? amount : cJSON_AddObjectToObject(object, "Amount");
    decimal_format((struct decimal){minor, 2}, text);
    return set_member(amount, "Amount", text) && set_member(amount, "Currency", currency);
}

/* OpeningBalance or ClosingBalance, which is made when the statement has none. */
static bool move_balance(cJSON *statement, const char *name, int64_t minor, const char *currency)
{
    cJSON *balance = cJSON_GetObjectItemCaseSensitive(statement, name);
    if (balance) {
        int64_t now = read_amount(cJSON_GetObjectItemCaseSensitive(balance, "Amount"), "Amount");
        minor += strcmp(member(balance, "CreditDebitIndicator"), "Debit") == 0 ? -now : now;
    } else {
        balance = cJSON_AddObjectToObject(statement, name);
    }
    return set_member(balance, "CreditDebitIndicator", minor < 0 ? "Debit" : "Credit") &&
           set_amount(balance, minor, currency);
}

/* The row of the summary that an entry counts in; a new one when there is none. */
static cJSON *row_of(cJSON *summary, const cJSON *entry)
{
    cJSON *row;
    const char *direction = member(entry, "creditDebitIndicator");
    const char *type = member(entry, "transactionType");
    const char *sub_type = member(entry, "subTransactionType");
    cJSON_ArrayForEach(row, summary)
    {
        if (strcmp(member(row, "CreditDebitIndicator"), direction) == 0 &&
            strcmp(member(row, "TransactionType"), type) == 0 &&
            strcmp(member(row, "SubTransactionType"), sub_type) == 0) {
            return row;
        }
    }
    row = cJSON_CreateObject();
    if (!cJSON_AddStringToObject(row, "CreditDebitIndicator", direction) ||
        !cJSON_AddStringToObject(row, "TransactionType", type) ||
        !cJSON_AddStringToObject(row, "SubTransactionType", sub_type) || !set_amount(row, 0, "") ||
        !cJSON_AddNumberToObject(row, "Count", 0) || !cJSON_AddItemToArray(summary, row)) {
        cJSON_Delete(row);
        return NULL;
    }
    return row;
}

/* Counts a booked entry; *moved: what it did to the balance. */
static bool add_entry(cJSON *summary, struct lfi_slice json, const char *currency, int64_t *moved)
{
    cJSON *entry = cJSON_ParseWithLength(json.ptr, json.len);
    bool booked = strcmp(member(entry, "status"), "Booked") == 0;
    cJSON *row = booked ? row_of(summary, entry) : NULL;
    bool ok = entry && (!booked || row);
    if (row) {
        int64_t amount = read_amount(cJSON_GetObjectItemCaseSensitive(entry, "amount"), "amount");
        cJSON *count = cJSON_GetObjectItemCaseSensitive(row, "Count");
        int64_t sum = read_amount(cJSON_GetObjectItemCaseSensitive(row, "Amount"), "Amount");
        ok = set_amount(row, sum + amount, currency);
        cJSON_SetNumberValue(count, count->valuedouble + 1);
        *moved += strcmp(member(entry, "creditDebitIndicator"), "Debit") == 0 ? -amount : amount;
    }
    cJSON_Delete(entry);
    return ok;
}

/* Counts the entries of a series that were booked within the period. */
static int add_entries(const struct books *books, const struct series *series,
                       const struct period *period, cJSON *summary, int64_t *moved)
{
    uint64_t first = 0;
    uint64_t end = 0;
    const struct bounds bounds = {0, period->opens * DAY_US, period->closes * DAY_US - 1};
    int code = series_between(series, &bounds, &first, &end);
    for (uint64_t at = first; code == 0 && at < end; at++) {
        MDB_val value;
        code = series_value(series, at, &value);
        size_t skip = series->numbers * sizeof(int64_t);
        if (code == 0 &&
            !add_entry(summary,
                       (struct lfi_slice){(const char *)value.mv_data + skip, value.mv_size - skip},
                       books->head->currency, moved)) {
            return store_say(books->error, "an entry cannot be summed up");
        }
    }
    return code == 0 ? LFI_OK : fail(books, code);
}

static int give(const struct books *books, const cJSON *statement, struct lfi_answer *answer)
{
    char *text = cJSON_PrintUnformatted(statement);
    if (!text) {
        return store_say(books->error, "out of memory");
    }
    int rc = lfi_give(answer, (struct lfi_slice){text, strlen(text)});
    cJSON_free(text);
    return rc;
}

/* --- statements that were loaded ---------------------------------------------------------------
 */

/* Adds what payments have booked before and within the statement's period. */
static int amend(const struct books *books, const struct period *period, cJSON *statement)
{
    int64_t before = 0;
    int64_t within = 0;
    int64_t at_end = 0;
    const char *currency = books->head->currency;
    int code = series_posted_before(&books->posted, period->opens * DAY_US, &before);
    if (code == 0) {
        code = series_posted_before(&books->posted, period->closes * DAY_US, &at_end);
    }
    if (code != 0) {
        return fail(books, code);
    }
    cJSON *summary = cJSON_GetObjectItemCaseSensitive(statement, "Summary");
    int rc = add_entries(books, &books->posted, period, summary, &within);
    if (rc != LFI_OK) {
        return rc;
    }
    return move_balance(statement, "OpeningBalance", before, currency) &&
                   move_balance(statement, "ClosingBalance", at_end, currency)
               ? LFI_OK
               : store_say(books->error, "a statement cannot be amended");
}

static bool period_of(const cJSON *statement, struct period *out)
{
    bool ok = day_parse(member(statement, "OpeningDate"), &out->opens) &&
              day_parse(member(statement, "ClosingDate"), &out->closes);
    out->closes++;
    return ok;
}

/* Whether payments have booked anything before the statement's end. */
static int is_touched(const struct books *books, const struct period *period, bool *out)
{
    int64_t first = 0;
    int code = series_number(&books->posted, 0, 0, &first);
    *out = first < period->closes * DAY_US;
    return code;
}

static int give_loaded(const struct books *books, uint64_t at, struct lfi_answer *answer)
{
    MDB_val value;
    struct period period;
    bool touched = false;
    const size_t skip = STATEMENT_NUMBERS * sizeof(int64_t);
    int code = series_value(&books->loaded, at, &value);
    if (code != 0) {
        return fail(books, code);
    }
    struct lfi_slice json = {(const char *)value.mv_data + skip, value.mv_size - skip};
    if (books->posted.n == 0) {
        return lfi_give(answer, json);
    }
    cJSON *statement = cJSON_ParseWithLength(json.ptr, json.len);
    if (period_of(statement, &period)) {
        code = is_touched(books, &period, &touched);
    }
    int rc = code == 0 ? LFI_OK : fail(books, code);
    if (rc == LFI_OK && touched) {
        rc = amend(books, &period, statement);
        rc = rc == LFI_OK ? give(books, statement, answer) : rc;
    } else if (rc == LFI_OK) {
        rc = lfi_give(answer, json);
    }
    cJSON_Delete(statement);
    return rc;
}

/* --- statements of months that have ended since ------------------------------------------------
 */

static struct period month_at(const struct books *books, uint64_t n)
{
    int64_t month = books->first_month + (int64_t)n;
    return (struct period){n == 0 ? books->first_day : month_start(month), month_start(month + 1)};
}

/* What is booked when the day begins: from now backwards. */
static int balance_at(const struct books *books, int64_t day, int64_t *out)
{
    int64_t later = 0;
    int64_t posted = 0;
    const struct period after = {day, INT64_MAX / DAY_US};
    cJSON *unused = cJSON_CreateArray();
    int rc = add_entries(books, &books->entries, &after, unused, &later);
    cJSON_Delete(unused);
    int code = series_posted_before(&books->posted, day * DAY_US, &posted);
    *out = books->booked - later + posted;
    return code != 0 ? fail(books, code) : rc;
}

/* The credit line of the newest loaded statement, if it has one. */
static int copy_credit_line(const struct books *books, cJSON *statement)
{
    MDB_val value;
    const size_t skip = STATEMENT_NUMBERS * sizeof(int64_t);
    if (books->loaded.n == 0) {
        return 0;
    }
    int code = series_value(&books->loaded, books->loaded.n - 1, &value);
    if (code == 0) {
        cJSON *last =
            cJSON_ParseWithLength((const char *)value.mv_data + skip, value.mv_size - skip);
        cJSON *line = cJSON_DetachItemFromObjectCaseSensitive(last, "CreditLine");
        if (line && !cJSON_AddItemToObject(statement, "CreditLine", line)) {
            cJSON_Delete(line);
        }
        cJSON_Delete(last);
    }
    return code;
}

static bool add_day(cJSON *statement, const char *name, int64_t day)
{
    char text[TIME_TEXT];
    day_format(day, text);
    return cJSON_AddStringToObject(statement, name, text);
}

static int fill_month(const struct books *books, const struct period *period, cJSON *statement)
{
    char id[48];
    int64_t moved = 0;
    int64_t closing = 0;
    const char *currency = books->head->currency;
    (void)snprintf(id, sizeof(id), "zzs%08x%lld", books->posted.index, (long long)period->opens);
    bool ok = cJSON_AddStringToObject(statement, "StatementId", id) &&
              add_day(statement, "StatementDate", period->closes) &&
              add_day(statement, "OpeningDate", period->opens) &&
              add_day(statement, "ClosingDate", period->closes - 1);
    int code = copy_credit_line(books, statement);
    if (code != 0) {
        return fail(books, code);
    }
    cJSON *summary = cJSON_CreateArray();
    int rc = balance_at(books, period->closes, &closing);
    if (rc == LFI_OK) {
        rc = add_entries(books, &books->entries, period, summary, &moved);
    }
    if (rc == LFI_OK) {
        rc = add_entries(books, &books->posted, period, summary, &moved);
    }
    ok = ok && move_balance(statement, "OpeningBalance", closing - moved, currency) &&
         move_balance(statement, "ClosingBalance", closing, currency);
    if (!cJSON_AddItemToObject(statement, "Summary", summary)) {
        cJSON_Delete(summary);
        ok = false;
    }
    return rc != LFI_OK || ok ? rc : store_say(books->error, "out of memory");
}

static int give_month(const struct books *books, uint64_t n, struct lfi_answer *answer)
{
    const struct period period = month_at(books, n);
    cJSON *statement = cJSON_CreateObject();
    int rc = fill_month(books, &period, statement);
    rc = rc == LFI_OK ? give(books, statement, answer) : rc;
    cJSON_Delete(statement);
    return rc;
}

/* The day after the loaded statements; else that of the first entry's month. */
static int find_first_day(struct books *books)
{
    MDB_val value;
    struct period period;
    int64_t loaded = INT64_MAX;
    int64_t posted = INT64_MAX;
    const size_t skip = STATEMENT_NUMBERS * sizeof(int64_t);
    if (books->loaded.n > 0) {
        int code = series_value(&books->loaded, books->loaded.n - 1, &value);
        if (code == 0) {
            cJSON *last =
                cJSON_ParseWithLength((const char *)value.mv_data + skip, value.mv_size - skip);
            code = period_of(last, &period) ? 0 : MDB_CORRUPTED;
            cJSON_Delete(last);
        }
        books->first_day = code == 0 ? period.closes : 0;
        return code;
    }
    int code = series_number(&books->posted, 0, 0, &posted);
    if (code == 0 && books->entries.n > 0) {
        code = series_number(&books->entries, 0, 0, &loaded);
    }
    int64_t first = loaded < posted ? loaded : posted;
    books->first_day = month_start(month_of_day(first / DAY_US));
    return code;
}

/* Result: lfi_status. */
static int find_months(struct books *books)
{
    struct account_money money;
    int64_t now = (books->store->now_us(books->store->clock) + GULF_OFFSET_US) / DAY_US;
    if (books->posted.n == 0) {
        return LFI_OK;
    }
    int rc = ledger_money(books->store, books->txn, books->account_id, &money, books->error);
    int code = rc == LFI_OK ? find_first_day(books) : 0;
    if (rc != LFI_OK || code != 0) {
        return rc != LFI_OK ? rc : fail(books, code);
    }
    books->booked = money.booked;
    books->first_month = month_of_day(books->first_day);
    int64_t months = month_of_day(now) - books->first_month;
    books->months = money.has_booked && months > 0 ? (uint64_t)months : 0;
    return LFI_OK;
}

/* --- the list -----------------------------------------------------------------------------------
 */

static int64_t day_by(const struct lfi_statement_query *query, const struct period *period)
{
    return query->day == LFI_STATEMENT_OPENING_DATE ? period->opens : period->closes;
}

/* The half-open range of months whose day is within the query's bounds. */
static void months_between(const struct books *books, const struct lfi_statement_query *query,
                           uint64_t *first, uint64_t *end)
{
    *first = 0;
    *end = 0;
    for (uint64_t n = 0; n < books->months; n++) {
        const struct period period = month_at(books, n);
        int64_t day = day_by(query, &period);
        *first += day < query->from_day;
        *end += day <= query->to_day;
    }
    *end = *end < *first ? *first : *end;
}

/* How many there are, and the first and the last day. */
static int sum_up(const struct books *books, const struct lfi_statement_query *query,
                  size_t position, struct lfi_statement_summary *summary)
{
    int code = 0;
    uint64_t n = books->loaded.n;
    summary->held = n + books->months;
    if (n > 0) {
        code = series_number(&books->loaded, 0, position, &summary->first_day);
        if (code == 0) {
            code = series_number(&books->loaded, n - 1, position, &summary->last_day);
        }
    }
    if (books->months > 0) {
        const struct period first = month_at(books, 0);
        const struct period last = month_at(books, books->months - 1);
        summary->first_day = n > 0 ? summary->first_day : day_by(query, &first);
        summary->last_day = day_by(query, &last);
    }
    return code;
}

static int give_statements(const struct books *books, const struct lfi_statement_query *query,
                           struct lfi_answer *answer)
{
    uint64_t first = 0;
    uint64_t end = 0;
    uint64_t month = 0;
    uint64_t month_end = 0;
    const size_t position = query->day == LFI_STATEMENT_OPENING_DATE
                                ? offsetof(struct store_statement_days, opening)
                                : offsetof(struct store_statement_days, dated);
    const struct bounds bounds = {position, query->from_day, query->to_day};
    int code = sum_up(books, query, position, answer->summary);
    if (code == 0) {
        code = series_between(&books->loaded, &bounds, &first, &end);
    }
    if (code != 0) {
        return fail(books, code);
    }
    months_between(books, query, &month, &month_end);
    uint64_t months = month_end - month;
    answer->total = months + (end - first);
    int rc = LFI_OK;
    struct lfi_window window = query->base.window;
    for (uint64_t at = window.offset;
         rc == LFI_OK && at < answer->total && at - window.offset < window.limit; at++) {
        rc = at < months ? give_month(books, month_end - 1 - at, answer)
                         : give_loaded(books, end - 1 - (at - months), answer);
    }
    return rc;
}

int series_statements(void *core, const struct lfi_call *call,
                      const struct lfi_statement_query *query, struct lfi_answer *answer,
                      struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    MDB_txn *payments = NULL;
    MDB_val value;
    struct account_value head;
    struct ledger_value ledger;
    (void)call;
    int rc = read_check_query(&query->base, sizeof(*query), error);
    if (rc != LFI_OK || (rc = read_begin(store, &txn, error)) != LFI_OK) {
        return rc;
    }
    struct books books = {.store = store,
                          .txn = txn,
                          .account_id = query->base.subject_id,
                          .head = &head,
                          .error = error};
    rc = read_account(store, txn, query->base.subject_id, &head, &value, error);
    if (rc == LFI_OK) {
        rc = series_posted(store, books.account_id, &payments, &ledger, &books.posted, error);
    }
    if (rc == LFI_OK) {
        books.loaded = (struct series){txn, store->db[DB_STATEMENTS], head.index, head.statements,
                                       STATEMENT_NUMBERS};
        books.entries = (struct series){txn, store->db[DB_TX], head.index, head.transactions,
                                        ENTRY_LOADED_NUMBERS};
        rc = find_months(&books);
    }
    if (rc == LFI_OK) {
        rc = give_statements(&books, query, answer);
    }
    if (payments) {
        mdb_txn_abort(payments);
    }
    mdb_txn_abort(txn);
    return rc;
}
