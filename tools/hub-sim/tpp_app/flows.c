#include "tpp_app/flows.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>

struct entry {
    struct flow flow;
    cJSON *wire;
    int64_t notes; /* ever made */
};

struct flows {
    pthread_mutex_t lock;
    struct entry *entries[FLOWS_MAX];
    size_t next;
};

struct flows *flows_new(void)
{
    struct flows *flows = calloc(1, sizeof *flows);
    if (flows && pthread_mutex_init(&flows->lock, NULL) != 0) {
        free(flows);
        return NULL;
    }
    return flows;
}

static void free_entry(struct entry *entry)
{
    if (entry) {
        cJSON_Delete(entry->wire);
        OPENSSL_cleanse(&entry->flow, sizeof entry->flow);
        free(entry);
    }
}

void flows_free(struct flows *flows)
{
    if (!flows) {
        return;
    }
    for (size_t i = 0; i < FLOWS_MAX; i++) {
        free_entry(flows->entries[i]);
    }
    pthread_mutex_destroy(&flows->lock);
    free(flows);
}

int flows_add(struct flows *flows, const struct flow *flow)
{
    struct entry *entry = calloc(1, sizeof *entry);
    if (!entry || !(entry->wire = cJSON_CreateArray())) {
        free(entry);
        return -1;
    }
    entry->flow = *flow;
    pthread_mutex_lock(&flows->lock);
    free_entry(flows->entries[flows->next]);
    flows->entries[flows->next] = entry;
    flows->next = (flows->next + 1) % FLOWS_MAX;
    pthread_mutex_unlock(&flows->lock);
    return 0;
}

/* By its state. Under the lock. */
static struct entry *entry_of(struct flows *flows, const char *state)
{
    for (size_t i = 0; i < FLOWS_MAX; i++) {
        if (flows->entries[i] && strcmp(flows->entries[i]->flow.state, state) == 0) {
            return flows->entries[i];
        }
    }
    return NULL;
}

bool flows_know(struct flows *flows, struct lfi_slice browser)
{
    bool known = false;
    pthread_mutex_lock(&flows->lock);
    for (size_t i = 0; browser.ptr && !known && i < FLOWS_MAX; i++) {
        known = flows->entries[i] &&
                slice_equal_secret(browser, slice_of(flows->entries[i]->flow.browser));
    }
    pthread_mutex_unlock(&flows->lock);
    return known;
}

bool flows_find(struct flows *flows, struct lfi_slice browser, struct lfi_slice id,
                struct flow *out)
{
    bool found = false;
    pthread_mutex_lock(&flows->lock);
    for (size_t i = 0; browser.ptr && id.ptr && !found && i < FLOWS_MAX; i++) {
        const struct flow *flow = flows->entries[i] ? &flows->entries[i]->flow : NULL;
        found = flow && slice_equal_secret(browser, slice_of(flow->browser)) &&
                (slice_equal_text(id, flow->state) || slice_equal_text(id, flow->consent_id));
        if (found) {
            *out = *flow;
        }
    }
    pthread_mutex_unlock(&flows->lock);
    return found;
}

void flows_update(struct flows *flows, const struct flow *flow)
{
    pthread_mutex_lock(&flows->lock);
    struct entry *entry = entry_of(flows, flow->state);
    if (entry) {
        entry->flow = *flow;
    }
    pthread_mutex_unlock(&flows->lock);
}

bool flows_begin_arrival(struct flows *flows, const char *state)
{
    pthread_mutex_lock(&flows->lock);
    struct entry *entry = entry_of(flows, state);
    bool first = entry && !entry->flow.arrived;
    if (first) {
        entry->flow.arrived = true;
    }
    pthread_mutex_unlock(&flows->lock);
    return first;
}

void flows_note(struct flows *flows, const struct flow *flow, cJSON *note)
{
    if (flow->notes) {
        cJSON_AddNumberToObject(note, "n", cJSON_GetArraySize(flow->notes) + 1);
        cJSON_AddItemToArray(flow->notes, note);
        return;
    }
    pthread_mutex_lock(&flows->lock);
    struct entry *entry = entry_of(flows, flow->state);
    if (entry) {
        cJSON_AddNumberToObject(note, "n", (double)++entry->notes);
        cJSON_AddItemToArray(entry->wire, note);
        if (cJSON_GetArraySize(entry->wire) > FLOW_NOTES) {
            cJSON_DeleteItemFromArray(entry->wire, FLOW_NOTES / 2);
        }
    } else {
        cJSON_Delete(note);
    }
    pthread_mutex_unlock(&flows->lock);
}

cJSON *flows_wire(struct flows *flows, const char *state)
{
    pthread_mutex_lock(&flows->lock);
    const struct entry *entry = entry_of(flows, state);
    cJSON *wire = entry ? cJSON_Duplicate(entry->wire, true) : cJSON_CreateArray();
    pthread_mutex_unlock(&flows->lock);
    return wire;
}
