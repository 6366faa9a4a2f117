/*
 * An authenticator as WebAuthn describes them, with every part open to a lie: makes authenticator
 * data, COSE keys and signatures by OpenSSL alone.
 */
#ifndef TESTS_AUTHENTICATOR_H
#define TESTS_AUTHENTICATOR_H

#include "base/slice.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>

#define PRESENT 0x01
#define VERIFIED 0x04
#define WITH_CREDENTIAL 0x40

enum { ES256 = -7, EDDSA = -8, RS256 = -257 };

struct bytes {
    unsigned char at[2048];
    size_t len;
};

struct authenticator {
    EVP_PKEY *key;
    int algorithm;
    const char *party; /* the id that it was made for */
    unsigned flags;
    uint32_t counter;
    struct lfi_slice credential_id;
};

static inline struct lfi_slice bytes_slice(const struct bytes *bytes)
{
    return (struct lfi_slice){(const char *)bytes->at, bytes->len};
}

static inline void bytes_add(struct bytes *bytes, const void *more, size_t len)
{
    if (bytes->len + len > sizeof(bytes->at)) {
        abort();
    }
    memcpy(bytes->at + bytes->len, more, len);
    bytes->len += len;
}

static inline void bytes_add_number(struct bytes *bytes, uint32_t value, size_t len)
{
    for (size_t i = len; i-- > 0;) {
        bytes_add(bytes, &(unsigned char){(unsigned char)(value >> (8 * i))}, 1);
    }
}

static inline struct authenticator authenticator_new(int algorithm)
{
    struct authenticator made = {.algorithm = algorithm,
                                 .party = "auth.bank.example",
                                 .flags = PRESENT | VERIFIED,
                                 .counter = 1,
                                 .credential_id = SLICE("credential-of-32-bytes-or-there-")};
    made.key = algorithm == ES256   ? EVP_EC_gen("P-256")
               : algorithm == EDDSA ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
                                    : EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    if (!made.key) {
        abort();
    }
    return made;
}

/* --- COSE (RFC 9052, RFC 8230): a map, its heads written by hand ------------------------------ */

static inline void cose_bytes(struct bytes *out, int label, const void *value, size_t len)
{
    unsigned char head = (unsigned char)(label < 0 ? 0x20 - label - 1 : label);
    bytes_add(out, &head, 1);
    bytes_add(out, len < 256 ? "\x58" : "\x59", 1);
    bytes_add_number(out, (uint32_t)len, len < 256 ? 1 : 2);
    bytes_add(out, value, len);
}

static inline void cose_add_key(struct bytes *out, const struct authenticator *from)
{
    unsigned char raw[512];
    size_t len = sizeof(raw);
    if (from->algorithm == ES256) {
        EVP_PKEY_get_octet_string_param(from->key, OSSL_PKEY_PARAM_PUB_KEY, raw, len, &len);
        bytes_add(out, "\xa5\x01\x02\x03\x26\x20\x01", 7);
        cose_bytes(out, -2, raw + 1, 32);
        cose_bytes(out, -3, raw + 33, 32);
    } else if (from->algorithm == EDDSA) {
        EVP_PKEY_get_raw_public_key(from->key, raw, &len);
        bytes_add(out, "\xa4\x01\x01\x03\x27\x20\x06", 7);
        cose_bytes(out, -2, raw, len);
    } else {
        BIGNUM *modulus = NULL;
        EVP_PKEY_get_bn_param(from->key, OSSL_PKEY_PARAM_RSA_N, &modulus);
        BN_bn2bin(modulus, raw);
        BN_free(modulus);
        bytes_add(out, "\xa4\x01\x03\x03\x39\x01\x00", 7);
        cose_bytes(out, -1, raw, 256);
        bytes_add(out, "\x21\x43\x01\x00\x01", 5);
    }
}

/* --- ceremonies ------------------------------------------------------------------------------- */

static inline void authenticator_data(const struct authenticator *from, unsigned more_flags,
                                      struct bytes *out)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)from->party, strlen(from->party), digest);
    out->len = 0;
    bytes_add(out, digest, sizeof(digest));
    bytes_add_number(out, from->flags | more_flags, 1);
    bytes_add_number(out, from->counter, 4);
}

/* What making a passkey hands over. */
static inline void authenticator_create(const struct authenticator *from, struct bytes *out)
{
    static const unsigned char no_model[16] = {0};
    authenticator_data(from, WITH_CREDENTIAL, out);
    bytes_add(out, no_model, sizeof(no_model));
    bytes_add_number(out, (uint32_t)from->credential_id.len, 2);
    bytes_add(out, from->credential_id.ptr, from->credential_id.len);
    cose_add_key(out, from);
}

/* The signature over authenticator data and client data. */
static inline void authenticator_sign(const struct authenticator *from, const struct bytes *data,
                                      struct lfi_slice client_data, struct bytes *out)
{
    struct bytes signed_part = *data;
    unsigned char digest[SHA256_DIGEST_LENGTH];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    SHA256((const unsigned char *)client_data.ptr, client_data.len, digest);
    bytes_add(&signed_part, digest, sizeof(digest));
    out->len = sizeof(out->at);
    if (EVP_DigestSignInit(context, NULL, from->algorithm == EDDSA ? NULL : EVP_sha256(), NULL,
                           from->key) != 1 ||
        EVP_DigestSign(context, out->at, &out->len, signed_part.at, signed_part.len) != 1) {
        abort();
    }
    EVP_MD_CTX_free(context);
}

/* {"type":…,"challenge":…,"origin":…} */
static inline struct lfi_slice client_data_of(char out[2048], const char *type,
                                              struct lfi_slice challenge, const char *origin)
{
    int len = snprintf(out, 2048, "{\"type\":\"%s\",\"challenge\":\"%.*s\",\"origin\":\"%s\"}",
                       type, SLICE_ARG(challenge), origin);
    return (struct lfi_slice){out, (size_t)len};
}

#endif
