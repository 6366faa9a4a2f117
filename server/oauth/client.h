/*
 * Clients of the token endpoint and their authentication (RFC 6749 2.3, RFC 7523 2.2, RFC 8705
 * 2.1). The Hub's client certificate and its pinned OU have passed before.
 */
#ifndef OAUTH_CLIENT_H
#define OAUTH_CLIENT_H

#include "oauth/ask.h"

struct oauth_clients {
    const struct oauth_client *items;
    size_t count;
};

/*
 * The client, once it has proved who it is; *out may be set on a refusal too, to be logged. The
 * refusal's error code is that of RFC 6749 5.2: invalid_request 400 for CLIENT-METHODS and
 * CLIENT-FORM; temporarily_unavailable 503 for JWKS-UNAVAILABLE and CLIENT-STATE; all others are
 * invalid_client 401 with the same words: CLIENT-MISSING, CLIENT-SCHEME, CLIENT-BASIC,
 * CLIENT-UNKNOWN, CLIENT-METHOD (not one of this client's), CLIENT-CERTIFICATE, CLIENT-SECRET,
 * CLIENT-ASSERTION-….
 */
int oauth_client_authenticate(const struct oauth_clients *clients, const struct oauth_ask *ask,
                              const struct oauth_client **out, struct refusal *refusal);

#endif
