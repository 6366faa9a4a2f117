#include "store.h"

#include "base/datetime.h"

#include <pthread.h>
#include <stdlib.h>

struct store {
    pthread_mutex_t lock;
    const struct clock *clock;
    const struct log *log;
    struct consent *consents[STORE_CONSENTS]; /* a ring */
    size_t count, next;
    int64_t notes; /* numbers given */
    cJSON *findings;
};

struct store *store_new(const struct clock *clock, const struct log *log)
{
    struct store *store = calloc(1, sizeof *store);
    if (!store || !(store->findings = cJSON_CreateArray())) {
        free(store);
        return NULL;
    }
    store->clock = clock;
    store->log = log;
    pthread_mutex_init(&store->lock, NULL);
    return store;
}

void store_drop(struct consent *consent)
{
    cJSON_Delete(consent->data);
    cJSON_Delete(consent->callback);
    cJSON_Delete(consent->history);
    cJSON_Delete(consent->exchanges);
    cJSON_Delete(consent->steps);
    cJSON_Delete(consent->findings);
    cJSON_Delete(consent->fresh);
}

static void free_consent(struct consent *consent)
{
    if (consent) {
        store_drop(consent);
        free(consent);
    }
}

void store_free(struct store *store)
{
    if (!store) {
        return;
    }
    for (size_t i = 0; i < STORE_CONSENTS; i++) {
        free_consent(store->consents[i]);
    }
    cJSON_Delete(store->findings);
    pthread_mutex_destroy(&store->lock);
    free(store);
}

void store_lock(struct store *store)
{
    pthread_mutex_lock(&store->lock);
}

void store_unlock(struct store *store)
{
    pthread_mutex_unlock(&store->lock);
}

struct consent *store_add(struct store *store, const struct consent *consent)
{
    struct consent *added = malloc(sizeof *added);
    if (!added) {
        return NULL;
    }
    *added = *consent;
    free_consent(store->consents[store->next]);
    store->consents[store->next] = added;
    store->next = (store->next + 1) % STORE_CONSENTS;
    if (store->count < STORE_CONSENTS) {
        store->count++;
    }
    store_note_change(store, added, "create", NULL);
    return added;
}

size_t store_count(const struct store *store)
{
    return store->count;
}

struct consent *store_at(struct store *store, size_t index)
{
    return store->consents[(store->next + STORE_CONSENTS - 1 - index) % STORE_CONSENTS];
}

struct consent *store_find(struct store *store, const struct sim_hub *hub, struct lfi_slice id)
{
    for (size_t i = 0; i < store->count; i++) {
        struct consent *consent = store_at(store, i);
        if ((!hub || consent->hub == hub) && slice_equal_text(id, consent->id)) {
            return consent;
        }
    }
    return NULL;
}

struct consent *store_find_request(struct store *store, struct lfi_slice request_uri)
{
    for (size_t i = 0; i < store->count; i++) {
        if (slice_equal_text(request_uri, store_at(store, i)->request_uri)) {
            return store_at(store, i);
        }
    }
    return NULL;
}

struct consent *store_find_interaction(struct store *store, const struct sim_hub *hub,
                                       struct lfi_slice interaction_id)
{
    for (size_t i = 0; i < store->count; i++) {
        struct consent *consent = store_at(store, i);
        if (consent->hub == hub && consent->interaction != INTERACTION_NONE &&
            slice_equal_text(interaction_id, consent->interaction_id)) {
            return consent;
        }
    }
    return NULL;
}

struct consent *store_find_state(struct store *store, struct lfi_slice state)
{
    for (size_t i = 0; i < store->count; i++) {
        if (slice_equal_text(state, store_at(store, i)->state)) {
            return store_at(store, i);
        }
    }
    return NULL;
}

static void add_bounded(cJSON *array, cJSON *note)
{
    while (cJSON_GetArraySize(array) >= STORE_NOTES) {
        cJSON_DeleteItemFromArray(array, 0);
    }
    cJSON_AddItemToArray(array, note);
}

static cJSON *new_note(struct store *store)
{
    char at[DATETIME_TEXT_MAX];
    cJSON *note = cJSON_CreateObject();
    datetime_format_utc_ms(clock_now_us(store->clock), at);
    cJSON_AddNumberToObject(note, "n", (double)++store->notes);
    cJSON_AddStringToObject(note, "at", at);
    return note;
}

void store_note_change(struct store *store, struct consent *consent, const char *operation,
                       const char *patch)
{
    char id[ID_UUID_MAX] = "";
    cJSON *note = new_note(store);
    if (id_uuid4(id)) {
        cJSON_AddStringToObject(note, "id", id);
    }
    cJSON_AddStringToObject(note, "operation", operation);
    transcript_add_text(note, "status", json_get_string(consent->data, "status"), STORE_BODY_BYTES);
    transcript_add_text(note, "patch", slice_of(patch), STORE_BODY_BYTES);
    cJSON_AddNumberToObject(note, "timestamp", (double)(clock_now_us(store->clock) / 1000));
    add_bounded(consent->history, note);
}

static cJSON *new_exchange(struct store *store, struct consent *consent,
                           const struct exchange *exchange)
{
    cJSON *note = new_note(store);
    bool late = consent->body_bytes >= STORE_CONSENT_BYTES;
    consent->body_bytes +=
        transcript_fill(note, exchange, late ? STORE_LATE_BODY_BYTES : STORE_BODY_BYTES);
    if (consent->fresh) {
        cJSON_AddItemToObject(note, "findings", consent->fresh);
        consent->fresh = NULL;
    }
    return note;
}

void store_note_exchange(struct store *store, struct consent *consent,
                         const struct exchange *exchange)
{
    add_bounded(consent->exchanges, new_exchange(store, consent, exchange));
}

void store_note_step(struct store *store, struct consent *consent, const struct exchange *exchange)
{
    add_bounded(consent->steps, new_exchange(store, consent, exchange));
}

void store_note_finding(struct store *store, struct consent *consent, const char *id,
                        const char *detail)
{
    cJSON *note = new_note(store);
    cJSON_AddStringToObject(note, "id", id);
    cJSON_AddStringToObject(note, "detail", detail);
    if (consent) {
        cJSON_AddStringToObject(note, "consentId", consent->id);
        add_bounded(consent->findings, cJSON_Duplicate(note, true));
        if (!consent->fresh) {
            consent->fresh = cJSON_CreateArray();
        }
        add_bounded(consent->fresh, cJSON_Duplicate(note, true));
    }
    add_bounded(store->findings, note);
    LOG_EVENT(store->log, LOG_WARN, "finding", LOG_TEXT("id", slice_of(id)),
              LOG_TEXT("consentId", slice_of(consent ? consent->id : NULL)),
              LOG_TEXT("detail", slice_of(detail)));
}

const cJSON *store_findings(const struct store *store)
{
    return store->findings;
}
