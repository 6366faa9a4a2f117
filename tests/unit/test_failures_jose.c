// link: lfi-jose lfi-base
/* Every call of server/jose that may fail fails once: the caller is told, and nothing leaks. */
#include "base/base64.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "jose/decrypt.h"
#include "jose/jose.h"
#include "jose/jwe.h"
#include "jose/seal.h"
#include "keys.h"

#include "failing.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

FAILING(void *, NULL, calloc, (size_t count, size_t size), (count, size))
FAILING(void *, NULL, malloc, (size_t size), (size))
FAILING(void *, NULL, realloc, (void *old, size_t size), (old, size))
FAILING(char *, NULL, strdup, (const char *text), (text))
FAILING(char *, NULL, strndup, (const char *text, size_t len), (text, len))
FAILING(void *, NULL, arena_alloc, (struct arena * arena, size_t size), (arena, size))
FAILING(struct lfi_slice, ((struct lfi_slice){0}), arena_keep,
        (struct arena * arena, struct lfi_slice text), (arena, text))
FAILING(char *, NULL, cJSON_PrintUnformatted, (const cJSON *tree), (tree))
FAILING(bool, false, id_random, (void *out, size_t len), (out, len))
FAILING(bool, false, id_uuid4, (char out[ID_UUID_MAX]), (out))
FAILING(void *, NULL, CRYPTO_malloc, (size_t size, const char *file, int line), (size, file, line))

FAILING(EVP_CIPHER_CTX *, NULL, EVP_CIPHER_CTX_new, (void), ())
FAILING(int, 0, EVP_EncryptInit_ex,
        (EVP_CIPHER_CTX * ctx, const EVP_CIPHER *cipher, ENGINE *engine, const unsigned char *key,
         const unsigned char *iv),
        (ctx, cipher, engine, key, iv))
FAILING(int, 0, EVP_DecryptInit_ex,
        (EVP_CIPHER_CTX * ctx, const EVP_CIPHER *cipher, ENGINE *engine, const unsigned char *key,
         const unsigned char *iv),
        (ctx, cipher, engine, key, iv))
FAILING(int, 0, EVP_EncryptUpdate,
        (EVP_CIPHER_CTX * ctx, unsigned char *out, int *len, const unsigned char *in, int in_len),
        (ctx, out, len, in, in_len))
FAILING(int, 0, EVP_DecryptUpdate,
        (EVP_CIPHER_CTX * ctx, unsigned char *out, int *len, const unsigned char *in, int in_len),
        (ctx, out, len, in, in_len))
FAILING(int, 0, EVP_CipherUpdate,
        (EVP_CIPHER_CTX * ctx, unsigned char *out, int *len, const unsigned char *in, int in_len),
        (ctx, out, len, in, in_len))
FAILING(int, 0, EVP_EncryptFinal_ex, (EVP_CIPHER_CTX * ctx, unsigned char *out, int *len),
        (ctx, out, len))
FAILING(int, 0, EVP_CIPHER_CTX_ctrl, (EVP_CIPHER_CTX * ctx, int type, int arg, void *ptr),
        (ctx, type, arg, ptr))
FAILING(int, 0, PKCS5_PBKDF2_HMAC,
        (const char *pass, int pass_len, const unsigned char *salt, int salt_len, int rounds,
         const EVP_MD *md, int key_len, unsigned char *out),
        (pass, pass_len, salt, salt_len, rounds, md, key_len, out))

FAILING(BIO *, NULL, BIO_new_mem_buf, (const void *bytes, int len), (bytes, len))
FAILING(EVP_PKEY *, NULL, PEM_read_bio_PrivateKey,
        (BIO * bio, EVP_PKEY **key, pem_password_cb *cb, void *ctx), (bio, key, cb, ctx))
FAILING(EVP_PKEY *, NULL, PEM_read_bio_PUBKEY,
        (BIO * bio, EVP_PKEY **key, pem_password_cb *cb, void *ctx), (bio, key, cb, ctx))
