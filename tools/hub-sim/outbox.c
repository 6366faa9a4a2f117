#include "outbox.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    char key[OUTBOX_KEY_MAX];
    void *message;
    int64_t due_us; /* of the monotonic clock */
};

struct outbox {
    const struct outbox_kind *kind;
    void *ctx;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    struct entry queue[OUTBOX_QUEUED]; /* oldest first */
    size_t count;
    bool started, halted;
};

/* Whether an older message has the key of this one. */
static bool is_behind(const struct outbox *outbox, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (strcmp(outbox->queue[i].key, outbox->queue[at].key) == 0) {
            return true;
        }
    }
    return false;
}

/* The oldest message that is due; else false, and *due_us is when the next one is. */
static bool find_due(const struct outbox *outbox, size_t *out, int64_t *due_us)
{
    int64_t now_us = clock_monotonic_us();
    *due_us = INT64_MAX;
    for (size_t i = 0; i < outbox->count; i++) {
        int64_t due = outbox->queue[i].due_us;
        if (due >= *due_us || is_behind(outbox, i)) {
            continue;
        }
        if (due <= now_us) {
            *out = i;
            return true;
        }
        *due_us = due;
    }
    return false;
}

/* Under the lock: waits for a message that is due. False when the outbox is halted. */
static bool wait_for_due(struct outbox *outbox, size_t *out)
{
    int64_t due_us;
    while (!outbox->halted && !find_due(outbox, out, &due_us)) {
        if (due_us == INT64_MAX) {
            pthread_cond_wait(&outbox->changed, &outbox->lock);
        } else {
            struct timespec due = {.tv_sec = (time_t)(due_us / 1000000),
                                   .tv_nsec = (long)(due_us % 1000000) * 1000};
            pthread_cond_timedwait(&outbox->changed, &outbox->lock, &due);
        }
    }
    return !outbox->halted;
}

static void *run(void *arg)
{
    struct outbox *outbox = arg;
    size_t at;
    pthread_mutex_lock(&outbox->lock);
    while (wait_for_due(outbox, &at)) {
        /* Only this thread removes, so that the place stays the same meanwhile. */
        void *message = outbox->queue[at].message;
        pthread_mutex_unlock(&outbox->lock);
        int64_t again_us = outbox->kind->send(outbox->ctx, message);
        if (again_us == OUTBOX_DONE) {
            outbox->kind->drop(message);
        }
        pthread_mutex_lock(&outbox->lock);
        if (again_us == OUTBOX_DONE) {
            outbox->count--;
            memmove(&outbox->queue[at], &outbox->queue[at + 1],
                    (outbox->count - at) * sizeof(outbox->queue[0]));
        } else {
            outbox->queue[at].due_us = clock_monotonic_us() + again_us;
        }
    }
    pthread_mutex_unlock(&outbox->lock);
    return NULL;
}

bool outbox_add(struct outbox *outbox, const char *key, void *message, int64_t wait_us)
{
    pthread_mutex_lock(&outbox->lock);
    bool fits = outbox->count < OUTBOX_QUEUED;
    if (fits) {
        struct entry *entry = &outbox->queue[outbox->count++];
        *entry = (struct entry){.message = message, .due_us = clock_monotonic_us() + wait_us};
        (void)snprintf(entry->key, sizeof(entry->key), "%s", key);
        pthread_cond_signal(&outbox->changed);
    }
    pthread_mutex_unlock(&outbox->lock);
    if (!fits) {
        outbox->kind->drop(message);
    }
    return fits;
}

static void free_outbox(struct outbox *outbox)
{
    for (size_t i = 0; i < outbox->count; i++) {
        outbox->kind->drop(outbox->queue[i].message);
    }
    pthread_cond_destroy(&outbox->changed);
    pthread_mutex_destroy(&outbox->lock);
    free(outbox);
}

struct outbox *outbox_new(const struct outbox_kind *kind, void *ctx)
{
    struct outbox *outbox = calloc(1, sizeof(*outbox));
    if (!outbox) {
        return NULL;
    }
    outbox->kind = kind;
    outbox->ctx = ctx;
    pthread_condattr_t attributes;
    pthread_mutex_init(&outbox->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&outbox->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    return outbox;
}

int outbox_start(struct outbox *outbox)
{
    outbox->started = pthread_create(&outbox->thread, NULL, run, outbox) == 0;
    return outbox->started ? 0 : -1;
}

void outbox_halt(struct outbox *outbox)
{
    if (outbox) {
        pthread_mutex_lock(&outbox->lock);
        outbox->halted = true;
        pthread_cond_signal(&outbox->changed);
        pthread_mutex_unlock(&outbox->lock);
    }
}

void outbox_stop(struct outbox *outbox)
{
    if (outbox) {
        outbox_halt(outbox);
        if (outbox->started) {
            pthread_join(outbox->thread, NULL);
        }
        free_outbox(outbox);
    }
}
