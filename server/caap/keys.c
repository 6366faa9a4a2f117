#include "caap/keys.h"

#include "base/id.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#define KEY_BYTES 32
#define DIGEST_LABEL "caap-digest"

struct caap_keys {
    struct seal *seal;
    unsigned char digest_key[KEY_BYTES];
};

static bool mac(const void *key, struct lfi_slice text, unsigned char out[KEY_BYTES])
{
    unsigned len = 0;
    return HMAC(EVP_sha256(), key, KEY_BYTES, (const unsigned char *)text.ptr, text.len, out,
                &len) &&
           len == KEY_BYTES;
}

int caap_keys_new(struct caap_keys **out, struct lfi_slice current, struct lfi_slice previous,
                  struct lfi_error *error)
{
    struct caap_keys *keys = calloc(1, sizeof(*keys));
    *out = NULL;
    if (!keys || current.len != KEY_BYTES ||
        !mac(current.ptr, SLICE(DIGEST_LABEL), keys->digest_key)) {
        free(keys);
        return error_set(error, "the keys for CAAP cannot be made");
    }
    if (seal_new(&keys->seal, current, previous, error) != 0) {
        caap_keys_free(keys);
        return -1;
    }
    *out = keys;
    return 0;
}

void caap_keys_free(struct caap_keys *keys)
{
    if (keys) {
        seal_free(keys->seal);
        OPENSSL_cleanse(keys->digest_key, sizeof(keys->digest_key));
        free(keys);
    }
}

const struct seal *caap_seal(const struct caap_keys *keys)
{
    return keys->seal;
}

struct lfi_slice caap_digest(const struct caap_keys *keys, struct arena *arena,
                             struct lfi_slice secret)
{
    unsigned char bytes[KEY_BYTES];
    if (!mac(keys->digest_key, secret, bytes)) {
        return (struct lfi_slice){NULL, 0};
    }
    return id_digest(arena, (struct lfi_slice){(const char *)bytes, sizeof(bytes)});
}
