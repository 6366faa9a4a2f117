#include "scripting.h"

#include "app.h"
#include "base/datetime.h"
#include "base/file.h"
#include "contract_hub_sim.h"
#include "judge.h"
#include "script.h"

#define SLOW_MS 10000
#define PLACES_BYTES (256 * 1024)

int script_refuse(struct script_call *call, const char *id, int status, const char *message)
{
    return refusal_set(call->refusal, id, status, id, message);
}

/* --- faults, setup, findings ------------------------------------------------------------------ */

static int set_fault(struct script_call *call)
{
    enum fault_target target;
    struct fault fault = {.then = FAULT_NONE};
    int64_t times = 0, skip = 0, ms = SLOW_MS;
    struct lfi_slice then = json_get_string(call->body, "then");
    if (!faults_target_named(json_get_string(call->body, "target"), &target) ||
        !faults_kind_named(json_get_string(call->body, "kind"), &fault.kind) ||
        (then.ptr && !faults_kind_named(then, &fault.then))) {
        return script_refuse(call, "SIM-FAULT", 400, "There is no such fault.");
    }
    json_get_int(call->body, "times", &times);
    json_get_int(call->body, "ms", &ms);
    json_get_int(call->body, "skip", &skip);
    fault.times = (int)times;
    fault.skip = (int)skip;
    fault.ms = (int)ms;
    faults_set(call->sim->faults, target, &fault);
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
    char now[DATETIME_TEXT_MAX];
    datetime_format_utc_ms(clock_now_us(sim->clock), now);
    cJSON_AddStringToObject(body, "now", now);
    cJSON *bank = cJSON_AddObjectToObject(body, "bank");
    if (sim->config->bank_pages_url) {
        cJSON_AddStringToObject(bank, "pagesUrl", sim->config->bank_pages_url);
    }
    if (sim->config->bank_admin_url) {
        cJSON_AddStringToObject(bank, "adminUrl", sim->config->bank_admin_url);
    }
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

/* The file is read at each call, for it may be made anew while this runs. */
static int show_places(struct script_call *call)
{
    const char *path = call->sim->config->places;
    struct lfi_error error = {0};
    struct buf text;
    buf_init(&text, PLACES_BYTES);
    cJSON *body = cJSON_CreateObject(), *places = NULL;
    if (path && !file_read(path, &text, &error)) {
        places = json_parse(buf_slice(&text));
    }
    if (path && !places) {
        LOG_EVENT(call->sim->log, LOG_WARN, "places-unreadable",
                  LOG_TEXT("cause", slice_of(error.message)));
    }
    cJSON_AddItemToObject(body, "places", places ? places : cJSON_CreateArray());
    judge_reply_json(call->reply, 200, body);
    buf_free(&text);
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
    const char *rest;   /* what follows the path, for people; NULL: nothing, else one more step */
    const char *schema; /* of the body; NULL: none */
    script_fn *run;     /* NULL: answered elsewhere, here for the help only */
    const char *help;
};

static const struct route routes[] = {
    {"POST", "/sim/consents", NULL, "NewConsent", script_create_consent,
     "plays a TPP's pushed authorization request; {\"providerId\", \"type\", \"consent\"}, "
     "perhaps\n"
     "\"clientId\", \"requestUriSeconds\", \"probes\": 201 {\"consentId\", \"authorizeUrl\", "
     "\"state\"};\n"
     "400 when the terms break the contract or end in the past; 422 {\"status\", \"body\"} when\n"
     "the bank finds the consent invalid"},
    {"GET", "/sim/consents", NULL, NULL, script_list_consents, "the newest consents, in short"},
    {"GET", "/sim/consents/", "{consentId}", NULL, script_show_consent,
     "the consent, its history, exchanges with the bank, steps on the TPP's side and findings;\n"
     "of these only the notes after number N with ?since=N"},
    {"GET", "/sim/callbacks/", "{state}", NULL, script_show_callback,
     "what the customer brought back to the TPP; 404 until then"},
    {"POST", "/sim/call", NULL, "Call", script_call_bank,
     "an authorized request of the TPP; {\"consentId\", \"method\", \"path\", \"query\", "
     "\"body\"}, with\n"
     "\"providerId\" in place of \"consentId\" for what needs no consent: the bank's {\"status\",\n"
     "\"headers\", \"body\", \"interactionId\", \"finding\"}, the body without what the consent's\n"
     "permissions do not cover; 403 when the consent does not cover the call, 502 when the\n"
     "bank gives no answer"},
    {"POST", "/sim/payee-check", NULL, "PayeeCheck", script_check_payee,
     "confirmation of payee; {\"providerId\", \"iban\", \"name\"}: the bank's answer as above, "
     "and\n"
     "\"verdict\" and \"maskedName\" as the Hub tells them to the TPP, which receives 204 when\n"
     "there is no verdict"},
    {"POST", "/sim/faults", NULL, "Fault", set_fault,
     "misbehaves towards the bank; {\"target\": heimdall, consent-manager or keystore, \"kind\":\n"
     "down, slow, 500, garbage or lost (the call is carried out, its answer is not sent)}, "
     "perhaps\n"
     "\"skip\": calls answered before, \"times\": how many are hit, \"then\": the kind that "
     "follows,\n"
     "\"ms\" of slow: 204"},
    {"DELETE", "/sim/faults", NULL, NULL, clear_faults, "behaves again: 204"},
    {"GET", "/sim/setup", NULL, NULL, show_setup,
     "the Hubs and TPPs there are, the bank's addresses, and the time here"},
    {"GET", "/sim/places", NULL, NULL, show_places,
     "the bank's logins by situation, with their passwords; empty when none were configured"},
    {"GET", "/sim/findings", NULL, NULL, show_findings,
     "what the bank did wrong, also where it belongs to no consent"},
    {"GET", "/tpp/callback", NULL, NULL, NULL, "where a journey ends: a page"},
    {"GET", "/keystore/", "{OU}/{CN}/application.jwks", NULL, NULL,
     "a key set, as on the key store's own port, without faults"},
};
#define ROUTES (sizeof(routes) / sizeof(routes[0]))

void scripting_print_help(FILE *out)
{
    (void)fputs("\nCalls of the plain listener. Bodies are JSON; a refusal is {\"errorCode\", "
                "\"errorMessage\"}.\n",
                out);
    for (size_t i = 0; i < ROUTES; i++) {
        const struct route *route = &routes[i];
        struct lfi_slice rest = slice_of(route->help), line;
        (void)fprintf(out, "\n  %-6s %s%s\n", route->method, route->path,
                      route->rest ? route->rest : "");
        while (slice_next(&rest, '\n', &line)) {
            (void)fprintf(out, "         %.*s\n", SLICE_ARG(line));
        }
    }
}

static const struct route *route_of(struct script_call *call)
{
    const struct request *request = call->request;
    for (size_t i = 0; i < ROUTES; i++) {
        const struct route *route = &routes[i];
        size_t len = strlen(route->path);
        if (!route->run || !slice_equal_text(request->method, route->method) ||
            !slice_starts_with(request->path, route->path) ||
            (!route->rest && request->path.len != len)) {
            continue;
        }
        call->rest = request_decode(
            request->arena, (struct lfi_slice){request->path.ptr + len, request->path.len - len},
            false);
        return route;
    }
    script_refuse(call, "SIM-ROUTE", 404, "There is no such call.");
    return NULL;
}

static int check_body(struct script_call *call, const struct route *route)
{
    struct contract_violation violation;
    struct lfi_slice type = request_header(call->request, "content-type", NULL);
    if (!slice_starts_with(type, "application/json")) {
        return script_refuse(call, "SIM-TYPE", 415, "The body must be application/json.");
    }
    const struct contract_schema *schema = contract_schema_named(&contract_hub_sim, route->schema);
    if (!contract_check_json(schema, call->request->body, &violation)) {
        return 0;
    }
    struct lfi_slice message =
        arena_format(call->request->arena, "%s: %s", violation.where, violation.message);
    return script_refuse(call, "SIM-BODY", 400, message.ptr ? message.ptr : violation.rule);
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
        rc = body ? 0 : script_refuse(&call, "SIM-MEMORY", 500, "Memory is short.");
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
        bank_clock_follow(sim->bank_clock);
        run_script(sim, request, reply);
    } else if (slice_starts_with(path, "/keystore/")) {
        path = (struct lfi_slice){path.ptr + keystore.len, path.len - keystore.len};
        directory_reply(sim->directory, request, path, reply);
    } else if (!slice_equal_text(request->method, "GET")) {
        reply->status = 405;
        reply_header(reply, "Allow", SLICE("GET"));
    } else if (slice_equal_text(path, TPP_CALLBACK_PATH)) {
        app_receive_customer(sim, request, reply);
    } else {
        app_serve_file(request, reply);
    }
}
