#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE_BYTES 4096

static int fail(struct lfi_error *error, const char *path)
{
    char reason[128];

    if (strerror_r(errno, reason, sizeof(reason)) != 0) {
        snprintf(reason, sizeof(reason), "error %d", errno);
    }
    return error_set(error, "%s: %s", path, reason);
}

int file_read(const char *path, struct buf *out, struct lfi_error *error)
{
    char piece[PIECE_BYTES];
    int status = -1;
    ssize_t got;

    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return fail(error, path);
    }
    while ((got = read(fd, piece, sizeof(piece))) != 0) {
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            fail(error, path);
            goto out;
        }
        buf_append(out, piece, (size_t)got);
        if (out->failed) {
            error_set(error, "%s: larger than %zu bytes", path, out->max);
            goto out;
        }
    }
    status = 0;
out:
    close(fd);
    return status;
}

char *file_resolve(const char *base_dir, const char *path)
{
    if (path[0] == '/' || !base_dir || base_dir[0] == '\0') {
        return strdup(path);
    }
    size_t size = strlen(base_dir) + 1 + strlen(path) + 1;
    char *resolved = malloc(size);
    if (resolved) {
        snprintf(resolved, size, "%s/%s", base_dir, path);
    }
    return resolved;
}
