/* The steps of a flow as the guides for TPPs describe them. */
#include "base/array.h"
#include "base/base64.h"
#include "base/limits.h"
#include "base/text.h"
#include "tpp_app/wire.h"
#include "tpps.h"

#include <stdio.h>

#define ASSERTION_S 60
#define REQUEST_S 300
#define TOKEN_BYTES (32 * 1024)
#define JWT_BEARER "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#define SCOPE "openid accounts"

/* --- what it signs ---------------------------------------------------------------------------- */

static struct lfi_slice sign(const struct tpp_app *app, const struct flow *flow, cJSON *claims,
                             struct arena *arena, struct lfi_error *error)
{
    struct buf out;
    struct lfi_slice made = {NULL, 0};
    char *text = cJSON_PrintUnformatted(claims);
    cJSON_Delete(claims);
    buf_init(&out, TOKEN_BYTES);
    if (text && jose_sign_payload(app->sim->tpp_signers[flow->tpp - tpps], "JWT", slice_of(text),
                                  &out, error) == 0) {
        made = arena_keep(arena, buf_slice(&out));
    }
    cJSON_free(text);
    buf_free(&out);
    return made;
}

static struct lfi_slice sign_assertion(const struct tpp_app *app, const struct flow *flow,
                                       struct arena *arena, struct lfi_error *error)
{
    char jti[ID_UUID_MAX];
    int64_t now_s = clock_now_s(app->sim->clock);
    if (!id_uuid4(jti)) {
        (void)error_set(error, "no random numbers");
        return (struct lfi_slice){NULL, 0};
    }
    cJSON *claims = cJSON_CreateObject();
    cJSON_AddStringToObject(claims, "iss", flow->tpp->client_id);
    cJSON_AddStringToObject(claims, "sub", flow->tpp->client_id);
    cJSON_AddStringToObject(claims, "aud", flow->issuer);
    cJSON_AddStringToObject(claims, "jti", jti);
    cJSON_AddNumberToObject(claims, "iat", (double)now_s);
    cJSON_AddNumberToObject(claims, "exp", (double)(now_s + ASSERTION_S));
    return sign(app, flow, claims, arena, error);
}

static struct lfi_slice redirect_uri(const struct tpp_app *app, struct arena *arena)
{
    return arena_format(arena, "%s" TPP_CALLBACK_PATH, app->sim->config->url);
}

static struct lfi_slice sign_request(const struct tpp_app *app, const struct flow *flow,
                                     const cJSON *details, struct arena *arena,
                                     struct lfi_error *error)
{
    int64_t now_s = clock_now_s(app->sim->clock);
    struct lfi_slice challenge = id_digest(arena, slice_of(flow->verifier));
    struct lfi_slice back = redirect_uri(app, arena);
    cJSON *claims = cJSON_CreateObject();
    cJSON_AddStringToObject(claims, "iss", flow->tpp->client_id);
    cJSON_AddStringToObject(claims, "client_id", flow->tpp->client_id);
    cJSON_AddStringToObject(claims, "aud", flow->issuer);
    cJSON_AddNumberToObject(claims, "nbf", (double)now_s);
    cJSON_AddNumberToObject(claims, "exp", (double)(now_s + REQUEST_S));
    cJSON_AddStringToObject(claims, "response_type", "code");
    cJSON_AddStringToObject(claims, "redirect_uri", back.ptr ? back.ptr : "");
    cJSON_AddStringToObject(claims, "scope", SCOPE);
    cJSON_AddStringToObject(claims, "code_challenge", challenge.ptr ? challenge.ptr : "");
    cJSON_AddStringToObject(claims, "code_challenge_method", "S256");
    cJSON_AddStringToObject(claims, "state", flow->state);
    cJSON_AddStringToObject(claims, "nonce", flow->nonce);
    cJSON_AddItemToArray(cJSON_AddArrayToObject(claims, "authorization_details"),
                         cJSON_Duplicate(details, true));
    return sign(app, flow, claims, arena, error);
}

/* --- discovery -------------------------------------------------------------------------------- */

/* What OAuth or the standard says of a refusal, for people. */
static int refuse(const struct http_answer *answer, const cJSON *body, struct lfi_error *error)
{
    struct lfi_slice code = json_get_string(body, "error");
    struct lfi_slice text = json_get_string(body, "error_description");
    return code.ptr ? error_set(error, "%.*s: %.*s", SLICE_ARG(code), SLICE_ARG(text))
                    : error_set(error, "the Hub answered %d", answer->status);
}

/* Sends, and gives the answer's JSON when its status is `status`. The caller frees it. */
static cJSON *ask(struct tpp_app *app, const struct flow *flow, const struct wire_call *call,
                  int status, struct arena *arena, struct lfi_error *error)
{
    struct http_answer answer;
    cJSON *body = NULL;
    if (wire_send(app, flow, call, arena, &answer, error) == 0) {
        body = json_parse(buf_slice(&answer.body));
        if (answer.status != status) {
            (void)refuse(&answer, body, error);
            cJSON_Delete(body);
            body = NULL;
        } else if (!body) {
            (void)error_set(error, "the Hub answered without JSON");
        }
    }
    http_answer_free(&answer);
    return body;
}

