/*
 * A public key that JWEs are encrypted with: RSA-OAEP-256 and A256GCM, around a signed JWT. Of the
 * bank for personal data, of TPPs for events.
 */
#ifndef HUB_SIM_JWE_KEY_H
#define HUB_SIM_JWE_KEY_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"

#include <openssl/evp.h>

struct jwe_key; /* constant, any thread */

/* Takes `key` over in any case; NULL: none could be read, and `error` says why. kid NULL: derived.
 */
int jwe_key_new(struct jwe_key **out, EVP_PKEY *key, const char *kid, struct lfi_error *error);
/* The RSA key of a JWK set that has use enc and a kid. -1: it has none. */
int jwe_key_of_set(struct jwe_key **out, const cJSON *set, struct arena *arena,
                   struct lfi_error *error);
void jwe_key_free(struct jwe_key *key); /* NULL is fine */
const char *jwe_key_kid(const struct jwe_key *key);
/* Appends it as a JWK object with use enc. */
void jwe_key_append_jwk(const struct jwe_key *key, struct buf *out);
/* Appends `jwt` as a compact JWE. */
int jwe_key_encrypt(const struct jwe_key *key, struct lfi_slice jwt, struct buf *out,
                    struct lfi_error *error);

#endif
