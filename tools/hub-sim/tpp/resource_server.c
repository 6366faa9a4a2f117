/* The resource server: whose token, which operation, and how a refusal is told. */
#include "base/array.h"
#include "base/limits.h"
#include "consent.h"
#include "flow/dispatch.h"
#include "flow/flow.h"
#include "grant.h"
#include "rows_hub_account_opening.h"
#include "rows_hub_payee_confirmation.h"
#include "rows_hub_payment_initiation.h"
#include "rows_hub_tpp_registration.h"
#include "rows_hub_utilities.h"
#include "tpp/body.h"
#include "tpp/client.h"
#include "tpp/resources.h"
#include "versions.h"

int tpp_register(struct call *base)
{
    struct tpp_call *call = tpp_call_of(base);
    call->tpp = client_of_certificate(call);
    if (!call->tpp) {
        return resource_refuse(call, "TPP-CERTIFICATE", 400, "Resource.InvalidFormat",
                               "The certificate is of no TPP in the directory.");
    }
    base->reply->status = 204;
    return 0;
}

/* --- the token -------------------------------------------------------------------------------- */

static int refuse_token(struct tpp_call *call, const char *message)
{
    if (tpp_switch(call, SWITCH_WWW_AUTHENTICATE)) {
        reply_header(call->base.base.reply, "WWW-Authenticate",
                     SLICE("Bearer error=\"invalid_token\""));
    }
    return resource_refuse(call, "TPP-TOKEN", 401, NULL, message);
}

/* The text behind "Bearer", in any case; absent when there is not exactly one such header. */
static struct lfi_slice find_token(const struct request *request)
{
    static const char scheme[] = "bearer ";
    size_t count = 0;
    struct lfi_slice header = request_header(request, "authorization", &count);
    size_t len = sizeof(scheme) - 1;
    if (count != 1 || header.len <= len || !slice_equal_letters(header.ptr, scheme, len)) {
        return (struct lfi_slice){NULL, 0};
    }
    return slice_trim((struct lfi_slice){header.ptr + len, header.len - len});
}

/* Tokens of a consent are void when its code came twice. */
static bool is_void(struct tpp_call *call)
{
    struct store *store = call->base.sim->store;
    if (!call->access.consent_id.ptr) {
        return false;
    }
    store_lock(store);
    const struct consent *consent = store_find(store, call->access.hub, call->access.consent_id);
    bool gone = !consent || !consent->grant ||
                grant_number(consent->grant, "generation") != call->access.generation;
    call->consent_version = consent ? consent_version(consent) : 0;
    store_unlock(store);
    return gone;
}

static int check_token(struct tpp_call *call)
{
    struct call *base = &call->base.base;
    struct lfi_slice token = find_token(base->request);
    if (!call->thumbprint[0]) {
        return refuse_token(call, "a client certificate is required");
    }
    if (!token.ptr) {
        return refuse_token(call, "no access token");
    }
    if (!access_open(&call->side->keys, base->arena, token, &call->access) ||
        call->access.hub != call->base.hub) {
        return refuse_token(call, "not an access token of this Hub");
    }
    call->tpp = call->access.tpp;
    if (clock_now_s(call->base.sim->clock) >= call->access.until_s) {
        return refuse_token(call, "the access token has expired");
    }
    if (!slice_equal_text(call->access.thumbprint, call->thumbprint)) {
        return refuse_token(call, "the access token is bound to another certificate");
    }
    return is_void(call) ? refuse_token(call, "the access token is void") : 0;
}

/* --- the answer ------------------------------------------------------------------------------- */

static bool has_body(int status)
{
    static const int without[] = {401, 404, 405, 406, 415, 429};
    for (size_t i = 0; i < ARRAY_LEN(without); i++) {
        if (status == without[i]) {
            return false;
        }
    }
    return true;
}

static void write_errors(struct tpp_call *call)
{
    struct call *base = &call->base.base;
    const struct refusal *refusal = base->refusal;
    const char *said = call->said.ptr ? arena_text(base->arena, call->said) : NULL;
    const char *message = refusal->error_message[0] ? refusal->error_message : "Refused.";
    buf_clear(&base->reply->body);
    base->reply->content_type = NULL;
    base->reply->status = refusal->status;
    if (!has_body(refusal->status)) {
        return;
    }
    cJSON *body = cJSON_CreateObject(), *error = cJSON_CreateObject();
    cJSON_AddStringToObject(error, "Code",
                            refusal->error_code ? refusal->error_code : "GenericError");
    cJSON_AddStringToObject(error, "Message", said ? said : message);
    cJSON_AddItemToArray(cJSON_AddArrayToObject(body, "Errors"), error);
    sim_reply_json(base->reply, refusal->status, body);
}

