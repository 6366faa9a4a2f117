/* The reference core of the sme segment: a table over the store. */
#include "store/core_ops.h"

static int open_sme(void **out, const struct lfi_core_config *config, struct lfi_error *error)
{
    return store_core_open(out, config, "sme", error);
}

static const struct lfi_core_ops OPS = {.name = "sme", .open = open_sme, STORE_CORE_MEMBERS};

__attribute__((visibility("default"))) const struct lfi_core_ops *lfi_core_get_ops(void)
{
    return &OPS;
}
