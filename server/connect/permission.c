#include "connect/permission.h"

#include "contract_ozone_connect.h"

#include "base/json.h"

#define REMEMBERED_US (INT64_C(10) * 60 * 1000000)

enum { UNKNOWN, REFUSED, GRANTED };

static struct lfi_slice consent_id_of(const struct call *call)
{
    return contract_parameter(&call->parameters, OZONE_CONNECT_O3_CONSENT_ID);
}

/* The consent's data object; the caller frees it. NULL when the Hub cannot be asked. */
static cJSON *read_consent(struct call *call)
{
    cJSON *consent = NULL;
    struct lfi_error error = {"the consent id is malformed"};
    struct lfi_slice id = consent_id_of(call);
    const struct provider_set *providers = call->connect->config.providers;
    struct hub *hub = call->peers->hubs[provider_index(providers, call->provider)];
    if (hub && call_is_id(id) &&
        hub_get_consent(hub, call->arena, id, &consent, &error) == HUB_OK) {
        return consent;
    }
    LOG_EVENT(call->connect->log, LOG_WARN, "consent-unread",
              LOG_TEXT("provider", slice_of(call->provider->id)),
              LOG_TEXT("cause", slice_of(hub ? error.message : "no Hub is configured")));
    return NULL;
}

static bool lists(const cJSON *array, const char *text)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, array)
    {
        if (cJSON_IsString(item) && slice_equal_text(slice_of(item->valuestring), text)) {
            return true;
        }
    }
    return false;
}

static struct lfi_slice key_of(const struct call *call)
{
    return arena_format(call->arena, "%s %.*s", call->provider->id, SLICE_ARG(consent_id_of(call)));
}

void permission_forget(struct call *call)
{
    memo_put(call->connect->permissions, key_of(call), UNKNOWN, 0);
}

bool permission_finance_rates(struct call *call)
{
    struct memo *permissions = call->connect->permissions;
    int64_t now = clock_now_us(call->connect->clock);
    struct lfi_slice key = key_of(call);
    uint64_t known = memo_get(permissions, key, now);
    if (known != UNKNOWN) {
        return known == GRANTED;
    }
    cJSON *consent = read_consent(call);
    if (!consent) {
        return false;
    }
    const cJSON *data = json_get(json_get(consent, "consentBody"), "Data");
    bool granted = lists(json_get(data, "Permissions"), "ReadProductFinanceRates");
    memo_put(permissions, key, granted ? GRANTED : REFUSED, now + REMEMBERED_US);
    cJSON_Delete(consent);
    return granted;
}

struct lfi_slice permission_tpp_name(struct call *call)
{
    cJSON *consent = read_consent(call);
    const cJSON *data = json_get(json_get(consent, "consentBody"), "Data");
    struct lfi_slice name = json_get_string(json_get(data, "OnBehalfOf"), "TradingName");
    if (!name.ptr) {
        name = json_get_string(json_get(consent, "tpp"), "tppName");
    }
    struct lfi_slice copy = {name.ptr ? arena_text(call->arena, name) : NULL, name.len};
    cJSON_Delete(consent);
    return copy;
}
