#include "psu/api.h"

#include "contract/contract.h"
#include "contract_journey.h"
#include "psu/finish.h"
#include "psu/note.h"
#include "psu/steps.h"

#include <time.h>

#define BODY_BYTES (16 * 1024) /* 200 account ids */

static const struct step *find_step(const struct api *api, struct lfi_slice name)
{
    for (size_t i = 0; i < api->count; i++) {
        if (slice_equal_text(name, api->steps[i].name)) {
            return &api->steps[i];
        }
    }
    return NULL;
}

bool api_allows(const struct api *api, const char *name, enum session_stage stage)
{
    const struct step *step = find_step(api, slice_of(name));
    return step && (step->stages & IN(stage)) != 0;
}

cJSON *api_read_body(struct visit *visit, const char *schema)
{
    const struct request *request = visit->request;
    struct contract_violation violation;
    struct lfi_slice type = request_header(request, "Content-Type", NULL);
    struct lfi_slice media;
    if (!slice_equal_text(request->method, "POST")) {
        reply_header(visit->reply, "Allow", SLICE("POST"));
        visit_refuse(visit, 405, "JOURNEY-METHOD", NULL);
        return NULL;
    }
    if (!slice_equal_text(request_header(request, "Origin", NULL), visit->psu->origin)) {
        visit_refuse(visit, 403, "JOURNEY-ORIGIN", NULL);
        return NULL;
    }
    if (!slice_next(&type, ';', &media) ||
        !slice_equal_nocase(slice_trim(media), "application/json")) {
        visit_refuse(visit, 415, "JOURNEY-TYPE", NULL);
        return NULL;
    }
    if (request->body.len > BODY_BYTES) {
        visit_refuse(visit, 413, "JOURNEY-BODY", "too large");
        return NULL;
    }
    if (contract_check_json(contract_schema_named(&contract_journey, schema), request->body,
                            &violation) != 0) {
        visit_refuse(visit, 400, "JOURNEY-BODY", violation.message);
        return NULL;
    }
    cJSON *body = json_parse(request->body);
    if (!body) {
        visit_refuse(visit, 500, "INTERNAL", "out of memory");
    }
    return body;
}

/* "journey/approve" */
static struct lfi_slice override_name(const struct api *api, const struct step *step,
                                      struct arena *arena)
{
    return arena_format(arena, "%s%s", api->prefix + 1, step->name);
}

bool api_is_step(const struct api *api, struct lfi_slice name)
{
    size_t skipped = strlen(api->prefix) - 1;
    return slice_starts_with(name, api->prefix + 1) &&
           find_step(api, (struct lfi_slice){name.ptr + skipped, name.len - skipped});
}

/*
 * Applies an operator's override, if there is one, before the step runs: waits, cuts the
 * connection, or makes the bank fail as if its core had. True: the answer is given.
 */
static bool run_override(const struct api *api, const struct step *step, struct visit *visit)
{
    const struct psu *psu = visit->psu;
    const struct lfi_error error = {"simulated by an operator override"};
    struct override override;
    if (!psu->overrides ||
        !overrides_take(psu->overrides, visit->arena, visit->endpoint->provider->id,
                        override_name(api, step, visit->arena).ptr, clock_now_us(psu->clock),
                        &override)) {
        return false;
    }
    LOG_EVENT(psu->log, LOG_WARN, "override-used", LOG_TEXT("provider", override.provider),
              LOG_TEXT("operation", override.operation), LOG_NUMBER("status", override.status),
              LOG_NUMBER("delayMs", override.delay_ms), LOG_NUMBER("cut", override.cut));
    if (override.delay_ms > 0) {
        const struct timespec delay = {override.delay_ms / 1000,
                                       override.delay_ms % 1000 * 1000000L};
        (void)nanosleep(&delay, NULL);
    }
    visit->reply->hang_up = override.cut;
    if (override.status != 0) {
        finish_core(visit, override.status == 503 ? LFI_UNAVAILABLE : LFI_FAILED, "override",
                    &error);
    }
    return override.cut || override.status != 0;
}

/* A step of an open session. */
static void run_in_session(const struct api *api, const struct step *step, struct visit *visit,
                           const cJSON *body)
{
    int over = visit->session.stage == SESSION_ENDED ? 1 : api->is_over ? api->is_over(visit) : 0;
    if (over < 0) {
        return;
    }
    if (over > 0) {
        api->repeat(visit, step == &api->steps[0]);
    } else if (actor_seconds_left(visit_actor(visit)) == 0 &&
               !note_adopt_extension(visit_actor(visit))) {
        finish_time_out(visit);
    } else if ((step->stages & IN(visit->session.stage)) == 0) {
        visit_refuse(visit, 409, "JOURNEY-ORDER", step->name);
    } else if (!run_override(api, step, visit)) {
        step->run(visit, body);
    }
}

static void run_step(const struct api *api, const struct step *step, struct visit *visit,
                     const cJSON *body)
{
    struct lfi_slice journey = json_get_string(body, "journey");
    if (step->stages == STEP_WITHOUT_SESSION) {
        step->run(visit, body);
    } else if (!visit_open_session(visit, api->kind)) {
        visit_refuse(visit, 401, "JOURNEY-SESSION", NULL);
    } else if (journey.ptr && !slice_equal(journey, visit->session.interaction_id)) {
        visit_refuse(visit, 409, "JOURNEY-OTHER", "the page belongs to another journey");
    } else if (visit_enter_or_refuse(visit, override_name(api, step, visit->arena).ptr)) {
        run_in_session(api, step, visit, body);
    }
}

void api_show(struct visit *visit)
{
    visit->api->steps[0].run(visit, NULL);
}

void api_handle(const struct api *api, struct visit *visit)
{
    struct lfi_slice path = visit->request->path;
    size_t skipped = strlen(api->prefix);
    const struct step *step =
        find_step(api, (struct lfi_slice){path.ptr + skipped, path.len - skipped});
    if (!step) {
        visit_refuse(visit, 404, "PAGE-UNKNOWN", NULL);
        return;
    }
    const struct step *extend = find_step(api, SLICE("extend"));
    visit->api = api;
    visit->extendable_in = extend ? extend->stages : 0;
    cJSON *body = api_read_body(visit, step->schema);
    if (body) {
        run_step(api, step, visit, body);
        json_wipe(body); /* it may hold a password */
    }
}