FAILING(int, -1, i2d_PUBKEY, (const EVP_PKEY *key, unsigned char **der), (key, der))
FAILING(int, 0, EVP_Digest,
        (const void *bytes, size_t len, unsigned char *out, unsigned *size, const EVP_MD *md,
         ENGINE *engine),
        (bytes, len, out, size, md, engine))
FAILING(EVP_MD_CTX *, NULL, EVP_MD_CTX_new, (void), ())
FAILING(int, 0, EVP_DigestSignInit,
        (EVP_MD_CTX * ctx, EVP_PKEY_CTX **pss, const EVP_MD *md, ENGINE *engine, EVP_PKEY *key),
        (ctx, pss, md, engine, key))
FAILING(int, 0, EVP_DigestSign,
        (EVP_MD_CTX * ctx, unsigned char *out, size_t *out_len, const unsigned char *in,
         size_t in_len),
        (ctx, out, out_len, in, in_len))
FAILING(int, 0, EVP_PKEY_CTX_set_rsa_padding, (EVP_PKEY_CTX * ctx, int padding), (ctx, padding))
FAILING(int, 0, EVP_PKEY_CTX_set_rsa_pss_saltlen, (EVP_PKEY_CTX * ctx, int len), (ctx, len))
FAILING(EVP_PKEY_CTX *, NULL, EVP_PKEY_CTX_new, (EVP_PKEY * key, ENGINE *engine), (key, engine))
FAILING(EVP_PKEY_CTX *, NULL, EVP_PKEY_CTX_dup, (const EVP_PKEY_CTX *ctx), (ctx))
FAILING(int, 0, EVP_PKEY_verify_init, (EVP_PKEY_CTX * ctx), (ctx))
FAILING(int, 0, EVP_PKEY_verify,
        (EVP_PKEY_CTX * ctx, const unsigned char *signature, size_t len,
         const unsigned char *digest, size_t digest_len),
        (ctx, signature, len, digest, digest_len))
FAILING(int, 0, EVP_PKEY_CTX_set_signature_md, (EVP_PKEY_CTX * ctx, const EVP_MD *md), (ctx, md))
FAILING(int, 0, EVP_PKEY_CTX_set_rsa_mgf1_md, (EVP_PKEY_CTX * ctx, const EVP_MD *md), (ctx, md))
FAILING(int, 0, EVP_PKEY_CTX_set_rsa_oaep_md, (EVP_PKEY_CTX * ctx, const EVP_MD *md), (ctx, md))
FAILING(int, 0, EVP_PKEY_decrypt_init, (EVP_PKEY_CTX * ctx), (ctx))
FAILING(int, 0, EVP_PKEY_decrypt,
        (EVP_PKEY_CTX * ctx, unsigned char *out, size_t *out_len, const unsigned char *in,
         size_t in_len),
        (ctx, out, out_len, in, in_len))
FAILING(int, 0, EVP_DecryptFinal_ex, (EVP_CIPHER_CTX * ctx, unsigned char *out, int *len),
        (ctx, out, len))
FAILING(int, 0, EVP_PKEY_get_bn_param, (const EVP_PKEY *key, const char *name, BIGNUM **out),
        (key, name, out))
FAILING(int, 11, pthread_create,
        (pthread_t * thread, const pthread_attr_t *attributes, void *(*start)(void *), void *ctx),
        (thread, attributes, start, ctx))

static char key_file[KEY_PATH_MAX];

static int set_up(void **state)
{
    (void)state;
    EVP_PKEY *key = EVP_RSA_gen(2048);
    key_write(key, NULL, key_file);
    EVP_PKEY_free(key);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(key_file);
}

static void assert_each_is_reported(int (*run)(void *ctx), void *ctx, int at_least)
{
    int silent;
    int count = fail_each(run, ctx, &silent);
    assert_int_equal(silent, 0);
    assert_true(count >= at_least);
}

/* --- sealing ---------------------------------------------------------------------------------- */

