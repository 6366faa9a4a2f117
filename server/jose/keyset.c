/*
 * Key sets and verification. libjwt reads each JWK; the key is then kept as an OpenSSL context for
 * each algorithm, ready to verify, and a token costs one copy of it. (Through libjwt's checker a
 * token costs half as much again: it parses header and claims a second time and sets up the key
 * anew.)
 */
#include "base/limits.h"
#include "jose/jose.h"

#include <jwt.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define RSA_BITS_MIN 2048
#define SHA256_BYTES 32
#define EC_NUMBER_BYTES 32 /* of P-256; a signature is two numbers */
#define EC_DER_BYTES 72    /* the same by ASN.1 */
#define ALGORITHMS 3

#define LEFT_OUT_KEPT 16 /* entries whose fault is kept for the log */

/* Never used themselves: copied for each token. NULL: the key is not for that algorithm. */
struct verifiers {
    EVP_PKEY_CTX *by_algorithm[ALGORITHMS]; /* in the order of the bits */
};

struct key {
    char *kid;
    struct verifiers verifiers; /* none at all: see add_key */
};

struct left_out {
    char kid[65]; /* "" when the entry has none */
    const char *why;
};

struct jose_keyset {
    atomic_uint owners;
    size_t count; /* keys with verifiers or without */
    size_t usable;
    size_t left_out_count; /* all of them; the first LEFT_OUT_KEPT are kept */
    struct left_out left_out[LEFT_OUT_KEPT];
    struct key keys[LIMIT_JWKS_KEYS];
};

/* --- algorithms ------------------------------------------------------------------------------- */

const char *const jose_algorithm_names[] = {"PS256", "ES256", "RS256", NULL};
static const char *const key_types[ALGORITHMS] = {"RSA", "EC", "RSA"};

unsigned jose_algorithm(struct lfi_slice name)
{
    for (unsigned i = 0; i < ALGORITHMS; i++) {
        if (slice_equal_text(name, jose_algorithm_names[i])) {
            return 1u << i;
        }
    }
    return 0;
}

static void free_verifiers(struct verifiers *verifiers)
{
    for (size_t i = 0; i < ALGORITHMS; i++) {
        EVP_PKEY_CTX_free(verifiers->by_algorithm[i]);
        verifiers->by_algorithm[i] = NULL;
    }
}

/* The key that they verify with; NULL: there are none. */
static EVP_PKEY *key_of(const struct verifiers *verifiers)
{
    for (size_t i = 0; i < ALGORITHMS; i++) {
        if (verifiers->by_algorithm[i]) {
            return EVP_PKEY_CTX_get0_pkey(verifiers->by_algorithm[i]);
        }
    }
    return NULL;
}

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
        free_verifiers(&set->keys[i].verifiers);
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

/* Whether the member is absent or this very text: any other value is a fault. */
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

/* Those of the algorithms that the entry's kty is for, and its alg when that is asked for. */
static unsigned algorithms_of(const cJSON *entry, unsigned algorithms, bool by_alg)
{
    unsigned out = 0;

    for (unsigned i = 0; i < ALGORITHMS; i++) {
        if (json_get(entry, "kty") && is_absent_or(entry, "kty", key_types[i]) &&
            (!by_alg || is_absent_or(entry, "alg", jose_algorithm_names[i]))) {
            out |= 1u << i;
        }
    }
    return out & algorithms;
}

/* Why an entry is no key to verify tokens with, by its members; NULL: it may be one. */
static const char *fault_of(const cJSON *entry, unsigned algorithms)
{
    static const char *const read[] = {"kty", "kid", "use", "alg", "key_ops", "n",
                                       "e",   "crv", "x",   "y",   NULL};
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
    if (!algorithms_of(entry, algorithms, false)) {
        return "kty is of no accepted algorithm";
    }
    if (has_any(entry, secret)) {
        return "holds a private key";
    }
    if (!is_absent_or(entry, "use", "sig")) {
        return "use is not sig";
    }
    if (!algorithms_of(entry, algorithms, true)) {
        return "alg is not accepted";
    }
    return may_verify(json_get(entry, "key_ops")) ? NULL : "key_ops does not hold verify";
}

