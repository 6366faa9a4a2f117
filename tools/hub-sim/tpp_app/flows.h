/*
 * What the TPP app keeps of the consents that it asks for: state, PKCE verifier and tokens of each,
 * and what went over the wire. In memory; the newest FLOWS_MAX. A browser gets at its own alone, by
 * the value of its cookie.
 */
#ifndef HUB_SIM_TPP_APP_FLOWS_H
#define HUB_SIM_TPP_APP_FLOWS_H

#include "base/id.h"
#include "base/json.h"

#define FLOWS_MAX 128
#define FLOW_NOTES 80 /* exchanges that are kept of a flow: the first half and the newest */
#define FLOW_TOKEN_MAX 4096
#define FLOW_ADDRESS_MAX 256
#define FLOW_KEYS_MAX 8192

struct sim_hub;
struct tpp;

struct flow {
    char browser[ID_UUID_MAX]; /* the cookie */
    char state[ID_UUID_MAX], nonce[ID_UUID_MAX], consent_id[ID_UUID_MAX];
    char verifier[64];
    const char *scope; /* that is asked for; constant */
    const struct sim_hub *hub;
    const struct tpp *tpp;
    char issuer[FLOW_ADDRESS_MAX], authorize_url[FLOW_ADDRESS_MAX], par_url[FLOW_ADDRESS_MAX];
    char token_url[FLOW_ADDRESS_MAX], jwks_uri[FLOW_ADDRESS_MAX];
    char resources[FLOW_ADDRESS_MAX]; /* base address of the resource server */
    char keys[FLOW_KEYS_MAX];         /* the Hub's key set; empty: not fetched yet */
    char access[FLOW_TOKEN_MAX], refresh[FLOW_TOKEN_MAX]; /* empty: none */
    char own[FLOW_TOKEN_MAX];                             /* token of the TPP itself; empty: none */
    cJSON *notes; /* of a flow that is not kept: takes what goes over the wire, borrowed */
    bool arrived; /* the answer of the bank was taken */
    char error[64], description[200]; /* why it ended; empty: it did not */
};

struct flows;

struct flows *flows_new(void); /* any thread may use it */
void flows_free(struct flows *flows);

/* Takes the place of the oldest when there are FLOWS_MAX. -1: memory is short. */
int flows_add(struct flows *flows, const struct flow *flow);
/* Whether the value of a cookie is of a browser that has a flow. */
bool flows_know(struct flows *flows, struct lfi_slice browser);
/* The browser's flow with this state or consent id, copied. */
bool flows_find(struct flows *flows, struct lfi_slice browser, struct lfi_slice id,
                struct flow *out);
/* Keeps what was changed in the copy, if the flow is still there. */
void flows_update(struct flows *flows, const struct flow *flow);
/* True for the first caller only: a code is redeemed once. */
bool flows_begin_arrival(struct flows *flows, const char *state);
/* Takes the note over; it gets its number. */
void flows_note(struct flows *flows, const struct flow *flow, cJSON *note);
/* What went over the wire, oldest first; the caller frees it. */
cJSON *flows_wire(struct flows *flows, const char *state);

#endif
