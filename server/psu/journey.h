/*
 * The journey's API: one POST per step, each allowed in the stages that the table in journey.c
 * names and refused in all others.
 *
 *   POST /journey/state     what to show now
 *   POST /journey/sign-in   first factor; asks for the second
 *   POST /journey/approval  how far the second factor is
 *   POST /journey/approve   the decision
 *   POST /journey/cancel    the other decision, or leaving before
 *
 * All are POST with a JSON body (journey.schema.yaml) and our own Origin, also the first: looking
 * at a consent that can no longer be decided on ends the journey.
 */
#ifndef PSU_JOURNEY_H
#define PSU_JOURNEY_H

#include "psu/visit.h"

/* Answers a request below /journey/. */
void journey_handle(struct visit *visit);

/* Whether the table allows a step ("approve") in a stage. */
bool journey_allows(const char *step, enum session_stage stage);

/*
 * What both this API and the simulated app demand of a change: POST, our Origin, JSON, bounded,
 * and as the schema says. The parsed body, which the caller frees, or NULL having answered.
 */
cJSON *journey_read_body(struct visit *visit, const char *schema);

#endif
