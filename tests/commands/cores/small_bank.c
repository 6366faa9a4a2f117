/*
 * A small bank that keeps every rule of core-check, and breaks one on demand: the setting
 * {"break":"RULE"}. Two users: `first` holds accounts a1 and a2, `second` holds a3. Each look at
 * transactions adds one, as if the account were in use.
 */
#include <lfi/core.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TEXT(s) ((struct lfi_slice){(s), strlen(s)})

static const char *const RULES[] = {"users-exist",
                                    "held-by-id",
                                    "held-as-asked",
                                    "held-unknown-user",
                                    "account-unknown",
                                    "isolation",
                                    "facts-agree",
                                    "subject-agrees",
                                    "account-shape",
                                    "list-owner",
                                    "list-order",
                                    "list-shape",
                                    "list-unknown",
                                    "transactions-order",
                                    "transactions-owner",
                                    "transactions-pages",
                                    "transactions-bounds",
                                    "transactions-fx",
                                    "statements",
                                    "customer",
                                    "payee",
                                    "sign-in",
                                    "sign-in-alike",
                                    "may-sign-in",
                                    "approval-unknown",
                                    "levers-states",
                                    "levers-status",
                                    "levers-credit",
                                    "levers-unknown",
                                    "levers-reset",
                                    "atms",
                                    "catalogue",
                                    "query-newer",
                                    "struct-smaller",
                                    "stop",
                                    "deadline",
                                    "parallel",
                                    "late",
                                    "status",
                                    "explained",
                                    "bytes"};
#define RULE_COUNT (sizeof(RULES) / sizeof(RULES[0]))

#define ACCOUNT_COUNT 3

struct bank {
    const char *broken; /* the rule that it breaks, or "" */
    const struct lfi_host *host;
    atomic_uint added;  /* transactions since open() */
    atomic_uint inside; /* calls of held() at this moment */
    atomic_bool was_late;
    _Atomic enum lfi_account_status statuses[ACCOUNT_COUNT]; /* as ACCOUNTS; begin as Active */
    _Atomic enum lfi_credit_block blocks[ACCOUNT_COUNT];
};

struct account {
    const char *id, *user, *number;
};

static const struct account ACCOUNTS[ACCOUNT_COUNT] = {{"a1", "first", "AE070331234567890123456"},
                                                       {"a2", "first", "AE460090000000123456789"},
                                                       {"a3", "second", "AE260211000000230064016"}};

static bool breaks(const struct bank *bank, const char *rule)
{
    return strcmp(bank->broken, rule) == 0;
}

static bool same(struct lfi_slice text, const char *constant)
{
    return text.len == strlen(constant) && memcmp(text.ptr, constant, text.len) == 0;
}

static void wait_ms(long ms)
{
    const struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    (void)nanosleep(&time, NULL);
}

static bool is_user(struct lfi_slice id)
{
    return same(id, "first") || same(id, "second");
}

static const struct account *account_of(struct lfi_slice id)
{
    for (size_t i = 0; i < ACCOUNT_COUNT; i++) {
        if (same(id, ACCOUNTS[i].id)) {
            return &ACCOUNTS[i];
        }
    }
    return NULL;
}

static int say(struct lfi_error *error, const char *why)
{
    (void)snprintf(error->message, sizeof(error->message), "%s", why);
    return LFI_FAILED;
}

/* A query of a newer server is refused. */
static int refuse_newer(const struct bank *bank, const struct lfi_query *query, size_t known,
                        struct lfi_error *error)
{
    if (breaks(bank, "query-newer") || lfi_query_is_known(query, known)) {
        return LFI_OK;
    }
    return breaks(bank, "explained") ? LFI_FAILED : say(error, "a filter that is not known");
}

/* Hands a record over; a bank that breaks "stop" goes on although the answer takes no more. */
static bool give(const struct bank *bank, struct lfi_answer *answer, const char *json,
                 const void *facts)
{
    return answer->record(answer, TEXT(json), facts) == 0 || breaks(bank, "stop");
}

/* --- customers -------------------------------------------------------------------------------- */

static int exists(void *core, const struct lfi_call *call, struct lfi_slice user_id,
                  struct lfi_error *error)
{
    struct bank *bank = core;
    (void)call, (void)error;
    if (breaks(bank, "late") && !atomic_exchange(&bank->was_late, true)) {
        wait_ms(900);
    }
    if (breaks(bank, "status")) {
        return 7;
    }
    return is_user(user_id) || breaks(bank, "users-exist") ? LFI_OK : LFI_UNKNOWN;
}

