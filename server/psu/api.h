/*
 * The JSON APIs of the pages (openapi/psu): one POST per step, each allowed in the stages of a
 * session that its row names and refused in all others. Internal to this room.
 *
 * All are POST with a JSON body and our own Origin, also those that only ask for the state: a
 * session may end by it.
 */
#ifndef PSU_API_H
#define PSU_API_H

#include "flow/row.h"
#include "psu/context.h"

struct step_api {
    const struct flow_api *flow;
    const char *prefix; /* "/journey/", of the paths of all of its steps */
    enum session_kind kind;
    /* Whether it is over, whatever the cookie says: as finish_customer_is_over(); NULL: never. */
    int (*is_over)(struct context *context);
    /* Answers for a session that is over; `shown`: only the state was asked for. */
    void (*repeat)(struct context *context, bool shown);
};

/* Answers a request below the prefix. */
void api_handle(const struct step_api *api, struct context *context);
/* Whether a name like the path of a step, "journey/approve", is one's. */
bool api_is_step(const struct step_api *api, struct lfi_slice name);

#endif
