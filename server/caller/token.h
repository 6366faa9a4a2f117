/*
 * The rules for a JWT Auth token's header and claims (hub to bank authentication 4.2 and 4.3).
 * All of it is checked before the signature: passing says nothing about who made the token.
 */
#ifndef CALLER_TOKEN_H
#define CALLER_TOKEN_H

#include "base/arena.h"
#include "caller/caller.h"
#include "http/refusal.h"
#include "jose/jose.h"

/* The compact text of the one Authorization header (JWT-MISSING, JWT-SCHEME, JWT-FORM). */
int token_find(const struct request *request, struct lfi_slice *out, struct refusal *refusal);

/* alg, typ, cty, kid; no crit, no key named in the token. */
int token_check_header(const struct jose_token *token, struct refusal *refusal);

struct token_rules {
    const struct caller_subject *subject; /* of the client certificate: iss is its O, sub its OU */
    const char *const *audiences;
    size_t audience_count;
    int64_t now_s;
    int max_life_s;
};

/* What is still needed of claims that passed. In the arena. */
struct token_claims {
    struct lfi_slice jti;
    int64_t exp_s;          /* rounded up */
    const char **audiences; /* those of the rules that aud names */
    size_t audience_count;
};

int token_check_claims(const struct token_rules *rules, struct lfi_slice payload,
                       struct arena *arena, struct token_claims *out, struct refusal *refusal);

/* --- parts of claims, for other tokens too ---------------------------------------------------- */

/* A NumericDate: seconds, a fraction is allowed (RFC 7519 2). False: missing, or none. */
bool token_get_date(const cJSON *claims, const char *name, double *out);
/* Whether aud, a text or a list of texts, names the audience. */
bool token_names_audience(const cJSON *aud, const char *audience);

#endif