static const char CUSTOMER[] =
    "{\"id\":\"c1\",\"number\":\"C1\",\"customerCategory\":\"Retail\",\"verifiedClaims\":["
    "{\"verification\":{\"trustFramework\":\"FI\",\"time\":\"2025-04-20T12:00:00+04:00\","
    "\"verificationProcess\":\"KYC1\"},\"claims\":{\"identityType\":\"Person\","
    "\"fullName\":\"Amal Marjan\",\"givenName\":\"Amal\",\"familyName\":\"Marjan\","
    "\"birthDate\":\"1999-05-28\",\"emiratesId\":\"784-1999-0000150-6\","
    "\"emiratesIdExpiryDate\":\"2030-12-02\",\"nationality\":\"ARE\","
    "\"residentialAddress\":{\"addressLine\":[\"PO Box 1\"],\"country\":\"AE\"},"
    "\"updatedAt\":\"2025-04-20T12:00:00+04:00\"}}]}";

static int customer(void *core, const struct lfi_call *call, const struct lfi_query *query,
                    struct lfi_answer *answer, struct lfi_error *error)
{
    const struct bank *bank = core;
    (void)call, (void)error;
    if (!is_user(query->subject_id)) {
        return LFI_UNKNOWN;
    }
    if (breaks(bank, "customer")) {
        (void)give(bank, answer, CUSTOMER, NULL);
    }
    return give(bank, answer, CUSTOMER, NULL) ? LFI_OK : LFI_STOPPED;
}

static const struct lfi_customers CUSTOMERS = {
    .size = sizeof(CUSTOMERS), .exists = exists, .customer = customer};

/* --- accounts --------------------------------------------------------------------------------- */

static const char *const STATUSES[] = {
    [LFI_ACCOUNT_ACTIVE] = "Active",     [LFI_ACCOUNT_INACTIVE] = "Inactive",
    [LFI_ACCOUNT_DORMANT] = "Dormant",   [LFI_ACCOUNT_UNCLAIMED] = "Unclaimed",
    [LFI_ACCOUNT_DECEASED] = "Deceased", [LFI_ACCOUNT_SUSPENDED] = "Suspended",
    [LFI_ACCOUNT_CLOSED] = "Closed"};

static struct lfi_account_facts facts_of(const struct bank *bank, const struct account *account)
{
    struct lfi_account_facts facts = {.size = sizeof(facts),
                                      .status = bank->statuses[account - ACCOUNTS],
                                      .sub_type = "CurrentAccount",
                                      .currency = "AED",
                                      .role = "Principal"};
    (void)snprintf(facts.account_id, sizeof(facts.account_id), "%s", account->id);
    return facts;
}

static int subject(void *core, const struct lfi_call *call, const struct lfi_subject_query *query,
                   struct lfi_account_facts *out, struct lfi_error *error)
{
    const struct bank *bank = core;
    const struct account *account = account_of(query->account_id);
    uint32_t size = out->size;
    (void)call, (void)error;
    if (!is_user(query->user_id)) {
        out->user_unknown = !breaks(bank, "account-unknown");
        return LFI_UNKNOWN;
    }
    if (!account || (!same(query->user_id, account->user) && !breaks(bank, "isolation"))) {
        return LFI_UNKNOWN;
    }
    struct lfi_account_facts facts = facts_of(bank, account);
    if (breaks(bank, "subject-agrees")) {
        (void)snprintf(facts.role, sizeof(facts.role), "SecondaryOwner");
    }
    if (breaks(bank, "struct-smaller")) {
        size = sizeof(facts);
    }
    memcpy(out, &facts, size < sizeof(facts) ? size : sizeof(facts));
    out->size = size;
    return LFI_OK;
}

