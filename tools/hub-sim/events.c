#include "events.h"

#include "store.h"

#include <stdlib.h>

struct event {
    struct consent consent; /* as it was: hub, TPP, id and data */
    const char *operation;
};

static int64_t send_event(void *ctx, void *message)
{
    struct sim *sim = ctx;
    const struct event *event = message;
    sim->tell(sim, &event->consent, event->operation);
    return OUTBOX_DONE;
}

static void drop_event(void *message)
{
    struct event *event = message;
    store_drop(&event->consent);
    free(event);
}

struct outbox *events_start(struct sim *sim)
{
    static const struct outbox_kind kind = {send_event, drop_event};
    struct outbox *outbox = outbox_new(&kind, sim);
    if (outbox && outbox_start(outbox)) {
        outbox_stop(outbox);
        return NULL;
    }
    return outbox;
}

void events_add(const struct sim *sim, const struct consent *consent, const char *operation)
{
    struct event *event;
    if (!sim->events || !consent->hub->config->sends_events ||
        !(event = calloc(1, sizeof(*event)))) {
        return;
    }
    event->consent = (struct consent){.hub = consent->hub, .tpp = consent->tpp};
    event->operation = operation;
    memcpy(event->consent.id, consent->id, sizeof(event->consent.id));
    event->consent.data = cJSON_Duplicate(consent->data, true);
    (void)outbox_add(sim->events, consent->id, event, 0);
}
