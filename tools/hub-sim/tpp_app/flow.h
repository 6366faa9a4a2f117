/* A consent that the TPP app has asked for: where it stands, and its secrets. */
#ifndef HUB_SIM_TPP_APP_FLOW_H
#define HUB_SIM_TPP_APP_FLOW_H

#include "base/id.h"
#include "base/json.h"
#include "sim.h"

#define FLOW_TOKEN_MAX 4096
#define FLOW_ADDRESS_MAX 256
#define FLOW_KEYS_MAX 8192
#define FLOW_SCOPE_MAX 48

struct flow {
    char browser[ID_UUID_MAX]; /* the cookie */
    char state[ID_UUID_MAX], nonce[ID_UUID_MAX], consent_id[ID_UUID_MAX];
    char verifier[64];
    char scope[FLOW_SCOPE_MAX]; /* that is asked for */
    int64_t asked_s;            /* when */
    bool pays;                  /* it is asked to be let pay */
    uint32_t version;           /* of the standard, in which it is asked for and used */
    const struct sim_hub *hub;
    const struct tpp *tpp;
    /* Of discovery; the issuer is empty until the Hub has taken the request. */
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

#endif
