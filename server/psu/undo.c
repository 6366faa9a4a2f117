#include "psu/undo.h"

#include "psu/consent_patch.h"
#include "psu/journey_record.h"
#include "psu/task.h"

static struct lfi_slice key_of(struct actor actor)
{
    return state_key(actor.arena, UNDO_KIND, (struct lfi_slice){0}, actor.session->interaction_id);
}

static bool describe(struct actor actor, const struct undo *undo, cJSON *record)
{
    const struct session *session = actor.session;
    return task_add_text(actor, record, "kind", SLICE(UNDO_KIND)) &&
           task_add_text(actor, record, "interaction", session->interaction_id) &&
           task_add_text(actor, record, "consent", session->consent_id) &&
           (!undo->close || task_add_text(actor, record, "user", session->user_id)) &&
           task_add_text(actor, record, "error", slice_of(undo->error)) &&
           task_add_text(actor, record, "description", slice_of(undo->description)) &&
           cJSON_AddNumberToObject(record, "started", (double)session->started_s) &&
           cJSON_AddBoolToObject(record, "onPhone", session->on_phone) &&
           cJSON_AddBoolToObject(record, "close", undo->close);
}

bool undo_keep(struct actor actor, const struct undo *undo)
{
    struct lfi_error error = {{0}};
    struct task task = {.key = key_of(actor),
                        .consent_id = actor.session->consent_id,
                        .record = cJSON_CreateObject()};
    int status = LFI_FAILED;
    if (!describe(actor, undo, task.record)) {
        error_set(&error, "out of memory");
    } else {
        int64_t due_s = clock_now_s(actor.psu->clock) + TASK_FIRST_GAP_S;
        status = task_put(actor, &task, due_s, &error);
    }
    cJSON_Delete(task.record);
    if (status != LFI_OK) {
        actor_log_state(actor, status, "task_put", &error);
        return false;
    }
    LOG_EVENT(actor.psu->log, LOG_WARN, "journey-undo-kept",
              LOG_TEXT("provider", slice_of(actor.endpoint->provider->id)),
              LOG_TEXT("interaction", actor.session->interaction_id),
              LOG_TEXT("consent", actor.session->consent_id));
    return true;
}

static enum hub_outcome tell_hub(struct actor actor, const cJSON *record, struct lfi_error *error)
{
    struct lfi_slice location;
    bool foreign = false;
    enum hub_outcome outcome = HUB_OK;
    if (json_get_bool(record, "close", false)) {
        outcome = consent_patch_close(actor, &foreign, error);
    }
    if (outcome != HUB_OK) {
        return outcome;
    }
    outcome = hub_do_fail(actor.endpoint->hub, actor.arena, actor.session->interaction_id,
                          json_get_string(record, "error").ptr,
                          json_get_string(record, "description").ptr, &location, error);
    return outcome == HUB_REFUSED ? HUB_OK : outcome; /* refused: it has ended before */
}

void undo_deliver(struct actor actor, cJSON *record)
{
    struct lfi_error error = {{0}};
    if (!journey_record_open(actor, record)) {
        LOG_EVENT(actor.psu->log, LOG_ERROR, "task-unknown", LOG_TEXT("kind", SLICE(UNDO_KIND)));
        return;
    }
    actor.session->user_id = arena_keep(actor.arena, json_get_string(record, "user"));
    const struct task task = {.key = key_of(actor), .record = record};
    enum hub_outcome outcome = tell_hub(actor, record, &error);
    LOG_EVENT(actor.psu->log, outcome == HUB_OK ? LOG_INFO : LOG_WARN, "journey-undone",
              LOG_TEXT("provider", slice_of(actor.endpoint->provider->id)),
              LOG_TEXT("interaction", actor.session->interaction_id),
              LOG_TEXT("consent", actor.session->consent_id),
              LOG_TEXT("how", slice_of(outcome == HUB_OK ? "told" : "later")),
              LOG_TEXT("reason", slice_of(outcome == HUB_OK ? NULL : error.message)));
    if (outcome == HUB_OK) {
        task_done(actor, task.key);
    } else {
        task_try_later(actor, &task, outcome, &error);
    }
}
