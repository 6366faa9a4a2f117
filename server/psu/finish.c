#include "psu/finish.h"

#include "psu/approval.h"
#include "psu/claim.h"
#include "psu/note.h"

/* --- a journey -------------------------------------------------------------------------------- */

/* The way back to the TPP as the Hub gave it; without one, nothing else is possible. */
static void show_way_back(struct visit *visit, const char *view, struct lfi_slice location)
{
    struct json_writer w;
    if (location.len == 0) {
        visit_refuse(visit, 503, "HUB-UNAVAILABLE", "no way back to the TPP");
        return;
    }
    visit_begin_view(visit, &w, visit->session.on_phone ? "handed-back" : view);
    if (!visit->session.on_phone) { /* the browser that began the journey goes there */
        json_string(&w, "redirect", location);
    }
    json_string_if_any(&w, "tpp", visit->session.tpp);
    json_string_if_any(&w, "reason", visit->session.reason);
    json_close_object(&w);
}

static void show_working(struct visit *visit)
{
    struct json_writer w;
    visit_begin_view(visit, &w, "working");
    json_close_object(&w);
}

static void show(struct visit *visit, const struct decision *decision)
{
    switch (decision->state) {
    case DECISION_MADE:
        visit->session.reason = decision->reason;
        /* fall through */
    case DECISION_BEFORE:
        if (visit_move(visit, SESSION_OVER) && visit_keep_session(visit) == 0) {
            show_way_back(visit, "redirect", decision->location);
        }
        break;
    case DECISION_UNDER_WAY:
        show_working(visit);
        break;
    case DECISION_HIDDEN:
    case DECISION_NONE:
        visit_refuse(visit, 409, "JOURNEY-OVER", "authorized in another browser, or too long ago");
        break;
    case DECISION_UNKNOWN:
        visit_refuse_state(visit, &decision->error);
        break;
    }
}

void finish_approve(struct visit *visit, const struct decision_approval *approval)
{
    struct decision decision;
    decision_approve(visit_actor(visit), approval, &decision);
    show(visit, &decision);
}

void finish_repeat(struct visit *visit, bool looked)
{
    struct decision decision;
    decision_find(visit_actor(visit), &decision);
    if (decision.state == DECISION_BEFORE) { /* the session has ended, or goes on elsewhere */
        show_way_back(visit, looked ? "ended" : "redirect", decision.location);
    } else {
        show(visit, &decision);
    }
}

/* --- a customer's session --------------------------------------------------------------------- */

static struct lfi_slice customer_key(struct actor actor)
{
    return state_key(actor.arena, "customer", (struct lfi_slice){0}, actor.session->interaction_id);
}

int finish_customer_is_over(struct visit *visit)
{
    struct lfi_slice result;
    struct lfi_error error = {{0}};
    int status = claim_find(visit_actor(visit), customer_key(visit_actor(visit)), &result, &error);
    if (status != LFI_OK && status != LFI_UNKNOWN) {
        visit_refuse_state(visit, &error);
        return -1;
    }
    return status == LFI_OK;
}

/* Nobody but the customer needs to know. */
static void end_customer_session(struct visit *visit, enum ending ending)
{
    struct lfi_error error = {{0}};
    struct json_writer w;
    const char *reason = ending_row(ending)->reason ? ending_row(ending)->reason : "left";
    if (claim_settle(visit_actor(visit), customer_key(visit_actor(visit)), SLICE("over"), &error) !=
        LFI_OK) {
        visit_refuse_state(visit, &error);
        return;
    }
    LOG_EVENT(visit->psu->log, LOG_INFO, "customer-session-ended",
              LOG_TEXT("provider", visit->session.provider), LOG_TEXT("how", slice_of(reason)));
    if (visit_move(visit, SESSION_OVER) && visit_keep_session(visit) == 0) {
        visit_begin_view(visit, &w, "signed-out");
        json_text(&w, "reason", reason);
        json_close_object(&w);
    }
}

/* --- either ----------------------------------------------------------------------------------- */

void finish_refuse(struct visit *visit, enum ending ending)
{
    struct decision decision;
    approval_withdraw(visit_actor(visit));
    if (visit->session.kind == SESSION_CUSTOMER) {
        end_customer_session(visit, ending);
    } else {
        decision_refuse(visit_actor(visit), ending, &decision);
        show(visit, &decision);
    }
}

void finish_time_out(struct visit *visit)
{
    note_adopt_customer(visit_actor(visit));
    finish_refuse(visit, ending_of_time(visit->session.stage));
}

void finish_core(struct visit *visit, int status, const char *call, const struct lfi_error *error)
{
    actor_note_core(visit_actor(visit), status, call, error);
    finish_refuse(visit, ending_of_core(visit->session.stage, status));
}

void finish_state(struct visit *visit, int status, const char *call, const struct lfi_error *error)
{
    actor_note_state(visit_actor(visit), status, call, error);
    finish_refuse(visit, ending_of_core(visit->session.stage, status));
}
