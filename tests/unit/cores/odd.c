/*
 * A core that misbehaves on purpose. Its settings, {"say":"…"}, name the fault; with "good" it
 * behaves. It knows one user, u-1, with one account, acc-1.
 */
#include <lfi/core.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BALANCE(id)                                                                                \
    "{\"accountId\":\"" id "\",\"balanceType\":\"InterimAvailable\",\"creditDebitIndicator\":"     \
    "\"Credit\",\"timestamp\":\"2026-01-01T00:00:00+04:00\","                                      \
    "\"amount\":{\"amount\":\"1.00\",\"currency\":\"AED\"}}"
#define TRANSACTION(id)                                                                            \
    "{\"accountId\":\"" id "\",\"transactionId\":\"t-1\","                                         \
    "\"transactionDateTime\":\"2026-01-01T00:00:00+04:00\","                                       \
    "\"bookingDateTime\":\"2026-01-01T00:00:00+04:00\",\"transactionType\":\"Other\","             \
    "\"subTransactionType\":\"Fee\",\"creditDebitIndicator\":\"Debit\",\"status\":\"Booked\","     \
    "\"amount\":{\"amount\":\"1.00\",\"currency\":\"AED\"}}"
#define ACCOUNT(id) "{\"id\":\"" id "\",\"accountSubType\":\"Savings\"}"
#define SIDE                                                                                       \
    "{\"CreditDebitIndicator\":\"Credit\",\"Amount\":{\"Amount\":\"1.00\",\"Currency\":\"AED\"}}"
#define STATEMENT                                                                                  \
    "{\"StatementId\":\"s-1\",\"StatementDate\":\"2026-02-01\",\"OpeningDate\":\"2026-01-01\","    \
    "\"ClosingDate\":\"2026-01-31\",\"OpeningBalance\":" SIDE ",\"ClosingBalance\":" SIDE          \
    ",\"Summary\":[]}"

struct core {
    char fault[32];
};

static bool is(const struct core *core, const char *fault)
{
    return strcmp(core->fault, fault) == 0;
}

static struct lfi_slice text(const char *chars)
{
    return (struct lfi_slice){chars, strlen(chars)};
}

static int odd_open(void **out, const struct lfi_core_config *config, struct lfi_error *error)
{
    struct core *core = calloc(1, sizeof(*core));
    (void)error;
    if (!core || sscanf(config->settings, "{ \"say\": \"%31[^\"]\"", core->fault) != 1) {
        free(core);
        return LFI_FAILED;
    }
    if (is(core, "hangs")) {
        sleep(60);
    }
    *out = core;
    return LFI_OK;
}

static void odd_close(void *core)
{
    free(core);
}

static int exists(void *core, const struct lfi_call *call, struct lfi_slice user_id,
                  struct lfi_error *error)
{
    (void)call, (void)user_id, (void)error;
    return is(core, "no-user") ? LFI_UNKNOWN : LFI_OK;
}

/* acc-1, which is active and a savings account unless the fault says otherwise. */
static struct lfi_account_facts facts_of(const struct core *core)
{
    struct lfi_account_facts facts = {.size = sizeof(facts)};
    (void)snprintf(facts.account_id, sizeof(facts.account_id), "%s",
                   is(core, "other-facts") ? "acc-2" : "acc-1");
    facts.status =
        is(core, "odd-account-status") ? (enum lfi_account_status)99 : LFI_ACCOUNT_ACTIVE;
    (void)snprintf(facts.sub_type, sizeof(facts.sub_type), "%s",
                   is(core, "no-sub-type") ? "" : "Savings");
    return facts;
}

static int subject(void *core, const struct lfi_call *call, const struct lfi_subject_query *query,
                   struct lfi_account_facts *out, struct lfi_error *error)
{
    (void)call, (void)query, (void)error;
    *out = facts_of(core);
    out->user_unknown = is(core, "no-user");
    return is(core, "no-user") ? LFI_UNKNOWN : LFI_OK;
}

/* The status that a fault named after one asks for. */
static int status_of(const struct core *core)
{
    static const struct {
        const char *fault;
        int status;
    } statuses[] = {
        {"unknown", LFI_UNKNOWN},         {"denied", LFI_DENIED}, {"blocked", LFI_BLOCKED},
        {"unavailable", LFI_UNAVAILABLE}, {"failed", LFI_FAILED}, {"stopped", LFI_STOPPED},
        {"in-doubt", LFI_IN_DOUBT},       {"odd-status", 7},      {"odder-status", -99},
    };
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        if (is(core, statuses[i].fault)) {
            return statuses[i].status;
        }
    }
    return LFI_OK;
}

/* Records until the sink has had enough. */
static int flood(struct lfi_answer *answer, const void *facts)
{
    static const char end[] = "\"}";
    const size_t size = 1024 * 1024;
    char *record = malloc(size);
    int stopped = 0;
    if (!record) {
        return LFI_FAILED;
    }
    memset(record, 'x', size);
    (void)memcpy(record, "{\"accountId\":\"", 14);
    (void)memcpy(record + size - 2, end, 2);
    for (int i = 0; i < 64 && !stopped; i++) {
        stopped = answer->record(answer, (struct lfi_slice){record, size}, facts);
    }
    free(record);
    return stopped ? LFI_STOPPED : LFI_OK;
}

