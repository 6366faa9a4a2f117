#include "hub/exchange.h"

enum hub_outcome hub_patch_payment(struct hub *hub, struct arena *arena,
                                   struct lfi_slice payment_id, struct lfi_slice patch,
                                   struct lfi_error *error)
{
    const struct hub_request request = {.operation = HUB_PATCH_PAYMENT,
                                        .path = hub_path(arena, "/payment-log/", payment_id, ""),
                                        .content_type = "application/json",
                                        .body = patch,
                                        .about = payment_id};
    return hub_change(hub, arena, &request, error);
}
