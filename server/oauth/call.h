/* The context of the room's operations. Internal to this room. */
#ifndef OAUTH_CALL_H
#define OAUTH_CALL_H

#include "flow/call.h"
#include "oauth/oauth.h"

struct oauth {
    struct oauth_config config;
    struct apis *calls;
    char *endpoint; /* issuer and OAUTH_TOKEN_PATH */
};

struct oauth_call {
    struct call base; /* first: an operation gets its address */
    struct oauth *oauth;
    struct caller_subject subject;
    struct form form;
    const struct oauth_client *client; /* NULL: not known */
};

static inline struct oauth_call *oauth_call_of(struct call *call)
{
    return (struct oauth_call *)call;
}

#endif
