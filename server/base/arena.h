/*
 * Arena: memory that lives as long as one request and is freed at once.
 * One arena belongs to one thread at a time.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/slice.h"

struct arena;
struct buf;

/* `max` bounds what may be allocated between two resets. NULL when memory is short. */
struct arena *arena_new(size_t max);
/* Forgets all allocations but keeps one block for the next request. */
void arena_reset(struct arena *arena);
void arena_free(struct arena *arena); /* NULL is fine */
/* What has been and will be allocated until it is reset or freed is overwritten then. */
void arena_hold_secret(struct arena *arena);

/* Whether an allocation has failed since it was made or reset. */
bool arena_is_exhausted(const struct arena *arena);

/* Zeroed, aligned for any type; NULL with ENOMEM beyond `max` or when memory is short. */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((warn_unused_result));
/* count * size with overflow check. */
void *arena_array(struct arena *arena, size_t count, size_t size)
    __attribute__((warn_unused_result));
/* A NUL-terminated copy. */
char *arena_text(struct arena *arena, struct lfi_slice text) __attribute__((warn_unused_result));
/* The same as a slice; the absent slice stays absent, and is the answer when memory is short. */
struct lfi_slice arena_keep(struct arena *arena, struct lfi_slice text);
/* The same of what a buffer has, which is freed; absent also when the buffer has failed. */
struct lfi_slice arena_take(struct arena *arena, struct buf *buf);
/* The absent slice when memory is short. */
struct lfi_slice arena_format(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
