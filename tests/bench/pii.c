/*
 * What decrypting PII costs beside the RSA operation in it, on one core:
 *
 *   bench-pii [SECONDS]
 *
 * Prints microseconds, of the quickest round, for each of: the bare private operation, a JWE of 2
 * KB, one whose wrapped key is wrong and one whose tag is wrong.
 */
#include "base/base64.h"
#include "base/clock.h"
#include "base/limits.h"
#include "jose/decrypt.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CLEAR_BYTES 2048
#define RSA_BYTES 256
#define TAG_BYTES 16
#define IV_BYTES 12
#define ROUND 50

struct bench {
    EVP_PKEY *key;
    EVP_PKEY_CTX *bare;
    struct jose_decrypter *decrypter;
    unsigned char wrapped[RSA_BYTES];
    struct buf compact;
};

static void must(bool good)
{
    if (!good) {
        fputs("bench-pii: failed\n", stderr);
        exit(1);
    }
}

static void load_key(struct bench *bench)
{
    char path[] = "/tmp/lfi-bench-XXXXXX";
    int fd = mkstemp(path);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    struct lfi_error error = {""};

    bench->key = EVP_RSA_gen(RSA_BYTES * 8);
    must(file && PEM_write_PrivateKey(file, bench->key, NULL, NULL, 0, NULL, NULL) == 1);
    must(fclose(file) == 0);
    const struct jose_key_file files[] = {{"k", path}};
    must(jose_decrypter_new(&bench->decrypter, files, 1, &error) == 0);
    must(unlink(path) == 0);
    bench->bare = EVP_PKEY_CTX_new(bench->key, NULL);
    must(EVP_PKEY_decrypt_init(bench->bare) == 1 &&
         EVP_PKEY_CTX_set_rsa_padding(bench->bare, RSA_NO_PADDING) == 1);
}

static void make_jwe(struct bench *bench)
{
    static const char header[] = "{\"alg\":\"RSA-OAEP-256\",\"enc\":\"A256GCM\",\"kid\":\"k\"}";
    unsigned char clear[CLEAR_BYTES] = {0}, cipher[CLEAR_BYTES], tag[TAG_BYTES];
    unsigned char cek[32] = {7}, iv[IV_BYTES] = {1};
    size_t len = RSA_BYTES;
    int out = 0, rest = 0;
    EVP_PKEY_CTX *rsa = EVP_PKEY_CTX_new(bench->key, NULL);
    EVP_CIPHER_CTX *gcm = EVP_CIPHER_CTX_new();

    must(EVP_PKEY_encrypt_init(rsa) == 1 &&
         EVP_PKEY_CTX_set_rsa_padding(rsa, RSA_PKCS1_OAEP_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_oaep_md(rsa, EVP_sha256()) == 1 &&
         EVP_PKEY_encrypt(rsa, bench->wrapped, &len, cek, sizeof(cek)) == 1);
    buf_init(&bench->compact, LIMIT_PII_BYTES);
    base64_append_url(&bench->compact, header, sizeof(header) - 1);
    must(EVP_EncryptInit_ex(gcm, EVP_aes_256_gcm(), NULL, cek, iv) == 1 &&
         EVP_EncryptUpdate(gcm, NULL, &out, (const unsigned char *)bench->compact.ptr,
                           (int)bench->compact.len) == 1 &&
         EVP_EncryptUpdate(gcm, cipher, &out, clear, CLEAR_BYTES) == 1 &&
         EVP_EncryptFinal_ex(gcm, cipher + out, &rest) == 1 &&
         EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, tag) == 1);
    buf_append_text(&bench->compact, ".");
    base64_append_url(&bench->compact, bench->wrapped, RSA_BYTES);
    buf_append_text(&bench->compact, ".");
    base64_append_url(&bench->compact, iv, IV_BYTES);
    buf_append_text(&bench->compact, ".");
    base64_append_url(&bench->compact, cipher, CLEAR_BYTES);
    buf_append_text(&bench->compact, ".");
    base64_append_url(&bench->compact, tag, TAG_BYTES);
    EVP_CIPHER_CTX_free(gcm);
    EVP_PKEY_CTX_free(rsa);
}

static void run_bare(struct bench *bench)
{
    unsigned char out[RSA_BYTES];
    size_t len = sizeof(out);
    must(EVP_PKEY_decrypt(bench->bare, out, &len, bench->wrapped, RSA_BYTES) == 1);
}

static void run_jwe(struct bench *bench, bool good)
{
    struct jose_jwe jwe;
    struct lfi_slice clear;
    struct arena *arena = arena_new(LIMIT_ARENA_BYTES);
    must(jose_jwe_parse(arena, buf_slice(&bench->compact), LIMIT_PII_BYTES, &jwe, NULL) == 0);
    must((jose_decrypt(bench->decrypter, &jwe, arena, &clear) == 0) == good);
    arena_free(arena);
}

static void run_right(struct bench *bench)
{
    run_jwe(bench, true);
}

static void change(char *at)
{
    *at = *at == 'A' ? 'B' : 'A';
}

static void run_wrong_key(struct bench *bench)
{
    char *at = strchr(bench->compact.ptr, '.') + 20, before = *at;
    change(at);
    run_jwe(bench, false);
    *at = before;
}

static void run_wrong_tag(struct bench *bench)
{
    char *at = bench->compact.ptr + bench->compact.len - 5, before = *at;
    change(at);
    run_jwe(bench, false);
    *at = before;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(struct bench *bench);
    } runs[] = {{"rsa", run_bare},
                {"jwe", run_right},
                {"jwe-wrong-key", run_wrong_key},
                {"jwe-wrong-tag", run_wrong_tag}};
    enum { RUNS = sizeof(runs) / sizeof(runs[0]) };
    struct bench bench;
    int64_t best[RUNS] = {0};
    long seconds = argc > 1 ? strtol(argv[1], NULL, 10) : 4;

    load_key(&bench);
    make_jwe(&bench);
    /* In turns, so that whatever else the machine does meets them all alike. */
    for (int64_t end = clock_monotonic_us() + seconds * 1000000; clock_monotonic_us() < end;) {
        for (size_t i = 0; i < RUNS; i++) {
            int64_t begun = clock_monotonic_us();
            for (int n = 0; n < ROUND; n++) {
                runs[i].run(&bench);
            }
            int64_t spent = clock_monotonic_us() - begun;
            best[i] = best[i] == 0 || spent < best[i] ? spent : best[i];
        }
    }
    for (size_t i = 0; i < RUNS; i++) {
        printf("%-14s %7.1f us  %.3f of rsa\n", runs[i].name, (double)best[i] / ROUND,
               (double)best[i] / (double)best[0]);
    }
    buf_free(&bench.compact);
    jose_decrypter_free(bench.decrypter);
    EVP_PKEY_CTX_free(bench.bare);
    EVP_PKEY_free(bench.key);
    return 0;
}
