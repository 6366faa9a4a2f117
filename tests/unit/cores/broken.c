/*
 * Cores that must not load. Built once per fault: BROKEN_ABI, BROKEN_OPEN, BROKEN_SYMBOL; without
 * a required function: BROKEN_SUBJECT, BROKEN_HELD, BROKEN_EXISTS; compiled with a family that ends
 * before one: BROKEN_NO_SUBJECT, BROKEN_NO_HELD, BROKEN_NO_EXISTS.
 */
#include <lfi/core.h>
#include <stddef.h>
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
    return LFI_FAILED;
}

static void broken_close(void *core)
{
    (void)core;
}

__attribute__((unused)) static int unknown_user(void *core, const struct lfi_call *call,
                                                struct lfi_slice user_id, struct lfi_error *error)
{
    (void)core, (void)call, (void)user_id, (void)error;
    return LFI_UNKNOWN;
}

__attribute__((unused)) static int unknown_subject(void *core, const struct lfi_call *call,
                                                   const struct lfi_subject_query *query,
                                                   struct lfi_account_facts *out,
                                                   struct lfi_error *error)
{
    (void)core, (void)call, (void)query, (void)out, (void)error;
    return LFI_UNKNOWN;
}

__attribute__((unused)) static int unknown_held(void *core, const struct lfi_call *call,
                                                const struct lfi_held_query *query,
                                                struct lfi_answer *answer, struct lfi_error *error)
{
    (void)core, (void)call, (void)query, (void)answer, (void)error;
    return LFI_UNKNOWN;
}

static const struct lfi_accounts ACCOUNTS = {
#if defined BROKEN_NO_SUBJECT
    .size = offsetof(struct lfi_accounts, subject),
#elif defined BROKEN_NO_HELD
    .size = offsetof(struct lfi_accounts, held),
#else
    .size = sizeof(ACCOUNTS),
#endif
#ifndef BROKEN_SUBJECT
    .subject = unknown_subject,
#endif
#ifndef BROKEN_HELD
    .held = unknown_held,
#endif
};
static const struct lfi_customers CUSTOMERS = {
#ifdef BROKEN_NO_EXISTS
    .size = offsetof(struct lfi_customers, exists),
#else
    .size = sizeof(CUSTOMERS),
#endif
#ifndef BROKEN_EXISTS
    .exists = unknown_user,
#endif
};

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
