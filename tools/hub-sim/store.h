/*
 * What the simulated Hubs remember: consents, each with the authorization request that made it, the
 * customer's interaction with it and everything that passed between Hub and bank about it. In
 * memory, at most STORE_CONSENTS; a new one then takes the place of the oldest. store_keep writes
 * it down as well, so that it survives a restart.
 *
 * One lock guards all of it: a struct consent may only be looked at between store_lock and
 * store_unlock, and no call to the bank is made in between.
 */
#ifndef HUB_SIM_STORE_H
#define HUB_SIM_STORE_H

#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "base/log.h"
#include "record.h"
#include "tpps.h"
#include "transcript.h"

#define STORE_CONSENTS 1000
#define STORE_BODY_BYTES 16384     /* of a body in an exchange; longer ones are cut */
#define STORE_CONSENT_BYTES 131072 /* of all bodies of a consent; from then on they are cut at */
#define STORE_LATE_BODY_BYTES 1024 /* this length, so that a thousand consents fit */

struct sim;

struct store;
struct store_file;

struct store *store_new(const struct clock *clock, const struct log *log);
void store_free(struct store *store);
/*
 * Reads what the folder of the configuration keeps, if any, and writes down every change from now
 * on: at once, and whatever else changed in a consent with a note about it by store_unlock.
 */
int store_keep(struct store *store, const struct sim *sim, struct lfi_error *error);
/*
 * A file beside that of the store, for what another part keeps over a restart; NULL in *out when
 * the store is in memory only. After store_keep; the caller closes it.
 */
int store_open_beside(const struct store *store, const char *name, struct store_file **out,
                      struct lfi_error *error);
void store_lock(struct store *store);
void store_unlock(struct store *store);

/* --- everything below under the lock ---------------------------------------------------------- */

/*
 * Gives the lock up until somebody else has had it, and takes it again: what was found before must
 * be found anew. False at `end_us` of the monotonic clock.
 */
bool store_wait(struct store *store, int64_t end_us);

/* Frees the trees of a consent that was not stored. Needs no lock. */
void store_drop(struct consent *consent);
/* Takes the trees of `consent` over; NULL when memory is short. */
struct consent *store_add(struct store *store, const struct consent *consent);
size_t store_count(const struct store *store);
struct consent *store_at(struct store *store, size_t index); /* newest first */
/* NULL when there is none; `hub` NULL: whichever. */
struct consent *store_find(struct store *store, const struct sim_hub *hub, struct lfi_slice id);
struct consent *store_find_request(struct store *store, struct lfi_slice request_uri);
struct consent *store_find_interaction(struct store *store, const struct sim_hub *hub,
                                       struct lfi_slice interaction_id);
struct consent *store_find_state(struct store *store, struct lfi_slice state);

/* Something in its head has changed, and is to be written down. */
void store_touch(struct store *store, struct consent *consent);
/* A change of the consent, for its history: operation "create", "patch" or "revoke". */
void store_note_change(struct store *store, struct consent *consent, const char *operation,
                       const char *patch);

/*
 * What passed between Hub and bank. It takes the findings along that were noted since the last one.
 * `consent` NULL: about none, such as a call for products; the latest are kept, of all Hubs. Every
 * note carries the number "n", which grows over all of them.
 */
void store_note_exchange(struct store *store, struct consent *consent,
                         const struct exchange *exchange);
/*
 * What passed on the TPP's side of the Hub. Interfaces: "par" (TPP to Hub), "token" (TPP to Hub,
 * issued or refused; neither code nor token is kept), "redirect" (TPP to bank through the
 * browser), "callback" (bank to TPP through the browser), "refused" (a request of the TPP that the
 * Hub did not pass on), "webhook" (Hub to TPP, with the event in clear).
 */
void store_note_step(struct store *store, struct consent *consent, const struct exchange *exchange);

/* What the simulated TPP received of the Hub. Takes `message` over. */
void store_note_event(struct store *store, struct consent *consent, cJSON *message);

/* Something the bank did wrong. `consent` NULL: it could not be told which. Logged too. */
void store_note_finding(struct store *store, struct consent *consent, const char *id,
                        const char *detail);
/* All findings, newest last: an array that belongs to the store. */
const cJSON *store_findings(const struct store *store);
/* The exchanges about no consent, likewise. */
const cJSON *store_exchanges(const struct store *store);

#endif
