#include "caller/access_token.h"

#include "base/base64.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "jose/jose.h"
#include "jose/seal.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>

#define PURPOSE "access-token"
#define EXP_BYTES 8
#define FIXED_BYTES (EXP_BYTES + ACCESS_THUMBPRINT_BYTES)
#define KEY_SET_BYTES 8192 /* two keys of 8192 bits */

struct access_keys {
    char *issuer;
    struct seal *seal;
    struct jose_signer *signer; /* NULL: no JWT */
    char *jwks;
    struct jose_keyset *keyset;
};

bool access_thumbprint(const X509 *certificate, unsigned char out[ACCESS_THUMBPRINT_BYTES])
{
    unsigned len = 0;
    return X509_digest(certificate, EVP_sha256(), out, &len) == 1 && len == ACCESS_THUMBPRINT_BYTES;
}

/* --- keys ------------------------------------------------------------------------------------- */

static int append_previous(struct buf *jwks, const char *file, struct lfi_error *error)
{
    struct jose_signer *previous = NULL;
    if (!file) {
        return 0;
    }
    if (jose_signer_load(&previous, file, NULL, error) != 0) {
        return -1;
    }
    buf_append(jwks, ",", 1);
    jose_signer_append_jwk(previous, jwks);
    jose_signer_free(previous);
    return 0;
}

static int load_signing_keys(struct access_keys *keys, const struct access_keys_config *config,
                             struct lfi_error *error)
{
    int rc = -1;
    struct buf jwks;
    buf_init(&jwks, KEY_SET_BYTES);
    if (jose_signer_load(&keys->signer, config->signing_key, NULL, error) != 0) {
        goto out;
    }
    buf_append_text(&jwks, "{\"keys\":[");
    jose_signer_append_jwk(keys->signer, &jwks);
    if (append_previous(&jwks, config->previous_signing_key, error) != 0) {
        goto out;
    }
    buf_append_text(&jwks, "]}");
    keys->jwks = jwks.failed ? NULL : strndup(jwks.ptr, jwks.len);
    if (!keys->jwks) {
        error_set(error, "out of memory");
    } else if (jose_keyset_parse(&keys->keyset, buf_slice(&jwks), JOSE_PS256, error) == 0) {
        rc = jose_keyset_left_out(keys->keyset) == 0
                 ? 0
                 : error_set(error, "a key that signs access tokens cannot be used");
    }
out:
    buf_free(&jwks);
    return rc;
}

int access_keys_new(struct access_keys **out, const struct access_keys_config *config,
                    struct lfi_error *error)
{
    struct access_keys *keys = calloc(1, sizeof(*keys));

    *out = NULL;
    if (!keys) {
        return error_set(error, "out of memory");
    }
    keys->issuer = strdup(config->issuer);
    if (!keys->issuer) {
        error_set(error, "out of memory");
        goto fail;
    }
    if (seal_new(&keys->seal, config->seal_key, config->previous_seal_key, error) != 0 ||
        (config->signing_key && load_signing_keys(keys, config, error) != 0)) {
        goto fail;
    }
    *out = keys;
    return 0;
fail:
    access_keys_free(keys);
    return -1;
}

void access_keys_free(struct access_keys *keys)
{
    if (keys) {
        jose_keyset_free(keys->keyset);
        jose_signer_free(keys->signer);
        seal_free(keys->seal);
        free(keys->jwks);
        free(keys->issuer);
        free(keys);
    }
}

const char *access_keys_issuer(const struct access_keys *keys)
{
    return keys->issuer;
}

const char *access_keys_jwks(const struct access_keys *keys)
{
    return keys->jwks;
}

const struct jose_keyset *access_keys_keyset(const struct access_keys *keys)
{
    return keys->keyset;
}

/* --- opaque: expiry, thumbprint, then provider, client and scope, each with a NUL between ------
 */

static int make_opaque(const struct access_keys *keys, const struct access_grant *grant,
                       struct buf *out, struct lfi_error *error)
{
    unsigned char exp[EXP_BYTES];
    struct buf clear;

