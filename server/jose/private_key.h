/* Private RSA keys from PEM files, and the key id that is made from one. Threads: none kept. */
#ifndef JOSE_PRIVATE_KEY_H
#define JOSE_PRIVATE_KEY_H

#include "base/buf.h"
#include "base/error.h"

#include <openssl/evp.h>

#define PRIVATE_KEY_BYTES_MAX 1024 /* a modulus of 8192 bits */

/* The caller frees the key. NULL: no RSA key of 2048 to 8192 bits that needs no passphrase. */
EVP_PKEY *private_key_read(const char *file, struct lfi_error *error);
/* The same from text; `what` names it in the error. */
EVP_PKEY *private_key_parse(struct lfi_slice pem, const char *what, struct lfi_error *error);
/* base64url(SHA-256 of the SubjectPublicKeyInfo), to be freed; NULL when memory is short. */
char *private_key_kid(const EVP_PKEY *key);

struct jose_jwk {
    const char *use, *alg, *kid;
};
/* Appends the public half as a JWK object (kty, use, alg, kid, n, e). */
void private_key_append_jwk(const EVP_PKEY *key, const struct jose_jwk *as, struct buf *out);

#endif