/* `ctx` names the key that seals: the one that opens, or the one before it. */
static int seal_and_open(void *ctx)
{
    const struct lfi_slice current = SLICE("fedcba9876543210fedcba9876543210");
    const struct lfi_slice previous = SLICE("0123456789abcdef0123456789abcdef");
    bool rotated = strcmp(ctx, "previous") == 0;
    struct seal *sealer = NULL, *opener = NULL;
    struct buf box;
    int rc = -1;
    struct arena *arena = arena_new(LIMIT_ARENA_BYTES);
    buf_init(&box, 4096);
    if (arena &&
        seal_new(&sealer, rotated ? previous : current, (struct lfi_slice){0}, NULL) == 0 &&
        seal_new(&opener, current, rotated ? previous : (struct lfi_slice){0}, NULL) == 0 &&
        seal_close(sealer, "purpose", SLICE("clear"), &box) == 0) {
        struct lfi_slice clear = seal_open(opener, arena, "purpose", buf_slice(&box));
        rc = slice_equal(clear, SLICE("clear")) ? 0 : -1;
    }
    buf_free(&box);
    seal_free(opener);
    seal_free(sealer);
    arena_free(arena);
    return rc;
}

static void a_box_that_cannot_be_sealed_or_opened_is_reported(void **state)
{
    (void)state;
    int silent;
    assert_each_is_reported(seal_and_open, "current", 15);
    /* Seven calls try the current key, which is not the one: that they fail changes nothing. */
    assert_true(fail_each(seal_and_open, "previous", &silent) > 20);
    assert_int_equal(silent, 7);
}

static void a_text_too_long_for_a_box_is_reported(void **state)
{
    (void)state;
    struct seal *sealer;
    struct buf box;
    struct lfi_slice too_long = {"", INT32_MAX};
    buf_init(&box, 4096);
    assert_int_equal(
        seal_new(&sealer, SLICE("fedcba9876543210fedcba9876543210"), (struct lfi_slice){0}, NULL),
        0);
    assert_int_equal(seal_close(sealer, "purpose", too_long, &box), -1);
    assert_int_equal(box.len, 0);
    buf_free(&box);
    seal_free(sealer);
}

/* --- encrypting with a one-time code ---------------------------------------------------------- */

static int encrypt(void *ctx)
{
    const struct jwe_code *code = ctx;
    struct buf out;
    struct lfi_error error = {{0}};
    buf_init(&out, 4096);
    int rc = jwe_encrypt(code, "kid-1", SLICE("{\"rate\":\"4.25\"}"), &out, &error);
    assert_true((rc == 0) == (error.message[0] == '\0'));
    buf_free(&out);
    return rc;
}

static void an_encryption_that_fails_is_reported(void **state)
{
    (void)state;
    struct jwe_code code = {.digits = "123456"};
    assert_each_is_reported(encrypt, &code, 15);
}

static int make_code(void *ctx)
{
    (void)ctx;
    struct jwe_code code;
    struct lfi_error error = {{0}};
    int rc = jwe_code_new(&code, &error);
    assert_true((rc == 0) == (error.message[0] == '\0'));
    jwe_code_wipe(&code);
    return rc;
}

static void a_code_without_randomness_is_reported(void **state)
{
    (void)state;
    assert_each_is_reported(make_code, NULL, 3);
}

static void a_result_that_does_not_fit_is_reported(void **state)
{
    (void)state;
    struct jwe_code code = {.digits = "123456"};
    struct buf out;
    size_t max = 0;
    int rc = -1;
    buf_init(&out, 1000);
    buf_fail(&out);
    assert_int_equal(jwe_encrypt(&code, "kid-1", SLICE("{}"), &out, NULL), -1);
    struct lfi_slice too_long = {"", INT32_MAX};
    buf_init(&out, 1000);
    assert_int_equal(jwe_encrypt(&code, "kid-1", too_long, &out, NULL), -1);
    buf_free(&out);
    while (rc != 0) {
        buf_init(&out, ++max);
        rc = jwe_encrypt(&code, "kid-1", SLICE("{\"rate\":\"4.25\"}"), &out, NULL);
        assert_true(rc == (out.len == max ? 0 : -1));
        buf_free(&out);
    }
    assert_in_range(max, 200, 400);
}

