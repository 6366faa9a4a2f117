#include "jose/decrypt.h"

#include "base/base64.h"
#include "base/id.h"
#include "jose/header.h"
#include "jose/jose.h"
#include "jose/private_key.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#define CEK_BYTES 32
#define IV_BYTES 12
#define TAG_BYTES 16

struct key {
    char *kid;
    EVP_PKEY_CTX *unwrapper; /* never used itself: copied for each JWE */
    size_t bytes;            /* of the modulus, and so of a wrapped key */
};

struct jose_decrypter {
    size_t count;
    struct key keys[];
};

/* --- parsing ---------------------------------------------------------------------------------- */

/* Header members with a meaning here: a duplicate would be ambiguous. */
static const char *const header_names[] = {"alg", "enc", "cty", "kid", "zip", "crit", NULL};

static int read_header(struct arena *arena, struct lfi_slice json, struct jose_jwe *out,
                       struct lfi_error *error)
{
    const struct jose_header_text texts[] = {{"alg", &out->alg},
                                             {"enc", &out->enc},
                                             {"cty", &out->cty},
                                             {"kid", &out->kid},
                                             {NULL, NULL}};
    cJSON *header = jose_header_read(arena, json, header_names, texts, error);

    if (!header) {
        return -1;
    }
    out->has_cty = json_get(header, "cty");
    out->has_kid = json_get(header, "kid");
    out->has_crit = json_get(header, "crit");
    out->has_zip = json_get(header, "zip");
    cJSON_Delete(header);
    return 0;
}

int jose_jwe_parse(struct arena *arena, struct lfi_slice compact, size_t max, struct jose_jwe *out,
                   struct lfi_error *error)
{
    struct lfi_slice rest = compact, parts[5];

    memset(out, 0, sizeof(*out));
    if (compact.len > max) {
        return error_set(error, "longer than %zu bytes", max);
    }
    for (size_t i = 0; i < 5; i++) {
        if (!slice_next(&rest, '.', &parts[i])) {
            return error_set(error, "not five parts");
        }
    }
    if (rest.ptr || parts[0].len == 0) {
        return error_set(error, "not five parts");
    }
    struct lfi_slice json = base64_decode_url(arena, parts[0]);
    out->signed_header = parts[0];
    out->wrapped = base64_decode_url(arena, parts[1]);
    out->iv = base64_decode_url(arena, parts[2]);
    out->cipher = base64_decode_url(arena, parts[3]);
    out->tag = base64_decode_url(arena, parts[4]);
    if (!json.ptr || !out->wrapped.ptr || !out->iv.ptr || !out->cipher.ptr || !out->tag.ptr) {
        return error_set(error, "not base64url");
    }
    return read_header(arena, json, out, error);
}

/* --- keys ------------------------------------------------------------------------------------- */

static EVP_PKEY_CTX *make_unwrapper(EVP_PKEY *key)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);

    if (ctx && (EVP_PKEY_decrypt_init(ctx) != 1 ||
                EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) != 1 ||
                EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) != 1 ||
                EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) != 1)) {
        EVP_PKEY_CTX_free(ctx);
        ctx = NULL;
    }
    return ctx;
}

static const struct key *find(const struct jose_decrypter *decrypter, struct lfi_slice kid)
{
    for (size_t i = 0; i < decrypter->count; i++) {
        if (slice_equal_text(kid, decrypter->keys[i].kid)) {
            return &decrypter->keys[i];
        }
    }
    return NULL;
}

static int add_key(struct jose_decrypter *decrypter, const struct jose_key_file *from,
                   struct lfi_error *error)
{
    int rc = -1;
    EVP_PKEY *pkey = private_key_read(from->file, error);
    struct key key = {NULL, NULL, 0};

    if (!pkey) {
        goto out;
    }
    key = (struct key){.kid = from->kid ? strdup(from->kid) : private_key_kid(pkey),
                       .unwrapper = make_unwrapper(pkey),
                       .bytes = (size_t)EVP_PKEY_get_size(pkey)};
    if (!key.kid || !key.unwrapper) {
        error_set(error, "%.200s: out of memory", from->file);
        goto out;
    }
    if (find(decrypter, slice_of(key.kid))) {
        error_set(error, "%.200s: another key has this kid", from->file);
        goto out;
    }
    decrypter->keys[decrypter->count++] = key;
    key = (struct key){NULL, NULL, 0};
    rc = 0;
out:
    EVP_PKEY_free(pkey);
    EVP_PKEY_CTX_free(key.unwrapper);
    free(key.kid);
    ERR_clear_error();
    return rc;
}

