#include "pii.h"

#include "base/base64.h"
#include "base/id.h"
#include "base/limits.h"
#include "jose/private_key.h"

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#define MEMBER "PersonalIdentifiableInformation"
#define LIFE_S 300 /* of the signature */
#define CEK_BYTES 32
#define IV_BYTES 12
#define TAG_BYTES 16

struct pii_key {
    EVP_PKEY *key;
    char *kid;
};

int pii_key_new(struct pii_key **out, const char *certificate, const char *kid,
                struct lfi_error *error)
{
    struct pii_key *key = calloc(1, sizeof *key);
    *out = NULL;
    if (!key) {
        return error_set(error, "out of memory");
    }
    key->key = certificate_read_key(certificate, error);
    if (!key->key) {
        pii_key_free(key);
        return -1;
    }
    key->kid = kid ? strdup(kid) : private_key_kid(key->key);
    if (!key->kid) {
        pii_key_free(key);
        return error_set(error, "out of memory");
    }
    *out = key;
    return 0;
}

void pii_key_free(struct pii_key *key)
{
    if (key) {
        EVP_PKEY_free(key->key);
        free(key->kid);
        free(key);
    }
}

void pii_key_append_jwk(const struct pii_key *key, struct buf *out)
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

static int encrypt(const struct pii_key *key, struct lfi_slice clear, struct buf *out,
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
                append_content(cek, buf_slice(&header), clear, out) && !out->failed;
    buf_free(&header);
    buf_free(&json);
    ERR_clear_error();
    return done ? 0 : error_set(error, MEMBER " cannot be encrypted");
}

/* --- sealing ---------------------------------------------------------------------------------- */

static void claim(cJSON *payload, const char *name, cJSON *value)
{
    if (json_get(payload, name)) {
        cJSON_Delete(value);
    } else {
        cJSON_AddItemToObject(payload, name, value);
    }
}

/* NULL when memory or random numbers are short. */
static char *print_payload(const struct pii_sender *sender, const cJSON *plain)
{
    char jti[ID_UUID_MAX];
    int64_t now_s = clock_now_s(sender->sim->clock);
    if (!id_uuid4(jti)) {
        return NULL;
    }
    cJSON *payload = cJSON_Duplicate(plain, true);
    claim(payload, "iss", cJSON_CreateString(sender->tpp->client_id));
    claim(payload, "sub", cJSON_CreateString(sender->tpp->client_id));
    claim(payload, "aud", cJSON_CreateString(sender->hub->issuer));
    claim(payload, "iat", cJSON_CreateNumber((double)now_s));
    claim(payload, "exp", cJSON_CreateNumber((double)(now_s + LIFE_S)));
    claim(payload, "jti", cJSON_CreateString(jti));
    char *text = cJSON_PrintUnformatted(payload);
    cJSON_Delete(payload);
    return text;
}

int pii_seal(const struct pii_sender *sender, const cJSON *plain, struct buf *out,
             struct lfi_error *error)
{
    const struct pii_key *key = sender->sim->bank_key;
    const struct jose_signer *signer = sender->sim->tpp_signers[sender->tpp - tpps];
    struct buf jws;
    if (!signer || !key) {
        return error_set(error, MEMBER " cannot be sealed: %s has no key",
                         signer ? "the bank" : "the TPP");
    }
    char *text = print_payload(sender, plain);
    buf_init(&jws, LIMIT_PII_BYTES);
    int rc = text ? jose_sign_payload(signer, "JWT", slice_of(text), &jws, error)
                  : error_set(error, "out of memory");
    if (rc == 0) {
        rc = encrypt(key, buf_slice(&jws), out, error);
    }
    buf_free(&jws);
    cJSON_free(text);
    return rc;
}

int pii_seal_member(const struct pii_sender *sender, cJSON *terms, struct lfi_error *error)
{
    const cJSON *plain = json_get(terms, MEMBER);
    struct buf sealed;
    if (!cJSON_IsObject(plain)) {
        return 0;
    }
    buf_init(&sealed, LIMIT_PII_BYTES);
    int rc = pii_seal(sender, plain, &sealed, error);
    if (rc == 0) {
        buf_append(&sealed, "", 1);
        cJSON *text = sealed.failed ? NULL : cJSON_CreateString(sealed.ptr);
        rc = text && cJSON_ReplaceItemInObjectCaseSensitive(terms, MEMBER, text)
                 ? 0
                 : error_set(error, "out of memory");
    }
    buf_free(&sealed);
    return rc;
}
