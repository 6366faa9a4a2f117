/*
 * Decrypted PII of consents, kept so that the payments under a consent cost one private operation
 * each and not two. An entry is what one JWE was decrypted to: its key is a digest of provider,
 * consent and the JWE itself, so that other PII never gets this answer. Nothing of a consent's
 * state is kept: that is read from the Hub for each payment, for a revocation must count at once,
 * and the Hub's events may be lost or reach another instance. Signature, claims and schema are
 * judged anew each time.
 *
 * What is kept is secret. It is bounded in bytes and time (LIMIT_PII_KEPT_…) and overwritten when
 * it is dropped: by newer entries, when its time has passed and somebody looks, and when the cache
 * is freed, which is when keys are reloaded and when the server stops. Any thread.
 */
#ifndef PAYMENTS_PII_CACHE_H
#define PAYMENTS_PII_CACHE_H

#include "base/arena.h"
#include "base/clock.h"

struct pii_cache;

#define PII_CACHE_KEY 32

/* What an entry is for. */
struct pii_cache_name {
    struct lfi_slice provider_id, consent_id, jwe;
};

/* NULL when memory is short. The clock must outlive it. */
struct pii_cache *pii_cache_new(const struct clock *clock);
void pii_cache_free(struct pii_cache *cache); /* NULL is fine */

/* False: it cannot be told, and nothing is kept. */
bool pii_cache_key(const struct pii_cache_name *name, unsigned char out[PII_CACHE_KEY]);
/* A copy in the arena, which must hold secrets; absent when there is none. */
struct lfi_slice pii_cache_get(struct pii_cache *cache, const unsigned char key[PII_CACHE_KEY],
                               struct arena *arena);
/* Keeps a copy, unless memory is short or it is longer than all that may be kept. */
void pii_cache_put(struct pii_cache *cache, const unsigned char key[PII_CACHE_KEY],
                   struct lfi_slice clear);

#endif
