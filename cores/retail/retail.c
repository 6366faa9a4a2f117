/* The reference core of the retail segment: a table over the store. */
#include "store/core_ops.h"

static int open_retail(void **out, const struct lfi_core_config *config, struct lfi_error *error)
{
    return store_core_open(out, config, "retail", error);
}

static const struct lfi_core_ops OPS = {.name = "retail", .open = open_retail, STORE_CORE_MEMBERS};

__attribute__((visibility("default"))) const struct lfi_core_ops *lfi_core_get_ops(void)
{
    return &OPS;
}
