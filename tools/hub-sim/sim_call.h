/*
 * What an operation of the simulator sees, on whichever of its listeners: the functions that
 * openapi/sim.yaml and openapi/hub/ name get one.
 */
#ifndef HUB_SIM_SIM_CALL_H
#define HUB_SIM_SIM_CALL_H

#include "flow/call.h"
#include "sim.h"
#include "store.h"

struct sim_call {
    struct call base; /* first: an operation gets its address */
    struct sim *sim;
    cJSON *body; /* of a scripting call, checked; NULL: the operation takes none */
    /* Of a call of the bank: */
    const struct sim_hub *hub;
    struct consent *consent;   /* the one that the call is about; NULL: none or unknown */
    struct lfi_slice location; /* of a 303 */
};

static inline struct sim_call *sim_call_of(struct call *call)
{
    return (struct sim_call *)call;
}

/* Appends JSON as the reply's body. Takes `json` over. */
void sim_reply_json(struct reply *reply, int status, cJSON *json);
/* Logs a reply that breaks the contract: a fault of the simulator, which must not go out unseen. */
void sim_check_reply(struct sim_call *call);

#endif
