#include "connect/cache.h"

#include <pthread.h>
#include <stdlib.h>

#define SLOTS 4096
#define LOCKS 16 /* each guards every sixteenth slot */

struct slot {
    uint64_t value;
    int64_t expires_us;
    size_t key_len;
    char key[CACHE_KEY_BYTES];
};

struct cache {
    pthread_mutex_t locks[LOCKS];
    struct slot slots[SLOTS]; /* pages that were never written take no memory */
};

struct cache *cache_new(void)
{
    struct cache *cache = calloc(1, sizeof(*cache));
    for (size_t i = 0; cache && i < LOCKS; i++) {
        (void)pthread_mutex_init(&cache->locks[i], NULL);
    }
    return cache;
}

void cache_free(struct cache *cache)
{
    for (size_t i = 0; cache && i < LOCKS; i++) {
        (void)pthread_mutex_destroy(&cache->locks[i]);
    }
    free(cache);
}

/* FNV-1a: which slot, nothing more. */
static size_t slot_of(struct lfi_slice key)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < key.len; i++) {
        hash = (hash ^ (unsigned char)key.ptr[i]) * UINT64_C(0x100000001b3);
    }
    return hash % SLOTS;
}

void cache_put(struct cache *cache, struct lfi_slice key, uint64_t value, int64_t expires_us)
{
    if (!key.ptr || key.len > CACHE_KEY_BYTES) {
        return;
    }
    size_t at = slot_of(key);
    struct slot *slot = &cache->slots[at];
    (void)pthread_mutex_lock(&cache->locks[at % LOCKS]);
    slot->value = value;
    slot->expires_us = expires_us;
    slot->key_len = key.len;
    memcpy(slot->key, key.ptr, key.len);
    (void)pthread_mutex_unlock(&cache->locks[at % LOCKS]);
}

uint64_t cache_get(struct cache *cache, struct lfi_slice key, int64_t now_us)
{
    if (!key.ptr || key.len > CACHE_KEY_BYTES) {
        return 0;
    }
    size_t at = slot_of(key);
    const struct slot *slot = &cache->slots[at];
    (void)pthread_mutex_lock(&cache->locks[at % LOCKS]);
    bool known =
        slot->expires_us > now_us && slice_equal((struct lfi_slice){slot->key, slot->key_len}, key);
    uint64_t value = known ? slot->value : 0;
    (void)pthread_mutex_unlock(&cache->locks[at % LOCKS]);
    return value;
}
