/*
 * JOSE over libjwt and OpenSSL: compact JWS, signed with PS256 as JWT Auth uses it, JWK sets.
 * The only room that knows libjwt. Keys are parsed once and kept.
 */
#ifndef JOSE_JOSE_H
#define JOSE_JOSE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"

/* --- algorithms ------------------------------------------------------------------------------- */

/* Those of signatures that can be verified (RFC 7518 3.1), as a set of bits. */
#define JOSE_PS256 1u
#define JOSE_ES256 2u
#define JOSE_RS256 4u
/* As alg names them, in the order of the bits; NULL at the end. */
extern const char *const jose_algorithm_names[];
/* The bit of the one with this name; 0: it is not supported. */
unsigned jose_algorithm(struct lfi_slice name);

/* --- key sets --------------------------------------------------------------------------------- */

struct jose_keyset; /* parsed public signature keys; constant after parsing, any thread */

/*
 * Parses a JWK set, to verify with these algorithms alone. Entries that are not public keys of one
 * of them with a kid (RSA of at least 2048 bits, EC of P-256), or whose use, alg or key_ops says
 * something else, are left out, and so are those beyond LIMIT_JWKS_KEYS usable ones. Identical keys
 * are one; a kid that names two different keys is left out. A set may be without any usable key.
 * -1: not a JWK set, or out of memory.
 */
int jose_keyset_parse(struct jose_keyset **out, struct lfi_slice jwks, unsigned algorithms,
                      struct lfi_error *error);
/* One more owner; each owner ends with jose_keyset_free, the last one frees. */
struct jose_keyset *jose_keyset_share(struct jose_keyset *set);
void jose_keyset_free(struct jose_keyset *set); /* NULL is fine */
bool jose_keyset_has(const struct jose_keyset *set, struct lfi_slice kid);
size_t jose_keyset_usable(const struct jose_keyset *set);   /* keys that verify */
size_t jose_keyset_left_out(const struct jose_keyset *set); /* entries that are not used */
/* Why the set has no key of this kid: a constant text. */
const char *jose_keyset_why_not(const struct jose_keyset *set, struct lfi_slice kid);
/* Appends "KID: REASON, …" of the first entries that are left out. */
void jose_keyset_describe_left_out(const struct jose_keyset *set, struct buf *out);

/* --- verifying -------------------------------------------------------------------------------- */

/*
 * A JSON object in which none of `names` (ends with NULL) occurs twice; NULL when it is anything
 * else. The caller ends it with cJSON_Delete.
 */
cJSON *jose_parse_object(struct lfi_slice json, const char *const *names);
/* Whether one of `names` occurs more than once in the object. */
bool jose_has_duplicate(const cJSON *object, const char *const *names);

/* The parts of a compact JWS, before any trust: only sizes, alphabet and the header's JSON have
 * been checked. */
struct jose_token {
    struct lfi_slice alg, typ, cty, kid; /* header members when they are strings, else absent */
    bool has_crit;                       /* the header demands extensions: refuse */
    bool names_key;                      /* jku, jwk, x5u, x5c in the header */
    struct lfi_slice payload;            /* decoded: not trustworthy before jose_verify */
    struct lfi_slice signature;          /* decoded */
    struct lfi_slice signed_part;        /* of the compact text: header, dot, payload */
};

/*
 * Splits and decodes into the arena; -1 with a reason when it is not a compact JWS of at most
 * LIMIT_TOKEN_BYTES with a JSON object as header. `signed_part` points into `compact`.
 */
int jose_token_parse(struct arena *arena, struct lfi_slice compact, struct jose_token *out,
                     struct lfi_error *error);
/* The same for what may be larger than a token: at most `max` bytes. */
int jose_token_parse_within(struct arena *arena, struct lfi_slice compact, size_t max,
                            struct jose_token *out, struct lfi_error *error);
/*
 * 0 when the signature verifies with the key that kid names, by the token's alg, which must be one
 * of those that the set was parsed for. PS256 is strict (RFC 7518 3.5): SHA-256 for hash and MGF1,
 * salt as long as the hash.
 */
int jose_verify(const struct jose_keyset *set, const struct jose_token *token,
                struct lfi_error *error);

/* --- signing ---------------------------------------------------------------------------------- */

struct jose_signer; /* a private key and its kid; any thread */

/* `kid` NULL: derived, base64url(SHA-256 of the SubjectPublicKeyInfo). */
int jose_signer_load(struct jose_signer **out, const char *key_file, const char *kid,
                     struct lfi_error *error);
/* The same from a key in PEM. */
int jose_signer_of_pem(struct jose_signer **out, struct lfi_slice pem, const char *kid,
                       struct lfi_error *error);
void jose_signer_free(struct jose_signer *signer);
const char *jose_signer_kid(const struct jose_signer *signer);
/* Appends the public key as a JWK object (kty, use, alg, kid, n, e). */
void jose_signer_append_jwk(const struct jose_signer *signer, struct buf *out);

/* JWT Auth claims (hub-to-bank authentication rules, 4.3). */
struct jose_claims {
    const char *iss, *sub, *aud;
    int64_t now_s;  /* iat */
    int64_t life_s; /* exp - iat */
};
/* Appends a compact PS256 JWS with typ JOSE, cty json, kid and a fresh jti. */
int jose_sign(const struct jose_signer *signer, const struct jose_claims *claims, struct buf *out,
              struct lfi_error *error);
/* Appends a compact PS256 JWS of any payload with typ and kid alone in its header; typ NULL: none.
 */
int jose_sign_payload(const struct jose_signer *signer, const char *typ, struct lfi_slice payload,
                      struct buf *out, struct lfi_error *error);

#endif
