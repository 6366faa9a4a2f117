/* Background work: tasks that are due. */
#include "base/crash.h"
#include "payments/fx.h"
#include "payments/opening.h"
#include "payments/push.h"
#include "payments/quotes.h"
#include "psu/authorizer_task.h"
#include "psu/decision.h"
#include "psu/journey_record.h"
#include "psu/psu.h"
#include "psu/revocation.h"
#include "psu/task.h"
#include "psu/undo.h"

#define SCRATCH_BYTES (256 * 1024)

struct taken {
    cJSON *record;
};

static void parse_record(void *ctx, struct lfi_slice json)
{
    struct taken *taken = ctx;
    taken->record = json_parse(json);
}

static void time_out(struct actor actor)
{
    struct decision decision;
    decision_refuse(actor, ending_of_time(actor.session->stage), &decision);
    if (decision.state == DECISION_BEFORE || decision.state == DECISION_HIDDEN) {
        journey_record_forget(actor); /* the request that decided was cut off before that */
    } else if (decision.state == DECISION_UNKNOWN) {
        actor_log_state(actor, decision.status, "claim", &decision.error);
    }
}

/* The customer has left: ends the journey as timed out. */
static void end_journey(struct actor actor, cJSON *record)
{
    cJSON *tree = NULL;
    struct lfi_error error = {{0}};
    enum hub_outcome outcome =
        hub_get_consent(actor.endpoint->hub, actor.arena, actor.session->consent_id, &tree, &error);
    cJSON_Delete(tree);
    if (outcome == HUB_OK || outcome == HUB_REFUSED) {
        time_out(actor);
    } else {
        const struct task task = {.key = journey_record_key(actor), .record = record};
        task_try_later(actor, &task, outcome, &error);
    }
}

static void run_task(const struct psu *psu, const struct psu_endpoint *endpoint, cJSON *record)
{
    struct session session = {0};
    struct actor actor = {
        .psu = psu, .endpoint = endpoint, .arena = arena_new(SCRATCH_BYTES), .session = &session};
    const struct push push = {endpoint->provider, endpoint->offers, psu->state, psu->clock,
                              psu->log};
    struct lfi_slice kind = json_get_string(record, "kind");
    if (!actor.arena) {
        LOG_EVENT(psu->log, LOG_ERROR, "task-failed", LOG_TEXT("reason", SLICE("out of memory")));
    } else if (slice_equal_text(kind, JOURNEY_RECORD_KIND) && journey_record_open(actor, record)) {
        journey_record_adopt_customer(actor);
        end_journey(actor, record);
    } else if (slice_equal_text(kind, REVOCATION_KIND)) {
        revocation_deliver(actor, record);
    } else if (slice_equal_text(kind, AUTHORIZER_KIND)) {
        authorizer_task_deliver(actor, record);
    } else if (slice_equal_text(kind, AUTHORIZERS_END_KIND)) {
        authorizer_task_end(actor, record);
    } else if (slice_equal_text(kind, UNDO_KIND)) {
        undo_deliver(actor, record);
    } else if (slice_equal_text(kind, PUSH_KIND)) {
        push_deliver(&push, endpoint->hub, actor.arena, record);
    } else if (slice_equal_text(kind, OPENING_KIND)) {
        opening_deliver(&push, endpoint->hub, actor.arena, record);
    } else if (slice_equal_text(kind, FX_KIND)) {
        fx_deliver(&push, endpoint->hub, actor.arena, record);
    } else if (slice_equal_text(kind, QUOTES_KIND)) {
        quotes_deliver(&push, endpoint->hub, actor.arena, record);
    } else {
        LOG_EVENT(psu->log, LOG_ERROR, "task-unknown", LOG_TEXT("kind", kind));
    }
    arena_free(actor.arena);
}

static const struct psu_endpoint *endpoint_of(const struct psu *psu,
                                              const struct provider *provider)
{
    for (size_t i = 0; i < psu->endpoint_count; i++) {
        if (psu->endpoints[i].provider == provider) {
            return &psu->endpoints[i];
        }
    }
    return NULL;
}

bool psu_run_task(struct psu *psu, const struct provider *provider)
{
    const struct psu_endpoint *endpoint = endpoint_of(psu, provider);
    struct taken taken = {NULL};
    const struct state_ref ref = {.state = psu->state, .provider_id = provider->id};
    const struct state_sink sink = {.take = parse_record, .ctx = &taken};
    struct lfi_error error = {{0}};
    if (!endpoint) {
        return false;
    }
    crash_note(provider->id, "task");
    int status = state_task_take(&ref, decision_longest_s(endpoint), &sink, &error);
    if (status == LFI_OK) {
        run_task(psu, endpoint, taken.record);
    } else if (status != LFI_UNKNOWN) {
        LOG_EVENT(psu->log, LOG_ERROR, "state-failed", LOG_TEXT("call", SLICE("task_take")),
                  LOG_TEXT("provider", slice_of(provider->id)), LOG_NUMBER("status", status),
                  LOG_TEXT("reason", slice_of(error.message)));
    }
    crash_note(NULL, NULL);
    cJSON_Delete(taken.record);
    return status == LFI_OK;
}
