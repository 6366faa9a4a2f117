#include "events.h"
#include "store.h"

#include <pthread.h>
#include <stdlib.h>

struct event {
    struct consent consent; /* as it was: hub, TPP, id and data */
    const char *operation;
};

struct events {
    struct sim *sim;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    struct event queue[EVENTS_QUEUED]; /* a ring */
    size_t first, count;
    bool stopping;
};

void events_add(struct events *events, const struct consent *consent, const char *operation)
{
    if (!events || !consent->hub->config->sends_events) {
        return;
    }
    pthread_mutex_lock(&events->lock);
    if (events->count < EVENTS_QUEUED) {
        struct event *event = &events->queue[(events->first + events->count++) % EVENTS_QUEUED];
        *event = (struct event){.consent = {.hub = consent->hub, .tpp = consent->tpp},
                                .operation = operation};
        memcpy(event->consent.id, consent->id, sizeof event->consent.id);
        event->consent.data = cJSON_Duplicate(consent->data, true);
        pthread_cond_signal(&events->changed);
    }
    pthread_mutex_unlock(&events->lock);
}

/* False when it is time to stop. */
static bool take(struct events *events, struct event *out)
{
    pthread_mutex_lock(&events->lock);
    while (events->count == 0 && !events->stopping) {
        pthread_cond_wait(&events->changed, &events->lock);
    }
    bool taken = !events->stopping;
    if (taken) {
        *out = events->queue[events->first];
        events->first = (events->first + 1) % EVENTS_QUEUED;
        events->count--;
    }
    pthread_mutex_unlock(&events->lock);
    return taken;
}

static void *run(void *ctx)
{
    struct events *events = ctx;
    struct event event;
    while (take(events, &event)) {
        events->sim->tell(events->sim, &event.consent, event.operation);
        store_drop(&event.consent);
    }
    return NULL;
}

struct events *events_start(struct sim *sim)
{
    struct events *events = calloc(1, sizeof *events);
    if (!events) {
        return NULL;
    }
    events->sim = sim;
    pthread_mutex_init(&events->lock, NULL);
    pthread_cond_init(&events->changed, NULL);
    if (pthread_create(&events->thread, NULL, run, events)) {
        pthread_cond_destroy(&events->changed);
        pthread_mutex_destroy(&events->lock);
        free(events);
        return NULL;
    }
    return events;
}

void events_stop(struct events *events)
{
    if (!events) {
        return;
    }
    pthread_mutex_lock(&events->lock);
    events->stopping = true;
    pthread_cond_signal(&events->changed);
    pthread_mutex_unlock(&events->lock);
    pthread_join(events->thread, NULL);
    for (; events->count > 0; events->count--) {
        store_drop(&events->queue[events->first].consent);
        events->first = (events->first + 1) % EVENTS_QUEUED;
    }
    pthread_cond_destroy(&events->changed);
    pthread_mutex_destroy(&events->lock);
    free(events);
}
