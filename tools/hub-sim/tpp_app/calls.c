/* What the app's pages ask of its backend. */
#include "tpp_app/calls.h"

#include "base/base64.h"
#include "base/datetime.h"
#include "versions.h"

#include <stdio.h>

#define COOKIE "tpp-app"
#define COOKIE_S (365 * 24 * 3600) /* as long as a consent may last */
#define INSURANCE_SCOPE "openid insurance"
#define INSURANCE_PURPOSE "PremiumHistory" /* whatever the TPP's with accounts is */

bool tpp_app_find(const struct tpp_app *app, const struct request *request, struct lfi_slice id,
                  struct flow *out)
{
    return app && flows_find(app->flows, request_cookie(request, COOKIE), id, out);
}

int calls_find_flow(struct sim_call *call, struct lfi_slice id, struct flow *out)
{
    return tpp_app_find(call->sim->app, call->base.request, id, out)
               ? 0
               : script_refuse(&call->base, "APP-UNKNOWN", 404,
                               "This request is not known here. Please start again.");
}

int calls_refuse_hub(struct sim_call *call, const struct lfi_error *error)
{
    return script_refuse(&call->base, "APP-HUB", 502, error->message);
}

/* --- asking for a consent --------------------------------------------------------------------- */

static bool set_cookie(struct sim_call *call, struct flow *flow)
{
    struct lfi_slice known = request_cookie(call->base.request, COOKIE);
    const char *more =
        slice_starts_with(slice_of(call->sim->config->url), "https:") ? "; Secure" : "";
    if (flows_know(call->sim->app->flows, known)) {
        (void)snprintf(flow->browser, sizeof flow->browser, "%.*s", SLICE_ARG(known));
        return true;
    }
    if (!id_uuid4(flow->browser)) {
        return false;
    }
    reply_header(call->base.reply, "Set-Cookie",
                 arena_format(call->base.arena,
                              COOKIE "=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Lax%s",
                              flow->browser, COOKIE_S, more));
    return true;
}

static bool make_secrets(struct flow *flow)
{
    unsigned char random[32];
    struct buf text;
    if (!id_uuid4(flow->state) || !id_uuid4(flow->nonce) || !id_uuid4(flow->consent_id) ||
        !id_random(random, sizeof random)) {
        return false;
    }
    buf_init(&text, sizeof flow->verifier - 1);
    base64_append_url(&text, random, sizeof random);
    (void)snprintf(flow->verifier, sizeof flow->verifier, "%.*s", SLICE_ARG(buf_slice(&text)));
    buf_free(&text);
    return true;
}

static bool is_payment(const struct sim_call *call)
{
    return slice_equal_text(json_get_string(call->body, "type"), "payment");
}

static bool is_insurance(const struct sim_call *call)
{
    return slice_equal_text(json_get_string(call->body, "type"), "insurance");
}

static void add_billing(cJSON *terms, const struct sim_call *call, const struct flow *flow)
{
    const char *user = flow->hub->config->user_type;
    cJSON *billing = cJSON_AddObjectToObject(terms, "OpenFinanceBilling");
    if (is_insurance(call)) {
        cJSON_AddStringToObject(billing, "Purpose", INSURANCE_PURPOSE);
    } else {
        cJSON_AddStringToObject(billing, "UserType", user ? user : "Retail");
        cJSON_AddStringToObject(billing, "Purpose", flow->tpp->purpose);
    }
}

/* The only element of authorization_details. */
static cJSON *describe_details(const struct sim_call *call, const struct flow *flow)
{
    const cJSON *subscription = json_get(call->body, "subscription");
    char type[DETAILS_TYPE_MAX];
    cJSON *details = cJSON_CreateObject();
    details_type_format(is_payment(call)     ? "service-initiation-consent"
                        : is_insurance(call) ? "insurance-consent"
                                             : "account-access-consent",
                        flow->version, type);
    cJSON_AddStringToObject(details, "type", type);
    cJSON *terms = cJSON_Duplicate(json_get(call->body, "consent"), true);
    cJSON_AddStringToObject(terms, "ConsentId", flow->consent_id);
    if (!is_payment(call)) {
        add_billing(terms, call, flow);
    }
    cJSON_AddItemToObject(details, "consent", terms);
    if (subscription) {
        cJSON_AddItemToObject(details, "subscription", cJSON_Duplicate(subscription, true));
    }
    return details;
}

