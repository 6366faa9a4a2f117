#include "base/clock.h"

#include <time.h>

static int64_t read_us(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_now_us(const struct clock *clock)
{
    return read_us(CLOCK_REALTIME) + atomic_load_explicit(&clock->offset_us, memory_order_relaxed);
}

int64_t clock_now_s(const struct clock *clock)
{
    int64_t now = clock_now_us(clock);
    return now / 1000000 - (now % 1000000 < 0);
}

int64_t clock_monotonic_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}
