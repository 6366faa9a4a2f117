/*
 * Secret texts that are kept for a while, so that they need not be made or fetched again. A text is
 * found by the digest of all that it belongs to, so that nothing else ever gets it. The cache is
 * bounded in bytes and time; an entry is overwritten when it is dropped: by newer ones, when its
 * time has passed and somebody looks, and when the cache is freed. Any thread.
 */
#ifndef BASE_SECRET_CACHE_H
#define BASE_SECRET_CACHE_H

#include "base/arena.h"
#include "base/clock.h"

struct secret_cache;

#define SECRET_CACHE_KEY 32

/* NULL when memory is short. The clock must outlive it. */
struct secret_cache *secret_cache_new(const struct clock *clock, size_t max_bytes, int64_t life_s);
void secret_cache_free(struct secret_cache *cache); /* NULL is fine */

/* False: it cannot be told, and nothing is kept. */
bool secret_cache_key(const struct lfi_slice *parts, size_t count,
                      unsigned char out[SECRET_CACHE_KEY]);
/* A copy in the arena, which must hold secrets; absent when there is none. */
struct lfi_slice secret_cache_get(struct secret_cache *cache,
                                  const unsigned char key[SECRET_CACHE_KEY], struct arena *arena);
/* Keeps a copy, unless memory is short or it is longer than all that may be kept. */
void secret_cache_put(struct secret_cache *cache, const unsigned char key[SECRET_CACHE_KEY],
                      struct lfi_slice text);

#endif