static bool give_account(const struct bank *bank, struct lfi_answer *answer,
                         const struct account *account, bool confused)
{
    char json[1024];
    struct lfi_account_facts facts = facts_of(bank, account);
    if (breaks(bank, "facts-agree")) {
        (void)snprintf(facts.sub_type, sizeof(facts.sub_type), "Savings");
    }
    (void)snprintf(json, sizeof(json),
                   "{\"id\":\"%s\",\"status\":\"%s\",\"currency\":\"AED\","
                   "\"accountType\":\"%s\",\"accountSubType\":\"CurrentAccount\","
                   "\"accountHolderName\":\"%s\",\"customers\":[{\"id\":\"c1\","
                   "\"customerName\":\"Amal Marjan\"}],\"accountNumbers\":[{\"schemeName\":"
                   "\"IBAN\",\"identification\":\"%s\"}]}%s",
                   account->id, STATUSES[facts.status],
                   breaks(bank, "account-shape") ? "Odd" : "Retail",
                   confused ? "Somebody Else" : "Amal Marjan", account->number,
                   breaks(bank, "bytes") ? "\n" : "");
    return give(bank, answer, json, &facts);
}

/* The i-th account that the query is about, in its order; NULL: it is left out. */
static const struct account *wanted(const struct bank *bank, const struct lfi_held_query *query,
                                    size_t i)
{
    const struct account *account = NULL;
    if (query->account_count == 0) {
        account = &ACCOUNTS[breaks(bank, "held-by-id") ? ACCOUNT_COUNT - 1 - i : i];
    } else if (breaks(bank, "held-as-asked")) {
        account = account_of(query->account_ids[query->account_count - 1 - i]);
    } else {
        account = account_of(query->account_ids[i]);
    }
    return account && same(query->base.subject_id, account->user) ? account : NULL;
}

static int held(void *core, const struct lfi_call *call, const struct lfi_held_query *query,
                struct lfi_answer *answer, struct lfi_error *error)
{
    struct bank *bank = core;
    size_t count = query->account_count ? query->account_count : ACCOUNT_COUNT;
    bool confused = false, more = true;
    int status = refuse_newer(bank, &query->base, sizeof(*query), error);
    (void)call;
    if (status != LFI_OK) {
        return status;
    }
    if (breaks(bank, "parallel")) {
        confused = atomic_fetch_add(&bank->inside, 1) > 0;
        wait_ms(2);
        atomic_fetch_sub(&bank->inside, 1);
    }
    if (!is_user(query->base.subject_id)) {
        return breaks(bank, "held-unknown-user") ? LFI_OK : LFI_UNKNOWN;
    }
    for (size_t i = 0; more && i < count; i++) {
        const struct account *account = wanted(bank, query, i);
        more = !account || give_account(bank, answer, account, confused);
    }
    return more ? LFI_OK : LFI_STOPPED;
}

/* --- lists: two records each ------------------------------------------------------------------ */

/* Two records of an account: what follows its id in each. */
static int give_two(const struct bank *bank, const struct lfi_call *call,
                    const struct lfi_query *query, struct lfi_answer *answer,
                    struct lfi_error *error, const char *const rest[2])
{
    const struct account *account = account_of(query->subject_id);
    const char *id = breaks(bank, "list-owner") ? "a9" : account ? account->id : "";
    char json[512];
    int status = refuse_newer(bank, query, sizeof(*query), error);
    if (status != LFI_OK) {
        return status;
    }
    if (breaks(bank, "deadline") &&
        call->deadline_us - call->host->monotonic_us(call->host) < 200000) {
        wait_ms(1900);
    }
    if (!account) {
        return breaks(bank, "list-unknown") ? LFI_OK : LFI_UNKNOWN;
    }
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(json, sizeof(json), "{\"accountId\":\"%s\",%s}", id, rest[i]);
        if (!give(bank, answer, json, NULL)) {
            return LFI_STOPPED;
        }
    }
    return LFI_OK;
}

static int balances(void *core, const struct lfi_call *call, const struct lfi_query *query,
                    struct lfi_answer *answer, struct lfi_error *error)
{
#define BALANCE(type)                                                                              \
    "\"balanceType\":\"" type "\",\"creditDebitIndicator\":\"Credit\",\"amount\":{\"amount\":"     \
    "\"10.00\",\"currency\":\"AED\"},\"timestamp\":\"2026-06-30T12:00:00+04:00\""
    static const char *const both[2] = {BALANCE("Expected"), BALANCE("InterimAvailable")};
    return give_two(core, call, query, answer, error, both);
}

