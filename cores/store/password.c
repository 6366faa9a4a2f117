#include "store/internal.h"

#include <openssl/evp.h>

bool password_hash(struct lfi_slice password, struct lfi_slice salt, uint32_t rounds,
                   unsigned char out[PASSWORD_HASH_BYTES])
{
    if (password.len > 1024 || salt.len > 1024 || rounds == 0 || rounds > PASSWORD_ROUNDS_MAX) {
        return false;
    }
    return PKCS5_PBKDF2_HMAC(password.ptr ? password.ptr : "", (int)password.len,
                             (const unsigned char *)salt.ptr, (int)salt.len, (int)rounds,
                             EVP_sha256(), PASSWORD_HASH_BYTES, out) == 1;
}
