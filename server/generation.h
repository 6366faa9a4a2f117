/*
 * A generation: what a reload replaces as a whole. The rules for callers, the token endpoint, the
 * connections to the Hub with certificate and key, the keys for the personal data of payments, and
 * the customer's pages, and the versions that are served. Token ids that were seen and key sets
 * that were fetched go over to the next one (caller_new, pii_reader_new).
 *
 * A request holds the generation that was the current one when it began; the last holder of an
 * old generation frees it.
 */
#ifndef SERVER_GENERATION_H
#define SERVER_GENERATION_H

#include "caller/caller.h"
#include "config/config.h"
#include "oauth/oauth.h"
#include "psu/psu.h"

struct generation {
    const struct config *config; /* that it was made of */
    struct caller *caller;
    struct oauth *oauth;          /* NULL: no provider has a client of our own token endpoint */
    struct hub **hubs;            /* by provider index; NULL where no journey is configured */
    struct pii_reader *pii;       /* NULL: no encryption is configured */
    struct caap_keys *caap;       /* NULL: no provider needs them */
    const struct offers **offers; /* by provider index */
    struct verdict_judge *verdicts;
    struct psu *psu;
    struct generation_parts *parts;
};

/* What outlives every generation. */
struct generation_shared {
    const struct provider_set *providers;
    const struct state *state;
    const struct clock *clock;
    const struct log *log;
    struct metrics *metrics;
    size_t first_token_operation; /* in the metrics */
    struct explain *explain;      /* may be NULL */
    struct overrides *overrides;
    struct call_log *calls;       /* NULL: not kept */
    struct shares *public_shares; /* of the providers in the public listener's workers */
};

/* The one that is current. Any thread. */
struct generations;

/*
 * Makes the first from a configuration that must outlive all. `c3` is the configuration's pair
 * towards the Hub that is in use.
 */
int generations_new(struct generations **out, const struct generation_shared *shared,
                    const struct config *config, const struct config_pair *c3,
                    struct lfi_error *error);
void generations_free(struct generations *generations); /* when no request runs any more */
/* Makes the next and takes `config` on success; on failure nothing changes. One thread at a time.
 */
int generations_replace(struct generations *generations, struct config *config,
                        const struct config_pair *c3, struct lfi_error *error);

struct generation *generations_hold(struct generations *generations);
void generations_release(struct generation *generation);

#endif
