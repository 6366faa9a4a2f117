#include "flow/call.h"

#include "base/error.h"
#include "base/limits.h"

#include <stdarg.h>
#include <stdio.h>

int call_refuse_parameter(struct call *call, const char *id, const char *format, ...)
{
    char what[160];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    struct lfi_slice message =
        arena_format(call->arena, "A query parameter has an invalid format: %s.", what);
    (void)refusal_set(call->refusal, id, 400, "Resource.InvalidFormat",
                      message.ptr ? message.ptr : "A query parameter has an invalid format.");
    refusal_detail(call->refusal, "%s", what);
    return -1;
}

/* What the sink found wrong, whatever the core made of being stopped. */
static int refuse_records(struct call *call)
{
    if (call->reply->body.failed) {
        (void)refusal_set(call->refusal, "REPLY-LARGE", 500, "GenericError",
                          "The bank could not answer.");
        refusal_detail(call->refusal, "core %s: the reply would have more than %d bytes",
                       call->provider->ops->name, LIMIT_REPLY_BYTES);
    } else {
        (void)refusal_set(call->refusal, "CORE-RECORD", 500, "GenericError",
                          "The bank could not answer.");
        refusal_detail(call->refusal, "core %s: %s", call->provider->ops->name, call->record_fault);
    }
    return -1;
}

int outcome_check(struct call *call, enum outcome_about about, int status,
                  const struct lfi_error *error)
{
    if (call->reply->body.failed || call->record_fault) {
        return refuse_records(call);
    }
    const struct outcome *outcome = outcome_find(about, status);
    if (!outcome->id) {
        return 0;
    }
    bool state = about == OUTCOME_STATE;
    if (!state && status == LFI_UNAVAILABLE && cancellation_is_set(call->core.cancellation)) {
        (void)refusal_set(call->refusal, "CALL-CANCELLED", 500, "GenericRecoverableError",
                          "The call was cancelled.");
        refusal_detail(call->refusal, "core %s: %s", call->provider->ops->name, error->message);
        return -1;
    }
    if (status == LFI_UNAVAILABLE) {
        metrics_count(call->metrics, state ? METRICS_STATE_UNAVAILABLE : METRICS_CORE_UNAVAILABLE);
    }
    (void)refusal_set(call->refusal, outcome->id, outcome->status, outcome->error_code,
                      outcome->message);
    refusal_detail(call->refusal, "%s %s status %d: %s", state ? "state of" : "core",
                   state ? call->provider->id : call->provider->ops->name, status, error->message);
    return -1;
}

int outcome_refuse_record(struct call *call, const char *why)
{
    call->record_fault = why;
    return refuse_records(call);
}

int outcome_fail(struct call *call, const char *why)
{
    struct lfi_error error;
    (void)error_set(&error, "%s", why);
    return outcome_check(call, OUTCOME_BANK, LFI_FAILED, &error);
}

int outcome_no_sector(struct call *call)
{
    return refusal_set(call->refusal, "SECTOR-ABSENT", 404, "Resource.NotFound",
                       "No such resource.");
}

int outcome_not_offered(struct call *call)
{
    return refusal_set(call->refusal, "CAPABILITY-ABSENT", 400, "GenericError",
                       "The bank does not offer this operation.");
}
