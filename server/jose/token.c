/* Compact JWS text taken apart. Nothing here says that a token is genuine. */
#include "base/base64.h"
#include "base/limits.h"
#include "jose/header.h"
#include "jose/jose.h"

/* Header members with a meaning here: a duplicate would be ambiguous. */
static const char *const header_names[] = {"alg", "typ", "cty", "kid", NULL};

static int read_header(struct arena *arena, struct lfi_slice json, struct jose_token *out,
                       struct lfi_error *error)
{
    const struct jose_header_text texts[] = {{"alg", &out->alg},
                                             {"typ", &out->typ},
                                             {"cty", &out->cty},
                                             {"kid", &out->kid},
                                             {NULL, NULL}};
    cJSON *header = jose_header_read(arena, json, header_names, texts, error);

    if (!header) {
        return -1;
    }
    out->has_crit = json_get(header, "crit");
    out->names_key = json_get(header, "jku") || json_get(header, "jwk") ||
                     json_get(header, "x5u") || json_get(header, "x5c");
    cJSON_Delete(header);
    return 0;
}

int jose_token_parse_within(struct arena *arena, struct lfi_slice compact, size_t max,
                            struct jose_token *out, struct lfi_error *error)
{
    struct lfi_slice rest = compact, header, payload, signature;

    memset(out, 0, sizeof(*out));
    if (compact.len > max) {
        return error_set(error, "longer than %zu bytes", max);
    }
    if (!slice_next(&rest, '.', &header) || !slice_next(&rest, '.', &payload) ||
        !slice_next(&rest, '.', &signature) || rest.ptr || header.len == 0 || payload.len == 0 ||
        signature.len == 0) {
        return error_set(error, "not three parts");
    }
    struct lfi_slice json = base64_decode_url(arena, header);
    out->payload = base64_decode_url(arena, payload);
    out->signature = base64_decode_url(arena, signature);
    out->signed_part = (struct lfi_slice){compact.ptr, header.len + 1 + payload.len};
    if (!json.ptr || !out->payload.ptr || !out->signature.ptr) {
        return error_set(error, "not base64url");
    }
    return read_header(arena, json, out, error);
}

int jose_token_parse(struct arena *arena, struct lfi_slice compact, struct jose_token *out,
                     struct lfi_error *error)
{
    return jose_token_parse_within(arena, compact, LIMIT_TOKEN_BYTES, out, error);
}
