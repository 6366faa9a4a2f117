/*
 * Calls into a core: what the server does for it (lfi_host), and who asks and until when
 * (lfi_call).
 */
#ifndef PROVIDER_CORE_CALL_H
#define PROVIDER_CORE_CALL_H

#include "base/cancellation.h"
#include "base/clock.h"
#include "base/log.h"

#include <lfi/base.h>

/* A core's host. Written once, before the core is opened; then read by any thread. */
struct core_host {
    struct lfi_host base;
    const struct clock *clock;
    const struct log *log;
    const char *provider_id;
};

void core_host_init(struct core_host *host, const char *provider_id, const struct clock *clock,
                    const struct log *log);

/*
 * A call that ends LIMIT_CORE_CALL_MS from now; its other members are for the caller to set.
 * `cancellation` outlives it; NULL: the deadline alone ends it.
 */
struct lfi_call core_call(const struct lfi_host *host, const struct cancellation *cancellation);

#endif
