#include "judge.h"

#include "about.h"
#include "base/array.h"
#include "flow/dispatch.h"
#include "flow/flow.h"
#include "rows_hub_consent_manager.h"
#include "rows_hub_heimdall.h"

#include <assert.h>

static const struct judge_interface *const interfaces[] = {&heimdall_interface,
                                                           &consent_manager_interface};
static_assert(ARRAY_LEN(interfaces) == SIM_INTERFACES, "each has its apis");

int judge_open(struct sim *sim, struct lfi_error *error)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < SIM_INTERFACES; i++) {
        rc = apis_new(&sim->judged[i], &interfaces[i]->api, 1, error);
    }
    return rc;
}

void judge_close(struct sim *sim)
{
    for (size_t i = 0; i < SIM_INTERFACES; i++) {
        apis_free(sim->judged[i]);
    }
}

int judge_hello_mtls(struct call *call)
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
    sim_reply_json(call->reply, 200, hello);
    return 0;
}

/* "/name/provider/rest": the interface of a Hub, and the rest of the path. False: there is none. */
static bool split_path(const struct sim *sim, struct lfi_slice *path, size_t *interface,
                       const struct sim_hub **hub)
{
    struct lfi_slice rest = *path, empty, name, provider;
    if (!slice_next(&rest, '/', &empty) || empty.len > 0 || !slice_next(&rest, '/', &name) ||
        !slice_next(&rest, '/', &provider) || !rest.ptr) {
        return false;
    }
    *path = (struct lfi_slice){rest.ptr - 1, rest.len + 1};
    *hub = sim_hub_of(sim, provider);
    for (*interface = 0; *interface < SIM_INTERFACES; ++*interface) {
        if (slice_equal_text(name, interfaces[*interface]->name)) {
            return *hub;
        }
    }
    return false;
}

static int check_caller(struct sim_call *call)
{
    struct caller_identity identity;
    struct caller *caller = call->sim->caller;
    size_t hub = (size_t)(call->hub - call->sim->hubs);
    if (caller_check_certificate(caller, call->base.request, &identity.subject,
                                 call->base.refusal)) {
        return -1;
    }
    return caller_authenticate(caller, hub, call->base.request, &identity, call->base.refusal);
}

static int find_operation(struct call *call)
{
    if (dispatch_route(call) == 0) {
        return 0;
    }
    return refusal_set(call->refusal, "CONTRACT-ROUTE", call->refusal->status,
                       "Resource.InvalidFormat", "There is no such operation.");
}

static int check_contract(struct call *call)
{
    const char *in = "";
    struct contract_violation violation;
    if (contract_check_request(&call->found.contract, call->request, &call->parameters, &in,
                               &violation) == 0) {
        return 0;
    }
    (void)refusal_set(call->refusal, "CONTRACT-REQUEST", 400, "Body.InvalidFormat",
                      violation.message);
    refusal_detail(call->refusal, "%s %s: %s", in, violation.where, violation.rule);
    return -1;
}

static void note(const struct sim_call *call, const struct judge_interface *interface)
{
    struct store *store = call->sim->store;
    const struct refusal *refusal = call->base.refusal;
    if (refusal->id) {
        store_note_finding(store, call->consent, refusal->id,
                           refusal->detail[0] ? refusal->detail : refusal->error_message);
    }
    store_note_exchange(
        store, call->consent,
        &(struct exchange){
            .interface = interface->name,
            .method = call->base.request->method,
            .path = call->base.request->path,
            .query = call->base.request->query,
            .request_body = call->base.request->body,
            .headers = call->base.request->headers,
            .header_count = call->base.request->header_count,
            .subject = caller_subject_text(call->base.arena, call->base.request->peer),
            .status = call->base.reply->status,
            .location = call->location,
            .reply_type = slice_of(call->base.reply->content_type),
            .reply_body = buf_slice(&call->base.reply->body),
            .elapsed_us = clock_monotonic_us() - call->base.request->started_us,
            .refused = refusal->id,
        });
}

static void judge(struct sim_call *call, size_t at)
{
    const struct judge_interface *interface = interfaces[at];
    struct call *base = &call->base;
    dispatch_find(base, call->sim->judged[at]);
    int rc = check_caller(call) == 0 && find_operation(base) == 0 ? check_contract(base) : -1;

    store_lock(call->sim->store);
    if (base->operation) {
        struct lfi_slice value = base->found.contract.path_values[0];
        call->consent = interface->find(call, request_decode(base->arena, value, false));
    }
    rc = rc == 0 ? flow_run(base) : rc;
    if (rc != 0) {
        interface->refuse(base->reply, base->refusal);
    }
    if (call->location.ptr) {
        reply_header(base->reply, "Location", call->location);
    }
    note(call, interface);
    store_unlock(call->sim->store);
    if (rc == 0) {
        sim_check_reply(call);
    }
}

void judge_handle(void *ctx, const struct request *request, struct reply *reply)
{
    struct sim *sim = ctx;
    struct request inner = *request; /* its path is the interface's own */
    struct refusal refusal = {0};
    const struct sim_hub *hub = NULL;
    size_t at;
    bank_clock_follow(sim->bank_clock);
    if (!split_path(sim, &inner.path, &at, &hub)) {
        static const struct about about = {
            "The Hubs as the bank calls them: Headless Heimdall and the Consent Manager",
            "/heimdall/{provider} and /consent-manager/{provider}, with the bank's C3 certificate"};
        about_answer(sim, &about, request, reply);
        return;
    }
    struct lfi_slice name = slice_of(interfaces[at]->name);
    if (faults_apply(sim->faults, interfaces[at]->target, reply)) {
        LOG_EVENT(sim->log, LOG_INFO, "fault", LOG_TEXT("interface", name),
                  LOG_TEXT("method", inner.method), LOG_TEXT("path", inner.path));
        return;
    }
    struct sim_call call = {
        .base = {.request = &inner, .arena = request->arena, .reply = reply, .refusal = &refusal},
        .sim = sim,
        .hub = hub};
    judge(&call, at);
    LOG_EVENT(sim->log, LOG_INFO, "bank-call",
              LOG_TEXT("provider", slice_of(hub->config->provider_id)), LOG_TEXT("interface", name),
              LOG_TEXT("method", inner.method), LOG_TEXT("path", inner.path),
              LOG_NUMBER("status", reply->status), LOG_TEXT("refused", slice_of(refusal.id)));
}
