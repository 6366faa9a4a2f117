/* Random identifiers from OpenSSL's generator, and digests that stand for what may not be told. */
#ifndef BASE_ID_H
#define BASE_ID_H

#include "base/arena.h"

#define ID_UUID_MAX 37

/* A UUIDv4 in lower case; false when the generator fails. */
bool id_uuid4(char out[ID_UUID_MAX]) __attribute__((warn_unused_result));
bool id_random(void *out, size_t len) __attribute__((warn_unused_result));
/* SHA-256 as base64url text, in the arena. Absent when out of memory. */
struct lfi_slice id_digest(struct arena *arena, struct lfi_slice bytes);

#endif
