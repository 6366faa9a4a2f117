/* Random identifiers from OpenSSL's generator. */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ID_UUID_MAX 37

/* A UUIDv4 in lower case; false when the generator fails. */
bool id_uuid4(char out[ID_UUID_MAX]) __attribute__((warn_unused_result));
bool id_random(void *out, size_t len) __attribute__((warn_unused_result));

#endif
