#include "tpp/call.h"

#include "versions.h"

const char *const tpp_part_names[TPP_PARTS] = {"auth1", "as1", "rs1"};

struct lfi_slice tpp_base_of(const struct tpp_call *call, enum tpp_part part)
{
    return arena_format(call->base.base.arena, "%s/%s.%s.apihub", call->base.sim->config->tpp_url,
                        tpp_part_names[part], call->base.hub->config->provider_id);
}

uint32_t tpp_version(const struct tpp_call *call)
{
    uint32_t version = call->base.base.found.base_version;
    return version != 0 ? version : VERSION_FIRST;
}

struct lfi_slice tpp_api_uri(const struct tpp_call *call)
{
    const struct call *base = &call->base.base;
    return arena_format(base->arena, "%s%s", base->found.api->base_path,
                        contract_operation_path(base->operation));
}

int tpp_refuse(struct tpp_call *call, const char *id, const char *error, const char *message)
{
    return refusal_set(call->base.base.refusal, id, 400, error, message);
}
