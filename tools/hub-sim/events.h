/*
 * Tells the bank of every consent that was made or changed, where the configuration says so.
 * Whatever the bank answers is ignored, as the Hub does; when the queue is full, an event is lost,
 * as may happen at the Hub.
 */
#ifndef HUB_SIM_EVENTS_H
#define HUB_SIM_EVENTS_H

#include "outbox.h"
#include "sim.h"

/* `sim` must outlive it. NULL when memory or threads are short. */
struct outbox *events_start(struct sim *sim);

/* Under the store's lock. `operation` "post" or "patch", a literal. Without sim->events nothing is
 * sent.
 */
void events_add(const struct sim *sim, const struct consent *consent, const char *operation);

#endif
