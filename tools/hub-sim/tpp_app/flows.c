#include "tpp_app/flows.h"

#include "store.h"
#include "store_file.h"
#include "tpp_app/flow_record.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>

struct entry {
    struct flow flow;
    cJSON *wire;
    int64_t notes;  /* ever made */
    cJSON *payment; /* {"key", "message"}; NULL: none was begun */
};

struct flows {
    pthread_mutex_t lock;
    const struct sim *sim;
    struct store_file *file; /* NULL: in memory only */
    struct entry *entries[FLOWS_MAX];
    size_t next;
};

static void free_entry(struct entry *entry)
{
    if (entry) {
        cJSON_Delete(entry->wire);
        cJSON_Delete(entry->payment);
        OPENSSL_cleanse(&entry->flow, sizeof entry->flow);
        free(entry);
    }
}

/* By its state. Under the lock. */
static struct entry *entry_of(struct flows *flows, struct lfi_slice state)
{
    for (size_t i = 0; state.ptr && i < FLOWS_MAX; i++) {
        if (flows->entries[i] && slice_equal_text(state, flows->entries[i]->flow.state)) {
            return flows->entries[i];
        }
    }
    return NULL;
}

static struct entry *add_entry(struct flows *flows, const struct flow *flow)
{
    struct entry *entry = calloc(1, sizeof *entry);
    if (!entry || !(entry->wire = cJSON_CreateArray())) {
        free(entry);
        return NULL;
    }
    entry->flow = *flow;
    free_entry(flows->entries[flows->next]);
    flows->entries[flows->next] = entry;
    flows->next = (flows->next + 1) % FLOWS_MAX;
    return entry;
}

static void add_note(struct entry *entry, cJSON *note)
{
    cJSON_AddItemToArray(entry->wire, note);
    if (cJSON_GetArraySize(entry->wire) > FLOW_NOTES) {
        cJSON_DeleteItemFromArray(entry->wire, FLOW_NOTES / 2);
    }
}

/* --- the file ---------------------------------------------------------------------------------
 *
 * Of three kinds are its lines, each with the state of its flow: {"flow"}, the flow as it is from
 * then on; {"payment"}, that was begun; {"note"}, of what went over the wire.
 */

static void write_line(struct flows *flows, const struct entry *entry, const char *kind,
                       cJSON *value)
{
    cJSON *line = cJSON_CreateObject();
    cJSON_AddStringToObject(line, "state", entry->flow.state);
    cJSON_AddItemToObject(line, kind, value);
    store_file_append(flows->file, line);
    json_wipe(line);
}

static void write_entry(struct flows *flows, const struct entry *entry)
{
    const cJSON *note;
    write_line(flows, entry, "flow", flow_record_write(&entry->flow));
    if (entry->payment) {
        write_line(flows, entry, "payment", cJSON_Duplicate(entry->payment, true));
    }
    cJSON_ArrayForEach(note, entry->wire)
    {
        write_line(flows, entry, "note", cJSON_Duplicate(note, true));
    }
}

static void rewrite(struct flows *flows)
{
    if (store_file_begin(flows->file)) {
        return;
    }
    for (size_t i = 0; i < FLOWS_MAX; i++) { /* oldest first */
        const struct entry *entry = flows->entries[(flows->next + i) % FLOWS_MAX];
        if (entry) {
            write_entry(flows, entry);
        }
    }
    store_file_commit(flows->file);
}

/* Under the lock; `value` is taken over. */
static void keep(struct flows *flows, const struct entry *entry, const char *kind, cJSON *value)
{
    if (!flows->file) {
        cJSON_Delete(value);
        return;
    }
    write_line(flows, entry, kind, value);
    if (store_file_has_grown(flows->file)) {
        rewrite(flows);
    }
}

static void keep_flow(struct flows *flows, const struct entry *entry)
{
    keep(flows, entry, "flow", flows->file ? flow_record_write(&entry->flow) : NULL);
}

static void take_flow(struct flows *flows, struct entry *entry, const cJSON *record)
{
    struct flow flow;
    if (!flow_record_read(flows->sim, record, &flow)) {
        return;
    }
    if (entry) {
        entry->flow = flow;
    } else {
        (void)add_entry(flows, &flow);
    }
}

static void take_line(void *ctx, const cJSON *line)
{
    struct flows *flows = ctx;
    struct entry *entry = entry_of(flows, json_get_string(line, "state"));
    const cJSON *flow = json_get(line, "flow"), *note = json_get(line, "note"),
                *payment = json_get(line, "payment");
    if (flow) {
        take_flow(flows, entry, flow);
    } else if (entry && note) {
        add_note(entry, cJSON_Duplicate(note, true));
        (void)json_get_int(note, "n", &entry->notes);
    } else if (entry && payment) {
        cJSON_Delete(entry->payment);
        entry->payment = cJSON_Duplicate(payment, true);
    }
}

/* --- life ------------------------------------------------------------------------------------- */

