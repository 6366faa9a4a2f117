/*
 * lfi/customers.h — who a customer is. Serves GET /customer, and what a bank adds to a consent of
 * the customer: at its authorization, or when the Hub or CAAP asks (consent events 4, CAAP 10).
 */
#ifndef LFI_CUSTOMERS_H
#define LFI_CUSTOMERS_H

#include <lfi/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How open finance bills for a customer. */
struct lfi_billing {
    uint32_t size;
    /* Whether the customer, or the organisation that the login stands for, has a yearly turnover
     * above AED 100 million. */
    enum lfi_maybe large_corporate;
};

struct lfi_customers {
    uint32_t size;
    /* LFI_OK when this user exists in this core, else LFI_UNKNOWN. Required. */
    int (*exists)(void *core, const struct lfi_call *call, struct lfi_slice user_id,
                  struct lfi_error *error);
    /*
     * One record: the person, or the organisation that a business login stands for;
     * `query->subject_id` is the user. NULL: not offered.
     */
    int (*customer)(void *core, const struct lfi_call *call, const struct lfi_query *query,
                    struct lfi_answer *answer, struct lfi_error *error);
    /*
     * How the user's data and payments are billed. NULL: not known, and consents say nothing of it.
     * LFI_UNKNOWN: there is no such user.
     */
    int (*billing)(void *core, const struct lfi_call *call, struct lfi_slice user_id,
                   struct lfi_billing *out, struct lfi_error *error);
};

#ifdef __cplusplus
}
#endif

#endif
