// link: lfi-jose lfi-base
/*
 * A compact JWE for the bank before it is decrypted: the text as a whole and (so that the fuzzer
 * need not learn base64) as the JSON of the header.
 */
#include "base/base64.h"
#include "base/limits.h"
#include "jose/decrypt.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void judge(struct lfi_slice compact)
{
    struct jose_jwe jwe;
    struct lfi_error error = {""};
    struct arena *arena = arena_new(LIMIT_ARENA_BYTES);

    if (jose_jwe_parse(arena, compact, LIMIT_PII_BYTES, &jwe, &error) == 0) {
        expect(compact.len <= LIMIT_PII_BYTES && jwe.signed_header.len > 0);
        expect(jwe.signed_header.ptr == compact.ptr);
        expect(jwe.wrapped.ptr && jwe.iv.ptr && jwe.cipher.ptr && jwe.tag.ptr);
        expect(jwe.wrapped.len + jwe.iv.len + jwe.cipher.len + jwe.tag.len < compact.len);
        expect((jwe.has_kid || !jwe.kid.ptr) && (jwe.has_cty || !jwe.cty.ptr));
    } else {
        expect(error.message[0] != '\0');
    }
    arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf compact;

    judge((struct lfi_slice){(const char *)data, size});
    buf_init(&compact, LIMIT_ARENA_BYTES);
    base64_append_url(&compact, data, size);
    buf_append_text(&compact, ".AA.AA.AA.AA");
    judge(buf_slice(&compact));
    buf_free(&compact);
    return 0;
}
