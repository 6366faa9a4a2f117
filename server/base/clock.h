/*
 * The clock: the one place where time is read. Tests and the operator may move it.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdatomic.h>
#include <stdint.h>

struct clock {
    _Atomic int64_t offset_us; /* added to the system's time; 0 unless moved */
};

int64_t clock_now_us(const struct clock *clock); /* UTC, microseconds since the epoch */
int64_t clock_now_s(const struct clock *clock);  /* the same in whole seconds, rounded down */
int64_t clock_monotonic_us(void);                /* for durations and deadlines; never moved */

#endif
