/* Base64 (RFC 4648), standard and URL-safe. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/arena.h"
#include "base/buf.h"

/* Appends the URL-safe form without padding. */
void base64_append_url(struct buf *out, const void *bytes, size_t len);
void base64_append_standard(struct buf *out, const void *bytes, size_t len);
/* Strict URL-safe, no padding: as JOSE demands. Absent slice when malformed. */
struct lfi_slice base64_decode_url(struct arena *arena, struct lfi_slice text);
/* Either alphabet, with or without padding: as o3-psu-identifier is tolerated. */
struct lfi_slice base64_decode_any(struct arena *arena, struct lfi_slice text);

#endif
