// link: lfi-jose lfi-base
#include "base/array.h"
#include "keys.h"

#include "base/base64.h"
#include "base/limits.h"
#include "jose/jose.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <jwt.h>

#define HEADER "{\"alg\":\"PS256\",\"typ\":\"JOSE\",\"cty\":\"json\",\"kid\":\"%s\"}"
#define PUBLIC "\"n\":\"%s\",\"e\":\"AQAB\""

struct fixture {
    struct arena *arena;
    EVP_PKEY *key, *other;
    struct lfi_slice n, small_n; /* moduli of key and of one too small, base64url */
};

static struct lfi_slice number(struct arena *arena, const EVP_PKEY *key, const char *parameter)
{
    BIGNUM *value = NULL;
    unsigned char bytes[512];
    struct buf text;

    assert_int_equal(EVP_PKEY_get_bn_param(key, parameter, &value), 1);
    buf_init(&text, 1024);
    base64_append_url(&text, bytes, (size_t)BN_bn2bin(value, bytes));
    struct lfi_slice out = {arena_text(arena, buf_slice(&text)), text.len};
    buf_free(&text);
    BN_free(value);
    return out;
}

static int set_up(void **state)
{
    static struct fixture f;
    EVP_PKEY *small = EVP_RSA_gen(1024);

    f = (struct fixture){.arena = arena_new(LIMIT_ARENA_BYTES),
                         .key = EVP_RSA_gen(2048),
                         .other = EVP_RSA_gen(2048)};
    f.n = number(f.arena, f.key, "n");
    f.small_n = number(f.arena, small, "n");
    EVP_PKEY_free(small);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    EVP_PKEY_free(f->key);
    EVP_PKEY_free(f->other);
    arena_free(f->arena);
    return 0;
}

static struct jose_keyset *parse(struct lfi_slice jwks, char message[256])
{
    struct jose_keyset *set = NULL;
    struct lfi_error error = {""};
    int rc = jose_keyset_parse(&set, jwks, JOSE_PS256, &error);

    assert_int_equal(rc != 0, !set);
    assert_int_equal(rc == 0, error.message[0] == '\0');
    if (message) {
        memcpy(message, error.message, 256);
    }
    return set;
}

/* A set of one key with these members besides kty, n and e. */
static struct jose_keyset *parse_key(struct fixture *f, const char *members)
{
    return parse(
        arena_format(f->arena, "{\"keys\":[{\"kty\":\"RSA\",%s" PUBLIC "}]}", members, f->n.ptr),
        NULL);
}

static void usable_keys_are_kept(void **state)
{
    static const char *const members[] = {
        "\"kid\":\"a\",",
        "\"kid\":\"a\",\"use\":\"sig\",",
        "\"kid\":\"a\",\"alg\":\"PS256\",",
        "\"kid\":\"a\",\"key_ops\":[\"verify\"],",
        "\"kid\":\"a\",\"key_ops\":[7,\"attest\",\"verify\"],",
        "\"kid\":\"a\",\"x5c\":[\"ignored\"],\"x5t#S256\":\"ignored\",",
    };

    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        struct jose_keyset *set = parse_key(*state, members[i]);
        assert_non_null(set);
        assert_true(jose_keyset_has(set, SLICE("a")));
        assert_false(jose_keyset_has(set, SLICE("A")));
        assert_false(jose_keyset_has(set, (struct lfi_slice){NULL, 0}));
        jose_keyset_free(set);
    }
}

