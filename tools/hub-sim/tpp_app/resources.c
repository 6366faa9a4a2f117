/* Calls of the resource server: bearer token, signed bodies, signed answers. */
#include "base/limits.h"
#include "contract/version.h"
#include "script.h"
#include "tpp_app/sign.h"
#include "tpp_app/wire.h"

#include <stdio.h>

#define ACCOUNTS "account-information" /* the family whose answers are not signed */

/* The lines of the call, NULL at the end; false: memory or random numbers are short. */
static bool write_headers(const struct app_call *call, struct arena *arena,
                          const char *out[WIRE_HEADERS])
{
    char id[ID_UUID_MAX];
    size_t count = 0;
    if (!id_uuid4(id)) {
        return false;
    }
    out[count++] = arena_format(arena, "x-fapi-interaction-id: %s", id).ptr;
    out[count++] = arena_format(arena, "x-fapi-customer-ip-address: %s", call->customer).ptr;
    if (strcmp(call->family, ACCOUNTS) != 0) {
        out[count++] = "accept: application/jwt";
    }
    if (call->key) {
        out[count++] = arena_format(arena, "x-idempotency-key: %s", call->key).ptr;
    }
    if (call->auth_date) {
        out[count++] = arena_format(arena, "x-fapi-auth-date: %s", call->auth_date).ptr;
    }
    return true;
}

static int send_once(struct tpp_app *app, const struct flow *flow, const struct app_call *call,
                     struct arena *arena, struct http_answer *answer, struct lfi_error *error)
{
    char version[VERSION_TEXT_MAX];
    version_format(flow->version, version);
    struct wire_call wire = {
        .step = strcmp(call->family, "confirmation-of-payee") == 0 ? "payee"
                : call->message                                    ? "payment"
                                                                   : "resource",
        .method = call->method,
        .url = arena_format(arena, "%s/open-finance/%s/%s%.*s%s%.*s", flow->resources, call->family,
                            version, SLICE_ARG(call->path), call->query.len > 0 ? "?" : "",
                            SLICE_ARG(call->query)),
        .access = call->scope ? flow->own : flow->access};
    if (!write_headers(call, arena, wire.headers)) {
        return error_set(error, "no random numbers");
    }
    if (call->message) {
        wire.jwt = sign_message(app, flow, call->message, arena, error);
        if (!wire.jwt.ptr) {
            return -1;
        }
    }
    return wire_send(app, flow, &wire, arena, answer, error);
}

/* Whether the token is refused, and there is a way to another. */
static bool needs_token(const struct flow *flow, const struct app_call *call, int status)
{
    return status == 401 && (call->scope || flow->refresh[0]);
}

static int send_with_token(struct tpp_app *app, struct flow *flow, const struct app_call *call,
                           struct arena *arena, struct http_answer *answer, struct lfi_error *error)
{
    if (call->scope && !flow->own[0] && app_renew(app, flow, call->scope, arena, error) != 0) {
        return -1;
    }
    int rc = send_once(app, flow, call, arena, answer, error);
    if (rc == 0 && needs_token(flow, call, answer->status)) {
        rc = app_renew(app, flow, call->scope, arena, error);
        if (rc == 0) {
            http_answer_free(answer);
            http_answer_init(answer, LIMIT_REPLY_BYTES);
            rc = send_once(app, flow, call, arena, answer, error);
        }
    }
    return rc;
}

static int open_answer(struct tpp_app *app, struct flow *flow, const struct http_answer *answer,
                       struct arena *arena, struct app_answer *out, struct lfi_error *error)
{
    struct lfi_slice body = buf_slice(&answer->body);
    out->status = answer->status;
    memcpy(out->retry_after, answer->retry_after, sizeof out->retry_after);
    if (body.len == 0) {
        return 0;
    }
    if (!slice_starts_with(slice_of(answer->content_type), "application/jwt")) {
        out->body = script_json_or_text(body, arena);
        return 0;
    }
    cJSON *claims = app_verify(app, flow, body, arena, error);
    out->body = cJSON_DetachItemFromObjectCaseSensitive(claims, "message");
    cJSON_Delete(claims);
    return claims ? 0 : -1;
}

int app_call(struct tpp_app *app, struct flow *flow, const struct app_call *call,
             struct arena *arena, struct app_answer *out, struct lfi_error *error)
{
    struct http_answer answer;
    *out = (struct app_answer){.body = NULL};
    http_answer_init(&answer, LIMIT_REPLY_BYTES);
    int rc = send_with_token(app, flow, call, arena, &answer, error);
    if (rc == 0) {
        rc = open_answer(app, flow, &answer, arena, out, error);
    }
    http_answer_free(&answer);
    return rc;
}

void app_answer_free(struct app_answer *answer)
{
    cJSON_Delete(answer->body);
}
