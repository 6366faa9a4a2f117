#include "tasks/background.h"

#include "base/crash.h"
#include "base/error.h"
#include "base/limits.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define PAUSE_S 1

struct worker {
    struct background *background;
    size_t provider;
    pthread_t thread;
};

struct background {
    struct background_work work;
    pthread_mutex_t lock; /* guards `stopping` */
    pthread_cond_t wake;
    bool stopping;
    size_t worker_count; /* that run */
    struct worker *workers;
};

static bool is_stopping(struct background *background)
{
    pthread_mutex_lock(&background->lock);
    bool stopping = background->stopping;
    pthread_mutex_unlock(&background->lock);
    return stopping;
}

/* Until the next round, or until it is stopped. */
static void wait_a_while(struct background *background)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += PAUSE_S;
    pthread_mutex_lock(&background->lock);
    if (!background->stopping) {
        (void)pthread_cond_timedwait(&background->wake, &background->lock, &until);
    }
    pthread_mutex_unlock(&background->lock);
}

static void *run_worker(void *ctx)
{
    struct worker *worker = ctx;
    struct background *background = worker->background;
    crash_thread_begin();
    while (!is_stopping(background)) {
        if (!background->work.run(background->work.ctx, worker->provider)) {
            wait_a_while(background);
        }
    }
    crash_thread_end();
    return NULL;
}

static int start_workers(struct background *background)
{
    size_t count = background->work.provider_count * LIMIT_TASK_WORKERS;
    background->workers = calloc(count, sizeof(*background->workers));
    for (; background->workers && background->worker_count < count; background->worker_count++) {
        struct worker *worker = &background->workers[background->worker_count];
        worker->background = background;
        worker->provider = background->worker_count / LIMIT_TASK_WORKERS;
        if (pthread_create(&worker->thread, NULL, run_worker, worker) != 0) {
            break;
        }
    }
    return background->worker_count == count ? 0 : -1;
}

int background_start(struct background **out, const struct background_work *work,
                     struct lfi_error *error)
{
    pthread_condattr_t attributes;
    struct background *background = calloc(1, sizeof(*background));
    if (!background) {
        return error_set(error, "out of memory");
    }
    background->work = *work;
    pthread_mutex_init(&background->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&background->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    if (start_workers(background) != 0) {
        background_stop(background);
        return error_set(error, "no thread for a background worker");
    }
    *out = background;
    return 0;
}

void background_stop(struct background *background)
{
    if (!background) {
        return;
    }
    pthread_mutex_lock(&background->lock);
    background->stopping = true;
    pthread_cond_broadcast(&background->wake);
    pthread_mutex_unlock(&background->lock);
    for (size_t i = 0; i < background->worker_count; i++) {
        pthread_join(background->workers[i].thread, NULL);
    }
    pthread_cond_destroy(&background->wake);
    pthread_mutex_destroy(&background->lock);
    free(background->workers);
    free(background);
}