static void unusable_keys_are_left_out(void **state)
{
    static const char *const members[] = {
        "",
        "\"kid\":\"\",",
        "\"kid\":7,",
        "\"kid\":\"a\",\"use\":\"enc\",",
        "\"kid\":\"a\",\"alg\":\"RS256\",",
        "\"kid\":\"a\",\"alg\":\"PS512\",",
        "\"kid\":\"a\",\"alg\":\"RSA-OAEP-256\",",
        "\"kid\":\"a\",\"key_ops\":[\"encrypt\"],",
        /* What is unknown is not absent. */
        "\"kid\":\"a\",\"use\":\"tls\",",
        "\"kid\":\"a\",\"use\":\"SIG\",",
        "\"kid\":\"a\",\"use\":\"\",",
        "\"kid\":\"a\",\"use\":7,",
        "\"kid\":\"a\",\"use\":null,",
        "\"kid\":\"a\",\"alg\":\"none\",",
        "\"kid\":\"a\",\"alg\":\"\",",
        "\"kid\":\"a\",\"alg\":256,",
        "\"kid\":\"a\",\"key_ops\":[],",
        "\"kid\":\"a\",\"key_ops\":[\"attest\"],",
        "\"kid\":\"a\",\"key_ops\":\"verify\",",
        "\"kid\":\"a\",\"key_ops\":{\"a\":\"verify\"},",
        "\"kid\":\"a\",\"kid\":\"b\",",
        "\"kid\":\"a\",\"use\":\"enc\",\"use\":\"sig\",",
    };

    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        struct jose_keyset *set = parse_key(*state, members[i]);
        assert_non_null(set);
        assert_false(jose_keyset_has(set, SLICE("a")));
        assert_int_equal(jose_keyset_usable(set), 0);
        assert_int_equal(jose_keyset_left_out(set), 1);
        jose_keyset_free(set);
    }
}

static void the_reason_for_leaving_out_is_reported(void **state)
{
    struct fixture *f = *state;
    struct buf text;
    struct jose_keyset *set =
        parse(arena_format(f->arena,
                           "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"a\",\"use\":\"enc\"," PUBLIC "},"
                           "{\"kty\":\"RSA\",\"kid\":\"b\"," PUBLIC "},7]}",
                           f->n.ptr, f->n.ptr),
              NULL);

    assert_string_equal(jose_keyset_why_not(set, SLICE("a")), "use is not sig");
    assert_string_equal(jose_keyset_why_not(set, SLICE("c")), "the key set has no such key");
    buf_init(&text, 256);
    jose_keyset_describe_left_out(set, &text);
    assert_true(
        slice_equal_text(buf_slice(&text), "a: use is not sig, (no kid): is not an object"));
    buf_free(&text);
    jose_keyset_free(set);

    char kid[101] = {0};
    memset(kid, 'k', 100);
    set = parse(arena_format(f->arena, "{\"keys\":[{\"kid\":\"%s\"}]}", kid), NULL);
    kid[64] = '\0';
    assert_string_equal(jose_keyset_why_not(set, slice_of(kid)), "kty is of no accepted algorithm");
    jose_keyset_free(set);

    set = parse(SLICE("{\"keys\":[]}"), NULL);
    assert_string_equal(jose_keyset_why_not(set, SLICE("a")), "the key set has no usable key");
    jose_keyset_free(set);
}

static void other_kinds_of_key_are_left_out(void **state)
{
    struct fixture *f = *state;
    const struct lfi_slice sets[] = {
        arena_format(f->arena, "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"a\"," PUBLIC "}]}",
                     f->small_n.ptr),
        SLICE("{\"keys\":[{\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"c2VjcmV0c2VjcmV0c2VjcmV0\"}]}"),
        SLICE("{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"a\",\"n\":\"****\",\"e\":\"AQAB\"}]}"),
        SLICE("{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"a\",\"n\":\"\",\"e\":\"\"}]}"),
        SLICE("{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"a\",\"e\":\"AQAB\"}]}"),
        SLICE("{\"keys\":[{\"kty\":\"EC\",\"kid\":\"a\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":"
              "\"AA\"}]}"),
        SLICE("{\"keys\":[{\"kid\":\"a\"},1,null,\"x\",[]]}"),
    };

    for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
        struct jose_keyset *set = parse(sets[i], NULL);
        assert_non_null(set);
        assert_int_equal(jose_keyset_usable(set), 0);
        assert_true(jose_keyset_left_out(set) > 0);
        jose_keyset_free(set);
    }
}

static void private_keys_are_left_out(void **state)
{
    static const char *const names[][2] = {{"d", "d"},
                                           {"p", "rsa-factor1"},
                                           {"q", "rsa-factor2"},
                                           {"dp", "rsa-exponent1"},
                                           {"dq", "rsa-exponent2"},
                                           {"qi", "rsa-coefficient1"}};
    struct fixture *f = *state;
    struct buf jwks;

    buf_init(&jwks, LIMIT_JWKS_BYTES);
    buf_append_format(&jwks, "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"b\"," PUBLIC "},", f->n.ptr);
    buf_append_format(&jwks, "{\"kty\":\"RSA\",\"kid\":\"a\"," PUBLIC, f->n.ptr);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        buf_append_format(&jwks, ",\"%s\":\"%s\"", names[i][0],
                          number(f->arena, f->key, names[i][1]).ptr);
    }
    buf_append_text(&jwks, "}]}");
    struct jose_keyset *set = parse(buf_slice(&jwks), NULL);
    assert_non_null(set);
    assert_true(jose_keyset_has(set, SLICE("b")));
    assert_false(jose_keyset_has(set, SLICE("a")));
    jose_keyset_free(set);
    buf_free(&jwks);
}

