/* The key store: the directory's keys as openapi/hub/keystore.yaml says. */
#ifndef HUB_SIM_KEYSTORE_H
#define HUB_SIM_KEYSTORE_H

#include "sim.h"

/* Its operations into sim->key_apis. */
int keystore_open(struct sim *sim, struct lfi_error *error);
/* http_handler_fn of its own listener, which faults can hit; ctx is the struct sim. */
void keystore_handle(void *sim, const struct request *request, struct reply *reply);

#endif
