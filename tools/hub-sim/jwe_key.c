#include "jwe_key.h"

#include "base/base64.h"
#include "base/id.h"
#include "base/limits.h"
#include "jose/private_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#define CEK_BYTES 32
#define IV_BYTES 12
#define TAG_BYTES 16

struct jwe_key {
    EVP_PKEY *key;
    char *kid;
};

int jwe_key_new(struct jwe_key **out, EVP_PKEY *key, const char *kid, struct lfi_error *error)
{
    *out = NULL;
    if (!key) {
        return -1;
    }
    struct jwe_key *made = calloc(1, sizeof(*made));
    char *own_kid = kid ? strdup(kid) : private_key_kid(key);
    if (!made || !own_kid) {
        free(made);
        free(own_kid);
        EVP_PKEY_free(key);
        return error_set(error, "out of memory");
    }
    *made = (struct jwe_key){key, own_kid};
    *out = made;
    return 0;
}

/* --- a published key -------------------------------------------------------------------------- */

static BIGNUM *read_number(const cJSON *jwk, const char *name, struct arena *arena)
{
    struct lfi_slice bytes = base64_decode_url(arena, json_get_string(jwk, name));
    return bytes.len > 0 && bytes.len <= PRIVATE_KEY_BYTES_MAX
               ? BN_bin2bn((const unsigned char *)bytes.ptr, (int)bytes.len, NULL)
               : NULL;
}

/* NULL: it is no RSA key. */
static EVP_PKEY *read_jwk(const cJSON *jwk, struct arena *arena)
{
    BIGNUM *n = read_number(jwk, "n", arena), *e = read_number(jwk, "e", arena);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM *parameters = NULL;
    EVP_PKEY *key = NULL;
    if (n && e && ctx && builder &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1 &&
        (parameters = OSSL_PARAM_BLD_to_param(builder)) && EVP_PKEY_fromdata_init(ctx) == 1 &&
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1) {
        key = NULL;
    }
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(ctx);
    BN_free(n);
    BN_free(e);
    ERR_clear_error();
    return key;
}

int jwe_key_of_set(struct jwe_key **out, const cJSON *set, struct arena *arena,
                   struct lfi_error *error)
{
    const cJSON *jwk;
    *out = NULL;
    cJSON_ArrayForEach(jwk, json_get(set, "keys"))
    {
        const char *kid = arena_text(arena, json_get_string(jwk, "kid"));
        if (kid && slice_equal_text(json_get_string(jwk, "use"), "enc")) {
            EVP_PKEY *key = read_jwk(jwk, arena);
            return key ? jwe_key_new(out, key, kid, error)
                       : error_set(error, "the key with use enc is no RSA key");
        }
    }
    return error_set(error, "no key with use enc is published");
}

void jwe_key_free(struct jwe_key *key)
{
    if (key) {
        EVP_PKEY_free(key->key);
        free(key->kid);
        free(key);
    }
}

const char *jwe_key_kid(const struct jwe_key *key)
{
    return key->kid;
}

void jwe_key_append_jwk(const struct jwe_key *key, struct buf *out)
{
    private_key_append_jwk(key->key, &(struct jose_jwk){"enc", "RSA-OAEP-256", key->kid}, out);
}

/* --- encrypting ------------------------------------------------------------------------------- */

static void append_part(struct buf *out, const void *bytes, size_t len)
{
    buf_append_text(out, ".");
    base64_append_url(out, bytes, len);
}

static bool append_wrapped(EVP_PKEY *key, const unsigned char *cek, struct buf *out)
{
    unsigned char wrapped[PRIVATE_KEY_BYTES_MAX];
    size_t len = sizeof wrapped;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    bool done = ctx && EVP_PKEY_encrypt_init(ctx) == 1 &&
                EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
                EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) == 1 &&
                EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) == 1 &&
                EVP_PKEY_encrypt(ctx, wrapped, &len, cek, CEK_BYTES) == 1;
    EVP_PKEY_CTX_free(ctx);
    if (done) {
        append_part(out, wrapped, len);
    }
    return done;
}

/* Behind the header, which is already in `out` and is the additional data. */
static bool append_content(const unsigned char *cek, struct lfi_slice header,
                           struct lfi_slice clear, struct buf *out)
{
    unsigned char iv[IV_BYTES], tag[TAG_BYTES];
    unsigned char *cipher = malloc(clear.len);
    int len = 0, rest = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool done = cipher && ctx && id_random(iv, sizeof iv) &&
                EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, cek, iv) == 1 &&
                EVP_EncryptUpdate(ctx, NULL, &len, (const unsigned char *)header.ptr,
                                  (int)header.len) == 1 &&
                EVP_EncryptUpdate(ctx, cipher, &len, (const unsigned char *)clear.ptr,
                                  (int)clear.len) == 1 &&
                EVP_EncryptFinal_ex(ctx, cipher + len, &rest) == 1 &&
                EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, tag) == 1;
    if (done) {
        append_part(out, iv, sizeof iv);
        append_part(out, cipher, clear.len);
        append_part(out, tag, sizeof tag);
    }
    EVP_CIPHER_CTX_free(ctx);
    free(cipher);
    return done;
}

int jwe_key_encrypt(const struct jwe_key *key, struct lfi_slice jwt, struct buf *out,
                    struct lfi_error *error)
{
    unsigned char cek[CEK_BYTES];
    struct buf json, header;
    struct json_writer w;
    buf_init(&json, LIMIT_TOKEN_BYTES);
    buf_init(&header, LIMIT_TOKEN_BYTES);
    json_begin(&w, &json);
    json_open_object(&w, NULL);
    json_text(&w, "alg", "RSA-OAEP-256");
    json_text(&w, "enc", "A256GCM");
    json_text(&w, "cty", "JWT");
    json_text(&w, "kid", key->kid);
    json_close_object(&w);
    base64_append_url(&header, json.ptr, json.len);
    buf_append_slice(out, buf_slice(&header));
    bool done = !json.failed && !header.failed && id_random(cek, sizeof cek) &&
                append_wrapped(key->key, cek, out) &&
                append_content(cek, buf_slice(&header), jwt, out) && !out->failed;
    buf_free(&header);
    buf_free(&json);
    OPENSSL_cleanse(cek, sizeof(cek));
    ERR_clear_error();
    return done ? 0 : error_set(error, "the JWE cannot be made");
}
