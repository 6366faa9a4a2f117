/*
 * Token ids that were seen, each until its token has expired. A fixed table that never grows: where
 * it is full of ids that still count, a new one is refused, since forgetting one of them would let
 * its token be used again.
 */
#ifndef CALLER_REPLAY_H
#define CALLER_REPLAY_H

#include "base/slice.h"

struct replay; /* any thread */

/* Room for at least `entries`; NULL when memory is short. */
struct replay *replay_new(size_t entries);
/* One more owner; each owner ends with replay_free, the last one frees. */
struct replay *replay_share(struct replay *replay);
void replay_free(struct replay *replay); /* NULL is fine */

/*
 * True the first time; false while an equal id is remembered, or when there is no room to remember
 * it. Remembered through `until_s`.
 */
bool replay_remember(struct replay *replay, struct lfi_slice id, int64_t until_s, int64_t now_s);

/* --- another size, in two steps: the first may fail, the second is quick ---------------------- */

struct replay_table; /* one thread */

/* As replay_new. */
struct replay_table *replay_table_new(size_t entries);
void replay_table_free(struct replay_table *table); /* NULL is fine */
/*
 * Moves the ids that still count into `table` and takes it. False: they do not fit, so the replay
 * keeps its size, and `table` is freed.
 */
bool replay_resize(struct replay *replay, struct replay_table *table, int64_t now_s);

#endif
