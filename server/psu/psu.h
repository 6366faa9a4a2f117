/*
 * The customer's side: /authorize, the journey's JSON API, the static pages, and in the demo the
 * simulated bank app. One handler for the public listener. Sessions are sealed cookies; what must
 * be counted, done once or done later is in the server's state.
 */
#ifndef PSU_PSU_H
#define PSU_PSU_H

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "http/forwarded.h"
#include "http/message.h"
#include "http/metrics.h"
#include "operator/explain.h"
#include "operator/override.h"
#include "payments/payee_verdict.h"
#include "payments/pii.h"
#include "provider/share.h"
#include "psu/endpoint.h"
#include "state/state.h"

struct psu_config {
    const struct psu_endpoint *endpoints;
    size_t endpoint_count;
    const char *public_url; /* origin that browsers see, "https://auth.bank.example" */
    const char *bank_name;
    struct lfi_slice session_key;          /* 32 bytes */
    struct lfi_slice previous_session_key; /* absent or 32 bytes */
    int session_s;                         /* how long a journey may take */
    struct forwarded_proxies proxies;      /* of the bank, between browsers and the listener */
    int max_attempts;                      /* failed sign-ins that end an attempt */
    bool step_up_data_sharing;             /* consents to share data are confirmed once more */
    bool demo_app;                         /* serve the simulated bank app */
    const struct state *state;
    struct explain *explain;        /* where left out accounts are noted; may be NULL */
    struct overrides *overrides;    /* of steps; may be NULL */
    struct shares *shares;          /* of the providers in the listener's workers */
    struct metrics *metrics;        /* may be NULL */
    struct pii_reader *pii;         /* of payments; NULL: no encryption is configured */
    struct verdict_judge *verdicts; /* of Confirmation of Payee; NULL: cannot be verified */
};

struct psu;

/* Copies the texts; endpoints' providers and hubs and the state must outlive it. */
int psu_new(struct psu **out, const struct psu_config *config, const struct clock *clock,
            const struct log *log, struct lfi_error *error);
void psu_free(struct psu *psu);
/* http_handler_fn for the public listener; ctx is the struct psu. */
void psu_handle(void *psu, const struct request *request, struct reply *reply);
/*
 * Runs one task of a provider that is due: ends the journey of a customer who has left, or repeats
 * a call that the Hub has missed. True: there may be more. Any thread, several at once; instances
 * share the tasks.
 */
bool psu_run_task(struct psu *psu, const struct provider *provider);
/* Whether an operator can override this: "journey/approve". */
bool psu_is_step(struct lfi_slice name);
/* Whether a path is of a page or a file of ours, or of a step. */
bool psu_owns_path(struct lfi_slice path);

#endif
