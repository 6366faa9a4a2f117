/*
 * Cores that must not load. Built once per fault: BROKEN_ABI, BROKEN_MISSING, BROKEN_OPEN, or
 * BROKEN_SYMBOL.
 */
#include <lfi/core.h>
#include <stdio.h>

#ifdef BROKEN_SYMBOL
int lfi_core_another_name(void);
__attribute__((visibility("default"))) int lfi_core_another_name(void)
{
    return 0;
}
#else
static int broken_open(void **out, const struct lfi_core_config *config, struct lfi_error *error)
{
    (void)out, (void)config;
    (void)snprintf(error->message, sizeof(error->message), "the vault is shut");
    return LFI_CORE_FAILED;
}

static void broken_close(void *core)
{
    (void)core;
}

static int unknown_user(void *core, struct lfi_slice user_id, struct lfi_error *error)
{
    (void)core, (void)user_id, (void)error;
    return LFI_CORE_UNKNOWN;
}

static int unknown_access(void *core, struct lfi_slice user_id, struct lfi_slice account_id,
                          enum lfi_account_status *out, struct lfi_error *error)
{
    (void)core, (void)user_id, (void)account_id, (void)out, (void)error;
    return LFI_CORE_UNKNOWN;
}

static int unknown_record(void *core, struct lfi_slice id, struct lfi_sink sink,
                          struct lfi_error *error)
{
    (void)core, (void)id, (void)sink, (void)error;
    return LFI_CORE_UNKNOWN;
}

static const struct lfi_core_ops OPS = {
#ifdef BROKEN_ABI
    .abi = LFI_CORE_ABI + 1,
#else
    .abi = LFI_CORE_ABI,
#endif
    .size = sizeof(struct lfi_core_ops),
    .name = "broken",
    .open = broken_open,
    .close = broken_close,
    .user_exists = unknown_user,
    .account_access = unknown_access,
#ifndef BROKEN_MISSING
    .account = unknown_record,
#endif
    .accounts_of_user = unknown_record,
};

__attribute__((visibility("default"))) const struct lfi_core_ops *lfi_core_get_ops(void)
{
    return &OPS;
}
#endif
