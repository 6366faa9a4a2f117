#include "events.h"

#include "kept_queue.h"
#include "outbox.h"

#include <stdio.h>
#include <stdlib.h>

#define RESUMED_TRIES 30 /* of an event of before a restart */
#define AGAIN_US INT64_C(1000000)
#define OPERATION_MAX 8 /* "post" or "patch" */

struct events {
    struct sim *sim;
    struct outbox *outbox;
    struct kept_queue *queue;
};

struct event {
    struct consent consent; /* as it was: hub, TPP, id and data */
    char operation[OPERATION_MAX];
    int64_t number; /* of the queue */
    size_t tries;   /* left */
};

static int64_t send_event(void *ctx, void *message)
{
    struct events *events = ctx;
    struct event *event = message;
    bool answered = events->sim->tell(events->sim, &event->consent, event->operation);
    if (!answered && event->tries > 0) {
        event->tries--;
        return AGAIN_US;
    }
    kept_queue_end(events->queue, event->number);
    return OUTBOX_DONE;
}

static void drop_event(void *message)
{
    struct event *event = message;
    store_drop(&event->consent);
    free(event);
}

/* Takes `data` over. NULL when memory is short. */
static struct event *new_event(const struct consent *of, cJSON *data, const char *operation)
{
    struct event *event = calloc(1, sizeof(*event));
    if (!event) {
        cJSON_Delete(data);
        return NULL;
    }
    event->consent = (struct consent){.hub = of->hub, .tpp = of->tpp, .data = data};
    (void)snprintf(event->operation, sizeof(event->operation), "%s", operation);
    memcpy(event->consent.id, of->id, sizeof(event->consent.id));
    return event;
}

static void enqueue(struct events *events, struct event *event, int64_t number)
{
    event->number = number;
    if (!outbox_add(events->outbox, event->consent.id, event, 0)) {
        kept_queue_end(events->queue, number);
    }
}

void events_add(const struct sim *sim, const struct consent *consent, const char *operation)
{
    struct event *event;
    if (!sim->events || !consent->hub->config->sends_events ||
        !(event = new_event(consent, cJSON_Duplicate(consent->data, true), operation))) {
        return;
    }
    cJSON *message = cJSON_CreateObject();
    cJSON_AddStringToObject(message, "operation", operation);
    cJSON_AddItemReferenceToObject(message, "data", consent->data);
    int64_t number = kept_queue_add(
        sim->events->queue, &(struct kept_entry){.provider_id = consent->hub->config->provider_id,
                                                 .client_id = consent->tpp->client_id,
                                                 .consent_id = consent->id,
                                                 .message = message});
    cJSON_Delete(message);
    enqueue(sim->events, event, number);
}

/* --- opening ---------------------------------------------------------------------------------- */

/* An event of before the restart; of a Hub or TPP that is no more, it comes to its end. */
static void resume(void *ctx, const struct kept_entry *entry)
{
    struct events *events = ctx;
    struct consent of = {.hub = sim_hub_of(events->sim, slice_of(entry->provider_id)),
                         .tpp = tpp_find(slice_of(entry->client_id))};
    const cJSON *data = json_get(entry->message, "data");
    const char *operation = cJSON_GetStringValue(json_get(entry->message, "operation"));
    (void)snprintf(of.id, sizeof(of.id), "%s", entry->consent_id);
    struct event *event = of.hub && of.tpp && data && operation
                              ? new_event(&of, cJSON_Duplicate(data, true), operation)
                              : NULL;
    if (event) {
        event->tries = RESUMED_TRIES;
        enqueue(events, event, entry->number);
    } else {
        kept_queue_end(events->queue, entry->number);
    }
}

int events_open(struct sim *sim, struct lfi_error *error)
{
    static const struct outbox_kind kind = {send_event, drop_event};
    struct events *events = calloc(1, sizeof(*events));
    sim->events = events;
    if (!events || !(events->outbox = outbox_new(&kind, events))) {
        return error_set(error, "out of memory");
    }
    events->sim = sim;
    return kept_queue_open(&events->queue, sim, "events", error) ||
                   kept_queue_read(events->queue, resume, events, error)
               ? -1
               : 0;
}

int events_start(struct sim *sim, struct lfi_error *error)
{
    return outbox_start(sim->events->outbox) ? error_set(error, "no thread for events") : 0;
}

void events_halt(const struct sim *sim)
{
    if (sim->events) {
        outbox_halt(sim->events->outbox);
    }
}

void events_close(struct sim *sim)
{
    if (sim->events) {
        outbox_stop(sim->events->outbox);
        kept_queue_close(sim->events->queue);
        free(sim->events);
        sim->events = NULL;
    }
}