static void what_is_not_a_set_is_refused(void **state)
{
    struct fixture *f = *state;
    const struct lfi_slice texts[] = {
        {NULL, 0},
        SLICE(""),
        SLICE("<html>"),
        SLICE("[]"),
        SLICE("{}"),
        SLICE("{\"keys\":{}}"),
        SLICE("{\"keys\":null}"),
        SLICE("{\"keys\":[]"),
        SLICE("{\"keys\":[]} x"),
        SLICE("{\"keys\":[],\"keys\":[]}"),
        arena_format(f->arena, "{\"kty\":\"RSA\",\"kid\":\"a\"," PUBLIC "}", f->n.ptr),
    };

    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        assert_null(parse(texts[i], NULL));
    }
}

/* A set of two entries with the kid a, with these members and moduli, and one with the kid b. */
static struct jose_keyset *parse_pair(struct fixture *f, const char *members, struct lfi_slice n)
{
    return parse(arena_format(f->arena,
                              "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"a\"," PUBLIC "},"
                              "{\"kty\":\"RSA\",\"kid\":\"b\"," PUBLIC "},"
                              "{\"kty\":\"RSA\",%s\"kid\":\"a\"," PUBLIC "}]}",
                              f->n.ptr, f->n.ptr, members, n.ptr),
                 NULL);
}

static void identical_entries_are_one_key(void **state)
{
    struct fixture *f = *state;
    struct jose_keyset *set = parse_pair(f, "", f->n);

    assert_int_equal(jose_keyset_usable(set), 2);
    assert_int_equal(jose_keyset_left_out(set), 0);
    assert_true(jose_keyset_has(set, SLICE("a")));
    jose_keyset_free(set);

    /* One of them is for encryption: only one is usable, whatever its modulus. */
    set = parse_pair(f, "\"use\":\"enc\",", number(f->arena, f->other, "n"));
    assert_true(jose_keyset_has(set, SLICE("a")));
    jose_keyset_free(set);
}

static void two_keys_under_one_kid_refuse_that_kid_only(void **state)
{
    struct fixture *f = *state;
    struct jose_keyset *set = parse_pair(f, "", number(f->arena, f->other, "n"));

    assert_false(jose_keyset_has(set, SLICE("a")));
    assert_true(jose_keyset_has(set, SLICE("b")));
    assert_int_equal(jose_keyset_usable(set), 1);
    assert_string_equal(jose_keyset_why_not(set, SLICE("a")), "two different keys have this kid");
    jose_keyset_free(set);

    /* Nor does a third entry bring it back. */
    const char *other = number(f->arena, f->other, "n").ptr;
    set = parse(arena_format(f->arena,
                             "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"a\"," PUBLIC "},"
                             "{\"kty\":\"RSA\",\"kid\":\"a\"," PUBLIC "},"
                             "{\"kty\":\"RSA\",\"kid\":\"a\"," PUBLIC "}]}",
                             f->n.ptr, other, f->n.ptr),
                NULL);
    const struct jose_token token = {.alg = SLICE("PS256"), .kid = SLICE("a")};
    struct lfi_error error = {""};
    assert_int_equal(jose_keyset_left_out(set), 2);
    assert_int_equal(jose_verify(set, &token, &error), -1);
    assert_string_equal(error.message, "two different keys have this kid");
    jose_keyset_free(set);
}

