#include "operator/call.h"

int operator_refuse(struct call *call, const char *id, int status, const char *message)
{
    return refusal_set(call->refusal, id, status, "GenericError", message);
}

int operator_check_outcome(struct call *call, enum outcome_about about, int status,
                           const struct lfi_error *error)
{
    const struct outcome *outcome = outcome_find(about, status);
    if (!outcome->id) {
        call->reply->status = 204;
        return 0;
    }
    (void)operator_refuse(call, outcome->id, outcome->status, outcome->message);
    refusal_detail(call->refusal, "%s", error->message);
    return -1;
}

int operator_refuse_absent(struct call *call)
{
    return operator_refuse(call, "LEVER-ABSENT", 409, "The core has no such lever.");
}
