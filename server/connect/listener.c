#include "connect/caap.h"

#include "base/crash.h"
#include "base/json.h"
#include "base/limits.h"
#include "caller/binding.h"
#include "connect/call_consent.h"
#include "consent/rules.h"
#include "contract/version.h"
#include "flow/dispatch.h"
#include "flow/flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PATH_MAX_BYTES 256 /* base path and template */
#define CUT_MAX_BYTES 200  /* names of what an answer lacks */

/* --- stages, in the order of the flow --------------------------------------------------------- */

/* The first header that is missed is not the only one: names all of them. */
static void add_missing(struct call *call)
{
    struct buf names;
    buf_init(&names, sizeof(call->refusal->error_message) / 2);
    if (contract_append_missing(&call->found.contract, call->request, &names) > 1) {
        struct lfi_slice message = arena_format(
            call->arena, "The header is invalid: %.*s: are missing.", SLICE_ARG(buf_slice(&names)));
        (void)refusal_set(call->refusal, "PROVIDER-MISSING", 400, "Body.InvalidFormat",
                          message.ptr ? message.ptr : "The header is invalid.");
        refusal_detail(call->refusal, "missing: %.*s", SLICE_ARG(buf_slice(&names)));
    }
    buf_free(&names);
}

/* Whom the operation is for: the Hub alone, or CAAP as well where CAAP has a form of it. */
static unsigned callers_of(const struct call *call)
{
    return call->operation && !call->found.api->caap ? CALLER_HUB : CALLER_HUB | CALLER_CAAP;
}

/*
 * Who asks: certificate and organisation, then the provider's credential. What is wrong with
 * o3-provider-id is in `unnamed`, for a caller who has passed.
 */
static int stage_caller(struct call *call, const struct refusal *unnamed)
{
    struct caller *caller = call->peers->caller;
    struct caller_identity identity;
    if (caller_check_certificate(caller, call->request, &identity.subject, call->refusal) != 0) {
        return -1;
    }
    if (caap_names_no_provider(call)) {
        return caap_find_caller(call, &identity, unnamed);
    }
    const struct provider_set *providers = call->connect->config.providers;
    size_t provider =
        call->provider ? provider_index(providers, call->provider) : CALLER_NO_PROVIDER;
    if (!(call->row && call->row->connect_token &&
          caller_has_connect_token(caller, provider, call->request)) &&
        caller_authenticate(caller, provider, call->request, &identity, call->refusal) != 0) {
        return -1;
    }
    return call->provider ? caller_check_binding(caller, provider, &identity.subject,
                                                 callers_of(call), call->refusal)
                          : 0;
}

static int stage_provider(struct call *call, const struct refusal *unnamed)
{
    if (call->provider) {
        return 0;
    }
    *call->refusal = *unnamed;
    if (strcmp(call->refusal->id, "PROVIDER-MISSING") == 0) {
        add_missing(call);
    }
    return -1;
}

