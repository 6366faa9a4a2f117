/*
 * Background workers, one for each provider, so that one whose Hub is slow delays no other:
 * every second each does what is due in the current generation (psu_run_due).
 */
#ifndef SERVER_BACKGROUND_H
#define SERVER_BACKGROUND_H

#include "generation.h"

struct background;

/* `generations` and `providers` must outlive it. */
int background_start(struct background **out, struct generations *generations,
                     const struct provider_set *providers, struct lfi_error *error);
/* Waits for the tasks that are being done; NULL is fine. */
void background_stop(struct background *background);

#endif
