#include "watch.h"

#include <sys/stat.h>

#define FNV_BASIS UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

static uint64_t mix(uint64_t hash, uint64_t value)
{
    for (int byte = 0; byte < 8; byte++) {
        hash = (hash ^ (value >> 8 * byte & 0xff)) * FNV_PRIME;
    }
    return hash;
}

uint64_t watch_fingerprint(const struct config *config)
{
    uint64_t hash = FNV_BASIS;

    for (size_t i = 0; i < config->file_count; i++) {
        struct stat status;
        if (stat(config->files[i], &status) != 0) {
            hash = mix(hash, 0);
            continue;
        }
        hash = mix(hash, (uint64_t)status.st_dev);
        hash = mix(hash, (uint64_t)status.st_ino);
        hash = mix(hash, (uint64_t)status.st_size);
        hash = mix(hash, (uint64_t)status.st_mtim.tv_sec);
        hash = mix(hash, (uint64_t)status.st_mtim.tv_nsec);
        hash = mix(hash, (uint64_t)status.st_ctim.tv_sec);
        hash = mix(hash, (uint64_t)status.st_ctim.tv_nsec);
    }
    return hash;
}

void watch_take(struct watch *watch, uint64_t fingerprint)
{
    watch->taken = fingerprint;
    watch->seen = fingerprint;
}

bool watch_poll(struct watch *watch, const struct config *config)
{
    const uint64_t now = watch_fingerprint(config);
    const bool settled = now == watch->seen;

    watch->seen = now;
    if (!settled || now == watch->taken) {
        return false;
    }
    watch->taken = now;
    return true;
}
