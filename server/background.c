#include "chores.h"

#include "base/crash.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define PAUSE_S 1

struct worker {
    struct chores *chores;
    const struct provider *provider;
    pthread_t thread;
};

struct chores {
    struct generations *generations;
    pthread_mutex_t lock; /* guards `stopping` */
    pthread_cond_t wake;
    bool stopping;
    size_t worker_count; /* that run */
    struct worker *workers;
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
    struct worker *worker = ctx;
    struct chores *chores = worker->chores;
    crash_thread_begin();
    while (!is_stopping(chores)) {
        struct generation *generation = generations_hold(chores->generations);
        bool more = psu_run_due(generation->psu, worker->provider);
        generations_release(generation);
        if (!more) {
            wait_a_while(chores);
        }
    }
    crash_thread_end();
    return NULL;
}

static int start_workers(struct chores *chores, const struct provider_set *providers)
{
    size_t count = provider_count(providers);
    chores->workers = calloc(count, sizeof(*chores->workers));
    for (; chores->workers && chores->worker_count < count; chores->worker_count++) {
        struct worker *worker = &chores->workers[chores->worker_count];
        worker->chores = chores;
        worker->provider = provider_at(providers, chores->worker_count);
        if (pthread_create(&worker->thread, NULL, work, worker) != 0) {
            break;
        }
    }
    return chores->worker_count == count ? 0 : -1;
}

int chores_start(struct chores **out, struct generations *generations,
                 const struct provider_set *providers, struct lfi_error *error)
{
    pthread_condattr_t attributes;
    struct chores *chores = calloc(1, sizeof(*chores));
    if (!chores) {
        return error_set(error, "out of memory");
    }
    chores->generations = generations;
    pthread_mutex_init(&chores->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&chores->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    if (start_workers(chores, providers) != 0) {
        chores_stop(chores);
        return error_set(error, "no thread for a background worker");
    }
    *out = chores;
    return 0;
}

void chores_stop(struct chores *chores)
{
    if (!chores) {
        return;
    }
    pthread_mutex_lock(&chores->lock);
    chores->stopping = true;
    pthread_cond_broadcast(&chores->wake);
    pthread_mutex_unlock(&chores->lock);
    for (size_t i = 0; i < chores->worker_count; i++) {
        pthread_join(chores->workers[i].thread, NULL);
    }
    pthread_cond_destroy(&chores->wake);
    pthread_mutex_destroy(&chores->lock);
    free(chores->workers);
    free(chores);
}