/* Without its thread the pool still serves, and the failure of a code is the taker's. */
static void a_pool_without_a_thread_still_gives_codes(void **state)
{
    (void)state;
    struct jwe_code_pool *pool;
    struct jwe_code code;
    atomic_store(&failing.left, 1);
    assert_int_equal(jwe_code_pool_new(&pool, NULL), -1);
    assert_int_equal(jwe_code_pool_new(&pool, NULL), 0);
    atomic_store(&failing.left, 1); /* pthread_create */
    assert_int_equal(jwe_code_pool_take(pool, &code, NULL), 0);
    jwe_code_wipe(&code);
    jwe_code_pool_free(pool);
    jwe_code_pool_free(NULL);
}

static void a_pool_fills_itself(void **state)
{
    (void)state;
    struct jwe_code_pool *pool;
    struct jwe_code codes[3];
    assert_int_equal(jwe_code_pool_new(&pool, NULL), 0);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(jwe_code_pool_take(pool, &codes[i], NULL), 0);
        sleep(1);
    }
    assert_memory_not_equal(codes[0].key, codes[1].key, sizeof(codes[0].key));
    assert_memory_not_equal(codes[1].key, codes[2].key, sizeof(codes[1].key));
    jwe_code_pool_free(pool);
}

/* A full pool waits; when it cannot go on, what is there is given, and then takers derive. */
static void a_pool_that_ends_early_still_gives_codes(void **state)
{
    (void)state;
    struct jwe_code_pool *pool;
    struct jwe_code codes[8];
    assert_int_equal(jwe_code_pool_new(&pool, NULL), 0);
    assert_int_equal(jwe_code_pool_take(pool, &codes[0], NULL), 0);
    sleep(2); /* it is full */
    atomic_store(&failing.hit, false);
    atomic_store(&failing.left, 1);
    for (size_t i = 1; i < 8; i++) {
        assert_int_equal(jwe_code_pool_take(pool, &codes[i], NULL), 0);
        for (int n = 0; n < 500 && !atomic_load(&failing.hit); n++) {
            usleep(10000);
        }
        assert_true(atomic_load(&failing.hit)); /* by the thread: the taker took a ready one */
    }
    for (size_t i = 1; i < 8; i++) {
        assert_memory_not_equal(codes[i - 1].key, codes[i].key, sizeof(codes[i].key));
    }
    jwe_code_pool_free(pool);
}

/* --- signing and verifying -------------------------------------------------------------------- */

/* A token made, published, read and verified. */
static int sign_and_verify(void *ctx)
{
    (void)ctx;
    const struct jose_claims claims = {
        .iss = "Bank", .sub = "ou", .aud = "hub", .now_s = 1, .life_s = 10};
    struct jose_signer *signer = NULL;
    struct jose_keyset *set = NULL;
    struct jose_token token;
    struct buf jwks, compact;
    int rc = -1;
    struct arena *arena = arena_new(LIMIT_ARENA_BYTES);
    buf_init(&jwks, 4096);
    buf_init(&compact, 8192);
    if (!arena || jose_signer_load(&signer, key_file, NULL, NULL) != 0) {
        goto out;
    }
    buf_append_text(&jwks, "{\"keys\":[");
    jose_signer_append_jwk(signer, &jwks);
    buf_append_text(&jwks, "]}");
    if (!jwks.failed && jose_keyset_parse(&set, buf_slice(&jwks), JOSE_PS256, NULL) == 0 &&
        jose_sign(signer, &claims, &compact, NULL) == 0 &&
        jose_token_parse(arena, buf_slice(&compact), &token, NULL) == 0) {
        rc = jose_verify(set, &token, NULL);
    }
out:
    buf_free(&compact);
    buf_free(&jwks);
    jose_keyset_free(set);
    jose_signer_free(signer);
    arena_free(arena);
    return rc;
}

