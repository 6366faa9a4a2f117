#include "scripting.h"

#include "app.h"
#include "base/array.h"
#include "flow/dispatch.h"
#include "flow/flow.h"
#include "http/loopback.h"
#include "rows_hub_keystore.h"
#include "script.h"
#include "webhook_receiver.h"

#define HELP_INDENT 9
#define HELP_WIDTH 90 /* of the text behind the indent */

/* The key store is here a second time, out of reach of faults, for the simulator itself. */
static const struct api apis[] = {{.flow = &flow_sim},
                                  {.flow = &flow_hub_keystore, .base_path = "/keystore"}};
#define APIS ARRAY_LEN(apis)

int scripting_open(struct sim *sim, struct lfi_error *error)
{
    return apis_new(&sim->script_apis, apis, APIS, error);
}

/* --- the help --------------------------------------------------------------------------------- */

/* Text in lines of at most HELP_WIDTH bytes, cut at blanks. */
static void print_text(FILE *out, const char *text)
{
    while (*text != '\0') {
        size_t len = strlen(text), cut = len;
        if (len > HELP_WIDTH) {
            for (cut = HELP_WIDTH; cut > 0 && text[cut] != ' '; cut--) {
            }
        }
        cut = cut > 0 ? cut : len; /* a word that is longer */
        (void)fprintf(out, "%*s%.*s\n", HELP_INDENT, "", (int)cut, text);
        text += cut + (text[cut] == ' ');
    }
}

static void print_calls(FILE *out, const struct api *api)
{
    const struct contract_api *contract = api->flow->contract;
    for (size_t i = 0; i < contract_operation_count(contract); i++) {
        const struct contract_operation *operation = contract_operation_at(contract, i);
        (void)fprintf(out, "\n  %-6s %s%s\n", contract_operation_method(operation),
                      api->base_path ? api->base_path : "", contract_operation_path(operation));
        print_text(out, contract_operation_summary(operation));
    }
}

void scripting_print_help(FILE *out)
{
    (void)fputs("\nCalls of the plain listener. Bodies are JSON; a refusal is {\"errorCode\", "
                "\"errorMessage\"}.\n",
                out);
    for (size_t i = 0; i < APIS; i++) {
        print_calls(out, &apis[i]);
    }
}

/* --- a call ----------------------------------------------------------------------------------- */

static int find_operation(struct call *call)
{
    if (dispatch_route(call) == 0) {
        return 0;
    }
    return call->found.found == CONTRACT_NO_PATH
               ? script_refuse(call, "SIM-ROUTE", 404,
                               "There is no such call: hub-sim --help lists them.")
               : script_refuse(call, "SIM-METHOD", 405, "The call does not offer this method.");
}

static int check_request(struct call *call)
{
    const char *in = "";
    struct contract_violation violation;
    if (contract_check_request(&call->found.contract, call->request, &call->parameters, &in,
                               &violation) == 0) {
        return 0;
    }
    if (strcmp(violation.rule, "contentType") == 0) {
        return script_refuse(call, "SIM-TYPE", 415, "The body must be application/json.");
    }
    struct lfi_slice message =
        arena_format(call->arena, "%s: %s", violation.where, violation.message);
    return script_refuse(call, strcmp(in, "body") == 0 ? "SIM-BODY" : "SIM-PARAMETER", 400,
                         message.ptr ? message.ptr : violation.rule);
}

static int read_body(struct sim_call *call)
{
    struct lfi_slice body = call->base.request->body;
    if (body.len == 0 || !contract_operation_takes_json(call->base.operation)) {
        return 0;
    }
    call->body = json_parse(body);
    return call->body ? 0 : script_refuse(&call->base, "SIM-MEMORY", 500, "Memory is short.");
}

static void run(struct sim_call *call)
{
    struct call *base = &call->base;
    if (find_operation(base) != 0 || check_request(base) != 0 || read_body(call) != 0 ||
        flow_run(base) != 0) {
        dispatch_refuse(base);
    } else {
        sim_check_reply(call);
    }
    cJSON_Delete(call->body);
}

void scripting_handle(void *ctx, const struct request *request, struct reply *reply)
{
    struct sim *sim = ctx;
    struct refusal refusal = {0};
    struct sim_call call = {
        .base = {.request = request, .arena = request->arena, .reply = reply, .refusal = &refusal},
        .sim = sim};
    if (loopback_is_address(sim->config->http.address) && !loopback_is_called(request)) {
        (void)script_refuse(&call.base, "SIM-HOST", 421, "Call it localhost, 127.0.0.1 or [::1].");
        dispatch_refuse(&call.base);
        return;
    }
    bool script =
        slice_starts_with(request->path, "/sim/") || slice_starts_with(request->path, "/tpp/app/");
    if (script) {
        bank_clock_follow(sim->bank_clock);
    }
    if (slice_equal_text(request->path, WEBHOOK_RECEIVER_PATH) &&
        faults_apply(sim->faults, FAULT_WEBHOOK, reply)) {
        return;
    }
    dispatch_find(&call.base, sim->script_apis);
    if (script || call.base.operation || call.base.found.found == CONTRACT_NO_METHOD) {
        run(&call);
    } else if (slice_equal_text(request->method, "GET")) {
        app_serve_file(request, reply);
    } else {
        reply->status = 405;
        reply_header(reply, "Allow", SLICE("GET"));
    }
    if (script) {
        LOG_EVENT(sim->log, LOG_INFO, "script", LOG_TEXT("method", request->method),
                  LOG_TEXT("path", request->path), LOG_NUMBER("status", reply->status));
    }
}
