#include "tpp/request_object.h"

#include "base/array.h"
#include "base/limits.h"
#include "caller/token.h"
#include "contract/contract.h"
#include "contract_hub_authorization_details.h"
#include "tpp/scope.h"
#include "tpp/signed.h"
#include "versions.h"

#include <math.h>

#define CHALLENGE_LEN 43 /* SHA-256 as base64url */
#define JTI_MAX 128

#define SIGNED_PREFIX "REQUEST-OBJECT"
static const char *const ids[SIGNED_COUNT] = {SIGNED_FAULTS(SIGNED_ID)};

int request_object_init(struct lfi_error *error)
{
    return contract_init(&contract_hub_authorization_details, error);
}

void request_object_fini(void)
{
    contract_fini(&contract_hub_authorization_details);
}

static int refuse(struct tpp_call *call, const char *id, const char *message)
{
    return tpp_refuse(call, id, "invalid_request", message);
}

/* --- the signature and what is about it ------------------------------------------------------- */

static enum signed_fault check_dates(const struct tpp_call *call, const cJSON *claims)
{
    double exp = 0, nbf = 0, now = (double)clock_now_s(call->base.sim->clock);
    int most = REQUEST_OBJECT_S + tpp_switch(call, SWITCH_SKEW);
    enum signed_fault fault = signed_check_dates(call->base.sim, claims);
    if (fault != SIGNED_GOOD) {
        return fault;
    }
    if (tpp_switch(call, SWITCH_REQUIRE_IAT) && !json_get(claims, "iat")) {
        return SIGNED_IAT;
    }
    if (!token_get_date(claims, "nbf", &nbf) || now - nbf > most) {
        return SIGNED_NBF;
    }
    (void)token_get_date(claims, "exp", &exp);
    return exp - nbf > most ? SIGNED_LIFE : SIGNED_GOOD;
}

static enum signed_fault check_names(const struct tpp_call *call, const cJSON *claims)
{
    if (!slice_equal_text(json_get_string(claims, "iss"), call->tpp->client_id)) {
        return SIGNED_ISS;
    }
    if (!slice_equal_text(json_get_string(claims, "client_id"), call->tpp->client_id)) {
        return SIGNED_CLIENT;
    }
    return slice_equal_text(json_get_string(claims, "aud"), call->base.hub->issuer) ? SIGNED_GOOD
                                                                                    : SIGNED_AUD;
}

/* One that names itself is used up by its first use, of those that are genuine. */
static enum signed_fault check_use(const struct tpp_call *call, const cJSON *claims)
{
    double exp = 0;
    struct arena *arena = call->base.base.arena;
    struct lfi_slice jti = json_get_string(claims, "jti");
    if (!json_get(claims, "jti") || tpp_switch(call, SWITCH_REPLAY_SCOPE) == REPLAY_OFF) {
        return SIGNED_GOOD;
    }
    if (jti.len == 0 || jti.len > JTI_MAX) {
        return SIGNED_JTI;
    }
    (void)token_get_date(claims, "exp", &exp);
    struct lfi_slice id =
        arena_format(arena, "request %s %s %.*s", call->base.hub->config->provider_id,
                     call->tpp->client_id, SLICE_ARG(jti));
    return id.ptr && used_remember(call->side->used, arena, id,
                                   (int64_t)ceil(exp) + tpp_switch(call, SWITCH_SKEW) + 1)
               ? SIGNED_GOOD
               : SIGNED_REPLAY;
}

static int read_signed(struct tpp_call *call, struct request_object *out)
{
    static const char *const typs[] = {"JWT", "oauth-authz-req+jwt", NULL};
    struct signed_text text;
    struct lfi_slice compact = form_get(&call->form, "request");
    if (!compact.ptr) {
        return refuse(call, "PAR-REQUEST", "a signed request object is required");
    }
    enum signed_fault fault =
        signed_read(call->base.base.arena, compact, LIMIT_BODY_BYTES, typs, &text);
    out->claims = text.claims;
    if (fault == SIGNED_GOOD) {
        fault = signed_verify(&text, call->side->keysets[call->tpp - tpps]);
    }
    if (fault == SIGNED_GOOD) {
        fault = check_names(call, out->claims);
    }
    if (fault == SIGNED_GOOD) {
        fault = check_dates(call, out->claims);
    }
    if (fault == SIGNED_GOOD) {
        fault = check_use(call, out->claims);
    }
    bool own = tpp_switch(call, SWITCH_REQUEST_OBJECT_ERROR) == REQUEST_OBJECT_ERROR_OWN;
    return fault == SIGNED_GOOD
               ? 0
               : tpp_refuse(call, ids[fault], own ? "invalid_request_object" : "invalid_request",
                            signed_fault_text(fault));
}

