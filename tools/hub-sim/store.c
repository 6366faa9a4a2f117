#include "store.h"

#include "base/datetime.h"
#include "store_file.h"
#include "store_record.h"

#include <pthread.h>
#include <stdlib.h>

struct store {
    pthread_mutex_t lock;
    pthread_cond_t unlocked;
    const struct clock *clock;
    const struct log *log;
    struct consent *consents[STORE_CONSENTS]; /* a ring */
    size_t count, next;
    int64_t notes;               /* numbers given */
    cJSON *findings, *exchanges; /* all findings, and the exchanges about no consent */
    struct store_file *file;     /* NULL: in memory only */
    bool changed;                /* some consent is */
};

struct store *store_new(const struct clock *clock, const struct log *log)
{
    struct store *store = calloc(1, sizeof *store);
    if (!store) {
        return NULL;
    }
    store->findings = cJSON_CreateArray();
    store->exchanges = cJSON_CreateArray();
    if (!store->findings || !store->exchanges) {
        cJSON_Delete(store->findings);
        cJSON_Delete(store->exchanges);
        free(store);
        return NULL;
    }
    store->clock = clock;
    store->log = log;
    pthread_condattr_t attributes;
    pthread_mutex_init(&store->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&store->unlocked, &attributes);
    pthread_condattr_destroy(&attributes);
    return store;
}

void store_drop(struct consent *consent)
{
    cJSON_Delete(consent->data);
    cJSON_Delete(consent->callback);
    cJSON_Delete(consent->grant);
    cJSON_Delete(consent->payments);
    cJSON_Delete(consent->reserved);
    cJSON_Delete(consent->history);
    cJSON_Delete(consent->exchanges);
    cJSON_Delete(consent->steps);
    cJSON_Delete(consent->findings);
    cJSON_Delete(consent->events);
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
    cJSON_Delete(store->exchanges);
    store_file_close(store->file);
    pthread_cond_destroy(&store->unlocked);
    pthread_mutex_destroy(&store->lock);
    free(store);
}

void store_lock(struct store *store)
{
    pthread_mutex_lock(&store->lock);
}

/* --- the file --------------------------------------------------------------------------------- */

static void write_consent(struct store *store, struct consent *consent, bool with_notes)
{
    cJSON *record = store_record_write(consent, with_notes);
    store_file_append(store->file, record);
    cJSON_Delete(record);
    consent->changed = false;
}

/* A note in a list of a consent, or of the store when it is NULL. */
static void write_note(struct store *store, const struct consent *consent, const char *list,
                       cJSON *note)
{
    cJSON *record = cJSON_CreateObject();
    if (consent) {
        cJSON_AddStringToObject(record, "of", consent->id);
    }
    cJSON_AddStringToObject(record, "list", list);
    cJSON_AddItemReferenceToObject(record, "note", note);
    store_file_append(store->file, record);
    cJSON_Delete(record);
}

static void write_notes(struct store *store, const char *list, const cJSON *notes)
{
    cJSON *note;
    cJSON_ArrayForEach(note, notes)
    {
        write_note(store, NULL, list, note);
    }
}

static void rewrite(struct store *store)
{
    if (store_file_begin(store->file)) {
        return;
    }
    for (size_t i = store->count; i > 0; i--) {
        write_consent(store, store_at(store, i - 1), true);
    }
    write_notes(store, "findings", store->findings);
    write_notes(store, "exchanges", store->exchanges);
    store_file_commit(store->file);
}

static void write_changes(struct store *store)
{
    for (size_t i = 0; store->changed && i < store->count; i++) {
        struct consent *consent = store_at(store, i);
        if (consent->changed) {
            write_consent(store, consent, false);
        }
    }
    store->changed = false;
    if (store_file_has_grown(store->file)) {
        rewrite(store);
    }
}

void store_unlock(struct store *store)
{
    if (store->file) {
        write_changes(store);
    }
    pthread_cond_broadcast(&store->unlocked);
    pthread_mutex_unlock(&store->lock);
}

bool store_wait(struct store *store, int64_t end_us)
{
    struct timespec end = {.tv_sec = (time_t)(end_us / 1000000),
                           .tv_nsec = (long)(end_us % 1000000) * 1000};
    return pthread_cond_timedwait(&store->unlocked, &store->lock, &end) == 0;
}

static struct consent *put(struct store *store, const struct consent *consent)
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
    added->stored = true;
    return added;
}

