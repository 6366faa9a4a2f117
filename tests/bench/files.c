/*
 * How fast the reference core reads a file of payments, without a server around it:
 *
 *   bench-files FILE TYPE [TIMES]
 *
 * Feeds the file to the reader of its type in pieces as large as the server's, and prints one JSON
 * object: bytes, instructions, and megabytes a second of the reader's processor time, alone and
 * with the hash that the server computes beside it, each the median of TIMES (5).
 */
#include "store/file_reader.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PIECE 16384
#define TIMES_MAX 99

static void die(const char *what)
{
    (void)fprintf(stderr, "bench-files: %s\n", what);
    exit(1);
}

static double cpu_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool take(void *ctx, const struct instruction *instruction)
{
    *(int64_t *)ctx += instruction->minor;
    return true;
}

struct pass {
    double mb_per_s;
    unsigned long long bytes, instructions;
};

static struct pass read_once(const char *path, const struct file_reader_kind *kind, bool hashed)
{
    char piece[PIECE];
    unsigned char hash[EVP_MAX_MD_SIZE];
    int64_t sum = 0;
    size_t got;
    double spent = 0;
    struct pass pass = {0};
    struct file_reader reader = {.kind = kind, .take = take, .ctx = &sum};
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    FILE *file = fopen(path, "rbe");
    if (!file || !digest || EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1 ||
        kind->begin(&reader) != 0) {
        die("cannot begin");
    }
    while ((got = fread(piece, 1, sizeof(piece), file)) > 0) {
        double begun = cpu_s();
        if (hashed && EVP_DigestUpdate(digest, piece, got) != 1) {
            die("cannot hash");
        }
        if (kind->feed(&reader, (struct lfi_slice){piece, got}) != FILE_FINE) {
            die(reader.why);
        }
        spent += cpu_s() - begun;
        pass.bytes += got;
    }
    if (kind->end(&reader) != FILE_FINE || EVP_DigestFinal_ex(digest, hash, NULL) != 1) {
        die(reader.why);
    }
    kind->free(&reader);
    EVP_MD_CTX_free(digest);
    (void)fclose(file);
    pass.instructions = reader.count;
    pass.mb_per_s = (double)pass.bytes / 1e6 / spent;
    return pass;
}

static int by_speed(const void *a, const void *b)
{
    const struct pass *one = a, *other = b;
    return (one->mb_per_s > other->mb_per_s) - (one->mb_per_s < other->mb_per_s);
}

static struct pass median(const char *path, const struct file_reader_kind *kind, bool hashed,
                          size_t times)
{
    struct pass passes[TIMES_MAX];
    for (size_t i = 0; i < times; i++) {
        passes[i] = read_once(path, kind, hashed);
    }
    qsort(passes, times, sizeof(passes[0]), by_speed);
    return passes[times / 2];
}

int main(int argc, char **argv)
{
    long times = argc > 3 ? strtol(argv[3], NULL, 10) : 5;
    const struct file_reader_kind *kind =
        argc > 2 ? file_reader_find((struct lfi_slice){argv[2], strlen(argv[2])}) : NULL;
    if (!kind || times < 1 || times > TIMES_MAX) {
        (void)fprintf(stderr, "usage: bench-files FILE TYPE [TIMES]\n");
        return 2;
    }
    struct pass alone = median(argv[1], kind, false, (size_t)times);
    struct pass hashed = median(argv[1], kind, true, (size_t)times);
    (void)printf("{\"bytes\":%llu,\"instructions\":%llu,\"reader\":%.1f,\"hashed\":%.1f}\n",
                 alone.bytes, alone.instructions, alone.mb_per_s, hashed.mb_per_s);
    return 0;
}
