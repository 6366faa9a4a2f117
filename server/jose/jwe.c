#include "jose/jwe.h"

#include "base/base64.h"
#include "base/id.h"
#include "base/json.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define ALGORITHM "PBES2-HS512+A256KW"
#define CEK_BYTES 32
#define WRAPPED_BYTES (CEK_BYTES + 8)
#define NONCE_BYTES 12
#define TAG_BYTES 16

/* Uniform over 000000 to 999999: values above the largest multiple are drawn again. */
static bool draw_digits(char out[JWE_CODE_DIGITS + 1])
{
    const uint32_t range = 1000000;
    uint32_t number = 0;
    do {
        if (!id_random(&number, sizeof(number))) {
            return false;
        }
    } while (number >= UINT32_MAX - UINT32_MAX % range);
    (void)snprintf(out, JWE_CODE_DIGITS + 1, "%06u", number % range);
    return true;
}

int jwe_code_new(struct jwe_code *out, struct lfi_error *error)
{
    /* RFC 7518 4.8.1.1: the salt is the algorithm's name, a zero byte and p2s. */
    unsigned char salt[sizeof(ALGORITHM) + sizeof(out->salt)] = ALGORITHM;
    if (!draw_digits(out->digits) || !id_random(out->salt, sizeof(out->salt))) {
        return error_set(error, "no random bytes");
    }
    memcpy(salt + sizeof(ALGORITHM), out->salt, sizeof(out->salt));
    if (PKCS5_PBKDF2_HMAC(out->digits, JWE_CODE_DIGITS, salt, (int)sizeof(salt), JWE_ITERATIONS,
                          EVP_sha512(), (int)sizeof(out->key), out->key) != 1) {
        return error_set(error, "key derivation failed");
    }
    return 0;
}

void jwe_code_wipe(struct jwe_code *code)
{
    OPENSSL_cleanse(code, sizeof(*code));
}

/* AES key wrap (RFC 3394). */
static bool wrap(const unsigned char *kek, const unsigned char cek[CEK_BYTES],
                 unsigned char out[WRAPPED_BYTES])
{
    int len = 0;
    int last = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (!ctx) {
        return false;
    }
    EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    bool done = EVP_EncryptInit_ex(ctx, EVP_aes_256_wrap(), NULL, kek, NULL) == 1 &&
                EVP_EncryptUpdate(ctx, out, &len, cek, CEK_BYTES) == 1 &&
                EVP_EncryptFinal_ex(ctx, out + len, &last) == 1 && len + last == WRAPPED_BYTES;
    EVP_CIPHER_CTX_free(ctx);
    return done;
}

struct box {
    unsigned char nonce[NONCE_BYTES];
    unsigned char tag[TAG_BYTES];
};

static bool encrypt(const unsigned char cek[CEK_BYTES], struct lfi_slice aad,
                    struct lfi_slice clear, unsigned char *out, struct box *box)
{
    int len = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool done =
        ctx && id_random(box->nonce, sizeof(box->nonce)) &&
        EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, cek, box->nonce) == 1 &&
        EVP_EncryptUpdate(ctx, NULL, &len, (const unsigned char *)aad.ptr, (int)aad.len) == 1 &&
        EVP_EncryptUpdate(ctx, out, &len, (const unsigned char *)clear.ptr, (int)clear.len) == 1 &&
        EVP_EncryptFinal_ex(ctx, out + len, &len) == 1 &&
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, box->tag) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return done;
}

static void append_header(const struct jwe_code *code, const char *kid, struct buf *out)
{
    struct buf json;
    struct buf salt;
    struct json_writer w;
    buf_init(&json, 1024);
    buf_init(&salt, 64);
    base64_append_url(&salt, code->salt, sizeof(code->salt));
    json_begin(&w, &json);
    json_open_object(&w, NULL);
    json_text(&w, "alg", ALGORITHM);
    json_text(&w, "enc", "A256GCM");
    json_int(&w, "p2c", JWE_ITERATIONS);
    json_string(&w, "p2s", buf_slice(&salt));
    json_text(&w, "kid", kid);
    json_close_object(&w);
    out->failed = out->failed || json.failed || salt.failed;
    base64_append_url(out, json.ptr, json.len);
    buf_free(&json);
    buf_free(&salt);
}

static void append_part(struct buf *out, const void *bytes, size_t len)
{
    buf_append_text(out, ".");
    base64_append_url(out, bytes, len);
}

int jwe_encrypt(const struct jwe_code *code, const char *kid, struct lfi_slice clear,
                struct buf *out, struct lfi_error *error)
{
    unsigned char cek[CEK_BYTES];
    unsigned char wrapped[WRAPPED_BYTES];
    struct box box;
    int rc = -1;
    size_t start = out->len;
    unsigned char *cipher = clear.len < INT32_MAX ? OPENSSL_malloc(clear.len + 1) : NULL;
    append_header(code, kid, out);
    if (!cipher || out->failed || !id_random(cek, sizeof(cek)) || !wrap(code->key, cek, wrapped)) {
        (void)error_set(error, "JWE: cannot prepare");
        goto out;
    }
    struct lfi_slice aad = {out->ptr + start, out->len - start};
    if (!encrypt(cek, aad, clear, cipher, &box)) {
        (void)error_set(error, "JWE: cannot encrypt");
        goto out;
    }
    append_part(out, wrapped, sizeof(wrapped));
    append_part(out, box.nonce, sizeof(box.nonce));
    append_part(out, cipher, clear.len);
    append_part(out, box.tag, sizeof(box.tag));
    rc = out->failed ? error_set(error, "JWE: too large") : 0;
out:
    OPENSSL_cleanse(cek, sizeof(cek));
    OPENSSL_free(cipher);
    return rc;
}
