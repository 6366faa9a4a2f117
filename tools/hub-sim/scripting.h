/* The plain listener: scripting calls under /sim, the TPP app, and the keystore for the simulator.
 */
#ifndef HUB_SIM_SCRIPTING_H
#define HUB_SIM_SCRIPTING_H

#include "sim.h"

/* http_handler_fn of the plain listener; ctx is the struct sim. */
void scripting_handle(void *sim, const struct request *request, struct reply *reply);

#endif
