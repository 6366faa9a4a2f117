/* What the TPP app signs: compact JWS with the key that its TPP publishes. */
#ifndef HUB_SIM_TPP_APP_SIGN_H
#define HUB_SIM_TPP_APP_SIGN_H

#include "tpp_app/app.h"

/* Each in the arena; absent with a reason in `error`. */
struct lfi_slice sign_assertion(const struct tpp_app *app, const struct flow *flow,
                                struct arena *arena, struct lfi_error *error);
/* The request object for one element of authorization_details. */
struct lfi_slice sign_request(const struct tpp_app *app, const struct flow *flow,
                              const cJSON *details, struct arena *arena, struct lfi_error *error);
/* The body of a call of the resource server. */
struct lfi_slice sign_message(const struct tpp_app *app, const struct flow *flow,
                              const cJSON *message, struct arena *arena, struct lfi_error *error);
/* To which the customer's browser comes back. */
struct lfi_slice sign_redirect_uri(const struct tpp_app *app, struct arena *arena);

#endif
