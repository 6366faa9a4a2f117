#include "payments/pii_cache.h"

#include "base/array.h"
#include "base/limits.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/queue.h>

#define BUCKETS 256

struct entry {
    LIST_ENTRY(entry) same_bucket;
    TAILQ_ENTRY(entry) by_age;
    unsigned char key[PII_CACHE_KEY];
    int64_t expires_us;
    size_t len;
    char clear[];
};

struct pii_cache {
    pthread_mutex_t lock; /* of what follows */
    LIST_HEAD(, entry) buckets[BUCKETS];
    TAILQ_HEAD(, entry) oldest_first; /* all live equally long, so this is by expiry too */
    size_t bytes;
    const struct clock *clock;
};

struct pii_cache *pii_cache_new(const struct clock *clock)
{
    struct pii_cache *cache = calloc(1, sizeof(*cache));
    if (cache) {
        (void)pthread_mutex_init(&cache->lock, NULL);
        TAILQ_INIT(&cache->oldest_first);
        cache->clock = clock;
    }
    return cache;
}

static size_t size_of(size_t len)
{
    return sizeof(struct entry) + len;
}

static void drop(struct pii_cache *cache, struct entry *entry)
{
    size_t size = size_of(entry->len);
    LIST_REMOVE(entry, same_bucket);
    TAILQ_REMOVE(&cache->oldest_first, entry, by_age);
    cache->bytes -= size;
    OPENSSL_cleanse(entry, size);
    free(entry);
}

void pii_cache_free(struct pii_cache *cache)
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

bool pii_cache_key(const struct pii_cache_name *name, unsigned char out[PII_CACHE_KEY])
{
    const struct lfi_slice parts[] = {name->provider_id, name->consent_id, name->jwe};
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    bool whole = digest && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1;
    for (size_t i = 0; whole && i < ARRAY_LEN(parts); i++) {
        whole = add_text(digest, parts[i]);
    }
    whole = whole && EVP_DigestFinal_ex(digest, out, NULL) == 1;
    EVP_MD_CTX_free(digest);
    return whole;
}

static void drop_expired(struct pii_cache *cache, int64_t now_us)
{
    struct entry *entry;
    while ((entry = TAILQ_FIRST(&cache->oldest_first)) && entry->expires_us <= now_us) {
        drop(cache, entry);
    }
}

static struct entry *find(struct pii_cache *cache, const unsigned char key[PII_CACHE_KEY])
{
    struct entry *entry;
    LIST_FOREACH(entry, &cache->buckets[key[0]], same_bucket)
    {
        if (memcmp(entry->key, key, PII_CACHE_KEY) == 0) {
            return entry;
        }
    }
    return NULL;
}

struct lfi_slice pii_cache_get(struct pii_cache *cache, const unsigned char key[PII_CACHE_KEY],
                               struct arena *arena)
{
    struct lfi_slice copy = {NULL, 0};
    (void)pthread_mutex_lock(&cache->lock);
    drop_expired(cache, clock_now_us(cache->clock));
    const struct entry *entry = find(cache, key);
    if (entry) {
        copy = arena_keep(arena, (struct lfi_slice){entry->clear, entry->len});
    }
    (void)pthread_mutex_unlock(&cache->lock);
    return copy;
}

void pii_cache_put(struct pii_cache *cache, const unsigned char key[PII_CACHE_KEY],
                   struct lfi_slice clear)
{
    int64_t now_us = clock_now_us(cache->clock);
    struct entry *entry =
        size_of(clear.len) <= LIMIT_PII_KEPT_BYTES ? malloc(size_of(clear.len)) : NULL;
    if (!entry) {
        return;
    }
    entry->expires_us = now_us + INT64_C(1000000) * LIMIT_PII_KEPT_S;
    entry->len = clear.len;
    memcpy(entry->key, key, PII_CACHE_KEY);
    memcpy(entry->clear, clear.ptr, clear.len);
    (void)pthread_mutex_lock(&cache->lock);
    struct entry *before = find(cache, key);
    if (before) {
        drop(cache, before);
    }
    drop_expired(cache, now_us);
    while (cache->bytes + size_of(clear.len) > LIMIT_PII_KEPT_BYTES) {
        drop(cache, TAILQ_FIRST(&cache->oldest_first));
    }
    LIST_INSERT_HEAD(&cache->buckets[key[0]], entry, same_bucket);
    TAILQ_INSERT_TAIL(&cache->oldest_first, entry, by_age);
    cache->bytes += size_of(clear.len);
    (void)pthread_mutex_unlock(&cache->lock);
}
