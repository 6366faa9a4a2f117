#include "psu/undo.h"

#include "psu/consent_patch.h"
#include "psu/note.h"
#include "psu/task.h"

static struct lfi_slice key_of(struct visit *visit)
{
    return visit_key(visit, UNDO_KIND, (struct lfi_slice){0}, visit->session.interaction_id);
}

static bool add_text(struct visit *visit, cJSON *record, const char *name, struct lfi_slice value)
{
    const char *text = arena_text(visit->arena, value);
    return text && cJSON_AddStringToObject(record, name, text);
}

static bool describe(struct visit *visit, const struct undo *undo, cJSON *record)
{
    const struct session *session = &visit->session;
    return add_text(visit, record, "kind", SLICE(UNDO_KIND)) &&
           add_text(visit, record, "interaction", session->interaction_id) &&
           add_text(visit, record, "consent", session->consent_id) &&
           (!undo->close || add_text(visit, record, "user", session->user_id)) &&
           add_text(visit, record, "error", slice_of(undo->error)) &&
           add_text(visit, record, "description", slice_of(undo->description)) &&
           cJSON_AddNumberToObject(record, "started", (double)session->started_s) &&
           cJSON_AddBoolToObject(record, "onPhone", session->on_phone) &&
           cJSON_AddBoolToObject(record, "close", undo->close);
}

bool undo_keep(struct visit *visit, const struct undo *undo)
{
    struct lfi_error error = {{0}};
    struct task task = {.key = key_of(visit), .record = cJSON_CreateObject()};
    int status = LFI_CORE_FAILED;
    if (!describe(visit, undo, task.record)) {
        error_set(&error, "out of memory");
    } else {
        int64_t due_s = clock_now_s(visit->psu->clock) + TASK_FIRST_GAP_S;
        status = task_put(visit, &task, due_s, &error);
    }
    cJSON_Delete(task.record);
    if (status != LFI_CORE_OK) {
        visit_note_state(visit, status, "task_put", &error);
        return false;
    }
    LOG_EVENT(visit->psu->log, LOG_WARN, "journey-undo-kept",
              LOG_TEXT("provider", slice_of(visit->endpoint->provider->id)),
              LOG_TEXT("interaction", visit->session.interaction_id),
              LOG_TEXT("consent", visit->session.consent_id));
    return true;
}

static enum hub_outcome tell(struct visit *visit, const cJSON *record, struct lfi_error *error)
{
    struct lfi_slice location;
    bool foreign = false;
    enum hub_outcome outcome = HUB_OK;
    if (json_get_bool(record, "close", false)) {
        outcome = consent_patch_close(visit, &foreign, error);
    }
    if (outcome != HUB_OK) {
        return outcome;
    }
    outcome = hub_do_fail(visit->endpoint->hub, visit->arena, visit->session.interaction_id,
                          json_get_string(record, "error").ptr,
                          json_get_string(record, "description").ptr, &location, error);
    return outcome == HUB_REFUSED ? HUB_OK : outcome; /* refused: it has ended before */
}

void undo_deliver(struct visit *visit, cJSON *record)
{
    struct lfi_error error = {{0}};
    if (!note_open(visit, record)) {
        LOG_EVENT(visit->psu->log, LOG_ERROR, "task_unknown", LOG_TEXT("kind", SLICE(UNDO_KIND)));
        return;
    }
    visit->session.user_id = arena_keep(visit->arena, json_get_string(record, "user"));
    const struct task task = {.key = key_of(visit), .record = record};
    enum hub_outcome outcome = tell(visit, record, &error);
    LOG_EVENT(visit->psu->log, outcome == HUB_OK ? LOG_INFO : LOG_WARN, "journey-undone",
              LOG_TEXT("provider", slice_of(visit->endpoint->provider->id)),
              LOG_TEXT("interaction", visit->session.interaction_id),
              LOG_TEXT("consent", visit->session.consent_id),
              LOG_TEXT("how", slice_of(outcome == HUB_OK ? "told" : "later")),
              LOG_TEXT("reason", slice_of(outcome == HUB_OK ? NULL : error.message)));
    if (outcome == HUB_OK) {
        task_done(visit, task.key);
    } else {
        task_try_later(visit, &task, outcome, &error);
    }
}
