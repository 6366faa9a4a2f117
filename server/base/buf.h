/*
 * Growing byte buffer with a maximum. After a failure (too large, no memory) it stays empty and
 * failed: append as much as you like and look at `failed` once. One owner, one thread.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/slice.h"

struct buf {
    char *ptr;
    size_t len;
    size_t cap;
    size_t max;
    bool failed;
    bool secret; /* what it held is overwritten when it moves, is cleared or freed */
};

void buf_init(struct buf *buf, size_t max); /* allocates nothing yet */
/* For keys, passwords and tokens: no copy stays behind in freed memory. */
void buf_init_secret(struct buf *buf, size_t max);
void buf_free(struct buf *buf);
void buf_clear(struct buf *buf); /* keeps the memory, forgets contents and failure */
/* As after any other failure: for what is wrong with the contents and not with their size. */
void buf_fail(struct buf *buf);
/* Room for at least `room` bytes after the contents, to be filled before len is raised; or NULL. */
char *buf_reserve(struct buf *buf, size_t room);
void buf_append(struct buf *buf, const void *bytes, size_t len);
void buf_append_slice(struct buf *buf, struct lfi_slice text);
void buf_append_text(struct buf *buf, const char *text);
void buf_append_format(struct buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct lfi_slice buf_slice(const struct buf *buf); /* valid until the next change */

#endif
