/* What the steps share. */
#include "psu/steps.h"

#include "base/id.h"
#include "psu/browser.h"
#include "psu/ending.h"
#include "psu/note.h"

#define PURPOSE_BYTES 4096
#define NAME_BYTES 300     /* of a TPP, in the app; escaped it may take six times as much */
#define TPP_NAME_BYTES 120 /* in the cookie; escaped it may take six times as much */

void step_fail_core(struct visit *visit, int status, const char *call,
                    const struct lfi_error *error)
{
    visit_note_core(visit, status, call, error);
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
    visit->session.tpp =
        arena_keep(visit->arena, slice_cut(consent_beneficiary(consent), TPP_NAME_BYTES));
    return true;
}

static bool is_offered(const struct visit *visit, struct lfi_slice type)
{
    const char *const *offered = visit->endpoint->provider->offers.consent_types;
    while (*offered != NULL && !slice_equal_text(type, *offered)) {
        offered++;
    }
    return *offered != NULL;
}

bool step_check_open(struct visit *visit, const struct consent *consent)
{
    enum consent_verdict verdict = consent_judge(consent, clock_now_us(visit->psu->clock));
    if (verdict == CONSENT_CLOSED) {
        ending_refuse(visit, ENDING_CONSENT_CLOSED);
        return false;
    }
    bool supported = verdict != CONSENT_UNSUPPORTED && is_offered(visit, consent->type);
    if (!supported && visit->session.stage >= SESSION_REVIEW) {
        ending_refuse(visit, ENDING_NOT_SUPPORTED);
        return false;
    }
    return true;
}

/* Two digits; false without randomness. */
static bool draw_number(int64_t *out)
{
    uint32_t drawn;
    if (!id_random(&drawn, sizeof(drawn))) {
        return false;
    }
    *out = 10 + drawn % 90;
    return true;
}

static struct lfi_slice purpose_of(struct visit *visit, const struct step_request *request)
{
    struct buf purpose;
    struct json_writer w;
    buf_init(&purpose, PURPOSE_BYTES);
    json_begin(&w, &purpose);
    json_open_object(&w, NULL);
    json_text(&w, "kind", request->kind);
    if (request->tpp.ptr) {
        json_string(&w, "tpp", slice_cut(request->tpp, NAME_BYTES));
    }
    if (request->accounts > 0) {
        json_int(&w, "accounts", request->accounts);
    }
    json_string(&w, "reference", visit->session.interaction_id);
    json_int(&w, "number", visit->session.number);
    json_int(&w, "at", clock_now_s(visit->psu->clock));
    json_string(&w, "browser", browser_name(visit->request));
    json_close_object(&w);
    struct lfi_slice kept =
        purpose.failed ? (struct lfi_slice){0} : arena_keep(visit->arena, buf_slice(&purpose));
    buf_free(&purpose);
    return kept;
}

bool step_ask_app(struct visit *visit, const struct step_request *request, enum session_stage stage)
{
    const struct provider *provider = visit->endpoint->provider;
    struct lfi_id approval_id = {{0}};
    struct lfi_error error = {{0}};
    if (!draw_number(&visit->session.number)) {
        visit_refuse(visit, 500, "INTERNAL", "no random bytes");
        return false;
    }
    int status = provider->ops->approval_start(
        provider->core, visit->session.user_id, purpose_of(visit, request),
        (uint32_t)visit_seconds_left(visit), &approval_id, &error);
    if (status != LFI_CORE_OK) {
        step_fail_core(visit, status, "approval_start", &error);
        return false;
    }
    visit->session.approval_id = arena_keep(visit->arena, slice_of(approval_id.text));
    visit->session.stage = stage;
    return visit_keep_session(visit) == 0;
}

bool step_find_approval(struct visit *visit, enum lfi_approval_state *out)
{
    const struct provider *provider = visit->endpoint->provider;
    struct lfi_error error = {{0}};
    int status = provider->ops->approval_state(provider->core, visit->session.user_id,
                                               visit->session.approval_id, out, &error);
    if (status != LFI_CORE_OK) {
        step_fail_core(visit, status, "approval_state", &error);
    }
    return status == LFI_CORE_OK;
}

void step_extend(struct visit *visit, const cJSON *body)
{
    (void)body;
    struct json_writer w;
    struct lfi_error error = {{0}};
    int status = visit->session.extensions < SESSION_EXTENSIONS_MAX ? note_extend(visit, &error)
                                                                    : LFI_CORE_DENIED;
    if (status == LFI_CORE_DENIED || status == LFI_CORE_UNKNOWN) {
        visit_refuse(visit, 409, "SESSION-LONGEST", "extended as often as possible, or over");
    } else if (status != LFI_CORE_OK) {
        visit_refuse(visit, 503, "CORE-UNAVAILABLE", error.message);
    } else if (visit_keep_session(visit) == 0) {
        visit_begin_view(visit, &w, "extended");
        json_close_object(&w);
    }
}
