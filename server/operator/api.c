#include "operator/operator.h"

#include "base/file.h"
#include "base/limits.h"
#include "contract_operator.h"
#include "flow/dispatch.h"
#include "flow/flow.h"
#include "operator/call.h"
#include "rows_operator.h"

#include <stdlib.h>

struct operator_api {
    struct operator_config config;
    struct apis *calls;
    struct buf text; /* of the token's file */
    struct lfi_slice token;
    struct seal *seal; /* of sessions in a browser */
};

/* --- life ------------------------------------------------------------------------------------- */

/* The content of the file, without line ends, into `text`, which the caller frees. */
static int read_token(const char *file, struct buf *text, struct lfi_slice *token,
                      struct lfi_error *error)
{
    buf_init_secret(text, LIMIT_OPERATOR_TOKEN_BYTES);
    if (file_read(file, text, error) != 0) {
        return -1;
    }
    *token = buf_slice(text);
    while (token->len > 0 && token->ptr[token->len - 1] == '\n') {
        token->len--;
    }
    return token->len >= LIMIT_OPERATOR_TOKEN_MIN
               ? 0
               : error_set(error, "%s: a token has at least %d bytes", file,
                           LIMIT_OPERATOR_TOKEN_MIN);
}

bool operator_token_is_same(const struct operator_api *api)
{
    struct buf text;
    struct lfi_slice token;
    struct lfi_error error;
    bool same = read_token(api->config.token_file, &text, &token, &error) == 0 &&
                slice_equal_secret(token, api->token);
    buf_free(&text);
    return same;
}

int operator_new(struct operator_api **out, const struct operator_config *config,
                 struct lfi_error *error)
{
    static const struct api calls = {.flow = &flow_operator};
    struct operator_api *api = calloc(1, sizeof(*api));
    if (!api) {
        return error_set(error, "out of memory");
    }
    api->config = *config;
    if (read_token(config->token_file, &api->text, &api->token, error) != 0 ||
        operator_seal_new(&api->seal, error) != 0 || apis_new(&api->calls, &calls, 1, error) != 0) {
        operator_free(api);
        return -1;
    }
    *out = api;
    return 0;
}

void operator_free(struct operator_api *api)
{
    if (api) {
        apis_free(api->calls);
        seal_free(api->seal);
        buf_free(&api->text);
        free(api);
    }
}

void operator_append_calls(const struct operator_api *api, struct buf *out)
{
    for (size_t i = 0; i < apis_operation_count(api->calls); i++) {
        const struct contract_operation *operation = apis_operation_at(api->calls, i);
        buf_append_format(out, "<tr><td>%s <td><code>%s</code> <td>%s\n",
                          contract_operation_method(operation), contract_operation_path(operation),
                          contract_operation_summary(operation));
    }
}

/* --- stages, in the order of the flow --------------------------------------------------------- */

/* The token, or the cookie that stands for it on the console's own page. */
static int check_caller(struct operator_call *op)
{
    struct call *call = &op->base;
    struct lfi_slice header = request_header(call->request, "authorization", NULL);
    if (slice_starts_with(header, "Bearer ") &&
        slice_equal_secret((struct lfi_slice){header.ptr + 7, header.len - 7}, op->token)) {
        return 0;
    }
    if (header.ptr || !operator_session_lives(op->seal, call->request, op->now_s)) {
        return operator_refuse(call, "LEVER-TOKEN", 401,
                               "The operator's token is missing or wrong.");
    }
    return operator_is_own_page(call->request)
               ? 0
               : operator_refuse(call, "LEVER-ORIGIN", 403,
                                 "The session counts on the console's own page only.");
}

static int find_operation(struct call *call)
{
    int rc = dispatch_route(call);
    return call->found.found == CONTRACT_NO_PATH
               ? operator_refuse(call, "ROUTE-PATH", 404,
                                 "No such resource: GET / lists what there is.")
               : rc;
}