static void only_usable_keys_count_against_the_limit(void **state)
{
    struct fixture *f = *state;

    for (int count = LIMIT_JWKS_KEYS; count <= LIMIT_JWKS_KEYS + 1; count++) {
        struct buf jwks;
        buf_init(&jwks, LIMIT_JWKS_BYTES);
        buf_append_text(&jwks, "{\"keys\":[");
        for (int i = 0; i < 40; i++) {
            buf_append_format(&jwks, "{\"kty\":\"RSA\",\"use\":\"enc\",\"kid\":\"e%d\"},", i);
        }
        for (int i = 1; i <= count; i++) {
            buf_append_format(&jwks, "%s{\"kty\":\"RSA\",\"kid\":\"k%d\",", i > 1 ? "," : "", i);
            buf_append_format(&jwks, "\"e\":\"AQAB\",\"n\":\"");
            buf_append_slice(&jwks, f->n);
            buf_append_text(&jwks, "\"}");
        }
        buf_append_text(&jwks, "]}");
        struct jose_keyset *set = parse(buf_slice(&jwks), NULL);
        assert_true(jose_keyset_has(set, SLICE("k200")));
        assert_false(jose_keyset_has(set, SLICE("k201")));
        assert_int_equal(jose_keyset_usable(set), LIMIT_JWKS_KEYS);
        assert_int_equal(jose_keyset_left_out(set), 40 + count - LIMIT_JWKS_KEYS);
        assert_string_equal(jose_keyset_why_not(set, SLICE("e15")), "use is not sig");
        assert_string_equal(jose_keyset_why_not(set, SLICE("e16")), "the key set has no such key");
        struct buf text;
        buf_init(&text, 4096);
        jose_keyset_describe_left_out(set, &text);
        const char *told = arena_text(f->arena, buf_slice(&text));
        assert_true(strstr(told, "e15") && !strstr(told, "e16"));
        buf_free(&text);
        jose_keyset_free(set);
        buf_free(&jwks);
    }
}

static void owners_are_counted(void **state)
{
    struct jose_keyset *set = parse_key(*state, "\"kid\":\"a\",");
    struct jose_keyset *same = jose_keyset_share(set);

    jose_keyset_free(set);
    assert_true(jose_keyset_has(same, SLICE("a")));
    jose_keyset_free(same);
    jose_keyset_free(NULL);
}

/* --- verifying -------------------------------------------------------------------------------- */

struct signing {
    EVP_PKEY *key;
    const char *kid;
    int padding, salt;
    const EVP_MD *md;
};

static const char *sign(struct fixture *f, const struct signing *how)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *rsa = NULL;
    unsigned char signature[512];
    size_t len = sizeof(signature);
    struct lfi_slice header = arena_format(f->arena, HEADER, how->kid);
    struct buf text;

    buf_init(&text, LIMIT_TOKEN_BYTES);
    base64_append_url(&text, header.ptr, header.len);
    buf_append_text(&text, ".e30");
    assert_int_equal(EVP_DigestSignInit(ctx, &rsa, how->md, NULL, how->key), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(rsa, how->padding), 1);
    if (how->padding == RSA_PKCS1_PSS_PADDING) {
        assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(rsa, how->salt), 1);
    }
    assert_int_equal(
        EVP_DigestSign(ctx, signature, &len, (const unsigned char *)text.ptr, text.len), 1);
    buf_append_text(&text, ".");
    base64_append_url(&text, signature, len);
    const char *out = arena_text(f->arena, buf_slice(&text));
    buf_free(&text);
    EVP_MD_CTX_free(ctx);
    return out;
}

static int verify(struct fixture *f, const struct jose_keyset *set, const char *compact)
{
    struct jose_token token;
    struct lfi_error error;

    assert_int_equal(jose_token_parse(f->arena, slice_of(compact), &token, &error), 0);
    return jose_verify(set, &token, &error);
}

static void only_ps256_of_the_named_key_verifies(void **state)
{
    struct fixture *f = *state;
    const struct {
        struct signing how;
        int expected;
    } cases[] = {
        {{f->key, "a", RSA_PKCS1_PSS_PADDING, 32, EVP_sha256()}, 0},
        {{f->key, "b", RSA_PKCS1_PSS_PADDING, 32, EVP_sha256()}, -1},
        {{f->other, "a", RSA_PKCS1_PSS_PADDING, 32, EVP_sha256()}, -1},
        {{f->key, "a", RSA_PKCS1_PSS_PADDING, 20, EVP_sha256()}, -1},
        {{f->key, "a", RSA_PKCS1_PSS_PADDING, 0, EVP_sha256()}, -1},
        {{f->key, "a", RSA_PKCS1_PSS_PADDING, 64, EVP_sha512()}, -1},
        {{f->key, "a", RSA_PKCS1_PADDING, 0, EVP_sha256()}, -1},
    };
    static const char *const algs[] = {"\"kid\":\"a\",", "\"kid\":\"a\",\"alg\":\"PS256\","};

    for (size_t alg = 0; alg < 2; alg++) {
        struct jose_keyset *set = parse_key(f, algs[alg]);
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
            assert_int_equal(verify(f, set, sign(f, &cases[i].how)), cases[i].expected);
        }
        jose_keyset_free(set);
    }
}

