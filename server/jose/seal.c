#include "jose/seal.h"

#include "base/base64.h"
#include "base/id.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

/* Box: version, nonce, ciphertext (as long as the clear text), tag. */
#define VERSION 1
#define KEY_BYTES 32
#define NONCE_BYTES 12
#define TAG_BYTES 16
#define HEAD_BYTES (1 + NONCE_BYTES)

struct seal {
    unsigned char current[KEY_BYTES];
    unsigned char previous[KEY_BYTES];
    bool has_previous;
};

int seal_new(struct seal **out, struct lfi_slice current, struct lfi_slice previous,
             struct lfi_error *error)
{
    *out = NULL;
    if (current.len != KEY_BYTES || (previous.ptr && previous.len != KEY_BYTES)) {
        return error_set(error, "a sealing key has %d bytes", KEY_BYTES);
    }
    struct seal *seal = calloc(1, sizeof(*seal));
    if (!seal) {
        return error_set(error, "out of memory");
    }
    memcpy(seal->current, current.ptr, KEY_BYTES);
    if (previous.ptr) {
        memcpy(seal->previous, previous.ptr, KEY_BYTES);
        seal->has_previous = true;
    }
    *out = seal;
    return 0;
}

void seal_free(struct seal *seal)
{
    if (seal) {
        OPENSSL_cleanse(seal, sizeof(*seal));
        free(seal);
    }
}

/* The additional data: the version byte of the box and the purpose. */
static bool add_purpose(EVP_CIPHER_CTX *ctx, unsigned char version, const char *purpose)
{
    int len = 0;

    return EVP_CipherUpdate(ctx, NULL, &len, &version, 1) == 1 &&
           EVP_CipherUpdate(ctx, NULL, &len, (const unsigned char *)purpose,
                            (int)strlen(purpose)) == 1;
}

int seal_close(const struct seal *seal, const char *purpose, struct lfi_slice clear,
               struct buf *out)
{
    int rc = -1, len = 0, rest = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    unsigned char *box = NULL;

    if (!ctx || clear.len > INT_MAX - HEAD_BYTES - TAG_BYTES) {
        goto out;
    }
    box = malloc(HEAD_BYTES + clear.len + TAG_BYTES);
    if (!box) {
        goto out;
    }
    box[0] = VERSION;
    if (!id_random(box + 1, NONCE_BYTES) ||
        EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, seal->current, box + 1) != 1 ||
        !add_purpose(ctx, VERSION, purpose) ||
        EVP_EncryptUpdate(ctx, box + HEAD_BYTES, &len, (const unsigned char *)clear.ptr,
                          (int)clear.len) != 1 ||
        EVP_EncryptFinal_ex(ctx, box + HEAD_BYTES + len, &rest) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, box + HEAD_BYTES + clear.len) !=
            1) {
        goto out;
    }
    base64_append_url(out, box, HEAD_BYTES + clear.len + TAG_BYTES);
    rc = out->failed ? -1 : 0;
out:
    free(box);
    EVP_CIPHER_CTX_free(ctx);
    return rc;
}

static bool open_with(const unsigned char *key, const char *purpose, struct lfi_slice box,
                      unsigned char *out)
{
    const unsigned char *bytes = (const unsigned char *)box.ptr;
    size_t clear_len = box.len - HEAD_BYTES - TAG_BYTES;
    unsigned char tag[TAG_BYTES];
    int len = 0, rest = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    memcpy(tag, bytes + HEAD_BYTES + clear_len, TAG_BYTES);
    bool good = ctx && EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, bytes + 1) == 1 &&
                add_purpose(ctx, bytes[0], purpose) &&
                EVP_DecryptUpdate(ctx, out, &len, bytes + HEAD_BYTES, (int)clear_len) == 1 &&
                EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) == 1 &&
                EVP_DecryptFinal_ex(ctx, out + len, &rest) == 1;
    if (!good) {
        OPENSSL_cleanse(out, clear_len);
    }
    EVP_CIPHER_CTX_free(ctx);
    return good;
}

struct lfi_slice seal_open(const struct seal *seal, struct arena *arena, const char *purpose,
                           struct lfi_slice box)
{
    const struct lfi_slice wrong = {NULL, 0};
    struct lfi_slice bytes = base64_decode_url(arena, box);

    if (bytes.len < HEAD_BYTES + TAG_BYTES || bytes.len > INT_MAX || bytes.ptr[0] != VERSION) {
        return wrong;
    }
    size_t len = bytes.len - HEAD_BYTES - TAG_BYTES;
    unsigned char *clear = arena_alloc(arena, len + 1);
    if (!clear) {
        return wrong;
    }
    if (open_with(seal->current, purpose, bytes, clear) ||
        (seal->has_previous && open_with(seal->previous, purpose, bytes, clear))) {
        return (struct lfi_slice){(const char *)clear, len};
    }
    return wrong;
}
