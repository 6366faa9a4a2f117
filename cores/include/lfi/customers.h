/* lfi/customers.h — who a customer is. Serves GET /customer. */
#ifndef LFI_CUSTOMERS_H
#define LFI_CUSTOMERS_H

#include <lfi/base.h>

#ifdef __cplusplus
extern "C" {
#endif

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
};

#ifdef __cplusplus
}
#endif

#endif
