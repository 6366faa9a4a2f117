#include "hub/exchange.h"

#include "base/limits.h"
#include "base/text.h"

/*
 * The consent of an interaction: the one element of consentIdsList; the deprecated consentId only
 * when there is no list (consent journey 2). Absent when there is none or more than one.
 */
static struct lfi_slice consent_of(const cJSON *interaction)
{
    const cJSON *list = json_get(interaction, "consentIdsList");
    if (!list) {
        return json_get_string(interaction, "consentId");
    }
    if (cJSON_GetArraySize(list) != 1 || !cJSON_IsString(list->child)) {
        return (struct lfi_slice){0};
    }
    return slice_of(list->child->valuestring);
}

static enum hub_outcome read_started(struct arena *arena, const cJSON *body,
                                     struct hub_authorization *out, struct lfi_error *error)
{
    const cJSON *interaction = json_get(body, "interaction");
    out->interaction_id = arena_keep(arena, json_get_string(interaction, "interactionId"));
    out->consent_id = arena_keep(arena, consent_of(interaction));
    if (out->interaction_id.len == 0 || out->consent_id.len == 0) {
        error_set(error, "the Hub named no interaction, or not exactly one consent");
        return HUB_WRONG;
    }
    return HUB_OK;
}

enum hub_outcome hub_get_auth(struct hub *hub, struct arena *arena, struct lfi_slice raw_query,
                              struct hub_authorization *out, struct lfi_error *error)
{
    *out = (struct hub_authorization){0};
    struct hub_request request = {
        .operation = HUB_GET_AUTH, .path = SLICE("/auth"), .query = raw_query};
    struct hub_response response;
    enum hub_outcome outcome = hub_exchange(hub, arena, &request, &response, error);
    if (outcome == HUB_OK && response.status == 303) {
        out->redirect = true;
        out->location = response.location;
        return HUB_OK;
    }
    cJSON *body = !response.body.ptr ? NULL : json_parse(response.body);
    if (outcome == HUB_OK) {
        outcome = read_started(arena, body, out, error);
    } else if (outcome == HUB_REFUSED) {
        out->interaction_id = arena_keep(arena, json_get_string(body, "interactionId"));
        out->error = arena_keep(arena, json_get_string(body, "error"));
        out->error_description = arena_keep(arena, json_get_string(body, "error_description"));
    }
    cJSON_Delete(body);
    return outcome;
}

/* Ends the interaction; both ways are answered with a 303. */
static enum hub_outcome end_interaction(struct hub *hub, struct arena *arena,
                                        const struct hub_request *request,
                                        struct lfi_slice *location, struct lfi_error *error)
{
    struct hub_response response;
    *location = (struct lfi_slice){0};
    enum hub_outcome outcome = hub_exchange(hub, arena, request, &response, error);
    if (outcome == HUB_OK && !response.location.ptr) {
        error_set(error, "the Hub answered %d where a redirect was due", response.status);
        return HUB_WRONG;
    }
    *location = response.location;
    return outcome;
}

enum hub_outcome hub_do_confirm(struct hub *hub, struct arena *arena,
                                struct lfi_slice interaction_id, struct lfi_slice *location,
                                struct lfi_error *error)
{
    struct hub_request request = {.operation = HUB_DO_CONFIRM,
                                  .path = hub_path(arena, "/auth/", interaction_id, "/doConfirm"),
                                  .content_type = "application/x-www-form-urlencoded",
                                  .body = SLICE(""),
                                  .about = interaction_id};
    return end_interaction(hub, arena, &request, location, error);
}

enum hub_outcome hub_do_fail(struct hub *hub, struct arena *arena, struct lfi_slice interaction_id,
                             const char *error_value, const char *error_description,
                             struct lfi_slice *location, struct lfi_error *error)
{
    struct buf form;
    buf_init(&form, LIMIT_QUERY_BYTES);
    buf_append_text(&form, "error=");
    text_append_encoded(&form, slice_of(error_value));
    buf_append_text(&form, "&error_description=");
    text_append_encoded(&form, slice_of(error_description));
    struct hub_request request = {.operation = HUB_DO_FAIL,
                                  .path = hub_path(arena, "/auth/", interaction_id, "/doFail"),
                                  .content_type = "application/x-www-form-urlencoded",
                                  .body = buf_slice(&form),
                                  .about = interaction_id};
    enum hub_outcome outcome = end_interaction(hub, arena, &request, location, error);
    buf_free(&form);
    return outcome;
}
