/*
 * Whether anybody still takes the result of a piece of work. Who starts the work says so; the work
 * may ask, from any thread, until it ends.
 */
#ifndef BASE_CANCELLATION_H
#define BASE_CANCELLATION_H

#include <stdbool.h>

struct cancellation {
    /* Once true it stays so. Does not block. */
    bool (*is_set)(const struct cancellation *cancellation);
};

/* NULL: the work is never cancelled. */
static inline bool cancellation_is_set(const struct cancellation *cancellation)
{
    return cancellation && cancellation->is_set(cancellation);
}

#endif
