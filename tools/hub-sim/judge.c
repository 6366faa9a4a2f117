#include "judge.h"

#define ALLOW_MAX 64 /* bytes: all methods there are */

static const struct judge_interface *const interfaces[] = {&heimdall_interface,
                                                           &consent_manager_interface};
#define INTERFACES (sizeof interfaces / sizeof interfaces[0])

static judge_operation_fn *function_of(const struct judge_interface *interface, const char *id)
{
    for (size_t i = 0; i < interface->operation_count; i++) {
        if (strcmp(interface->operations[i].id, id) == 0) {
            return interface->operations[i].run;
        }
    }
    return NULL;
}

int judge_check_tables(struct lfi_error *error)
{
    for (size_t i = 0; i < INTERFACES; i++) {
        for (size_t j = 0; j < contract_operation_count(interfaces[i]->api); j++) {
            const char *id = contract_operation_id(contract_operation_at(interfaces[i]->api, j));
            if (!function_of(interfaces[i], id)) {
                return error_set(error, "%s: operation %s is not simulated", interfaces[i]->name,
                                 id);
            }
        }
    }
    return 0;
}

void judge_reply_json(struct reply *reply, int status, cJSON *json)
{
    char *text = cJSON_PrintUnformatted(json);
    reply->status = text ? status : 500;
    reply->content_type = "application/json";
    buf_append_text(&reply->body, text ? text : "{}");
    cJSON_free(text);
    cJSON_Delete(json);
}

int judge_hello_mtls(struct judge_call *call)
{
    cJSON *hello = cJSON_CreateObject();
    cJSON_AddBoolToObject(hello, "connectionEstablished", true);
    cJSON_AddStringToObject(hello, "mtlsStatus", "established");
    cJSON_AddStringToObject(hello, "hostName", "localhost");
    cJSON *certificate = cJSON_AddObjectToObject(hello, "clientCertificate");
    struct lfi_slice subject = caller_subject_text(call->arena, call->request->peer);
    struct lfi_slice issuer = caller_issuer_text(call->arena, call->request->peer);
    cJSON_AddStringToObject(certificate, "subject", arena_text(call->arena, subject));
    cJSON_AddStringToObject(certificate, "issuer", arena_text(call->arena, issuer));
    judge_reply_json(call->reply, 200, hello);
    return 0;
}

/* "/name/provider/rest": which interface of which Hub, and the rest of the path. */
static const struct judge_interface *split_path(const struct sim *sim, struct lfi_slice *path,
                                                const struct sim_hub **hub)
{
    struct lfi_slice rest = *path, empty, name, provider;
    if (!slice_next(&rest, '/', &empty) || empty.len > 0 || !slice_next(&rest, '/', &name) ||
        !slice_next(&rest, '/', &provider) || !rest.ptr) {
        return NULL;
    }
    *path = (struct lfi_slice){rest.ptr - 1, rest.len + 1};
    *hub = sim_hub_of(sim, provider);
    for (size_t i = 0; *hub && i < INTERFACES; i++) {
        if (slice_equal_text(name, interfaces[i]->name)) {
            return interfaces[i];
        }
    }
    return NULL;
}

static int check_caller(struct judge_call *call)
{
    struct caller_identity identity;
    if (caller_authenticate(call->sim->caller, call->request, &identity, call->refusal)) {
        return -1;
    }
    return caller_check_audience(&identity, call->hub->config->audience, call->refusal);
}

static int check_contract(struct judge_call *call, const struct contract_match *match)
{
    const char *in = "";
    struct contract_violation violation;
    if (!contract_check_request(match, call->request, &call->parameters, &in, &violation)) {
        return 0;
    }
    refusal_set(call->refusal, "CONTRACT-REQUEST", 400, "Body.InvalidFormat", violation.message);
    refusal_detail(call->refusal, "%s %s: %s", in, violation.where, violation.rule);
    return -1;
}

/* A refused method is told which would do (RFC 9110, 15.5.6). */
static void add_allow(const struct judge_call *call, const struct contract_api *api)
{
    struct buf methods;
    buf_init(&methods, ALLOW_MAX);
    contract_append_methods(api, call->request->path, &methods);
    reply_header(call->reply, "Allow", buf_slice(&methods));
    buf_free(&methods);
}

