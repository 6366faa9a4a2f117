/*
 * JWE that others encrypt for the bank with its Enc1 keys: RSA-OAEP-256 (SHA-256 for digest and
 * MGF1) and A256GCM, compact (RFC 7516; RFC 7518 4.3, 5.3). For a PBES2 JWE of our own see jwe.h.
 */
#ifndef JOSE_DECRYPT_H
#define JOSE_DECRYPT_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>

/* The parts of a compact JWE, before any trust: alphabet and the header's JSON were checked. */
struct jose_jwe {
    struct lfi_slice alg, enc, cty, kid; /* header members when they are strings, else absent */
    bool has_cty, has_kid;               /* the member is there, of whatever type */
    bool has_crit;                       /* the header demands extensions: refuse */
    bool has_zip;                        /* the content is compressed: refuse */
    struct lfi_slice signed_header;      /* encoded, as received: the additional data */
    struct lfi_slice wrapped, iv, cipher, tag; /* decoded */
};

/*
 * Splits and decodes into the arena; -1 with a reason when it is not a compact JWE of at most
 * `max` bytes with a JSON object as header. `signed_header` points into `compact`.
 */
int jose_jwe_parse(struct arena *arena, struct lfi_slice compact, size_t max, struct jose_jwe *out,
                   struct lfi_error *error);

/* A private key's file; kid NULL: derived, as jose_signer_load does. */
struct jose_key_file {
    const char *kid, *file;
};

struct jose_decrypter; /* private keys; constant, any thread */

/* -1 also when two keys have one kid. */
int jose_decrypter_new(struct jose_decrypter **out, const struct jose_key_file *keys, size_t count,
                       struct lfi_error *error);
void jose_decrypter_free(struct jose_decrypter *decrypter); /* NULL is fine */

#define JOSE_NOT_OPENED (-1) /* no key decrypts it */
#define JOSE_UNABLE (-2)     /* short of memory or random numbers: it was not found out */

/*
 * 0: the clear bytes in the arena, which is overwritten from now on when it ends; or one of the
 * above. With a kid that key alone is tried, without one all are. alg and enc are for the caller to
 * check. Neither the answer nor the time tells whether the key was not unwrapped or the tag is
 * wrong: a key that was not unwrapped is replaced by a random one.
 */
int jose_decrypt(const struct jose_decrypter *decrypter, const struct jose_jwe *jwe,
                 struct arena *arena, struct lfi_slice *out) __attribute__((warn_unused_result));

#endif
