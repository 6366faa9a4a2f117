#include "caller/access_check.h"

#include "base/base64.h"
#include "base/json.h"
#include "base/limits.h"
#include "caller/keystore.h"
#include "caller/mode.h"
#include "caller/token.h"
#include "jose/jose.h"

#include <math.h>

#define SHOWN_MAX 48 /* characters of a configured or received value in the log */

bool access_scope_has(struct lfi_slice scope, struct lfi_slice one)
{
    struct lfi_slice each;

    while (slice_next(&scope, ' ', &each)) {
        if (each.len > 0 && slice_equal(each, one)) {
            return true;
        }
    }
    return false;
}

/* The call that is checked. */
struct check {
    const struct access_rules *rules;
    struct keystore *keystore;
    int64_t now_s;
    const struct request *request;
    struct refusal *refusal;
};

static int refuse(const struct check *check, const char *id, const char *detail)
{
    (void)caller_refuse(check->refusal, id);
    refusal_detail(check->refusal, "%s", detail);
    return -1;
}

/* --- Authorization header --------------------------------------------------------------------- */

static int find_token(const struct check *check, struct lfi_slice *out)
{
    size_t count = 0;
    struct lfi_slice scheme;
    struct lfi_slice rest = request_header(check->request, "authorization", &count);

    if (count == 0) {
        return caller_refuse(check->refusal, "ACCESS-TOKEN-MISSING");
    }
    if (count > 1) {
        return refuse(check, "ACCESS-TOKEN-FORM", "more than one Authorization header");
    }
    if (!slice_next(&rest, ' ', &scheme) || !slice_equal_nocase(scheme, "bearer")) {
        return caller_refuse(check->refusal, "ACCESS-TOKEN-SCHEME");
    }
    *out = slice_trim(rest);
    if (out->len == 0 || out->len > LIMIT_TOKEN_BYTES) {
        return refuse(check, "ACCESS-TOKEN-FORM",
                      out->len == 0 ? "no token after the scheme" : "too long");
    }
    return 0;
}

/* --- grant ------------------------------------------------------------------------------------ */

static int check_certificate(const struct check *check, const struct access_grant *grant)
{
    unsigned char own[ACCESS_THUMBPRINT_BYTES];

    if (!grant->bound) {
        return check->rules->allow_unbound ? 0
                                           : refuse(check, "ACCESS-TOKEN-CERTIFICATE",
                                                    "the token is not bound to a certificate");
    }
    if (!check->request->peer || !access_thumbprint(check->request->peer, own) ||
        memcmp(own, grant->thumbprint, sizeof(own)) != 0) {
        return refuse(check, "ACCESS-TOKEN-CERTIFICATE",
                      "the token is bound to another certificate");
    }
    return 0;
}

static int check_grant(const struct check *check, const struct access_grant *grant)
{
    if (check->now_s >= grant->exp_s) {
        (void)caller_refuse(check->refusal, "ACCESS-TOKEN-EXP");
        refusal_detail(check->refusal, "expired %lld s ago",
                       (long long)(check->now_s - grant->exp_s));
        return -1;
    }
    if (!slice_equal_text(grant->provider, check->rules->provider)) {
        return refuse(check, "ACCESS-TOKEN-PROVIDER", "the token is for another provider");
    }
    if (check->rules->client && !slice_equal_text(grant->client, check->rules->client)) {
        return refuse(check, "ACCESS-TOKEN-CLIENT", "the token is another client's");
    }
    return check_certificate(check, grant);
}

/* Checked last: its 403 tells that the token is valid otherwise. */
static int check_scope(const struct check *check, const struct access_grant *grant)
{
    for (const char *const *scope = check->rules->scopes; *scope; scope++) {
        if (!access_scope_has(grant->scope, slice_of(*scope))) {
            (void)refusal_set(check->refusal, "ACCESS-TOKEN-SCOPE", 403, "AccessToken.InvalidScope",
                              "The access token lacks a scope.");
            refusal_detail(check->refusal, "the token lacks the scope %.*s", SHOWN_MAX, *scope);
            return -1;
        }
    }
    return 0;
}

/* --- JWT (RFC 9068 4) ------------------------------------------------------------------------- */

static const char *const claim_names[] = {"iss",       "aud",   "exp", "nbf",
                                          "client_id", "scope", "cnf", NULL};

static int check_header(const struct check *check, const struct jose_token *token)
{
    const unsigned algorithms = check->rules->keys ? JOSE_PS256 : check->rules->algorithms;

    if (!(jose_algorithm(token->alg) & algorithms)) {
        return refuse(check, "ACCESS-TOKEN-ALG", "alg is not one by which the issuer signs");
    }
    if (!slice_equal_nocase(token->typ, "at+jwt") &&
        !slice_equal_nocase(token->typ, "application/at+jwt")) {
        return refuse(check, "ACCESS-TOKEN-TYP", "typ must be at+jwt");
    }
    if (token->has_crit) {
        return caller_refuse(check->refusal, "ACCESS-TOKEN-CRIT");
    }
    if (token->names_key) {
        return caller_refuse(check->refusal, "ACCESS-TOKEN-KEY-NAMED");
    }
    return token->kid.len > 0 ? 0 : caller_refuse(check->refusal, "ACCESS-TOKEN-KID");
}

static int read_dates(const struct check *check, const cJSON *claims, struct access_grant *out)
{
    const double now = (double)check->now_s;
    double exp = 0, nbf = now;

    if (!token_get_date(claims, "exp", &exp) || fabs(exp) > 1e15) {
        return refuse(check, "ACCESS-TOKEN-EXP", "exp is missing, or not a date");
    }
    if ((json_get(claims, "nbf") && !token_get_date(claims, "nbf", &nbf)) ||
        nbf - now > LIMIT_TOKEN_SKEW_S) {
        return refuse(check, "ACCESS-TOKEN-NBF", "nbf is in the future, or not a date");
    }
    out->exp_s = (int64_t)floor(exp);
    return 0;
}

