/*
 * The JSON APIs of the pages (openapi/psu): one POST per step, each allowed in the stages of a
 * session that its row names and refused in all others. Internal to this room.
 *
 * All are POST with a JSON body and our own Origin, also those that only look: looking may end
 * something.
 */
#ifndef PSU_API_H
#define PSU_API_H

#include "flow/row.h"
#include "psu/visit.h"

struct step_api {
    const struct flow_api *flow;
    const char *prefix; /* "/journey/", of the paths of all of its steps */
    enum session_kind kind;
    /* Whether it is, whatever the cookie says: as ending_is_over(); NULL: never. */
    int (*is_over)(struct visit *visit);
    /* Answers for a session that is over; `looked`: nothing was asked but what to show. */
    void (*repeat)(struct visit *visit, bool looked);
};

/* Answers a request below the prefix. */
void api_handle(const struct step_api *api, struct visit *visit);
/* Answers with what the session's stage shows. */
void api_show(struct visit *visit);
/* Whether a name like the path of a step, "journey/approve", is one's. */
bool api_is_step(const struct step_api *api, struct lfi_slice name);

#endif
