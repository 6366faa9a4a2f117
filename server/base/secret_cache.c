#include "base/secret_cache.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/queue.h>

#define BUCKETS 256

struct entry {
    LIST_ENTRY(entry) same_bucket;
    TAILQ_ENTRY(entry) by_age;
    unsigned char key[SECRET_CACHE_KEY];
    int64_t expires_us;
    size_t len;
    char text[];
};

struct secret_cache {
    pthread_mutex_t lock; /* of what follows */
    LIST_HEAD(, entry) buckets[BUCKETS];
    TAILQ_HEAD(, entry) oldest_first; /* all live equally long, so this is by expiry too */
    size_t bytes;
    size_t max_bytes;
    int64_t life_us;
    const struct clock *clock;
};

struct secret_cache *secret_cache_new(const struct clock *clock, size_t max_bytes, int64_t life_s)
{
    struct secret_cache *cache = calloc(1, sizeof(*cache));
    if (cache) {
        (void)pthread_mutex_init(&cache->lock, NULL);
        TAILQ_INIT(&cache->oldest_first);
        cache->max_bytes = max_bytes;
        cache->life_us = life_s * 1000000;
        cache->clock = clock;
    }
    return cache;
}

static size_t size_of(size_t len)
{
    return sizeof(struct entry) + len;
}

static void drop(struct secret_cache *cache, struct entry *entry)
{
    size_t size = size_of(entry->len);
    LIST_REMOVE(entry, same_bucket);
    TAILQ_REMOVE(&cache->oldest_first, entry, by_age);
    cache->bytes -= size;
    OPENSSL_cleanse(entry, size);
    free(entry);
}

void secret_cache_free(struct secret_cache *cache)
{
    if (cache) {
        while (!TAILQ_EMPTY(&cache->oldest_first)) {
            drop(cache, TAILQ_FIRST(&cache->oldest_first));
        }
        (void)pthread_mutex_destroy(&cache->lock);
        free(cache);
    }
}

/* With its length, so that no two names look alike. */
static bool add_text(EVP_MD_CTX *digest, struct lfi_slice text)
{
    uint64_t len = text.len;
    return EVP_DigestUpdate(digest, &len, sizeof(len)) == 1 &&
           (len == 0 || EVP_DigestUpdate(digest, text.ptr, text.len) == 1);
}

bool secret_cache_key(const struct lfi_slice *parts, size_t count,
                      unsigned char out[SECRET_CACHE_KEY])
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    bool whole = digest && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1;
    for (size_t i = 0; whole && i < count; i++) {
        whole = add_text(digest, parts[i]);
    }
    whole = whole && EVP_DigestFinal_ex(digest, out, NULL) == 1;
    EVP_MD_CTX_free(digest);
    return whole;
}

static void drop_expired(struct secret_cache *cache, int64_t now_us)
{
    struct entry *entry;
    while ((entry = TAILQ_FIRST(&cache->oldest_first)) && entry->expires_us <= now_us) {
        drop(cache, entry);
    }
}

static struct entry *find(struct secret_cache *cache, const unsigned char key[SECRET_CACHE_KEY])
{
    struct entry *entry;
    LIST_FOREACH(entry, &cache->buckets[key[0]], same_bucket)
    {
        if (memcmp(entry->key, key, SECRET_CACHE_KEY) == 0) {
            return entry;
        }
    }
    return NULL;
}

struct lfi_slice secret_cache_get(struct secret_cache *cache,
                                  const unsigned char key[SECRET_CACHE_KEY], struct arena *arena)
{
    struct lfi_slice copy = {NULL, 0};
    (void)pthread_mutex_lock(&cache->lock);
    drop_expired(cache, clock_now_us(cache->clock));
    const struct entry *entry = find(cache, key);
    if (entry) {
        copy = arena_keep(arena, (struct lfi_slice){entry->text, entry->len});
    }
    (void)pthread_mutex_unlock(&cache->lock);
    return copy;
}

void secret_cache_put(struct secret_cache *cache, const unsigned char key[SECRET_CACHE_KEY],
                      struct lfi_slice text)
{
    int64_t now_us = clock_now_us(cache->clock);
    struct entry *entry = size_of(text.len) <= cache->max_bytes ? malloc(size_of(text.len)) : NULL;
    if (!entry) {
        return;
    }
    entry->expires_us = now_us + cache->life_us;
    entry->len = text.len;
    memcpy(entry->key, key, SECRET_CACHE_KEY);
    memcpy(entry->text, text.ptr, text.len);
    (void)pthread_mutex_lock(&cache->lock);
    struct entry *before = find(cache, key);
    if (before) {
        drop(cache, before);
    }
    drop_expired(cache, now_us);
    while (cache->bytes + size_of(text.len) > cache->max_bytes) {
        drop(cache, TAILQ_FIRST(&cache->oldest_first));
    }
    LIST_INSERT_HEAD(&cache->buckets[key[0]], entry, same_bucket);
    TAILQ_INSERT_TAIL(&cache->oldest_first, entry, by_age);
    cache->bytes += size_of(text.len);
    (void)pthread_mutex_unlock(&cache->lock);
}