static void changed_tokens_do_not_verify(void **state)
{
    struct fixture *f = *state;
    const struct signing how = {f->key, "a", RSA_PKCS1_PSS_PADDING, 32, EVP_sha256()};
    struct jose_keyset *set = parse_key(f, "\"kid\":\"a\",");
    struct jose_token token, changed;
    struct lfi_error error;
    const char *compact = sign(f, &how);

    assert_int_equal(jose_token_parse(f->arena, slice_of(compact), &token, &error), 0);
    assert_int_equal(jose_verify(set, &token, &error), 0);

    changed = token;
    changed.alg = SLICE("none");
    assert_int_equal(jose_verify(set, &changed, &error), -1);
    changed = token;
    changed.signed_part.len--;
    assert_int_equal(jose_verify(set, &changed, &error), -1);
    changed = token;
    changed.signature.len--;
    assert_int_equal(jose_verify(set, &changed, &error), -1);
    changed.signature.len = 0;
    assert_int_equal(jose_verify(set, &changed, &error), -1);
    for (size_t i = 0; i < token.signature.len; i += 51) {
        char *signature = arena_text(f->arena, token.signature);
        signature[i] ^= 1;
        changed.signature = (struct lfi_slice){signature, token.signature.len};
        assert_int_equal(jose_verify(set, &changed, &error), -1);
    }
    jose_keyset_free(set);
}

/* --- other algorithms ------------------------------------------------------------------------- */

#define ALL (JOSE_PS256 | JOSE_ES256 | JOSE_RS256)

/* A signature by ECDSA as a JWS has it, r and s, from what OpenSSL makes. */
static size_t raw_of(unsigned char *signature, size_t len)
{
    const unsigned char *at = signature;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)len);

    assert_non_null(pair);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, 32), 32);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + 32, 32), 32);
    ECDSA_SIG_free(pair);
    return 64;
}

/* A token of the kid a, signed by this algorithm; in the arena. */
static struct jose_token token_by(struct fixture *f, const char *alg, EVP_PKEY *key)
{
    const unsigned algorithm = jose_algorithm(slice_of(alg));
    struct jose_token token = {
        .alg = slice_of(alg), .kid = SLICE("a"), .signed_part = SLICE("e30.e30")};
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pkey = NULL;
    unsigned char signature[512];
    size_t len = sizeof(signature);

    assert_int_equal(EVP_DigestSignInit(ctx, &pkey, EVP_sha256(), NULL, key), 1);
    if (algorithm == JOSE_PS256) {
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(pkey, RSA_PKCS1_PSS_PADDING), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(pkey, 32), 1);
    }
    assert_int_equal(EVP_DigestSign(ctx, signature, &len,
                                    (const unsigned char *)token.signed_part.ptr,
                                    token.signed_part.len),
                     1);
    EVP_MD_CTX_free(ctx);
    len = algorithm == JOSE_ES256 ? raw_of(signature, len) : len;
    token.signature = arena_keep(f->arena, (struct lfi_slice){(const char *)signature, len});
    return token;
}

static struct jose_keyset *parse_for(struct lfi_slice jwks, unsigned algorithms)
{
    struct jose_keyset *set = NULL;

    assert_int_equal(jose_keyset_parse(&set, jwks, algorithms, NULL), 0);
    return set;
}

static struct lfi_slice ec_entry(struct fixture *f, const char *members, EVP_PKEY *key)
{
    const char *curve = EVP_PKEY_get_bits(key) == 256 ? "P-256" : "P-384";

    return arena_format(f->arena, "{\"kty\":\"EC\",\"crv\":\"%s\",%s\"x\":\"%s\",\"y\":\"%s\"}",
                        curve, members, number(f->arena, key, "qx").ptr,
                        number(f->arena, key, "qy").ptr);
}

