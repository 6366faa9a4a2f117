/*
 * A consent's life at the Hub: how it is made from what a TPP asks, which states follow which, and
 * what the bank may change. Called under the store's lock where a struct consent is passed.
 */
#ifndef HUB_SIM_CONSENT_H
#define HUB_SIM_CONSENT_H

#include "consent/kind.h"
#include "http/refusal.h"
#include "sim.h"
#include "store.h"

/* Who moves a consent from one state to the next. */
enum consent_mover {
    CONSENT_BY_PATCH,  /* the bank, by changing the consent */
    CONSENT_BY_REVOKE, /* the bank, by the revoke action */
    CONSENT_BY_HUB,    /* time */
};

/* Whether the table of states knows the move. */
bool consent_may_move(struct lfi_slice from, struct lfi_slice to, enum consent_mover mover);

struct consent_request {
    const struct sim_hub *hub;
    const struct tpp *tpp;
    const struct consent_kind *kind;
    const cJSON *terms; /* the TPP's consent object; personal data that is an object is sealed */
    const cJSON *subscription; /* of its request; NULL: none */
    const cJSON *headers;      /* of its request, those that the bank is told; NULL: made up */
    uint32_t version;          /* of the standard, in which it asks; 0: VERSION_FIRST */
    int64_t request_life_s;
    bool probes; /* the query holds parameters that a careless re-encoding would change */
};
/*
 * Fills *out, ready for store_add or store_drop. -1 with a reason, and nothing to drop, when the
 * TPP's terms break the contract or end in the past. What else a Hub checks of payments is in
 * payment_staging.h.
 */
int consent_make(const struct sim *sim, const struct consent_request *request, struct consent *out,
                 struct lfi_error *error);

/*
 * Puts a consent that was made into the store, which takes its trees over, and tells the bank.
 * Under the lock. -1: its id is taken, or memory is short; then it is the caller's to drop.
 */
int consent_lodge(const struct sim *sim, const struct consent *made, struct refusal *refusal);

/* The state after the Hub has looked at the clock; borrowed until the next change. */
struct lfi_slice consent_status(const struct sim *sim, struct consent *consent);
/* Whether a TPP may still get tokens for it. */
bool consent_is_alive(const struct sim *sim, struct consent *consent);

/* The version of the standard in which it was asked for. */
uint32_t consent_version(const struct consent *consent);
bool consent_pays(const struct consent *consent);
/* Who must agree and who has; NULL: the bank named nobody but the customer. */
const cJSON *consent_authorizers(const struct consent *consent);

/* The TPP takes it back; `by` is of the standard, as TPP. -1: it has come to its end. */
int consent_take_back(const struct sim *sim, struct consent *consent, const char *by);

/* What its payments use of it, after one was made or rejected. */
void consent_note_consumption(const struct sim *sim, struct consent *consent);
/* No further payment can follow. */
void consent_consume(const struct sim *sim, struct consent *consent);

/*
 * The bank's change, a body that obeys the contract. Refused when it does not suit the consent's
 * kind or state: PATCH-KIND, PATCH-STATE, PATCH-MOVE, PATCH-USER, PATCH-ACCOUNTS,
 * PATCH-STATUS-TWICE, PATCH-AUTHORIZERS-SINGLE and those of authorizers.h. What is odd but lawful
 * becomes a finding: PATCH-REVOKED, PATCH-PERSONAL, PATCH-ACCOUNT-FORM, PATCH-REJECTED-ACCOUNTS.
 */
int consent_patch(const struct sim *sim, struct consent *consent, struct lfi_slice body,
                  struct refusal *refusal);
/* The revoke action: REVOKE-MOVE, REVOKE-BY (a bank is no TPP). */
int consent_revoke(const struct sim *sim, struct consent *consent, struct lfi_slice body,
                   struct refusal *refusal);

/* {"data": consent, "meta": {}}; the caller frees it with cJSON_Delete. */
cJSON *consent_envelope(const cJSON *data);

#endif
