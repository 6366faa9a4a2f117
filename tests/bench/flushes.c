/*
 * What durable payments ask of the disk:
 *
 *   bench-flushes STORE
 *
 * Prints as one JSON object how many commits the LMDB environment in the folder has had, and how
 * many flushes of four kilobytes the disk below it takes in a second.
 */
#include "base/clock.h"

#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <unistd.h>

#define FLUSHES 200
#define BLOCK 4096
#define PATH_MAX_BYTES 4096

static int read_commits(const char *folder, size_t *commits)
{
    MDB_env *env = NULL;
    MDB_envinfo info = {0};
    int rc = mdb_env_create(&env);

    if (rc == 0) {
        rc = mdb_env_open(env, folder, MDB_RDONLY, 0);
    }
    if (rc == 0) {
        rc = mdb_env_info(env, &info);
    }
    *commits = info.me_last_txnid;
    mdb_env_close(env);
    return rc;
}

/* 0 when the disk cannot be written to. */
static int64_t flushes_per_second(const char *folder)
{
    static const char block[BLOCK];
    char path[PATH_MAX_BYTES];
    int done = 0;

    (void)snprintf(path, sizeof(path), "%s/flushes.tmp", folder);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0) {
        return 0;
    }
    int64_t begun = clock_monotonic_us();
    while (done < FLUSHES && pwrite(fd, block, BLOCK, 0) == BLOCK && fdatasync(fd) == 0) {
        done++;
    }
    int64_t spent = clock_monotonic_us() - begun;
    (void)close(fd);
    (void)unlink(path);
    return done < FLUSHES ? 0 : FLUSHES * INT64_C(1000000) / (spent + 1);
}

int main(int argc, char **argv)
{
    size_t commits = 0;

    if (argc != 2) {
        fputs("usage: bench-flushes STORE\n", stderr);
        return 2;
    }
    int rc = read_commits(argv[1], &commits);
    int64_t flushes = flushes_per_second(argv[1]);
    if (rc != 0 || flushes == 0) {
        fprintf(stderr, "bench-flushes: %s: %s\n", argv[1], rc != 0 ? mdb_strerror(rc) : "no disk");
        return 1;
    }
    printf("{\"commits\": %zu, \"flushes\": %lld}\n", commits, (long long)flushes);
    return 0;
}
