/*
 * The smallest core that loads: one customer with one account, answered from constants. Copy this
 * folder to start an adapter, then replace each function by a call to your core banking system and
 * add the capabilities that you offer (see lfi/core.h). It needs that header and nothing else.
 */
#include <lfi/core.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char USER[] = "5f0c6d0e-7a51-4a39-9d0c-1d6f2f1c0001";
static const char ACCOUNT[] = "skeleton-account-1";

static const char ACCOUNT_JSON[] =
    "{\"id\":\"skeleton-account-1\",\"status\":\"Active\",\"currency\":\"AED\","
    "\"accountType\":\"Retail\",\"accountSubType\":\"CurrentAccount\","
    "\"accountHolderName\":\"Skeleton Customer\","
    "\"customers\":[{\"id\":\"skeleton-customer-1\",\"customerName\":\"Skeleton Customer\"}],"
    "\"accountNumbers\":[{\"schemeName\":\"IBAN\","
    "\"identification\":\"AE879990000000000000001\"}]}";

static const char BALANCE_JSON[] =
    "{\"accountId\":\"skeleton-account-1\",\"balanceType\":\"InterimAvailable\","
    "\"creditDebitIndicator\":\"Credit\",\"timestamp\":\"2026-01-01T00:00:00+04:00\","
    "\"amount\":{\"amount\":\"100.00\",\"currency\":\"AED\"}}";

/* What an adapter would keep: connections, credentials, caches. */
struct skeleton {
    const char *provider_id;
};

static int same(struct lfi_slice text, const char *constant)
{
    return text.len == strlen(constant) && memcmp(text.ptr, constant, text.len) == 0;
}

static int give(struct lfi_sink sink, const char *json)
{
    struct lfi_slice record = {json, strlen(json)};
    return sink.record(sink.ctx, record) == 0 ? LFI_CORE_OK : LFI_CORE_STOPPED;
}

static int skeleton_open(void **out, const struct lfi_core_config *config, struct lfi_error *error)
{
    struct skeleton *core = calloc(1, sizeof(*core));
    if (!core) {
        (void)snprintf(error->message, sizeof(error->message), "out of memory");
        return LFI_CORE_FAILED;
    }
    core->provider_id = config->provider_id;
    *out = core;
    return LFI_CORE_OK;
}

static void skeleton_close(void *core)
{
    free(core);
}

static int skeleton_user_exists(void *core, struct lfi_slice user_id, struct lfi_error *error)
{
    (void)core, (void)error;
    return same(user_id, USER) ? LFI_CORE_OK : LFI_CORE_UNKNOWN;
}

static int skeleton_account_access(void *core, struct lfi_slice user_id,
                                   struct lfi_slice account_id, enum lfi_account_status *out,
                                   struct lfi_error *error)
{
    (void)core, (void)error;
    if (!same(user_id, USER) || !same(account_id, ACCOUNT)) {
        return LFI_CORE_UNKNOWN;
    }
    *out = LFI_ACCOUNT_ACTIVE;
    return LFI_CORE_OK;
}

static int skeleton_account(void *core, struct lfi_slice account_id, struct lfi_sink sink,
                            struct lfi_error *error)
{
    (void)core, (void)error;
    return same(account_id, ACCOUNT) ? give(sink, ACCOUNT_JSON) : LFI_CORE_UNKNOWN;
}

static int skeleton_accounts_of_user(void *core, struct lfi_slice user_id, struct lfi_sink sink,
                                     struct lfi_error *error)
{
    (void)core, (void)error;
    return same(user_id, USER) ? give(sink, ACCOUNT_JSON) : LFI_CORE_UNKNOWN;
}

static int skeleton_balances(void *core, struct lfi_slice account_id, struct lfi_sink sink,
                             struct lfi_error *error)
{
    (void)core, (void)error;
    return same(account_id, ACCOUNT) ? give(sink, BALANCE_JSON) : LFI_CORE_UNKNOWN;
}

static const struct lfi_core_ops OPS = {
    .abi = LFI_CORE_ABI,
    .size = sizeof(struct lfi_core_ops),
    .name = "skeleton",
    .open = skeleton_open,
    .close = skeleton_close,
    .user_exists = skeleton_user_exists,
    .account_access = skeleton_account_access,
    .account = skeleton_account,
    .accounts_of_user = skeleton_accounts_of_user,
    .balances = skeleton_balances,
};

__attribute__((visibility("default"))) const struct lfi_core_ops *lfi_core_get_ops(void)
{
    return &OPS;
}
