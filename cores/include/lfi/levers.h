/*
 * lfi/levers.h — how an operator steers a test bank. A real one has none of it: the family is
 * absent. Each function is offered by itself.
 */
#ifndef LFI_LEVERS_H
#define LFI_LEVERS_H

#include <lfi/accounts.h>
#include <lfi/base.h>
#include <lfi/payments.h>

#ifdef __cplusplus
extern "C" {
#endif

enum lfi_credit_block { LFI_CREDIT_OPEN, LFI_CREDIT_BLOCKED_FOR_NOW, LFI_CREDIT_BLOCKED_FOR_GOOD };

struct lfi_levers {
    uint32_t size;

    /* LFI_UNKNOWN: there is no such account. */
    int (*account_set_status)(void *core, const struct lfi_call *call, struct lfi_slice account_id,
                              enum lfi_account_status status, struct lfi_error *error);
    /* LFI_UNKNOWN: there is no such account that could receive payments. */
    int (*account_set_credit_block)(void *core, const struct lfi_call *call,
                                    struct lfi_slice account_id, enum lfi_credit_block block,
                                    struct lfi_error *error);
    /*
     * {"accountId", "status", "creditBlock"} of the account that the query names, or of every
     * account by id when it names none. creditBlock, none, temporary or permanent, is there when
     * the account can receive payments.
     */
    int (*account_states)(void *core, const struct lfi_call *call, const struct lfi_query *query,
                          struct lfi_answer *answer, struct lfi_error *error);
    /* As when the bank was set up: levers undone; leads, approvals and payments forgotten. */
    int (*reset)(void *core, const struct lfi_call *call, struct lfi_error *error);
    /*
     * Moves a payment to a status, with a reason when that is LFI_PAYMENT_REJECTED; else NULL.
     * LFI_DENIED: it does not follow the payment's present status. LFI_UNKNOWN: no such payment.
     */
    int (*payment_set_status)(void *core, const struct lfi_call *call, struct lfi_slice payment_id,
                              enum lfi_payment_status status,
                              const struct lfi_payment_reason *reason, struct lfi_error *error);
};

#ifdef __cplusplus
}
#endif

#endif
