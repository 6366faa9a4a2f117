#include "psu/finish.h"

#include "base/datetime.h"
#include "psu/approval.h"
#include "psu/claim.h"
#include "psu/journey_record.h"

/* --- a journey -------------------------------------------------------------------------------- */

/* Until when others must approve as well; 0: nobody. */
static void append_others(struct json_writer *w, int64_t until_s)
{
    char until[DATETIME_TEXT_MAX];
    if (until_s > 0) {
        (void)datetime_format_utc_ms(until_s * 1000000, until);
        json_text(w, "othersUntil", until);
    }
}

/* The way back to the TPP as the Hub gave it; without one, nothing else is possible. */
static void show_way_back(struct context *context, const char *view, struct lfi_slice location,
                          int64_t others_until_s)
{
    struct json_writer w;
    if (location.len == 0) {
        context_refuse(context, 503, "HUB-UNAVAILABLE", "no way back to the TPP");
        return;
    }
    context_begin_view(context, &w, context->session.on_phone ? "handed-back" : view);
    if (!context->session.on_phone) { /* the browser that began the journey goes there */
        json_string(&w, "redirect", location);
    }
    json_string_if_any(&w, "tpp", context->session.tpp);
    json_string_if_any(&w, "reason", context->session.reason);
    append_others(&w, others_until_s);
    json_close_object(&w);
}

static void show_working(struct context *context)
{
    struct json_writer w;
    context_begin_view(context, &w, "working");
    json_close_object(&w);
}

static void show(struct context *context, const struct decision *decision)
{
    switch (decision->state) {
    case DECISION_MADE:
        context->session.reason = decision->reason;
        /* fall through */
    case DECISION_BEFORE:
        if (context_move(context, SESSION_OVER) && context_keep_session(context) == 0) {
            show_way_back(context, "redirect", decision->location, decision->others_until_s);
        }
        break;
    case DECISION_UNDER_WAY:
        show_working(context);
        break;
    case DECISION_HIDDEN:
    case DECISION_NONE:
        context_refuse(context, 409, "JOURNEY-OVER",
                       "authorized in another browser, or too long ago");
        break;
    case DECISION_UNKNOWN:
        context_refuse_state(context, &decision->error);
        break;
    }
}

void finish_approve(struct context *context, const struct decision_approval *approval)
{
    struct decision decision;
    decision_approve(context_actor(context), approval, &decision);
    show(context, &decision);
}

void finish_repeat(struct context *context, bool shown)
{
    struct decision decision;
    decision_find(context_actor(context), &decision);
    if (decision.state == DECISION_BEFORE) { /* the session has ended, or goes on elsewhere */
        show_way_back(context, shown ? "ended" : "redirect", decision.location, 0);
    } else {
        show(context, &decision);
    }
}

/* --- a customer's session --------------------------------------------------------------------- */

static struct lfi_slice customer_key(struct actor actor)
{
    return state_key(actor.arena, "customer", (struct lfi_slice){0}, actor.session->interaction_id);
}

int finish_customer_is_over(struct context *context)
{
    struct lfi_slice result;
    struct lfi_error error = {{0}};
    int status =
        claim_find(context_actor(context), customer_key(context_actor(context)), &result, &error);
    if (status != LFI_OK && status != LFI_UNKNOWN) {
        context_refuse_state(context, &error);
        return -1;
    }
    return status == LFI_OK;
}

/* Nobody but the customer needs to know. */
static void end_customer_session(struct context *context, enum ending ending)
{
    struct lfi_error error = {{0}};
    struct json_writer w;
    const char *reason = ending_row(ending)->reason ? ending_row(ending)->reason : "left";
    if (claim_settle(context_actor(context), customer_key(context_actor(context)), SLICE("over"),
                     &error) != LFI_OK) {
        context_refuse_state(context, &error);
        return;
    }
    LOG_EVENT(context->psu->log, LOG_INFO, "customer-session-ended",
              LOG_TEXT("provider", context->session.provider), LOG_TEXT("how", slice_of(reason)));
    if (context_move(context, SESSION_OVER) && context_keep_session(context) == 0) {
        context_begin_view(context, &w, "signed-out");
        json_text(&w, "reason", reason);
        json_close_object(&w);
    }
}

/* --- either ----------------------------------------------------------------------------------- */

void finish_refuse(struct context *context, enum ending ending)
{
    struct decision decision;
    approval_withdraw(context_actor(context));
    if (context->session.kind == SESSION_CUSTOMER) {
        end_customer_session(context, ending);
    } else {
        decision_refuse(context_actor(context), ending, &decision);
        show(context, &decision);
    }
}

void finish_time_out(struct context *context)
{
    journey_record_adopt_customer(context_actor(context));
    finish_refuse(context, ending_of_time(context->session.stage));
}

void finish_core(struct context *context, int status, const char *call,
                 const struct lfi_error *error)
{
    actor_log_core(context_actor(context), status, call, error);
    finish_refuse(context, ending_of_core(context->session.stage, status));
}

void finish_state(struct context *context, int status, const char *call,
                  const struct lfi_error *error)
{
    actor_log_state(context_actor(context), status, call, error);
    finish_refuse(context, ending_of_core(context->session.stage, status));
}
