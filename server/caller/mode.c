#include "caller/mode.h"

#include "base/limits.h"
#include "caller/keystore.h"

/* 0 for 0, else at least one. */
static int waiting_max(int workers)
{
    return workers == 1 ? 1 : workers * 3 / 4;
}

int caller_open_keystore(struct caller *caller, struct lfi_error *error)
{
    const struct keystore_config config = {
        .ca_file = caller->config.jwks_ca_file,
        .clock = caller->clock,
        .log = caller->log,
        .metrics = caller->metrics,
        .timeout_ms = LIMIT_JWKS_FETCH_MS,
        .waiting_max = waiting_max(caller->config.workers),
        .previous = caller->config.previous ? caller->config.previous->keystore : NULL};

    return caller->keystore ? 0 : keystore_new(&caller->keystore, &config, error);
}

int caller_refuse(struct refusal *out, const char *id)
{
    return refusal_set(out, id, 401, "GenericError", "The request is not authenticated.");
}
