/*
 * A consent as one JSON object and back, for the file that keeps the state.
 */
#ifndef HUB_SIM_STORE_RECORD_H
#define HUB_SIM_STORE_RECORD_H

#include "record.h"
#include "sim.h"

/* The names of a consent's lists of notes, and the list of that name; NULL: no such list. */
extern const char *const store_lists[];
extern const size_t store_list_count;
cJSON *store_list_named(struct consent *consent, const char *name);

/* Everything but the notes; with them when `with_notes`. The caller frees it. */
cJSON *store_record_write(struct consent *consent, bool with_notes);

/*
 * Fills *out, ready for store_add or store_drop; false, and nothing to drop, when the record is not
 * whole or names a Hub or TPP that there is no more.
 */
bool store_record_read(const struct sim *sim, const cJSON *record, struct consent *out);

/* Whether a note has what every note has: a number and a time. */
bool store_record_is_note(const cJSON *note);

#endif
