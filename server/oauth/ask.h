/* A token request, and how it is refused. */
#ifndef OAUTH_ASK_H
#define OAUTH_ASK_H

#include "caller/caller.h"
#include "caller/client.h"
#include "http/message.h"
#include "oauth/form.h"
#include "state/state.h"

struct caller_secrets;
struct secret_use;

struct oauth_client {
    const struct client *settings;
    size_t provider;                /* index, as the metrics count it */
    struct caller_secrets *secrets; /* NULL: no method needs one */
    struct secret_use *use;         /* of the secrets */
};

/* A token request, with what it takes to authenticate its client. */
struct oauth_ask {
    const struct request *request;
    const struct form *form;
    const struct caller_subject *subject; /* of the certificate */
    struct caller *caller;                /* finds the client's keys */
    const struct state *state;            /* remembers assertions */
    const struct log *log;
    const char *issuer; /* assertions are for it, or for its endpoint */
    const char *endpoint;
    int64_t now_s;
};

/*
 * Refusals by RFC 6749 5.2: invalid_request 400 with this message; invalid_client 401 with the same
 * words for all, the detail is for the log; temporarily_unavailable 503. Return -1.
 */
int oauth_refuse_request(struct refusal *refusal, const char *id, const char *message);
int oauth_refuse_client(struct refusal *refusal, const char *id, const char *detail);
int oauth_refuse_temporarily(struct refusal *refusal, const char *id, const char *detail);

#endif