static void a_token_that_cannot_be_made_or_verified_is_reported(void **state)
{
    (void)state;
    assert_each_is_reported(sign_and_verify, NULL, 40);
}

/* --- decrypting what is for the bank -----------------------------------------------------------
 */

#define CLEAR "{\"Initiation\":{}}"

/* A JWE for the key of key_file, whose content key is `cek`; no call in here fails. */
static void encrypt_for_bank(struct buf *out, const unsigned char *cek, size_t cek_bytes)
{
    static const char header[] = "{\"alg\":\"RSA-OAEP-256\",\"enc\":\"A256GCM\"}";
    unsigned char wrapped[512], cipher[64], tag[16], iv[12] = {1}, whole[32] = {0};
    size_t wrapped_len = sizeof(wrapped);
    int len = 0, rest = 0;
    FILE *file = fopen(key_file, "r");
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    EVP_PKEY_CTX *rsa = EVP_PKEY_CTX_new(key, NULL);
    EVP_CIPHER_CTX *gcm = EVP_CIPHER_CTX_new();

    fclose(file);
    memcpy(whole, cek, cek_bytes);
    assert_int_equal(EVP_PKEY_encrypt_init(rsa), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(rsa, RSA_PKCS1_OAEP_PADDING), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_oaep_md(rsa, EVP_sha256()), 1);
    assert_int_equal(EVP_PKEY_encrypt(rsa, wrapped, &wrapped_len, cek, cek_bytes), 1);
    base64_append_url(out, header, sizeof(header) - 1);
    assert_int_equal(EVP_EncryptInit_ex(gcm, EVP_aes_256_gcm(), NULL, whole, iv), 1);
    assert_int_equal(
        EVP_EncryptUpdate(gcm, NULL, &len, (const unsigned char *)out->ptr, (int)out->len), 1);
    assert_int_equal(
        EVP_EncryptUpdate(gcm, cipher, &len, (const unsigned char *)CLEAR, (int)sizeof(CLEAR) - 1),
        1);
    assert_int_equal(EVP_EncryptFinal_ex(gcm, cipher + len, &rest), 1);
    assert_int_equal(EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_AEAD_GET_TAG, 16, tag), 1);
    const struct lfi_slice parts[] = {{(const char *)wrapped, wrapped_len},
                                      {(const char *)iv, sizeof(iv)},
                                      {(const char *)cipher, sizeof(CLEAR) - 1},
                                      {(const char *)tag, sizeof(tag)}};
    for (size_t i = 0; i < 4; i++) {
        buf_append_text(out, ".");
        base64_append_url(out, parts[i].ptr, parts[i].len);
    }
    EVP_CIPHER_CTX_free(gcm);
    EVP_PKEY_CTX_free(rsa);
    EVP_PKEY_free(key);
}

struct decryption {
    struct buf compact;
    const char *kid;
    int not_opened; /* how often it was taken for one of another key */
};

static int decrypt(void *ctx)
{
    struct decryption *given = ctx;
    struct lfi_slice clear;
    const struct jose_key_file files[] = {{given->kid, key_file}};
    struct jose_decrypter *decrypter = NULL;
    struct jose_jwe jwe;
    struct lfi_error error = {""};
    int rc = -1;
    struct arena *arena = arena_new(LIMIT_ARENA_BYTES);

    if (arena && jose_decrypter_new(&decrypter, files, 1, &error) == 0 &&
        jose_jwe_parse(arena, buf_slice(&given->compact), LIMIT_PII_BYTES, &jwe, &error) == 0) {
        rc = jose_decrypt(decrypter, &jwe, arena, &clear);
        assert_true(rc != 0 || slice_equal(clear, SLICE(CLEAR)));
        given->not_opened += rc == JOSE_NOT_OPENED;
    } else {
        assert_true(!arena || error.message[0] != '\0');
    }
    jose_decrypter_free(decrypter);
    arena_free(arena);
    return rc;
}

