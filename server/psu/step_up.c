/*
 * The approval and its step-up: what was decided is confirmed once more, in the app or by a
 * passkey, and only that (consent journey 4). The choice is kept in the state under its digest;
 * session, challenge and confirmation are bound to the digest.
 */
#include "base/id.h"
#include "psu/approval.h"
#include "psu/bank_app.h"
#include "psu/browser.h"
#include "psu/claim.h"
#include "psu/finish.h"
#include "psu/limit.h"
#include "psu/passkey.h"
#include "psu/passkeys.h"
#include "psu/review.h"
#include "psu/steps.h"
#include "rows_journey.h"

/* Absent without a digest: under the customer alone all choices would meet. */
static struct lfi_slice choice_key(struct actor actor)
{
    if (!actor.session->decision.ptr) {
        return (struct lfi_slice){0};
    }
    return state_key(actor.arena, "choice", actor.session->user_id, actor.session->decision);
}

/* --- asking ----------------------------------------------------------------------------------- */

/* Keeps the choice, a JSON array, and makes it the session's. False: the answer is given. */
static bool keep_choice(struct visit *visit, struct lfi_slice choice)
{
    struct lfi_error error = {{0}};
    struct lfi_slice bound = arena_format(
        visit->arena, "%.*s:%.*s", SLICE_ARG(visit->session.interaction_id), SLICE_ARG(choice));
    visit->session.decision = bound.ptr ? id_digest(visit->arena, bound) : bound;
    int status = claim_settle(visit_actor(visit), choice_key(visit_actor(visit)), choice, &error);
    if (status != LFI_OK) {
        finish_state(visit, status, "claim_settle", &error);
    }
    return status == LFI_OK;
}

static void ask(struct visit *visit, const struct consent *consent, const cJSON *account_ids)
{
    const struct approval_request request = {.kind = "step-up",
                                             .tpp = consent_beneficiary(consent),
                                             .browser = browser_name(visit->request),
                                             .accounts = cJSON_GetArraySize(account_ids)};
    step_ask_approval(visit, &request, SESSION_CHOSEN);
}

static void begin_step_up(struct visit *visit, const struct consent *consent,
                          const cJSON *account_ids)
{
    char *choice = cJSON_PrintUnformatted(account_ids);
    if (!choice) {
        visit_refuse(visit, 500, "INTERNAL", "out of memory");
    } else if (keep_choice(visit, slice_of(choice))) {
        ask(visit, consent, account_ids);
    }
    cJSON_free(choice);
}

/* Carries out an approval of these accounts, or has it confirmed first. */
static void approve(struct visit *visit, const cJSON *account_ids, bool confirmed)
{
    struct review_choice choice;
    if (review_choose(visit, account_ids, confirmed, &choice)) {
        if (choice.confirmed) {
            finish_approve(visit, &choice.approval);
        } else {
            begin_step_up(visit, &choice.consent, account_ids);
        }
    }
    cJSON_Delete(choice.tree);
}

int step_approve(struct call *call)
{
    struct visit *visit = step_visit(call);
    const cJSON *body = step_body(call);
    approve(visit, json_get(body, "accountIds"), false);
    return 0;
}

void step_show_step_up(struct visit *visit)
{
    struct json_writer w;
    visit_begin_view(visit, &w, "step-up");
    json_int(&w, "number", visit->session.number);
    json_bool(&w, "passkeys",
              passkey_is_offered(visit->endpoint->provider) &&
                  passkeys_has_any(visit_actor(visit)));
    if (visit->psu->demo_app) {
        bank_app_append_link(visit_actor(visit), &w);
    }
    json_close_object(&w);
}

/* --- answering -------------------------------------------------------------------------------- */

/* Carries out what was chosen before it was confirmed. */
static void carry_out(struct visit *visit)
{
    struct lfi_slice choice;
    struct lfi_error error = {{0}};
    int status = claim_find(visit_actor(visit), choice_key(visit_actor(visit)), &choice, &error);
    if (status != LFI_OK && status != LFI_UNKNOWN) {
        visit_refuse_state(visit, &error);
        return;
    }
    cJSON *account_ids = status == LFI_OK ? json_parse(choice) : NULL;
    if (account_ids) {
        approve(visit, account_ids, true);
    } else {
        finish_refuse(visit, ENDING_FAILED);
    }
    cJSON_Delete(account_ids);
}

int step_check_step_up(struct call *call)
{
    struct visit *visit = step_visit(call);
    enum lfi_approval_state state;
    struct lfi_error error = {{0}};
    int status = approval_find(visit_actor(visit), &state, &error);
    if (status != LFI_OK) {
        finish_core(visit, status, "approval_state", &error);
    } else if (state == LFI_APPROVAL_WAITING) {
        step_show_step_up(visit);
    } else if (state == LFI_APPROVAL_APPROVED) {
        carry_out(visit);
    } else {
        finish_refuse(visit, ENDING_STEP_UP);
    }
    return 0;
}

int step_offer_step_up_passkey(struct call *call)
{
    struct visit *visit = step_visit(call);
    struct json_writer w;
    struct lfi_error error = {{0}};
    if (!passkey_is_offered(visit->endpoint->provider)) {
        visit_refuse(visit, 404, "PASSKEY-NONE", NULL);
        return 0;
    }
    visit_begin_view(visit, &w, "passkey-options");
    passkey_append_challenge(visit_actor(visit), PASSKEY_STEP_UP, visit->session.decision, &w);
    int status = passkeys_append_credentials(visit_actor(visit), "known", &w, &error);
    json_close_object(&w);
    if (status != LFI_OK) {
        finish_state(visit, status, "passkeys", &error);
    }
    return 0;
}

int step_use_step_up_passkey(struct call *call)
{
    struct visit *visit = step_visit(call);
    const cJSON *body = step_body(call);
    struct lfi_id user_id = {{0}};
    struct lfi_error error = {{0}};
    if (!passkey_is_offered(visit->endpoint->provider) ||
        visit->session.user_id.len >= sizeof(user_id.text)) {
        visit_refuse(visit, 404, "PASSKEY-NONE", NULL);
        return 0;
    }
    memcpy(user_id.text, visit->session.user_id.ptr, visit->session.user_id.len);
    int status = passkey_check(visit_actor(visit), PASSKEY_STEP_UP, visit->session.decision,
                               json_get(body, "assertion"), &user_id, &error);
    if (status == LFI_OK) {
        approval_withdraw(visit_actor(visit));
        limit_give_back_approval(visit_actor(visit)); /* it was the customer who had asked */
        carry_out(visit);
    } else if (status == LFI_DENIED || status == LFI_BLOCKED) {
        finish_refuse(visit, ENDING_STEP_UP);
    } else {
        finish_core(visit, status, "passkey", &error);
    }
    return 0;
}
