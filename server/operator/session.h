/*
 * The operator's session in a browser. The console sends the token once; a sealed cookie that ends
 * after LIMIT_OPERATOR_SESSION_S stands for it from then on. The key is made at start, so a restart
 * ends every session. The cookie is HttpOnly and SameSite=Strict and carries the port in its name,
 * since browsers give a cookie to every port of a host.
 *
 * A request by cookie must come from the console's own page: its Origin, or for a read
 * Sec-Fetch-Site, must say so. The listener has checked Host before (ADMIN-HOST).
 */
#ifndef OPERATOR_SESSION_H
#define OPERATOR_SESSION_H

#include "base/error.h"
#include "http/message.h"
#include "jose/seal.h"

/* A key of its own for each start; seal_free. */
int operator_seal_new(struct seal **out, struct lfi_error *error);
/* Whether the request carries the cookie of a session that has not ended. */
bool operator_session_lives(const struct seal *seal, const struct request *request, int64_t now_s);
/* Whether a page of this listener sent the request, and no other site. */
bool operator_is_own_page(const struct request *request);
/* Sets the cookie. -1: out of memory. */
int operator_session_begin(const struct seal *seal, const struct request *request, int64_t now_s,
                           struct reply *reply);
void operator_session_end(const struct request *request, struct reply *reply);

#endif
