#include "psu/journey.h"

#include "contract/contract.h"
#include "contract_journey.h"
#include "psu/ending.h"
#include "psu/steps.h"

#define API "/journey/"
#define BODY_BYTES (16 * 1024) /* 200 account ids */

typedef void step_fn(struct visit *visit, const cJSON *body);

void step_fail_core(struct visit *visit, int status, const char *call,
                    const struct lfi_error *error)
{
    LOG_EVENT(visit->psu->log, LOG_ERROR, "core_failed", LOG_TEXT("call", slice_of(call)),
              LOG_TEXT("interaction", visit->session.interaction_id), LOG_NUMBER("status", status),
              LOG_TEXT("reason", slice_of(error->message)));
    ending_refuse(visit, ending_of_core(visit->session.stage, status));
}

bool step_load_consent(struct visit *visit, cJSON **tree, struct consent *consent)
{
    struct lfi_error error;
    if (hub_get_consent(visit->endpoint->hub, visit->arena, visit->session.consent_id, tree,
                        &error) != HUB_OK) {
        ending_refuse(visit, ending_of_hub(visit->session.stage));
        return false;
    }
    consent_read(*tree, consent);
    return true;
}

bool step_check_open(struct visit *visit, const struct consent *consent)
{
    enum consent_verdict verdict = consent_judge(consent, clock_now_us(visit->psu->clock));
    if (verdict == CONSENT_CLOSED) {
        ending_refuse(visit, ENDING_CONSENT_CLOSED);
        return false;
    }
    if (verdict == CONSENT_UNSUPPORTED && visit->session.stage == SESSION_REVIEW) {
        ending_refuse(visit, ENDING_NOT_SUPPORTED);
        return false;
    }
    return true;
}

static void show(struct visit *visit, const cJSON *body)
{
    (void)body;
    if (visit->session.stage == SESSION_SIGN_IN) {
        step_show_sign_in(visit);
    } else if (visit->session.stage == SESSION_APPROVAL) {
        step_show_approval(visit);
    } else {
        step_show_review(visit);
    }
}

/* --- what is allowed when --------------------------------------------------------------------- */

#define IN(stage) (1U << (stage))

static const struct step {
    const char *name;
    const char *schema;
    unsigned stages;
    step_fn *run;
} steps[] = {
    {"state", "State", IN(SESSION_SIGN_IN) | IN(SESSION_APPROVAL) | IN(SESSION_REVIEW), show},
    {"sign-in", "SignIn", IN(SESSION_SIGN_IN), step_sign_in},
    {"approval", "Step", IN(SESSION_APPROVAL), step_check_approval},
    {"approve", "Approve", IN(SESSION_REVIEW), step_approve},
    {"cancel", "Step", IN(SESSION_SIGN_IN) | IN(SESSION_APPROVAL) | IN(SESSION_REVIEW),
     step_cancel},
};

static const struct step *find_step(struct lfi_slice name)
{
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (slice_equal_text(name, steps[i].name)) {
            return &steps[i];
        }
    }
    return NULL;
}

bool journey_allows(const char *name, enum session_stage stage)
{
    const struct step *step = find_step(slice_of(name));
    return step != NULL && (step->stages & IN(stage)) != 0;
}

cJSON *journey_read_body(struct visit *visit, const char *schema)
{
    const struct request *request = visit->request;
    struct contract_violation violation;
    struct lfi_slice type = request_header(request, "Content-Type", NULL);
    struct lfi_slice media;
    if (!slice_equal_text(request->method, "POST")) {
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
    if (body == NULL) {
        visit_refuse(visit, 500, "INTERNAL", "out of memory");
    }
    return body;
}

static void run_step(struct visit *visit, const struct step *step, const cJSON *body)
{
    struct lfi_slice journey = json_get_string(body, "journey");
    if (!visit_open_session(visit)) {
        visit_refuse(visit, 401, "JOURNEY-SESSION", NULL);
    } else if (journey.ptr != NULL && !slice_equal(journey, visit->session.interaction_id)) {
        visit_refuse(visit, 409, "JOURNEY-OTHER", "the page belongs to another journey");
    } else if (visit->session.stage == SESSION_ENDED) {
        ending_repeat(visit, step->run != show);
    } else if (visit_seconds_left(visit) == 0) {
        ending_refuse(visit, ending_of_time(visit->session.stage));
    } else if ((step->stages & IN(visit->session.stage)) == 0) {
        visit_refuse(visit, 409, "JOURNEY-ORDER", step->name);
    } else {
        step->run(visit, body);
    }
}

void journey_handle(struct visit *visit)
{
    struct lfi_slice path = visit->request->path;
    const struct step *step =
        find_step((struct lfi_slice){path.ptr + strlen(API), path.len - strlen(API)});
    if (step == NULL) {
        visit_refuse(visit, 404, "PAGE-UNKNOWN", NULL);
        return;
    }
    cJSON *body = journey_read_body(visit, step->schema);
    if (body != NULL) {
        run_step(visit, step, body);
        cJSON_Delete(body);
    }
}
