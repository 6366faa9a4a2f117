/*
 * Key sets and verification. libjwt reads each JWK; the key is then kept as an OpenSSL context
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
#include <stdio.h>
#include <stdlib.h>

#define RSA_BITS_MIN 2048
#define SHA256_BYTES 32

#define LEFT_OUT_KEPT 16 /* entries whose fault is kept, to be told */

struct key {
    char *kid;
    EVP_PKEY_CTX *verifier; /* never used itself: copied for each token. NULL: see add_key */
};

struct left_out {
    char kid[65]; /* "" when the entry has none */
    const char *why;
};

struct jose_keyset {
    atomic_uint owners;
    size_t count; /* keys with a verifier or without */
    size_t usable;
    size_t left_out_count; /* all of them; the first LEFT_OUT_KEPT are kept */
    struct left_out left_out[LEFT_OUT_KEPT];
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
    if (!set || atomic_fetch_sub_explicit(&set->owners, 1, memory_order_acq_rel) > 1) {
        return;
    }
    for (size_t i = 0; i < set->count; i++) {
        free(set->keys[i].kid);
        EVP_PKEY_CTX_free(set->keys[i].verifier);
    }
    free(set);
}

/* --- parsing ---------------------------------------------------------------------------------- */

static bool has_any(const cJSON *entry, const char *const *names)
{
    for (; *names; names++) {
        if (json_get(entry, *names)) {
            return true;
        }
    }
    return false;
}

/* A member that is absent, or a text that equals `wanted`: what is unknown is not absent. */
static bool is_absent_or(const cJSON *entry, const char *name, const char *wanted)
{
    const cJSON *member = json_get(entry, name);
    return !member ||
           (cJSON_IsString(member) && slice_equal_text(slice_of(member->valuestring), wanted));
}

static bool may_verify(const cJSON *key_ops)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, key_ops)
    {
        if (cJSON_IsArray(key_ops) && cJSON_IsString(item) &&
            slice_equal_text(slice_of(item->valuestring), "verify")) {
            return true;
        }
    }
    return !key_ops;
}

