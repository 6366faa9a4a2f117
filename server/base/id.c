#include "base/id.h"

#include "base/base64.h"
#include "base/buf.h"

#include <limits.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

bool id_random(void *out, size_t len)
{
    return len <= INT_MAX && RAND_bytes(out, (int)len) == 1;
}

bool id_uuid4(char out[ID_UUID_MAX])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char bytes[16];
    char *at = out;

    if (!id_random(bytes, sizeof(bytes))) {
        return false;
    }
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *at++ = '-';
        }
        *at++ = hex[bytes[i] >> 4];
        *at++ = hex[bytes[i] & 0x0f];
    }
    *at = '\0';
    return true;
}

struct lfi_slice id_digest(struct arena *arena, struct lfi_slice bytes)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    struct buf text;

    buf_init(&text, 64);
    SHA256((const unsigned char *)bytes.ptr, bytes.len, digest);
    base64_append_url(&text, digest, sizeof(digest));
    return arena_take(arena, &text);
}
