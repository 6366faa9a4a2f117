#include "connect/call_consent.h"

#include "consent/consent.h"
#include "consent/permissions.h"

#define REMEMBERED_US (INT64_C(10) * 60 * 1000000)

enum { UNKNOWN, REFUSED, GRANTED };

/* False when the Hub cannot be asked. The caller frees the tree in any case. */
static bool fetch(const struct call *call, cJSON **tree, struct consent *out)
{
    struct lfi_error error = {"the consent id is malformed"};
    struct lfi_slice id = call->core.consent_id;
    const struct provider_set *providers = call->connect->config.providers;
    struct hub *hub = call->peers->hubs[provider_index(providers, call->provider)];
    if (hub && call_is_id(id) && hub_get_consent(hub, call->arena, id, tree, &error) == HUB_OK) {
        consent_read(*tree, out);
        return true;
    }
    LOG_EVENT(call->connect->log, LOG_WARN, "consent-unread",
              LOG_TEXT("provider", slice_of(call->provider->id)),
              LOG_TEXT("cause", slice_of(hub ? error.message : "no Hub is configured")));
    return false;
}

static struct lfi_slice key_of(const struct call *call)
{
    return arena_format(call->arena, "%s %.*s", call->provider->id,
                        SLICE_ARG(call->core.consent_id));
}

void call_consent_forget(struct call *call)
{
    cache_put(call->connect->permissions, key_of(call), UNKNOWN, 0);
}

bool call_consent_permits_rates(struct call *call)
{
    struct cache *permissions = call->connect->permissions;
    int64_t now = clock_now_us(call->connect->clock);
    struct lfi_slice key = key_of(call);
    uint64_t known = cache_get(permissions, key, now);
    cJSON *tree = NULL;
    struct consent consent;
    if (known == UNKNOWN && fetch(call, &tree, &consent)) {
        known = json_lists(consent.permissions, SLICE(CONSENT_FINANCE_RATES)) ? GRANTED : REFUSED;
        cache_put(permissions, key, known, now + REMEMBERED_US);
    }
    cJSON_Delete(tree);
    return known == GRANTED;
}

struct lfi_slice call_consent_beneficiary(struct call *call)
{
    cJSON *tree = NULL;
    struct consent consent = {0};
    struct lfi_slice name = {0};
    if (fetch(call, &tree, &consent)) {
        name = arena_keep(call->arena, consent_beneficiary(&consent));
    }
    cJSON_Delete(tree);
    return name;
}