static int direct_debits(void *core, const struct lfi_call *call, const struct lfi_query *query,
                         struct lfi_answer *answer, struct lfi_error *error)
{
#define DEBIT(id, status)                                                                          \
    "\"directDebitId\":\"" id                                                                      \
    "\",\"mandateIdentification\":\"M1\",\"directDebitStatusCode\":\"" status                      \
    "\",\"name\":\"North Grid\",\"frequency\":\"Monthly\""
    static const char *const both[2] = {DEBIT("d1", "Active"), DEBIT("d2", "Active")};
    static const char *const reversed[2] = {DEBIT("d2", "Active"), DEBIT("d1", "Active")};
    static const char *const odd[2] = {DEBIT("d1", "Odd"), DEBIT("d2", "Odd")};
    return give_two(core, call, query, answer, error,
                    breaks(core, "list-order")   ? reversed
                    : breaks(core, "list-shape") ? odd
                                                 : both);
}

/* --- transactions: the n-th an hour after the one before, the third as early as the second -----
 */

#define HOUR_US (INT64_C(3600) * 1000000)
#define FIRST_US ((INT64_C(20605) * 24) * HOUR_US) /* 2026-06-01 */

static unsigned hour_of(unsigned n)
{
    return n == 3 ? 2 : n;
}

static bool matches(const struct bank *bank, const struct lfi_transaction_query *query, unsigned n)
{
    lfi_wall_us booked = FIRST_US + hour_of(n) * HOUR_US;
    bool pages = breaks(bank, "transactions-pages");
    return (query->up_to == 0 || n <= query->up_to || pages) && booked >= query->from &&
           (breaks(bank, "transactions-bounds") ? booked < query->to : booked <= query->to) &&
           (!query->fx_only || n % 3 == 0 || breaks(bank, "transactions-fx"));
}

static bool give_transaction(const struct bank *bank, struct lfi_answer *answer, const char *id,
                             unsigned n)
{
    char json[640], day[40];
    unsigned hour = hour_of(n);
    (void)snprintf(day, sizeof(day), "2026-06-%02uT%02u:00:00+04:00", 1 + hour / 24, hour % 24);
    (void)snprintf(
        json, sizeof(json),
        "{\"accountId\":\"%s\",\"transactionId\":\"t%04u\",\"transactionDateTime\":"
        "\"%s\",\"bookingDateTime\":\"%s\",\"transactionType\":\"Other\","
        "\"subTransactionType\":\"NotApplicable\",\"creditDebitIndicator\":\"Credit\","
        "\"status\":\"Booked\",\"amount\":{\"amount\":\"2.93\",\"currency\":\"AED\"},"
        "\"proprietaryBankTransactionCode\":{\"code\":\"1\",\"issuer\":\"Bank\"}%s}",
        breaks(bank, "transactions-owner") ? "a9" : id, n, day, day,
        n % 3 == 0
            ? ",\"currencyExchange\":{\"sourceCurrency\":\"USD\",\"targetCurrency\":"
              "\"AED\",\"unitCurrency\":\"USD\",\"exchangeRate\":\"3.67\",\"instructedAmount\":"
              "{\"amount\":\"0.80\",\"currency\":\"USD\"}}"
            : "");
    return give(bank, answer, json, NULL);
}

static int transactions(void *core, const struct lfi_call *call,
                        const struct lfi_transaction_query *query, struct lfi_answer *answer,
                        struct lfi_error *error)
{
    struct bank *bank = core;
    struct lfi_transaction_summary *summary = answer->summary;
    const struct account *account = account_of(query->base.subject_id);
    unsigned count = 7 + atomic_fetch_add(&bank->added, 1);
    bool more = true;
    int status = refuse_newer(bank, &query->base, sizeof(*query), error);
    (void)call;
    if (status != LFI_OK || !account) {
        return status != LFI_OK ? status : LFI_UNKNOWN;
    }
    summary->mark = count;
    answer->total = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned n = breaks(bank, "transactions-order") ? i + 1 : count - i;
        if (!matches(bank, query, n)) {
            continue;
        }
        uint64_t at = answer->total++;
        if (more && at >= query->base.window.offset &&
            at - query->base.window.offset < query->base.window.limit) {
            more = give_transaction(bank, answer, account->id, n);
        }
    }
    return more ? LFI_OK : LFI_STOPPED;
}

/* --- statements: of May and of June ----------------------------------------------------------- */