static EVP_PKEY *read_public_key(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;

    BIO_free(bio);
    return key;
}

/* Large enough, and of the one curve. */
static bool is_strong(const EVP_PKEY *key)
{
    char curve[32];

    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC) {
        return EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL) == 1 &&
               strcmp(curve, SN_X9_62_prime256v1) == 0;
    }
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) >= RSA_BITS_MIN;
}

static bool set_up_verifier(EVP_PKEY_CTX *ctx, unsigned algorithm)
{
    if (EVP_PKEY_verify_init(ctx) != 1) {
        return false;
    }
    if (algorithm == JOSE_PS256) {
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1 &&
               EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
    }
    return (algorithm != JOSE_RS256 || EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1) &&
           EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1;
}

static bool make_verifiers(struct verifiers *out, EVP_PKEY *key, unsigned algorithms)
{
    for (unsigned i = 0; i < ALGORITHMS; i++) {
        if (algorithms & 1u << i) {
            out->by_algorithm[i] = EVP_PKEY_CTX_new(key, NULL);
            if (!out->by_algorithm[i] || !set_up_verifier(out->by_algorithm[i], 1u << i)) {
                free_verifiers(out);
                return false;
            }
        }
    }
    return true;
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

/*
 * An entry as libjwt reads it; false when it is no such key. It reads it without alg, which would
 * make another type of key of it (RSASSA-PSS alone).
 */
static bool read_entry(const cJSON *entry, unsigned algorithms, struct verifiers *out)
{
    bool good = false;
    cJSON *plain = cJSON_Duplicate(entry, true);
    cJSON_DeleteItemFromObjectCaseSensitive(plain, "alg");
    char *text = plain ? cJSON_PrintUnformatted(plain) : NULL;
    jwk_set_t *items = text ? jwks_create_strn(text, strlen(text)) : NULL;
    const jwk_item_t *item = items && !jwks_error(items) ? jwks_item_get(items, 0) : NULL;

    if (item && !jwks_item_error(item) && !jwks_item_is_private(item) && jwks_item_pem(item)) {
        EVP_PKEY *key = read_public_key(jwks_item_pem(item));
        good = key && is_strong(key) &&
               make_verifiers(out, key, algorithms_of(entry, algorithms, true));
        EVP_PKEY_free(key);
    }
    jwks_free(items);
    cJSON_free(text);
    cJSON_Delete(plain);
    return good;
}

/* Entries of the same key add their algorithms up. */
static void merge(struct verifiers *into, struct verifiers *from)
{
    for (size_t i = 0; i < ALGORITHMS; i++) {
        if (!into->by_algorithm[i]) {
            into->by_algorithm[i] = from->by_algorithm[i];
            from->by_algorithm[i] = NULL;
        }
    }
}

/*
 * Takes the verifiers. Identical entries are one key. Two different keys of one kid cannot be told
 * apart, so neither is used: the kid stays without verifiers. False when memory is short.
 */
static bool add_key(struct jose_keyset *set, const cJSON *entry, struct verifiers *verifiers)
{
    struct lfi_slice kid = json_get_string(entry, "kid");
    const struct key *known = find(set, kid);
    struct key *key = &set->keys[known ? (size_t)(known - set->keys) : set->count];
    bool good = true;

    if (known) {
        EVP_PKEY *pkey = key_of(&key->verifiers);
        if (pkey && EVP_PKEY_eq(pkey, key_of(verifiers)) == 1) {
            merge(&key->verifiers, verifiers);
        } else {
            leave_out(set, entry, "two different keys have this kid");
            set->usable -= pkey ? 1 : 0;
            free_verifiers(&key->verifiers);
        }
    } else if (set->count == LIMIT_JWKS_KEYS) {
        leave_out(set, entry, "there are too many keys before it");
    } else if ((key->kid = strndup(kid.ptr, kid.len))) {
        merge(&key->verifiers, verifiers);
        set->count++;
        set->usable++;
    } else {
        good = false;
    }
    free_verifiers(verifiers);
    return good;
}

int jose_keyset_parse(struct jose_keyset **out, struct lfi_slice jwks, unsigned algorithms,
                      struct lfi_error *error)
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
        const char *fault = fault_of(entry, algorithms);
        struct verifiers verifiers = {{NULL}};
        if (fault) {
            leave_out(set, entry, fault);
        } else if (!read_entry(entry, algorithms, &verifiers)) {
            leave_out(set, entry, "is not an RSA key of at least 2048 bits, or EC key of P-256");
        } else if (!add_key(set, entry, &verifiers)) {
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
    return key && key_of(&key->verifiers);
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

/* A signature with an EC key as ASN.1 has it (RFC 7518 3.4); its length, 0: it is none. */
static size_t encode_ec(struct lfi_slice signature, unsigned char der[EC_DER_BYTES])
{
    const unsigned char *numbers = (const unsigned char *)signature.ptr;
    int len = 0;

    if (signature.len != 2 * EC_NUMBER_BYTES) {
        return 0;
    }
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(numbers, EC_NUMBER_BYTES, NULL);
    BIGNUM *s = BN_bin2bn(numbers + EC_NUMBER_BYTES, EC_NUMBER_BYTES, NULL);
    if (pair && r && s && ECDSA_SIG_set0(pair, r, s) == 1) {
        unsigned char *at = der; /* r and s are the pair's now */
        len = i2d_ECDSA_SIG(pair, &at);
    } else {
        BN_free(r);
        BN_free(s);
    }
    ECDSA_SIG_free(pair);
    return len > 0 ? (size_t)len : 0;
}

/* What verifies a token of this alg with this kid; NULL with a reason. */
static EVP_PKEY_CTX *find_verifier(const struct jose_keyset *set, const struct jose_token *token,
                                   struct lfi_error *error)
{
    const struct key *key = find(set, token->kid);
    const unsigned algorithm = jose_algorithm(token->alg);

    if (algorithm == 0) {
        (void)error_set(error, "alg is not supported");
        return NULL;
    }
    if (!key || !key_of(&key->verifiers)) {
        (void)error_set(error, "%s", jose_keyset_why_not(set, token->kid));
        return NULL;
    }
    for (unsigned i = 0; i < ALGORITHMS; i++) {
        if (algorithm == 1u << i && key->verifiers.by_algorithm[i]) {
            return key->verifiers.by_algorithm[i];
        }
    }
    (void)error_set(error, "the key is not for the token's alg");
    return NULL;
}

int jose_verify(const struct jose_keyset *set, const struct jose_token *token,
                struct lfi_error *error)
{
    int rc = -1;
    EVP_PKEY_CTX *ctx = NULL;
    unsigned char digest[SHA256_BYTES], der[EC_DER_BYTES];
    struct lfi_slice signature = token->signature;
    EVP_PKEY_CTX *verifier = find_verifier(set, token, error);

    if (!verifier) {
        return -1;
    }
    if (jose_algorithm(token->alg) == JOSE_ES256) {
        signature = (struct lfi_slice){(const char *)der, encode_ec(token->signature, der)};
    }
    ctx = EVP_PKEY_CTX_dup(verifier);
    if (!ctx || EVP_Digest(token->signed_part.ptr, token->signed_part.len, digest, NULL,
                           EVP_sha256(), NULL) != 1) {
        error_set(error, "out of memory");
        goto out;
    }
    if (EVP_PKEY_verify(ctx, (const unsigned char *)signature.ptr, signature.len, digest,
                        sizeof(digest)) != 1) {
        error_set(error, "the signature is not of this key");
        goto out;
    }
    rc = 0;
out:
    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();
    return rc;
}
