/*
 * Key sets by address: fetched, cached at most LIMIT_JWKS_CACHE_S, refreshed in the background
 * before they grow old, refetched (rate-limited per address) for an unknown kid. Callers that
 * need the same address at the same time share one fetch. At most 64 addresses are held.
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
};

/* Copies the configuration's own fields; what they point to must outlive it. Starts a thread. */
int keystore_new(struct keystore **out, const struct keystore_config *config,
                 struct lfi_error *error);
void keystore_free(struct keystore *store); /* NULL is fine; waits for a running fetch */

/*
 * The key set at `url`; the caller is one of its owners and ends that with jose_keyset_free. When
 * `kid` is not in the cached set, one refetch is tried; a set without `kid` is returned as it is.
 * NULL when no set younger than the cache limit can be had: `error` says why. Takes at most about
 * timeout_ms.
 */
struct jose_keyset *keystore_acquire(struct keystore *store, struct lfi_slice url,
                                     struct lfi_slice kid, struct lfi_error *error)
    __attribute__((warn_unused_result));

#endif
