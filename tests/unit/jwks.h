/* The key set that publishes a signer's key. */
#ifndef TESTS_JWKS_H
#define TESTS_JWKS_H

#include "base/limits.h"
#include "jose/jose.h"

#include <stdlib.h>
#include <string.h>

/* To be freed. */
static inline char *jwks_of(const struct jose_signer *signer)
{
    struct buf jwks;
    buf_init(&jwks, LIMIT_JWKS_BYTES);
    buf_append_text(&jwks, "{\"keys\":[");
    jose_signer_append_jwk(signer, &jwks);
    buf_append_text(&jwks, "]}");
    char *text = jwks.failed ? NULL : strndup(jwks.ptr, jwks.len);
    buf_free(&jwks);
    if (!text) {
        abort();
    }
    return text;
}

#endif
