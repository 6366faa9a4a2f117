#include "psu/approval.h"

#include "base/core_answer.h"
#include "base/id.h"
#include "base/limits.h"
#include "psu/rate_limit.h"

#define PURPOSE_BYTES 4096 /* lfi/signin.h */
#define NAME_BYTES 300     /* of a TPP; escaped it may take six times as much */
#define PAYEE_BYTES 140

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

static struct lfi_slice purpose_of(struct actor actor, const struct approval_request *request)
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
    if (request->policies > 0) {
        json_int(&w, "policies", request->policies);
    }
    if (request->instructions > 0) {
        json_int(&w, "instructions", (int64_t)request->instructions);
    }
    json_string_if_any(&w, "payee", slice_cut(request->payee, PAYEE_BYTES));
    if (request->amount.len > 0) {
        json_open_object(&w, "amount");
        json_string(&w, "value", request->amount);
        json_string(&w, "currency", request->currency);
        json_close_object(&w);
    }
    json_string(&w, "reference", actor.session->interaction_id);
    json_int(&w, "number", actor.session->number);
    json_int(&w, "at", clock_now_s(actor.psu->clock));
    json_string(&w, "browser", request->browser);
    json_close_object(&w);
    return arena_take(actor.arena, &purpose);
}

/* Which of the customer's waiting requests keeps one of this kind away, and until when. */
struct waiting {
    const char *kind;
    int64_t until_s;
};

static int note_waiting(void *ctx, struct lfi_slice json, const void *facts)
{
    (void)facts;
    struct waiting *waiting = ctx;
    cJSON *tree = json_parse(json);
    int64_t until_s = 0;
    if (slice_equal_text(json_get_string(json_get(tree, "purpose"), "kind"), waiting->kind) &&
        json_get_int(tree, "expiresAt", &until_s) && until_s > waiting->until_s) {
        waiting->until_s = until_s;
    }
    cJSON_Delete(tree);
    return 0;
}

/* Says when the waiting one expires, if the core tells. */
static struct step_refusal refusal_of_waiting(struct actor actor, const char *kind)
{
    const struct provider *provider = actor.endpoint->provider;
    struct waiting waiting = {.kind = kind};
    struct core_answer answer = core_answer(note_waiting, &waiting);
    const struct lfi_call call = actor_core_call(actor);
    const struct lfi_query query = {.size = sizeof(query), .subject_id = actor.session->user_id};
    struct lfi_error error = {{0}};
    int64_t wait_s = 0;
    if (PROVIDER_SERVES(provider, signin, approvals_waiting) &&
        provider->signin->approvals_waiting(provider->core, &call, &query, &answer.base, &error) ==
            LFI_OK) {
        wait_s = waiting.until_s - clock_now_s(actor.psu->clock);
    }
    metrics_count(actor.psu->metrics, METRICS_APPROVAL_REFUSED);
    return (struct step_refusal){.id = "APPROVAL-WAITING",
                                 .status = 429,
                                 .wait_s = wait_s > 0 ? (uint32_t)wait_s + 1 : 0,
                                 .detail = kind};
}

int approval_ask(struct actor actor, const struct approval_request *request,
                 struct step_refusal *refusal, struct lfi_error *error)
{
    const struct provider *provider = actor.endpoint->provider;
    int64_t left_s = actor_seconds_left(actor);
    struct lfi_id approval_id = {{0}};
    struct rate_limit_uses uses;
    if (!draw_number(&actor.session->number)) {
        *refusal =
            (struct step_refusal){.id = "INTERNAL", .status = 500, .detail = "no random bytes"};
        return LFI_DENIED;
    }
    if (!rate_limit_take_approval(actor, &uses, refusal)) {
        return LFI_DENIED;
    }
    const struct lfi_call call = actor_core_call(actor);
    const struct lfi_approval_request asked = {
        .size = sizeof(asked),
        .user_id = actor.session->user_id,
        .purpose = purpose_of(actor, request),
        .ttl_s = (uint32_t)(left_s < LIMIT_APPROVAL_S ? left_s : LIMIT_APPROVAL_S)};
    int status =
        provider->signin->approval_start(provider->core, &call, &asked, &approval_id, error);
    if (status == LFI_OK) {
        actor.session->approval_id = arena_keep(actor.arena, slice_of(approval_id.text));
        return LFI_OK;
    }
    rate_limit_give_back(actor, &uses);
    if (status == LFI_DENIED) {
        *refusal = refusal_of_waiting(actor, request->kind);
    }
    return status;
}

static struct lfi_approval asked_of(struct actor actor)
{
    return (struct lfi_approval){.size = sizeof(struct lfi_approval),
                                 .user_id = actor.session->user_id,
                                 .approval_id = actor.session->approval_id};
}

int approval_find(struct actor actor, enum lfi_approval_state *out, struct lfi_error *error)
{
    const struct provider *provider = actor.endpoint->provider;
    const struct lfi_call call = actor_core_call(actor);
    const struct lfi_approval asked = asked_of(actor);
    int status = provider->signin->approval_state(provider->core, &call, &asked, out, error);
    if (status == LFI_OK && *out == LFI_APPROVAL_APPROVED) {
        rate_limit_give_back_approval(actor);
    }
    return status;
}

void approval_withdraw(struct actor actor)
{
    const struct session *session = actor.session;
    const struct provider *provider = actor.endpoint->provider;
    struct lfi_error error = {{0}};
    bool waits = session->stage == SESSION_APPROVAL || session->stage == SESSION_STEP_UP;
    if (!waits || !PROVIDER_SERVES(provider, signin, approval_withdraw)) {
        return;
    }
    const struct lfi_call call = actor_core_call(actor);
    const struct lfi_approval asked = asked_of(actor);
    int status = provider->signin->approval_withdraw(provider->core, &call, &asked, &error);
    if (status != LFI_OK && status != LFI_DENIED && status != LFI_UNKNOWN) {
        actor_log_core(actor, status, "approval_withdraw", &error);
    }
}
