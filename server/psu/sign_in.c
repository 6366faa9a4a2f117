#include "psu/approval.h"
#include "psu/bank_app.h"
#include "psu/browser.h"
#include "psu/claim.h"
#include "psu/finish.h"
#include "psu/hand_over.h"
#include "psu/journey_record.h"
#include "psu/known_browser.h"
#include "psu/passkey.h"
#include "psu/password.h"
#include "psu/rate_limit.h"
#include "psu/steps.h"
#include "rows_journey.h"

#define ATTEMPT_TTL_S 10 /* a try whose password was never checked is free again */

static void reply_sign_in(struct context *context, const struct consent *consent,
                          const char *problem, int tries_left)
{
    struct json_writer w;
    context_begin_view(context, &w, "sign-in");
    if (context->session.kind == SESSION_JOURNEY) {
        json_string(&w, "tpp", consent_beneficiary(consent));
    }
    if (consent->kind && consent->kind->pays) {
        json_bool(&w, "pays", true);
    }
    if (consent->kind && consent->kind->policies) {
        json_bool(&w, "policies", true);
    }
    json_bool(&w, "passkeys", passkey_is_offered(context->endpoint->provider));
    json_bool(&w, "handOver", hand_over_is_offered(&context->session));
    if (problem) {
        json_text(&w, "problem", problem);
        json_int(&w, "triesLeft", tries_left);
    }
    json_close_object(&w);
}

/* A journey's consent; own consents are shown at without one. False: the answer is given. */
static bool load_reason(struct context *context, cJSON **tree, struct consent *consent)
{
    *consent = (struct consent){0};
    return context->session.kind == SESSION_CUSTOMER ||
           (step_load_consent(context, tree, consent) && step_check_open(context, consent));
}

void step_show_sign_in(struct context *context)
{
    cJSON *tree = NULL;
    struct consent consent;
    if (load_reason(context, &tree, &consent)) {
        reply_sign_in(context, &consent, NULL, 0);
    }
    cJSON_Delete(tree);
}

void step_show_approval(struct context *context)
{
    struct json_writer w;
    context_begin_view(context, &w, "approval");
    json_int(&w, "number", context->session.number);
    if (context->psu->demo_app) {
        bank_app_append_link(context_actor(context), &w);
    }
    json_close_object(&w);
}

static struct lfi_slice attempt_key(struct actor actor, int number)
{
    return state_key(
        actor.arena, "attempt", (struct lfi_slice){0},
        arena_format(actor.arena, "%d:%.*s", number, SLICE_ARG(actor.session->interaction_id)));
}

/*
 * Takes one of the tries of this interaction; the state counts them, since a cookie can be played
 * back. 0: none is left, or it cannot be said, and the answer is given.
 */
static int take_attempt(struct context *context)
{
    int failed = 0;
    for (int number = 1; number <= context->psu->max_attempts; number++) {
        enum state_claim claim;
        struct lfi_slice result;
        struct lfi_error error = {{0}};
        if (claim_take(context_actor(context), attempt_key(context_actor(context), number),
                       ATTEMPT_TTL_S, &claim, &result, &error) != LFI_OK) {
            context_refuse_state(context, &error);
            return 0;
        }
        if (claim == STATE_CLAIM_YOURS) {
            return number;
        }
        failed += claim == STATE_CLAIM_SETTLED;
    }
    if (failed == context->psu->max_attempts) {
        finish_refuse(context, ENDING_NOT_AUTHENTICATED);
    } else {
        context_refuse(context, 409, "JOURNEY-BUSY", "other tries are being checked");
    }
    return 0;
}

/* A try that failed stays taken for good. */
static void fail_attempt(struct context *context, const struct consent *consent, int number,
                         const char *problem)
{
    struct lfi_error error = {{0}};
    int status = claim_settle(context_actor(context), attempt_key(context_actor(context), number),
                              SLICE("failed"), &error);
    if (status != LFI_OK) {
        finish_state(context, status, "claim_settle", &error);
    } else if (number == context->psu->max_attempts) {
        finish_refuse(context, ENDING_NOT_AUTHENTICATED);
    } else {
        reply_sign_in(context, consent, problem, context->psu->max_attempts - number);
    }
}

static void ask_approval(struct context *context, const struct consent *consent,
                         const struct lfi_id *user_id)
{
    bool journey = context->session.kind == SESSION_JOURNEY;
    const struct approval_request request = {.kind = journey ? "consent" : "connections",
                                             .tpp = journey ? consent_beneficiary(consent)
                                                            : (struct lfi_slice){0},
                                             .browser = browser_name(context->request)};
    context->session.user_id = arena_keep(context->arena, slice_of(user_id->text));
    step_ask_approval(context, &request, SESSION_ASKED);
}

