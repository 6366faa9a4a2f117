/* The small bank's rules, what its families share, and its life. */
#include "small_bank.h"

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
                                    "billing",
                                    "payee",
                                    "payee-names",
                                    "sign-in",
                                    "sign-in-alike",
                                    "may-sign-in",
                                    "approval-unknown",
                                    "payment-account",
                                    "payment-reach",
                                    "payment-payable",
                                    "payment-refund",
                                    "payment-approvers",
                                    "payment-approver-pays",
                                    "payment-approvers-unknown",
                                    "payment-repeats",
                                    "payment-unknown",
                                    "payment-isolation",
                                    "payment-create",
                                    "payment-money",
                                    "payment-key",
                                    "payment-key-race",
                                    "payment-in-flight",
                                    "payment-doubt",
                                    "payment-changes",
                                    "payment-final",
                                    "payment-restart",
                                    "payment-funds",
                                    "payment-funds-race",
                                    "fx-quote",
                                    "fx-accept",
                                    "fx-unknown",
                                    "fx-changes",
                                    "opening-request",
                                    "opening-unknown",
                                    "policy-order",
                                    "policy-wanted",
                                    "policy-unknown-user",
                                    "policy-isolation",
                                    "policy-sector",
                                    "policy-facts",
                                    "policy-parts",
                                    "policy-shape",
                                    "quote-unknown",
                                    "quote-order",
                                    "quote-cursor",
                                    "quote-facts",
                                    "quote-shape",
                                    "levers-states",
                                    "levers-status",
                                    "levers-credit",
                                    "files-types",
                                    "files-expect",
                                    "files-tpp",
                                    "files-media",
                                    "files-pieces",
                                    "files-abandon",
                                    "files-keep",
                                    "files-payment",
                                    "files-report",
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

const struct account ACCOUNTS[ACCOUNT_COUNT] = {{"a1", "first", "AE070331234567890123456"},
                                                {"a2", "first", "AE460090000000123456789"},
                                                {"a3", "second", "AE260211000000230064016"}};

bool breaks(const struct bank *bank, const char *rule)
{
    return strcmp(bank->broken, rule) == 0;
}

bool same(struct lfi_slice text, const char *constant)
{
    return text.len == strlen(constant) && memcmp(text.ptr, constant, text.len) == 0;
}

void wait_ms(long ms)
{
    const struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    (void)nanosleep(&time, NULL);
}

bool is_user(struct lfi_slice id)
{
    return same(id, "first") || same(id, "second");
}

const struct account *account_of(struct lfi_slice id)
{
    for (size_t i = 0; i < ACCOUNT_COUNT; i++) {
        if (same(id, ACCOUNTS[i].id)) {
            return &ACCOUNTS[i];
        }
    }
    return NULL;
}

int say(struct lfi_error *error, const char *why)
{
    (void)snprintf(error->message, sizeof(error->message), "%s", why);
    return LFI_FAILED;
}

int refuse_newer(const struct bank *bank, const struct lfi_query *query, size_t known,
                 struct lfi_error *error)
{
    if (breaks(bank, "query-newer") || lfi_query_is_known(query, known)) {
        return LFI_OK;
    }
    return breaks(bank, "explained") ? LFI_FAILED : say(error, "a filter that is not known");
}

bool give(const struct bank *bank, struct lfi_answer *answer, const char *json, const void *facts)
{
    return answer->record(answer, TEXT(json), facts) == 0 || breaks(bank, "stop");
}
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
    bank->folder = strdup(config->base_dir);
    bank->payments = payments_new(config->base_dir, bank);
    bank->files = files_new(config->base_dir, bank);
    if (!bank->folder || !bank->payments || !bank->files) {
        free(bank->files);
        free(bank->folder);
        free(bank->payments);
        free(bank);
        return say(error, "out of memory");
    }
    *out = bank;
    return LFI_OK;
}

static void bank_close(void *core)
{
    struct bank *bank = core;
    payments_end(bank->payments, bank);
    files_end(bank->files, bank);
    free(bank->folder);
    free(bank);
}

const struct lfi_core_ops SMALL_BANK = {.abi = LFI_CORE_ABI,
                                        .size = sizeof(SMALL_BANK),
                                        .name = "small bank",
                                        .open = bank_open,
                                        .close = bank_close,
                                        .accounts = &FAMILY,
                                        .customers = &CUSTOMERS,
                                        .payee = &PAYEE,
                                        .open_data = &OPEN_DATA,
                                        .signin = &SIGNIN,
                                        .levers = &LEVERS,
                                        .payments = &PAYMENTS,
                                        .insurance = &INSURANCE,
                                        .opening = &OPENING,
                                        .fx = &FX,
                                        .files = &FILES,
                                        .quotes = &SMALL_QUOTES};
