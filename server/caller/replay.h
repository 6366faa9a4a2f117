/*
 * Replay cache: the ids (jti) of tokens that were used, each until its token has expired. A table
 * of fixed size: when it is full of ids that have not expired, a new one is refused, since dropping
 * one of them would let its token be used again.
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

/* --- resizing: the memory is allocated first, which may fail ---------------------------------- */

struct replay_table; /* one thread */

/* As replay_new. */
struct replay_table *replay_table_new(size_t entries);
void replay_table_free(struct replay_table *table); /* NULL is fine */
/*
 * Moves the ids that have not expired into `table` and takes it. False: they do not fit; the size
 * stays as it is, and `table` is freed.
 */
bool replay_resize(struct replay *replay, struct replay_table *table, int64_t now_s);

#endif
