#include "payments/identity.h"

#include <openssl/evp.h>

static bool add_part(EVP_MD_CTX *digest, struct lfi_slice part)
{
    uint64_t size = part.len;
    return EVP_DigestUpdate(digest, &size, sizeof(size)) == 1 &&
           EVP_DigestUpdate(digest, part.ptr ? part.ptr : "", part.len) == 1;
}

bool identity_write(const struct lfi_slice *parts, size_t count,
                    unsigned char out[LFI_ORDER_DIGEST_SIZE])
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    bool whole = digest && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1;
    for (size_t i = 0; whole && i < count; i++) {
        whole = add_part(digest, parts[i]);
    }
    whole = whole && EVP_DigestFinal_ex(digest, out, NULL) == 1;
    EVP_MD_CTX_free(digest);
    return whole;
}
