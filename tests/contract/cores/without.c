/*
 * The reference cores without some of their families: WITHOUT_EVERYTHING has what is required and
 * sign-in, WITHOUT_PAYMENTS also no files, WITHOUT_FILES; WITHOUT_QUOTES is an insurer that quotes
 * nothing, WITHOUT_INSURANCE quotes what it does not insure. WITHOUT_SIGNIN, WITHOUT_LEVERS and
 * WITHOUT_IDENTITY lack what is for customers' pages, for test banks and for CAAP.
 */
#include "store/core_ops.h"

static const struct lfi_core_ops FULL = {.name = "without",
                                         .open = store_core_open,
                                         STORE_CORE_MEMBERS,
                                         .insurance = &store_insurance,
                                         .quotes = &store_quotes};

__attribute__((visibility("default"))) const struct lfi_core_ops *lfi_core_get_ops(void)
{
    static struct lfi_core_ops ops;
    ops = FULL;
#if defined(WITHOUT_EVERYTHING)
    static struct lfi_accounts accounts;
    static struct lfi_customers customers;
    accounts = (struct lfi_accounts){
        .size = sizeof(accounts), .subject = FULL.accounts->subject, .held = FULL.accounts->held};
    customers = (struct lfi_customers){.size = sizeof(customers), .exists = FULL.customers->exists};
    ops = (struct lfi_core_ops){.abi = FULL.abi,
                                .size = sizeof(ops),
                                .name = FULL.name,
                                .open = FULL.open,
                                .close = FULL.close,
                                .accounts = &accounts,
                                .customers = &customers,
                                .signin = FULL.signin};
#elif defined(WITHOUT_PAYMENTS)
    ops.payments = NULL;
    ops.files = NULL;
#elif defined(WITHOUT_FILES)
    ops.files = NULL;
#elif defined(WITHOUT_QUOTES)
    ops.quotes = NULL;
#elif defined(WITHOUT_INSURANCE)
    ops.insurance = NULL;
#elif defined(WITHOUT_SIGNIN)
    ops.signin = NULL;
#elif defined(WITHOUT_LEVERS)
    ops.levers = NULL;
#elif defined(WITHOUT_IDENTITY)
    ops.identity = NULL;
#endif
#if defined(WITHOUT_PAYMENTS) || defined(WITHOUT_FILES)
    ops.insurance = NULL;
    ops.quotes = NULL;
#endif
    return &ops;
}