static int check_request(struct tpp_call *call)
{
    struct call *base = &call->base.base;
    const char *in = "";
    struct contract_violation violation;
    if (contract_check_request(&base->found.contract, base->request, &base->parameters, &in,
                               &violation) == 0) {
        return 0;
    }
    bool body = strcmp(in, "body") == 0;
    struct lfi_slice message =
        arena_format(base->arena, "%s: %s", violation.where, violation.message);
    return resource_refuse(call, "TPP-REQUEST", 400,
                           body ? "Body.InvalidFormat" : "Resource.InvalidFormat",
                           message.ptr ? message.ptr : violation.rule);
}

/* Those of which no answer is JSON. The report of a file has the bank's own type. */
static bool always_signs(const struct call *base)
{
    const struct flow_api *flow = base->operation ? base->found.api->flow : NULL;
    return (flow == &flow_hub_payment_initiation && base->row->handler != tpp_show_report) ||
           flow == &flow_hub_payee_confirmation ||
           (flow && base->row->handler == tpp_request_account);
}

/* By the Accept header: JSON unless a JWT is asked for and JSON is not. */
static int read_accept(struct tpp_call *call)
{
    static const char *const known[] = {"application/json", "application/*", "*/*",
                                        "application/jwt"};
    struct lfi_slice rest = request_header(call->base.base.request, "accept", NULL), one, type;
    bool report = call->base.base.found.row->handler == tpp_show_report; /* of any type */
    bool json = !rest.ptr || report;
    while (slice_next(&rest, ',', &one)) {
        if (!slice_next(&one, ';', &type)) {
            continue;
        }
        for (size_t i = 0; i < ARRAY_LEN(known); i++) {
            if (slice_equal_nocase(slice_trim(type), known[i])) {
                json |= i + 1 < ARRAY_LEN(known);
                call->as_jwt |= i + 1 == ARRAY_LEN(known);
            }
        }
    }
    bool fits = json || call->as_jwt;
    call->as_jwt = (call->as_jwt && !json) || always_signs(&call->base.base);
    return fits ? 0
                : resource_refuse(call, "TPP-ACCEPT", 406, NULL,
                                  "Accept must name application/json or application/jwt.");
}

/*
 * The operation in the version that the base path names; a version that the Hub does not serve is
 * no path of its. (TPP side 10.1.)
 */
static int choose_version(struct tpp_call *call)
{
    struct call *base = &call->base.base;
    struct api_match *found = &base->found;
    if (found->base_version == 0) {
        return 0;
    }
    base->operation = version_is_listed(call->base.hub->config->versions, found->base_version)
                          ? contract_operation_in(base->operation, found->base_version)
                          : NULL;
    if (!base->operation) {
        return resource_refuse(call, "TPP-VERSION", 404, NULL, "The version is not served.");
    }
    found->contract.operation = base->operation;
    found->row = base->row = flow_row_of(found->api->flow, base->operation);
    return 0;
}

void tpp_run_resources(struct tpp_call *call)
{
    struct call *base = &call->base.base;
    bool open = base->operation && contract_operation_open(base->operation);
    int rc = open && (call->thumbprint[0] || base->row->handler == tpp_receive_event)
                 ? 0
                 : check_token(call);
    if (rc == 0) {
        rc = dispatch_route(base) == 0 ? choose_version(call) : -1;
    }
    if (rc == 0) {
        rc = read_accept(call);
    }
    if (rc == 0 && !open && tpp_lacks_interaction_id(call)) {
        rc = resource_refuse(call, "TPP-INTERACTION-ID", 400, "Resource.InvalidFormat",
                             "x-fapi-interaction-id must be a UUIDv4.");
    }
    if (rc == 0) {
        rc = body_open(call) == 0 ? check_request(call) : -1;
    }
    if (rc != 0 || flow_run(base) != 0) {
        write_errors(call);
    }
}
