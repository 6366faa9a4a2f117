/*
 * Tells the bank of every consent that was made or changed, where the configuration says so.
 * Whatever the bank answers is ignored, as the Hub does; when the queue is full, an event is lost,
 * as may happen at the Hub. What waits outlives a restart (FOLDER/events.jsonl), and is then tried
 * again for a while, because the bank may be starting too.
 */
#ifndef HUB_SIM_EVENTS_H
#define HUB_SIM_EVENTS_H

#include "sim.h"

/* Before any consent changes. `sim` must outlive it. */
int events_open(struct sim *sim, struct lfi_error *error);
/* Sends from now on. */
int events_start(struct sim *sim, struct lfi_error *error);
/* Sends no more from now on. */
void events_halt(const struct sim *sim);
void events_close(struct sim *sim);

/* Under the store's lock. `operation` "post" or "patch". Without sim->events nothing is sent. */
void events_add(const struct sim *sim, const struct consent *consent, const char *operation);

#endif
