/* Customers, accounts and what is shared of them. */
#include "small_bank.h"

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

static int billing(void *core, const struct lfi_call *call, struct lfi_slice user_id,
                   struct lfi_billing *out, struct lfi_error *error)
{
    (void)call, (void)error;
    out->large_corporate = LFI_NO;
    return is_user(user_id) || breaks(core, "billing") ? LFI_OK : LFI_UNKNOWN;
}

const struct lfi_customers CUSTOMERS = {
    .size = sizeof(CUSTOMERS), .exists = exists, .customer = customer, .billing = billing};

/* --- accounts --------------------------------------------------------------------------------- */

const char *const STATUSES[] = {
    [LFI_ACCOUNT_ACTIVE] = "Active",     [LFI_ACCOUNT_INACTIVE] = "Inactive",
    [LFI_ACCOUNT_DORMANT] = "Dormant",   [LFI_ACCOUNT_UNCLAIMED] = "Unclaimed",
    [LFI_ACCOUNT_DECEASED] = "Deceased", [LFI_ACCOUNT_SUSPENDED] = "Suspended",
    [LFI_ACCOUNT_CLOSED] = "Closed"};

struct lfi_account_facts facts_of(const struct bank *bank, const struct account *account)
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

void account_json(const struct bank *bank, const struct account *account, bool confused,
                  char out[ACCOUNT_JSON])
{
    (void)snprintf(out, ACCOUNT_JSON,
                   "{\"id\":\"%s\",\"status\":\"%s\",\"currency\":\"AED\","
                   "\"accountType\":\"%s\",\"accountSubType\":\"CurrentAccount\","
                   "\"accountHolderName\":\"%s\",\"customers\":[{\"id\":\"c1\","
                   "\"customerName\":\"Amal Marjan\"}],\"accountNumbers\":[{\"schemeName\":"
                   "\"IBAN\",\"identification\":\"%s\"}]}%s",
                   account->id, STATUSES[bank->statuses[account - ACCOUNTS]],
                   breaks(bank, "account-shape") ? "Odd" : "Retail",
                   confused ? "Somebody Else" : "Amal Marjan", account->number,
                   breaks(bank, "bytes") ? "\n" : "");
}

static bool give_account(const struct bank *bank, struct lfi_answer *answer,
                         const struct account *account, bool confused)
{
    char json[ACCOUNT_JSON];
    struct lfi_account_facts facts = facts_of(bank, account);
    if (breaks(bank, "facts-agree")) {
        (void)snprintf(facts.sub_type, sizeof(facts.sub_type), "Savings");
    }
    account_json(bank, account, confused, json);
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
    static const char *const types[2] = {"Expected", "InterimAvailable"};
    char text[2][256];
    const char *const both[2] = {text[0], text[1]};
    const struct bank *bank = core;
    const struct account *account = account_of(query->subject_id);
    int64_t minor = account ? payments_available(bank->payments, account) : 0;
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(text[i], sizeof(text[i]),
                       "\"balanceType\":\"%s\",\"creditDebitIndicator\":\"%s\",\"amount\":{"
                       "\"amount\":\"%lld.%02lld\",\"currency\":\"AED\"},"
                       "\"timestamp\":\"2026-06-30T12:00:00+04:00\"",
                       types[i], minor < 0 ? "Debit" : "Credit", llabs(minor) / 100,
                       llabs(minor) % 100);
    }
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

const struct lfi_accounts FAMILY = {.size = sizeof(FAMILY),
                                    .subject = subject,
                                    .held = held,
                                    .balances = balances,
                                    .direct_debits = direct_debits,
                                    .transactions = transactions,
                                    .statements = statements};
