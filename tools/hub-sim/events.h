/*
 * Tells the bank of every consent that was made or changed, where the configuration says so: one
 * thread sends what the others queue. Whatever the bank answers is ignored, as the Hub does; when
 * the queue is full, an event is lost, as may happen at the Hub.
 */
#ifndef HUB_SIM_EVENTS_H
#define HUB_SIM_EVENTS_H

#include "sim.h"

#define EVENTS_QUEUED 256

/* `sim` must outlive it. NULL when memory or threads are short. */
struct events *events_start(struct sim *sim);
/* Drops what is queued; waits for the one under way. NULL is fine. */
void events_stop(struct events *events);

/* Under the store's lock. `operation` "post" or "patch", a literal. `events` NULL: no event is
 * sent.
 */
void events_add(struct events *events, const struct consent *consent, const char *operation);

#endif