static void a_key_verifies_by_the_algorithms_that_it_and_the_caller_allow(void **state)
{
    struct fixture *f = *state;
    EVP_PKEY *ec = EVP_EC_gen("P-256"), *other_ec = EVP_EC_gen("P-256"),
             *curve = EVP_EC_gen("P-384");
    const struct {
        EVP_PKEY *key;
        const char *members;
        unsigned algorithms, expected;
    } rows[] = {
        {f->key, "\"kid\":\"a\",", ALL, JOSE_PS256 | JOSE_RS256},
        {f->key, "\"kid\":\"a\",\"alg\":\"PS256\",", ALL, JOSE_PS256},
        {f->key, "\"kid\":\"a\",\"alg\":\"RS256\",", ALL, JOSE_RS256},
        {f->key, "\"kid\":\"a\",\"alg\":\"RS256\",", JOSE_PS256, 0},
        {f->key, "\"kid\":\"a\",\"alg\":\"ES256\",", ALL, 0},
        {f->key, "\"kid\":\"a\",", JOSE_PS256, JOSE_PS256},
        {f->key, "\"kid\":\"a\",", JOSE_ES256, 0},
        {ec, "\"kid\":\"a\",", ALL, JOSE_ES256},
        {ec, "\"kid\":\"a\",\"alg\":\"ES256\",", JOSE_ES256, JOSE_ES256},
        {ec, "\"kid\":\"a\",\"alg\":\"PS256\",", ALL, 0},
        {ec, "\"kid\":\"a\",\"use\":\"enc\",", ALL, 0},
        {ec, "\"kid\":\"a\",\"d\":\"AA\",", ALL, 0},
        {ec, "\"kid\":\"a\",", JOSE_PS256 | JOSE_RS256, 0},
        {curve, "\"kid\":\"a\",", ALL, 0},
    };
    const struct {
        const char *alg;
        EVP_PKEY *key, *other;
    } tokens[] = {
        {"PS256", f->key, f->other}, {"ES256", ec, other_ec}, {"RS256", f->key, f->other}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        bool rsa = rows[i].key == f->key;
        struct lfi_slice entry = rsa ? arena_format(f->arena, "{\"kty\":\"RSA\",%s" PUBLIC "}",
                                                    rows[i].members, f->n.ptr)
                                     : ec_entry(f, rows[i].members, rows[i].key);
        struct jose_keyset *set =
            parse_for(arena_format(f->arena, "{\"keys\":[%s]}", entry.ptr), rows[i].algorithms);
        assert_int_equal(jose_keyset_has(set, SLICE("a")), rows[i].expected != 0);
        for (size_t t = 0; t < ARRAY_LEN(tokens); t++) {
            struct jose_token good = token_by(f, tokens[t].alg, tokens[t].key);
            struct jose_token forged = token_by(f, tokens[t].alg, tokens[t].other);
            bool expected = rows[i].expected & jose_algorithm(slice_of(tokens[t].alg));
            assert_int_equal(jose_verify(set, &good, NULL), expected ? 0 : -1);
            assert_int_equal(jose_verify(set, &forged, NULL), -1);
            good.alg = SLICE("HS256");
            assert_int_equal(jose_verify(set, &good, NULL), -1);
        }
        jose_keyset_free(set);
    }
    EVP_PKEY_free(ec);
    EVP_PKEY_free(other_ec);
    EVP_PKEY_free(curve);
}

static void a_signature_by_ecdsa_is_two_numbers(void **state)
{
    struct fixture *f = *state;
    EVP_PKEY *ec = EVP_EC_gen("P-256");
    struct lfi_slice entry = ec_entry(f, "\"kid\":\"a\",", ec);
    struct jose_keyset *set =
        parse_for(arena_format(f->arena, "{\"keys\":[%s]}", entry.ptr), JOSE_ES256);
    struct jose_token token = token_by(f, "ES256", ec), changed = token;
    static const char zeros[64];

    assert_int_equal(jose_verify(set, &token, NULL), 0);
    changed.signature.len--;
    assert_int_equal(jose_verify(set, &changed, NULL), -1);
    changed.signature.len = 0;
    assert_int_equal(jose_verify(set, &changed, NULL), -1);
    changed.signature = (struct lfi_slice){zeros, sizeof(zeros)};
    assert_int_equal(jose_verify(set, &changed, NULL), -1);
    for (size_t i = 0; i < 64; i += 9) {
        char *signature = arena_text(f->arena, token.signature);
        signature[i] ^= 1;
        changed.signature = (struct lfi_slice){signature, 64};
        assert_int_equal(jose_verify(set, &changed, NULL), -1);
    }
    jose_keyset_free(set);
    EVP_PKEY_free(ec);
}

