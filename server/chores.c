#include "chores.h"

#include "base/crash.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define PAUSE_S 1

struct chores {
    struct generations *generations;
    pthread_t thread;
    pthread_mutex_t lock; /* guards `stopping` */
    pthread_cond_t wake;
    bool stopping;
};

static bool is_stopping(struct chores *chores)
{
    pthread_mutex_lock(&chores->lock);
    bool stopping = chores->stopping;
    pthread_mutex_unlock(&chores->lock);
    return stopping;
}

/* Until the next round, or until it is stopped. */
static void wait_a_while(struct chores *chores)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += PAUSE_S;
    pthread_mutex_lock(&chores->lock);
    if (!chores->stopping) {
        (void)pthread_cond_timedwait(&chores->wake, &chores->lock, &until);
    }
    pthread_mutex_unlock(&chores->lock);
}

static void *work(void *ctx)
{
    struct chores *chores = ctx;
    crash_thread_begin();
    while (!is_stopping(chores)) {
        struct generation *generation = generations_hold(chores->generations);
        bool more = psu_run_due(generation->psu);
        generations_release(generation);
        if (!more) {
            wait_a_while(chores);
        }
    }
    crash_thread_end();
    return NULL;
}

int chores_start(struct chores **out, struct generations *generations, struct lfi_error *error)
{
    pthread_condattr_t attributes;
    struct chores *chores = calloc(1, sizeof(*chores));
    if (chores == NULL) {
        return error_set(error, "out of memory");
    }
    chores->generations = generations;
    pthread_mutex_init(&chores->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&chores->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    if (pthread_create(&chores->thread, NULL, work, chores) != 0) {
        pthread_cond_destroy(&chores->wake);
        pthread_mutex_destroy(&chores->lock);
        free(chores);
        return error_set(error, "no thread for what is due");
    }
    *out = chores;
    return 0;
}

void chores_stop(struct chores *chores)
{
    if (chores == NULL) {
        return;
    }
    pthread_mutex_lock(&chores->lock);
    chores->stopping = true;
    pthread_cond_signal(&chores->wake);
    pthread_mutex_unlock(&chores->lock);
    pthread_join(chores->thread, NULL);
    pthread_cond_destroy(&chores->wake);
    pthread_mutex_destroy(&chores->lock);
    free(chores);
}
