#include "psu/actor.h"

int64_t actor_seconds_left(struct actor actor)
{
    int64_t ends = actor.session->started_s + actor.psu->session_s;
    int64_t now = clock_now_s(actor.psu->clock);
    return now < ends ? ends - now : 0;
}

struct lfi_call actor_core_call(struct actor actor)
{
    struct lfi_call call = core_call(actor.endpoint->provider->host, actor.cancellation);
    call.interaction_id = actor.session->interaction_id;
    call.consent_id = actor.session->consent_id;
    call.user_id = actor.session->user_id;
    return call;
}

struct state_ref actor_state(struct actor actor, struct lfi_slice key)
{
    return (struct state_ref){actor.psu->state, actor.endpoint->provider->id, key};
}

struct lfi_slice actor_bind(struct actor actor, struct lfi_slice key)
{
    return key.ptr
               ? arena_format(actor.arena, "%s:%.*s", actor.endpoint->provider->id, SLICE_ARG(key))
               : key;
}

static void log_failure(struct actor actor, const char *event, const char *call, int status,
                        const struct lfi_error *error)
{
    LOG_EVENT(actor.psu->log, LOG_ERROR, event, LOG_TEXT("call", slice_of(call)),
              LOG_TEXT("provider", slice_of(actor.endpoint->provider->id)),
              LOG_TEXT("interaction", actor.session->interaction_id), LOG_NUMBER("status", status),
              LOG_TEXT("reason", slice_of(error->message)));
}

void actor_log_core(struct actor actor, int status, const char *call, const struct lfi_error *error)
{
    log_failure(actor, "core-failed", call, status, error);
    if (status == LFI_UNAVAILABLE) {
        metrics_count(actor.psu->metrics, METRICS_CORE_UNAVAILABLE);
    }
}

void actor_log_state(struct actor actor, int status, const char *call,
                     const struct lfi_error *error)
{
    log_failure(actor, "state-failed", call, status, error);
    if (status == LFI_UNAVAILABLE) {
        metrics_count(actor.psu->metrics, METRICS_STATE_UNAVAILABLE);
    }
}
