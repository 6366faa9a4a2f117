/*
 * What TPPs may use once: the ids (jti) of client assertions and request objects, each until it has
 * expired. They outlive the simulator where its state does: FOLDER/used.jsonl has a digest of each.
 */
#ifndef HUB_SIM_TPP_USED_H
#define HUB_SIM_TPP_USED_H

#include "store.h"

struct used; /* any thread */

int used_open(struct used **out, const struct store *store, const struct clock *clock,
              struct lfi_error *error);
void used_close(struct used *used); /* NULL is fine */

/*
 * True the first time, and written down by then; false while an equal id is remembered, or when
 * there is no room to remember it. Remembered through `until_s`.
 */
bool used_remember(struct used *used, struct arena *arena, struct lfi_slice id, int64_t until_s);

#endif
