/* An account's products: the rates stand apart, because they may not leave with the rest. */
#include "store/internal.h"

#include <string.h>

static int give_product(void *ctx, const MDB_val *key, const MDB_val *value)
{
    struct account_product_value head;
    struct lfi_account_product_facts facts = {.size = sizeof(facts)};
    (void)key;
    if (value->mv_size < sizeof(head)) {
        return LFI_FAILED;
    }
    memcpy(&head, value->mv_data, sizeof(head));
    size_t parts = (size_t)head.name_len + head.rates_len;
    if (value->mv_size - sizeof(head) < parts) {
        return LFI_FAILED;
    }
    const char *at = (const char *)value->mv_data + sizeof(head);
    facts.name = (struct lfi_slice){at, head.name_len};
    if (head.rates_len > 0) {
        facts.finance_rates = (struct lfi_slice){at + head.name_len, head.rates_len};
    }
    facts.encrypt = head.encrypt != 0;
    return read_answer(ctx, value, sizeof(head) + parts, &facts);
}

int products_of_account(void *core, const struct lfi_call *call, const struct lfi_query *query,
                        struct lfi_answer *answer, struct lfi_error *error)
{
    int rc = read_check_query(query, sizeof(*query), error);
    (void)call;
    return rc == LFI_OK
               ? read_list(core, STORE_PRODUCTS, query->subject_id, give_product, answer, error)
               : rc;
}
