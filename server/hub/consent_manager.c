#include "base/limits.h"
#include "hub/exchange.h"
#include "hub/pages.h"

static enum hub_outcome read_consent(struct lfi_slice consent_id,
                                     const struct hub_response *response, cJSON **out,
                                     struct lfi_error *error)
{
    cJSON *body = json_parse(response->body);
    cJSON *data = cJSON_DetachItemFromObjectCaseSensitive(body, "data");
    cJSON_Delete(body);
    if (!data || !slice_equal(json_get_string(data, "id"), consent_id)) {
        cJSON_Delete(data);
        error_set(error, "the Hub answered with another consent than the one asked for");
        return HUB_WRONG;
    }
    *out = data;
    return HUB_OK;
}

/* --- lists ------------------------------------------------------------------------------------ */

#define PAGES_MAX (HUB_LIST_MAX / HUB_LIST_PAGE)

enum hub_outcome hub_list_of_user(struct hub *hub, struct arena *arena, struct lfi_slice user_id,
                                  const char *status, cJSON **out, struct lfi_error *error)
{
    struct hub_request request = {.operation = HUB_LIST_OF_USER,
                                  .path = hub_path(arena, "/psu/", user_id, "/consents")};
    if (status) {
        request.query = arena_format(arena, "status=%s&pageSize=%d", status, HUB_LIST_PAGE);
    }
    return hub_read_pages(hub, &request, PAGES_MAX, out, error);
}

enum hub_outcome hub_list_of_group(struct hub *hub, struct arena *arena, struct lfi_slice group_id,
                                   cJSON **out, struct lfi_error *error)
{
    struct hub_request request = {.operation = HUB_LIST_OF_GROUP,
                                  .path =
                                      hub_path(arena, "/consent-groups/", group_id, "/consents"),
                                  .about = group_id};
    return hub_read_pages(hub, &request, PAGES_MAX, out, error);
}

enum hub_outcome hub_each_consent(struct hub *hub, struct hub_visitor visitor,
                                  struct lfi_error *error)
{
    struct hub_request request = {.operation = HUB_LIST_ALL, .path = SLICE("/consents")};
    const struct hub_bounds bounds = {HUB_EACH_MAX / HUB_LIST_PAGE, HUB_EACH_MS};
    return hub_walk_pages(hub, &request, bounds, visitor.visit, visitor.ctx, error);
}

/* --- changes ---------------------------------------------------------------------------------- */

enum hub_outcome hub_get_consent(struct hub *hub, struct arena *arena, struct lfi_slice consent_id,
                                 cJSON **out, struct lfi_error *error)
{
    *out = NULL;
    struct hub_request request = {.operation = HUB_GET_CONSENT,
                                  .path = hub_path(arena, "/consents/", consent_id, ""),
                                  .about = consent_id};
    struct hub_response response;
    enum hub_outcome outcome = hub_exchange(hub, arena, &request, &response, error);
    return outcome == HUB_OK ? read_consent(consent_id, &response, out, error) : outcome;
}

/* `request` lacks operation and path. */
static enum hub_outcome find(struct hub *hub, struct arena *arena, struct hub_request *request,
                             cJSON **out, struct lfi_error *error)
{
    struct hub_response response;
    *out = NULL;
    request->operation = HUB_GET_CONSENT;
    request->path = hub_path(arena, "/consents/", request->about, "");
    enum hub_outcome outcome = hub_exchange(hub, arena, request, &response, error);
    if (outcome == HUB_REFUSED && response.status != 400 && response.status != 404) {
        return HUB_UNREACHABLE;
    }
    return outcome == HUB_OK ? read_consent(request->about, &response, out, error) : outcome;
}

enum hub_outcome hub_find_consent(struct hub *hub, struct arena *arena, struct lfi_slice consent_id,
                                  cJSON **out, struct lfi_error *error)
{
    struct hub_request request = {.about = consent_id, .timeout_ms = LIMIT_HUB_FIND_MS};
    return find(hub, arena, &request, out, error);
}

enum hub_outcome hub_find_payment_consent(struct hub *hub, struct arena *arena,
                                          struct lfi_slice consent_id, cJSON **out,
                                          struct lfi_error *error)
{
    struct hub_request request = {.about = consent_id, .timeout_ms = LIMIT_HUB_PAYMENT_MS};
    return find(hub, arena, &request, out, error);
}

enum hub_outcome hub_patch_consent(struct hub *hub, struct arena *arena,
                                   struct lfi_slice consent_id, struct lfi_slice patch,
                                   struct lfi_error *error)
{
    struct hub_request request = {.operation = HUB_PATCH_CONSENT,
                                  .path = hub_path(arena, "/consents/", consent_id, ""),
                                  .content_type = "application/json",
                                  .body = patch,
                                  .about = consent_id};
    return hub_change(hub, arena, &request, error);
}

enum hub_outcome hub_revoke_consent(struct hub *hub, struct arena *arena,
                                    struct lfi_slice consent_id, const char *revoked_by,
                                    struct lfi_error *error)
{
    struct hub_request request = {.operation = HUB_REVOKE_CONSENT,
                                  .path =
                                      hub_path(arena, "/consents/", consent_id, "/action/revoke"),
                                  .content_type = "application/json",
                                  .body = arena_format(arena, "{\"revokedBy\":\"%s\"}", revoked_by),
                                  .about = consent_id};
    return hub_change(hub, arena, &request, error);
}