static int statements(void *core, const struct lfi_call *call,
                      const struct lfi_statement_query *query, struct lfi_answer *answer,
                      struct lfi_error *error)
{
    static const struct {
        const char *json;
        int64_t day[2]; /* by enum lfi_statement_day */
    } STATEMENTS[] = {
#define STATEMENT(id, date, opening, closing)                                                      \
    "{\"StatementId\":\"" id "\",\"StatementDate\":\"" date "\",\"OpeningDate\":\"" opening        \
    "\",\"ClosingDate\":\"" closing                                                                \
    "\",\"OpeningBalance\":{\"CreditDebitIndicator\":\"Credit\",\"Amount\":{\"Amount\":\"0.00\","  \
    "\"Currency\":\"AED\"}},\"ClosingBalance\":{\"CreditDebitIndicator\":\"Credit\",\"Amount\":{"  \
    "\"Amount\":\"0.00\",\"Currency\":\"AED\"}},\"Summary\":[]}"
        {STATEMENT("s2", "2026-07-01", "2026-06-01", "2026-06-30"), {20605, 20635}},
        {STATEMENT("s1", "2026-06-01", "2026-05-01", "2026-05-31"), {20574, 20605}},
    };
    const struct bank *bank = core;
    struct lfi_statement_summary *summary = answer->summary;
    int status = refuse_newer(bank, &query->base, sizeof(*query), error);
    (void)call;
    if (status != LFI_OK || !account_of(query->base.subject_id)) {
        return status != LFI_OK ? status : LFI_UNKNOWN;
    }
    answer->total = 0;
    summary->held = 2;
    summary->first_day = STATEMENTS[1].day[query->day];
    summary->last_day = STATEMENTS[0].day[query->day];
    for (size_t i = 0; i < 2; i++) {
        int64_t day = STATEMENTS[i].day[query->day];
        if (day < query->from_day || day > query->to_day) {
            continue;
        }
        uint64_t at = answer->total++;
        if (at >= query->base.window.offset &&
            at - query->base.window.offset < query->base.window.limit &&
            !give(bank, answer, STATEMENTS[i].json, NULL)) {
            return LFI_STOPPED;
        }
    }
    if (breaks(bank, "statements")) {
        summary->held = answer->total;
    }
    return LFI_OK;
}

static const struct lfi_accounts FAMILY = {.size = sizeof(FAMILY),
                                           .subject = subject,
                                           .held = held,
                                           .balances = balances,
                                           .direct_debits = direct_debits,
                                           .transactions = transactions,
                                           .statements = statements};

/* --- payees and open data --------------------------------------------------------------------- */

static const char HOLDER[] =
    "{\"id\":\"c1\",\"verifiedClaims\":[{\"verification\":{\"trustFramework\":\"UAE.FI\"},"
    "\"claims\":{\"fullName\":\"Amal Marjan\",\"givenName\":\"Amal\",\"familyName\":\"Marjan\"}}]}";

static int holders(void *core, const struct lfi_call *call, const struct lfi_query *query,
                   struct lfi_answer *answer, struct lfi_error *error)
{
    static const enum lfi_payee_state BLOCKED[] = {LFI_PAYEE_SHOWN, LFI_PAYEE_BLOCKED_FOR_NOW,
                                                   LFI_PAYEE_BLOCKED_FOR_GOOD};
    const struct bank *bank = core;
    struct lfi_payee_summary *summary = answer->summary;
    (void)call, (void)error;
    for (size_t i = 0; i < ACCOUNT_COUNT; i++) {
        if (same(query->subject_id, ACCOUNTS[i].number)) {
            summary->state =
                breaks(bank, "levers-credit") ? LFI_PAYEE_SHOWN : BLOCKED[bank->blocks[i]];
        }
        if (same(query->subject_id, ACCOUNTS[i].number) && summary->state == LFI_PAYEE_SHOWN) {
            return give(bank, answer, HOLDER, NULL) ? LFI_OK : LFI_STOPPED;
        }
    }
    summary->state = breaks(bank, "payee") ? LFI_PAYEE_BLOCKED_FOR_GOOD : LFI_PAYEE_HIDDEN;
    return LFI_OK;
}

static const struct lfi_payee PAYEE = {.size = sizeof(PAYEE), .holders = holders};

