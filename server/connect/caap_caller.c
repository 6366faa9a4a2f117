#include "connect/caap.h"

#include "caller/binding.h"

#include <string.h>

bool caap_names_no_provider(const struct call *call)
{
    return call->operation && call->found.api->caap &&
           !contract_operation_has_parameter(call->operation, "o3-provider-id");
}

static bool passes(struct call *call, size_t provider, struct caller_identity *identity,
                   struct refusal *refusal)
{
    *refusal = (struct refusal){0};
    return caller_authenticate(call->peers->caller, provider, call->request, identity, refusal) ==
               0 &&
           caller_check_binding(call->peers->caller, provider, &identity->subject, CALLER_CAAP,
                                refusal) == 0;
}

/* The first provider whose credential and certificate the caller has, but for one; NULL: there is
 * none. */
static const struct provider *find_by_credential(struct call *call, const struct provider *except,
                                                 struct caller_identity *identity,
                                                 struct refusal *first)
{
    const struct provider_set *providers = call->connect->config.providers;
    for (size_t i = 0; i < provider_count(providers); i++) {
        struct refusal refusal;
        const struct provider *provider = provider_at(providers, i);
        if (!provider->caap || provider == except) {
            continue;
        }
        if (passes(call, i, identity, &refusal)) {
            return provider;
        }
        if (!first->id) {
            *first = refusal;
        }
    }
    return NULL;
}

/* The provider is named, so its credential it must be. */
static int check_named(struct call *call, struct caller_identity *identity)
{
    struct refusal others = {0};
    const struct provider_set *providers = call->connect->config.providers;
    if (passes(call, provider_index(providers, call->provider), identity, call->refusal)) {
        return 0;
    }
    if (call->refusal->status < 500 &&
        find_by_credential(call, call->provider, identity, &others)) {
        return refusal_set(call->refusal, "PROVIDER-CONFLICT", 403, "GenericError",
                           "The caller's credential is not that of the provider.");
    }
    return -1;
}

int caap_find_caller(struct call *call, struct caller_identity *identity,
                     const struct refusal *unnamed)
{
    struct refusal first = {0};
    if (call->provider) {
        return check_named(call, identity);
    }
    if (strcmp(unnamed->id, "PROVIDER-MISSING") == 0) {
        call->provider = find_by_credential(call, NULL, identity, &first);
        if (call->provider) {
            return 0;
        }
    }
    return caller_authenticate(call->peers->caller, CALLER_NO_PROVIDER, call->request, identity,
                               call->refusal);
}
