/*
 * Key sets and verification. libjwt reads the JWKs; each key is then kept as an OpenSSL context
 * that is ready to verify PS256, and a token costs one copy of it. (Through libjwt's checker a
 * token costs half as much again: it parses header and claims a second time and sets up the key
 * anew.)
 */
#include "base/limits.h"
#include "jose/jose.h"

#include <jwt.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdatomic.h>
#include <stdlib.h>

#define RSA_BITS_MIN 2048
#define SHA256_BYTES 32

struct key {
    char *kid;
    EVP_PKEY_CTX *verifier; /* never used itself: copied for each token */
};

struct jose_keyset {
    atomic_uint owners;
    size_t count;
    struct key keys[LIMIT_JWKS_KEYS];
};

/* --- life ------------------------------------------------------------------------------------- */

struct jose_keyset *jose_keyset_share(struct jose_keyset *set)
{
    atomic_fetch_add_explicit(&set->owners, 1, memory_order_relaxed);
    return set;
}

void jose_keyset_free(struct jose_keyset *set)
{
    if (set == NULL || atomic_fetch_sub_explicit(&set->owners, 1, memory_order_acq_rel) > 1) {
        return;
    }
    for (size_t i = 0; i < set->count; i++) {
        free(set->keys[i].kid);
        EVP_PKEY_CTX_free(set->keys[i].verifier);
    }
    free(set);
}

/* --- parsing ---------------------------------------------------------------------------------- */

static bool is_usable(const jwk_item_t *item)
{
    const char *kid = jwks_item_kid(item);
    jwk_pub_key_use_t use = jwks_item_use(item);
    jwk_key_op_t ops = jwks_item_key_ops(item);
    jwt_alg_t alg = jwks_item_alg(item);

    return !jwks_item_error(item) && kid != NULL && kid[0] != '\0' &&
           jwks_item_kty(item) == JWK_KEY_TYPE_RSA && !jwks_item_is_private(item) &&
           (use == JWK_PUB_KEY_USE_SIG || use == JWK_PUB_KEY_USE_NONE) &&
           (ops == JWK_KEY_OP_NONE || (ops & JWK_KEY_OP_VERIFY) != 0) &&
           (alg == JWT_ALG_PS256 || alg == JWT_ALG_NONE) &&
           jwks_item_key_bits(item) >= RSA_BITS_MIN && jwks_item_pem(item) != NULL;
}

static EVP_PKEY_CTX *make_verifier(const char *pem)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *ctx = NULL;
    BIO *bio = BIO_new_mem_buf(pem, -1);

    if (bio != NULL) {
        key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    }
    if (key != NULL) {
        ctx = EVP_PKEY_CTX_new(key, NULL);
    }
    if (ctx != NULL && (EVP_PKEY_verify_init(ctx) != 1 ||
                        EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) != 1 ||
                        EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) != 1 ||
                        EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) != 1 ||
                        EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) != 1)) {
        EVP_PKEY_CTX_free(ctx);
        ctx = NULL;
    }
    EVP_PKEY_free(key);
    BIO_free(bio);
    return ctx;
}

static const struct key *find(const struct jose_keyset *set, struct lfi_slice kid)
{
    for (size_t i = 0; i < set->count; i++) {
        if (slice_equal_text(kid, set->keys[i].kid)) {
            return &set->keys[i];
        }
    }
    return NULL;
}

static int add_key(struct jose_keyset *set, const jwk_item_t *item, struct lfi_error *error)
{
    const char *kid = jwks_item_kid(item);
    struct key *key = &set->keys[set->count];

    if (find(set, slice_of(kid)) != NULL) {
        return error_set(error, "two keys with the kid %.64s", kid);
    }
    key->kid = strdup(kid);
    key->verifier = make_verifier(jwks_item_pem(item));
    if (key->kid == NULL || key->verifier == NULL) {
        free(key->kid);
        EVP_PKEY_CTX_free(key->verifier);
        return error_set(error, "the key %.64s cannot be set up", kid);
    }
    set->count++;
    return 0;
}

/* libjwt also takes a single key for a set: look at the shape before it does. */
static int check_shape(struct lfi_slice jwks, struct lfi_error *error)
{
    int rc = 0;
    cJSON *tree = jose_parse_object(jwks, (const char *const[]){"keys", NULL});
    const cJSON *keys = json_get(tree, "keys");

    if (!cJSON_IsArray(keys)) {
        rc = error_set(error, "not a JWK set");
    } else if (cJSON_GetArraySize(keys) > LIMIT_JWKS_KEYS) {
        rc = error_set(error, "more than %d keys", LIMIT_JWKS_KEYS);
    }
    cJSON_Delete(tree);
    return rc;
}

int jose_keyset_parse(struct jose_keyset **out, struct lfi_slice jwks, struct lfi_error *error)
{
    int rc = -1;
    jwk_set_t *items = NULL;
    struct jose_keyset *set = calloc(1, sizeof(*set));

    *out = NULL;
    if (set == NULL) {
        error_set(error, "no memory");
        goto out;
    }
    atomic_init(&set->owners, 1);
    if (check_shape(jwks, error) != 0) {
        goto out;
    }
    items = jwks_create_strn(jwks.ptr, jwks.len);
    if (items == NULL || jwks_error(items)) {
        error_set(error, "not a JWK set");
        goto out;
    }
    for (size_t i = 0; i < jwks_item_count(items); i++) {
        const jwk_item_t *item = jwks_item_get(items, i);
        if (is_usable(item) && add_key(set, item, error) != 0) {
            goto out;
        }
    }
    if (set->count == 0) {
        error_set(error, "no usable key among %zu", jwks_item_count(items));
        goto out;
    }
    *out = set;
    set = NULL;
    rc = 0;
out:
    jwks_free(items);
    jose_keyset_free(set);
    return rc;
}

/* --- verifying -------------------------------------------------------------------------------- */

bool jose_keyset_has(const struct jose_keyset *set, struct lfi_slice kid)
{
    return find(set, kid) != NULL;
}

int jose_verify(const struct jose_keyset *set, const struct jose_token *token,
                struct lfi_error *error)
{
    int rc = -1;
    EVP_PKEY_CTX *ctx = NULL;
    unsigned char digest[SHA256_BYTES];
    const struct key *key = find(set, token->kid);

    if (!slice_equal(token->alg, SLICE("PS256"))) {
        return error_set(error, "alg is not PS256");
    }
    if (key == NULL) {
        return error_set(error, "no such key");
    }
    ctx = EVP_PKEY_CTX_dup(key->verifier);
    if (ctx == NULL || EVP_Digest(token->signed_part.ptr, token->signed_part.len, digest, NULL,
                                  EVP_sha256(), NULL) != 1) {
        error_set(error, "no memory");
        goto out;
    }
    if (EVP_PKEY_verify(ctx, (const unsigned char *)token->signature.ptr, token->signature.len,
                        digest, sizeof(digest)) != 1) {
        error_set(error, "the signature is not of this key");
        goto out;
    }
    rc = 0;
out:
    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();
    return rc;
}
