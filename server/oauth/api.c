#include "base/json.h"
#include "flow/dispatch.h"
#include "flow/flow.h"
#include "oauth/call.h"
#include "rows_token.h"

#include <stdio.h>
#include <stdlib.h>

/* --- life ------------------------------------------------------------------------------------- */

static char *join(const char *issuer, const char *path)
{
    size_t size = strlen(issuer) + strlen(path) + 1;
    char *out = malloc(size);
    if (out) {
        (void)snprintf(out, size, "%s%s", issuer, path);
    }
    return out;
}

const struct contract_api *oauth_contract(void)
{
    return flow_token.contract;
}

int oauth_new(struct oauth **out, const struct oauth_config *config, struct lfi_error *error)
{
    static const struct api calls = {.flow = &flow_token};
    struct oauth *oauth = calloc(1, sizeof(*oauth));

    *out = NULL;
    if (!oauth) {
        return error_set(error, "out of memory");
    }
    oauth->config = *config;
    oauth->endpoint = join(access_keys_issuer(config->keys), OAUTH_TOKEN_PATH);
    if (!oauth->endpoint) {
        oauth_free(oauth);
        return error_set(error, "out of memory");
    }
    if (apis_new(&oauth->calls, &calls, 1, error) != 0) {
        oauth_free(oauth);
        return -1;
    }
    *out = oauth;
    return 0;
}

void oauth_free(struct oauth *oauth)
{
    if (oauth) {
        apis_free(oauth->calls);
        free(oauth->endpoint);
        free(oauth);
    }
}

/* --- stages, in the order of the flow --------------------------------------------------------- */

bool oauth_owns(const struct oauth *oauth, struct lfi_slice path)
{
    return oauth &&
           (slice_equal_text(path, OAUTH_TOKEN_PATH) || slice_equal_text(path, OAUTH_KEYS_PATH) ||
            slice_equal_text(path, OAUTH_METADATA_PATH));
}

/* Refuses duplicate parameters, also unknown ones, which the document cannot express. */
static int read_form(struct oauth_call *call)
{
    struct call *base = &call->base;
    struct lfi_slice body = base->request->body;
    struct lfi_error error = {""};

    if (body.len > LIMIT_TOKEN_BODY_BYTES) {
        return refusal_set(base->refusal, "CLIENT-FORM", 413, "invalid_request",
                           "The form is too long.");
    }
    if (form_parse(base->arena, body, &call->form, &error) == 0) {
        return 0;
    }
    (void)oauth_refuse_request(base->refusal, "CLIENT-FORM", "The form is malformed.");
    refusal_detail(base->refusal, "%s", error.message);
    return -1;
}

/* What other rooms refuse gets the code of RFC 6749 5.2 that fits. */
static int refused_as(struct call *call, const char *error_code)
{
    call->refusal->error_code = error_code;
    return -1;
}

static int run(struct oauth_call *call)
{
    struct call *base = &call->base;

    if (caller_check_certificate(call->oauth->config.caller, base->request, &call->subject,
                                 base->refusal) != 0) {
        return refused_as(base, "invalid_client");
    }
    dispatch_find(base, call->oauth->calls);
    if (dispatch_route(base) != 0 || read_form(call) != 0 || dispatch_check_request(base) != 0) {
        return refused_as(base, "invalid_request");
    }
    return flow_run(base);
}

/* --- the reply -------------------------------------------------------------------------------- */

static void write_error(const struct call *call)
{
    const struct refusal *refusal = call->refusal;
    struct reply *reply = call->reply;
    struct json_writer w;

    reply->status = refusal->status;
    buf_clear(&reply->body);
    json_begin(&w, &reply->body);
    json_open_object(&w, NULL);
    json_text(&w, "error", refusal->error_code);
    json_text(&w, "error_description", refusal->error_message);
    json_close_object(&w);
    if (refusal->status == 401) {
        reply_header(reply, "WWW-Authenticate", SLICE("Basic realm=\"token endpoint\""));
    }
    if (refusal->status == 503) {
        reply_header(reply, "Retry-After", SLICE("1"));
    }
}

/* Checks our own reply against the document, as the bank's replies are. */
static int check_reply(struct call *call)
{
    struct contract_violation violation;
    if (dispatch_check_reply(call, false, NULL, &violation) == 0) {
        return 0;
    }
    (void)refusal_set(call->refusal, "CONTRACT-RESPONSE", 500, "server_error",
                      "The server could not answer.");
    refusal_detail(call->refusal, "%s: %s", violation.where, violation.rule);
    return -1;
}

static void record(const struct oauth_call *call)
{
    const struct call *base = &call->base;
    const struct oauth_config *config = &call->oauth->config;
    const struct refusal *refusal = base->refusal;
    const char *operation = base->operation ? contract_operation_id(base->operation) : NULL;
    const char *provider = call->client ? call->client->settings->provider : NULL;

    if (refusal->id) {
        const struct explain_finding finding = {.provider = provider,
                                                .operation = operation,
                                                .check = refusal->id,
                                                .status = base->reply->status,
                                                .detail = refusal->detail};
        explain_add(config->explain, &finding, clock_now_us(config->clock));
    }
    if (base->reply->status == 401 || base->reply->status == 403) {
        metrics_listener_count(config->metrics, METRICS_HUB, METRICS_REFUSED_CALLER);
    }
    int64_t micros = clock_monotonic_us() - base->request->started_us;
    metrics_request(config->metrics, call->client ? call->client->provider : METRICS_NONE,
                    base->operation ? config->first_operation + base->found.number : METRICS_NONE,
                    base->reply->status, micros);
    LOG_EVENT(config->log, base->reply->status >= 500 ? LOG_WARN : LOG_INFO, "token-request",
              LOG_TEXT("operation", slice_of(operation)), LOG_TEXT("provider", slice_of(provider)),
              LOG_TEXT("client", slice_of(call->client ? call->client->settings->id : NULL)),
              LOG_NUMBER("status", base->reply->status), LOG_NUMBER("us", micros),
              LOG_TEXT("refused", slice_of(refusal->id)),
              LOG_TEXT("detail", slice_of(refusal->id ? refusal->detail : NULL)));
}

void oauth_handle(struct oauth *oauth, const struct request *request, struct reply *reply)
{
    struct refusal refusal = {0};
    struct oauth_call call = {
        .base = {.request = request, .arena = request->arena, .reply = reply, .refusal = &refusal},
        .oauth = oauth};

    arena_hold_secret(request->arena);
    reply->body.secret = true;
    reply->content_type = "application/json";
    if (run(&call) != 0 || check_reply(&call.base) != 0) {
        if (dispatch_was_memory(&call.base)) {
            refusal.error_code = "server_error";
        }
        write_error(&call.base);
    }
    /* No cache may keep a token (RFC 6749 5.1). */
    reply_header(reply, "Cache-Control", SLICE("no-store"));
    reply_header(reply, "Pragma", SLICE("no-cache"));
    record(&call);
}
