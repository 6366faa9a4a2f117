/*
 * Key sets by address: fetched, cached at most LIMIT_JWKS_CACHE_S, refreshed in the background
 * before they grow old, refetched once (rate-limited per address) for an unknown kid. Callers that
 * need the same address at the same time share one fetch. At most 64 addresses are held.
 */
#ifndef CALLER_JWKS_H
#define CALLER_JWKS_H

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/metrics.h"
#include "jose/jose.h"

struct jwks;

struct jwks_config {
    const char *ca_file; /* trust anchors for https, NULL: plain http only */
    const struct clock *clock;
    const struct log *log;
    struct metrics *metrics;
    int timeout_ms;
};

int jwks_new(struct jwks **out, const struct jwks_config *config, struct lfi_error *error);
void jwks_free(struct jwks *jwks);

/*
 * The key set at `url`, pinned until jwks_release. When `kid` is not in the cached set, one refetch
 * is tried. NULL when no set younger than the cache limit can be had: `error` says why.
 * A set without `kid` is returned as it is.
 */
const struct jose_keyset *jwks_acquire(struct jwks *jwks, struct lfi_slice url,
                                       struct lfi_slice kid, struct lfi_error *error);
void jwks_release(struct jwks *jwks, const struct jose_keyset *set);

#endif
