/*
 * JWE with a one-time code: PBES2-HS512+A256KW and A256GCM (RFC 7518 4.8, 5.3), as encrypted
 * finance rates need it. Deriving the key takes about half a second of a core, on purpose.
 */
#ifndef JOSE_JWE_H
#define JOSE_JWE_H

#include "base/buf.h"
#include "base/error.h"

#define JWE_CODE_DIGITS 6
#define JWE_ITERATIONS 600000

/* A code and what was derived from it. Wipe with jwe_code_wipe as soon as it was used. */
struct jwe_code {
    char digits[JWE_CODE_DIGITS + 1]; /* leading zeros kept */
    unsigned char salt[16];
    unsigned char key[32];
};

/* A fresh code with a fresh salt. Slow. */
int jwe_code_new(struct jwe_code *out, struct lfi_error *error);
void jwe_code_wipe(struct jwe_code *code);
/* Appends `clear` as a compact JWE whose header names `kid`. */
int jwe_encrypt(const struct jwe_code *code, const char *kid, struct lfi_slice clear,
                struct buf *out, struct lfi_error *error);

/*
 * Pool of pre-computed codes, filled by a thread that starts at first use.
 */
struct jwe_code_pool;

int jwe_code_pool_new(struct jwe_code_pool **out, struct lfi_error *error);
void jwe_code_pool_free(struct jwe_code_pool *pool);
/* The caller owns and wipes the code. Derives one itself when the pool is empty. Any thread. */
int jwe_code_pool_take(struct jwe_code_pool *pool, struct jwe_code *out, struct lfi_error *error);

#endif
