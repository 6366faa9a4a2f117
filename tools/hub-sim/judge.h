/*
 * What both interfaces towards the bank have in common. A call goes through fault, route, caller,
 * contract and operation, in this order; whatever the bank got wrong is refused and becomes a
 * finding, and the whole exchange is noted with its consent. The Hub's own answers are checked
 * against the contract too. Operations run under the store's lock.
 */
#ifndef HUB_SIM_JUDGE_H
#define HUB_SIM_JUDGE_H

#include "sim_call.h"

struct judge_interface {
    const char *name; /* also the first step of its paths */
    struct api api;
    enum fault_target target;
    /* which consent a call is about, whatever becomes of it; NULL when unknown */
    struct consent *(*find)(struct sim_call *call, struct lfi_slice path_value);
    void (*refuse)(struct reply *reply, const struct refusal *refusal);
};

extern const struct judge_interface heimdall_interface;
extern const struct judge_interface consent_manager_interface;

/* Their operations into sim->judged; to be freed by judge_close, also after a failure. */
int judge_open(struct sim *sim, struct lfi_error *error);
void judge_close(struct sim *sim);

/* http_handler_fn of the listener that the bank calls; ctx is the struct sim. */
void judge_handle(void *sim, const struct request *request, struct reply *reply);

#endif
