#include "psu/api.h"
#include "psu/approval.h"
#include "psu/bank_app.h"
#include "psu/browser.h"
#include "psu/claim.h"
#include "psu/finish.h"
#include "psu/hand_over.h"
#include "psu/known_browser.h"
#include "psu/limit.h"
#include "psu/note.h"
#include "psu/passkey.h"
#include "psu/steps.h"
#include "psu/turns.h"
#include "rows_journey.h"

#define ATTEMPT_TTL_S 10 /* a try that was never judged is free again */
#define BUSY_WAIT_S 5    /* when to try again */

static void reply_sign_in(struct visit *visit, const struct consent *consent, const char *problem,
                          int tries_left)
{
    struct json_writer w;
    visit_begin_view(visit, &w, "sign-in");
    if (visit->session.kind == SESSION_JOURNEY) {
        json_string(&w, "tpp", consent_beneficiary(consent));
    }
    json_bool(&w, "passkeys", passkey_is_offered(visit->endpoint->provider));
    json_bool(&w, "handOver", hand_over_is_offered(&visit->session));
    if (problem) {
        json_text(&w, "problem", problem);
        json_int(&w, "triesLeft", tries_left);
    }
    json_close_object(&w);
}

/* A journey's consent; own consents are looked at without one. False: the answer is given. */
static bool load_reason(struct visit *visit, cJSON **tree, struct consent *consent)
{
    *consent = (struct consent){0};
    return visit->session.kind == SESSION_CUSTOMER ||
           (step_load_consent(visit, tree, consent) && step_check_open(visit, consent));
}

void step_show_sign_in(struct visit *visit)
{
    cJSON *tree = NULL;
    struct consent consent;
    if (load_reason(visit, &tree, &consent)) {
        reply_sign_in(visit, &consent, NULL, 0);
    }
    cJSON_Delete(tree);
}

