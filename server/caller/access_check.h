/*
 * The access token of a call, as the client credentials mode demands it: one of our own token
 * endpoint (access_token.h), or of the bank's other authorisation server, a JWT by RFC 9068.
 */
#ifndef CALLER_ACCESS_CHECK_H
#define CALLER_ACCESS_CHECK_H

#include "caller/access_token.h"
#include "http/message.h"

struct keystore;

/* What the tokens of one provider must contain. All is borrowed. */
struct access_rules {
    const char *provider;           /* id */
    const char *client;             /* client_id; NULL: any that the issuer gave a token */
    const char *const *scopes;      /* a token needs each of them; NULL at the end */
    const struct access_keys *keys; /* of our own issuer; NULL: another server issues them */
    /* Of that server. */
    const char *issuer, *audience, *jwks_url;
    unsigned algorithms; /* by which it may sign (jose.h) */
    bool allow_unbound;  /* a token need not name a certificate; one that does must match */
};

/*
 * Checks the token in the Authorization header; the certificate's chain and organisation have
 * passed. `keystore` is for the keys of another server, else it may be NULL. Refusals, all
 * ACCESS-TOKEN-…: MISSING, SCHEME, FORM, UNKNOWN, ALG, TYP, CRIT, KEY-NAMED, KID, KID-UNKNOWN,
 * SIGNATURE, ISS, AUD, EXP, NBF, CLIENT, PROVIDER, CERTIFICATE 401 GenericError; SCOPE 403
 * AccessToken.InvalidScope. JWKS-UNAVAILABLE 500 GenericRecoverableError.
 */
int access_check(const struct access_rules *rules, struct keystore *keystore, int64_t now_s,
                 const struct request *request, struct refusal *refusal);

/* Whether `scope`, separated by blanks, has this one (RFC 6749 3.3). */
bool access_scope_has(struct lfi_slice scope, struct lfi_slice one);

#endif
