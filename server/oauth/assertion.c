#include "oauth/assertion.h"

#include "caller/token.h"
#include "jose/jose.h"

#include <math.h>

#define JTI_MAX 128

static const char *const claim_names[] = {"iss", "sub", "aud", "exp", "iat", "nbf", "jti", NULL};

struct lfi_slice assertion_subject(struct arena *arena, struct lfi_slice assertion)
{
    struct jose_token token;
    struct lfi_error error;

    if (jose_token_parse(arena, assertion, &token, &error) != 0) {
        return (struct lfi_slice){NULL, 0};
    }
    cJSON *claims = jose_parse_object(token.payload, claim_names);
    struct lfi_slice subject = arena_keep(arena, json_get_string(claims, "sub"));
    cJSON_Delete(claims);
    return subject;
}

static int refuse(struct refusal *refusal, const char *id, const char *detail)
{
    return oauth_refuse_client(refusal, id, detail);
}

static int check_header(const struct jose_token *token, struct refusal *refusal)
{
    if (!slice_equal_text(token->alg, "PS256")) {
        return refuse(refusal, "CLIENT-ASSERTION-ALG", "alg must be PS256");
    }
    if (token->typ.ptr && !slice_equal_nocase(token->typ, "jwt") &&
        !slice_equal_nocase(token->typ, "client-authentication+jwt")) {
        return refuse(refusal, "CLIENT-ASSERTION-TYP", "typ must be JWT, or absent");
    }
    if (token->has_crit) {
        return refuse(refusal, "CLIENT-ASSERTION-CRIT", "crit is not supported");
    }
    if (token->names_key) {
        return refuse(refusal, "CLIENT-ASSERTION-KEY-NAMED", "kid alone may name the key");
    }
    return token->kid.len > 0 ? 0 : refuse(refusal, "CLIENT-ASSERTION-KID", "kid is missing");
}

static int check_names(const struct oauth_client *client, const struct oauth_ask *ask,
                       const cJSON *claims, struct refusal *refusal)
{
    const cJSON *aud = json_get(claims, "aud");

    if (!slice_equal_text(json_get_string(claims, "iss"), client->settings->id)) {
        return refuse(refusal, "CLIENT-ASSERTION-ISS", "iss must be the client id");
    }
    if (!slice_equal_text(json_get_string(claims, "sub"), client->settings->id)) {
        return refuse(refusal, "CLIENT-ASSERTION-SUB", "sub must be the client id");
    }
    if (!token_names_audience(aud, ask->issuer) && !token_names_audience(aud, ask->endpoint)) {
        return refuse(refusal, "CLIENT-ASSERTION-AUD", "aud must be the issuer or its endpoint");
    }
    return 0;
}

/* `until_s`: through when its id must be remembered. */
static int check_dates(const cJSON *claims, int64_t now_s, int64_t *until_s,
                       struct refusal *refusal)
{
    const double now = (double)now_s;
    double exp = 0, iat = now, nbf = now;

    if (!token_get_date(claims, "exp", &exp) || now - exp > LIMIT_TOKEN_SKEW_S) {
        return refuse(refusal, "CLIENT-ASSERTION-EXP", "expired, or exp is missing");
    }
    if (exp - now > LIMIT_CLIENT_ASSERTION_S + LIMIT_TOKEN_SKEW_S) {
        return refuse(refusal, "CLIENT-ASSERTION-LIFE", "exp is too far in the future");
    }
    if ((json_get(claims, "nbf") && !token_get_date(claims, "nbf", &nbf)) ||
        nbf - now > LIMIT_TOKEN_SKEW_S) {
        return refuse(refusal, "CLIENT-ASSERTION-NBF", "nbf is in the future, or not a date");
    }
    if ((json_get(claims, "iat") && !token_get_date(claims, "iat", &iat)) ||
        iat - now > LIMIT_TOKEN_SKEW_S) {
        return refuse(refusal, "CLIENT-ASSERTION-IAT", "iat is in the future, or not a date");
    }
    *until_s = (int64_t)ceil(exp) + LIMIT_TOKEN_SKEW_S + 1;
    return 0;
}

