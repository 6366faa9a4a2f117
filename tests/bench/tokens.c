/*
 * Makes JWT Auth tokens ahead of a run, since signing costs ten times as much as verifying and a
 * measurement would show the signer. One token a line on standard output.
 */
#include "base/clock.h"
#include "jose/jose.h"

#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MAX_TOKENS 10000000
#define MAX_THREADS 64
#define TOKEN_LINE_BYTES 2048

struct batch {
    const struct jose_signer *signer;
    struct jose_claims claims;
    size_t count;
    struct buf lines;
    struct lfi_error error;
};

static int usage(void)
{
    fprintf(stderr, "usage: bench-tokens --key FILE --kid KID --iss O --sub OU --aud AUDIENCE"
                    " --life SECONDS --count N\n");
    return 2;
}

static void *sign_batch(void *ctx)
{
    struct batch *batch = ctx;

    for (size_t i = 0; i < batch->count; i++) {
        if (jose_sign(batch->signer, &batch->claims, &batch->lines, &batch->error) != 0) {
            break;
        }
        buf_append(&batch->lines, "\n", 1);
    }
    return NULL;
}

static int sign_all(const struct jose_signer *signer, const struct jose_claims *claims,
                    size_t count)
{
    struct batch batches[MAX_THREADS];
    pthread_t threads[MAX_THREADS];
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    size_t n = online < 1 ? 1 : online > MAX_THREADS ? MAX_THREADS : (size_t)online;
    size_t running = 0;
    int rc = 0;

    for (size_t i = 0; i < n; i++) {
        size_t share = count / n + (i < count % n);
        batches[i] = (struct batch){.signer = signer, .claims = *claims, .count = share};
        buf_init(&batches[i].lines, share * TOKEN_LINE_BYTES);
    }
    while (running < n &&
           pthread_create(&threads[running], NULL, sign_batch, &batches[running]) == 0) {
        running++;
    }
    for (size_t i = 0; i < n; i++) {
        struct buf *lines = &batches[i].lines;
        if (i < running) {
            (void)pthread_join(threads[i], NULL);
        }
        if (i >= running || lines->failed || batches[i].error.message[0] != '\0' ||
            fwrite(lines->ptr, 1, lines->len, stdout) != lines->len) {
            fprintf(stderr, "bench-tokens: %s\n", batches[i].error.message);
            rc = 1;
        }
        buf_free(lines);
    }
    return fflush(stdout) == 0 ? rc : 1;
}

int main(int argc, char **argv)
{
    static const struct option OPTIONS[] = {
        {"key", required_argument, NULL, 'k'},   {"kid", required_argument, NULL, 'i'},
        {"iss", required_argument, NULL, 'o'},   {"sub", required_argument, NULL, 'u'},
        {"aud", required_argument, NULL, 'a'},   {"life", required_argument, NULL, 'l'},
        {"count", required_argument, NULL, 'n'}, {NULL, 0, NULL, 0},
    };
    const struct clock clock = {0};
    const char *key = NULL, *kid = NULL;
    struct jose_claims claims = {.now_s = clock_now_s(&clock)};
    uint64_t life = 0, count = 0;
    struct jose_signer *signer = NULL;
    struct lfi_error error = {""};
    int option, rc;

    while ((option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 'k':
            key = optarg;
            break;
        case 'i':
            kid = optarg;
            break;
        case 'o':
            claims.iss = optarg;
            break;
        case 'u':
            claims.sub = optarg;
            break;
        case 'a':
            claims.aud = optarg;
            break;
        case 'l':
            (void)slice_to_u64(slice_of(optarg), &life);
            break;
        case 'n':
            (void)slice_to_u64(slice_of(optarg), &count);
            break;
        default:
            return usage();
        }
    }
    if (optind != argc || !key || !kid || !claims.iss || !claims.sub || !claims.aud || life < 1 ||
        life > INT32_MAX || count < 1 || count > MAX_TOKENS) {
        return usage();
    }
    claims.life_s = (int64_t)life;
    if (jose_signer_load(&signer, key, kid, &error) != 0) {
        fprintf(stderr, "bench-tokens: %s\n", error.message);
        return 1;
    }
    rc = sign_all(signer, &claims, (size_t)count);
    jose_signer_free(signer);
    return rc;
}