/* Applies an operator override: delay, drop the connection, or canned reply. */
static bool stage_override(struct call *call)
{
    struct override override;
    struct overrides *overrides = call->connect->config.overrides;
    if (!overrides || !overrides_take(overrides, call->arena, call->provider->id,
                                      contract_operation_id(call->operation),
                                      clock_now_us(call->connect->clock), &override)) {
        return false;
    }
    LOG_EVENT(call->connect->log, LOG_WARN, "override-used",
              LOG_TEXT("provider", override.provider), LOG_TEXT("operation", override.operation),
              LOG_NUMBER("status", override.status), LOG_NUMBER("delayMs", override.delay_ms),
              LOG_NUMBER("cut", override.cut));
    if (override.delay_ms > 0) {
        const struct timespec delay = {override.delay_ms / 1000,
                                       override.delay_ms % 1000 * 1000000L};
        (void)nanosleep(&delay, NULL);
    }
    call->overridden = override.cut || override.status != 0;
    call->reply->hang_up = override.cut;
    if (override.status != 0) {
        call->reply->status = override.status;
        buf_append_slice(&call->reply->body,
                         override.body.ptr
                             ? override.body
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
    call->core = core_call(call->provider->host, call->request->cancellation);
    call->core.interaction_id = contract_parameter(parameters, call->row->interaction);
    call->core.consent_id = contract_parameter(parameters, call->row->consent);
    call->core.tpp_id = contract_parameter(parameters, call->row->tpp);
}

const struct offers *call_offers(const struct call *call)
{
    const struct offers *const *offers = call->peers->offers;
    return offers ? offers[provider_index(call->connect->config.providers, call->provider)]
                  : &call->provider->offers;
}

static int run(struct call *call, const struct refusal *unnamed)
{
    if (call->operation && contract_operation_open(call->operation)) {
        call->provider = NULL;
        return dispatch_check_request(call) == 0 ? flow_run(call) : -1;
    }
    if (stage_caller(call, unnamed) != 0) {
        metrics_listener_count(call->connect->metrics, METRICS_HUB, METRICS_REFUSED_CALLER);
        return -1;
    }
    if (dispatch_route(call) != 0 || stage_provider(call, unnamed) != 0 ||
        dispatch_version(call, call_offers(call)->versions[call->found.index]) != 0 ||
        dispatch_check_request(call) != 0) {
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

/* Names that the version does not take: an operator cleans them at their source. */
static void tell_misfits(const struct call *call)
{
    const struct contract_misfit_counts *misfits = &call->misfits;
    const unsigned counts[METRICS_MISFITS] = {[METRICS_MISFIT_LEFT_OUT] = misfits->left_out,
                                              [METRICS_MISFIT_TRANSLITERATED] =
                                                  misfits->transliterated,
                                              [METRICS_MISFIT_REFUSED] = misfits->refused,
                                              [METRICS_MISFIT_LATER] = misfits->later};
    unsigned here = misfits->left_out + misfits->transliterated + misfits->refused;
    if (!call->provider || here + misfits->later == 0) {
        return;
    }
    metrics_misfits(call->connect->metrics,
                    provider_index(call->connect->config.providers, call->provider), counts);
    if (here > 0) {
        LOG_EVENT(
            call->connect->log, LOG_WARN, "name-misfit",
            LOG_TEXT("operation", slice_of(contract_operation_id(call->operation))),
            LOG_TEXT("provider", slice_of(call->provider->id)),
            LOG_TEXT("interaction", call_logged_header(call->request, "o3-ozone-interaction-id")),
            LOG_NUMBER("leftOut", misfits->left_out),
            LOG_NUMBER("transliterated", misfits->transliterated),
            LOG_NUMBER("refused", misfits->refused));
    }
}

/* A finding about this request, without what was found. */
static struct explain_finding finding_of(const struct call *call, char version[VERSION_TEXT_MAX])
{
    version_format(call->version.used, version);
    return (struct explain_finding){
        .interaction = call_logged_header(call->request, "o3-ozone-interaction-id"),
        .caller_interaction = call_logged_header(call->request, "o3-caller-interaction-id"),
        .provider = call->provider ? call->provider->id : NULL,
        .operation = call->operation ? contract_operation_id(call->operation) : NULL,
        .version = version};
}

/* The members of the reply that its version of the standard does not have, or calls otherwise. */
static void explain_cut(const struct call *call, const struct buf *names)
{
    char version[VERSION_TEXT_MAX], detail[CUT_MAX_BYTES + 20];
    struct explain_finding finding = finding_of(call, version);
    (void)snprintf(detail, sizeof(detail), "left out: %.*s",
                   SLICE_ARG(names->failed ? SLICE("many members") : buf_slice(names)));
    finding.check = "VERSION-CUT";
    finding.detail = detail;
    finding.usual = true;
    explain_add(call->connect->config.explain, &finding, clock_now_us(call->connect->clock));
}

/* Our own reply is checked against the contract as a caller would check it. */
static void check_reply(struct call *call)
{
    struct contract_violation violation;
    struct buf cut;
    struct reply *reply = call->reply;
    int mode = atomic_load_explicit(&call->connect->check_responses, memory_order_relaxed);
    bool checked =
        call->operation && !call->overridden &&
        (mode != CONTRACT_REPLIES_OFF || contract_response_cuts(call->operation, reply->status));
    buf_init(&cut, CUT_MAX_BYTES);
    bool transliterate = call->provider && call_offers(call)->transliterate;
    int rc = checked ? dispatch_check_reply(call, transliterate, &cut, &violation) : 0;
    tell_misfits(call);
    if (cut.len > 0 || cut.failed) {
        explain_cut(call, &cut);
    }
    buf_free(&cut);
    if (rc == 0 || mode == CONTRACT_REPLIES_OFF) {
        return;
    }
    metrics_count(call->connect->metrics, METRICS_CONTRACT_RESPONSE);
    LOG_EVENT(call->connect->log, LOG_ERROR, "contract-response",
              LOG_TEXT("operation", slice_of(contract_operation_id(call->operation))),
              LOG_NUMBER("status", reply->status), LOG_TEXT("where", slice_of(violation.where)),
              LOG_TEXT("rule", slice_of(violation.rule)));
    /* A record that was not asked for may be another customer's. */
    if (mode == CONTRACT_REPLIES_ENFORCE || strcmp(violation.rule, "record") == 0) {
        (void)refusal_set(call->refusal, "CONTRACT-RESPONSE", 500, "GenericError",
                          "The bank could not answer.");
        refusal_detail(call->refusal, "%s: %s: %s", violation.where, violation.rule,
                       violation.message);
        dispatch_refuse(call);
    }
}

static void remember(const struct call *call)
{
    char version[VERSION_TEXT_MAX];
    const struct refusal *refusal = call->refusal;
    struct explain_finding finding = finding_of(call, version);
    finding.check = refusal->id;
    finding.status = call->reply->status;
    finding.detail = refusal->detail;
    explain_add(call->connect->config.explain, &finding, clock_now_us(call->connect->clock));
}

/* Counts in which version the request was served; what told it, for the log. */
static const char *count_version(const struct call *call, size_t provider)
{
    static const struct {
        enum metrics_version counted;
        const char *name;
    } sources[VERSION_SOURCES] = {
        [VERSION_FROM_URI] = {METRICS_VERSION_URI, "uri"},
        [VERSION_FROM_BASE_PATH] = {METRICS_VERSION_BASE_PATH, "basePath"},
        [VERSION_BY_DEFAULT] = {METRICS_VERSION_DEFAULT, "default"}};
    const struct call_version *version = &call->version;
    if (version->from != VERSION_NONE) {
        metrics_version(call->connect->metrics, provider, version->used,
                        sources[version->from].counted);
    }
    return sources[version->from].name;
}

/*
 * The version of the call's consent, or of its base path, when the call is of another; 0: all that
 * is known agrees. It is served all the same. (Versions 3.3.)
 */
static uint32_t mixed_version(const struct call *call)
{
    const struct call_version *version = &call->version;
    if (version->from == VERSION_NONE || version->from == VERSION_BY_DEFAULT) {
        return 0;
    }
    uint32_t base = call->found.base_version, consent = call_consent_version(call);
    return base != 0 && base != version->asked         ? base
           : consent != 0 && consent != version->asked ? consent
                                                       : 0;
}

/* For the console. Ids that are malformed are not kept: they may be anything. */
static void keep_call(const struct call *call, int64_t micros)
{
    const struct connect *connect = call->connect;
    const struct request *request = call->request;
    const struct refusal *refusal = call->refusal;
    if (connect->config.calls) {
        const struct logged_call one = {
            .direction = CALL_FROM_HUB,
            .at_us = clock_now_us(connect->clock),
            .micros = micros,
            .status = call->reply->status,
            .provider = call->provider ? call->provider->id : NULL,
            .operation = call->operation ? contract_operation_id(call->operation) : NULL,
            .interaction = call_logged_header(request, "o3-ozone-interaction-id"),
            .caller_interaction = call_logged_header(request, "o3-caller-interaction-id"),
            .consent = call_logged_header(request, "o3-consent-id"),
            .check = refusal->id,
            .detail = refusal->id ? refusal->detail : NULL};
        call_log_add(connect->config.calls, &one);
    }
}

static void record(const struct call *call)
{
    char used[VERSION_TEXT_MAX], asked[VERSION_TEXT_MAX], mixed[VERSION_TEXT_MAX];
    const struct connect *connect = call->connect;
    const struct request *request = call->request;
    const struct refusal *refusal = call->refusal;
    int64_t micros = clock_monotonic_us() - request->started_us;
    size_t provider =
        call->provider ? provider_index(connect->config.providers, call->provider) : METRICS_NONE;
    size_t operation = call->operation ? call->found.number : METRICS_NONE;
    metrics_request(connect->metrics, provider, operation, call->reply->status, micros);
    const char *version_from = count_version(call, provider);
    version_format(call->version.used, used);
    version_format(call->version.asked, asked);
    uint32_t other = mixed_version(call);
    version_format(other, mixed);
    if (other != 0) {
        metrics_count(connect->metrics, METRICS_VERSION_MIXED);
    }
    LOG_EVENT(
        connect->log, call->reply->status >= 500 ? LOG_WARN : LOG_INFO, "request",
        LOG_TEXT("provider", slice_of(call->provider ? call->provider->id : NULL)),
        LOG_TEXT("operation",
                 slice_of(call->operation ? contract_operation_id(call->operation) : NULL)),
        LOG_NUMBER("status", call->reply->status), LOG_NUMBER("us", micros),
        LOG_TEXT("version", slice_of(used[0] ? used : NULL)),
        LOG_TEXT("asked", slice_of(asked[0] ? asked : NULL)),
        LOG_TEXT("versionFrom", slice_of(version_from)),
        LOG_TEXT("otherVersion", slice_of(mixed[0] ? mixed : NULL)),
        LOG_TEXT("interaction", call_logged_header(request, "o3-ozone-interaction-id")),
        LOG_TEXT("callerInteraction", call_logged_header(request, "o3-caller-interaction-id")),
        LOG_TEXT("fapiInteraction", call_logged_header(request, "x-fapi-interaction-id")),
        LOG_TEXT("consent", call_logged_header(request, "o3-consent-id")),
        LOG_TEXT("refused", slice_of(refusal->id)),
        LOG_TEXT("detail", slice_of(refusal->id ? refusal->detail : NULL)));
    keep_call(call, micros);
}

/*
 * What is said under a consent, or in answer to a body, is about somebody: no cache may keep it.
 * The rest is open data and the health of the server.
 */
static bool is_personal(const struct call *call)
{
    return !call->operation || call->row->consent != 0 ||
           !slice_equal_text(call->request->method, "GET");
}

/* What a person or a probe gets that comes without knowing more than the address. */
static bool is_root(const struct request *request)
{
    return slice_equal_text(request->path, "/") && slice_equal_text(request->method, "GET");
}

static void answer_root(const struct connect *connect, struct reply *reply)
{
    struct json_writer w;
    struct buf health;
    buf_init(&health, PATH_MAX_BYTES);
    apis_append_path(connect->config.apis, "hello", &health);
    json_begin(&w, &reply->body);
    json_open_object(&w, NULL);
    json_text(&w, "service", "Ozone Connect, called by the API Hub");
    json_string(&w, "health", buf_slice(&health));
    json_text(&w, "needs", "the Hub's client certificate, its credential and the o3-* headers");
    json_close_object(&w);
    buf_free(&health);
    reply->status = 200;
}

void connect_handle(struct connect *connect, const struct connect_peers *peers,
                    const struct request *request, struct reply *reply)
{
    struct refusal refusal = {0};
    struct call call = {.connect = connect,
                        .metrics = connect->metrics,
                        .peers = peers,
                        .request = request,
                        .arena = request->arena,
                        .reply = reply,
                        .refusal = &refusal};
    reply->content_type = "application/json";
    if (is_root(request)) {
        answer_root(connect, reply);
        record(&call);
        return;
    }
    struct refusal unnamed = {0};
    (void)provider_of_request(connect->config.providers, request, &call.provider, &unnamed);
    dispatch_find(&call, connect->config.apis);
    int rc = run(&call, &unnamed);
    struct lfi_error error = {""};
    if (rc == 0 && reply->body.failed) {
        rc = outcome_check(&call, OUTCOME_BANK, LFI_OK, &error);
    }
    if (rc != 0) {
        dispatch_refuse(&call);
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

bool connect_streams(const struct connect *connect, const struct request *request)
{
    struct api_match found;
    apis_find(connect->config.apis, APIS_EITHER, request->method, request->path, &found);
    return found.found == CONTRACT_FOUND && found.row->stream;
}

/* --- life ------------------------------------------------------------------------------------- */

static void list_later(const struct connect *connect)
{
    const struct apis *apis = connect->config.apis;
    for (size_t i = 0; i < apis_operation_count(apis); i++) {
        const struct contract_operation *operation = apis_operation_at(apis, i);
        if (apis_row_at(apis, i)->later) {
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
    connect->watermarks = cache_new();
    connect->permissions = cache_new();
    connect->versions = cache_new();
    connect->copies = consent_copies_new(config->state, clock, log);
    connect->shares = shares_new(provider_count(config->providers), config->workers);
    if (!connect->shares || !connect->watermarks || !connect->permissions || !connect->versions ||
        !connect->copies || jwe_code_pool_new(&connect->codes, error) != 0 ||
        consent_rules_init(error) != 0) {
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
        jwe_code_pool_free(connect->codes);
        shares_free(connect->shares);
        consent_copies_free(connect->copies);
        cache_free(connect->versions);
        cache_free(connect->permissions);
        cache_free(connect->watermarks);
        free(connect);
    }
}

void connect_set_check(struct connect *connect, enum contract_replies check)
{
    atomic_store(&connect->check_responses, (int)check);
}
