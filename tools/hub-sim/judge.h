/*
 * What both interfaces towards the bank have in common. A call goes through fault, route, caller,
 * contract and operation, in this order; whatever the bank got wrong is refused and becomes a
 * finding, and the whole exchange is noted with its consent. The Hub's own answers are held against
 * the contract too.
 */
#ifndef HUB_SIM_JUDGE_H
#define HUB_SIM_JUDGE_H

#include "contract/contract.h"
#include "sim.h"
#include "store.h"

struct judge_call {
    struct sim *sim;
    const struct sim_hub *hub;
    const struct request *request; /* path without the interface's prefix */
    const struct contract_operation *operation;
    struct contract_parameters parameters;
    struct arena *arena;
    struct consent *consent; /* the one that the call is about; NULL: none or unknown */
    struct reply *reply;
    struct refusal *refusal;
    struct lfi_slice location; /* of a 303 */
};

/* Runs under the store's lock. 0: the reply is filled; -1: the refusal is. */
typedef int judge_operation_fn(struct judge_call *call);

struct judge_operation {
    const char *id; /* of the document */
    judge_operation_fn *run;
};

struct judge_interface {
    const char *name; /* also the first step of its paths */
    const struct contract_api *api;
    enum fault_target target;
    const struct judge_operation *operations;
    size_t operation_count;
    /* which consent a call is about, whatever becomes of it; NULL when unknown */
    struct consent *(*find)(struct judge_call *call, struct lfi_slice path_value);
    void (*refuse)(struct reply *reply, const struct refusal *refusal);
};

extern const struct judge_interface heimdall_interface;
extern const struct judge_interface consent_manager_interface;

/* -1 with a reason when an operation of the documents has no function. */
int judge_check_tables(struct lfi_error *error);

/* http_handler_fn of the listener that the bank calls; ctx is the struct sim. */
void judge_handle(void *sim, const struct request *request, struct reply *reply);

/* Appends JSON as the reply's body. Takes `json` over. */
void judge_reply_json(struct reply *reply, int status, cJSON *json);
/* The certificate that the bank presented, the answer of both interfaces' helloMtls. */
int judge_hello_mtls(struct judge_call *call);

#endif
