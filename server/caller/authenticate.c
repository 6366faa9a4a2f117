#include "caller/caller.h"

#include "base/limits.h"
#include "caller/keystore.h"
#include "caller/replay.h"
#include "caller/subject.h"
#include "caller/token.h"

#include <stdlib.h>

struct caller {
    struct caller_config config;
    const struct clock *clock;
    struct keystore *keystore; /* NULL without JWT Auth */
    struct replay *replay;     /* NULL when off */
};

int caller_new(struct caller **out, const struct caller_config *config, const struct clock *clock,
               const struct log *log, struct metrics *metrics, struct lfi_error *error)
{
    const struct keystore_config keystore = {.ca_file = config->jwks_ca_file,
                                             .clock = clock,
                                             .log = log,
                                             .metrics = metrics,
                                             .timeout_ms = LIMIT_JWKS_FETCH_MS};
    struct caller *caller = calloc(1, sizeof(*caller));

    *out = NULL;
    if (!caller) {
        return error_set(error, "out of memory");
    }
    caller->config = *config;
    caller->clock = clock;
    if (config->mode == CALLER_JWT && keystore_new(&caller->keystore, &keystore, error) != 0) {
        goto fail;
    }
    if (config->replay_entries > 0) {
        caller->replay = replay_new(config->replay_entries);
        if (!caller->replay) {
            error_set(error, "out of memory for %zu token ids", config->replay_entries);
            goto fail;
        }
    }
    *out = caller;
    return 0;
fail:
    caller_free(caller);
    return -1;
}

void caller_free(struct caller *caller)
{
    if (caller) {
        keystore_free(caller->keystore);
        replay_free(caller->replay);
        free(caller);
    }
}

/* --- certificate ------------------------------------------------------------------------------ */

static bool is_pinned(const struct caller_config *config, struct lfi_slice ou)
{
    for (size_t i = 0; i < config->allowed_ou_count; i++) {
        if (slice_equal_text(ou, config->allowed_ous[i])) {
            return ou.len > 0;
        }
    }
    return false;
}

int caller_check_certificate(const struct caller *caller, const struct request *request,
                             struct caller_subject *out, struct refusal *refusal)
{
    if (!request->peer) {
        return token_refuse(refusal, "CALLER-NO-CERT");
    }
    *out = subject_of(request->arena, request->peer);
    if (!is_pinned(&caller->config, out->ou)) {
        refusal_set(refusal, "CALLER-OU", 403, "GenericError", "The caller is not accepted.");
        refusal_detail(refusal, "OU of the certificate: %.*s",
                       (int)(out->ou.len < 64 ? out->ou.len : 64), out->ou.ptr ? out->ou.ptr : "");
        return -1;
    }
    return 0;
}

/* --- credential ------------------------------------------------------------------------------- */

static int find_key_address(const struct caller *caller, struct arena *arena,
                            const struct caller_subject *subject, struct lfi_slice *out,
                            struct refusal *refusal)
{
    *out = caller->config.jwks_override
               ? slice_of(caller->config.jwks_override)
               : subject_key_address(arena, caller->config.jwks_base, subject);
    if (!subject->o.ptr || !out->ptr) {
        return token_refuse(refusal, "CALLER-SUBJECT");
    }
    return 0;
}

static int check_signature(struct caller *caller, struct lfi_slice key_address,
                           const struct jose_token *token, struct refusal *refusal)
{
    int rc = -1;
    struct lfi_error error = {""};
    struct jose_keyset *keys = keystore_acquire(caller->keystore, key_address, token->kid, &error);

    if (!keys) {
        refusal_set(refusal, "JWKS-UNAVAILABLE", 500, "GenericRecoverableError",
                    "The request cannot be authenticated at the moment.");
        refusal_detail(refusal, "%.190s", error.message);
        return -1;
    }
    if (!jose_keyset_has(keys, token->kid)) {
        token_refuse(refusal, "JWT-KID-UNKNOWN");
        refusal_detail(refusal, "kid %.*s: %s", (int)(token->kid.len < 64 ? token->kid.len : 64),
                       token->kid.ptr, jose_keyset_why_not(keys, token->kid));
    } else if (jose_verify(keys, token, &error) != 0) {
        token_refuse(refusal, "JWT-SIGNATURE");
        refusal_detail(refusal, "%.190s", error.message);
    } else {
        rc = 0;
    }
    jose_keyset_free(keys);
    return rc;
}

/*
 * Cheap checks first: a token that breaks a rule costs no signature and no fetch of keys. Nobody
 * can tell from outside which check refused.
 */
static int check_token(struct caller *caller, const struct request *request,
                       struct caller_identity *out, struct refusal *refusal)
{
    struct lfi_slice compact, key_address;
    struct jose_token token;
    struct token_claims claims;
    struct lfi_error error = {""};
    const int64_t now_s = clock_now_s(caller->clock);
    const struct token_rules rules = {.subject = &out->subject,
                                      .audiences = caller->config.audiences,
                                      .audience_count = caller->config.audience_count,
                                      .now_s = now_s,
                                      .max_life_s = caller->config.max_life_s};

    if (find_key_address(caller, request->arena, &out->subject, &key_address, refusal) != 0 ||
        token_find(request, &compact, refusal) != 0) {
        return -1;
    }
    if (jose_token_parse(request->arena, compact, &token, &error) != 0) {
        token_refuse(refusal, "JWT-FORM");
        refusal_detail(refusal, "%.190s", error.message);
        return -1;
    }
    if (token_check_header(&token, refusal) != 0 ||
        token_check_claims(&rules, token.payload, request->arena, &claims, refusal) != 0 ||
        check_signature(caller, key_address, &token, refusal) != 0) {
        return -1;
    }
    if (caller->replay &&
        !replay_remember(caller->replay, claims.jti, claims.exp_s + LIMIT_TOKEN_SKEW_S, now_s)) {
        return token_refuse(refusal, "JWT-REPLAY");
    }
    out->audiences = claims.audiences;
    out->audience_count = claims.audience_count;
    return 0;
}

int caller_authenticate(struct caller *caller, const struct request *request,
                        struct caller_identity *out, struct refusal *refusal)
{
    if (caller_check_certificate(caller, request, &out->subject, refusal) != 0) {
        return -1;
    }
    if (caller->config.mode == CALLER_JWT) {
        return check_token(caller, request, out, refusal);
    }
    out->audiences = caller->config.audiences;
    out->audience_count = caller->config.audience_count;
    return 0;
}

int caller_check_audience(const struct caller_identity *identity, const char *audience,
                          struct refusal *refusal)
{
    for (size_t i = 0; i < identity->audience_count; i++) {
        if (strcmp(identity->audiences[i], audience) == 0) {
            return 0;
        }
    }
    token_refuse(refusal, "JWT-AUD-PROVIDER");
    refusal_detail(refusal, "expected %.64s", audience);
    return -1;
}
