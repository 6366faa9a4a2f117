/* The small bank, and how often it is asked: counting_take() tells the calls since the last time.
 */
#include "../../commands/cores/small_bank.h"

static atomic_uint calls;

__attribute__((visibility("default"))) unsigned counting_take(void);
unsigned counting_take(void)
{
    return atomic_exchange(&calls, 0);
}

static int count_exists(void *core, const struct lfi_call *call, struct lfi_slice user_id,
                        struct lfi_error *error)
{
    calls++;
    return CUSTOMERS.exists(core, call, user_id, error);
}

static int count_subject(void *core, const struct lfi_call *call,
                         const struct lfi_subject_query *query, struct lfi_account_facts *out,
                         struct lfi_error *error)
{
    calls++;
    return FAMILY.subject(core, call, query, out, error);
}

/* A function of a family with a query and an answer. */
#define COUNT(family, name, query_type)                                                            \
    static int count_##name(void *core, const struct lfi_call *call, const query_type *query,      \
                            struct lfi_answer *answer, struct lfi_error *error)                    \
    {                                                                                              \
        calls++;                                                                                   \
        return family.name(core, call, query, answer, error);                                      \
    }
COUNT(CUSTOMERS, customer, struct lfi_query)
COUNT(FAMILY, held, struct lfi_held_query)
COUNT(FAMILY, balances, struct lfi_query)
COUNT(FAMILY, direct_debits, struct lfi_query)
COUNT(FAMILY, transactions, struct lfi_transaction_query)
COUNT(FAMILY, statements, struct lfi_statement_query)

__attribute__((visibility("default"))) const struct lfi_core_ops *lfi_core_get_ops(void)
{
    static const struct lfi_customers customers = {
        .size = sizeof(customers), .exists = count_exists, .customer = count_customer};
    static const struct lfi_accounts accounts = {.size = sizeof(accounts),
                                                 .subject = count_subject,
                                                 .held = count_held,
                                                 .balances = count_balances,
                                                 .direct_debits = count_direct_debits,
                                                 .transactions = count_transactions,
                                                 .statements = count_statements};
    static struct lfi_core_ops ops;
    ops = SMALL_BANK;
    ops.accounts = &accounts;
    ops.customers = &customers;
    return &ops;
}
