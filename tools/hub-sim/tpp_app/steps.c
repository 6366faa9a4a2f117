/* The steps of a flow as the guides for TPPs describe them. */
#include "base/array.h"
#include "base/limits.h"
#include "base/text.h"
#include "jwe_key.h"
#include "pii.h"
#include "tpp_app/sign.h"
#include "tpp_app/wire.h"
#include "tpps.h"

#include <stdio.h>

#define JWT_BEARER "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

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

int app_discover(struct tpp_app *app, struct flow *flow, struct arena *arena,
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

/* --- keys ------------------------------------------------------------------------------------- */

int app_need_keys(struct tpp_app *app, struct flow *flow, struct arena *arena,
                  struct lfi_error *error)
{
    struct http_answer answer;
    const struct wire_call call = {
        .step = "keys", .method = "GET", .url = slice_of(flow->jwks_uri)};
    if (flow->keys[0]) {
        return 0;
    }
    int rc = wire_send(app, flow, &call, arena, &answer, error);
    if (rc == 0 && answer.status == 200 && answer.body.len < sizeof flow->keys) {
        (void)snprintf(flow->keys, sizeof flow->keys, "%.*s", SLICE_ARG(buf_slice(&answer.body)));
    } else if (rc == 0) {
        rc = error_set(error, "the Hub gave no usable key set");
    }
    http_answer_free(&answer);
    return rc;
}

int app_seal(struct tpp_app *app, struct flow *flow, cJSON *terms, struct arena *arena,
             struct lfi_error *error)
{
    struct jwe_key *key = NULL;
    if (!cJSON_IsObject(json_get(terms, "PersonalIdentifiableInformation"))) {
        return 0;
    }
    cJSON *set =
        app_need_keys(app, flow, arena, error) == 0 ? json_parse(slice_of(flow->keys)) : NULL;
    int rc = set ? jwe_key_of_set(&key, set, arena, error) : -1;
    if (rc == 0) {
        const struct pii_sender sender = {app->sim, flow->hub, flow->tpp, key};
        rc = pii_seal_member(&sender, terms, error);
    }
    jwe_key_free(key);
    cJSON_Delete(set);
    return rc;
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

int app_request(struct tpp_app *app, struct flow *flow, cJSON *details, struct arena *arena,
                struct lfi_slice *address, struct lfi_error *error)
{
    cJSON *terms = cJSON_GetObjectItemCaseSensitive(details, "consent");
    return app_discover(app, flow, arena, error) == 0 &&
                   app_seal(app, flow, terms, arena, error) == 0 &&
                   push(app, flow, details, arena, address, error) == 0
               ? 0
               : -1;
}

/* --- what the Hub signs ----------------------------------------------------------------------- */

static bool is_for_us(const struct tpp_app *app, const struct flow *flow, const cJSON *claims)
{
    int64_t exp = 0;
    const cJSON *aud = json_get(claims, "aud");
    return slice_equal_text(json_get_string(claims, "iss"), flow->issuer) &&
           (slice_equal_text(json_get_string(claims, "aud"), flow->tpp->client_id) ||
            json_lists(aud, slice_of(flow->tpp->client_id))) &&
           json_get_int(claims, "exp", &exp) && exp > clock_now_s(app->sim->clock);
}

cJSON *app_verify(struct tpp_app *app, struct flow *flow, struct lfi_slice compact,
                  struct arena *arena, struct lfi_error *error)
{
    struct jose_keyset *set = NULL;
    struct jose_token token;
    cJSON *claims = NULL;
    if (app_need_keys(app, flow, arena, error) == 0 &&
        jose_keyset_parse(&set, slice_of(flow->keys), JOSE_PS256, error) == 0 &&
        jose_token_parse_within(arena, compact, LIMIT_REPLY_BYTES, &token, error) == 0 &&
        jose_verify(set, &token, error) == 0) {
        claims = json_parse(token.payload);
        if (!is_for_us(app, flow, claims)) {
            (void)error_set(error, "what the Hub has signed is not for this app");
            cJSON_Delete(claims);
            claims = NULL;
        }
    }
    jose_keyset_free(set);
    return claims;
}

static int check_id_token(struct tpp_app *app, struct flow *flow, struct lfi_slice compact,
                          struct arena *arena, struct lfi_error *error)
{
    cJSON *claims = compact.ptr ? app_verify(app, flow, compact, arena, error) : NULL;
    bool asked = slice_equal_text(json_get_string(claims, "nonce"), flow->nonce);
    int rc = claims && asked ? 0 : -1;
    if (!compact.ptr) {
        (void)error_set(error, "there is no ID token");
    } else if (claims && !asked) {
        (void)error_set(error, "the ID token is not for this request");
    }
    cJSON_Delete(claims);
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
        {.name = "redirect_uri", .value = sign_redirect_uri(app, arena)},
        {.name = "code_verifier", .value = slice_of(flow->verifier), .secret = true}};
    cJSON *body = ask_token(app, flow, fields, 4, arena, error);
    int rc = body && check_id_token(app, flow, json_get_string(body, "id_token"), arena, error) == 0
                 ? keep_tokens(flow, body, error)
                 : -1;
    cJSON_Delete(body);
    return rc;
}

/* A token of the TPP itself, under no consent. */
static int ask_own(struct tpp_app *app, struct flow *flow, const char *scope, struct arena *arena,
                   struct lfi_error *error)
{
    struct wire_field fields[4] = {{.name = "grant_type", .value = SLICE("client_credentials")},
                                   {.name = "scope", .value = slice_of(scope)}};
    cJSON *body = ask_token(app, flow, fields, 2, arena, error);
    int rc = body && copy(flow->own, sizeof flow->own, body, "access_token") ? 0 : -1;
    if (body && rc != 0) {
        (void)error_set(error, "the Hub gave no usable token");
    }
    cJSON_Delete(body);
    return rc;
}

static int refresh(struct tpp_app *app, struct flow *flow, struct arena *arena,
                   struct lfi_error *error)
{
    struct wire_field fields[4] = {
        {.name = "grant_type", .value = SLICE("refresh_token")},
        {.name = "refresh_token", .value = slice_of(flow->refresh), .secret = true}};
    cJSON *body = ask_token(app, flow, fields, 2, arena, error);
    int rc = body ? keep_tokens(flow, body, error) : -1;
    cJSON_Delete(body);
    return rc;
}

int app_renew(struct tpp_app *app, struct flow *flow, const char *scope, struct arena *arena,
              struct lfi_error *error)
{
    struct flow now;
    int rc = 0;
    pthread_mutex_lock(&app->refreshing);
    bool kept = flows_find(app->flows, slice_of(flow->browser), slice_of(flow->state), &now);
    bool done = kept && strcmp(scope ? now.own : now.access, scope ? flow->own : flow->access) != 0;
    if (kept) {
        *flow = now;
    }
    if (!done) { /* else another call has done it meanwhile */
        rc = scope ? ask_own(app, flow, scope, arena, error) : refresh(app, flow, arena, error);
        if (rc == 0) {
            flows_update(app->flows, flow);
        }
    }
    pthread_mutex_unlock(&app->refreshing);
    return rc;
}
