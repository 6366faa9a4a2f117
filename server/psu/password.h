/*
 * Passwords: how often they may be tried, and what the core says of them. Internal to this room.
 */
#ifndef PSU_PASSWORD_H
#define PSU_PASSWORD_H

#include "psu/context.h"
#include "psu/rate_limit.h"

/* As rate_limit_take_sign_in. False: the answer is given. */
bool password_take_try(struct context *context, struct lfi_slice login,
                       struct rate_limit_uses *out);
/*
 * Of the body's login and password: the core's status; LFI_STOPPED, having answered: the password
 * was not checked.
 */
int password_check(struct context *context, const cJSON *body, struct lfi_id *user_id,
                   struct lfi_error *error);

#endif
