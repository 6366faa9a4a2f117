/* The reference core of any segment: a table over the store. */
#include "store/core_ops.h"

static const struct lfi_core_ops OPS = {
    .name = "reference", .open = store_core_open, STORE_CORE_MEMBERS};

__attribute__((visibility("default"))) const struct lfi_core_ops *lfi_core_get_ops(void)
{
    return &OPS;
}