static int atms(void *core, const struct lfi_call *call, const struct lfi_query *query,
                struct lfi_answer *answer, struct lfi_error *error)
{
    const struct bank *bank = core;
    char json[512];
    (void)call, (void)query, (void)error;
    for (unsigned i = 1; i <= 2; i++) {
        (void)snprintf(json, sizeof(json),
                       "{%s\"LFIBrandId\":\"bank\",\"ATMId\":\"ATM-%u\",\"SupportedCurrencies\":["
                       "\"AED\"],\"Location\":{\"LocationCategory\":[\"RetailerOutlet\"],"
                       "\"PostalAddress\":{\"AddressLine\":[\"Harbour\"],\"TownName\":\"Dubai\","
                       "\"CountrySubDivision\":\"Dubai\",\"Country\":\"AE\"},\"GeoLocation\":{"
                       "\"Latitude\":\"25.59240\",\"Longitude\":\"56.26180\"}}}",
                       breaks(bank, "atms") ? "\"LFIId\":\"bank\"," : "", i);
        if (!give(bank, answer, json, NULL)) {
            return LFI_STOPPED;
        }
    }
    return LFI_OK;
}

static int catalogue(void *core, const struct lfi_call *call, const struct lfi_product_query *query,
                     struct lfi_answer *answer, struct lfi_error *error)
{
    const struct bank *bank = core;
    const struct lfi_product_facts facts = {.size = sizeof(facts), .brand_id = TEXT("bank")};
    char json[512];
    (void)call, (void)error;
    answer->total = 0;
    for (int i = 0; i < 2; i++) { /* the second complies with Sharia */
        if (query->sharia != -1 && query->sharia != i && !breaks(bank, "catalogue")) {
            continue;
        }
        answer->total++;
        (void)snprintf(json, sizeof(json),
                       "{\"ProductId\":\"p%d\",\"ProductName\":\"Account\",\"ProductCategory\":"
                       "\"CurrentAccount\",\"LastUpdatedDateTime\":\"2025-07-07T12:00:00+04:00\","
                       "\"Product\":{\"CurrentAccount\":{\"Type\":\"Advanced\","
                       "\"IsOverdraftAvailable\":false}}}",
                       i);
        if (!give(bank, answer, json, &facts)) {
            return LFI_STOPPED;
        }
    }
    return LFI_OK;
}

static const struct lfi_open_data OPEN_DATA = {
    .size = sizeof(OPEN_DATA), .atms = atms, .catalogue = catalogue};

/* --- levers ----------------------------------------------------------------------------------- */

static int set_status(void *core, const struct lfi_call *call, struct lfi_slice account_id,
                      enum lfi_account_status status, struct lfi_error *error)
{
    struct bank *bank = core;
    const struct account *account = account_of(account_id);
    (void)call, (void)error;
    if (!account) {
        return breaks(bank, "levers-unknown") ? LFI_OK : LFI_UNKNOWN;
    }
    bank->statuses[account - ACCOUNTS] = status;
    if (breaks(bank, "levers-status")) {
        bank->statuses[ACCOUNT_COUNT - 1] = status;
    }
    return LFI_OK;
}

static int set_credit_block(void *core, const struct lfi_call *call, struct lfi_slice account_id,
                            enum lfi_credit_block block, struct lfi_error *error)
{
    struct bank *bank = core;
    const struct account *account = account_of(account_id);
    (void)call, (void)error;
    if (!account) {
        return LFI_UNKNOWN;
    }
    bank->blocks[account - ACCOUNTS] = block;
    return LFI_OK;
}

static int account_states(void *core, const struct lfi_call *call, const struct lfi_query *query,
                          struct lfi_answer *answer, struct lfi_error *error)
{
    static const char *const blocks[] = {"none", "temporary", "permanent"};
    const struct bank *bank = core;
    bool found = !query->subject_id.ptr;
    char json[128];
    (void)call, (void)error;
    for (size_t i = 0; i < ACCOUNT_COUNT; i++) {
        if (query->subject_id.ptr && !same(query->subject_id, ACCOUNTS[i].id)) {
            continue;
        }
        found = true;
        (void)snprintf(
            json, sizeof(json), "{\"accountId\":\"%s\",\"status\":\"%s\",\"creditBlock\":\"%s\"}",
            ACCOUNTS[i].id, breaks(bank, "levers-states") ? "Odd" : STATUSES[bank->statuses[i]],
            blocks[bank->blocks[i]]);
        if (!give(bank, answer, json, NULL)) {
            return LFI_STOPPED;
        }
    }
    return found ? LFI_OK : LFI_UNKNOWN;
}

