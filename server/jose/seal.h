/*
 * Sealing: AES-256-GCM boxes for cookies and links that any server instance with the same key can
 * open. The box carries its purpose as additional data: one sealed for a cookie opens nowhere else.
 */
#ifndef JOSE_SEAL_H
#define JOSE_SEAL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

struct seal; /* key material; constant, any thread */

/* `current` seals and opens, `previous` (may be absent) only opens: rotation. 32 bytes each. */
int seal_new(struct seal **out, struct lfi_slice current, struct lfi_slice previous,
             struct lfi_error *error);
void seal_free(struct seal *seal); /* wipes the keys */

/* Appends URL-safe text: version, nonce, ciphertext, tag. */
int seal_close(const struct seal *seal, const char *purpose, struct lfi_slice clear,
               struct buf *out);
/* The clear bytes in the arena; the absent slice when anything about the box is wrong. */
struct lfi_slice seal_open(const struct seal *seal, struct arena *arena, const char *purpose,
                           struct lfi_slice box);

#endif