/* --- parameters of OAuth ---------------------------------------------------------------------- */

static bool is_registered(const struct tpp_call *call, struct lfi_slice uri)
{
    const struct config_tpp *registered = tpp_registration(call);
    struct lfi_slice own =
        arena_format(call->base.base.arena, "%s" TPP_CALLBACK_PATH, call->base.sim->config->url);
    for (size_t i = 0; i < registered->redirect_uri_count; i++) {
        if (slice_equal_text(uri, registered->redirect_uris[i])) {
            return true;
        }
    }
    return own.ptr && slice_equal(uri, own);
}

static bool is_challenge(struct lfi_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              c == '-' || c == '_')) {
            return false;
        }
    }
    return text.len == CHALLENGE_LEN;
}

/* Absent, or a text that is not too long. */
static bool is_short_text(const cJSON *claims, const char *name)
{
    return !json_get(claims, name) || (cJSON_IsString(json_get(claims, name)) &&
                                       json_get_string(claims, name).len <= REQUEST_STATE_MAX);
}

static int check_response(struct tpp_call *call, const cJSON *claims)
{
    if (!slice_equal_text(json_get_string(claims, "response_type"), "code")) {
        return refuse(call, "PAR-RESPONSE-TYPE", "response_type must be code");
    }
    if (json_get(claims, "response_mode") &&
        !slice_equal_text(json_get_string(claims, "response_mode"), "query")) {
        return refuse(call, "PAR-RESPONSE-MODE", "response_mode must be query");
    }
    if (json_get(claims, "request") || json_get(claims, "request_uri")) {
        return refuse(call, "PAR-NESTED", "a request object has no request or request_uri");
    }
    struct lfi_slice uri = json_get_string(claims, "redirect_uri");
    if (!uri.ptr || !is_registered(call, uri)) {
        return refuse(call, "PAR-REDIRECT-URI", "redirect_uri is not registered");
    }
    if (!slice_equal_text(json_get_string(claims, "code_challenge_method"), "S256") ||
        !is_challenge(json_get_string(claims, "code_challenge"))) {
        return refuse(
            call, "PAR-PKCE",
            "code_challenge of 43 characters with code_challenge_method S256 is required");
    }
    return 0;
}

/* The closed schema of the standard, and iat and jti, which its guides demand. */
static int check_known(struct tpp_call *call, const cJSON *claims)
{
    static const char *const known[] = {"iss",
                                        "aud",
                                        "exp",
                                        "nbf",
                                        "iat",
                                        "jti",
                                        "scope",
                                        "state",
                                        "nonce",
                                        "client_id",
                                        "response_type",
                                        "redirect_uri",
                                        "code_challenge",
                                        "code_challenge_method",
                                        "max_age",
                                        "login_hint",
                                        "authorization_details"};
    const cJSON *claim;
    cJSON_ArrayForEach(claim, claims)
    {
        size_t at = 0;
        while (at < ARRAY_LEN(known) && strcmp(claim->string, known[at]) != 0) {
            at++;
        }
        if (at == ARRAY_LEN(known)) {
            return refuse(call, "PAR-CLAIMS", "the request object has an unknown claim");
        }
    }
    return 0;
}

static int check_optional(struct tpp_call *call, const cJSON *claims)
{
    int64_t age = 0;
    if (tpp_switch(call, SWITCH_STRICT_CLAIMS) && check_known(call, claims) != 0) {
        return -1;
    }
    if (!is_short_text(claims, "state")) {
        return refuse(call, "PAR-STATE", "state must be a text of at most 200 characters");
    }
    if (!is_short_text(claims, "nonce")) {
        return refuse(call, "PAR-NONCE", "nonce must be a text of at most 200 characters");
    }
    if (json_get(claims, "max_age") &&
        (!json_get_int(claims, "max_age", &age) || age < 0 || age > REQUEST_MAX_AGE_S)) {
        return refuse(call, "PAR-MAX-AGE", "max_age must be between 0 and 3600");
    }
    return 0;
}

/* --- authorization_details -------------------------------------------------------------------- */