/* For the diagram of the consent: the browser is sent to the bank. It is no call of the TPP. */
static void note_redirect(struct sim_call *call, const struct flow *flow, struct lfi_slice address)
{
    struct lfi_slice query = address, path;
    (void)slice_next(&query, '?', &path);
    store_lock(call->sim->store);
    struct consent *consent = store_find(call->sim->store, flow->hub, slice_of(flow->consent_id));
    if (consent) {
        store_note_step(call->sim->store, consent,
                        &(struct exchange){.interface = "redirect",
                                           .method = SLICE("GET"),
                                           .path = path,
                                           .query = query,
                                           .status = 302});
    }
    store_unlock(call->sim->store);
}

static int start(struct sim_call *call, struct flow *flow)
{
    struct lfi_error error = {""};
    struct lfi_slice address = {NULL, 0};
    if (!set_cookie(call, flow) || !make_secrets(flow) ||
        flows_add(call->sim->app->flows, flow) != 0) {
        return script_refuse(&call->base, "SIM-MEMORY", 500, "Memory is short.");
    }
    cJSON *details = describe_details(call, flow);
    int rc = app_request(call->sim->app, flow, details, call->base.arena, &address, &error);
    cJSON_Delete(details);
    if (rc != 0) {
        return calls_refuse_hub(call, &error);
    }
    flows_update(call->sim->app->flows, flow);
    note_redirect(call, flow, address);
    cJSON *reply = cJSON_CreateObject();
    cJSON_AddStringToObject(reply, "consentId", flow->consent_id);
    cJSON_AddStringToObject(reply, "authorizeUrl", address.ptr);
    sim_reply_json(call->base.reply, 201, reply);
    return 0;
}

int calls_begin_flow(struct sim_call *call, struct flow *flow)
{
    flow->hub = sim_hub_of(call->sim, json_get_string(call->body, "providerId"));
    flow->tpp = tpp_find(json_get_string(call->body, "clientId"));
    if (!flow->hub) {
        return script_refuse(&call->base, "SIM-PROVIDER", 400, "There is no such provider.");
    }
    if (!flow->tpp || !tpp_app_calls(call->sim->app, (size_t)(flow->tpp - tpps))) {
        return script_refuse(&call->base, "SIM-CLIENT", 400, "There is no such TPP.");
    }
    struct lfi_slice version = json_get_string(call->body, "version");
    flow->version = version.ptr ? version_read(version) : flow->hub->config->versions[0];
    if (!version_is_listed(flow->hub->config->versions, flow->version)) {
        return script_refuse(&call->base, "SIM-VERSION", 400,
                             "This Hub does not serve that version of the standard.");
    }
    (void)snprintf(flow->resources, sizeof flow->resources, "%s", flow->hub->resources);
    return 0;
}

/* Permissions with which the app reads accounts under a consent to payments. */
static bool reads_accounts(const cJSON *permissions)
{
    const cJSON *permission;
    cJSON_ArrayForEach(permission, permissions)
    {
        if (cJSON_IsString(permission) &&
            strcmp(permission->valuestring, "ReadRefundAccount") != 0) {
            return true;
        }
    }
    return false;
}

int tpp_app_request_consent(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    struct flow flow = {0};
    const cJSON *permissions = json_get(json_get(call->body, "consent"), "Permissions");
    const char *scope = is_insurance(call)            ? INSURANCE_SCOPE
                        : !is_payment(call)           ? "openid accounts"
                        : reads_accounts(permissions) ? "openid accounts payments"
                                                      : CALLS_PAYMENTS;
    (void)snprintf(flow.scope, sizeof(flow.scope), "%s", scope);
    flow.pays = is_payment(call);
    flow.asked_s = clock_now_s(call->sim->clock);
    return calls_begin_flow(call, &flow) == 0 ? start(call, &flow) : -1;
}

