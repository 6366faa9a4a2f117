/* What the operator asks of the server itself: overrides, the clock, why requests were refused. */
#include "base/datetime.h"
#include "base/limits.h"
#include "contract_operator.h"
#include "operator/call.h"
#include "rows_operator.h"

/* --- overrides -------------------------------------------------------------------------------- */

static int64_t number_of(const cJSON *body, const char *name, int64_t fallback)
{
    int64_t value = fallback;
    (void)json_get_int(body, name, &value);
    return value;
}

static int refuse_body(struct call *call, const char *why)
{
    struct lfi_slice message = arena_format(call->arena, "The body is invalid: %s.", why);
    return operator_refuse(call, "LEVER-BODY", 400,
                           message.ptr ? message.ptr : "The body is invalid.");
}

/* Refuses an override that could never apply. */
static int check_override(struct call *call, const struct override *wanted, const cJSON *body)
{
    const struct operator_config *config = operator_call_of(call)->config;
    bool is_step = config->is_step(wanted->operation);
    if (!provider_find(config->providers, wanted->provider)) {
        return operator_refuse(call, "LEVER-UNKNOWN", 404, "There is no such provider.");
    }
    if (!is_step && !apis_has_operation(config->apis, wanted->operation)) {
        return operator_refuse(call, "LEVER-UNKNOWN", 404, "There is no such operation.");
    }
    if (is_step && body) {
        return refuse_body(call, "a step takes no body");
    }
    if (wanted->status == 0 && body) {
        return refuse_body(call, "a body needs a status");
    }
    if (wanted->status == 0 && wanted->delay_ms == 0 && !wanted->cut) {
        return refuse_body(call, "it wants no status, no delay and no cut");
    }
    return 0;
}

static int keep_override(struct call *call, struct override *wanted, const cJSON *body)
{
    struct lfi_error error = {{0}};
    char *text = body ? cJSON_PrintUnformatted(body) : NULL;
    wanted->body = slice_of(text);
    int rc = wanted->body.len > LIMIT_OPERATOR_BODY
                 ? error_set(&error, "the body is too large")
                 : overrides_add(operator_call_of(call)->config->overrides, wanted, &error);
    cJSON_free(text);
    return rc == 0 ? 0 : operator_refuse(call, "LEVER-FULL", 409, error.message);
}

int operator_add_override(struct call *call)
{
    const struct operator_call *op = operator_call_of(call);
    const cJSON *body = json_get(op->body, "body");
    struct override wanted = {.provider = json_get_string(op->body, "provider"),
                              .operation = json_get_string(op->body, "operation"),
                              .status = (int)number_of(op->body, "status", 0),
                              .delay_ms = (int)number_of(op->body, "delayMs", 0),
                              .cut = json_get_bool(op->body, "cut", false),
                              .times = (uint32_t)number_of(op->body, "times", 1),
                              .expires_us = clock_now_us(op->config->clock) +
                                            number_of(op->body, "expiresSeconds", 300) * 1000000};
    if (check_override(call, &wanted, body) != 0 || keep_override(call, &wanted, body) != 0) {
        return -1;
    }
    call->reply->status = 204;
    return 0;
}

int operator_list_overrides(struct call *call)
{
    const struct operator_config *config = operator_call_of(call)->config;
    overrides_render(config->overrides, clock_now_us(config->clock), &call->reply->body);
    call->reply->status = 200;
    return 0;
}

int operator_clear_overrides(struct call *call)
{
    overrides_clear(operator_call_of(call)->config->overrides);
    call->reply->status = 204;
    return 0;
}

/* --- the clock -------------------------------------------------------------------------------- */

int operator_read_clock(struct call *call)
{
    struct json_writer w;
    char now[DATETIME_TEXT_MAX];
    struct operator_call *op = operator_call_of(call);
    struct clock *clock = op->config->clock;
    (void)datetime_format_utc_ms(clock_now_us(clock), now);
    json_begin(&w, &call->reply->body);
    json_open_object(&w, NULL);
    json_int(&w, "offsetSeconds", atomic_load(&clock->offset_us) / 1000000);
    json_text(&w, "now", now);
    json_close_object(&w);
    call->reply->status = 200;
    op->level = LOG_DEBUG; /* the Hub simulator asks all the time */
    return 0;
}

int operator_move_clock(struct call *call)
{
    const struct operator_call *op = operator_call_of(call);
    atomic_store(&op->config->clock->offset_us, number_of(op->body, "offsetSeconds", 0) * 1000000);
    call->reply->status = 204;
    return 0;
}

/* --- why requests were refused ---------------------------------------------------------------- */

int operator_list_findings(struct call *call)
{
    explain_render_last(operator_call_of(call)->config->explain, &call->reply->body);
    call->reply->status = 200;
    return 0;
}

int operator_explain(struct call *call)
{
    struct lfi_slice id = contract_parameter(&call->parameters, OPERATOR_INTERACTION_ID);
    if (!explain_render(operator_call_of(call)->config->explain, id, &call->reply->body)) {
        buf_clear(&call->reply->body);
        return operator_refuse(call, "LEVER-UNKNOWN", 404,
                               "Nothing is known about this interaction.");
    }
    call->reply->status = 200;
    return 0;
}
