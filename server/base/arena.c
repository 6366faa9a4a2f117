#include "base/arena.h"

#include "base/buf.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

/* What a plain request needs; this block is the one that is kept. */
#define BLOCK_BYTES ((size_t)32 * 1024)
#define ALIGNMENT _Alignof(max_align_t)

struct block {
    struct block *older;
    size_t used;
    size_t size;
    _Alignas(max_align_t) unsigned char bytes[];
};

struct arena {
    struct block *newest;
    size_t left; /* of max, until the next reset */
    size_t max;
    bool secret;
    bool exhausted;
};

static struct block *block_new(size_t size, struct block *older)
{
    struct block *block = malloc(offsetof(struct block, bytes) + size);
    if (block) {
        block->older = older;
        block->used = 0;
        block->size = size;
    }
    return block;
}

struct arena *arena_new(size_t max)
{
    struct arena *arena = calloc(1, sizeof(*arena));
    if (arena) {
        arena->max = max;
        arena->left = max;
    }
    return arena;
}

void arena_hold_secret(struct arena *arena)
{
    arena->secret = true;
}

bool arena_is_exhausted(const struct arena *arena)
{
    return arena->exhausted;
}

static void wipe(const struct arena *arena)
{
    for (struct block *block = arena->newest; arena->secret && block; block = block->older) {
        OPENSSL_cleanse(block->bytes, block->used);
    }
}

static void free_blocks(struct arena *arena)
{
    wipe(arena);
    while (arena->newest) {
        struct block *older = arena->newest->older;
        free(arena->newest);
        arena->newest = older;
    }
}

void arena_reset(struct arena *arena)
{
    wipe(arena);
    arena->secret = false;
    while (arena->newest && arena->newest->older) {
        struct block *older = arena->newest->older;
        free(arena->newest);
        arena->newest = older;
    }
    if (arena->newest) {
        if (arena->newest->size > BLOCK_BYTES) {
            free_blocks(arena);
        } else {
            arena->newest->used = 0;
        }
    }
    arena->left = arena->max;
    arena->exhausted = false;
}

void arena_free(struct arena *arena)
{
    if (arena) {
        free_blocks(arena);
        free(arena);
    }
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > arena->left || size > SIZE_MAX - 2 * BLOCK_BYTES) {
        arena->exhausted = true;
        errno = ENOMEM;
        return NULL;
    }
    size_t rounded = (size + (size == 0) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct block *block = arena->newest;
    if (!block || rounded > block->size - block->used) {
        size_t wanted = rounded > BLOCK_BYTES ? rounded : BLOCK_BYTES;
        block = block_new(wanted, arena->newest);
        if (!block) {
            arena->exhausted = true;
            return NULL;
        }
        arena->newest = block;
    }
    void *out = block->bytes + block->used;
    block->used += rounded;
    arena->left -= rounded < arena->left ? rounded : arena->left;
    return memset(out, 0, rounded);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) {
        return NULL;
    }
    return arena_alloc(arena, count * size);
}

char *arena_text(struct arena *arena, struct lfi_slice text)
{
    char *copy = text.len < SIZE_MAX ? arena_alloc(arena, text.len + 1) : NULL;
    if (copy && text.len > 0) {
        memcpy(copy, text.ptr, text.len);
    }
    return copy;
}

struct lfi_slice arena_keep(struct arena *arena, struct lfi_slice text)
{
    const char *copy = !text.ptr ? NULL : arena_text(arena, text);
    return !copy ? (struct lfi_slice){0} : (struct lfi_slice){copy, text.len};
}

struct lfi_slice arena_take(struct arena *arena, struct buf *buf)
{
    struct lfi_slice kept =
        buf->failed ? (struct lfi_slice){NULL, 0} : arena_keep(arena, buf_slice(buf));
    buf_free(buf);
    return kept;
}

struct lfi_slice arena_format(struct arena *arena, const char *format, ...)
{
    struct lfi_slice out = {NULL, 0};
    va_list args;

    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0) {
        return out;
    }
    char *text = arena_alloc(arena, (size_t)len + 1);
    if (text) {
        va_start(args, format);
        vsnprintf(text, (size_t)len + 1, format, args);
        va_end(args);
        out = (struct lfi_slice){text, (size_t)len};
    }
    return out;
}
