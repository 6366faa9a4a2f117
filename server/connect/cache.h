/*
 * Numbers remembered for a while, in a table of fixed size: what page 1 of a list saw, what a
 * consent permits. Whole keys are compared. An entry may be overwritten before its time, so whoever
 * asks must be able to do without. Any thread.
 */
#ifndef CONNECT_CACHE_H
#define CONNECT_CACHE_H

#include "base/slice.h"

struct cache;

#define CACHE_KEY_BYTES                                                                            \
    512 /* provider, consent, account and a filter; longer ones are not kept                       \
         */

struct cache *cache_new(void);
void cache_free(struct cache *cache); /* NULL is fine */
void cache_put(struct cache *cache, struct lfi_slice key, uint64_t value, int64_t expires_us);
/* 0 when there is nothing for the key, or its time has passed. */
uint64_t cache_get(struct cache *cache, struct lfi_slice key, int64_t now_us);

#endif
