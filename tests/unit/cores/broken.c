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

static int unknown_user(void *core, const struct lfi_call *call, struct lfi_slice user_id,
                        struct lfi_error *error)
{
    (void)core, (void)call, (void)user_id, (void)error;
    return LFI_CORE_UNKNOWN;
}

static int unknown_subject(void *core, const struct lfi_call *call,
                           const struct lfi_subject_query *query, struct lfi_account_facts *out,
                           struct lfi_error *error)
{
    (void)core, (void)call, (void)query, (void)out, (void)error;
    return LFI_CORE_UNKNOWN;
}

#ifndef BROKEN_MISSING
static int unknown_held(void *core, const struct lfi_call *call, const struct lfi_held_query *query,
                        struct lfi_answer *answer, struct lfi_error *error)
{
    (void)core, (void)call, (void)query, (void)answer, (void)error;
    return LFI_CORE_UNKNOWN;
}
#endif

static const struct lfi_accounts ACCOUNTS = {.size = sizeof(ACCOUNTS),
#ifndef BROKEN_MISSING
                                             .held = unknown_held,
#endif
                                             .subject = unknown_subject};
static const struct lfi_customers CUSTOMERS = {.size = sizeof(CUSTOMERS), .exists = unknown_user};

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
    .accounts = &ACCOUNTS,
    .customers = &CUSTOMERS,
};

__attribute__((visibility("default"))) const struct lfi_core_ops *lfi_core_get_ops(void)
{
    return &OPS;
}
#endif
