/*
 * The Ozone Connect operations. One handler for the Hub's listener: caller, provider, contract
 * check, the operation's row (flow/row.h), contract check of the reply, log line. The functions
 * that rows name are here, a file per subject.
 */
#ifndef CONNECT_CONNECT_H
#define CONNECT_CONNECT_H

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "caap/keys.h"
#include "caller/caller.h"
#include "contract/contract.h"
#include "flow/api.h"
#include "http/call_log.h"
#include "http/message.h"
#include "http/metrics.h"
#include "hub/hub.h"
#include "operator/explain.h"
#include "operator/override.h"
#include "payments/pii.h"
#include "provider/provider.h"
#include "state/state.h"

struct connect_config {
    const struct apis *apis;
    const struct provider_set *providers;
    const struct state *state;
    int workers; /* how many requests are served at once; see provider/share.h */
    enum contract_replies check_responses;
    const char *host_name;       /* what the health operations call this server */
    const char *bank_name;       /* how messages to customers are signed */
    struct explain *explain;     /* where refusals are remembered; may be NULL */
    struct overrides *overrides; /* of the operator; may be NULL */
    struct call_log *calls;      /* for the console; NULL: not kept */
};

struct connect;

/* What it is given must outlive it. Logs the operations that answer 501. */
int connect_new(struct connect **out, const struct connect_config *config,
                const struct clock *clock, const struct log *log, struct metrics *metrics,
                struct lfi_error *error);
void connect_free(struct connect *connect);
/* Whom the server talks to; replaced as a whole at reload. */
struct connect_peers {
    struct caller *caller;
    struct hub *const *hubs;      /* by provider index, to read consents; entries may be NULL */
    struct pii_reader *pii;       /* of payments; NULL: no encryption is configured */
    const struct caap_keys *caap; /* NULL: no provider's customers decide at CAAP */
    const struct offers *const *offers; /* by provider index; NULL: those that providers have */
};

/* Answers a request of the Hub's listener. `peers` may be others for the next. */
void connect_handle(struct connect *connect, const struct connect_peers *peers,
                    const struct request *request, struct reply *reply);

/* Whether the operation of a request reads its body in pieces. */
bool connect_streams(const struct connect *connect, const struct request *request);

/* At reload; any thread. */
void connect_set_check(struct connect *connect, enum contract_replies check);

#endif
