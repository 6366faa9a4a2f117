/*
 * The JSON APIs of the pages: one POST per step, each allowed in the stages that a table names and
 * refused in all others. The journey of a consent (journey.h) and the customer's own consents
 * (own_consents.h) have one each.
 *
 * All are POST with a JSON body (journey.schema.yaml) and our own Origin, also those that only
 * look: looking may end something.
 */
#ifndef PSU_API_H
#define PSU_API_H

#include "psu/visit.h"

typedef void step_fn(struct visit *visit, const cJSON *body);

#define IN(stage) (1U << (stage))
#define STEP_WITHOUT_SESSION 0 /* as `stages`: begins a session */

struct step {
    const char *name;   /* the last part of the path */
    const char *schema; /* of the body, in journey.schema.yaml */
    unsigned stages;    /* IN(…) | IN(…) */
    step_fn *run;
};

struct api {
    const char *prefix; /* "/journey/" */
    enum session_kind kind;
    const struct step *steps;
    size_t count;
    /* Whether it is, whatever the cookie says: as ending_is_over(); NULL: never. */
    int (*is_over)(struct visit *visit);
    /* Answers for a session that is over; `looked`: nothing was asked but what to show. */
    void (*repeat)(struct visit *visit, bool looked);
};

/* Answers a request below the prefix. The first step is the one that only looks. */
void api_handle(const struct api *api, struct visit *visit);
/* Answers with what there is to show now, in the API of the visit. */
void api_show(struct visit *visit);
/* Whether the table allows a step in a stage. */
bool api_allows(const struct api *api, const char *step, enum session_stage stage);
/* Whether a name with the prefix, "journey/approve", is a step's. */
bool api_is_step(const struct api *api, struct lfi_slice name);
/*
 * What is demanded of every change: POST, our Origin, JSON, bounded, and as the schema says. The
 * parsed body, which the caller frees, or NULL having answered.
 */
cJSON *api_read_body(struct visit *visit, const char *schema);

#endif
