#include "connect/operation.h"

#include "base/crash.h"
#include "base/json.h"
#include "base/limits.h"
#include "consent/rules.h"
#include "flow/flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ID_MAX 128 /* as long as the contract lets a consent id be */

/* --- stages, in the order of the flow --------------------------------------------------------- */

static const struct contract_api *api_of(const struct call *call)
{
    return call->connect->config.api->contract;
}

#define ALLOW_MAX 64 /* bytes: all methods there are */

/* A refused method is told which would do (RFC 9110 15.5.6). */
static void add_allow(const struct call *call)
{
    struct buf methods;
    buf_init(&methods, ALLOW_MAX);
    contract_append_methods(api_of(call), call->request->path, &methods);
    reply_header(call->reply, "Allow", buf_slice(&methods));
    buf_free(&methods);
}

static int stage_route(const struct call *call, enum contract_found found)
{
    if (found == CONTRACT_NO_PATH) {
        return refusal_set(call->refusal, "ROUTE-PATH", 404, "GenericError", "No such resource.");
    }
    if (found == CONTRACT_NO_METHOD) {
        add_allow(call);
        return refusal_set(call->refusal, "ROUTE-METHOD", 405, "GenericError",
                           "The resource does not offer this method.");
    }
    return 0;
}

/* The first header that is missed is not the only one: names all of them. */
static void add_missing(struct call *call, const struct contract_match *match)
{
    struct buf names;
    buf_init(&names, sizeof(call->refusal->error_message) / 2);
    if (contract_append_missing(match, call->request, &names) > 1) {
        struct lfi_slice message = arena_format(
            call->arena, "The header is invalid: %.*s: are missing.", SLICE_ARG(buf_slice(&names)));
        (void)refusal_set(call->refusal, "PROVIDER-MISSING", 400, "Body.InvalidFormat",
                          message.ptr ? message.ptr : "The header is invalid.");
        refusal_detail(call->refusal, "missing: %.*s", SLICE_ARG(buf_slice(&names)));
    }
    buf_free(&names);
}

static int stage_provider(struct call *call, const struct caller_identity *identity,
                          const struct contract_match *match)
{
    if (provider_of_request(call->connect->config.providers, call->request, &call->provider,
                            call->refusal) != 0) {
        if (strcmp(call->refusal->id, "PROVIDER-MISSING") == 0) {
            add_missing(call, match);
        }
        return -1;
    }
    return caller_check_audience(identity, call->provider->audience, call->refusal);
}

static int stage_contract(struct call *call, const struct contract_match *match)
{
    struct contract_violation violation;
    const char *in = "";
    if (contract_check_request(match, call->request, &call->parameters, &in, &violation) == 0) {
        return 0;
    }
    struct lfi_slice place = slice_of(in);
    if (slice_equal_text(place, "path") && strcmp(violation.rule, "enum") == 0) {
        return stage_route(call, CONTRACT_NO_PATH);
    }
    bool query = slice_equal_text(place, "query") || slice_equal_text(place, "path");
    struct lfi_slice message = arena_format(call->arena,
                                            query ? "A %s parameter has an invalid format: %s: %s."
                                                  : "The %s is invalid: %s: %s.",
                                            in, violation.where, violation.message);
    (void)refusal_set(call->refusal, query ? "CONTRACT-PARAMETER" : "CONTRACT-REQUEST", 400,
                      query ? "Resource.InvalidFormat" : "Body.InvalidFormat",
                      message.ptr ? message.ptr : "The request is invalid.");
    refusal_detail(call->refusal, "%s %s: %s", in, violation.where, violation.rule);
    return -1;
}

