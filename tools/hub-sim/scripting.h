/*
 * The plain listener: calls for scripts (openapi/sim.yaml), the key store for the simulator itself,
 * and the TPP app. A refusal is {"errorCode", "errorMessage"} with a SIM-…
 * id as its code.
 */
#ifndef HUB_SIM_SCRIPTING_H
#define HUB_SIM_SCRIPTING_H

#include "sim.h"

#include <stdio.h>

/* Its operations into sim->script_apis. */
int scripting_open(struct sim *sim, struct lfi_error *error);
/* http_handler_fn of the plain listener; ctx is the struct sim. */
void scripting_handle(void *sim, const struct request *request, struct reply *reply);
/* Prints every call with what it does. */
void scripting_print_help(FILE *out);

#endif
