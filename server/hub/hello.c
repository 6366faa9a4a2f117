#include "hub/exchange.h"

enum hub_outcome hub_hello(struct hub *hub, struct arena *arena, enum hub_side side,
                           int64_t *date_s, struct lfi_error *error)
{
    const struct hub_request request = {
        .operation = side == HUB_HEIMDALL ? HUB_HELLO_HEIMDALL : HUB_HELLO_CONSENT_MANAGER,
        .path = SLICE("/hello-mtls"),
    };
    struct hub_response response;
    enum hub_outcome outcome = hub_exchange(hub, arena, &request, &response, error);
    *date_s = response.status > 0 ? response.date_s : -1;
    if (outcome != HUB_OK) {
        return outcome;
    }
    cJSON *hello = json_parse(response.body);
    const cJSON *status = json_get(hello, "mtlsStatus");
    bool established = cJSON_IsString(status) && strcmp(status->valuestring, "established") == 0;
    cJSON_Delete(hello);
    if (!established) {
        error_set(error, "the Hub answered, but not that mutual TLS is established");
        return HUB_REFUSED;
    }
    return HUB_OK;
}