/* Applies an operator override: delay, drop the connection, or canned reply. */
static bool stage_override(struct call *call)
{
    struct override wish;
    struct overrides *overrides = call->connect->config.overrides;
    if (!overrides || !overrides_take(overrides, call->arena, call->provider->id,
                                      contract_operation_id(call->operation),
                                      clock_now_us(call->connect->clock), &wish)) {
        return false;
    }
    LOG_EVENT(call->connect->log, LOG_WARN, "override-used", LOG_TEXT("provider", wish.provider),
              LOG_TEXT("operation", wish.operation), LOG_NUMBER("status", wish.status),
              LOG_NUMBER("delayMs", wish.delay_ms), LOG_NUMBER("cut", wish.cut));
    if (wish.delay_ms > 0) {
        const struct timespec delay = {wish.delay_ms / 1000, wish.delay_ms % 1000 * 1000000L};
        (void)nanosleep(&delay, NULL);
    }
    call->overridden = wish.cut || wish.status != 0;
    call->reply->hang_up = wish.cut;
    if (wish.status != 0) {
        call->reply->status = wish.status;
        buf_append_slice(&call->reply->body,
                         wish.body.ptr
                             ? wish.body
                             : SLICE("{\"errorCode\":\"GenericError\","
                                     "\"errorMessage\":\"Simulated by an operator override.\"}"));
    }
    return call->overridden;
}

/* Its core holds all the workers that it may have. */
static int refuse_busy(struct call *call)
{
    metrics_listener_count(call->connect->metrics, METRICS_HUB, METRICS_REFUSED_SHARE);
    reply_header(call->reply, "Retry-After", SLICE("1"));
    return refusal_set(call->refusal, "PROVIDER-BUSY", 500, "GenericRecoverableError",
                       "The bank cannot answer right now. Please try again.");
}

/* What the core is told of who asks. */
static void name_caller(struct call *call)
{
    const struct contract_parameters *parameters = &call->parameters;
    call->core = core_call(call->provider->host);
    call->core.interaction_id = contract_parameter(parameters, call->row->interaction);
    call->core.consent_id = contract_parameter(parameters, call->row->consent);
    call->core.tpp_id = contract_parameter(parameters, call->row->tpp);
}

static int run(struct call *call, enum contract_found found, const struct contract_match *match)
{
    struct caller_identity identity;
    if (found == CONTRACT_FOUND && contract_operation_open(match->operation)) {
        return stage_contract(call, match) == 0 ? flow_run(call) : -1;
    }
    if (caller_authenticate(call->peers->caller, call->request, &identity, call->refusal) != 0) {
        metrics_listener_count(call->connect->metrics, METRICS_HUB, METRICS_REFUSED_CALLER);
        return -1;
    }
    if (stage_route(call, found) != 0 || stage_provider(call, &identity, match) != 0 ||
        stage_contract(call, match) != 0) {
        return -1;
    }
    size_t provider = provider_index(call->connect->config.providers, call->provider);
    enum share share = share_take(call->connect->shares, provider);
    if (share == SHARE_NONE) {
        return refuse_busy(call);
    }
    name_caller(call);
    crash_note(call->provider->id, contract_operation_id(call->operation));
    int rc = stage_override(call) ? 0 : flow_run(call);
    crash_note(NULL, NULL);
    share_give_back(call->connect->shares, provider, share);
    return rc;
}

/* --- the reply -------------------------------------------------------------------------------- */

static void refuse(struct call *call)
{
    struct refusal *refusal = call->refusal;
    if (call->operation && !contract_response_has(call->operation, refusal->status, "errorCode")) {
        refusal->error_code = NULL; /* as the health checks' errors */
    }
    reply_refusal(call->reply, refusal);
}

static int check_body(const struct call *call, struct contract_violation *violation)
{
    const struct reply *reply = call->reply;
    if (reply->status == 200 && call->records.depth > 0) {
        return contract_check_records(call->operation, &call->records, buf_slice(&reply->body),
                                      violation);
    }
    return contract_check_response(call->operation, reply->status, slice_of(reply->content_type),
                                   buf_slice(&reply->body), violation);
}

