/*
 * Secrets of the server for CAAP: codes and user properties are sealed with one, Emirates IDs are
 * only ever kept as a digest with the other. Made of the session key; constant, any thread.
 */
#ifndef CAAP_KEYS_H
#define CAAP_KEYS_H

#include "base/arena.h"
#include "jose/seal.h"

struct caap_keys;

/* `previous` may be absent: what it sealed still opens. */
int caap_keys_new(struct caap_keys **out, struct lfi_slice current, struct lfi_slice previous,
                  struct lfi_error *error);
void caap_keys_free(struct caap_keys *keys); /* wipes them; NULL is fine */

const struct seal *caap_seal(const struct caap_keys *keys);
/* A keyed digest as text, in the arena; absent when out of memory. */
struct lfi_slice caap_digest(const struct caap_keys *keys, struct arena *arena,
                             struct lfi_slice secret);

#endif