static bool copy(char *out, size_t room, const cJSON *body, const char *name)
{
    struct lfi_slice text = json_get_string(body, name);
    bool fits = text.ptr && text.len < room;
    if (fits) {
        (void)snprintf(out, room, "%.*s", SLICE_ARG(text));
    }
    return fits;
}

static int discover(struct tpp_app *app, struct flow *flow, struct arena *arena,
                    struct lfi_error *error)
{
    const struct wire_call call = {
        .step = "discovery",
        .method = "GET",
        .url = arena_format(arena, "%s/.well-known/openid-configuration", flow->hub->issuer)};
    cJSON *body = ask(app, flow, &call, 200, arena, error);
    if (!body) {
        return -1;
    }
    const cJSON *aliases = json_get(body, "mtls_endpoint_aliases");
    bool whole =
        copy(flow->issuer, sizeof flow->issuer, body, "issuer") &&
        copy(flow->authorize_url, sizeof flow->authorize_url, body, "authorization_endpoint") &&
        copy(flow->jwks_uri, sizeof flow->jwks_uri, body, "jwks_uri") &&
        copy(flow->token_url, sizeof flow->token_url, aliases, "token_endpoint") &&
        copy(flow->par_url, sizeof flow->par_url, aliases, "pushed_authorization_request_endpoint");
    cJSON_Delete(body);
    return whole && strcmp(flow->issuer, flow->hub->issuer) == 0
               ? 0
               : error_set(error, "the Hub's configuration is not that of its issuer");
}

/* --- the request ------------------------------------------------------------------------------ */

static int push(struct tpp_app *app, struct flow *flow, const cJSON *details, struct arena *arena,
                struct lfi_slice *address, struct lfi_error *error)
{
    struct lfi_slice assertion = sign_assertion(app, flow, arena, error);
    struct lfi_slice object = sign_request(app, flow, details, arena, error);
    const struct wire_field fields[] = {
        {.name = "client_assertion_type", .value = SLICE(JWT_BEARER)},
        {.name = "client_assertion", .value = assertion, .token = true},
        {.name = "request", .value = object, .token = true}};
    const struct wire_call call = {.step = "par",
                                   .method = "POST",
                                   .url = slice_of(flow->par_url),
                                   .fields = fields,
                                   .field_count = ARRAY_LEN(fields)};
    struct buf url;
    cJSON *body = assertion.ptr && object.ptr ? ask(app, flow, &call, 201, arena, error) : NULL;
    if (!body) {
        return -1;
    }
    buf_init(&url, LIMIT_QUERY_BYTES);
    buf_append_format(&url, "%s?client_id=", flow->authorize_url);
    text_append_encoded(&url, slice_of(flow->tpp->client_id));
    buf_append_text(&url, "&request_uri=");
    text_append_encoded(&url, json_get_string(body, "request_uri"));
    *address = arena_keep(arena, buf_slice(&url));
    buf_free(&url);
    cJSON_Delete(body);
    return address->ptr ? 0 : error_set(error, "out of memory");
}

int app_request(struct tpp_app *app, struct flow *flow, const cJSON *details, struct arena *arena,
                struct lfi_slice *address, struct lfi_error *error)
{
    return discover(app, flow, arena, error) == 0 &&
                   push(app, flow, details, arena, address, error) == 0
               ? 0
               : -1;
}

/* --- the ID token ----------------------------------------------------------------------------- */

static bool is_for_us(const struct tpp_app *app, const struct flow *flow, const cJSON *claims)
{
    int64_t exp = 0;
    const cJSON *aud = json_get(claims, "aud");
    return slice_equal_text(json_get_string(claims, "iss"), flow->issuer) &&
           (slice_equal_text(json_get_string(claims, "aud"), flow->tpp->client_id) ||
            json_lists(aud, slice_of(flow->tpp->client_id))) &&
           slice_equal_text(json_get_string(claims, "nonce"), flow->nonce) &&
           json_get_int(claims, "exp", &exp) && exp > clock_now_s(app->sim->clock);
}

static int verify(const struct tpp_app *app, const struct flow *flow, struct lfi_slice keys,
                  struct lfi_slice compact, struct arena *arena, struct lfi_error *error)
{
    struct jose_keyset *set = NULL;
    struct jose_token token;
    int rc = jose_keyset_parse(&set, keys, JOSE_PS256, error) == 0 &&
                     jose_token_parse(arena, compact, &token, error) == 0
                 ? jose_verify(set, &token, error)
                 : -1;
    jose_keyset_free(set);
    if (rc == 0) {
        cJSON *claims = json_parse(token.payload);
        if (!is_for_us(app, flow, claims)) {
            rc = error_set(error, "the ID token is not for this request");
        }
        cJSON_Delete(claims);
    }
    return rc;
}