int jose_decrypter_new(struct jose_decrypter **out, const struct jose_key_file *keys, size_t count,
                       struct lfi_error *error)
{
    struct jose_decrypter *decrypter = calloc(1, sizeof(*decrypter) + count * sizeof(struct key));

    *out = NULL;
    if (!decrypter) {
        return error_set(error, "out of memory");
    }
    for (size_t i = 0; i < count; i++) {
        if (add_key(decrypter, &keys[i], error) != 0) {
            jose_decrypter_free(decrypter);
            return -1;
        }
    }
    *out = decrypter;
    return 0;
}

void jose_decrypter_free(struct jose_decrypter *decrypter)
{
    for (size_t i = 0; decrypter && i < decrypter->count; i++) {
        free(decrypter->keys[i].kid);
        EVP_PKEY_CTX_free(decrypter->keys[i].unwrapper);
    }
    free(decrypter);
}

/* --- decrypting ------------------------------------------------------------------------------- */

/*
 * The content key, or a random one when the wrapped one is not of this key: chosen without a
 * branch. False when that cannot be found out.
 */
static bool unwrap(const struct key *key, struct lfi_slice wrapped, unsigned char cek[CEK_BYTES])
{
    unsigned char opened[PRIVATE_KEY_BYTES_MAX] = {0};
    size_t len = sizeof(opened);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_dup(key->unwrapper);
    bool able = ctx && id_random(cek, CEK_BYTES);

    if (able) {
        int good = EVP_PKEY_decrypt(ctx, opened, &len, (const unsigned char *)wrapped.ptr,
                                    wrapped.len) == 1;
        unsigned mask = 0U - (unsigned)(good & (len == CEK_BYTES));
        for (size_t i = 0; i < CEK_BYTES; i++) {
            cek[i] = (unsigned char)((opened[i] & mask) | (cek[i] & ~mask));
        }
    }
    OPENSSL_cleanse(opened, sizeof(opened));
    EVP_PKEY_CTX_free(ctx);
    return able;
}

static int open_content(const struct jose_jwe *jwe, const unsigned char *cek, unsigned char *out)
{
    unsigned char tag[TAG_BYTES];
    int len = 0, rest = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    memcpy(tag, jwe->tag.ptr, TAG_BYTES);
    bool able = ctx &&
                EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, cek,
                                   (const unsigned char *)jwe->iv.ptr) == 1 &&
                EVP_DecryptUpdate(ctx, NULL, &len, (const unsigned char *)jwe->signed_header.ptr,
                                  (int)jwe->signed_header.len) == 1 &&
                EVP_DecryptUpdate(ctx, out, &len, (const unsigned char *)jwe->cipher.ptr,
                                  (int)jwe->cipher.len) == 1 &&
                EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) == 1;
    bool good = able && EVP_DecryptFinal_ex(ctx, out + len, &rest) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return good ? 0 : able ? JOSE_NOT_OPENED : JOSE_UNABLE;
}

static int decrypt_with(const struct key *key, const struct jose_jwe *jwe, unsigned char *out)
{
    unsigned char cek[CEK_BYTES];
    int rc = JOSE_NOT_OPENED;

    if (jwe->wrapped.len == key->bytes) {
        rc = unwrap(key, jwe->wrapped, cek) ? open_content(jwe, cek, out) : JOSE_UNABLE;
        OPENSSL_cleanse(cek, sizeof(cek));
        ERR_clear_error();
    }
    return rc;
}

int jose_decrypt(const struct jose_decrypter *decrypter, const struct jose_jwe *jwe,
                 struct arena *arena, struct lfi_slice *out)
{
    const struct key *named = find(decrypter, jwe->kid);
    int rc = JOSE_NOT_OPENED;

    *out = (struct lfi_slice){NULL, 0};
    if (jwe->iv.len != IV_BYTES || jwe->tag.len != TAG_BYTES ||
        jwe->cipher.len > INT_MAX - TAG_BYTES || jwe->signed_header.len > INT_MAX) {
        return rc;
    }
    arena_hold_secret(arena);
    unsigned char *clear = arena_alloc(arena, jwe->cipher.len + 1);
    if (!clear) {
        return JOSE_UNABLE;
    }
    for (size_t i = 0; i < decrypter->count && rc == JOSE_NOT_OPENED; i++) {
        const struct key *key = &decrypter->keys[i];
        if (!jwe->has_kid || key == named) {
            rc = decrypt_with(key, jwe, clear);
        }
    }
    if (rc == 0) {
        *out = (struct lfi_slice){(const char *)clear, jwe->cipher.len};
    } else {
        OPENSSL_cleanse(clear, jwe->cipher.len);
    }
    return rc;
}