/* One key, published once for each of its algorithms; then one kid for keys of two kinds. */
static void entries_of_one_kid_are_one_key_or_none(void **state)
{
    struct fixture *f = *state;
    EVP_PKEY *ec = EVP_EC_gen("P-256");
    struct jose_token token = token_by(f, "PS256", f->key);
    struct jose_keyset *set = parse_for(
        arena_format(f->arena,
                     "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"a\",\"alg\":\"RS256\"," PUBLIC "},"
                     "{\"kty\":\"RSA\",\"kid\":\"a\",\"alg\":\"PS256\"," PUBLIC "}]}",
                     f->n.ptr, f->n.ptr),
        ALL);

    assert_int_equal(jose_keyset_usable(set), 1);
    assert_int_equal(jose_verify(set, &token, NULL), 0);
    jose_keyset_free(set);
    set = parse_for(arena_format(f->arena,
                                 "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"a\"," PUBLIC "},%s]}",
                                 f->n.ptr, ec_entry(f, "\"kid\":\"a\",", ec).ptr),
                    ALL);
    assert_false(jose_keyset_has(set, SLICE("a")));
    assert_int_equal(jose_verify(set, &token, NULL), -1);
    jose_keyset_free(set);
    EVP_PKEY_free(ec);
}

/* --- signing ---------------------------------------------------------------------------------- */

static int give_key(jwt_t *jwt, jwt_config_t *config)
{
    (void)jwt;
    config->key = jwks_item_get(config->ctx, 0);
    config->alg = JWT_ALG_PS256;
    return 0;
}

static struct jose_signer *load(EVP_PKEY *key, const char *passphrase, const char *kid)
{
    struct jose_signer *signer = NULL;
    struct lfi_error error = {""};
    char path[KEY_PATH_MAX];

    key_write(key, passphrase, path);
    int rc = jose_signer_load(&signer, path, kid, &error);
    unlink(path);
    assert_int_equal(rc != 0, !signer);
    assert_int_equal(rc == 0, error.message[0] == '\0');
    return signer;
}

static void signed_tokens_verify_here_and_with_libjwt(void **state)
{
    struct fixture *f = *state;
    const struct jose_claims claims = {"Dhow \"Bank\"", "ou-1", "hub", 1700000000, 20};
    struct jose_signer *signer = load(f->key, NULL, "Key/1");
    struct buf token, jwks;
    struct jose_token parsed;
    struct lfi_error error;

    buf_init(&token, LIMIT_TOKEN_BYTES);
    buf_init(&jwks, LIMIT_JWKS_BYTES);
    assert_int_equal(jose_sign(signer, &claims, &token, &error), 0);
    assert_int_equal(jose_token_parse(f->arena, buf_slice(&token), &parsed, &error), 0);
    buf_append_text(&jwks, "{\"keys\":[");
    jose_signer_append_jwk(signer, &jwks);
    buf_append_text(&jwks, "]}");
    struct jose_keyset *set = parse(buf_slice(&jwks), NULL);
    assert_int_equal(jose_verify(set, &parsed, &error), 0);
    assert_true(slice_equal_text(parsed.typ, "JOSE"));
    assert_true(slice_equal_text(parsed.cty, "json"));
    assert_true(slice_equal_text(parsed.kid, "Key/1"));

    cJSON *payload = json_parse(parsed.payload);
    int64_t seconds = 0;
    assert_true(slice_equal_text(json_get_string(payload, "iss"), "Dhow \"Bank\""));
    assert_true(slice_equal_text(json_get_string(payload, "sub"), "ou-1"));
    assert_true(slice_equal_text(json_get_string(payload, "aud"), "hub"));
    assert_true(json_get_int(payload, "iat", &seconds) && seconds == 1700000000);
    assert_true(json_get_int(payload, "exp", &seconds) && seconds == 1700000020);
    assert_int_equal(json_get_string(payload, "jti").len, 36);
    cJSON_Delete(payload);

    jwk_set_t *items = jwks_create_strn(jwks.ptr, jwks.len);
    jwt_checker_t *checker = jwt_checker_new();
    jwt_checker_setcb(checker, give_key, items);
    jwt_checker_time_leeway(checker, JWT_CLAIM_EXP, -1);
    assert_int_equal(jwt_checker_verify(checker, arena_text(f->arena, buf_slice(&token))), 0);
    jwt_checker_free(checker);
    jwks_free(items);
    jose_keyset_free(set);
    jose_signer_free(signer);
    buf_free(&token);
    buf_free(&jwks);
}