/* --- back from the bank ----------------------------------------------------------------------- */

static void fail(struct flow *flow, const char *code, const char *description)
{
    (void)snprintf(flow->error, sizeof flow->error, "%s", code);
    (void)snprintf(flow->description, sizeof flow->description, "%s", description);
}

/* What the bank gave the browser: an error, or a code that is redeemed. The state is the flow's. */
static void take(struct sim_call *call, struct flow *flow)
{
    struct arena *arena = call->base.arena;
    struct lfi_error error = {""};
    struct lfi_slice query = json_get_string(call->body, "query");
    struct lfi_slice code = request_parameter(arena, query, "code", NULL);
    struct lfi_slice problem = request_parameter(arena, query, "error", NULL);
    const char *why = arena_text(arena, request_parameter(arena, query, "error_description", NULL));
    if (!slice_equal_text(request_parameter(arena, query, "iss", NULL), flow->issuer)) {
        fail(flow, "APP-ISS", "The answer is not from the Hub that was asked.");
    } else if (problem.ptr || !code.ptr) {
        fail(flow, problem.ptr ? arena_text(arena, problem) : "APP-CODE", why ? why : "");
    } else if (app_redeem(call->sim->app, flow, code, arena, &error) != 0) {
        fail(flow, "APP-HUB", error.message);
    }
    flow->arrived = true;
    flows_update(call->sim->app->flows, flow);
}

static void reply_flow(struct sim_call *call, const struct flow *flow)
{
    char now[DATETIME_TEXT_MAX];
    cJSON *reply = cJSON_CreateObject();
    datetime_format_utc_ms(clock_now_us(call->sim->clock), now);
    cJSON_AddStringToObject(reply, "now", now);
    cJSON_AddStringToObject(reply, "consentId", flow->consent_id);
    cJSON_AddStringToObject(reply, "slug", flow->tpp->slug);
    cJSON_AddStringToObject(reply, "tppName", flow->tpp->name);
    cJSON_AddBoolToObject(reply, "insurance", strcmp(flow->scope, INSURANCE_SCOPE) == 0);
    cJSON_AddBoolToObject(reply, "connected", flow->access[0] != '\0');
    if (flow->error[0]) {
        cJSON_AddStringToObject(reply, "error", flow->error);
        cJSON_AddStringToObject(reply, "description", flow->description);
    }
    store_lock(call->sim->store);
    const struct consent *consent =
        store_find(call->sim->store, flow->hub, slice_of(flow->consent_id));
    const cJSON *events = consent ? consent->events : NULL; /* that the app's receiver has taken */
    cJSON_AddItemToObject(reply, "events",
                          events ? cJSON_Duplicate(events, true) : cJSON_CreateArray());
    store_unlock(call->sim->store);
    cJSON_AddItemToObject(reply, "wire", flows_wire(call->sim->app->flows, flow->state));
    sim_reply_json(call->base.reply, 200, reply);
}

int tpp_app_arrive(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    struct flow flow;
    struct lfi_slice query = json_get_string(call->body, "query");
    if (calls_find_flow(call, request_parameter(base->arena, query, "state", NULL), &flow) != 0) {
        return -1;
    }
    if (flows_begin_arrival(call->sim->app->flows, flow.state)) {
        take(call, &flow);
    }
    reply_flow(call, &flow);
    return 0;
}

int tpp_app_show(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    struct flow flow;
    struct lfi_slice id = request_decode(base->arena, base->found.contract.path_values[0], false);
    if (tpp_app_find(call->sim->app, base->request, id, &flow)) {
        reply_flow(call, &flow);
    } else {
        base->reply->status = 204;
    }
    return 0;
}

/* --- all of the browser ----------------------------------------------------------------------- */

