/* The small bank, and how often it is asked: counting_take() tells the calls since the last time.
 */
#include <lfi/core.h>

const struct lfi_core_ops *small_bank(void);
#define lfi_core_get_ops small_bank
#include "../../commands/cores/small_bank.c"
#undef lfi_core_get_ops

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
    return exists(core, call, user_id, error);
}

static int count_subject(void *core, const struct lfi_call *call,
                         const struct lfi_subject_query *query, struct lfi_account_facts *out,
                         struct lfi_error *error)
{
    calls++;
    return subject(core, call, query, out, error);
}

/* A function with a query and an answer. */
#define COUNT(name, query_type)                                                                    \
    static int count_##name(void *core, const struct lfi_call *call, const query_type *query,      \
                            struct lfi_answer *answer, struct lfi_error *error)                    \
    {                                                                                              \
        calls++;                                                                                   \
        return name(core, call, query, answer, error);                                             \
    }
COUNT(customer, struct lfi_query)
COUNT(held, struct lfi_held_query)
COUNT(balances, struct lfi_query)
COUNT(direct_debits, struct lfi_query)
COUNT(transactions, struct lfi_transaction_query)
COUNT(statements, struct lfi_statement_query)

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
    ops = *small_bank();
    ops.accounts = &accounts;
    ops.customers = &customers;
    return &ops;
}
