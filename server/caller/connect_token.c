#include "caller/connect_token.h"

#include "base/base64.h"
#include "base/limits.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#define PURPOSE "connect-token"
#define MAC_BYTES 32
#define TOKEN_BYTES 43 /* base64url of it */

struct connect_tokens {
    unsigned char keys[2][CONNECT_TOKEN_KEY_BYTES]; /* the current one first */
    size_t key_count;
};

int connect_tokens_new(struct connect_tokens **out, struct lfi_slice key,
                       struct lfi_slice previous_key, struct lfi_error *error)
{
    const struct lfi_slice keys[] = {key, previous_key};
    struct connect_tokens *tokens = calloc(1, sizeof(*tokens));

    *out = NULL;
    if (!tokens) {
        return error_set(error, "out of memory");
    }
    for (size_t i = 0; i < 2 && keys[i].ptr; i++) {
        if (keys[i].len != CONNECT_TOKEN_KEY_BYTES) {
            connect_tokens_free(tokens);
            return error_set(error, "a key of ConnectTokens must have %d bytes",
                             CONNECT_TOKEN_KEY_BYTES);
        }
        memcpy(tokens->keys[tokens->key_count++], keys[i].ptr, keys[i].len);
    }
    *out = tokens;
    return 0;
}

void connect_tokens_free(struct connect_tokens *tokens)
{
    if (tokens) {
        OPENSSL_cleanse(tokens, sizeof(*tokens));
        free(tokens);
    }
}

static int append_mac(const unsigned char *key, const char *provider, struct lfi_slice consent,
                      struct buf *out)
{
    unsigned char mac[MAC_BYTES];
    unsigned len = sizeof(mac);
    struct buf text;

    buf_init(&text, LIMIT_TOKEN_BYTES);
    buf_append(&text, PURPOSE, sizeof(PURPOSE)); /* a NUL after each */
    buf_append(&text, provider, strlen(provider) + 1);
    buf_append_slice(&text, consent);
    bool good = !text.failed && HMAC(EVP_sha256(), key, CONNECT_TOKEN_KEY_BYTES,
                                     (const unsigned char *)text.ptr, text.len, mac, &len);
    buf_free(&text);
    if (good) {
        base64_append_url(out, mac, sizeof(mac));
    }
    OPENSSL_cleanse(mac, sizeof(mac));
    return good && !out->failed ? 0 : -1;
}

int connect_token_make(const struct connect_tokens *tokens, const char *provider,
                       struct lfi_slice consent, struct buf *out)
{
    return append_mac(tokens->keys[0], provider, consent, out);
}

bool connect_token_is(const struct connect_tokens *tokens, const char *provider,
                      struct lfi_slice consent, struct lfi_slice text)
{
    bool is = false;

    if (text.len != TOKEN_BYTES || consent.len == 0) {
        return false;
    }
    for (size_t i = 0; i < tokens->key_count; i++) {
        struct buf own;
        buf_init_secret(&own, TOKEN_BYTES + 1);
        is |= append_mac(tokens->keys[i], provider, consent, &own) == 0 &&
              CRYPTO_memcmp(own.ptr, text.ptr, TOKEN_BYTES) == 0;
        buf_free(&own);
    }
    return is;
}
