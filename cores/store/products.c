/* An account's products: the rates stand apart, because they may not leave with the rest. */
#include "store/internal.h"

#include <string.h>

struct unpack {
    struct lfi_account_product_sink sink;
};

static int give_product(void *ctx, struct lfi_slice value)
{
    const struct unpack *unpack = ctx;
    struct account_product_value head;
    struct lfi_account_product product = {0};
    if (value.len < sizeof(head)) {
        return -1;
    }
    memcpy(&head, value.ptr, sizeof(head));
    size_t parts = (size_t)head.name_len + head.rates_len;
    if (value.len - sizeof(head) < parts) {
        return -1;
    }
    const char *at = value.ptr + sizeof(head);
    product.name = (struct lfi_slice){at, head.name_len};
    if (head.rates_len > 0) {
        product.finance_rates = (struct lfi_slice){at + head.name_len, head.rates_len};
    }
    product.json = (struct lfi_slice){at + parts, value.len - sizeof(head) - parts};
    product.encrypt = head.encrypt != 0;
    return unpack->sink.record(unpack->sink.ctx, &product);
}

int store_account_products(void *core, struct lfi_slice account_id,
                           struct lfi_account_product_sink sink, struct lfi_error *error)
{
    struct unpack unpack = {sink};
    return store_list(core, STORE_PRODUCTS, account_id, (struct lfi_sink){give_product, &unpack},
                      error);
}
