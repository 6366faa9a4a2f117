// link: lfi-jose lfi-base
/* The key store's answer. */
#include "jose/jose.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char signature[256];
    const struct jose_token token = {.alg = SLICE("PS256"),
                                     .kid = SLICE("a"),
                                     .signed_part = SLICE("e30.e30"),
                                     .signature = {signature, sizeof(signature)}};
    struct jose_keyset *set = NULL;
    struct lfi_error error = {""};
    int rc = jose_keyset_parse(&set, (struct lfi_slice){(const char *)data, size}, &error);

    if ((rc == 0) == !set || (rc == 0) != (error.message[0] == '\0')) {
        abort();
    }
    if (set && jose_verify(set, &token, &error) == 0) {
        abort(); /* zeros are nobody's signature */
    }
    jose_keyset_free(set);
    return 0;
}
