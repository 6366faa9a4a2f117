#include "store_record.h"
#include "base/array.h"
#include "tpps.h"

const char *const store_lists[] = {"history", "exchanges", "steps", "findings", "events"};
const size_t store_list_count = ARRAY_LEN(store_lists);

static cJSON **list_of(struct consent *consent, size_t index)
{
    cJSON **const lists[] = {&consent->history, &consent->exchanges, &consent->steps,
                             &consent->findings, &consent->events};
    return lists[index];
}

cJSON *store_list_named(struct consent *consent, const char *name)
{
    for (size_t i = 0; name && i < store_list_count; i++) {
        if (strcmp(store_lists[i], name) == 0) {
            return *list_of(consent, i);
        }
    }
    return NULL;
}

cJSON *store_record_write(struct consent *consent, bool with_notes)
{
    cJSON *record = cJSON_CreateObject();
    cJSON_AddStringToObject(record, "consentId", consent->id);
    cJSON_AddStringToObject(record, "providerId", consent->hub->config->provider_id);
    cJSON_AddStringToObject(record, "clientId", consent->tpp->client_id);
    cJSON_AddItemReferenceToObject(record, "data", consent->data);
    cJSON_AddStringToObject(record, "requestUri", consent->request_uri);
    cJSON_AddStringToObject(record, "state", consent->state);
    cJSON_AddStringToObject(record, "query", consent->query);
    cJSON_AddNumberToObject(record, "requestExpires", (double)consent->request_expires_s);
    cJSON_AddNumberToObject(record, "interaction", consent->interaction);
    cJSON_AddStringToObject(record, "interactionId", consent->interaction_id);
    cJSON_AddStringToObject(record, "callbackQuery", consent->callback_query);
    cJSON_AddNumberToObject(record, "bodyBytes", (double)consent->body_bytes);
    cJSON_AddItemReferenceToObject(record, "payments", consent->payments);
    if (consent->callback) {
        cJSON_AddItemReferenceToObject(record, "callback", consent->callback);
    }
    if (consent->grant) {
        cJSON_AddItemReferenceToObject(record, "grant", consent->grant);
    }
    for (size_t i = 0; with_notes && i < store_list_count; i++) {
        cJSON_AddItemReferenceToObject(record, store_lists[i], *list_of(consent, i));
    }
    return record;
}

bool store_record_is_note(const cJSON *note)
{
    return cJSON_IsNumber(json_get(note, "n")) && cJSON_IsString(json_get(note, "at"));
}

/* False when the text is missing or does not fit. */
static bool read_text(const cJSON *record, const char *name, char *out, size_t room)
{
    struct lfi_slice text = json_get_string(record, name);
    if (!text.ptr || text.len >= room) {
        return false;
    }
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    return true;
}

static cJSON *read_notes(const cJSON *record, const char *name)
{
    cJSON *notes = cJSON_CreateArray();
    const cJSON *note;
    cJSON_ArrayForEach(note, json_get(record, name))
    {
        if (store_record_is_note(note) && cJSON_GetArraySize(notes) < STORE_NOTES) {
            cJSON_AddItemToArray(notes, cJSON_Duplicate(note, true));
        }
    }
    return notes;
}

static bool is_whole(const cJSON *data, const char *id)
{
    return slice_equal_text(json_get_string(data, "id"), id) &&
           json_get_string(data, "status").ptr &&
           cJSON_IsObject(json_get(json_get(data, "consentBody"), "Data"));
}

bool store_record_read(const struct sim *sim, const cJSON *record, struct consent *out)
{
    int64_t interaction = 0, bytes = 0;
    const cJSON *data = json_get(record, "data"), *callback = json_get(record, "callback");
    const cJSON *payments = json_get(record, "payments"), *grant = json_get(record, "grant");
    *out = (struct consent){.hub = sim_hub_of(sim, json_get_string(record, "providerId")),
                            .tpp = tpp_find(json_get_string(record, "clientId"))};
    if (!out->hub || !out->tpp || !read_text(record, "consentId", out->id, sizeof(out->id)) ||
        !read_text(record, "requestUri", out->request_uri, sizeof(out->request_uri)) ||
        !read_text(record, "state", out->state, sizeof(out->state)) ||
        !read_text(record, "query", out->query, sizeof(out->query)) ||
        !read_text(record, "interactionId", out->interaction_id, sizeof(out->interaction_id)) ||
        !read_text(record, "callbackQuery", out->callback_query, sizeof(out->callback_query)) ||
        !json_get_int(record, "requestExpires", &out->request_expires_s) ||
        !json_get_int(record, "interaction", &interaction) || interaction < INTERACTION_NONE ||
        interaction > INTERACTION_FAILED || !json_get_int(record, "bodyBytes", &bytes) ||
        bytes < 0 || !is_whole(data, out->id)) {
        return false;
    }
    out->interaction = (enum interaction)interaction;
    out->body_bytes = (size_t)bytes;
    out->data = cJSON_Duplicate(data, true);
    out->payments = cJSON_IsArray(payments) ? cJSON_Duplicate(payments, true) : cJSON_CreateArray();
    out->callback = cJSON_IsObject(callback) ? cJSON_Duplicate(callback, true) : NULL;
    out->grant = cJSON_IsObject(grant) ? cJSON_Duplicate(grant, true) : NULL;
    for (size_t i = 0; i < store_list_count; i++) {
        *list_of(out, i) = read_notes(record, store_lists[i]);
    }
    return true;
}