static void kid_is_the_digest_of_the_public_key(void **state)
{
    struct fixture *f = *state;
    unsigned char *der = NULL, digest[32];
    struct buf expected, jwk;
    struct jose_signer *signer = load(f->key, NULL, NULL);
    int len = i2d_PUBKEY(f->key, &der);

    assert_int_equal(EVP_Digest(der, (size_t)len, digest, NULL, EVP_sha256(), NULL), 1);
    buf_init(&expected, 64);
    buf_init(&jwk, 4096);
    buf_append_text(&expected, "\"kid\":\"");
    base64_append_url(&expected, digest, sizeof(digest));
    buf_append(&expected, "\"", 2);
    jose_signer_append_jwk(signer, &jwk);
    buf_append(&jwk, "", 1);
    assert_non_null(strstr(jwk.ptr, expected.ptr));
    buf_free(&jwk);
    buf_free(&expected);
    OPENSSL_free(der);
    jose_signer_free(signer);
}

static void every_token_has_its_own_jti(void **state)
{
    struct fixture *f = *state;
    const struct jose_claims claims = {"o", "ou", "aud", 1700000000, 20};
    struct jose_signer *signer = load(f->key, NULL, NULL);
    struct lfi_slice payloads[2];
    struct lfi_error error;

    for (size_t i = 0; i < 2; i++) {
        struct jose_token token;
        struct buf text;
        buf_init(&text, LIMIT_TOKEN_BYTES);
        assert_int_equal(jose_sign(signer, &claims, &text, &error), 0);
        assert_int_equal(jose_token_parse(f->arena, buf_slice(&text), &token, &error), 0);
        payloads[i] = token.payload;
        buf_free(&text);
    }
    assert_false(slice_equal(payloads[0], payloads[1]));

    struct buf full;
    buf_init(&full, 100);
    assert_int_equal(jose_sign(signer, &claims, &full, &error), -1);
    assert_string_equal(error.message, "the token does not fit");
    buf_free(&full);
    jose_signer_free(signer);
}

static void bad_key_files_are_refused(void **state)
{
    struct fixture *f = *state;
    EVP_PKEY *small = EVP_RSA_gen(1024), *ec = EVP_EC_gen("P-256");
    struct jose_signer *signer = NULL;
    struct lfi_error error = {""};

    assert_null(load(small, NULL, NULL));
    assert_null(load(ec, NULL, NULL));
    assert_null(load(f->key, "passphrase", NULL));
    assert_int_equal(jose_signer_load(&signer, "/nowhere/key.pem", NULL, &error), -1);
    assert_int_equal(jose_signer_load(&signer, __FILE__, NULL, &error), -1);
    assert_null(signer);
    jose_signer_free(NULL);
    EVP_PKEY_free(small);
    EVP_PKEY_free(ec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usable_keys_are_kept),
        cmocka_unit_test(unusable_keys_are_left_out),
        cmocka_unit_test(other_kinds_of_key_are_left_out),
        cmocka_unit_test(private_keys_are_left_out),
        cmocka_unit_test(what_is_not_a_set_is_refused),
        cmocka_unit_test(the_reason_for_leaving_out_is_reported),
        cmocka_unit_test(identical_entries_are_one_key),
        cmocka_unit_test(a_key_verifies_by_the_algorithms_that_it_and_the_caller_allow),
        cmocka_unit_test(a_signature_by_ecdsa_is_two_numbers),
        cmocka_unit_test(entries_of_one_kid_are_one_key_or_none),
        cmocka_unit_test(two_keys_under_one_kid_refuse_that_kid_only),
        cmocka_unit_test(only_usable_keys_count_against_the_limit),
        cmocka_unit_test(owners_are_counted),
        cmocka_unit_test(only_ps256_of_the_named_key_verifies),
        cmocka_unit_test(changed_tokens_do_not_verify),
        cmocka_unit_test(signed_tokens_verify_here_and_with_libjwt),
        cmocka_unit_test(kid_is_the_digest_of_the_public_key),
        cmocka_unit_test(every_token_has_its_own_jti),
        cmocka_unit_test(bad_key_files_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
