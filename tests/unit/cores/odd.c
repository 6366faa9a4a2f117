/*
 * A core that misbehaves on purpose. Its settings, {"say":"…"}, name the fault; with "good" it
 * behaves. It knows one user, u-1, with one account, acc-1.
 */
#include <lfi/core.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    if (!core || sscanf(config->settings, "{\"say\":\"%31[^\"]\"}", core->fault) != 1) {
        free(core);
        return LFI_CORE_FAILED;
    }
    *out = core;
    return LFI_CORE_OK;
}

static void odd_close(void *core)
{
    free(core);
}

static int user_exists(void *core, struct lfi_slice user_id, struct lfi_error *error)
{
    (void)user_id, (void)error;
    return is(core, "no-user") ? LFI_CORE_UNKNOWN : LFI_CORE_OK;
}

static int account_access(void *core, struct lfi_slice user_id, struct lfi_slice account_id,
                          enum lfi_account_status *out, struct lfi_error *error)
{
    (void)user_id, (void)account_id, (void)error;
    *out = is(core, "odd-account-status") ? (enum lfi_account_status)99 : LFI_ACCOUNT_ACTIVE;
    return LFI_CORE_OK;
}

/* The status that a fault named after one asks for. */
static int status_of(const struct core *core)
{
    static const struct {
        const char *fault;
        int status;
    } statuses[] = {
        {"unknown", LFI_CORE_UNKNOWN},
        {"denied", LFI_CORE_DENIED},
        {"blocked", LFI_CORE_BLOCKED},
        {"unavailable", LFI_CORE_UNAVAILABLE},
        {"failed", LFI_CORE_FAILED},
        {"stopped", LFI_CORE_STOPPED},
        {"odd-status", 7},
        {"odder-status", -99},
    };
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        if (is(core, statuses[i].fault)) {
            return statuses[i].status;
        }
    }
    return LFI_CORE_OK;
}

/* Records until the sink has had enough. */
static int flood(struct lfi_sink sink)
{
    static const char end[] = "\"}";
    const size_t size = 1024 * 1024;
    char *record = malloc(size);
    int stopped = 0;
    if (!record) {
        return LFI_CORE_FAILED;
    }
    memset(record, 'x', size);
    (void)memcpy(record, "{\"accountId\":\"", 14);
    (void)memcpy(record + size - 2, end, 2);
    for (int i = 0; i < 64 && !stopped; i++) {
        stopped = sink.record(sink.ctx, (struct lfi_slice){record, size});
    }
    free(record);
    return stopped ? LFI_CORE_STOPPED : LFI_CORE_OK;
}

/* One record as the fault wants it; `good` and `other` are one of acc-1 and one of acc-2. */
static int give(const struct core *core, struct lfi_sink sink, const char *good, const char *other)
{
    char two[2048];
    int rc = status_of(core);
    if (rc != LFI_CORE_OK || is(core, "none")) {
        return rc;
    }
    if (is(core, "flood") || is(core, "deaf-flood")) {
        rc = flood(sink);
        return is(core, "deaf-flood") ? LFI_CORE_OK : rc; /* as if nothing had been said */
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
    rc = sink.record(sink.ctx, text(record));
    if (is(core, "twice") && rc == 0) {
        rc = sink.record(sink.ctx, text(record));
    }
    return rc == 0 || is(core, "deaf") ? LFI_CORE_OK : LFI_CORE_STOPPED;
}

static int account(void *core, struct lfi_slice account_id, struct lfi_sink sink,
                   struct lfi_error *error)
{
    (void)account_id, (void)error;
    return give(core, sink, ACCOUNT("acc-1"), ACCOUNT("acc-2"));
}

static int balances(void *core, struct lfi_slice account_id, struct lfi_sink sink,
                    struct lfi_error *error)
{
    (void)account_id, (void)error;
    return give(core, sink, BALANCE("acc-1"), BALANCE("acc-2"));
}

static int transactions(void *core, const struct lfi_transaction_query *query, struct lfi_sink sink,
                        struct lfi_transaction_totals *out, struct lfi_error *error)
{
    (void)query, (void)error;
    out->total = is(core, "total") ? 2 : 1;
    return give(core, sink, TRANSACTION("acc-1"), TRANSACTION("acc-2"));
}

/* "statement-…": a fault of the statements alone, whose account is read as well. */
static int statements(void *core, const struct lfi_statement_query *query, struct lfi_sink sink,
                      struct lfi_statement_totals *out, struct lfi_error *error)
{
    static const char prefix[] = "statement-";
    struct core own = *(const struct core *)core;
    (void)query, (void)error;
    if (strncmp(own.fault, prefix, sizeof(prefix) - 1) == 0) {
        memmove(own.fault, own.fault + sizeof(prefix) - 1, sizeof(own.fault) - sizeof(prefix) + 1);
    }
    out->total = is(&own, "total") ? 2 : 1;
    return give(&own, sink, STATEMENT, STATEMENT);
}

static int customer(void *core, struct lfi_slice user_id, struct lfi_sink sink,
                    struct lfi_error *error)
{
    (void)user_id, (void)error;
    return give(core, sink, "{}", "{}");
}

/* "products-33" and the like: that many. */
static int account_products(void *core, struct lfi_slice account_id,
                            struct lfi_account_product_sink sink, struct lfi_error *error)
{
    struct lfi_account_product product = {.json = text("{\"ProductId\":\"p\"}"), .name = text("P")};
    unsigned count = 1;
    int rc = 0;
    (void)account_id, (void)error;
    (void)sscanf(((struct core *)core)->fault, "products-%u", &count);
    if (is(core, "space")) {
        product.json = text(" {\"ProductId\":\"p\"}");
    }
    for (unsigned i = 0; i < count && rc == 0; i++) {
        rc = sink.record(sink.ctx, &product);
    }
    return rc == 0 ? LFI_CORE_OK : LFI_CORE_STOPPED;
}

static int allow(void *core, struct lfi_slice key, const struct lfi_allowance *allowance,
                 uint32_t *out_wait_s, struct lfi_error *error)
{
    (void)core, (void)key, (void)allowance, (void)error;
    *out_wait_s = 0;
    return LFI_CORE_OK;
}

static int message_send(void *core, struct lfi_slice user_id, struct lfi_slice message,
                        struct lfi_error *error)
{
    (void)core, (void)user_id, (void)message, (void)error;
    return LFI_CORE_OK;
}

static int atms(void *core, struct lfi_sink sink, int64_t *out_updated_us, struct lfi_error *error)
{
    (void)error;
    *out_updated_us = 0;
    return give(core, sink, "{}", "{}");
}

static const struct lfi_core_ops OPS = {.abi = LFI_CORE_ABI,
                                        .size = sizeof(struct lfi_core_ops),
                                        .name = "odd",
                                        .open = odd_open,
                                        .close = odd_close,
                                        .user_exists = user_exists,
                                        .account_access = account_access,
                                        .account = account,
                                        .accounts_of_user = account,
                                        .balances = balances,
                                        .transactions = transactions,
                                        .statements = statements,
                                        .customer = customer,
                                        .account_products = account_products,
                                        .allow = allow,
                                        .message_send = message_send,
                                        .atms = atms};

__attribute__((visibility("default"))) const struct lfi_core_ops *lfi_core_get_ops(void)
{
    return &OPS;
}
