// link: lfi-jose lfi-base
/* The key store's answer. */
#include "jose/jose.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char signature[256];
    struct jose_token token = {.kid = SLICE("a"),
                               .signed_part = SLICE("e30.e30"),
                               .signature = {signature, sizeof(signature)}};
    struct jose_keyset *set = NULL;
    struct lfi_error error = {""};
    int rc = jose_keyset_parse(&set, (struct lfi_slice){(const char *)data, size},
                               JOSE_PS256 | JOSE_ES256 | JOSE_RS256, &error);

    if ((rc == 0) == !set || (rc == 0) != (error.message[0] == '\0')) {
        abort();
    }
    for (size_t i = 0; set && jose_algorithm_names[i]; i++) {
        token.alg = slice_of(jose_algorithm_names[i]);
        token.signature.len = jose_algorithm(token.alg) == JOSE_ES256 ? 64 : sizeof(signature);
        if (jose_verify(set, &token, &error) == 0) {
            abort(); /* zeros are nobody's signature */
        }
    }
    jose_keyset_free(set);
    return 0;
}
