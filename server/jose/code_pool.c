#include "jose/jwe.h"

#include <pthread.h>
#include <stdlib.h>

#define POOL_CODES 4

struct jwe_code_pool {
    pthread_mutex_t lock;
    pthread_cond_t taken; /* there is room, or the thread is to end */
    pthread_t thread;
    struct jwe_code codes[POOL_CODES];
    size_t count;
    bool running; /* the thread starts with the first code taken */
    bool ending;
};

static void *refill(void *ctx)
{
    struct jwe_code_pool *pool = ctx;
    (void)pthread_mutex_lock(&pool->lock);
    while (!pool->ending) {
        if (pool->count == POOL_CODES) {
            (void)pthread_cond_wait(&pool->taken, &pool->lock);
            continue;
        }
        struct jwe_code code;
        (void)pthread_mutex_unlock(&pool->lock);
        int rc = jwe_code_new(&code, NULL);
        (void)pthread_mutex_lock(&pool->lock);
        if (rc != 0) {
            break; /* callers then derive one themselves and report the failure */
        }
        pool->codes[pool->count++] = code;
        jwe_code_wipe(&code);
    }
    (void)pthread_mutex_unlock(&pool->lock);
    return NULL;
}

int jwe_code_pool_new(struct jwe_code_pool **out, struct lfi_error *error)
{
    *out = NULL;
    struct jwe_code_pool *pool = calloc(1, sizeof(*pool));
    if (!pool) {
        return error_set(error, "out of memory");
    }
    (void)pthread_mutex_init(&pool->lock, NULL);
    (void)pthread_cond_init(&pool->taken, NULL);
    *out = pool;
    return 0;
}

void jwe_code_pool_free(struct jwe_code_pool *pool)
{
    if (!pool) {
        return;
    }
    (void)pthread_mutex_lock(&pool->lock);
    pool->ending = true;
    (void)pthread_cond_signal(&pool->taken);
    (void)pthread_mutex_unlock(&pool->lock);
    if (pool->running) {
        (void)pthread_join(pool->thread, NULL);
    }
    for (size_t i = 0; i < pool->count; i++) {
        jwe_code_wipe(&pool->codes[i]);
    }
    (void)pthread_cond_destroy(&pool->taken);
    (void)pthread_mutex_destroy(&pool->lock);
    free(pool);
}

int jwe_code_pool_take(struct jwe_code_pool *pool, struct jwe_code *out, struct lfi_error *error)
{
    bool found = false;
    (void)pthread_mutex_lock(&pool->lock);
    if (!pool->running) {
        pool->running = pthread_create(&pool->thread, NULL, refill, pool) == 0;
    }
    if (pool->count > 0) {
        *out = pool->codes[--pool->count];
        jwe_code_wipe(&pool->codes[pool->count]);
        (void)pthread_cond_signal(&pool->taken);
        found = true;
    }
    (void)pthread_mutex_unlock(&pool->lock);
    return found ? 0 : jwe_code_new(out, error);
}