/* One record as the fault wants it; `good` and `other` are one of acc-1 and one of acc-2. */
static int give(const struct core *core, struct lfi_answer *answer, const char *good,
                const char *other)
{
    const struct lfi_account_facts facts = facts_of(core); /* of account records */
    char two[2048];
    int rc = status_of(core);
    if (rc != LFI_OK || is(core, "none")) {
        return rc;
    }
    if (is(core, "flood") || is(core, "deaf-flood")) {
        rc = flood(answer, &facts);
        return is(core, "deaf-flood") ? LFI_OK : rc; /* as if nothing had been said */
    }
    (void)snprintf(two, sizeof(two), "%s,%s", good, good);
    const char *record = is(core, "other")    ? other
                         : is(core, "double") ? two
                         : is(core, "blank")  ? ""
                         : is(core, "blanks") ? "  "
                         : is(core, "array")  ? "[]"
                                              : good;
    if (is(core, "space")) {
        (void)snprintf(two, sizeof(two), "%s\n", good);
        record = two;
    }
    rc = answer->record(answer, text(record), &facts);
    if (is(core, "twice") && rc == 0) {
        rc = answer->record(answer, text(record), &facts);
    }
    return rc == 0 || is(core, "deaf") ? LFI_OK : LFI_STOPPED;
}

static int held(void *core, const struct lfi_call *call, const struct lfi_held_query *query,
                struct lfi_answer *answer, struct lfi_error *error)
{
    (void)call, (void)query, (void)error;
    return is(core, "no-user") ? LFI_UNKNOWN
                               : give(core, answer, ACCOUNT("acc-1"), ACCOUNT("acc-2"));
}

static int balances(void *core, const struct lfi_call *call, const struct lfi_query *query,
                    struct lfi_answer *answer, struct lfi_error *error)
{
    (void)call, (void)query, (void)error;
    return give(core, answer, BALANCE("acc-1"), BALANCE("acc-2"));
}

static int transactions(void *core, const struct lfi_call *call,
                        const struct lfi_transaction_query *query, struct lfi_answer *answer,
                        struct lfi_error *error)
{
    (void)call, (void)query, (void)error;
    answer->total = is(core, "total") ? 2 : 1;
    return give(core, answer, TRANSACTION("acc-1"), TRANSACTION("acc-2"));
}

static int statements(void *core, const struct lfi_call *call,
                      const struct lfi_statement_query *query, struct lfi_answer *answer,
                      struct lfi_error *error)
{
    (void)call, (void)query, (void)error;
    answer->total = is(core, "total") ? 2 : 1;
    return give(core, answer, STATEMENT, STATEMENT);
}

static int customer(void *core, const struct lfi_call *call, const struct lfi_query *query,
                    struct lfi_answer *answer, struct lfi_error *error)
{
    (void)call, (void)query, (void)error;
    return give(core, answer, "{}", "{}");
}

/* "products-33" and the like: that many. */
static int products(void *core, const struct lfi_call *call, const struct lfi_query *query,
                    struct lfi_answer *answer, struct lfi_error *error)
{
    const struct lfi_account_product_facts facts = {.size = sizeof(facts), .name = text("P")};
    struct lfi_slice json =
        text(is(core, "space") ? " {\"ProductId\":\"p\"}" : "{\"ProductId\":\"p\"}");
    unsigned count = 1;
    int rc = 0;
    (void)call, (void)query, (void)error;
    (void)sscanf(((struct core *)core)->fault, "products-%u", &count);
    for (unsigned i = 0; i < count && rc == 0; i++) {
        rc = answer->record(answer, json, &facts);
    }
    return rc == 0 ? LFI_OK : LFI_STOPPED;
}

static int message_send(void *core, const struct lfi_call *call, struct lfi_slice user_id,
                        struct lfi_slice message, struct lfi_error *error)
{
    (void)core, (void)call, (void)user_id, (void)message, (void)error;
    return LFI_OK;
}

static int atms(void *core, const struct lfi_call *call, const struct lfi_query *query,
                struct lfi_answer *answer, struct lfi_error *error)
{
    (void)call, (void)query, (void)error;
    return give(core, answer, "{}", "{}");
}

static const struct lfi_accounts ACCOUNTS = {.size = sizeof(ACCOUNTS),
                                             .subject = subject,
                                             .held = held,
                                             .balances = balances,
                                             .products = products,
                                             .transactions = transactions,
                                             .statements = statements};
static const struct lfi_customers CUSTOMERS = {
    .size = sizeof(CUSTOMERS), .exists = exists, .customer = customer};
static const struct lfi_open_data OPEN_DATA = {.size = sizeof(OPEN_DATA), .atms = atms};

static const struct lfi_signin SIGNIN = {.size = sizeof(SIGNIN), .message_send = message_send};

static const struct lfi_core_ops OPS = {.abi = LFI_CORE_ABI,
                                        .size = sizeof(struct lfi_core_ops),
                                        .name = "odd",
                                        .open = odd_open,
                                        .close = odd_close,
                                        .accounts = &ACCOUNTS,
                                        .customers = &CUSTOMERS,
                                        .open_data = &OPEN_DATA,
                                        .signin = &SIGNIN};

__attribute__((visibility("default"))) const struct lfi_core_ops *lfi_core_get_ops(void)
{
    return &OPS;
}
