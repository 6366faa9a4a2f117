/*
 * Token ids that were seen, each until its token has expired. A fixed table: where it is full the
 * entry that expires first goes, so that it can be outgrown but never grows.
 */
#ifndef CALLER_REPLAY_H
#define CALLER_REPLAY_H

#include "base/slice.h"

struct replay; /* any thread */

/* Room for at least `entries`; NULL when memory is short. */
struct replay *replay_new(size_t entries);
void replay_free(struct replay *replay); /* NULL is fine */

/* True the first time; false while an equal id is remembered. Remembered through `until_s`. */
bool replay_remember(struct replay *replay, struct lfi_slice id, int64_t until_s, int64_t now_s);

#endif
