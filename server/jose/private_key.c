#include "jose/private_key.h"

#include "base/base64.h"
#include "base/file.h"
#include "base/json.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#define KEY_FILE_BYTES (16 * 1024)
#define RSA_BITS_MIN 2048
#define SHA256_BYTES 32
#define KID_BYTES 64
#define NUMBER_BYTES 4096 /* a modulus as text */

EVP_PKEY *private_key_parse(struct lfi_slice pem, const char *what, struct lfi_error *error)
{
    EVP_PKEY *key = NULL;
    BIO *bio = pem.len <= KEY_FILE_BYTES ? BIO_new_mem_buf(pem.ptr, (int)pem.len) : NULL;
    if (bio) {
        /* An empty passphrase keeps OpenSSL from asking for one on the terminal. */
        key = PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"");
    }
    if (!key || !EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_get_bits(key) < RSA_BITS_MIN ||
        EVP_PKEY_get_size(key) > PRIVATE_KEY_BYTES_MAX) {
        error_set(error, "%.200s: not an RSA private key of %d to %d bits in PEM", what,
                  RSA_BITS_MIN, PRIVATE_KEY_BYTES_MAX * 8);
        EVP_PKEY_free(key);
        key = NULL;
    }
    BIO_free(bio);
    ERR_clear_error();
    return key;
}

EVP_PKEY *private_key_read(const char *file, struct lfi_error *error)
{
    struct buf pem;

    buf_init_secret(&pem, KEY_FILE_BYTES);
    EVP_PKEY *key =
        file_read(file, &pem, error) == 0 ? private_key_parse(buf_slice(&pem), file, error) : NULL;
    buf_free(&pem);
    return key;
}

char *private_key_kid(const EVP_PKEY *key)
{
    unsigned char *der = NULL;
    unsigned char digest[SHA256_BYTES];
    char *kid = NULL;
    int len = i2d_PUBKEY(key, &der);

    if (len > 0 && EVP_Digest(der, (size_t)len, digest, NULL, EVP_sha256(), NULL) == 1) {
        struct buf text;
        buf_init(&text, KID_BYTES);
        base64_append_url(&text, digest, sizeof(digest));
        kid = text.failed ? NULL : strndup(text.ptr, text.len);
        buf_free(&text);
    }
    OPENSSL_free(der);
    return kid;
}

static void append_number(struct json_writer *w, const char *name, const EVP_PKEY *key,
                          const char *parameter)
{
    BIGNUM *number = NULL;
    unsigned char bytes[PRIVATE_KEY_BYTES_MAX];
    struct buf text;

    buf_init(&text, NUMBER_BYTES);
    if (EVP_PKEY_get_bn_param(key, parameter, &number) == 1 &&
        BN_num_bytes(number) <= PRIVATE_KEY_BYTES_MAX) {
        base64_append_url(&text, bytes, (size_t)BN_bn2bin(number, bytes));
    }
    json_string(w, name, buf_slice(&text));
    buf_free(&text);
    BN_free(number);
}

void private_key_append_jwk(const EVP_PKEY *key, const struct jose_jwk *as, struct buf *out)
{
    struct json_writer w;

    json_begin(&w, out);
    json_open_object(&w, NULL);
    json_text(&w, "kty", "RSA");
    json_text(&w, "use", as->use);
    json_text(&w, "alg", as->alg);
    json_text(&w, "kid", as->kid);
    append_number(&w, "n", key, OSSL_PKEY_PARAM_RSA_N);
    append_number(&w, "e", key, OSSL_PKEY_PARAM_RSA_E);
    json_close_object(&w);
}
