/*
 * Access tokens that the bank's own token endpoint issues (RFC 6749 1.4), opaque or as a JWT
 * (RFC 9068). Each is bound to a provider, a client and the client's certificate (RFC 8705 3).
 *
 * An opaque token is a sealed box (jose/seal.h) with the whole grant in it: nothing is kept, any
 * instance with the same key can read it, and reading it takes no I/O.
 */
#ifndef CALLER_ACCESS_TOKEN_H
#define CALLER_ACCESS_TOKEN_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

struct x509_st;
struct jose_keyset;

#define ACCESS_THUMBPRINT_BYTES 32

/* The grant that a token carries. Texts are borrowed. */
struct access_grant {
    struct lfi_slice provider; /* id; every other provider refuses the token */
    struct lfi_slice client;
    struct lfi_slice scope; /* separated by blanks */
    int64_t exp_s;
    bool bound; /* to a certificate; our own tokens always are */
    unsigned char thumbprint[ACCESS_THUMBPRINT_BYTES];
};

/* SHA-256 of the whole certificate (RFC 8705 3.1); false when it cannot be computed. */
bool access_thumbprint(const struct x509_st *certificate,
                       unsigned char out[ACCESS_THUMBPRINT_BYTES]);

struct access_keys; /* of the issuer; constant, any thread */

struct access_keys_config {
    const char *issuer;                             /* copied */
    struct lfi_slice seal_key, previous_seal_key;   /* 32 bytes each; previous may be absent */
    const char *signing_key, *previous_signing_key; /* PEM files; NULL: no JWT, no previous one */
};

int access_keys_new(struct access_keys **out, const struct access_keys_config *config,
                    struct lfi_error *error);
void access_keys_free(struct access_keys *keys); /* wipes them; NULL is fine */
const char *access_keys_issuer(const struct access_keys *keys);
/* The public signing keys: as JWK set text, and to verify with. NULL: there are none. */
const char *access_keys_jwks(const struct access_keys *keys);
const struct jose_keyset *access_keys_keyset(const struct access_keys *keys);

enum access_form { ACCESS_OPAQUE, ACCESS_JWT };

/* Appends a token; ACCESS_JWT needs a signing key. `now_s` is its iat. */
int access_token_make(const struct access_keys *keys, enum access_form form,
                      const struct access_grant *grant, int64_t now_s, struct buf *out,
                      struct lfi_error *error);
/* Reads an opaque token that was made with one of the keys; false: it was not. In the arena. */
bool access_token_open(const struct access_keys *keys, struct arena *arena, struct lfi_slice text,
                       struct access_grant *out);

#endif
