/* Filling struct lfi_error. Threads: none kept. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <lfi/core.h>

/* Writes the message, cut to fit; `error` may be NULL. Returns -1, so callers can `return` it. */
int error_set(struct lfi_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
