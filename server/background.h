/*
 * Background workers, one for each provider, so that one whose Hub is slow delays no other:
 * every second each does what is due in the current generation (psu_run_due).
 */
#ifndef SERVER_CHORES_H
#define SERVER_CHORES_H

#include "generation.h"

struct chores;

/* `generations` and `providers` must outlive it. */
int chores_start(struct chores **out, struct generations *generations,
                 const struct provider_set *providers, struct lfi_error *error);
/* Waits for the tasks that are being done; NULL is fine. */
void chores_stop(struct chores *chores);

#endif