static int check_call(struct judge_call *call, const struct judge_interface *interface,
                      const struct contract_match *match, enum contract_found found)
{
    if (check_caller(call)) {
        return -1;
    }
    if (found == CONTRACT_NO_METHOD) {
        add_allow(call, interface->api);
    }
    if (found != CONTRACT_FOUND) {
        return refusal_set(call->refusal, "CONTRACT-ROUTE", found == CONTRACT_NO_PATH ? 404 : 405,
                           "Resource.InvalidFormat", "There is no such operation.");
    }
    return check_contract(call, match);
}

/* A wrong answer of the Hub would be the simulator's own fault; it must not go out unseen. */
static void check_reply(const struct judge_call *call)
{
    struct contract_violation violation;
    const struct reply *reply = call->reply;
    if (!contract_check_response(call->operation, reply->status, slice_of(reply->content_type),
                                 buf_slice(&reply->body), &violation)) {
        return;
    }
    LOG_EVENT(call->sim->log, LOG_ERROR, "own-reply",
              LOG_TEXT("operation", slice_of(contract_operation_id(call->operation))),
              LOG_NUMBER("status", reply->status), LOG_TEXT("where", slice_of(violation.where)),
              LOG_TEXT("rule", slice_of(violation.rule)));
}

static void note(const struct judge_call *call, const struct judge_interface *interface)
{
    struct store *store = call->sim->store;
    const struct refusal *refusal = call->refusal;
    if (refusal->id) {
        store_note_finding(store, call->consent, refusal->id,
                           refusal->detail[0] ? refusal->detail : refusal->error_message);
    }
    if (!call->consent) {
        return;
    }
    store_note_exchange(store, call->consent,
                        &(struct exchange){
                            .interface = interface->name,
                            .method = call->request->method,
                            .path = call->request->path,
                            .query = call->request->query,
                            .request_body = call->request->body,
                            .headers = call->request->headers,
                            .header_count = call->request->header_count,
                            .subject = caller_subject_text(call->arena, call->request->peer),
                            .status = call->reply->status,
                            .location = call->location,
                            .reply_type = slice_of(call->reply->content_type),
                            .reply_body = buf_slice(&call->reply->body),
                            .elapsed_us = clock_monotonic_us() - call->request->started_us,
                            .refused = refusal->id,
                        });
}

static void judge(struct judge_call *call, const struct judge_interface *interface)
{
    struct contract_match match = {0};
    enum contract_found found =
        contract_match(interface->api, call->request->method, call->request->path, &match);
    if (found == CONTRACT_FOUND) {
        call->operation = match.operation;
    }
    int rc = check_call(call, interface, &match, found);

    store_lock(call->sim->store);
    if (call->operation) {
        call->consent =
            interface->find(call, request_decode(call->arena, match.path_values[0], false));
    }
    if (rc == 0) {
        rc = function_of(interface, contract_operation_id(call->operation))(call);
    }
    if (rc) {
        interface->refuse(call->reply, call->refusal);
    }
    if (call->location.ptr) {
        reply_header(call->reply, "Location", call->location);
    }
    note(call, interface);
    store_unlock(call->sim->store);
    if (rc == 0) {
        check_reply(call);
    }
}

void judge_handle(void *ctx, const struct request *request, struct reply *reply)
{
    struct sim *sim = ctx;
    struct request inner = *request;
    struct refusal refusal = {0};
    const struct sim_hub *hub = NULL;
    bank_clock_follow(sim->bank_clock);
    const struct judge_interface *interface = split_path(sim, &inner.path, &hub);
    if (!interface) {
        refusal_set(&refusal, "SIM-PATH", 404, "Resource.NotFound", "There is nothing here.");
        reply_refusal(reply, &refusal);
        return;
    }
    if (faults_apply(sim->faults, interface->target, reply)) {
        LOG_EVENT(sim->log, LOG_INFO, "fault", LOG_TEXT("interface", slice_of(interface->name)),
                  LOG_TEXT("method", inner.method), LOG_TEXT("path", inner.path));
        return;
    }
    struct judge_call call = {.sim = sim,
                              .hub = hub,
                              .request = &inner,
                              .arena = request->arena,
                              .reply = reply,
                              .refusal = &refusal};
    judge(&call, interface);
    LOG_EVENT(sim->log, LOG_INFO, "bank-call",
              LOG_TEXT("provider", slice_of(hub->config->provider_id)),
              LOG_TEXT("interface", slice_of(interface->name)), LOG_TEXT("method", inner.method),
              LOG_TEXT("path", inner.path), LOG_NUMBER("status", reply->status),
              LOG_TEXT("refused", slice_of(refusal.id)));
}