/* Our own answer is held against the contract as any caller would hold it. */
static void check_reply(struct call *call)
{
    struct contract_violation violation;
    struct reply *reply = call->reply;
    int mode = atomic_load_explicit(&call->connect->check_responses, memory_order_relaxed);
    if (mode == CONTRACT_REPLIES_OFF || !call->operation || call->overridden ||
        check_body(call, &violation) == 0) {
        return;
    }
    metrics_count(call->connect->metrics, METRICS_CONTRACT_RESPONSE);
    LOG_EVENT(call->connect->log, LOG_ERROR, "contract-response",
              LOG_TEXT("operation", slice_of(contract_operation_id(call->operation))),
              LOG_NUMBER("status", reply->status), LOG_TEXT("where", slice_of(violation.where)),
              LOG_TEXT("rule", slice_of(violation.rule)));
    /* A record that was not asked for may be somebody else's. */
    if (mode == CONTRACT_REPLIES_ENFORCE || strcmp(violation.rule, "record") == 0) {
        (void)refusal_set(call->refusal, "CONTRACT-RESPONSE", 500, "GenericError",
                          "The bank could not answer.");
        refusal_detail(call->refusal, "%s: %s: %s", violation.where, violation.rule,
                       violation.message);
        refuse(call);
    }
}

bool call_is_id(struct lfi_slice text)
{
    bool dots = true;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool fine = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                    c == '-' || c == '_' || c == '.' || c == ':';
        if (!fine) {
            return false;
        }
        dots = dots && c == '.'; /* a step in a path, not a name */
    }
    return !dots && text.len <= ID_MAX;
}

struct lfi_slice call_logged_header(const struct request *request, const char *name)
{
    struct lfi_slice id = request_header(request, name, NULL);
    return id.len == 0 || call_is_id(id) ? id : SLICE("(malformed)");
}

static void remember(const struct call *call)
{
    const struct refusal *refusal = call->refusal;
    const struct explain_finding finding = {
        .interaction = request_header(call->request, "o3-ozone-interaction-id", NULL),
        .caller_interaction = request_header(call->request, "o3-caller-interaction-id", NULL),
        .provider = call->provider ? call->provider->id : NULL,
        .operation = call->operation ? contract_operation_id(call->operation) : NULL,
        .check = refusal->id,
        .status = call->reply->status,
        .detail = refusal->detail};
    explain_add(call->connect->config.explain, &finding, clock_now_us(call->connect->clock));
}

static void record(const struct call *call)
{
    const struct connect *connect = call->connect;
    const struct request *request = call->request;
    const struct refusal *refusal = call->refusal;
    int64_t micros = clock_monotonic_us() - request->started_us;
    size_t provider = call->provider ? provider_index(connect->config.providers, call->provider)
                                     : provider_count(connect->config.providers);
    size_t operation = call->operation ? contract_operation_index(call->operation)
                                       : contract_operation_count(api_of(call));
    metrics_request(connect->metrics, provider, operation, call->reply->status, micros);
    LOG_EVENT(
        connect->log, call->reply->status >= 500 ? LOG_WARN : LOG_INFO, "request",
        LOG_TEXT("provider", slice_of(call->provider ? call->provider->id : NULL)),
        LOG_TEXT("operation",
                 slice_of(call->operation ? contract_operation_id(call->operation) : NULL)),
        LOG_NUMBER("status", call->reply->status), LOG_NUMBER("us", micros),
        LOG_TEXT("interaction", call_logged_header(request, "o3-ozone-interaction-id")),
        LOG_TEXT("callerInteraction", call_logged_header(request, "o3-caller-interaction-id")),
        LOG_TEXT("fapiInteraction", call_logged_header(request, "x-fapi-interaction-id")),
        LOG_TEXT("consent", call_logged_header(request, "o3-consent-id")),
        LOG_TEXT("refused", slice_of(refusal->id)),
        LOG_TEXT("detail", slice_of(refusal->id ? refusal->detail : NULL)));
}

/*
 * What is said under a consent, or in answer to a body, is about somebody: no cache may keep it.
 * The rest is open data and the health of the server.
 */
static bool is_personal(const struct call *call)
{
    return !call->operation || contract_operation_has_parameter(call->operation, "o3-consent-id") ||
           !slice_equal_text(call->request->method, "GET");
}

/* What a person or a probe gets that comes without knowing more than the address. */
static bool is_front_door(const struct request *request)
{
    return slice_equal_text(request->path, "/") && slice_equal_text(request->method, "GET");
}

