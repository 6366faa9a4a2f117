/*
 * The ConnectToken of a payment consent (hub to bank 4.1): a secret that the bank writes into the
 * consent when its customer authorizes it. A Hub that is set up for it sends it with the payments
 * of that consent, in place of its own credential.
 *
 * It is a MAC of provider and consent: nothing is kept, and any instance with the same key knows
 * it. It has no end of its own: the Hub sends it as long as the consent is authorized.
 */
#ifndef CALLER_CONNECT_TOKEN_H
#define CALLER_CONNECT_TOKEN_H

#include "base/buf.h"
#include "base/error.h"

#define CONNECT_TOKEN_KEY_BYTES 32

struct connect_tokens; /* constant, any thread */

/* The keys have CONNECT_TOKEN_KEY_BYTES each; the previous one may be absent. They are copied. */
int connect_tokens_new(struct connect_tokens **out, struct lfi_slice key,
                       struct lfi_slice previous_key, struct lfi_error *error);
void connect_tokens_free(struct connect_tokens *tokens); /* wipes the keys; NULL is fine */

/* Appends the token of the provider's consent, to be patched as its ConnectToken. */
int connect_token_make(const struct connect_tokens *tokens, const char *provider,
                       struct lfi_slice consent, struct buf *out)
    __attribute__((warn_unused_result));
/* Whether the text is that token, made with either key. Compared in constant time. */
bool connect_token_is(const struct connect_tokens *tokens, const char *provider,
                      struct lfi_slice consent, struct lfi_slice text);

#endif