void step_show_approval(struct visit *visit)
{
    struct json_writer w;
    visit_begin_view(visit, &w, "approval");
    json_int(&w, "number", visit->session.number);
    if (visit->psu->demo_app) {
        bank_app_append_link(visit_actor(visit), &w);
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
static int take_attempt(struct visit *visit)
{
    int failed = 0;
    for (int number = 1; number <= visit->psu->max_attempts; number++) {
        enum state_claim claim;
        struct lfi_slice result;
        struct lfi_error error = {{0}};
        if (claim_take(visit_actor(visit), attempt_key(visit_actor(visit), number), ATTEMPT_TTL_S,
                       &claim, &result, &error) != LFI_OK) {
            visit_refuse_state(visit, &error);
            return 0;
        }
        if (claim == STATE_CLAIM_YOURS) {
            return number;
        }
        failed += claim == STATE_CLAIM_SETTLED;
    }
    if (failed == visit->psu->max_attempts) {
        finish_refuse(visit, ENDING_NOT_AUTHENTICATED);
    } else {
        visit_refuse(visit, 409, "JOURNEY-BUSY", "tries are being judged");
    }
    return 0;
}

/* A try that failed stays taken for good. */
static void fail_attempt(struct visit *visit, const struct consent *consent, int number,
                         const char *problem)
{
    struct lfi_error error = {{0}};
    int status = claim_settle(visit_actor(visit), attempt_key(visit_actor(visit), number),
                              SLICE("failed"), &error);
    if (status != LFI_OK) {
        finish_state(visit, status, "claim_settle", &error);
    } else if (number == visit->psu->max_attempts) {
        finish_refuse(visit, ENDING_NOT_AUTHENTICATED);
    } else {
        reply_sign_in(visit, consent, problem, visit->psu->max_attempts - number);
    }
}

static void ask_approval(struct visit *visit, const struct consent *consent,
                         const struct lfi_id *user_id)
{
    bool journey = visit->session.kind == SESSION_JOURNEY;
    const struct approval_request request = {.kind = journey ? "consent" : "connections",
                                             .tpp = journey ? consent_beneficiary(consent)
                                                            : (struct lfi_slice){0},
                                             .browser = browser_name(visit->request)};
    visit->session.user_id = arena_keep(visit->arena, slice_of(user_id->text));
    step_ask_approval(visit, &request, SESSION_ASKED);
}

/* The core's status; LFI_STOPPED, having answered: it was not judged. */
static int judge(struct visit *visit, const cJSON *body, struct lfi_id *user_id,
                 struct lfi_error *error)
{
    static const struct step_refusal busy = {
        .id = "SIGN-IN-BUSY", .status = 503, .wait_s = BUSY_WAIT_S};
    const struct provider *provider = visit->endpoint->provider;
    if (!turns_begin(visit->psu->sign_ins)) {
        metrics_count(visit->psu->metrics, METRICS_SIGN_IN_BUSY);
        visit_refuse_with(visit, &busy);
        return LFI_STOPPED;
    }
    const struct lfi_call call = actor_core_call(visit_actor(visit));
    const struct lfi_login login = {.size = sizeof(login),
                                    .login = json_get_string(body, "login"),
                                    .password = json_get_string(body, "password")};
    int status = provider->signin->sign_in(provider->core, &call, &login, user_id, error);
    turns_end(visit->psu->sign_ins);
    return status;
}

static void tell(struct visit *visit, const cJSON *body, const struct consent *consent, int attempt,
                 const struct limit_uses *uses)
{
    struct lfi_id user_id = {{0}};
    struct lfi_error error = {{0}};
    int status = judge(visit, body, &user_id, &error);
    if (status == LFI_DENIED) {
        metrics_count(visit->psu->metrics, METRICS_SIGN_IN_WRONG);
        fail_attempt(visit, consent, attempt, "wrong-credentials");
        return;
    }
    limit_give_back(visit_actor(visit), uses);
    if (status == LFI_OK) {
        ask_approval(visit, consent, &user_id);
        known_browser_keep(visit_actor(visit), json_get_string(body, "login"), visit->reply);
    } else if (status == LFI_BLOCKED) {
        finish_refuse(visit, ENDING_BLOCKED);
    } else if (status != LFI_STOPPED) {
        finish_core(visit, status, "sign_in", &error);
    }
}

/* False: the answer is given. */
static bool take_try(struct visit *visit, struct lfi_slice login, struct limit_uses *out)
{
    const struct limit_try wanted = {
        .login = login,
        .browser = known_browser_find(visit_actor(visit), visit->request, login),
        .client = forwarded_client(visit->request, &visit->psu->proxies),
    };
    struct step_refusal refusal;
    bool taken = limit_take_sign_in(visit_actor(visit), &wanted, out, &refusal);
    if (!taken) {
        visit_refuse_with(visit, &refusal);
    }
    return taken;
}

int step_sign_in(struct call *call)
{
    struct visit *visit = step_visit(call);
    const cJSON *body = step_body(call);
    cJSON *tree = NULL;
    struct consent consent;
    struct limit_uses uses;
    if (load_reason(visit, &tree, &consent) &&
        take_try(visit, json_get_string(body, "login"), &uses)) {
        int attempt = take_attempt(visit);
        if (attempt > 0) {
            tell(visit, body, &consent, attempt, &uses);
        } else {
            limit_give_back(visit_actor(visit), &uses);
        }
    }
    cJSON_Delete(tree);
    return 0;
}

/* Both factors were right. */
static void enter(struct visit *visit)
{
    struct lfi_error error = {{0}};
    if (!visit_move(visit, SESSION_SIGNED_IN)) {
        return;
    }
    int status =
        visit->session.kind == SESSION_JOURNEY ? note_keep(visit_actor(visit), &error) : LFI_OK;
    if (status != LFI_OK) {
        finish_state(visit, status, "task_put", &error);
    } else if (visit_keep_session(visit) == 0) {
        api_show(visit);
    }
}

/* --- a passkey -------------------------------------------------------------------------------- */

int step_offer_passkey(struct call *call)
{
    struct visit *visit = step_visit(call);
    struct json_writer w;
    if (!passkey_is_offered(visit->endpoint->provider)) {
        visit_refuse(visit, 404, "PASSKEY-NONE", NULL);
        return 0;
    }
    visit_begin_view(visit, &w, "passkey-options");
    passkey_append_challenge(visit_actor(visit), PASSKEY_SIGN_IN, visit->session.interaction_id,
                             &w);
    json_close_object(&w);
    return 0;
}

int step_use_passkey(struct call *call)
{
    struct visit *visit = step_visit(call);
    const cJSON *body = step_body(call);
    cJSON *tree = NULL;
    struct consent consent;
    struct lfi_id user_id = {{0}};
    struct lfi_error error = {{0}};
    int attempt = 0;
    if (!passkey_is_offered(visit->endpoint->provider)) {
        visit_refuse(visit, 404, "PASSKEY-NONE", NULL);
        return 0;
    }
    if (!load_reason(visit, &tree, &consent) || (attempt = take_attempt(visit)) == 0) {
        goto out;
    }
    int status = passkey_check(visit_actor(visit), PASSKEY_SIGN_IN, visit->session.interaction_id,
                               json_get(body, "assertion"), &user_id, &error);
    if (status == LFI_OK) {
        visit->session.user_id = arena_keep(visit->arena, slice_of(user_id.text));
        enter(visit);
    } else if (status == LFI_DENIED) {
        fail_attempt(visit, &consent, attempt, "wrong-passkey");
    } else if (status == LFI_BLOCKED) {
        finish_refuse(visit, ENDING_BLOCKED);
    } else {
        finish_core(visit, status, "passkey", &error);
    }
out:
    cJSON_Delete(tree);
    return 0;
}

/* --- the app ---------------------------------------------------------------------------------- */

void step_ask_approval(struct visit *visit, const struct approval_request *request,
                       enum session_event event)
{
    struct step_refusal refusal;
    struct lfi_error error = {{0}};
    int status = approval_ask(visit_actor(visit), request, &refusal, &error);
    if (status == LFI_DENIED) {
        visit_refuse_with(visit, &refusal);
    } else if (status != LFI_OK) {
        finish_core(visit, status, "approval_start", &error);
    } else if (visit_move(visit, event) && visit_keep_session(visit) == 0) {
        api_show(visit);
    }
}

int step_check_approval(struct call *call)
{
    struct visit *visit = step_visit(call);
    enum lfi_approval_state state;
    struct lfi_error error = {{0}};
    int status = approval_find(visit_actor(visit), &state, &error);
    if (status != LFI_OK) {
        finish_core(visit, status, "approval_state", &error);
    } else if (state == LFI_APPROVAL_WAITING) {
        step_show_approval(visit);
    } else if (state == LFI_APPROVAL_APPROVED) {
        enter(visit);
    } else {
        finish_refuse(visit, state == LFI_APPROVAL_EXPIRED ? ENDING_TIMED_OUT : ENDING_DENIED);
    }
    return 0;
}