static int check_scope(struct tpp_call *call, const struct request_object *object)
{
    struct lfi_slice scope = json_get_string(object->claims, "scope");
    const cJSON *permissions = json_get(object->terms, "Permissions");
    const char *why = scope.len > ACCESS_SCOPE_MAX ? "scope is too long"
                                                   : scope_why_not(scope, tpp_registration(call));
    bool reads = json_lists(permissions, SLICE("ReadAccountsBasic")) ||
                 json_lists(permissions, SLICE("ReadAccountsDetail")) ||
                 json_lists(permissions, SLICE("ReadBalances"));
    if (!why && !access_has_scope(scope, object->family->scope)) {
        why = "scope does not fit the type of authorization_details";
    } else if (!why && reads && !access_has_scope(scope, "accounts")) {
        why = "scope must have accounts for these permissions";
    } else if (!why && !object->kind->pays && access_has_scope(scope, "payments")) {
        why = "scope must not have payments for this type of authorization_details";
    }
    return why ? tpp_refuse(call, "PAR-SCOPE", "invalid_scope", why) : 0;
}

static int check_form(struct tpp_call *call, const struct request_object *object)
{
    struct contract_violation violation;
    const struct contract_schema *schema = schema_in_version(
        &contract_hub_authorization_details, object->family->schema, object->version);
    char *text = cJSON_PrintUnformatted(object->details);
    int rc = text ? contract_check_json(schema, slice_of(text), &violation) : 0;
    cJSON_free(text);
    if (rc != 0) {
        struct lfi_slice message =
            arena_format(call->base.base.arena, "authorization_details[0]%s: %s",
                         violation.where + 1, violation.message);
        return refuse(call, "PAR-DETAILS-FORM", message.ptr ? message.ptr : violation.rule);
    }
    return 0;
}

/* Permissions of older versions, which old clients still ask for, give nothing. */
static void leave_out_older(cJSON *claims)
{
    static const char *const older[] = {"ReadTransactionsCredits", "ReadConsents"};
    cJSON *details = cJSON_GetObjectItemCaseSensitive(claims, "authorization_details");
    cJSON *consent = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(details, 0), "consent");
    cJSON *list = cJSON_GetObjectItemCaseSensitive(consent, "Permissions");
    for (int i = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0; i > 0; i--) {
        struct lfi_slice code = slice_of(cJSON_GetStringValue(cJSON_GetArrayItem(list, i - 1)));
        if (slice_equal_text(code, older[0]) || slice_equal_text(code, older[1])) {
            cJSON_DeleteItemFromArray(list, i - 1);
        }
    }
}

static int read_details(struct tpp_call *call, struct request_object *out)
{
    const cJSON *list = json_get(out->claims, "authorization_details");
    if (!tpp_switch(call, SWITCH_STRICT_CLAIMS)) {
        leave_out_older(out->claims);
    }
    if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) != 1) {
        return refuse(call, "PAR-DETAILS", "authorization_details must have exactly one element");
    }
    out->details = cJSON_GetArrayItem(list, 0);
    out->terms = json_get(out->details, "consent");
    out->family = family_of_type(json_get_string(out->details, "type"), &out->version);
    if (!out->family || !version_is_listed(call->base.hub->config->versions, out->version)) {
        return refuse(call, "PAR-DETAILS-TYPE", "authorization_details: the type is not served");
    }
    out->kind = consent_kind_named(out->family->kind);
    if (!(tpp_registration(call)->roles & out->family->role)) {
        return tpp_refuse(call, "PAR-ROLE", "unauthorized_client",
                          "the client's role does not have this type of authorization_details");
    }
    return check_scope(call, out) == 0 ? check_form(call, out) : -1;
}

int request_object_read(struct tpp_call *call, struct request_object *out)
{
    *out = (struct request_object){0};
    return read_signed(call, out) == 0 && check_response(call, out->claims) == 0 &&
                   check_optional(call, out->claims) == 0
               ? read_details(call, out)
               : -1;
}

void request_object_end(struct request_object *object)
{
    cJSON_Delete(object->claims);
    object->claims = NULL;
}

cJSON *request_object_grant(const struct request_object *object)
{
    static const char *const kept[][2] = {
        {"redirectUri", "redirect_uri"},
        {"scope", "scope"},
        {"challenge", "code_challenge"},
        {"state", "state"},
        {"nonce", "nonce"},
        {"maxAge", "max_age"},
        {"loginHint", "login_hint"},
    };
    cJSON *grant = cJSON_CreateObject();
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        const cJSON *value = json_get(object->claims, kept[i][1]);
        if (value) {
            cJSON_AddItemToObject(grant, kept[i][0], cJSON_Duplicate(value, false));
        }
    }
    return grant;
}
