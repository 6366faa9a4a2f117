/*
 * Key sets by address: fetched, cached at most LIMIT_JWKS_CACHE_S, refreshed in the background
 * before they expire, refetched (rate-limited per address) for an unknown kid. Callers that
 * need the same address at the same time share one fetch. At most 64 addresses are held.
 *
 * It outlives a reload that does not change how it fetches: then the next rules share it.
 *
 * A caller may choose a key set that cannot be fetched, or a kid that is in none: how many wait is
 * bounded, so that workers are left for callers who need no fetch.
 */
#ifndef CALLER_KEYSTORE_H
#define CALLER_KEYSTORE_H

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "http/metrics.h"
#include "jose/jose.h"

struct keystore; /* any thread */

struct keystore_config {
    const char *ca_file; /* trust anchors for https, NULL: plain http only */
    const struct clock *clock;
    const struct log *log;
    struct metrics *metrics;
    int timeout_ms;
    struct keystore *previous; /* asked in keystore_new alone; NULL: none */
    int waiting_max; /* callers that may wait at once, two thirds of them for one address; 0: all */
};

/*
 * The previous one, when it fetches alike (the same bytes of the CA file): with one more owner.
 * Else a new one, which starts a thread. Copies the configuration's own fields; clock, log and
 * metrics must outlive it, and be those of the previous one.
 */
int keystore_new(struct keystore **out, const struct keystore_config *config,
                 struct lfi_error *error);
/* Each owner ends with this; the last one waits for a running fetch. NULL is fine. */
void keystore_free(struct keystore *store);

/*
 * The key set at `url`, for these algorithms (jose.h); the caller is one of its owners and ends
 * that with jose_keyset_free. When `kid` is not in the cached set, one refetch is tried; a set
 * without `kid` is returned as it is, and an address at which the key store publishes nothing (404)
 * has an empty set. NULL when no set younger than the cache limit can be had, or when too many
 * callers wait already: `error` says why. Takes at most about timeout_ms.
 */
struct jose_keyset *keystore_acquire(struct keystore *store, struct lfi_slice url,
                                     unsigned algorithms, struct lfi_slice kid,
                                     struct lfi_error *error) __attribute__((warn_unused_result));

#endif
