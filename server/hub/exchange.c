#include "hub/exchange.h"

#include "base/limits.h"
#include "base/text.h"

static const char *const outcome_names[] = {"ok", "refused", "unreachable", "wrong"};

struct lfi_slice hub_path(struct arena *arena, const char *prefix, struct lfi_slice id,
                          const char *suffix)
{
    struct buf path;
    buf_init(&path, LIMIT_QUERY_BYTES);
    buf_append_text(&path, prefix);
    text_append_encoded(&path, id);
    buf_append_text(&path, suffix);
    return arena_take(arena, &path);
}

/* A browser is sent there: a web address, nothing that a script or a second header hides in. */
static bool is_web_address(const char *location)
{
    struct lfi_slice text = slice_of(location);
    if (!slice_starts_with(text, "https://") && !slice_starts_with(text, "http://")) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] <= ' ' || text.ptr[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

static enum hub_outcome judge(struct hub *hub, struct arena *arena, enum hub_operation operation,
                              const struct http_answer *answer, struct hub_response *out,
                              struct lfi_error *error)
{
    out->status = answer->status;
    out->date_s = answer->date_s;
    if (answer->status >= 500) {
        error_set(error, "the Hub answered %d", answer->status);
        return HUB_UNREACHABLE;
    }
    if (answer->status == 303 && operation <= HUB_DO_FAIL) {
        if (!answer->location || !is_web_address(answer->location)) {
            error_set(error, "the Hub sent a redirect without a usable Location");
            return HUB_WRONG;
        }
        out->location = arena_keep(arena, slice_of(answer->location));
        return !out->location.ptr ? HUB_WRONG : HUB_OK;
    }
    if (answer->status > 400 && answer->status < 500) {
        error_set(error, "the Hub refused with %d", answer->status);
        return HUB_REFUSED;
    }
    struct contract_violation violation = {.rule = "status", .where = "$"};
    bool kept =
        answer->status != 303 && contract_check_response(hub->operations[operation], answer->status,
                                                         slice_of(answer->content_type),
                                                         buf_slice(&answer->body), &violation) == 0;
    if (!kept && answer->status == 400 && strcmp(violation.rule, "status") == 0) {
        error_set(error, "the Hub refused with 400"); /* its document names no 4xx at all */
        return HUB_REFUSED;
    }
    if (!kept) {
        error_set(error, "the Hub's answer %d breaks its contract: %s at %s", answer->status,
                  violation.rule, violation.where);
        return HUB_WRONG;
    }
    out->body = arena_keep(arena, buf_slice(&answer->body));
    if (answer->status == 400) {
        error_set(error, "the Hub refused with 400");
        return HUB_REFUSED;
    }
    return answer->status < 300 ? HUB_OK : HUB_WRONG;
}

/* The complete address; absent when memory is short. */
static struct lfi_slice address(struct hub *hub, struct arena *arena,
                                const struct hub_request *request)
{
    const char *base =
        request->operation <= HUB_DO_FAIL ? hub->heimdall_url : hub->consent_manager_url;
    bool asks = request->query.ptr;
    return arena_format(arena, "%s%.*s%s%.*s", base, SLICE_ARG(request->path), asks ? "?" : "",
                        SLICE_ARG(request->query));
}

static enum hub_outcome call(struct hub *hub, struct arena *arena,
                             const struct hub_request *request, struct hub_response *out,
                             struct lfi_error *error)
{
    struct buf token;
    struct http_answer answer;
    enum hub_outcome outcome = HUB_UNREACHABLE;
    buf_init(&token, LIMIT_TOKEN_BYTES + 64);
    http_answer_init(&answer, LIMIT_HUB_REPLY_BYTES);

    const char *headers[] = {"Accept: application/json", NULL, NULL};
    const struct hub_identity *identity = hub->identity;
    if (identity) {
        struct jose_claims claims = {.iss = identity->iss,
                                     .sub = identity->sub,
                                     .aud = hub->audience,
                                     .now_s = clock_now_s(hub->clock),
                                     .life_s = HUB_TOKEN_LIFE_S};
        buf_append_text(&token, "Authorization: Bearer ");
        if (jose_sign(identity->signer, &claims, &token, error) != 0) {
            goto out;
        }
        buf_append(&token, "", 1);
        if (token.failed) {
            error_set(error, "the token is too large");
            goto out;
        }
        headers[1] = token.ptr;
    }
    struct lfi_slice url = address(hub, arena, request);
    if (!url.ptr || !request->path.ptr) {
        error_set(error, "out of memory");
        goto out;
    }
    struct http_call http = {
        .method = contract_operation_method(hub->operations[request->operation]),
        .url = url.ptr,
        .headers = headers,
        .content_type = request->content_type,
        .body = request->body,
        .timeout_ms = request->timeout_ms,
        .repeatable = request->operation == HUB_PATCH_PAYMENT, /* it says how the payment is */
    };
    if (http_client_call(hub->client, &http, &answer, error) != 0) {
        goto out;
    }
    outcome = judge(hub, arena, request->operation, &answer, out, error);
out:
    http_answer_free(&answer);
    buf_free(&token);
    return outcome;
}

/* For the console. `failure` NULL: the call did what it should. */
static void keep_call(const struct hub *hub, const struct hub_request *request, int status,
                      int64_t micros, const struct lfi_error *failure)
{
    struct logged_call one = {.direction = CALL_TO_HUB,
                              .at_us = clock_now_us(hub->clock),
                              .micros = micros,
                              .status = status,
                              .provider = hub->provider_id,
                              .operation =
                                  contract_operation_id(hub->operations[request->operation]),
                              .detail = failure ? failure->message : NULL};
    if (request->operation == HUB_PATCH_PAYMENT) {
        one.payment = request->about;
    } else if (request->operation < HUB_HELLO_CONSENT_MANAGER) {
        one.interaction = request->about;
    } else if (request->operation < HUB_PATCH_OPENING) {
        one.consent = request->about;
    }
    call_log_add(hub->calls, &one);
}

enum hub_outcome hub_exchange(struct hub *hub, struct arena *arena,
                              const struct hub_request *request, struct hub_response *out,
                              struct lfi_error *error)
{
    struct lfi_error unread = {{0}};
    struct lfi_error *reason = error ? error : &unread;
    *out = (struct hub_response){0};
    int64_t started = clock_monotonic_us();
    enum hub_outcome outcome = call(hub, arena, request, out, reason);
    metrics_count(hub->metrics, METRICS_HUB_CALLS);
    if (outcome != HUB_OK) {
        metrics_count(hub->metrics, METRICS_HUB_FAILED);
    }
    int64_t micros = clock_monotonic_us() - started;
    LOG_EVENT(
        hub->log, outcome == HUB_OK ? LOG_INFO : LOG_WARN, "hub-call",
        LOG_TEXT("provider", slice_of(hub->provider_id)),
        LOG_TEXT("operation", slice_of(contract_operation_id(hub->operations[request->operation]))),
        LOG_TEXT("about", request->about), LOG_NUMBER("status", out->status),
        LOG_TEXT("outcome", slice_of(outcome_names[-(int)outcome])),
        LOG_TEXT("reason", outcome == HUB_OK ? (struct lfi_slice){0} : slice_of(reason->message)),
        LOG_NUMBER("us", micros));
    keep_call(hub, request, out->status, micros, outcome == HUB_OK ? NULL : reason);
    return outcome;
}
