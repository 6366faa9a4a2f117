#include "psu/turns.h"

#include "base/limits.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct turns {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    unsigned most, running, waiting;
};

struct turns *turns_new(void)
{
    struct turns *turns = calloc(1, sizeof(*turns));
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    pthread_condattr_t monotonic;
    if (!turns) {
        return NULL;
    }
    turns->most = processors > 3 ? (unsigned)processors / 2 : 1;
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&turns->ended, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    (void)pthread_mutex_init(&turns->lock, NULL);
    return turns;
}

void turns_free(struct turns *turns)
{
    if (turns) {
        (void)pthread_cond_destroy(&turns->ended);
        (void)pthread_mutex_destroy(&turns->lock);
        free(turns);
    }
}

bool turns_begin(struct turns *turns)
{
    struct timespec until;
    int result = 0;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += LIMIT_SIGN_IN_WAIT_MS / 1000;
    (void)pthread_mutex_lock(&turns->lock);
    bool waits = turns->running < turns->most || turns->waiting < LIMIT_SIGN_IN_WAITING;
    turns->waiting += waits;
    while (waits && result == 0 && turns->running >= turns->most) {
        result = pthread_cond_timedwait(&turns->ended, &turns->lock, &until);
    }
    turns->waiting -= waits;
    bool begins = waits && turns->running < turns->most;
    turns->running += begins;
    (void)pthread_mutex_unlock(&turns->lock);
    return begins;
}

void turns_end(struct turns *turns)
{
    (void)pthread_mutex_lock(&turns->lock);
    turns->running--;
    (void)pthread_cond_signal(&turns->ended);
    (void)pthread_mutex_unlock(&turns->lock);
}
