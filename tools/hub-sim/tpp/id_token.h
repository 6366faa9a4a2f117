/* ID tokens (OpenID Connect Core 2), signed with the Hub's Sig2. */
#ifndef HUB_SIM_TPP_ID_TOKEN_H
#define HUB_SIM_TPP_ID_TOKEN_H

#include "tpp/call.h"

#define ID_TOKEN_S 600

/*
 * Adds id_token to a token answer; nonce and auth_time only when the request asked for them, and
 * nonce only the first time. Under the store's lock.
 */
void id_token_add(cJSON *body, struct tpp_call *call, const struct consent *consent, bool first);

#endif
