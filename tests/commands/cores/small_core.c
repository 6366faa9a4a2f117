/* The small bank as a core. */
#include "small_bank.h"

__attribute__((visibility("default"))) const struct lfi_core_ops *lfi_core_get_ops(void)
{
    return &SMALL_BANK;
}
