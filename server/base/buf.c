#include "base/buf.h"

#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST_CAPACITY 256

void buf_init(struct buf *buf, size_t max)
{
    *buf = (struct buf){.max = max};
}

void buf_init_secret(struct buf *buf, size_t max)
{
    *buf = (struct buf){.max = max, .secret = true};
}

static void release(const struct buf *buf)
{
    if (buf->secret && buf->ptr) {
        OPENSSL_cleanse(buf->ptr, buf->cap);
    }
    free(buf->ptr);
}

void buf_free(struct buf *buf)
{
    release(buf);
    buf->ptr = NULL;
    buf->len = 0;
    buf->cap = 0;
}

void buf_fail(struct buf *buf)
{
    buf_free(buf);
    buf->failed = true;
}

void buf_clear(struct buf *buf)
{
    if (buf->secret && buf->len > 0) {
        OPENSSL_cleanse(buf->ptr, buf->len);
    }
    buf->len = 0;
    buf->failed = false;
}

/* realloc leaves behind what it moves: not for a secret. */
static bool grow(struct buf *buf, size_t cap)
{
    char *ptr = buf->secret ? malloc(cap) : realloc(buf->ptr, cap);
    if (!ptr) {
        return false;
    }
    if (buf->secret) {
        memcpy(ptr, buf->ptr ? buf->ptr : "", buf->len);
        release(buf);
    }
    buf->ptr = ptr;
    buf->cap = cap;
    return true;
}

char *buf_reserve(struct buf *buf, size_t room)
{
    if (buf->failed) {
        return NULL;
    }
    if (room > buf->max - buf->len) {
        buf_fail(buf);
        return NULL;
    }
    if (room > buf->cap - buf->len) {
        size_t cap = buf->cap > 0 ? buf->cap : FIRST_CAPACITY;
        while (cap < buf->len + room) {
            cap = cap > buf->max / 2 ? buf->max : cap * 2;
        }
        if (!grow(buf, cap)) {
            buf_fail(buf);
            return NULL;
        }
    }
    return buf->ptr + buf->len;
}

void buf_append(struct buf *buf, const void *bytes, size_t len)
{
    if (len == 0) {
        return;
    }
    char *at = buf_reserve(buf, len);
    if (at) {
        memcpy(at, bytes, len);
        buf->len += len;
    }
}

void buf_append_slice(struct buf *buf, struct lfi_slice text)
{
    buf_append(buf, text.ptr, text.len);
}

void buf_append_text(struct buf *buf, const char *text)
{
    buf_append(buf, text, strlen(text));
}

void buf_append_format(struct buf *buf, const char *format, ...)
{
    va_list args;
    char text[256];

    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (len < 0) {
        buf_fail(buf);
        return;
    }
    if ((size_t)len < sizeof(text)) {
        buf_append(buf, text, (size_t)len);
        return;
    }
    char *at = buf_reserve(buf, (size_t)len + 1); /* the NUL needs room, but is not kept */
    if (at) {
        va_start(args, format);
        vsnprintf(at, (size_t)len + 1, format, args);
        va_end(args);
        buf->len += (size_t)len;
    }
}

struct lfi_slice buf_slice(const struct buf *buf)
{
    return (struct lfi_slice){buf->ptr ? buf->ptr : "", buf->len};
}
