#include "caller/token.h"

#include "base/limits.h"
#include "caller/mode.h"

#include <math.h>

#define SHOWN_MAX 48 /* characters of a received value in the log */
#define JTI_MAX 128

static const char *const claim_names[] = {"iss", "sub", "aud", "exp", "iat", "nbf", "jti", NULL};

/* A received text for the log, cut. */
static int refuse_text(struct refusal *out, const char *id, const char *expected,
                       struct lfi_slice received)
{
    caller_refuse(out, id);
    if (!received.ptr) {
        refusal_detail(out, "expected %.64s, received none", expected);
    } else {
        struct lfi_slice shown = {received.ptr,
                                  received.len < SHOWN_MAX ? received.len : SHOWN_MAX};
        refusal_detail(out, "expected %.64s, received %.*s", expected, SLICE_ARG(shown));
    }
    return -1;
}

/* --- Authorization header --------------------------------------------------------------------- */

int token_find(const struct request *request, struct lfi_slice *out, struct refusal *refusal)
{
    size_t count = 0;
    struct lfi_slice scheme = {NULL, 0};
    struct lfi_slice rest = request_header(request, "authorization", &count);

    if (count == 0) {
        return caller_refuse(refusal, "JWT-MISSING");
    }
    if (count > 1) {
        caller_refuse(refusal, "JWT-FORM");
        refusal_detail(refusal, "%zu Authorization headers", count);
        return -1;
    }
    if (!slice_next(&rest, ' ', &scheme) ||
        (!slice_equal_nocase(scheme, "bearer") &&
         !slice_equal_nocase(scheme, "ozone-connect-jwt-auth"))) {
        return caller_refuse(refusal, "JWT-SCHEME");
    }
    *out = slice_trim(rest);
    if (out->len == 0) {
        caller_refuse(refusal, "JWT-FORM");
        refusal_detail(refusal, "no token after the scheme");
        return -1;
    }
    return 0;
}

/* --- header ----------------------------------------------------------------------------------- */

int token_check_header(const struct jose_token *token, struct refusal *refusal)
{
    if (!slice_equal_text(token->alg, "PS256")) {
        return refuse_text(refusal, "JWT-ALG", "PS256", token->alg);
    }
    if (!slice_equal_text(token->typ, "JOSE")) {
        return refuse_text(refusal, "JWT-TYP", "JOSE", token->typ);
    }
    if (!slice_equal_text(token->cty, "json")) {
        return refuse_text(refusal, "JWT-CTY", "json", token->cty);
    }
    if (token->has_crit) {
        return caller_refuse(refusal, "JWT-CRIT");
    }
    if (token->names_key) {
        return caller_refuse(refusal, "JWT-KEY-NAMED");
    }
    if (token->kid.len == 0) {
        return caller_refuse(refusal, "JWT-KID");
    }
    return 0;
}

/* --- claims ----------------------------------------------------------------------------------- */

static int check_binding(const struct caller_subject *subject, const cJSON *claims,
                         struct refusal *refusal)
{
    struct lfi_slice iss = json_get_string(claims, "iss");
    struct lfi_slice sub = json_get_string(claims, "sub");

    if (iss.len == 0 || !slice_equal(iss, subject->o)) {
        return refuse_text(refusal, "JWT-ISS", "the certificate's O", iss);
    }
    if (sub.len == 0 || !slice_equal(sub, subject->ou)) {
        return refuse_text(refusal, "JWT-SUB", "the certificate's OU", sub);
    }
    return 0;
}

bool token_names_audience(const cJSON *aud, const char *audience)
{
    if (cJSON_IsString(aud)) {
        return strcmp(aud->valuestring, audience) == 0;
    }
    for (const cJSON *item = cJSON_IsArray(aud) ? aud->child : NULL; item; item = item->next) {
        if (cJSON_IsString(item) && strcmp(item->valuestring, audience) == 0) {
            return true;
        }
    }
    return false;
}

