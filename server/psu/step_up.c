/*
 * The approval and its step-up: what was decided is confirmed once more, in the app or by a
 * passkey, and only that (consent journey 4).
 */
#include "psu/step_up.h"

#include "psu/approval.h"
#include "psu/bank_app.h"
#include "psu/finish.h"
#include "psu/passkey.h"
#include "psu/passkeys.h"
#include "psu/rate_limit.h"
#include "psu/review.h"
#include "psu/steps.h"
#include "rows_journey.h"

/* The confirmation is of other payments than these: the customer looks at them again. */
static void reopen(struct context *context)
{
    if (context_move(context, SESSION_REOPENED) && context_keep_session(context) == 0) {
        context_refuse(context, 409, "JOURNEY-CHANGED", "the payments are not those confirmed");
    }
}

/* Carries out an approval of these accounts or policies, or has it confirmed first. */
static void approve(struct context *context, const cJSON *ids, bool confirmed)
{
    struct review_choice choice;
    char *text = cJSON_PrintUnformatted(ids);
    struct lfi_slice chosen = slice_of(text);
    if (!text) {
        context_refuse(context, 500, "INTERNAL", "out of memory");
        return;
    }
    if (review_choose(context, ids, confirmed, &choice)) {
        bool patched = choice.approval.patched;
        if (!choice.confirmed) {
            step_up_ask(context, chosen, &choice.consent, &choice.payment,
                        (int)choice.approval.count);
        } else if (confirmed && !patched &&
                   !slice_equal(context->session.decision,
                                step_up_digest(context_actor(context), chosen, &choice.payment))) {
            reopen(context);
        } else {
            finish_approve(context, &choice.approval);
        }
    }
    cJSON_Delete(choice.tree);
    cJSON_free(text);
}

int step_approve(struct call *call)
{
    struct context *context = step_context(call);
    const cJSON *body = step_body(call);
    const cJSON *accounts = json_get(body, "accountIds");
    approve(context, accounts ? accounts : json_get(body, "policyIds"), false);
    return 0;
}

void step_show_step_up(struct context *context)
{
    struct json_writer w;
    context_begin_view(context, &w, "step-up");
    json_int(&w, "number", context->session.number);
    json_bool(&w, "passkeys",
              passkey_is_offered(context->endpoint->provider) &&
                  passkeys_has_any(context_actor(context)));
    if (context->psu->demo_app) {
        bank_app_append_link(context_actor(context), &w);
    }
    json_close_object(&w);
}

/* --- answering -------------------------------------------------------------------------------- */

/* Carries out what was chosen before it was confirmed. */
static void carry_out(struct context *context)
{
    struct lfi_slice choice;
    struct lfi_error error = {{0}};
    int status = step_up_find(context_actor(context), &choice, &error);
    if (status != LFI_OK && status != LFI_UNKNOWN) {
        context_refuse_state(context, &error);
        return;
    }
    cJSON *chosen = status == LFI_OK ? json_parse(choice) : NULL;
    if (!chosen) {
        finish_refuse(context, ENDING_FAILED);
    } else if (context->session.kind == SESSION_CUSTOMER) {
        step_approve_waiting(context, chosen);
    } else {
        approve(context, chosen, true);
    }
    cJSON_Delete(chosen);
}

/* A journey ends; on their own pages the customer is back at the list. */
static void refuse(struct context *context)
{
    if (context->session.kind == SESSION_CUSTOMER) {
        if (context_move(context, SESSION_REOPENED) && context_keep_session(context) == 0) {
            context->shows_stage = true;
        }
    } else {
        finish_refuse(context, ENDING_STEP_UP);
    }
}

int step_check_step_up(struct call *call)
{
    struct context *context = step_context(call);
    enum lfi_approval_state state;
    struct lfi_error error = {{0}};
    int status = approval_find(context_actor(context), &state, &error);
    if (status != LFI_OK) {
        finish_core(context, status, "approval_state", &error);
    } else if (state == LFI_APPROVAL_WAITING) {
        step_show_step_up(context);
    } else if (state == LFI_APPROVAL_APPROVED) {
        carry_out(context);
    } else {
        refuse(context);
    }
    return 0;
}

int step_offer_step_up_passkey(struct call *call)
{
    struct context *context = step_context(call);
    struct json_writer w;
    struct lfi_error error = {{0}};
    if (!passkey_is_offered(context->endpoint->provider)) {
        context_refuse(context, 404, "PASSKEY-NONE", NULL);
        return 0;
    }
    context_begin_view(context, &w, "passkey-options");
    passkey_append_challenge(context_actor(context), PASSKEY_STEP_UP, context->session.decision,
                             &w);
    int status = passkeys_append_credentials(context_actor(context), "known", &w, &error);
    json_close_object(&w);
    if (status != LFI_OK) {
        finish_state(context, status, "passkeys", &error);
    }
    return 0;
}

int step_use_step_up_passkey(struct call *call)
{
    struct context *context = step_context(call);
    const cJSON *body = step_body(call);
    struct lfi_id user_id = {{0}};
    struct lfi_error error = {{0}};
    if (!passkey_is_offered(context->endpoint->provider) ||
        context->session.user_id.len >= sizeof(user_id.text)) {
        context_refuse(context, 404, "PASSKEY-NONE", NULL);
        return 0;
    }
    memcpy(user_id.text, context->session.user_id.ptr, context->session.user_id.len);
    int status = passkey_check(context_actor(context), PASSKEY_STEP_UP, context->session.decision,
                               json_get(body, "assertion"), &user_id, &error);
    if (status == LFI_OK) {
        approval_withdraw(context_actor(context));
        rate_limit_give_back_approval(
            context_actor(context)); /* it was the customer who had asked */
        carry_out(context);
    } else if (status == LFI_DENIED || status == LFI_BLOCKED) {
        refuse(context);
    } else {
        finish_core(context, status, "passkey", &error);
    }
    return 0;
}
