#include "psu/slots.h"

#include "base/limits.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct slots {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    unsigned most, running, waiting;
};

struct slots *slots_new(void)
{
    struct slots *slots = calloc(1, sizeof(*slots));
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    pthread_condattr_t monotonic;
    if (!slots) {
        return NULL;
    }
    slots->most = processors > 3 ? (unsigned)processors / 2 : 1;
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&slots->ended, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    (void)pthread_mutex_init(&slots->lock, NULL);
    return slots;
}

void slots_free(struct slots *slots)
{
    if (slots) {
        (void)pthread_cond_destroy(&slots->ended);
        (void)pthread_mutex_destroy(&slots->lock);
        free(slots);
    }
}

bool slots_take(struct slots *slots)
{
    struct timespec until;
    int result = 0;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += LIMIT_SIGN_IN_WAIT_MS / 1000;
    (void)pthread_mutex_lock(&slots->lock);
    bool waits = slots->running < slots->most || slots->waiting < LIMIT_SIGN_IN_WAITING;
    slots->waiting += waits;
    while (waits && result == 0 && slots->running >= slots->most) {
        result = pthread_cond_timedwait(&slots->ended, &slots->lock, &until);
    }
    slots->waiting -= waits;
    bool begins = waits && slots->running < slots->most;
    slots->running += begins;
    (void)pthread_mutex_unlock(&slots->lock);
    return begins;
}

void slots_release(struct slots *slots)
{
    (void)pthread_mutex_lock(&slots->lock);
    slots->running--;
    (void)pthread_cond_signal(&slots->ended);
    (void)pthread_mutex_unlock(&slots->lock);
}
