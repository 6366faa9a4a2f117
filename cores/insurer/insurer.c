/* The reference core of an insurer: the reference core with policies, and quotes of them. */
#include "store/core_ops.h"

static const struct lfi_core_ops OPS = {.name = "insurer",
                                        .open = store_core_open,
                                        STORE_CORE_MEMBERS,
                                        .insurance = &store_insurance,
                                        .quotes = &store_quotes};

__attribute__((visibility("default"))) const struct lfi_core_ops *lfi_core_get_ops(void)
{
    return &OPS;
}