static int find_provider(struct operator_call *op)
{
    struct call *call = &op->base;
    struct lfi_slice id = contract_parameter(&call->parameters, OPERATOR_PROVIDER);
    if (!id.ptr) {
        return 0;
    }
    call->provider = provider_find(op->config->providers, id);
    return call->provider
               ? 0
               : operator_refuse(call, "LEVER-UNKNOWN", 404, "There is no such provider.");
}

static int read_body(struct operator_call *op)
{
    struct lfi_slice body = op->base.request->body;
    if (body.len == 0 || !contract_operation_takes_json(op->base.operation)) {
        return 0;
    }
    op->body = json_parse(body);
    return op->body ? 0 : operator_refuse(&op->base, "LEVER-FAILED", 500, "Out of memory.");
}

static int run(const struct operator_api *api, struct operator_call *op)
{
    struct call *call = &op->base;
    dispatch_find(call, api->calls);
    bool open = call->operation && contract_operation_open(call->operation);
    if ((!open && check_caller(op) != 0) || find_operation(call) != 0 ||
        dispatch_check_request(call) != 0 || find_provider(op) != 0 || read_body(op) != 0) {
        return -1;
    }
    return flow_run(call);
}

/* Our own reply is checked against the document as the bank's are. */
static int check_reply(struct call *call)
{
    struct contract_violation violation;
    if (dispatch_check_reply(call, false, NULL, &violation) == 0) {
        return 0;
    }
    (void)operator_refuse(call, "CONTRACT-RESPONSE", 500, "The server could not answer.");
    refusal_detail(call->refusal, "%s: %s: %s", violation.where, violation.rule, violation.message);
    return -1;
}

/* Every body is JSON, whatever a client like curl says of it. */
static int declare_json(struct request *request)
{
    static const struct lfi_slice json = {"application/json", sizeof("application/json") - 1};
    struct header *headers =
        arena_array(request->arena, request->header_count + 1, sizeof(*headers));
    size_t count = 0;
    if (!headers) {
        return -1;
    }
    for (size_t i = 0; i < request->header_count; i++) {
        if (!slice_equal_nocase(request->headers[i].name, "content-type")) {
            headers[count++] = request->headers[i];
        }
    }
    headers[count++] = (struct header){SLICE("Content-Type"), json};
    request->headers = headers;
    request->header_count = count;
    return 0;
}

static void answer(const struct operator_api *api, struct operator_call *op)
{
    struct call *call = &op->base;
    int rc = run(api, op);
    if (rc == 0 && call->reply->status == 204) {
        call->reply->content_type = NULL;
    }
    if (rc != 0 || check_reply(call) != 0) {
        call->refusal->error_code = "GenericError"; /* whichever stage refused */
        dispatch_refuse(call);
    }
    cJSON_Delete(op->body);
}

void operator_handle(const struct operator_api *api, const struct request *request,
                     struct reply *reply)
{
    const struct clock system_time = {0};
    struct refusal refusal = {0};
    struct request inner = *request;
    struct operator_call op = {
        .base = {.request = &inner, .arena = request->arena, .reply = reply, .refusal = &refusal},
        .config = &api->config,
        .level = request_is_read(request) ? LOG_INFO : LOG_WARN,
        .token = api->token,
        .seal = api->seal,
        .now_s = clock_now_s(&system_time)};
    reply->content_type = "application/json";
    if (declare_json(&inner) != 0) {
        (void)operator_refuse(&op.base, "LEVER-FAILED", 500, "Out of memory.");
        reply_refusal(reply, &refusal);
    } else {
        answer(api, &op);
    }
    LOG_EVENT(api->config.log, op.level, "operator", LOG_TEXT("method", request->method),
              LOG_TEXT("path", request->path), LOG_NUMBER("status", reply->status),
              LOG_TEXT("refused", slice_of(refusal.id)),
              LOG_TEXT("detail", slice_of(refusal.id ? refusal.detail : NULL)));
}
