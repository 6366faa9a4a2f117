#include "contract_hub_consent_manager.h"
#include "hub/exchange.h"

enum hub_outcome hub_get_consent(struct hub *hub, struct arena *arena, struct lfi_slice consent_id,
                                 cJSON **out, struct lfi_error *error)
{
    *out = NULL;
    struct hub_request request = {.operation = HUB_GET_CONSENT,
                                  .path = hub_path(arena, "/consents/", consent_id, ""),
                                  .about = consent_id};
    struct hub_response response;
    enum hub_outcome outcome = hub_exchange(hub, arena, &request, &response, error);
    if (outcome != HUB_OK) {
        return outcome;
    }
    cJSON *body = json_parse(response.body);
    cJSON *data = cJSON_DetachItemFromObjectCaseSensitive(body, "data");
    cJSON_Delete(body);
    if (data == NULL || !slice_equal(json_get_string(data, "id"), consent_id)) {
        cJSON_Delete(data);
        error_set(error, "the Hub answered with another consent than the one asked for");
        return HUB_WRONG;
    }
    *out = data;
    return HUB_OK;
}

/* Nothing leaves that the Hub's own document forbids. */
static bool is_sound(struct hub *hub, struct arena *arena, const struct hub_request *sent,
                     struct lfi_error *error)
{
    static const struct header headers[] = {
        {{"content-type", 12}, {"application/json", 16}},
    };
    struct request request = {
        .method = slice_of(contract_operation_method(hub->operations[sent->operation])),
        .path = sent->path,
        .headers = headers,
        .header_count = 1,
        .body = sent->body,
        .arena = arena};
    struct contract_match match;
    struct contract_parameters parameters;
    struct contract_violation violation;
    const char *in = NULL;
    if (contract_match(&contract_hub_consent_manager, request.method, request.path, &match) !=
        CONTRACT_FOUND) {
        error_set(error, "the Hub's documents have no such path");
        return false;
    }
    if (contract_check_request(&match, &request, &parameters, &in, &violation) != 0) {
        error_set(error, "not sent, it breaks the contract: %s at %s", violation.rule,
                  violation.where);
        return false;
    }
    return true;
}

static enum hub_outcome change(struct hub *hub, struct arena *arena,
                               const struct hub_request *request, struct lfi_error *error)
{
    struct hub_response response;
    if (!is_sound(hub, arena, request, error)) {
        return HUB_WRONG;
    }
    enum hub_outcome outcome = hub_exchange(hub, arena, request, &response, error);
    if (outcome == HUB_OK && response.status != 204) {
        error_set(error, "the Hub answered %d where 204 was due", response.status);
        return HUB_WRONG;
    }
    return outcome;
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
    return change(hub, arena, &request, error);
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
    return change(hub, arena, &request, error);
}
