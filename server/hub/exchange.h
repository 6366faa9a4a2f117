/*
 * One call to the Hub and its checked answer: what heimdall.c and consent_manager.c share.
 * Internal to this room.
 */
#ifndef HUB_EXCHANGE_H
#define HUB_EXCHANGE_H

#include "contract/contract.h"
#include "http/client.h"
#include "hub/hub.h"
#include "jose/jose.h"

/* A token lives just long enough for one call (hub-to-bank authentication 4.5). */
#define HUB_TOKEN_LIFE_S 30

enum hub_operation {
    HUB_HELLO_HEIMDALL,
    HUB_GET_AUTH,
    HUB_DO_CONFIRM,
    HUB_DO_FAIL,
    HUB_HELLO_CONSENT_MANAGER,
    HUB_GET_CONSENT,
    HUB_PATCH_CONSENT,
    HUB_REVOKE_CONSENT,
    HUB_LIST_ALL,
    HUB_LIST_OF_USER,
    HUB_LIST_OF_GROUP,
    HUB_LIST_PAYMENTS,
    HUB_PATCH_PAYMENT,
    HUB_PATCH_OPENING,
    HUB_PATCH_FX_QUOTE,
    HUB_PATCH_INSURANCE_QUOTE,
    HUB_OPERATIONS,
};

struct hub_identity {
    char *iss; /* O and OU of the C3 certificate */
    char *sub;
    struct jose_signer *signer;
};

struct hub {
    char *provider_id;
    char *heimdall_url;
    char *consent_manager_url;
    char *audience;
    const struct hub_identity *identity; /* NULL: mTLS only */
    struct http_client *client;
    int timeout_ms;
    const struct contract_operation *operations[HUB_OPERATIONS];
    const struct clock *clock;
    const struct log *log;
    struct metrics *metrics;
    struct call_log *calls; /* NULL: not kept */
};

/* What goes out. `path` is encoded and begins with '/'; `query` goes out byte for byte. */
struct hub_request {
    enum hub_operation operation;
    struct lfi_slice path;
    struct lfi_slice query;   /* absent: none */
    const char *content_type; /* NULL: no body */
    struct lfi_slice body;
    struct lfi_slice about; /* interaction or consent id, for the log */
    int timeout_ms;         /* 0: the Hub's */
};

struct hub_response {
    int status;
    int64_t date_s;            /* the Hub's clock; -1: it does not say */
    struct lfi_slice location; /* of a 303; exact bytes */
    struct lfi_slice body;
};

/*
 * Makes the call. HUB_OK: the status is 2xx or 303 and the answer is as the contract says.
 * HUB_REFUSED: 4xx; `body` is there, checked, when the status is 400.
 */
enum hub_outcome hub_exchange(struct hub *hub, struct arena *arena,
                              const struct hub_request *request, struct hub_response *out,
                              struct lfi_error *error);

/*
 * The same for a call that changes something at the Consent Manager and is answered 204. Its body
 * is checked against the Hub's document first: HUB_WRONG when that forbids it.
 */
enum hub_outcome hub_change(struct hub *hub, struct arena *arena, const struct hub_request *request,
                            struct lfi_error *error);

/* "/prefix/{id}suffix" with the id percent-encoded; absent when memory is short. */
struct lfi_slice hub_path(struct arena *arena, const char *prefix, struct lfi_slice id,
                          const char *suffix);

#endif
