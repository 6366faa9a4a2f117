/* Signing: one private key, JWT Auth tokens made out with it. */
#include "base/base64.h"
#include "base/id.h"
#include "jose/jose.h"
#include "jose/private_key.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#define TEXT_BYTES 4096 /* header or payload as text */

struct jose_signer {
    EVP_PKEY *key;
    char *kid;
    char *header; /* of JWT Auth, encoded */
};

/* --- loading ---------------------------------------------------------------------------------- */

static char *take_text(struct buf *buf)
{
    char *text = buf->failed ? NULL : strndup(buf->ptr, buf->len);
    buf_free(buf);
    return text;
}

/* `typ` and `cty` may be NULL. */
static char *encode_header(const char *typ, const char *cty, const char *kid)
{
    struct buf json, text;
    struct json_writer w;
    char *header = NULL;

    buf_init(&json, TEXT_BYTES);
    buf_init(&text, TEXT_BYTES);
    json_begin(&w, &json);
    json_open_object(&w, NULL);
    json_text(&w, "alg", "PS256");
    if (typ) {
        json_text(&w, "typ", typ);
    }
    if (cty) {
        json_text(&w, "cty", cty);
    }
    json_text(&w, "kid", kid);
    json_close_object(&w);
    if (!json.failed) {
        base64_append_url(&text, json.ptr, json.len);
        header = take_text(&text);
    }
    buf_free(&json);
    return header;
}

/* Takes `key` over; NULL: none could be read, and `error` says why. */
static int make(struct jose_signer **out, EVP_PKEY *key, const char *kid, struct lfi_error *error)
{
    struct jose_signer *signer = calloc(1, sizeof(*signer));

    *out = NULL;
    if (!signer) {
        EVP_PKEY_free(key);
        return error_set(error, "out of memory");
    }
    signer->key = key;
    if (!key) {
        goto fail;
    }
    signer->kid = kid ? strdup(kid) : private_key_kid(key);
    signer->header = signer->kid ? encode_header("JOSE", "json", signer->kid) : NULL;
    if (!signer->header) {
        error_set(error, "no key id can be made");
        goto fail;
    }
    *out = signer;
    return 0;
fail:
    jose_signer_free(signer);
    return -1;
}

int jose_signer_load(struct jose_signer **out, const char *key_file, const char *kid,
                     struct lfi_error *error)
{
    return make(out, private_key_read(key_file, error), kid, error);
}

int jose_signer_of_pem(struct jose_signer **out, struct lfi_slice pem, const char *kid,
                       struct lfi_error *error)
{
    return make(out, private_key_parse(pem, "the key", error), kid, error);
}

void jose_signer_free(struct jose_signer *signer)
{
    if (signer) {
        EVP_PKEY_free(signer->key);
        free(signer->kid);
        free(signer->header);
        free(signer);
    }
}

const char *jose_signer_kid(const struct jose_signer *signer)
{
    return signer->kid;
}

/* --- publishing ------------------------------------------------------------------------------- */

void jose_signer_append_jwk(const struct jose_signer *signer, struct buf *out)
{
    private_key_append_jwk(signer->key, &(struct jose_jwk){"sig", "PS256", signer->kid}, out);
}

/* --- signing ---------------------------------------------------------------------------------- */

static int append_claims(const struct jose_claims *claims, struct buf *json)
{
    char jti[ID_UUID_MAX];
    struct json_writer w;

    if (!id_uuid4(jti)) {
        return -1;
    }
    json_begin(&w, json);
    json_open_object(&w, NULL);
    json_text(&w, "iss", claims->iss);
    json_text(&w, "sub", claims->sub);
    json_text(&w, "aud", claims->aud);
    json_int(&w, "iat", claims->now_s);
    json_int(&w, "exp", claims->now_s + claims->life_s);
    json_text(&w, "jti", jti);
    json_close_object(&w);
    return json->failed ? -1 : 0;
}

static int append_signature(EVP_PKEY *key, struct buf *text)
{
    EVP_PKEY_CTX *pss = NULL; /* owned by ctx */
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char signature[PRIVATE_KEY_BYTES_MAX];
    size_t len = sizeof(signature);
    int rc = -1;

    if (ctx && EVP_DigestSignInit(ctx, &pss, EVP_sha256(), NULL, key) == 1 &&
        EVP_PKEY_CTX_set_rsa_padding(pss, RSA_PKCS1_PSS_PADDING) == 1 &&
        EVP_PKEY_CTX_set_rsa_pss_saltlen(pss, RSA_PSS_SALTLEN_DIGEST) == 1 &&
        EVP_DigestSign(ctx, signature, &len, (const unsigned char *)text->ptr, text->len) == 1) {
        buf_append(text, ".", 1);
        base64_append_url(text, signature, len);
        rc = 0;
    }
    EVP_MD_CTX_free(ctx);
    return rc;
}

static int sign(const struct jose_signer *signer, const char *header, struct lfi_slice payload,
                struct buf *out, struct lfi_error *error)
{
    int rc = -1;
    struct buf text;

    buf_init(&text, 4 * TEXT_BYTES + 2 * payload.len);
    buf_append_text(&text, header);
    buf_append(&text, ".", 1);
    base64_append_url(&text, payload.ptr, payload.len);
    if (text.failed || append_signature(signer->key, &text) != 0 || text.failed) {
        error_set(error, "the token cannot be signed");
        goto out;
    }
    buf_append_slice(out, buf_slice(&text));
    rc = out->failed ? error_set(error, "the token does not fit") : 0;
out:
    buf_free(&text);
    ERR_clear_error();
    return rc;
}

int jose_sign(const struct jose_signer *signer, const struct jose_claims *claims, struct buf *out,
              struct lfi_error *error)
{
    struct buf json;

    buf_init(&json, TEXT_BYTES);
    int rc = append_claims(claims, &json) == 0
                 ? sign(signer, signer->header, buf_slice(&json), out, error)
                 : error_set(error, "the token cannot be signed");
    buf_free(&json);
    return rc;
}

int jose_sign_payload(const struct jose_signer *signer, const char *typ, struct lfi_slice payload,
                      struct buf *out, struct lfi_error *error)
{
    char *header = encode_header(typ, NULL, signer->kid);
    int rc = header ? sign(signer, header, payload, out, error)
                    : error_set(error, "the token cannot be signed");
    free(header);
    return rc;
}
