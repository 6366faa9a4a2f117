/*
 * The one thread that works without being asked: every second it does what is due in the current
 * generation (psu_run_due).
 */
#ifndef SERVER_CHORES_H
#define SERVER_CHORES_H

#include "generation.h"

struct chores;

/* `generations` must outlive it. */
int chores_start(struct chores **out, struct generations *generations, struct lfi_error *error);
/* Waits for the task that is being done; NULL is fine. */
void chores_stop(struct chores *chores);

#endif
