#include "contract_hub_consent_manager.h"
#include "hub/exchange.h"

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
    struct contract_parameters parameters = {0};
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

enum hub_outcome hub_change(struct hub *hub, struct arena *arena, const struct hub_request *request,
                            struct lfi_error *error)
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
