/*
 * The plain listener: calls for scripts, the TPP app, and the key store for the simulator itself.
 * Bodies are JSON, checked against scripting.schema.yaml; a refusal is {"errorCode",
 * "errorMessage"} with a SIM-… id as its code. `hub-sim --help` lists the calls.
 */
#ifndef HUB_SIM_SCRIPTING_H
#define HUB_SIM_SCRIPTING_H

#include "sim.h"

#include <stdio.h>

/* http_handler_fn of the plain listener; ctx is the struct sim. */
void scripting_handle(void *sim, const struct request *request, struct reply *reply);
/* Prints every call with what it does. */
void scripting_print_help(FILE *out);

#endif
