#include "scripting.h"

#include "app.h"
#include "bank.h"
#include "contract_hub_sim.h"
#include "judge.h"

#define REQUEST_URI_LIFE_S 600 /* FAPI 2.0: less than that, or equal */
#define SLOW_MS 10000

/* A scripting call that cannot be done: {"errorCode", "errorMessage"}. */
static int refuse(struct refusal *refusal, const char *id, int status, const char *message)
{
    return refusal_set(refusal, id, status, id, message);
}

struct script_call {
    struct sim *sim;
    const struct request *request;
    struct lfi_slice rest; /* of the path, decoded */
    const cJSON *body;     /* checked against the schema of the route */
    struct reply *reply;
    struct refusal *refusal;
};

/* 0: the reply is filled; -1: the refusal is. */
typedef int script_fn(struct script_call *call);

/* --- consents --------------------------------------------------------------------------------- */

static int parse_new_consent(struct script_call *call, struct consent_request *out)
{
    int64_t life = REQUEST_URI_LIFE_S;
    struct lfi_slice client = json_get_string(call->body, "clientId");
    json_get_int(call->body, "requestUriSeconds", &life);
    *out = (struct consent_request){
        .hub = sim_hub_of(call->sim, json_get_string(call->body, "providerId")),
        .tpp = client.ptr ? tpp_find(client) : &tpps[0],
        .terms = json_get(call->body, "consent"),
        .request_life_s = life,
    };
    if (!out->hub) {
        return refuse(call->refusal, "SIM-PROVIDER", 400, "There is no such provider.");
    }
    if (!out->tpp) {
        return refuse(call->refusal, "SIM-CLIENT", 400, "There is no such TPP.");
    }
    return 0;
}

static cJSON *json_or_text(struct lfi_slice text, struct arena *arena)
{
    cJSON *json = json_parse(text);
    const char *copy = json ? NULL : arena_text(arena, text);
    return json ? json : cJSON_CreateString(copy ? copy : "");
}

/* 0 when the bank accepts or is not asked; else the reply or the refusal is filled. */
static int ask_bank(struct script_call *call, struct consent *consent, bool *answered)
{
    struct bank_answer answer;
    struct arena *arena = call->request->arena;
    if (!consent->hub->config->offers_validate) {
        return 0;
    }
    int rc = bank_validate(call->sim, consent, arena, &answer, call->refusal);
    if (rc && call->refusal->status == 422) {
        cJSON *body = cJSON_CreateObject();
        cJSON_AddNumberToObject(body, "status", answer.http.status);
        cJSON_AddItemToObject(body, "body", json_or_text(buf_slice(&answer.http.body), arena));
        judge_reply_json(call->reply, 422, body);
        *answered = true;
    }
    http_answer_free(&answer.http);
    return rc;
}

static void reply_created(struct script_call *call, const struct consent *consent)
{
    cJSON *body = cJSON_CreateObject();
    struct lfi_slice url = arena_format(call->request->arena, "%s?%s",
                                        consent->hub->config->authorize_url, consent->query);
    cJSON_AddStringToObject(body, "consentId", consent->id);
    cJSON_AddStringToObject(body, "authorizeUrl", url.ptr ? url.ptr : "");
    cJSON_AddStringToObject(body, "state", consent->state);
    judge_reply_json(call->reply, 201, body);
}

static int create_consent(struct script_call *call)
{
    struct consent_request request;
    struct consent made;
    struct lfi_error error;
    bool answered = false;
    if (parse_new_consent(call, &request)) {
        return -1;
    }
    if (consent_make(call->sim, &request, &made, &error)) {
        return refuse(call->refusal, "SIM-TERMS", 400, error.message);
    }
    if (ask_bank(call, &made, &answered)) {
        store_drop(&made);
        return answered ? 0 : -1;
    }
    int rc = -1;
    store_lock(call->sim->store);
    if (store_find(call->sim->store, NULL, slice_of(made.id))) {
        refuse(call->refusal, "SIM-CONSENT-TWICE", 400, "The ConsentId is taken.");
    } else if (!store_add(call->sim->store, &made)) {
        refuse(call->refusal, "SIM-MEMORY", 500, "Memory is short.");
    } else {
        rc = 0;
    }
    store_unlock(call->sim->store);
    if (rc) {
        store_drop(&made);
    } else {
        reply_created(call, &made);
    }
    return rc;
}

static const char *interaction_name(enum interaction interaction)
{
    static const char *const names[] = {"none", "open", "confirmed", "failed"};
    return names[interaction];
}

