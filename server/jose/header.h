/* The header of a compact JWS or JWE. Internal to this room. */
#ifndef JOSE_HEADER_H
#define JOSE_HEADER_H

#include "jose/jose.h"

struct jose_header_text {
    const char *name;
    struct lfi_slice *out;
};

/*
 * Parses the header and copies the members of `texts`, which ends with one without a name, into the
 * arena; one that is no string is absent. None of the names in `once` may occur twice. The caller
 * ends the header with cJSON_Delete; NULL with a reason: malformed, or out of memory.
 */
cJSON *jose_header_read(struct arena *arena, struct lfi_slice json, const char *const *once,
                        const struct jose_header_text *texts, struct lfi_error *error);

#endif