static int check_audience(const struct token_rules *rules, const cJSON *claims, struct arena *arena,
                          struct token_claims *out, struct refusal *refusal)
{
    const cJSON *aud = json_get(claims, "aud");

    out->audiences = arena_array(arena, rules->audience_count, sizeof(*out->audiences));
    for (size_t i = 0; out->audiences && i < rules->audience_count; i++) {
        if (token_names_audience(aud, rules->audiences[i])) {
            out->audiences[out->audience_count++] = rules->audiences[i];
        }
    }
    if (out->audience_count == 0) {
        return refuse_text(refusal, "JWT-AUD", "an audience of this server",
                           json_get_string(claims, "aud"));
    }
    return 0;
}

bool token_get_date(const cJSON *claims, const char *name, double *out)
{
    const cJSON *item = json_get(claims, name);

    if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble)) {
        return false;
    }
    *out = item->valuedouble;
    return true;
}

static int refuse_date(struct refusal *refusal, const char *id, double off_s)
{
    caller_refuse(refusal, id);
    refusal_detail(refusal, "%.0f s off, %d s allowed", off_s, LIMIT_TOKEN_SKEW_S);
    return -1;
}

static int refuse_no_date(struct refusal *refusal, const char *id)
{
    caller_refuse(refusal, id);
    refusal_detail(refusal, "missing, or not a number");
    return -1;
}

static int check_dates(const struct token_rules *rules, const cJSON *claims,
                       struct token_claims *out, struct refusal *refusal)
{
    const double now = (double)rules->now_s;
    double exp = 0, iat = 0, nbf = now;

    if (!token_get_date(claims, "exp", &exp)) {
        return refuse_no_date(refusal, "JWT-EXP");
    }
    if (!token_get_date(claims, "iat", &iat)) {
        return refuse_no_date(refusal, "JWT-IAT");
    }
    if (json_get(claims, "nbf") && !token_get_date(claims, "nbf", &nbf)) {
        return refuse_no_date(refusal, "JWT-NBF");
    }
    if (now - exp > LIMIT_TOKEN_SKEW_S) {
        return refuse_date(refusal, "JWT-EXP", now - exp);
    }
    if (iat - now > LIMIT_TOKEN_SKEW_S) {
        return refuse_date(refusal, "JWT-IAT", iat - now);
    }
    if (nbf - now > LIMIT_TOKEN_SKEW_S) {
        return refuse_date(refusal, "JWT-NBF", nbf - now);
    }
    if (exp - iat > rules->max_life_s) {
        caller_refuse(refusal, "JWT-LIFE");
        refusal_detail(refusal, "%.0f s, %d s allowed", exp - iat, rules->max_life_s);
        return -1;
    }
    /* Bounded by now: iat is at most 10 s ahead, and the life was checked. */
    out->exp_s = (int64_t)ceil(exp);
    return 0;
}

int token_check_claims(const struct token_rules *rules, struct lfi_slice payload,
                       struct arena *arena, struct token_claims *out, struct refusal *refusal)
{
    int rc = -1;
    struct lfi_slice jti;
    cJSON *claims = jose_parse_object(payload, claim_names);

    memset(out, 0, sizeof(*out));
    if (!claims) {
        caller_refuse(refusal, "JWT-FORM");
        refusal_detail(refusal, "the claims must be a JSON object without duplicate members");
        goto out;
    }
    if (check_binding(rules->subject, claims, refusal) != 0 ||
        check_audience(rules, claims, arena, out, refusal) != 0 ||
        check_dates(rules, claims, out, refusal) != 0) {
        goto out;
    }
    jti = json_get_string(claims, "jti");
    if (jti.len == 0 || jti.len > JTI_MAX) {
        caller_refuse(refusal, "JWT-JTI");
        goto out;
    }
    out->jti = arena_keep(arena, jti);
    if (!out->jti.ptr) {
        caller_refuse(refusal, "JWT-JTI");
        refusal_detail(refusal, "out of memory");
        goto out;
    }
    rc = 0;
out:
    cJSON_Delete(claims);
    return rc;
}
