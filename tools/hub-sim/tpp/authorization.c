/* What the issuer and the authorization server have in common: forms in, JSON and errors out. */
#include "base/array.h"
#include "flow/dispatch.h"
#include "flow/flow.h"
#include "oauth/form.h"
#include "roles.h"
#include "rows_hub_discovery.h"
#include "tpp/call.h"
#include "tpp/scope.h"
#include "versions.h"

#define FORM_BYTES                                                                                 \
    (512 * 1024) /* a request object with personal data of LIMIT_PII_BYTES, encoded */

/* --- the issuer ------------------------------------------------------------------------------- */

static void add_texts(cJSON *body, const char *name, const char *const *texts, int count)
{
    cJSON_AddItemToObject(body, name, cJSON_CreateStringArray(texts, count));
}

static void add_text(cJSON *body, const char *name, const char *text)
{
    add_texts(body, name, &text, 1);
}

static void add_address(cJSON *body, struct tpp_call *call, const char *name, enum tpp_part part,
                        const char *path)
{
    struct lfi_slice base = tpp_base_of(call, part);
    struct lfi_slice address = arena_format(call->base.base.arena, "%.*s%s", SLICE_ARG(base), path);
    cJSON_AddStringToObject(body, name, address.ptr ? address.ptr : "");
}

static void add_endpoints(cJSON *body, struct tpp_call *call)
{
    add_address(body, call, "token_endpoint", TPP_AUTHORIZATION, "/token");
    add_address(body, call, "pushed_authorization_request_endpoint", TPP_AUTHORIZATION, "/par");
    add_address(body, call, "introspection_endpoint", TPP_AUTHORIZATION, "/introspection");
    add_address(body, call, "revocation_endpoint", TPP_AUTHORIZATION, "/token/revoke");
}

static void add_types(cJSON *body, const struct sim_hub *hub)
{
    char type[DETAILS_TYPE_MAX];
    cJSON *types = cJSON_AddArrayToObject(body, "authorization_details_types_supported");
    for (const uint32_t *version = hub->config->versions; *version; version++) {
        for (size_t i = 0; i < TPP_ROLES; i++) {
            details_type_format(tpp_role_names[i].details, *version, type);
            cJSON_AddItemToArray(types, cJSON_CreateString(type));
        }
    }
}

static void add_abilities(cJSON *body)
{
    static const char *const grants[] = {"authorization_code", "refresh_token",
                                         "client_credentials"};
    static const char *const signs[] = {"token_endpoint_auth_signing_alg_values_supported",
                                        "request_object_signing_alg_values_supported",
                                        "id_token_signing_alg_values_supported"};
    static const char *const flags[] = {
        "tls_client_certificate_bound_access_tokens",
        "authorization_response_iss_parameter_supported", "require_pushed_authorization_requests",
        "require_signed_request_object", "request_parameter_supported"};
    for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
        cJSON_AddTrueToObject(body, flags[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(signs); i++) {
        add_text(body, signs[i], "PS256");
    }
    add_text(body, "response_types_supported", "code");
    add_text(body, "response_modes_supported", "query");
    add_texts(body, "grant_types_supported", grants, ARRAY_LEN(grants));
    add_text(body, "token_endpoint_auth_methods_supported", "private_key_jwt");
    add_text(body, "code_challenge_methods_supported", "S256");
    add_text(body, "subject_types_supported", "pairwise");
    scope_describe(cJSON_AddArrayToObject(body, "scopes_supported"));
}

int tpp_read_configuration(struct call *base)
{
    struct tpp_call *call = tpp_call_of(base);
    const struct sim *sim = call->base.sim;
    struct lfi_slice keys = arena_format(base->arena, "%s/%s/application.jwks",
                                         sim->config->keystore_url, sim->config->bank_ou);
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "issuer", call->base.hub->issuer);
    cJSON_AddStringToObject(body, "authorization_endpoint", call->base.hub->config->authorize_url);
    cJSON_AddStringToObject(body, "jwks_uri", keys.ptr ? keys.ptr : "");
    add_address(body, call, "registration_endpoint", TPP_RESOURCES, "/tpp-registration");
    add_endpoints(body, call);
    add_endpoints(cJSON_AddObjectToObject(body, "mtls_endpoint_aliases"), call);
    add_abilities(body);
    add_types(body, call->base.hub);
    sim_reply_json(base->reply, 200, body);
    reply_header(base->reply, "Cache-Control", SLICE("max-age=900"));
    return 0;
}

void tpp_run_issuer(struct tpp_call *call)
{
    struct call *base = &call->base.base;
    if (dispatch_route(base) != 0 || flow_run(base) != 0) {
        base->reply->status = base->refusal->status;
    }
}

/* --- the authorization server ----------------------------------------------------------------- */

static int check_interaction_id(struct tpp_call *call)
{
    return tpp_lacks_interaction_id(call)
               ? tpp_refuse(call, "TPP-INTERACTION-ID", "invalid_request",
                            "x-fapi-interaction-id must be a UUIDv4")
               : 0;
}

static int read_form(struct tpp_call *call)
{
    struct call *base = &call->base.base;
    struct lfi_error error = {""};
    if (base->request->body.len > FORM_BYTES) {
        return refusal_set(base->refusal, "CLIENT-FORM", 413, "invalid_request",
                           "the form is too long");
    }
    if (form_parse(base->arena, base->request->body, &call->form, &error) != 0) {
        return tpp_refuse(call, "CLIENT-FORM", "invalid_request", error.message);
    }
    if (dispatch_check_request(base) == 0) {
        return 0;
    }
    return tpp_refuse(call, "CLIENT-FORM", "invalid_request",
                      "the body must be application/x-www-form-urlencoded");
}

/* The characters that RFC 6749 5.2 allows. */
static struct lfi_slice describe(struct arena *arena, const char *message)
{
    char *text = arena_text(arena, slice_of(message));
    for (char *c = text; c && *c != '\0'; c++) {
        if (*c < ' ' || *c > '~' || *c == '"' || *c == '\\') {
            *c = '\'';
        }
    }
    return slice_of(text);
}

static void write_error(struct tpp_call *call)
{
    struct call *base = &call->base.base;
    const struct refusal *refusal = base->refusal;
    buf_clear(&base->reply->body);
    if (refusal->status == 413) { /* the standard gives it no body */
        base->reply->status = refusal->status;
        return;
    }
    cJSON *body = cJSON_CreateObject();
    struct lfi_slice text = describe(base->arena, refusal->error_message);
    cJSON_AddStringToObject(body, "error",
                            refusal->error_code ? refusal->error_code : "server_error");
    if (text.len > 0) {
        cJSON_AddStringToObject(body, "error_description", text.ptr);
    }
    sim_reply_json(base->reply, refusal->status, body);
}

void tpp_run_authorization(struct tpp_call *call)
{
    struct call *base = &call->base.base;
    if (dispatch_route(base) != 0) {
        base->reply->status = base->refusal->status;
        return;
    }
    if (check_interaction_id(call) != 0 || read_form(call) != 0 || flow_run(base) != 0) {
        write_error(call);
    }
    reply_header(base->reply, "Cache-Control", SLICE("no-store"));
}
