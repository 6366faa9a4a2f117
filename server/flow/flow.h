/* Carries out the row of an operation whose request has passed every check. */
#ifndef FLOW_FLOW_H
#define FLOW_FLOW_H

#include "flow/call.h"

/*
 * Offered, page, query, subject, core, envelope: the first that refuses ends it. 0: the reply is
 * filled; -1: the refusal is.
 */
int flow_run(struct call *call);

#endif