static int reset(void *core, const struct lfi_call *call, struct lfi_error *error)
{
    struct bank *bank = core;
    (void)call, (void)error;
    for (size_t i = 0; i < ACCOUNT_COUNT && !breaks(bank, "levers-reset"); i++) {
        bank->statuses[i] = LFI_ACCOUNT_ACTIVE;
        bank->blocks[i] = LFI_CREDIT_OPEN;
    }
    return LFI_OK;
}

static const struct lfi_levers LEVERS = {.size = sizeof(LEVERS),
                                         .account_set_status = set_status,
                                         .account_set_credit_block = set_credit_block,
                                         .account_states = account_states,
                                         .reset = reset};

/* --- sign-in ---------------------------------------------------------------------------------- */

static int sign_in(void *core, const struct lfi_call *call, const struct lfi_login *login,
                   struct lfi_id *out_user_id, struct lfi_error *error)
{
    const struct bank *bank = core;
    (void)call, (void)error;
    if (breaks(bank, "sign-in-alike") && same(login->login, "amal")) {
        wait_ms(100); /* as if only a known login's password were hashed */
    }
    if (!same(login->login, "amal")) {
        return breaks(bank, "sign-in") ? LFI_UNKNOWN : LFI_DENIED;
    }
    if (!same(login->password, "sesame")) {
        return LFI_DENIED;
    }
    (void)snprintf(out_user_id->text, sizeof(out_user_id->text), "first");
    return LFI_OK;
}

static int approval_start(void *core, const struct lfi_call *call,
                          const struct lfi_approval_request *request,
                          struct lfi_id *out_approval_id, struct lfi_error *error)
{
    (void)core, (void)call, (void)error;
    if (!is_user(request->user_id)) {
        return LFI_UNKNOWN;
    }
    (void)snprintf(out_approval_id->text, sizeof(out_approval_id->text), "approval");
    return LFI_OK;
}

static int approval_state(void *core, const struct lfi_call *call,
                          const struct lfi_approval *approval, enum lfi_approval_state *out,
                          struct lfi_error *error)
{
    (void)call, (void)error;
    if (!same(approval->approval_id, "approval") && !breaks(core, "approval-unknown")) {
        return LFI_UNKNOWN;
    }
    *out = LFI_APPROVAL_APPROVED;
    return LFI_OK;
}

static int may_sign_in(void *core, const struct lfi_call *call, struct lfi_slice user_id,
                       struct lfi_error *error)
{
    (void)call, (void)error;
    return is_user(user_id) || breaks(core, "may-sign-in") ? LFI_OK : LFI_UNKNOWN;
}

static const struct lfi_signin SIGNIN = {.size = sizeof(SIGNIN),
                                         .sign_in = sign_in,
                                         .approval_start = approval_start,
                                         .approval_state = approval_state,
                                         .may_sign_in = may_sign_in};

/* --- life ------------------------------------------------------------------------------------- */

static int bank_open(void **out, const struct lfi_core_config *config, struct lfi_error *error)
{
    static const char mark[] = "{\"break\":\"";
    struct bank *bank = calloc(1, sizeof(*bank));
    const char *name =
        strncmp(config->settings, mark, strlen(mark)) == 0 ? config->settings + strlen(mark) : NULL;
    if (!bank) {
        return say(error, "out of memory");
    }
    bank->broken = name ? NULL : "";
    for (size_t i = 0; name && i < RULE_COUNT; i++) {
        size_t len = strlen(RULES[i]);
        if (strncmp(name, RULES[i], len) == 0 && strcmp(name + len, "\"}") == 0) {
            bank->broken = RULES[i];
        }
    }
    if (!bank->broken) {
        free(bank);
        return say(error, "no such rule");
    }
    bank->host = config->host;
    *out = bank;
    return LFI_OK;
}

static void bank_close(void *core)
{
    free(core);
}

static const struct lfi_core_ops OPS = {.abi = LFI_CORE_ABI,
                                        .size = sizeof(OPS),
                                        .name = "small bank",
                                        .open = bank_open,
                                        .close = bank_close,
                                        .accounts = &FAMILY,
                                        .customers = &CUSTOMERS,
                                        .payee = &PAYEE,
                                        .open_data = &OPEN_DATA,
                                        .signin = &SIGNIN,
                                        .levers = &LEVERS};

__attribute__((visibility("default"))) const struct lfi_core_ops *lfi_core_get_ops(void)
{
    return &OPS;
}
