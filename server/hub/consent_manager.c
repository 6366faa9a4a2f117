#include "base/limits.h"
#include "hub/exchange.h"

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

#define LIST_PAGE 100

/* One page of a list, added to `all`; *pages is how many there are. */
static enum hub_outcome add_page(struct hub *hub, struct arena *arena, struct hub_request *request,
                                 int number, cJSON *all, int64_t *pages, struct lfi_error *error)
{
    struct hub_response response;
    request->query = arena_format(arena, "page=%d&pageSize=%d", number, LIST_PAGE);
    enum hub_outcome outcome = hub_exchange(hub, arena, request, &response, error);
    if (outcome != HUB_OK) {
        return outcome;
    }
    cJSON *body = json_parse(response.body);
    cJSON *data = cJSON_DetachItemFromObjectCaseSensitive(body, "data");
    (void)json_get_int(json_get(body, "meta"), "totalPages", pages);
    cJSON_Delete(body);
    for (cJSON *item; (item = cJSON_DetachItemFromArray(data, 0));) {
        cJSON_AddItemToArray(all, item);
    }
    cJSON_Delete(data);
    return HUB_OK;
}

static enum hub_outcome list(struct hub *hub, struct arena *arena, struct hub_request *request,
                             cJSON **out, struct lfi_error *error)
{
    cJSON *all = cJSON_CreateArray();
    enum hub_outcome outcome = HUB_OK;
    int64_t pages = 1;
    *out = NULL;
    for (int number = 1; outcome == HUB_OK && number <= pages; number++) {
        outcome = add_page(hub, arena, request, number, all, &pages, error);
        if (outcome == HUB_OK && pages > HUB_LIST_MAX / LIST_PAGE) {
            error_set(error, "the Hub's list has more than %d consents", HUB_LIST_MAX);
            outcome = HUB_WRONG;
        }
    }
    if (outcome != HUB_OK || !all) {
        cJSON_Delete(all);
        return outcome != HUB_OK ? outcome : HUB_WRONG;
    }
    *out = all;
    return HUB_OK;
}

enum hub_outcome hub_list_of_user(struct hub *hub, struct arena *arena, struct lfi_slice user_id,
                                  cJSON **out, struct lfi_error *error)
{
    struct hub_request request = {.operation = HUB_LIST_OF_USER,
                                  .path = hub_path(arena, "/psu/", user_id, "/consents")};
    return list(hub, arena, &request, out, error);
}

enum hub_outcome hub_list_of_group(struct hub *hub, struct arena *arena, struct lfi_slice group_id,
                                   cJSON **out, struct lfi_error *error)
{
    struct hub_request request = {.operation = HUB_LIST_OF_GROUP,
                                  .path =
                                      hub_path(arena, "/consent-groups/", group_id, "/consents"),
                                  .about = group_id};
    return list(hub, arena, &request, out, error);
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