/* A token that is bound to something else, as a DPoP key, cannot be checked here and is refused. */
static int read_binding(const struct check *check, const cJSON *claims, struct access_grant *out)
{
    const cJSON *cnf = json_get(claims, "cnf");
    if (!cnf) {
        return 0;
    }
    struct lfi_slice bytes =
        base64_decode_url(check->request->arena, json_get_string(cnf, "x5t#S256"));
    if (bytes.len != sizeof(out->thumbprint)) {
        return refuse(check, "ACCESS-TOKEN-CERTIFICATE", "cnf names no certificate");
    }
    memcpy(out->thumbprint, bytes.ptr, sizeof(out->thumbprint));
    out->bound = true;
    return 0;
}

static int read_claims(const struct check *check, const cJSON *claims, struct access_grant *out)
{
    const char *issuer =
        check->rules->keys ? access_keys_issuer(check->rules->keys) : check->rules->issuer;
    const char *audience = check->rules->keys ? check->rules->provider : check->rules->audience;

    if (!slice_equal_text(json_get_string(claims, "iss"), issuer)) {
        return refuse(check, "ACCESS-TOKEN-ISS", "iss must be the configured issuer");
    }
    if (!token_names_audience(json_get(claims, "aud"), audience)) {
        return refuse(check, "ACCESS-TOKEN-AUD", "aud must name this provider's audience");
    }
    out->provider = slice_of(check->rules->provider);
    out->client = arena_keep(check->request->arena, json_get_string(claims, "client_id"));
    out->scope = arena_keep(check->request->arena, json_get_string(claims, "scope"));
    return out->client.len > 0 ? 0 : refuse(check, "ACCESS-TOKEN-CLIENT", "client_id is missing");
}

static int check_payload(const struct check *check, struct lfi_slice payload,
                         struct access_grant *out)
{
    int rc = -1;
    cJSON *claims = jose_parse_object(payload, claim_names);

    *out = (struct access_grant){0};
    if (!claims) {
        refuse(check, "ACCESS-TOKEN-FORM",
               "the claims must be a JSON object without duplicate members");
    } else if (read_claims(check, claims, out) == 0 && read_dates(check, claims, out) == 0 &&
               read_binding(check, claims, out) == 0) {
        rc = check_grant(check, out);
    }
    cJSON_Delete(claims);
    return rc;
}

static int verify(const struct check *check, const struct jose_keyset *keys,
                  const struct jose_token *token)
{
    struct lfi_error error = {""};

    if (!jose_keyset_has(keys, token->kid)) {
        return refuse(check, "ACCESS-TOKEN-KID-UNKNOWN", jose_keyset_why_not(keys, token->kid));
    }
    return jose_verify(keys, token, &error) == 0
               ? 0
               : refuse(check, "ACCESS-TOKEN-SIGNATURE", error.message);
}

/* With the keys of the other server, which may have to be fetched first. */
static int verify_with_fetched(const struct check *check, const struct jose_token *token)
{
    struct lfi_error error = {""};
    struct jose_keyset *keys = keystore_acquire(check->keystore, slice_of(check->rules->jwks_url),
                                                check->rules->algorithms, token->kid, &error);

    if (!keys) {
        (void)refusal_set(check->refusal, "JWKS-UNAVAILABLE", 500, "GenericRecoverableError",
                          "The request cannot be authenticated at the moment.");
        refusal_detail(check->refusal, "%.190s", error.message);
        return -1;
    }
    int rc = verify(check, keys, token);
    jose_keyset_free(keys);
    return rc;
}

/* Cheap checks first: a token that breaks a rule costs no signature and no fetch of keys. */
static int check_jwt(const struct check *check, struct lfi_slice text, struct access_grant *out)
{
    struct jose_token token;
    struct lfi_error error = {""};

    if (jose_token_parse(check->request->arena, text, &token, &error) != 0) {
        return refuse(check, "ACCESS-TOKEN-FORM", error.message);
    }
    if (check_header(check, &token) != 0 || check_payload(check, token.payload, out) != 0) {
        return -1;
    }
    return check->rules->keys ? verify(check, access_keys_keyset(check->rules->keys), &token)
                              : verify_with_fetched(check, &token);
}

/* --- entry ------------------------------------------------------------------------------------ */

/* A sealed token has no dot. */
static bool is_jwt(const struct access_rules *rules, struct lfi_slice text)
{
    return !rules->keys || (access_keys_keyset(rules->keys) && memchr(text.ptr, '.', text.len));
}

static int check_opaque(const struct check *check, struct lfi_slice text, struct access_grant *out)
{
    if (!access_token_open(check->rules->keys, check->request->arena, text, out)) {
        return refuse(check, "ACCESS-TOKEN-UNKNOWN", "not a token that this server issued");
    }
    return check_grant(check, out);
}

int access_check(const struct access_rules *rules, struct keystore *keystore, int64_t now_s,
                 const struct request *request, struct refusal *refusal)
{
    const struct check check = {rules, keystore, now_s, request, refusal};
    struct lfi_slice text;
    struct access_grant grant;

    if (find_token(&check, &text) != 0) {
        return -1;
    }
    int rc =
        is_jwt(rules, text) ? check_jwt(&check, text, &grant) : check_opaque(&check, text, &grant);
    return rc == 0 ? check_scope(&check, &grant) : -1;
}
