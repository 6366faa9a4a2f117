#include "psu/api.h"

#include "flow/dispatch.h"
#include "flow/flow.h"
#include "psu/finish.h"
#include "psu/journey_record.h"
#include "psu/steps.h"
#include "rows_journey.h"

#include <time.h>

#define BODY_BYTES (16 * 1024) /* 200 account ids */

/* --- the rows --------------------------------------------------------------------------------- */

/* "journey/approve": what overrides and the log call a step. */
static const char *name_of(const struct contract_operation *operation)
{
    return contract_operation_path(operation) + 1;
}

bool api_is_step(const struct step_api *api, struct lfi_slice name)
{
    for (size_t i = 0; i < contract_operation_count(api->flow->contract); i++) {
        if (slice_equal_text(name, name_of(contract_operation_at(api->flow->contract, i)))) {
            return true;
        }
    }
    return false;
}

/* The stages in which a session can be given more time. */
static unsigned extendable_in(const struct step_api *api)
{
    for (size_t i = 0; i < contract_operation_count(api->flow->contract); i++) {
        const struct flow_row *row =
            flow_row_of(api->flow, contract_operation_at(api->flow->contract, i));
        if (row->handler == step_extend) {
            return row->stages;
        }
    }
    return 0;
}

/* --- the request ------------------------------------------------------------------------------ */

static bool find_step(struct step_call *call)
{
    struct context *context = call->context;
    dispatch_find(&call->base, context->psu->apis);
    if (dispatch_route(&call->base) == 0) {
        return true;
    }
    bool known = call->base.found.found == CONTRACT_NO_METHOD;
    context_refuse(context, call->base.refusal->status, known ? "JOURNEY-METHOD" : "PAGE-UNKNOWN",
                   NULL);
    return false;
}

/* What is demanded of every change: our Origin, JSON, bounded. */
static bool check_origin_and_type(struct context *context)
{
    const struct request *request = context->request;
    struct lfi_slice type = request_header(request, "Content-Type", NULL);
    struct lfi_slice media;
    if (!slice_equal_text(request_header(request, "Origin", NULL), context->psu->origin)) {
        context_refuse(context, 403, "JOURNEY-ORIGIN", NULL);
        return false;
    }
    if (!slice_next(&type, ';', &media) ||
        !slice_equal_nocase(slice_trim(media), "application/json")) {
        context_refuse(context, 415, "JOURNEY-TYPE", NULL);
        return false;
    }
    if (request->body.len > BODY_BYTES) {
        context_refuse(context, 413, "JOURNEY-BODY", "too large");
        return false;
    }
    return true;
}

static bool read_body(struct step_call *call)
{
    struct call *base = &call->base;
    struct contract_violation violation;
    const char *in;
    if (contract_check_request(&base->found.contract, base->request, &base->parameters, &in,
                               &violation) != 0) {
        context_refuse(call->context, 400, "JOURNEY-BODY", violation.message);
        return false;
    }
    call->body = json_parse(base->request->body);
    if (!call->body) {
        context_refuse(call->context, 500, "INTERNAL", "out of memory");
    }
    return call->body;
}

/* --- the step --------------------------------------------------------------------------------- */

/*
 * Applies an operator's override, if there is one, before the step runs: waits, cuts the
 * connection, or makes the bank fail as if its core had. True: the answer is given.
 */
static bool run_override(struct context *context, const char *name)
{
    const struct psu *psu = context->psu;
    const struct lfi_error error = {"simulated by an operator override"};
    struct override override;
    if (!psu->overrides ||
        !overrides_take(psu->overrides, context->arena, context->endpoint->provider->id, name,
                        clock_now_us(psu->clock), &override)) {
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
    context->reply->hang_up = override.cut;
    if (override.status != 0) {
        finish_core(context, override.status == 503 ? LFI_UNAVAILABLE : LFI_FAILED, "override",
                    &error);
    }
    return override.cut || override.status != 0;
}

/* A step of an open session. */
static void run_in_session(const struct step_api *api, struct step_call *call)
{
    struct context *context = call->context;
    const struct flow_row *row = call->base.row;
    const char *name = name_of(call->base.operation);
    int over = context->session.stage == SESSION_ENDED ? 1
               : api->is_over                          ? api->is_over(context)
                                                       : 0;
    if (over < 0) {
        return;
    }
    if (over > 0) {
        api->repeat(context, row->handler == step_show);
    } else if (actor_seconds_left(context_actor(context)) == 0 &&
               !journey_record_adopt_extension(context_actor(context))) {
        finish_time_out(context);
    } else if ((row->stages & 1U << context->session.stage) == 0) {
        context_refuse(context, 409, "JOURNEY-ORDER", name);
    } else if (!run_override(context, name)) {
        (void)flow_run(&call->base);
    }
}

static void run_step(const struct step_api *api, struct step_call *call)
{
    struct context *context = call->context;
    struct lfi_slice journey = json_get_string(call->body, "journey");
    if (call->base.row->stages == 0) {
        (void)flow_run(&call->base);
    } else if (!context_open_session(context, api->kind)) {
        context_refuse(context, 401, "JOURNEY-SESSION", NULL);
    } else if (journey.ptr && !slice_equal(journey, context->session.interaction_id)) {
        context_refuse(context, 409, "JOURNEY-OTHER", "the page belongs to another journey");
    } else if (context_enter_or_refuse(context, name_of(call->base.operation))) {
        run_in_session(api, call);
    }
}

static void show_ending(struct context *context)
{
    finish_repeat(context, true);
}

/* A customer's session is not shown once it has ended. */
static void show_stage(struct context *context)
{
    static void (*const shows[SESSION_KINDS][SESSION_STAGES])(struct context * context) = {
        [SESSION_JOURNEY] = {[SESSION_SIGN_IN] = step_show_sign_in,
                             [SESSION_APPROVAL] = step_show_approval,
                             [SESSION_REVIEW] = step_show_review,
                             [SESSION_STEP_UP] = step_show_step_up,
                             [SESSION_ENDED] = show_ending},
        [SESSION_CUSTOMER] = {[SESSION_SIGN_IN] = step_show_sign_in,
                              [SESSION_APPROVAL] = step_show_approval,
                              [SESSION_REVIEW] = step_show_own_consents,
                              [SESSION_STEP_UP] = step_show_step_up},
    };
    shows[context->session.kind][context->session.stage](context);
}

int step_show(struct call *call)
{
    step_context(call)->shows_stage = true;
    return 0;
}

void api_handle(const struct step_api *api, struct context *context)
{
    struct refusal refusal = {0};
    struct step_call call = {.base = {.request = context->request,
                                      .arena = context->arena,
                                      .reply = context->reply,
                                      .refusal = &refusal},
                             .context = context};
    context->extendable_in = extendable_in(api);
    if (find_step(&call) && check_origin_and_type(context) && read_body(&call)) {
        run_step(api, &call);
        if (context->shows_stage) {
            show_stage(context);
        }
        json_wipe(call.body); /* it may hold a password */
    }
}