/* What is needed of an assertion that passed. */
struct used {
    struct lfi_slice jti; /* in the arena */
    int64_t until_s;
};

static int check_claims(const struct oauth_client *client, const struct oauth_ask *ask,
                        struct lfi_slice payload, struct used *out, struct refusal *refusal)
{
    int rc = -1;
    cJSON *claims = jose_parse_object(payload, claim_names);
    struct lfi_slice jti = json_get_string(claims, "jti");

    if (!claims) {
        refuse(refusal, "CLIENT-ASSERTION-FORM",
               "the claims must be a JSON object without duplicate members");
    } else if (check_names(client, ask, claims, refusal) == 0 &&
               check_dates(claims, ask->now_s, &out->until_s, refusal) == 0) {
        out->jti = arena_keep(ask->request->arena, jti);
        rc = jti.len > 0 && jti.len <= JTI_MAX && out->jti.ptr
                 ? 0
                 : refuse(refusal, "CLIENT-ASSERTION-JTI", "jti is missing, or too long");
    }
    cJSON_Delete(claims);
    return rc;
}

static int check_signature(const struct oauth_ask *ask, const struct jose_token *token,
                           struct refusal *refusal)
{
    int rc = -1;
    struct lfi_error error = {""};
    struct lfi_slice address = caller_key_address(ask->caller, ask->request->arena, ask->subject);

    if (!address.ptr) {
        return refuse(refusal, "CLIENT-CERTIFICATE",
                      "the certificate's OU and CN lead to no key set");
    }
    struct jose_keyset *keys = caller_keys_at(ask->caller, address, token->kid, &error);
    if (!keys) {
        return oauth_refuse_temporarily(refusal, "JWKS-UNAVAILABLE", error.message);
    }
    if (!jose_keyset_has(keys, token->kid)) {
        refuse(refusal, "CLIENT-ASSERTION-KID-UNKNOWN", jose_keyset_why_not(keys, token->kid));
    } else if (jose_verify(keys, token, &error) != 0) {
        refuse(refusal, "CLIENT-ASSERTION-SIGNATURE", error.message);
    } else {
        rc = 0;
    }
    jose_keyset_free(keys);
    return rc;
}

/* An idempotency claim that is never settled: the id stays taken until the assertion has expired.
 */
static int remember(const struct oauth_client *client, const struct oauth_ask *ask,
                    const struct used *used, struct refusal *refusal)
{
    static const struct state_sink no_sink = {0};
    const struct state_ref ref = {
        ask->state, client->settings->provider,
        state_key(ask->request->arena, "assertion", (struct lfi_slice){NULL, 0}, used->jti)};
    enum state_claim claim = STATE_CLAIM_TAKEN;
    struct lfi_error error = {""};

    if (state_claim(&ref, (uint32_t)(used->until_s - ask->now_s), &no_sink, &claim, &error) !=
        LFI_OK) {
        return oauth_refuse_temporarily(refusal, "CLIENT-STATE", error.message);
    }
    return claim == STATE_CLAIM_YOURS
               ? 0
               : refuse(refusal, "CLIENT-ASSERTION-REPLAY", "the assertion was used before");
}

/* Cheap checks first; the id is used up by an assertion that is genuine. */
int assertion_check(const struct oauth_client *client, const struct oauth_ask *ask,
                    struct lfi_slice assertion, struct refusal *refusal)
{
    struct jose_token token;
    struct used used = {.until_s = 0};
    struct lfi_error error = {""};

    if (jose_token_parse(ask->request->arena, assertion, &token, &error) != 0) {
        return refuse(refusal, "CLIENT-ASSERTION-FORM", error.message);
    }
    if (check_header(&token, refusal) != 0 ||
        check_claims(client, ask, token.payload, &used, refusal) != 0 ||
        check_signature(ask, &token, refusal) != 0) {
        return -1;
    }
    return remember(client, ask, &used, refusal);
}
