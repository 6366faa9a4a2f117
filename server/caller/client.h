/* A client of the bank's own token endpoint, as it is configured: the Hub of one provider. */
#ifndef CALLER_CLIENT_H
#define CALLER_CLIENT_H

#include "caller/access_token.h"

/* Client authentication methods (RFC 6749 2.3.1, RFC 7523 2.2, RFC 8705 2.1). */
enum client_method {
    CLIENT_SECRET_BASIC,
    CLIENT_SECRET_POST,
    CLIENT_PRIVATE_KEY_JWT,
    CLIENT_TLS,
    CLIENT_METHODS
};

/* As configuration and metadata (RFC 8414 2) name them; NULL at the end. */
extern const char *const client_method_names[CLIENT_METHODS + 1];

/* Lists end with NULL. All is borrowed. */
struct client {
    const char *id;
    const char *provider;        /* id */
    unsigned methods;            /* 1u << enum client_method each */
    const char *secrets_file;    /* NULL: it has none */
    const char *const *subjects; /* of its certificate; empty: any with the pinned OU */
    const char *const *scopes;
    int life_s; /* of its tokens */
    enum access_form form;
};

#endif