static int check_id_token(struct tpp_app *app, const struct flow *flow, struct lfi_slice compact,
                          struct arena *arena, struct lfi_error *error)
{
    struct http_answer answer;
    const struct wire_call call = {
        .step = "keys", .method = "GET", .url = slice_of(flow->jwks_uri)};
    int rc = wire_send(app, flow, &call, arena, &answer, error);
    if (rc == 0) {
        rc = compact.ptr && answer.status == 200
                 ? verify(app, flow, buf_slice(&answer.body), compact, arena, error)
                 : error_set(error, "there is no ID token, or no key for it");
    }
    http_answer_free(&answer);
    return rc;
}

/* --- tokens ----------------------------------------------------------------------------------- */

/* The form with the client's assertion behind what the grant needs. */
static cJSON *ask_token(struct tpp_app *app, const struct flow *flow, struct wire_field *fields,
                        size_t count, struct arena *arena, struct lfi_error *error)
{
    struct lfi_slice assertion = sign_assertion(app, flow, arena, error);
    fields[count++] =
        (struct wire_field){.name = "client_assertion_type", .value = SLICE(JWT_BEARER)};
    fields[count++] =
        (struct wire_field){.name = "client_assertion", .value = assertion, .token = true};
    const struct wire_call call = {.step = "token",
                                   .method = "POST",
                                   .url = slice_of(flow->token_url),
                                   .fields = fields,
                                   .field_count = count};
    return assertion.ptr ? ask(app, flow, &call, 200, arena, error) : NULL;
}

static int keep_tokens(struct flow *flow, const cJSON *body, struct lfi_error *error)
{
    bool whole = copy(flow->access, sizeof flow->access, body, "access_token");
    if (json_get(body, "refresh_token")) {
        whole = copy(flow->refresh, sizeof flow->refresh, body, "refresh_token") && whole;
    }
    return whole ? 0 : error_set(error, "the Hub gave no usable token");
}

int app_redeem(struct tpp_app *app, struct flow *flow, struct lfi_slice code, struct arena *arena,
               struct lfi_error *error)
{
    struct wire_field fields[6] = {
        {.name = "grant_type", .value = SLICE("authorization_code")},
        {.name = "code", .value = code, .secret = true},
        {.name = "redirect_uri", .value = redirect_uri(app, arena)},
        {.name = "code_verifier", .value = slice_of(flow->verifier), .secret = true}};
    cJSON *body = ask_token(app, flow, fields, 4, arena, error);
    int rc = body && check_id_token(app, flow, json_get_string(body, "id_token"), arena, error) == 0
                 ? keep_tokens(flow, body, error)
                 : -1;
    cJSON_Delete(body);
    return rc;
}

/* Another call may have done it meanwhile: then its token is taken. */
static int refresh(struct tpp_app *app, struct flow *flow, struct arena *arena,
                   struct lfi_error *error)
{
    struct flow now;
    struct wire_field fields[4] = {{.name = "grant_type", .value = SLICE("refresh_token")}};
    int rc = -1;
    pthread_mutex_lock(&app->refreshing);
    if (!flows_find(app->flows, slice_of(flow->browser), slice_of(flow->state), &now)) {
        (void)error_set(error, "the session is gone");
    } else if (strcmp(now.access, flow->access) != 0) {
        *flow = now;
        rc = 0;
    } else {
        fields[1] = (struct wire_field){
            .name = "refresh_token", .value = slice_of(flow->refresh), .secret = true};
        cJSON *body = ask_token(app, flow, fields, 2, arena, error);
        rc = body ? keep_tokens(flow, body, error) : -1;
        cJSON_Delete(body);
        if (rc == 0) {
            flows_update(app->flows, flow);
        }
    }
    pthread_mutex_unlock(&app->refreshing);
    return rc;
}

/* --- resources -------------------------------------------------------------------------------- */

static int read_once(struct tpp_app *app, const struct flow *flow, const struct app_read *read,
                     struct arena *arena, struct http_answer *answer, struct lfi_error *error)
{
    char id[ID_UUID_MAX];
    if (!id_uuid4(id)) {
        http_answer_init(answer, 0);
        return error_set(error, "no random numbers");
    }
    const struct wire_call call = {
        .step = "resource",
        .method = "GET",
        .url = arena_format(arena, "%s/open-finance/account-information/v2.1%.*s%s%.*s",
                            flow->hub->resources, SLICE_ARG(read->path),
                            read->query.len > 0 ? "?" : "", SLICE_ARG(read->query)),
        .access = flow->access,
        .headers = {arena_format(arena, "x-fapi-interaction-id: %s", id).ptr,
                    arena_format(arena, "x-fapi-customer-ip-address: %s", read->customer).ptr}};
    return wire_send(app, flow, &call, arena, answer, error);
}

int app_read(struct tpp_app *app, struct flow *flow, const struct app_read *read,
             struct arena *arena, struct http_answer *answer, struct lfi_error *error)
{
    int rc = read_once(app, flow, read, arena, answer, error);
    if (rc != 0 || answer->status != 401 || !flow->refresh[0]) {
        return rc;
    }
    rc = refresh(app, flow, arena, error);
    if (rc == 0) {
        http_answer_free(answer);
        rc = read_once(app, flow, read, arena, answer, error);
    }
    return rc;
}
