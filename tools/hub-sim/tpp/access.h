/*
 * Access and refresh tokens: sealed boxes, opaque to TPPs, so that the Hub keeps no table of them
 * and they are good over a restart. An access token is bound to the client certificate (RFC 8705).
 */
#ifndef HUB_SIM_TPP_ACCESS_H
#define HUB_SIM_TPP_ACCESS_H

#include "base/arena.h"
#include "base/buf.h"
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

/* Appends a token; -1 when memory or random numbers are short. */
int access_close(const struct seal *seal, const struct access *access, struct buf *out);
int access_close_refresh(const struct seal *seal, const struct access *access, struct buf *out);

/* False: not a token of ours, or of a Hub or TPP that is no more. Dates are for the caller. */
bool access_open(const struct sim *sim, const struct seal *seal, struct arena *arena,
                 struct lfi_slice token, struct access *out);
bool access_open_refresh(const struct sim *sim, const struct seal *seal, struct arena *arena,
                         struct lfi_slice token, struct access *out);

/* Whether a scope, names separated by blanks, has a name. */
bool access_has_scope(struct lfi_slice scope, const char *name);

#endif
