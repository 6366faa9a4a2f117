#include "payments/signature.h"

#include "base/array.h"
#include "base/limits.h"
#include "caller/keystore.h"

#include <math.h>
#include <stdlib.h>

#define SOFTWARE_ID_MAX 128

struct signature_judge {
    struct signature_config config;
    const struct clock *clock;
    struct keystore *keystore; /* NULL: signatures are not verified */
};

int signature_judge_new(struct signature_judge **out, const struct signature_config *config,
                        const struct clock *clock, const struct log *log, struct metrics *metrics,
                        struct lfi_error *error)
{
    const struct keystore_config keystore = {
        .ca_file = config->jwks_ca_file,
        .clock = clock,
        .log = log,
        .metrics = metrics,
        .timeout_ms = LIMIT_JWKS_FETCH_MS,
        .previous = config->previous ? config->previous->keystore : NULL};
    struct signature_judge *judge = calloc(1, sizeof(*judge));

    *out = NULL;
    if (!judge) {
        return error_set(error, "out of memory");
    }
    judge->config = *config;
    judge->config.previous = NULL;
    judge->clock = clock;
    if (config->jwks_base && keystore_new(&judge->keystore, &keystore, error) != 0) {
        free(judge);
        return -1;
    }
    *out = judge;
    return 0;
}

void signature_judge_free(struct signature_judge *judge)
{
    if (judge) {
        keystore_free(judge->keystore);
        free(judge);
    }
}

/* --- header ----------------------------------------------------------------------------------- */

int signature_check_header(const struct jose_token *token, struct refusal *refusal)
{
    if (!slice_equal(token->alg, SLICE("PS256"))) {
        return refusal_set(refusal, "PII-JWS-ALG", 400, "JWS.InvalidHeader",
                           "alg of the JWS inside the JWE must be PS256.");
    }
    if (token->has_crit) {
        return refusal_set(refusal, "PII-JWS-CRIT", 400, "JWS.InvalidHeader",
                           "No extension of JWS is known (crit).");
    }
    return 0;
}

/* --- signature -------------------------------------------------------------------------------- */

/* Whether this can stand in an address as it is; "." and ".." cannot. */
static bool is_segment(struct lfi_slice id)
{
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        if ((c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' &&
            c != '_') {
            return false;
        }
    }
    return id.len > 0 && id.len <= SOFTWARE_ID_MAX;
}

/* Whether one of the TPP's sets has the key and the signature is of it; `folder` is "" or not. */
static int verify_with(struct signature_judge *judge, const struct pii_query *query,
                       const struct jose_token *token, const char *folder, struct arena *arena,
                       struct refusal *refusal)
{
    struct lfi_error error = {""};
    struct lfi_slice url =
        arena_format(arena, "%s/%.*s%s/application.jwks", judge->config.jwks_base,
                     SLICE_ARG(query->software_id), folder);
    struct jose_keyset *set =
        url.ptr ? keystore_acquire(judge->keystore, url, JOSE_PS256, token->kid, &error) : NULL;
    int rc = -1;

    if (!set) {
        refusal_set(refusal, "PII-KEYS-UNAVAILABLE", 500, "GenericRecoverableError",
                    "The keys of the TPP cannot be read at the moment.");
    } else if (!jose_keyset_has(set, token->kid)) {
        refusal_set(refusal, "PII-JWS-KID-UNKNOWN", 400, "JWS.InvalidSignature",
                    "The TPP has no key of the kid that the JWS names.");
    } else if (jose_verify(set, token, &error) != 0) {
        refusal_set(refusal, "PII-JWS-SIGNATURE", 400, "JWS.InvalidSignature",
                    "The signature of the JWS inside the JWE is wrong.");
    } else {
        rc = 0;
    }
    if (rc != 0) {
        refusal_detail(refusal, "%s", error.message);
    }
    jose_keyset_free(set);
    return rc;
}