static void what_cannot_be_decrypted_is_reported(void **state)
{
    (void)state;
    const unsigned char cek[32] = {7};
    struct decryption given = {.kid = NULL};
    buf_init(&given.compact, 4096);
    encrypt_for_bank(&given.compact, cek, sizeof(cek));
    assert_each_is_reported(decrypt, &given, 20);
    given.kid = "named";
    assert_each_is_reported(decrypt, &given, 20);
    /* Of each run only a key that does not unwrap and a tag that does not verify. */
    assert_int_equal(given.not_opened, 4);
    buf_free(&given.compact);
}

/* How many calls that may fail a decryption makes, none of which does. */
static long count_calls(struct buf *compact)
{
    const long many = 100000;
    struct decryption given = {.compact = *compact, .kid = "named"};
    atomic_store(&failing.left, many);
    assert_int_equal(decrypt(&given), JOSE_NOT_OPENED);
    long made = many - atomic_exchange(&failing.left, 0);
    return made;
}

static void a_wrong_key_and_a_wrong_tag_are_the_same_work(void **state)
{
    (void)state;
    const unsigned char cek[32] = {7};
    struct buf good, odd;
    buf_init(&good, 4096);
    buf_init(&odd, 4096);
    encrypt_for_bank(&good, cek, sizeof(cek));
    encrypt_for_bank(&odd, cek, 31);
    char *wrapped = strchr(good.ptr, '.') + 1;
    char *tag = good.ptr + good.len - 4;
    char first = wrapped[9], last = *tag;
    wrapped[9] = first == 'A' ? 'B' : 'A';
    long not_unwrapped = count_calls(&good);
    wrapped[9] = first;
    *tag = last == 'A' ? 'B' : 'A';
    long not_authentic = count_calls(&good);
    assert_int_equal(not_unwrapped, not_authentic);
    assert_int_equal(count_calls(&odd), not_authentic);
    buf_free(&good);
    buf_free(&odd);
}

static void keys_that_cannot_be_told_apart_are_refused(void **state)
{
    (void)state;
    const struct jose_key_file files[] = {{"a", key_file}, {"a", key_file}};
    struct jose_decrypter *decrypter;
    struct lfi_error error = {""};
    assert_int_equal(jose_decrypter_new(&decrypter, files, 2, &error), -1);
    assert_non_null(strstr(error.message, "another key has this kid"));
    assert_null(decrypter);
}

static void the_size_of_a_jwe_is_bounded(void **state)
{
    (void)state;
    struct jose_jwe jwe;
    struct lfi_error error = {""};
    struct arena *arena = arena_new(LIMIT_ARENA_BYTES);
    assert_int_equal(jose_jwe_parse(arena, SLICE("e30.e30.e30.e30.e30"), 19, &jwe, &error), 0);
    assert_int_equal(jose_jwe_parse(arena, SLICE("e30.e30.e30.e30.e30"), 18, &jwe, &error), -1);
    assert_non_null(strstr(error.message, "longer than 18 bytes"));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_box_that_cannot_be_sealed_or_opened_is_reported),
        cmocka_unit_test(a_text_too_long_for_a_box_is_reported),
        cmocka_unit_test(an_encryption_that_fails_is_reported),
        cmocka_unit_test(a_code_without_randomness_is_reported),
        cmocka_unit_test(a_result_that_does_not_fit_is_reported),
        cmocka_unit_test(a_pool_without_a_thread_still_gives_codes),
        cmocka_unit_test(a_pool_fills_itself),
        cmocka_unit_test(a_pool_that_ends_early_still_gives_codes),
        cmocka_unit_test(a_token_that_cannot_be_made_or_verified_is_reported),
        cmocka_unit_test(what_cannot_be_decrypted_is_reported),
        cmocka_unit_test(a_wrong_key_and_a_wrong_tag_are_the_same_work),
        cmocka_unit_test(keys_that_cannot_be_told_apart_are_refused),
        cmocka_unit_test(the_size_of_a_jwe_is_bounded),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