/* Why an entry is no key to verify tokens with, by its members; NULL: it may be one. */
static const char *fault_of(const cJSON *entry)
{
    static const char *const read[] = {"kty", "kid", "use", "alg", "key_ops", "n", "e", NULL};
    static const char *const secret[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k", NULL};

    if (!cJSON_IsObject(entry)) {
        return "is not an object";
    }
    if (jose_has_duplicate(entry, read)) {
        return "has a duplicated member";
    }
    if (json_get_string(entry, "kid").len == 0) {
        return "has no kid";
    }
    if (!json_get(entry, "kty") || !is_absent_or(entry, "kty", "RSA")) {
        return "kty is not RSA";
    }
    if (has_any(entry, secret)) {
        return "holds a private key";
    }
    if (!is_absent_or(entry, "use", "sig")) {
        return "use is not sig";
    }
    if (!is_absent_or(entry, "alg", "PS256")) {
        return "alg is not PS256";
    }
    return may_verify(json_get(entry, "key_ops")) ? NULL : "key_ops does not hold verify";
}

static EVP_PKEY_CTX *make_verifier(const char *pem)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *ctx = NULL;
    BIO *bio = BIO_new_mem_buf(pem, -1);

    if (bio) {
        key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    }
    if (key) {
        ctx = EVP_PKEY_CTX_new(key, NULL);
    }
    if (ctx && (EVP_PKEY_verify_init(ctx) != 1 ||
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

/* The key with this kid; its verifier may be missing. */
static const struct key *find(const struct jose_keyset *set, struct lfi_slice kid)
{
    for (size_t i = 0; i < set->count; i++) {
        if (slice_equal_text(kid, set->keys[i].kid)) {
            return &set->keys[i];
        }
    }
    return NULL;
}

static void leave_out(struct jose_keyset *set, const cJSON *entry, const char *why)
{
    if (set->left_out_count < LEFT_OUT_KEPT) {
        struct left_out *kept = &set->left_out[set->left_out_count];
        struct lfi_slice kid = json_get_string(entry, "kid");
        snprintf(kept->kid, sizeof(kept->kid), "%.*s", (int)(kid.len < 64 ? kid.len : 64),
                 kid.ptr ? kid.ptr : "");
        kept->why = why;
    }
    set->left_out_count++;
}

/* An entry as libjwt reads it, as a verifier; NULL when it is no such key. */
static EVP_PKEY_CTX *read_entry(const cJSON *entry)
{
    EVP_PKEY_CTX *verifier = NULL;
    char *text = cJSON_PrintUnformatted(entry);
    jwk_set_t *items = text ? jwks_create_strn(text, strlen(text)) : NULL;
    const jwk_item_t *item = items && !jwks_error(items) ? jwks_item_get(items, 0) : NULL;

    if (item && !jwks_item_error(item) && jwks_item_kty(item) == JWK_KEY_TYPE_RSA &&
        !jwks_item_is_private(item) && jwks_item_key_bits(item) >= RSA_BITS_MIN &&
        jwks_item_pem(item)) {
        verifier = make_verifier(jwks_item_pem(item));
    }
    jwks_free(items);
    cJSON_free(text);
    return verifier;
}

/*
 * Identical entries are one key. Two different keys of one kid cannot be told apart, so neither is
 * used: the kid stays without a verifier. False when memory is short.
 */
static bool add_key(struct jose_keyset *set, const cJSON *entry, EVP_PKEY_CTX *verifier)
{
    struct lfi_slice kid = json_get_string(entry, "kid");
    const struct key *known = find(set, kid);
    struct key *key = &set->keys[known ? (size_t)(known - set->keys) : set->count];

    if (known) {
        bool same = key->verifier && EVP_PKEY_eq(EVP_PKEY_CTX_get0_pkey(key->verifier),
                                                 EVP_PKEY_CTX_get0_pkey(verifier)) == 1;
        if (!same) {
            leave_out(set, entry, "two different keys have this kid");
            set->usable -= key->verifier ? 1 : 0;
            EVP_PKEY_CTX_free(key->verifier);
            key->verifier = NULL;
        }
        EVP_PKEY_CTX_free(verifier);
        return true;
    }
    if (set->count == LIMIT_JWKS_KEYS) {
        leave_out(set, entry, "there are too many keys before it");
        EVP_PKEY_CTX_free(verifier);
        return true;
    }
    *key = (struct key){strndup(kid.ptr, kid.len), verifier};
    set->count += key->kid ? 1 : 0;
    set->usable += key->kid ? 1 : 0;
    if (!key->kid) {
        EVP_PKEY_CTX_free(verifier);
    }
    return key->kid;
}

int jose_keyset_parse(struct jose_keyset **out, struct lfi_slice jwks, struct lfi_error *error)
{
    int rc = -1;
    const cJSON *entry;
    cJSON *tree = jose_parse_object(jwks, (const char *const[]){"keys", NULL});
    const cJSON *entries = json_get(tree, "keys");
    struct jose_keyset *set = calloc(1, sizeof(*set));

    *out = NULL;
    if (!set) {
        error_set(error, "out of memory");
        goto out;
    }
    atomic_init(&set->owners, 1);
    if (!cJSON_IsArray(entries)) {
        error_set(error, "not a JWK set");
        goto out;
    }
    cJSON_ArrayForEach(entry, entries)
    {
        const char *fault = fault_of(entry);
        EVP_PKEY_CTX *verifier = fault ? NULL : read_entry(entry);
        if (!verifier) {
            leave_out(set, entry, fault ? fault : "is not an RSA key of at least 2048 bits");
        } else if (!add_key(set, entry, verifier)) {
            error_set(error, "out of memory");
            goto out;
        }
    }
    *out = set;
    set = NULL;
    rc = 0;
out:
    ERR_clear_error();
    cJSON_Delete(tree);
    jose_keyset_free(set);
    return rc;
}

/* --- what is in it ---------------------------------------------------------------------------- */

bool jose_keyset_has(const struct jose_keyset *set, struct lfi_slice kid)
{
    const struct key *key = find(set, kid);
    return key && key->verifier;
}

size_t jose_keyset_usable(const struct jose_keyset *set)
{
    return set->usable;
}

size_t jose_keyset_left_out(const struct jose_keyset *set)
{
    return set->left_out_count;
}

const char *jose_keyset_why_not(const struct jose_keyset *set, struct lfi_slice kid)
{
    for (size_t i = 0; i < set->left_out_count && i < LEFT_OUT_KEPT; i++) {
        if (slice_equal_text(kid, set->left_out[i].kid)) {
            return set->left_out[i].why;
        }
    }
    return set->usable > 0 ? "the key set has no such key" : "the key set has no usable key";
}

void jose_keyset_describe_left_out(const struct jose_keyset *set, struct buf *out)
{
    for (size_t i = 0; i < set->left_out_count && i < LEFT_OUT_KEPT; i++) {
        const struct left_out *left_out = &set->left_out[i];
        buf_append_format(out, "%s%s: %s", i > 0 ? ", " : "",
                          left_out->kid[0] ? left_out->kid : "(no kid)", left_out->why);
    }
}

/* --- verifying -------------------------------------------------------------------------------- */

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
    if (!key || !key->verifier) {
        return error_set(error, "%s", jose_keyset_why_not(set, token->kid));
    }
    ctx = EVP_PKEY_CTX_dup(key->verifier);
    if (!ctx || EVP_Digest(token->signed_part.ptr, token->signed_part.len, digest, NULL,
                           EVP_sha256(), NULL) != 1) {
        error_set(error, "out of memory");
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