struct consent *store_add(struct store *store, const struct consent *consent)
{
    struct consent *added = put(store, consent);
    if (added) {
        store_note_change(store, added, "create", NULL);
        if (store->file) {
            write_consent(store, added, true);
        }
    }
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

static void append_bounded(cJSON *array, cJSON *note)
{
    while (cJSON_GetArraySize(array) >= STORE_NOTES) {
        cJSON_DeleteItemFromArray(array, 0);
    }
    cJSON_AddItemToArray(array, note);
}

void store_touch(struct store *store, struct consent *consent)
{
    consent->changed = store->changed = true;
}

/* The list of a consent, or of the store when it is NULL. NULL: none of that name. */
static cJSON *list_named(struct store *store, struct consent *consent, const char *list)
{
    return consent                          ? store_list_named(consent, list)
           : !list                          ? NULL
           : strcmp(list, "findings") == 0  ? store->findings
           : strcmp(list, "exchanges") == 0 ? store->exchanges
                                            : NULL;
}

/* Takes `note` over. */
static void add_note(struct store *store, struct consent *consent, const char *list, cJSON *note)
{
    append_bounded(list_named(store, consent, list), note);
    if (store->file && (!consent || consent->stored)) {
        write_note(store, consent, list, note);
    }
    if (consent) {
        store_touch(store, consent);
    }
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
    add_note(store, consent, "history", note);
}

static cJSON *new_exchange(struct store *store, struct consent *consent,
                           const struct exchange *exchange)
{
    cJSON *note = new_note(store);
    bool late = consent && consent->body_bytes >= STORE_CONSENT_BYTES;
    size_t bytes = transcript_fill(note, exchange, late ? STORE_LATE_BODY_BYTES : STORE_BODY_BYTES);
    if (!consent) {
        return note;
    }
    consent->body_bytes += bytes;
    if (consent->fresh) {
        cJSON_AddItemToObject(note, "findings", consent->fresh);
        consent->fresh = NULL;
    }
    return note;
}

void store_note_exchange(struct store *store, struct consent *consent,
                         const struct exchange *exchange)
{
    add_note(store, consent, "exchanges", new_exchange(store, consent, exchange));
}

void store_note_step(struct store *store, struct consent *consent, const struct exchange *exchange)
{
    add_note(store, consent, "steps", new_exchange(store, consent, exchange));
}

void store_note_event(struct store *store, struct consent *consent, cJSON *message)
{
    cJSON *note = new_note(store);
    cJSON_AddItemToObject(note, "message", message);
    add_note(store, consent, "events", note);
}

void store_note_finding(struct store *store, struct consent *consent, const char *id,
                        const char *detail)
{
    cJSON *note = new_note(store);
    cJSON_AddStringToObject(note, "id", id);
    cJSON_AddStringToObject(note, "detail", detail);
    if (consent) {
        cJSON_AddStringToObject(note, "consentId", consent->id);
        add_note(store, consent, "findings", cJSON_Duplicate(note, true));
        if (!consent->fresh) {
            consent->fresh = cJSON_CreateArray();
        }
        append_bounded(consent->fresh, cJSON_Duplicate(note, true));
    }
    add_note(store, NULL, "findings", note);
    LOG_EVENT(store->log, LOG_WARN, "finding", LOG_TEXT("id", slice_of(id)),
              LOG_TEXT("consentId", slice_of(consent ? consent->id : NULL)),
              LOG_TEXT("detail", slice_of(detail)));
}

const cJSON *store_findings(const struct store *store)
{
    return store->findings;
}

const cJSON *store_exchanges(const struct store *store)
{
    return store->exchanges;
}

/* --- starting from the file ------------------------------------------------------------------- */

struct keeper {
    struct store *store;
    const struct sim *sim;
};

/* The numbers of notes go on where they ended. */
static void count_notes(struct store *store, const cJSON *notes)
{
    const cJSON *note;
    cJSON_ArrayForEach(note, notes)
    {
        int64_t number = (int64_t)json_get(note, "n")->valuedouble;
        store->notes = number > store->notes ? number : store->notes;
    }
}

static void take_note(struct store *store, const cJSON *record, const cJSON *note)
{
    struct lfi_slice of = json_get_string(record, "of"), list = json_get_string(record, "list");
    struct consent *consent = of.ptr ? store_find(store, NULL, of) : NULL;
    cJSON *into = of.ptr && !consent ? NULL : list_named(store, consent, list.ptr);
    if (into && store_record_is_note(note)) {
        append_bounded(into, cJSON_Duplicate(note, true));
    }
}

/* A newer head of a consent that is there: what it replaces is freed, the notes stay. */
static void take_head(struct consent *old, struct consent *head)
{
    for (size_t i = 0; i < store_list_count; i++) {
        cJSON_Delete(store_list_named(head, store_lists[i]));
    }
    cJSON_Delete(old->data);
    cJSON_Delete(old->callback);
    cJSON_Delete(old->grant);
    cJSON_Delete(old->payments);
    head->history = old->history;
    head->exchanges = old->exchanges;
    head->steps = old->steps;
    head->findings = old->findings;
    head->events = old->events;
    head->stored = true;
    *old = *head;
}

static void take(void *ctx, const cJSON *record)
{
    struct keeper *keeper = ctx;
    struct consent consent;
    const cJSON *note = json_get(record, "note");
    if (note) {
        take_note(keeper->store, record, note);
    } else if (store_record_read(keeper->sim, record, &consent)) {
        struct consent *old = store_find(keeper->store, NULL, slice_of(consent.id));
        if (old) {
            take_head(old, &consent);
        } else if (!put(keeper->store, &consent)) {
            store_drop(&consent);
        }
    }
}

int store_keep(struct store *store, const struct sim *sim, struct lfi_error *error)
{
    struct keeper keeper = {store, sim};
    struct store_file *file;
    if (!sim->config->state_folder) {
        return 0;
    }
    if (store_file_open(&file, sim->config->state_folder, "consents", sim->log, error)) {
        return -1;
    }
    if (store_file_read(file, take, &keeper, error)) {
        store_file_close(file);
        return -1;
    }
    for (size_t i = 0; i < store->count; i++) {
        struct consent *consent = store_at(store, i);
        for (size_t j = 0; j < store_list_count; j++) {
            count_notes(store, store_list_named(consent, store_lists[j]));
        }
    }
    count_notes(store, store->findings);
    count_notes(store, store->exchanges);
    store->file = file;
    rewrite(store);
    return 0;
}

int store_open_beside(const struct store *store, const char *name, struct store_file **out,
                      struct lfi_error *error)
{
    *out = NULL;
    return store->file ? store_file_open_beside(out, store->file, name, error) : 0;
}