static int restore(struct flows *flows, struct lfi_error *error)
{
    if (store_open_beside(flows->sim->store, "app", &flows->file, error)) {
        return -1;
    }
    if (flows->file && store_file_read(flows->file, take_line, flows, error)) {
        return -1;
    }
    if (flows->file) {
        rewrite(flows);
    }
    return 0;
}

int flows_open(struct flows **out, const struct sim *sim, struct lfi_error *error)
{
    struct flows *flows = calloc(1, sizeof *flows);
    if (!flows || pthread_mutex_init(&flows->lock, NULL) != 0) {
        free(flows);
        return error_set(error, "out of memory");
    }
    flows->sim = sim;
    if (restore(flows, error) != 0) {
        flows_close(flows);
        return -1;
    }
    *out = flows;
    return 0;
}

void flows_close(struct flows *flows)
{
    if (!flows) {
        return;
    }
    for (size_t i = 0; i < FLOWS_MAX; i++) {
        free_entry(flows->entries[i]);
    }
    store_file_close(flows->file);
    pthread_mutex_destroy(&flows->lock);
    free(flows);
}

/* --- use -------------------------------------------------------------------------------------- */

int flows_add(struct flows *flows, const struct flow *flow)
{
    pthread_mutex_lock(&flows->lock);
    const struct entry *entry = add_entry(flows, flow);
    if (entry) {
        keep_flow(flows, entry);
    }
    pthread_mutex_unlock(&flows->lock);
    return entry ? 0 : -1;
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

void flows_each(struct flows *flows, struct lfi_slice browser,
                void (*take)(void *ctx, const struct flow *flow), void *ctx)
{
    pthread_mutex_lock(&flows->lock);
    for (size_t i = 1; browser.ptr && i <= FLOWS_MAX; i++) {
        const struct entry *entry = flows->entries[(flows->next + FLOWS_MAX - i) % FLOWS_MAX];
        if (entry && slice_equal_secret(browser, slice_of(entry->flow.browser))) {
            take(ctx, &entry->flow);
        }
    }
    pthread_mutex_unlock(&flows->lock);
}

void flows_update(struct flows *flows, const struct flow *flow)
{
    pthread_mutex_lock(&flows->lock);
    struct entry *entry = entry_of(flows, slice_of(flow->state));
    if (entry) {
        entry->flow = *flow;
        keep_flow(flows, entry);
    }
    pthread_mutex_unlock(&flows->lock);
}

bool flows_begin_arrival(struct flows *flows, const char *state)
{
    pthread_mutex_lock(&flows->lock);
    struct entry *entry = entry_of(flows, slice_of(state));
    bool first = entry && !entry->flow.arrived;
    if (first) {
        entry->flow.arrived = true;
    }
    pthread_mutex_unlock(&flows->lock);
    return first;
}

void flows_keep_payment(struct flows *flows, const struct flow *flow, const char *key,
                        const cJSON *message)
{
    cJSON *payment = cJSON_CreateObject();
    cJSON_AddStringToObject(payment, "key", key);
    cJSON_AddItemToObject(payment, "message", cJSON_Duplicate(message, true));
    pthread_mutex_lock(&flows->lock);
    struct entry *entry = entry_of(flows, slice_of(flow->state));
    if (entry) {
        keep(flows, entry, "payment", cJSON_Duplicate(payment, true));
        cJSON_Delete(entry->payment);
        entry->payment = payment;
    } else {
        cJSON_Delete(payment);
    }
    pthread_mutex_unlock(&flows->lock);
}

cJSON *flows_find_payment(struct flows *flows, const char *state, const char *key)
{
    pthread_mutex_lock(&flows->lock);
    const struct entry *entry = entry_of(flows, slice_of(state));
    const cJSON *payment = entry ? entry->payment : NULL;
    cJSON *message = slice_equal_text(json_get_string(payment, "key"), key)
                         ? cJSON_Duplicate(json_get(payment, "message"), true)
                         : NULL;
    pthread_mutex_unlock(&flows->lock);
    return message;
}

void flows_note(struct flows *flows, const struct flow *flow, cJSON *note)
{
    if (flow->notes) {
        cJSON_AddNumberToObject(note, "n", cJSON_GetArraySize(flow->notes) + 1);
        cJSON_AddItemToArray(flow->notes, note);
        return;
    }
    pthread_mutex_lock(&flows->lock);
    struct entry *entry = entry_of(flows, slice_of(flow->state));
    if (entry) {
        cJSON_AddNumberToObject(note, "n", (double)++entry->notes);
        keep(flows, entry, "note", flows->file ? cJSON_Duplicate(note, true) : NULL);
        add_note(entry, note);
    } else {
        cJSON_Delete(note);
    }
    pthread_mutex_unlock(&flows->lock);
}

cJSON *flows_wire(struct flows *flows, const char *state)
{
    pthread_mutex_lock(&flows->lock);
    const struct entry *entry = entry_of(flows, slice_of(state));
    cJSON *wire = entry ? cJSON_Duplicate(entry->wire, true) : cJSON_CreateArray();
    pthread_mutex_unlock(&flows->lock);
    return wire;
}
