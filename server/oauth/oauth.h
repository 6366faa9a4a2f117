/*
 * The bank's own authorisation server, as far as a Hub needs one: the token endpoint, its metadata
 * and its keys (openapi/token.yaml), on the Hub's listener. It issues access tokens by client
 * credentials (RFC 6749 4.4) for the providers whose mode that is; the client id tells the
 * provider. Certificate and pinned OU are demanded as everywhere.
 *
 * Stateless: nothing of the issued tokens is kept (caller/access_token.h).
 */
#ifndef OAUTH_OAUTH_H
#define OAUTH_OAUTH_H

#include "base/clock.h"
#include "base/log.h"
#include "http/metrics.h"
#include "oauth/client.h"
#include "operator/explain.h"

/* As openapi/token.yaml has them. */
#define OAUTH_TOKEN_PATH "/token"
#define OAUTH_KEYS_PATH "/.well-known/jwks.json"
#define OAUTH_METADATA_PATH "/.well-known/oauth-authorization-server"

/* What it is given must outlive it. */
struct oauth_config {
    struct oauth_clients clients;
    const struct access_keys *keys;
    struct caller *caller; /* checks certificates, finds clients' keys */
    const struct state *state;
    const struct clock *clock;
    const struct log *log;
    struct metrics *metrics;
    size_t first_operation;  /* number of the first of its operations in the metrics */
    struct explain *explain; /* where refusals are remembered; may be NULL */
};

/* Its document: the operations, in the order in which they are counted. */
const struct contract_api *oauth_contract(void);

struct oauth; /* any thread */

int oauth_new(struct oauth **out, const struct oauth_config *config, struct lfi_error *error);
void oauth_free(struct oauth *oauth); /* NULL is fine */

/* Whether the path belongs to it. NULL: there is no token endpoint, so none does. */
bool oauth_owns(const struct oauth *oauth, struct lfi_slice path);
/*
 * Answers 200, or an error of RFC 6749 5.2. Refusals beside those of client.h and the dispatcher:
 * CLIENT-FORM 400 and 413 invalid_request, CLIENT-GRANT 400 unsupported_grant_type, CLIENT-SCOPE
 * 400 invalid_scope.
 */
void oauth_handle(struct oauth *oauth, const struct request *request, struct reply *reply);

#endif