/* What the Hub has told last of the consent itself; NULL: nothing. Under the lock of the store. */
static const cJSON *told_status(const struct sim *sim, const struct flow *flow)
{
    const struct consent *consent = store_find(sim->store, flow->hub, slice_of(flow->consent_id));
    const cJSON *events = consent ? consent->events : NULL, *event, *status = NULL;
    cJSON_ArrayForEach(event, events)
    {
        const cJSON *data = json_get(json_get(event, "message"), "Data");
        if (!json_get(data, "PaymentId")) {
            status = json_get(data, "Status");
        }
    }
    return status;
}

struct listing {
    const struct sim *sim;
    cJSON *list;
};

static void list_flow(void *ctx, const struct flow *flow)
{
    const struct listing *listing = ctx;
    char at[DATETIME_TEXT_MAX];
    bool connected = flow->access[0] != '\0';
    if (!flow->issuer[0]) {
        return;
    }
    datetime_format_utc_ms(flow->asked_s * INT64_C(1000000), at);
    cJSON *entry = cJSON_CreateObject();
    cJSON_AddStringToObject(entry, "consentId", flow->consent_id);
    cJSON_AddStringToObject(entry, "slug", flow->tpp->slug);
    cJSON_AddStringToObject(entry, "tppName", flow->tpp->name);
    cJSON_AddStringToObject(entry, "at", at);
    cJSON_AddBoolToObject(entry, "pays", flow->pays);
    cJSON_AddBoolToObject(entry, "connected", connected);
    const cJSON *told = told_status(listing->sim, flow);
    cJSON_AddItemToObject(entry, "status",
                          told ? cJSON_Duplicate(told, false)
                               : cJSON_CreateString(connected       ? "Authorized"
                                                    : flow->arrived ? "Rejected"
                                                                    : "AwaitingAuthorization"));
    cJSON_AddItemToArray(listing->list, entry);
}

int tpp_app_list(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    const struct tpp_app *app = call->sim->app;
    cJSON *reply = cJSON_CreateObject();
    struct listing listing = {call->sim, cJSON_AddArrayToObject(reply, "consents")};
    if (app) {
        store_lock(call->sim->store);
        flows_each(app->flows, request_cookie(base->request, COOKIE), list_flow, &listing);
        store_unlock(call->sim->store);
    }
    sim_reply_json(base->reply, 200, reply);
    return 0;
}

/* --- data ------------------------------------------------------------------------------------- */

int calls_reply(struct sim_call *call, int rc, struct app_answer *answer, cJSON *wire,
                const struct lfi_error *error)
{
    if (rc != 0) {
        app_answer_free(answer);
        cJSON_Delete(wire);
        return calls_refuse_hub(call, error);
    }
    cJSON *reply = cJSON_CreateObject();
    cJSON_AddNumberToObject(reply, "status", answer->status);
    cJSON_AddItemToObject(reply, "body", answer->body ? answer->body : cJSON_CreateNull());
    if (answer->retry_after[0]) {
        cJSON_AddStringToObject(reply, "retryAfter", answer->retry_after);
    }
    if (wire) {
        cJSON_AddItemToObject(reply, "wire", wire);
    }
    sim_reply_json(call->base.reply, 200, reply);
    return 0;
}

int tpp_app_read_data(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    struct flow flow;
    struct app_answer answer;
    struct lfi_error error = {""};
    struct lfi_slice family = json_get_string(call->body, "family");
    bool pays = slice_equal_text(family, "payment");
    const struct app_call read = {.family = pays ? "payment"
                                            : slice_equal_text(family, "insurance")
                                                ? "insurance"
                                                : "account-information",
                                  .method = "GET",
                                  .path = json_get_string(call->body, "path"),
                                  .query = json_get_string(call->body, "query"),
                                  .customer = base->request->remote,
                                  .scope = pays ? CALLS_PAYMENTS : NULL};
    if (calls_find_flow(call, json_get_string(call->body, "consentId"), &flow) != 0) {
        return -1;
    }
    int rc = app_call(call->sim->app, &flow, &read, base->arena, &answer, &error);
    return calls_reply(call, rc, &answer, NULL, &error);
}