int signature_verify(struct signature_judge *judge, const struct pii_query *query,
                     const struct jose_token *token, struct arena *arena, struct refusal *refusal)
{
    if (!judge->keystore) {
        return 0;
    }
    if (token->kid.len == 0) {
        return refusal_set(refusal, "PII-JWS-KID", 400, "JWS.InvalidHeader",
                           "The JWS inside the JWE must name its key (kid).");
    }
    if (!is_segment(query->software_id)) {
        return refusal_set(refusal, "PII-JWS-KID-UNKNOWN", 400, "JWS.InvalidSignature",
                           "The software statement has no keys.");
    }
    int rc = verify_with(judge, query, token, "", arena, refusal);
    if (rc != 0 && query->stage != PII_OF_CONSENT &&
        slice_equal_text(slice_of(refusal->id), "PII-JWS-KID-UNKNOWN")) {
        rc = verify_with(judge, query, token, "/inactive", arena, refusal);
    }
    return rc;
}

/* --- claims ----------------------------------------------------------------------------------- */

static int refuse_claim(struct refusal *refusal, const char *id, const char *message)
{
    return refusal_set(refusal, id, 400, "JWS.InvalidClaim", message);
}

/* A time claim (RFC 7519, 2: seconds, a fraction is allowed) and what it must be. */
static const struct time_claim {
    const char *name, *id, *message;
    bool from; /* the moment must not be before it; else not after it */
    bool needed;
} time_claims[] = {
    {"iat", "PII-CLAIM-IAT", "iat must be a time that has come.", true, true},
    {"nbf", "PII-CLAIM-NBF", "nbf must be a time that has come.", true, false},
    {"exp", "PII-CLAIM-EXP", "exp must be a time that is still to come.", false, true},
};

static const struct time_claim *find_broken(const cJSON *claims, int64_t moment_s, bool all)
{
    for (size_t i = 0; i < ARRAY_LEN(time_claims); i++) {
        const struct time_claim *claim = &time_claims[i];
        const cJSON *value = json_get(claims, claim->name);
        if (!value) {
            if (all && claim->needed) {
                return claim;
            }
            continue;
        }
        double ahead = value->valuedouble - (double)moment_s;
        bool holds = claim->from ? ahead <= LIMIT_TOKEN_SKEW_S : ahead >= -LIMIT_TOKEN_SKEW_S;
        if (!cJSON_IsNumber(value) || !isfinite(value->valuedouble) || !holds) {
            return claim;
        }
    }
    return NULL;
}

static int check_times(const struct signature_judge *judge, const struct pii_query *query,
                       const cJSON *claims, struct refusal *refusal)
{
    const bool all = judge->keystore;
    int64_t now_s = clock_now_s(judge->clock);
    bool at_creation = query->stage != PII_OF_CONSENT;

    if (at_creation &&
        (!judge->keystore || judge->config.skip_later_times || query->created_s == 0)) {
        return 0;
    }
    const struct time_claim *broken =
        find_broken(claims, at_creation ? query->created_s : now_s, all);
    if (broken && at_creation && !find_broken(claims, now_s, all)) {
        broken = NULL;
    }
    return broken ? refuse_claim(refusal, broken->id, broken->message) : 0;
}

static bool names(const cJSON *aud, struct lfi_slice audience)
{
    return cJSON_IsString(aud) ? slice_equal(slice_of(aud->valuestring), audience)
                               : cJSON_IsArray(aud) && json_lists(aud, audience);
}

static int check_parties(const struct signature_judge *judge, const struct pii_query *query,
                         const cJSON *claims, struct refusal *refusal)
{
    if (query->client_id.len == 0 ||
        !slice_equal(json_get_string(claims, "iss"), query->client_id)) {
        return refuse_claim(refusal, "PII-CLAIM-ISS", "iss must be the client id of the TPP.");
    }
    if (!slice_equal(json_get_string(claims, "sub"), query->client_id)) {
        return refuse_claim(refusal, "PII-CLAIM-SUB", "sub must be the client id of the TPP.");
    }
    const char *audience = query->audience ? query->audience : judge->config.audience;
    return names(json_get(claims, "aud"), slice_of(audience))
               ? 0
               : refuse_claim(refusal, "PII-CLAIM-AUD", "aud must name the bank.");
}

int signature_check_claims(const struct signature_judge *judge, const struct pii_query *query,
                           const cJSON *claims, struct refusal *refusal)
{
    if (judge->keystore && check_parties(judge, query, claims, refusal) != 0) {
        return -1;
    }
    return check_times(judge, query, claims, refusal);
}