    for (size_t i = 0; i < EXP_BYTES; i++) {
        exp[i] = (unsigned char)((uint64_t)grant->exp_s >> (8 * (EXP_BYTES - 1 - i)));
    }
    buf_init(&clear, LIMIT_TOKEN_BYTES);
    buf_append(&clear, exp, sizeof(exp));
    buf_append(&clear, grant->thumbprint, sizeof(grant->thumbprint));
    buf_append_slice(&clear, grant->provider);
    buf_append(&clear, "", 1);
    buf_append_slice(&clear, grant->client);
    buf_append(&clear, "", 1);
    buf_append_slice(&clear, grant->scope);
    int rc = !clear.failed && seal_close(keys->seal, PURPOSE, buf_slice(&clear), out) == 0
                 ? 0
                 : error_set(error, "the token cannot be sealed");
    buf_free(&clear);
    return rc;
}

bool access_token_open(const struct access_keys *keys, struct arena *arena, struct lfi_slice text,
                       struct access_grant *out)
{
    struct lfi_slice clear = seal_open(keys->seal, arena, PURPOSE, text);

    if (clear.len < FIXED_BYTES) {
        return false;
    }
    uint64_t exp_s = 0;
    for (size_t i = 0; i < EXP_BYTES; i++) {
        exp_s = exp_s << 8 | (unsigned char)clear.ptr[i];
    }
    *out = (struct access_grant){.exp_s = (int64_t)exp_s, .bound = true};
    memcpy(out->thumbprint, clear.ptr + EXP_BYTES, sizeof(out->thumbprint));
    struct lfi_slice rest = {clear.ptr + FIXED_BYTES, clear.len - FIXED_BYTES};
    if (!slice_next(&rest, '\0', &out->provider) || !slice_next(&rest, '\0', &out->client)) {
        return false;
    }
    out->scope = rest;
    return true;
}

/* --- JWT -------------------------------------------------------------------------------------- */

static int append_claims(const struct access_keys *keys, const struct access_grant *grant,
                         int64_t now_s, struct buf *json)
{
    char jti[ID_UUID_MAX];
    struct buf thumbprint;
    struct json_writer w;

    if (!id_uuid4(jti)) {
        return -1;
    }
    buf_init(&thumbprint, LIMIT_TOKEN_BYTES);
    base64_append_url(&thumbprint, grant->thumbprint, sizeof(grant->thumbprint));
    json_begin(&w, json);
    json_open_object(&w, NULL);
    json_text(&w, "iss", keys->issuer);
    json_string(&w, "sub", grant->client);
    json_string(&w, "client_id", grant->client);
    json_string(&w, "aud", grant->provider);
    json_int(&w, "iat", now_s);
    json_int(&w, "exp", grant->exp_s);
    json_text(&w, "jti", jti);
    json_string_if_any(&w, "scope", grant->scope);
    json_open_object(&w, "cnf");
    json_string(&w, "x5t#S256", buf_slice(&thumbprint));
    json_close_object(&w);
    json_close_object(&w);
    bool good = !json->failed && !thumbprint.failed;
    buf_free(&thumbprint);
    return good ? 0 : -1;
}

static int make_jwt(const struct access_keys *keys, const struct access_grant *grant, int64_t now_s,
                    struct buf *out, struct lfi_error *error)
{
    struct buf json;

    if (!keys->signer) {
        return error_set(error, "there is no key to sign access tokens with");
    }
    buf_init(&json, LIMIT_TOKEN_BYTES);
    int rc = append_claims(keys, grant, now_s, &json) == 0
                 ? jose_sign_payload(keys->signer, "at+jwt", buf_slice(&json), out, error)
                 : error_set(error, "the token cannot be signed");
    buf_free(&json);
    return rc;
}

int access_token_make(const struct access_keys *keys, enum access_form form,
                      const struct access_grant *grant, int64_t now_s, struct buf *out,
                      struct lfi_error *error)
{
    return form == ACCESS_JWT ? make_jwt(keys, grant, now_s, out, error)
                              : make_opaque(keys, grant, out, error);
}
