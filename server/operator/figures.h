/*
 * Service levels: for each operation and day of the Gulf how many requests of the Hub were
 * answered, how many failed (5xx), and within what time 95 of 100 were, against the regulator's
 * limits. The request path only counts in memory (http/metrics.h); a background worker adds what
 * came since to the server's state, once a minute and at the end, for all instances alike. Days
 * follow the system's clock. Any thread.
 */
#ifndef OPERATOR_FIGURES_H
#define OPERATOR_FIGURES_H

#include "base/error.h"
#include "http/metrics.h"
#include "state/state.h"

struct figures;

/* What it is given must outlive it. NULL: out of memory. */
struct figures *figures_new(const struct metrics *metrics, const struct state *state);
void figures_free(struct figures *figures); /* NULL is fine */

/* Keeps what came since, when a minute is over or `now`; what cannot be kept is tried again later.
 */
int figures_keep(struct figures *figures, size_t provider, bool now, struct lfi_error *error);
/* Appends the JSON of GET /operator/figures. LFI_OK, or as the state says. */
int figures_render(const struct figures *figures, int64_t now_us, struct buf *out,
                   struct lfi_error *error);

#endif
