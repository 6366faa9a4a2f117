/*
 * Access and refresh tokens: sealed boxes, opaque to TPPs, so that the Hub keeps no table of them
 * and they are good over a restart; access tokens also as JWTs that the Hub signs (RFC 9068). An
 * access token is bound to the client certificate (RFC 8705).
 */
#ifndef HUB_SIM_TPP_ACCESS_H
#define HUB_SIM_TPP_ACCESS_H

#include "base/arena.h"
#include "base/buf.h"
#include "jose/jose.h"
#include "jose/seal.h"
#include "tpps.h"

#define ACCESS_S 600
#define ACCESS_THUMBPRINT_MAX 44
#define ACCESS_TOKEN_BYTES 2048
#define ACCESS_SCOPE_MAX 128

struct sim;
struct sim_hub;

/* What a token says. Texts in the arena once opened. */
struct access {
    const struct sim_hub *hub;
    const struct tpp *tpp;
    struct lfi_slice scope;
    struct lfi_slice consent_id; /* absent: by client_credentials */
    int64_t generation;          /* of the consent's grant */
    struct lfi_slice thumbprint; /* of access tokens */
    int64_t until_s;             /* of access tokens */
    int64_t rotation;            /* of refresh tokens */
};

/* What tokens are made and opened with. */
struct access_keys {
    const struct sim *sim;
    struct seal *seal;
    struct jose_keyset *hubs; /* the public halves of each Sig2 */
};

/* Appends a token; -1 when memory or random numbers are short. */
int access_close(const struct access_keys *keys, const struct access *access, struct buf *out);
int access_close_refresh(const struct access_keys *keys, const struct access *access,
                         struct buf *out);

/* False: not a token of ours, or of a Hub or TPP that is no more. Dates are for the caller. */
bool access_open(const struct access_keys *keys, struct arena *arena, struct lfi_slice token,
                 struct access *out);
bool access_open_refresh(const struct access_keys *keys, struct arena *arena,
                         struct lfi_slice token, struct access *out);

/* Whether a scope, names separated by blanks, has a name. */
bool access_has_scope(struct lfi_slice scope, const char *name);

#endif