static int show_consent(struct script_call *call)
{
    store_lock(call->sim->store);
    struct consent *consent = store_find(call->sim->store, NULL, call->rest);
    cJSON *body = NULL;
    if (consent) {
        consent_status(call->sim, consent);
        body = cJSON_CreateObject();
        cJSON_AddStringToObject(body, "consentId", consent->id);
        cJSON_AddStringToObject(body, "providerId", consent->hub->config->provider_id);
        cJSON_AddStringToObject(body, "state", consent->state);
        cJSON_AddStringToObject(body, "interaction", interaction_name(consent->interaction));
        cJSON_AddItemToObject(body, "consent", cJSON_Duplicate(consent->data, true));
        cJSON_AddItemToObject(body, "history", cJSON_Duplicate(consent->history, true));
        cJSON_AddItemToObject(body, "exchanges", cJSON_Duplicate(consent->exchanges, true));
        cJSON_AddItemToObject(body, "findings", cJSON_Duplicate(consent->findings, true));
    }
    store_unlock(call->sim->store);
    if (!body) {
        return refuse(call->refusal, "SIM-CONSENT-UNKNOWN", 404, "There is no such consent.");
    }
    judge_reply_json(call->reply, 200, body);
    return 0;
}

static int show_callback(struct script_call *call)
{
    store_lock(call->sim->store);
    const struct consent *consent = store_find_state(call->sim->store, call->rest);
    cJSON *body = consent ? cJSON_Duplicate(consent->callback, true) : NULL;
    store_unlock(call->sim->store);
    if (!body) {
        return refuse(call->refusal, "SIM-CALLBACK", 404, "The customer has not come back.");
    }
    judge_reply_json(call->reply, 200, body);
    return 0;
}

/* --- calls to the bank ------------------------------------------------------------------------ */

static int call_bank(struct script_call *call)
{
    struct bank_answer answer;
    const cJSON *body = json_get(call->body, "body");
    char *text = body ? cJSON_PrintUnformatted(body) : NULL;
    struct bank_request request = {.method = json_get_string(call->body, "method"),
                                   .path = json_get_string(call->body, "path"),
                                   .query = json_get_string(call->body, "query"),
                                   .body = slice_of(text)};
    int rc = bank_call(call->sim, json_get_string(call->body, "consentId"), &request,
                       call->request->arena, &answer, call->refusal);
    if (rc == 0) {
        cJSON *reply = cJSON_CreateObject(), *headers = cJSON_CreateObject();
        if (answer.http.content_type[0]) {
            cJSON_AddStringToObject(headers, "content-type", answer.http.content_type);
        }
        cJSON_AddNumberToObject(reply, "status", answer.http.status);
        cJSON_AddItemToObject(reply, "headers", headers);
        cJSON_AddItemToObject(reply, "body",
                              json_or_text(buf_slice(&answer.http.body), call->request->arena));
        cJSON_AddStringToObject(reply, "interactionId", answer.interaction_id);
        judge_reply_json(call->reply, 200, reply);
    }
    http_answer_free(&answer.http);
    cJSON_free(text);
    return rc;
}

/* --- faults, setup, findings ------------------------------------------------------------------ */

static int set_fault(struct script_call *call)
{
    enum fault_target target;
    enum fault_kind kind;
    int64_t times = 0, ms = SLOW_MS;
    if (!faults_target_named(json_get_string(call->body, "target"), &target) ||
        !faults_kind_named(json_get_string(call->body, "kind"), &kind)) {
        return refuse(call->refusal, "SIM-FAULT", 400, "There is no such fault.");
    }
    json_get_int(call->body, "times", &times);
    json_get_int(call->body, "ms", &ms);
    faults_set(call->sim->faults, target, kind, (int)times, (int)ms);
    call->reply->status = 204;
    return 0;
}

static int clear_faults(struct script_call *call)
{
    faults_clear(call->sim->faults);
    call->reply->status = 204;
    return 0;
}

static int show_setup(struct script_call *call)
{
    const struct sim *sim = call->sim;
    cJSON *body = cJSON_CreateObject();
    cJSON *hubs = cJSON_AddArrayToObject(body, "hubs");
    for (size_t i = 0; i < sim->hub_count; i++) {
        cJSON *hub = cJSON_CreateObject();
        cJSON_AddStringToObject(hub, "providerId", sim->hubs[i].config->provider_id);
        cJSON_AddStringToObject(hub, "segment", sim->hubs[i].config->segment);
        cJSON_AddItemToArray(hubs, hub);
    }
    cJSON *list = cJSON_AddArrayToObject(body, "tpps");
    for (size_t i = 0; i < tpp_count; i++) {
        cJSON *tpp = cJSON_CreateObject();
        cJSON_AddStringToObject(tpp, "clientId", tpps[i].client_id);
        cJSON_AddStringToObject(tpp, "name", tpps[i].name);
        cJSON_AddStringToObject(tpp, "slug", tpps[i].slug);
        cJSON_AddStringToObject(tpp, "segment", tpps[i].segment);
        cJSON_AddStringToObject(tpp, "pitch", tpps[i].pitch);
        cJSON_AddItemToArray(list, tpp);
    }
    judge_reply_json(call->reply, 200, body);
    return 0;
}