static void check_password(struct context *context, const cJSON *body,
                           const struct consent *consent, int attempt,
                           const struct rate_limit_uses *uses)
{
    struct lfi_id user_id = {{0}};
    struct lfi_error error = {{0}};
    int status = password_check(context, body, &user_id, &error);
    if (status == LFI_DENIED) {
        metrics_count(context->psu->metrics, METRICS_SIGN_IN_WRONG);
        fail_attempt(context, consent, attempt, "wrong-credentials");
        return;
    }
    rate_limit_give_back(context_actor(context), uses);
    if (status == LFI_OK) {
        ask_approval(context, consent, &user_id);
        known_browser_keep(context_actor(context), json_get_string(body, "login"), context->reply);
    } else if (status == LFI_BLOCKED) {
        finish_refuse(context, ENDING_BLOCKED);
    } else if (status != LFI_STOPPED) {
        finish_core(context, status, "sign_in", &error);
    }
}

int step_sign_in(struct call *call)
{
    struct context *context = step_context(call);
    const cJSON *body = step_body(call);
    cJSON *tree = NULL;
    struct consent consent;
    struct rate_limit_uses uses;
    if (load_reason(context, &tree, &consent) &&
        password_take_try(context, json_get_string(body, "login"), &uses)) {
        int attempt = take_attempt(context);
        if (attempt > 0) {
            check_password(context, body, &consent, attempt, &uses);
        } else {
            rate_limit_give_back(context_actor(context), &uses);
        }
    }
    cJSON_Delete(tree);
    return 0;
}

/* Both factors were right. */
static void enter(struct context *context)
{
    struct lfi_error error = {{0}};
    if (!context_move(context, SESSION_SIGNED_IN)) {
        return;
    }
    int status = context->session.kind == SESSION_JOURNEY
                     ? journey_record_keep(context_actor(context), &error)
                     : LFI_OK;
    if (status != LFI_OK) {
        finish_state(context, status, "task_put", &error);
    } else if (context_keep_session(context) == 0) {
        context->shows_stage = true;
    }
}

/* --- a passkey -------------------------------------------------------------------------------- */

int step_offer_passkey(struct call *call)
{
    struct context *context = step_context(call);
    struct json_writer w;
    if (!passkey_is_offered(context->endpoint->provider)) {
        context_refuse(context, 404, "PASSKEY-NONE", NULL);
        return 0;
    }
    context_begin_view(context, &w, "passkey-options");
    passkey_append_challenge(context_actor(context), PASSKEY_SIGN_IN,
                             context->session.interaction_id, &w);
    json_close_object(&w);
    return 0;
}

int step_use_passkey(struct call *call)
{
    struct context *context = step_context(call);
    const cJSON *body = step_body(call);
    cJSON *tree = NULL;
    struct consent consent;
    struct lfi_id user_id = {{0}};
    struct lfi_error error = {{0}};
    int attempt = 0;
    if (!passkey_is_offered(context->endpoint->provider)) {
        context_refuse(context, 404, "PASSKEY-NONE", NULL);
        return 0;
    }
    if (!load_reason(context, &tree, &consent) || (attempt = take_attempt(context)) == 0) {
        goto out;
    }
    int status =
        passkey_check(context_actor(context), PASSKEY_SIGN_IN, context->session.interaction_id,
                      json_get(body, "assertion"), &user_id, &error);
    if (status == LFI_OK) {
        context->session.user_id = arena_keep(context->arena, slice_of(user_id.text));
        enter(context);
    } else if (status == LFI_DENIED) {
        fail_attempt(context, &consent, attempt, "wrong-passkey");
    } else if (status == LFI_BLOCKED) {
        finish_refuse(context, ENDING_BLOCKED);
    } else {
        finish_core(context, status, "passkey", &error);
    }
out:
    cJSON_Delete(tree);
    return 0;
}

/* --- the app ---------------------------------------------------------------------------------- */

void step_ask_approval(struct context *context, const struct approval_request *request,
                       enum session_event event)
{
    struct step_refusal refusal;
    struct lfi_error error = {{0}};
    int status = approval_ask(context_actor(context), request, &refusal, &error);
    if (status == LFI_DENIED) {
        context_refuse_with(context, &refusal);
    } else if (status != LFI_OK) {
        finish_core(context, status, "approval_start", &error);
    } else if (context_move(context, event) && context_keep_session(context) == 0) {
        context->shows_stage = true;
    }
}

int step_check_approval(struct call *call)
{
    struct context *context = step_context(call);
    enum lfi_approval_state state;
    struct lfi_error error = {{0}};
    int status = approval_find(context_actor(context), &state, &error);
    if (status != LFI_OK) {
        finish_core(context, status, "approval_state", &error);
    } else if (state == LFI_APPROVAL_WAITING) {
        step_show_approval(context);
    } else if (state == LFI_APPROVAL_APPROVED) {
        enter(context);
    } else {
        finish_refuse(context, state == LFI_APPROVAL_EXPIRED ? ENDING_TIMED_OUT : ENDING_DENIED);
    }
    return 0;
}
