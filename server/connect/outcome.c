#include "connect/call.h"

int outcome_refuse(struct call *call, int core_status, const struct lfi_error *error)
{
    struct refusal *refusal = call->refusal;
    if (core_status == LFI_CORE_UNAVAILABLE) {
        (void)refusal_set(refusal, "CORE-UNAVAILABLE", 500, "GenericRecoverableError",
                          "The bank cannot answer at the moment.");
    } else {
        (void)refusal_set(refusal, "CORE-FAILED", 500, "GenericError",
                          "The bank could not answer.");
    }
    refusal_detail(refusal, "core %s status %d: %s", call->provider->ops->name, core_status,
                   error->message);
    return -1;
}

int outcome_not_offered(struct call *call)
{
    return refusal_set(call->refusal, "CAPABILITY-ABSENT", 400, "GenericError",
                       "The bank does not offer this operation.");
}