static int show_findings(struct script_call *call)
{
    cJSON *body = cJSON_CreateObject();
    store_lock(call->sim->store);
    cJSON_AddItemToObject(body, "findings",
                          cJSON_Duplicate(store_findings(call->sim->store), true));
    store_unlock(call->sim->store);
    judge_reply_json(call->reply, 200, body);
    return 0;
}

/* --- routes ----------------------------------------------------------------------------------- */

struct route {
    const char *method, *path;
    const char *schema; /* of the body; NULL: none */
    script_fn *run;
    bool prefix; /* the path goes on with one more step */
};

static const struct route routes[] = {
    {"POST", "/sim/consents", "NewConsent", create_consent, false},
    {"GET", "/sim/consents/", NULL, show_consent, true},
    {"GET", "/sim/callbacks/", NULL, show_callback, true},
    {"POST", "/sim/call", "Call", call_bank, false},
    {"POST", "/sim/faults", "Fault", set_fault, false},
    {"DELETE", "/sim/faults", NULL, clear_faults, false},
    {"GET", "/sim/setup", NULL, show_setup, false},
    {"GET", "/sim/findings", NULL, show_findings, false},
};

static const struct route *route_of(struct script_call *call)
{
    const struct request *request = call->request;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        const struct route *route = &routes[i];
        size_t len = strlen(route->path);
        if (!slice_equal_text(request->method, route->method) ||
            !slice_starts_with(request->path, route->path) ||
            (!route->prefix && request->path.len != len)) {
            continue;
        }
        call->rest = request_decode(
            request->arena, (struct lfi_slice){request->path.ptr + len, request->path.len - len},
            false);
        return route;
    }
    refuse(call->refusal, "SIM-ROUTE", 404, "There is no such call.");
    return NULL;
}

static int check_body(struct script_call *call, const struct route *route)
{
    struct contract_violation violation;
    struct lfi_slice type = request_header(call->request, "content-type", NULL);
    if (!slice_starts_with(type, "application/json")) {
        return refuse(call->refusal, "SIM-TYPE", 415, "The body must be application/json.");
    }
    const struct contract_schema *schema = contract_schema_named(&contract_hub_sim, route->schema);
    if (!contract_check_json(schema, call->request->body, &violation)) {
        return 0;
    }
    struct lfi_slice message =
        arena_format(call->request->arena, "%s: %s", violation.where, violation.message);
    return refuse(call->refusal, "SIM-BODY", 400, message.ptr ? message.ptr : violation.rule);
}

static void run_script(struct sim *sim, const struct request *request, struct reply *reply)
{
    struct refusal refusal = {0};
    struct script_call call = {.sim = sim, .request = request, .reply = reply, .refusal = &refusal};
    const struct route *route = route_of(&call);
    cJSON *body = NULL;
    int rc = route ? 0 : -1;
    if (route && route->schema && !(rc = check_body(&call, route))) {
        call.body = body = json_parse(request->body);
        rc = body ? 0 : refuse(&refusal, "SIM-MEMORY", 500, "Memory is short.");
    }
    if (rc == 0) {
        rc = route->run(&call);
    }
    if (rc) {
        reply_refusal(reply, &refusal);
    }
    cJSON_Delete(body);
    LOG_EVENT(sim->log, LOG_INFO, "script", LOG_TEXT("method", request->method),
              LOG_TEXT("path", request->path), LOG_NUMBER("status", reply->status));
}

void scripting_handle(void *ctx, const struct request *request, struct reply *reply)
{
    const struct lfi_slice keystore = SLICE("/keystore");
    struct sim *sim = ctx;
    struct lfi_slice path = request->path;
    if (slice_starts_with(path, "/sim/")) {
        run_script(sim, request, reply);
    } else if (slice_starts_with(path, "/keystore/")) {
        path = (struct lfi_slice){path.ptr + keystore.len, path.len - keystore.len};
        directory_reply(sim->directory, request, path, reply);
    } else if (!slice_equal_text(request->method, "GET")) {
        reply->status = 405;
    } else if (slice_equal_text(path, TPP_CALLBACK_PATH)) {
        app_receive_customer(sim, request, reply);
    } else {
        app_serve_file(request, reply);
    }
}
