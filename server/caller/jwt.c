/* JWT Auth: a token that the Hub signs for each call. (Hub to bank 4.2 to 4.4.) */
#include "base/limits.h"
#include "caller/keystore.h"
#include "caller/mode.h"
#include "caller/replay.h"
#include "caller/subject.h"
#include "caller/token.h"

/* The replay cache of the previous caller is shared, so that a used id stays used. */
static int open_replay(struct caller *caller, struct lfi_error *error)
{
    const struct caller *previous = caller->config.previous;
    const size_t entries = caller->config.replay_entries;
    bool room = true;

    if (caller->replay || entries == 0) {
        return 0;
    }
    if (previous && previous->replay) {
        caller->replay = replay_share(previous->replay);
        if (previous->config.replay_entries != entries) {
            caller->resize = replay_table_new(entries);
            room = caller->resize;
        }
    } else {
        caller->replay = replay_new(entries);
        room = caller->replay;
    }
    return room ? 0 : error_set(error, "out of memory for %zu token ids", entries);
}

static int jwt_open(struct caller *caller, struct caller_member *member, struct lfi_error *error)
{
    caller->audiences[caller->audience_count++] = member->provider->audience;
    return caller_open_keystore(caller, error) != 0 ? -1 : open_replay(caller, error);
}

struct lfi_slice caller_key_address(const struct caller *caller, struct arena *arena,
                                    const struct caller_subject *subject)
{
    return caller->config.jwks_override
               ? slice_of(caller->config.jwks_override)
               : subject_key_address(arena, caller->config.jwks_base, subject);
}

struct jose_keyset *caller_keys_at(struct caller *caller, struct lfi_slice address,
                                   struct lfi_slice kid, struct lfi_error *error)
{
    return keystore_acquire(caller->keystore, address, JOSE_PS256, kid, error);
}

static int find_key_address(const struct caller *caller, struct arena *arena,
                            const struct caller_subject *subject, struct lfi_slice *out,
                            struct refusal *refusal)
{
    *out = caller_key_address(caller, arena, subject);
    if (!subject->o.ptr || !out->ptr) {
        return caller_refuse(refusal, "CALLER-SUBJECT");
    }
    return 0;
}

static int check_signature(struct caller *caller, struct lfi_slice key_address,
                           const struct jose_token *token, struct refusal *refusal)
{
    int rc = -1;
    struct lfi_error error = {""};
    struct jose_keyset *keys = caller_keys_at(caller, key_address, token->kid, &error);

    if (!keys) {
        refusal_set(refusal, "JWKS-UNAVAILABLE", 500, "GenericRecoverableError",
                    "The request cannot be authenticated at the moment.");
        refusal_detail(refusal, "%.190s", error.message);
        return -1;
    }
    if (!jose_keyset_has(keys, token->kid)) {
        caller_refuse(refusal, "JWT-KID-UNKNOWN");
        refusal_detail(refusal, "kid %.*s: %s", (int)(token->kid.len < 64 ? token->kid.len : 64),
                       token->kid.ptr, jose_keyset_why_not(keys, token->kid));
    } else if (jose_verify(keys, token, &error) != 0) {
        caller_refuse(refusal, "JWT-SIGNATURE");
        refusal_detail(refusal, "%.190s", error.message);
    } else {
        rc = 0;
    }
    jose_keyset_free(keys);
    return rc;
}

static int check_audience(const struct caller *caller, size_t provider,
                          const struct token_claims *claims, struct refusal *refusal)
{
    const char *wanted = caller->config.providers[provider].audience;
    for (size_t i = 0; i < claims->audience_count; i++) {
        if (strcmp(claims->audiences[i], wanted) == 0) {
            return 0;
        }
    }
    caller_refuse(refusal, "JWT-AUD-PROVIDER");
    refusal_detail(refusal, "expected %.64s", wanted);
    return -1;
}

/*
 * Cheap checks first: a token that breaks a rule costs no signature and no fetch of keys. Nobody
 * can tell from outside which check refused.
 */
static int jwt_authenticate(struct caller *caller, size_t provider, const struct request *request,
                            struct caller_identity *out, struct refusal *refusal)
{
    struct lfi_slice compact, key_address;
    struct jose_token token;
    struct token_claims claims;
    struct lfi_error error = {""};
    const int64_t now_s = clock_now_s(caller->clock);
    const struct token_rules rules = {.subject = &out->subject,
                                      .audiences = caller->audiences,
                                      .audience_count = caller->audience_count,
                                      .now_s = now_s,
                                      .max_life_s = caller->config.max_life_s};

    if (find_key_address(caller, request->arena, &out->subject, &key_address, refusal) != 0 ||
        token_find(request, &compact, refusal) != 0) {
        return -1;
    }
    if (jose_token_parse(request->arena, compact, &token, &error) != 0) {
        caller_refuse(refusal, "JWT-FORM");
        refusal_detail(refusal, "%.190s", error.message);
        return -1;
    }
    if (token_check_header(&token, refusal) != 0 ||
        token_check_claims(&rules, token.payload, request->arena, &claims, refusal) != 0 ||
        check_audience(caller, provider, &claims, refusal) != 0 ||
        check_signature(caller, key_address, &token, refusal) != 0) {
        return -1;
    }
    if (caller->replay &&
        !replay_remember(caller->replay, claims.jti, claims.exp_s + LIMIT_TOKEN_SKEW_S, now_s)) {
        return caller_refuse(refusal, "JWT-REPLAY");
    }
    return 0;
}

const struct caller_mode_row caller_jwt = {
    .refused = METRICS_REFUSED_JWT, .open = jwt_open, .authenticate = jwt_authenticate};
