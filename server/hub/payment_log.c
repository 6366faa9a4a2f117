/* The Hub's logs of payments, of accounts that are asked for, and of quotes. */
#include "hub/pages.h"

#define PAGES_MAX 80 /* of payments; a page has 25 */

enum hub_outcome hub_list_payments(struct hub *hub, struct arena *arena,
                                   struct lfi_slice consent_id, cJSON **out,
                                   struct lfi_error *error)
{
    struct hub_request request = {.operation = HUB_LIST_PAYMENTS,
                                  .path = SLICE("/payment-log"),
                                  .query = hub_path(arena, "consentId=", consent_id, ""),
                                  .about = consent_id};
    return hub_read_pages(hub, &request, PAGES_MAX, out, error);
}

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

static enum hub_outcome patch_log(struct hub *hub, struct arena *arena, struct hub_request *request,
                                  struct lfi_error *error)
{
    request->content_type = "application/json";
    return hub_change(hub, arena, request, error);
}

enum hub_outcome hub_patch_opening(struct hub *hub, struct arena *arena,
                                   struct lfi_slice account_id, struct lfi_slice patch,
                                   struct lfi_error *error)
{
    struct hub_request request = {.operation = HUB_PATCH_OPENING,
                                  .path = hub_path(arena, "/account-opening-log/", account_id, ""),
                                  .body = patch,
                                  .about = account_id};
    return patch_log(hub, arena, &request, error);
}

enum hub_outcome hub_patch_fx_quote(struct hub *hub, struct arena *arena, struct lfi_slice quote_id,
                                    struct lfi_slice patch, struct lfi_error *error)
{
    struct hub_request request = {.operation = HUB_PATCH_FX_QUOTE,
                                  .path = hub_path(arena, "/fx-quote-log/", quote_id, ""),
                                  .body = patch,
                                  .about = quote_id};
    return patch_log(hub, arena, &request, error);
}

enum hub_outcome hub_patch_insurance_quote(struct hub *hub, struct arena *arena,
                                           struct lfi_slice quote_id, struct lfi_slice patch,
                                           struct lfi_error *error)
{
    struct hub_request request = {.operation = HUB_PATCH_INSURANCE_QUOTE,
                                  .path = hub_path(arena, "/insurance-quote-log/", quote_id, ""),
                                  .body = patch,
                                  .about = quote_id};
    return patch_log(hub, arena, &request, error);
}