static void answer_front_door(struct reply *reply)
{
    struct json_writer w;
    json_begin(&w, &reply->body);
    json_open_object(&w, NULL);
    json_text(&w, "service", "Ozone Connect, called by the API Hub");
    json_text(&w, "health", "/hello");
    json_text(&w, "needs", "the Hub's client certificate, its credential and the o3-* headers");
    json_close_object(&w);
    reply->status = 200;
}

void connect_handle(struct connect *connect, const struct connect_peers *peers,
                    const struct request *request, struct reply *reply)
{
    struct refusal refusal = {0};
    struct contract_match match = {0};
    struct call call = {.connect = connect,
                        .metrics = connect->metrics,
                        .peers = peers,
                        .request = request,
                        .arena = request->arena,
                        .reply = reply,
                        .refusal = &refusal};
    reply->content_type = "application/json";
    if (is_front_door(request)) {
        answer_front_door(reply);
        record(&call);
        return;
    }
    enum contract_found found =
        contract_match(api_of(&call), request->method, request->path, &match);
    if (found == CONTRACT_FOUND) {
        call.operation = match.operation;
        call.row = &connect->config.api->rows[contract_operation_index(match.operation)];
    }
    int rc = run(&call, found, &match);
    struct lfi_error error = {""};
    if (rc == 0 && reply->body.failed) {
        rc = outcome_check(&call, OUTCOME_BANK, LFI_CORE_OK, &error);
    }
    if (rc != 0) {
        refuse(&call);
    }
    check_reply(&call);
    if (is_personal(&call)) {
        reply_header(reply, "Cache-Control", SLICE("no-store"));
    }
    if (refusal.id) {
        remember(&call);
    }
    record(&call);
}

/* --- life ------------------------------------------------------------------------------------- */

static void list_later(const struct connect *connect)
{
    const struct flow_api *api = connect->config.api;
    for (size_t i = 0; i < contract_operation_count(api->contract); i++) {
        const struct contract_operation *operation = contract_operation_at(api->contract, i);
        if (api->rows[i].later) {
            LOG_EVENT(connect->log, LOG_INFO, "operation-later",
                      LOG_TEXT("operation", slice_of(contract_operation_id(operation))),
                      LOG_TEXT("method", slice_of(contract_operation_method(operation))),
                      LOG_TEXT("path", slice_of(contract_operation_path(operation))));
        }
    }
}

int connect_new(struct connect **out, const struct connect_config *config,
                const struct clock *clock, const struct log *log, struct metrics *metrics,
                struct lfi_error *error)
{
    *out = NULL;
    struct connect *connect = calloc(1, sizeof(*connect));
    if (!connect) {
        return error_set(error, "out of memory");
    }
    connect->config = *config;
    connect->check_responses = (int)config->check_responses;
    connect->clock = clock;
    connect->log = log;
    connect->metrics = metrics;
    connect->watermarks = memo_new();
    connect->permissions = memo_new();
    connect->shares = shares_new(provider_count(config->providers), config->workers);
    if (!connect->shares || !connect->watermarks || !connect->permissions ||
        jwe_code_pool_new(&connect->codes, error) != 0 ||
        contract_init(config->api->contract, error) != 0 || consent_rules_init(error) != 0) {
        connect_free(connect);
        return -1;
    }
    list_later(connect);
    *out = connect;
    return 0;
}

void connect_free(struct connect *connect)
{
    if (connect) {
        consent_rules_fini();
        contract_fini(connect->config.api->contract);
        jwe_code_pool_free(connect->codes);
        shares_free(connect->shares);
        memo_free(connect->permissions);
        memo_free(connect->watermarks);
        free(connect);
    }
}

void connect_set_check(struct connect *connect, enum contract_replies check)
{
    atomic_store(&connect->check_responses, (int)check);
}

size_t connect_operation_ids(const struct contract_api *api, const char **out, size_t max)
{
    size_t count = contract_operation_count(api);
    for (size_t i = 0; i < count && i < max; i++) {
        out[i] = contract_operation_id(contract_operation_at(api, i));
    }
    return count;
}
