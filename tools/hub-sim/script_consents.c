/* Scripting calls about consents. */
#include "bank.h"
#include "contract_sim.h"
#include "file_announce.h"
#include "payment_staging.h"
#include "script.h"
#include "versions.h"
#include "webhooks.h"

#define REQUEST_URI_LIFE_S 600 /* FAPI 2.0: less than that, or equal */
#define RECENT 25              /* consents in the list */

/* By the standard's type or its short name; the contract knows no other. */
static const struct consent_kind *kind_of(struct lfi_slice type, uint32_t *version)
{
    struct lfi_slice family = type;
    *version = VERSION_FIRST;
    (void)details_type_read(type, &family, version);
    bool pays = slice_equal_text(family, "payment") ||
                slice_equal_text(family, "service-initiation-consent");
    bool insures =
        slice_equal_text(family, "insurance") || slice_equal_text(family, "insurance-consent");
    return consent_kind_named(pays ? "flexi-pay" : insures ? "insurance" : "data-sharing");
}

static int parse_new_consent(struct sim_call *call, struct consent_request *out)
{
    int64_t life = REQUEST_URI_LIFE_S;
    struct lfi_slice client = json_get_string(call->body, "clientId");
    uint32_t version;
    const struct consent_kind *kind = kind_of(json_get_string(call->body, "type"), &version);
    json_get_int(call->body, "requestUriSeconds", &life);
    *out = (struct consent_request){
        .hub = sim_hub_of(call->sim, json_get_string(call->body, "providerId")),
        .tpp = client.ptr ? tpp_find(client) : &tpps[0],
        .kind = kind,
        .version = version,
        .terms = json_get(call->body, "consent"),
        .subscription = json_get(call->body, "subscription"),
        .request_life_s = life,
        .probes = json_get_bool(call->body, "probes", false),
    };
    if (!out->hub) {
        return script_refuse(&call->base, "SIM-PROVIDER", 400, "There is no such provider.");
    }
    if (!out->tpp) {
        return script_refuse(&call->base, "SIM-CLIENT", 400, "There is no such TPP.");
    }
    const char *why = webhooks_why_not(out->subscription);
    return why ? script_refuse(&call->base, "SIM-WEBHOOK", 400, why) : 0;
}

/* The Hub's own checks, which tests of the bank leave out. */
static int check_terms(struct sim_call *call, const struct consent_request *request,
                       const struct consent *made)
{
    const cJSON *terms = json_get(json_get(made->data, "request"), "consent");
    return !request->kind->pays || json_get_bool(call->body, "unchecked", false)
               ? 0
               : payment_staging_check(terms, call->sim->clock, call->base.refusal);
}

/* 0 when the bank accepts or is not asked; else the reply or the refusal is filled. */
static int ask_bank(struct sim_call *call, struct consent *consent, bool *answered)
{
    struct bank_answer answer;
    struct arena *arena = call->base.arena;
    if (!consent->hub->config->offers_validate) {
        return 0;
    }
    int rc = bank_validate(call->sim, consent, arena, &answer, call->base.refusal);
    if (rc && call->base.refusal->status == 422) {
        cJSON *body = cJSON_CreateObject();
        cJSON_AddNumberToObject(body, "status", answer.http.status);
        cJSON_AddItemToObject(body, "body",
                              script_json_or_text(buf_slice(&answer.http.body), arena));
        sim_reply_json(call->base.reply, 422, body);
        *answered = true;
    }
    bank_answer_free(&answer);
    return rc;
}

static void reply_created(struct sim_call *call, const struct consent *consent)
{
    cJSON *body = cJSON_CreateObject();
    struct lfi_slice url = arena_format(call->base.arena, "%s?%s",
                                        consent->hub->config->authorize_url, consent->query);
    cJSON_AddStringToObject(body, "consentId", consent->id);
    cJSON_AddStringToObject(body, "authorizeUrl", url.ptr ? url.ptr : "");
    cJSON_AddStringToObject(body, "state", consent->state);
    sim_reply_json(call->base.reply, 201, body);
}

/* Called under the lock. */
static void note_request(struct sim_call *call, struct consent *made)
{
    struct arena *arena = call->base.arena;
    char *terms = cJSON_PrintUnformatted(json_get(made->data, "request"));
    struct lfi_slice answer = arena_format(arena, "{\"request_uri\":\"%s\"}", made->request_uri);
    store_note_step(call->sim->store, made,
                    &(struct exchange){.interface = "par",
                                       .method = SLICE("POST"),
                                       .path = SLICE("/par"),
                                       .request_body = slice_of(terms),
                                       .status = 201,
                                       .reply_type = SLICE("application/json"),
                                       .reply_body = answer});
    cJSON_free(terms);
}

static void note_redirect(struct sim_call *call, struct consent *made)
{
    store_note_step(call->sim->store, made,
                    &(struct exchange){.interface = "redirect",
                                       .method = SLICE("GET"),
                                       .path = slice_of(made->hub->config->authorize_url),
                                       .query = slice_of(made->query),
                                       .status = 302});
}

/* 0 when the bank takes the file that the consent is for, or there is none. */
static int announce(struct sim_call *call, struct consent *made, bool *answered)
{
    struct bank_answer answer;
    struct arena *arena = call->base.arena;
    int rc = file_announce(call->sim, made, arena, &answer, call->base.refusal);
    if (rc != 0 && !call->base.refusal->id) {
        cJSON *reply = cJSON_CreateObject();
        cJSON_AddNumberToObject(reply, "status", answer.http.status);
        cJSON_AddItemToObject(reply, "body",
                              script_json_or_text(buf_slice(&answer.http.body), arena));
        sim_reply_json(call->base.reply, 422, reply);
        *answered = true;
    }
    bank_answer_free(&answer);
    return rc;
}

int script_create_consent(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    struct consent_request request;
    struct consent made;
    struct lfi_error error;
    bool answered = false;
    if (parse_new_consent(call, &request)) {
        return -1;
    }
    if (consent_make(call->sim, &request, &made, &error)) {
        return script_refuse(&call->base, "SIM-TERMS", 400, error.message);
    }
    if (check_terms(call, &request, &made) != 0) {
        store_drop(&made);
        return -1;
    }
    store_lock(call->sim->store);
    note_request(call, &made);
    store_unlock(call->sim->store);
    if (ask_bank(call, &made, &answered) != 0 || announce(call, &made, &answered) != 0) {
        store_drop(&made);
        return answered ? 0 : -1;
    }
    store_lock(call->sim->store);
    note_redirect(call, &made);
    int rc = consent_lodge(call->sim, &made, call->base.refusal);
    store_unlock(call->sim->store);
    if (rc) {
        store_drop(&made);
        return rc;
    }
    reply_created(call, &made);
    return 0;
}

static const char *interaction_name(enum interaction interaction)
{
    static const char *const names[] = {"none", "open", "confirmed", "failed"};
    return names[interaction];
}

static cJSON *describe(const struct sim *sim, struct consent *consent)
{
    cJSON *body = cJSON_CreateObject();
    consent_status(sim, consent);
    cJSON_AddStringToObject(body, "consentId", consent->id);
    cJSON_AddStringToObject(body, "providerId", consent->hub->config->provider_id);
    cJSON_AddStringToObject(body, "state", consent->state);
    cJSON_AddStringToObject(body, "interaction", interaction_name(consent->interaction));
    return body;
}

/* The notes after number `since`. */
static void add_notes(cJSON *body, const char *name, const cJSON *notes, uint64_t since)
{
    cJSON *copy = cJSON_AddArrayToObject(body, name);
    const cJSON *note;
    cJSON_ArrayForEach(note, notes)
    {
        if (json_get(note, "n")->valuedouble > (double)since) {
            cJSON_AddItemToArray(copy, cJSON_Duplicate(note, true));
        }
    }
}

int script_show_consent(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    uint64_t since = 0;
    slice_to_u64(contract_parameter(&base->parameters, SIM_SINCE), &since);
    store_lock(call->sim->store);
    struct consent *consent =
        store_find(call->sim->store, NULL, contract_parameter(&base->parameters, SIM_CONSENT_ID));
    cJSON *body = NULL;
    if (consent) {
        body = describe(call->sim, consent);
        cJSON_AddStringToObject(body, "slug", consent->tpp->slug);
        cJSON_AddItemToObject(body, "consent", cJSON_Duplicate(consent->data, true));
        add_notes(body, "history", consent->history, since);
        add_notes(body, "exchanges", consent->exchanges, since);
        add_notes(body, "steps", consent->steps, since);
        add_notes(body, "findings", consent->findings, since);
    }
    store_unlock(call->sim->store);
    if (!body) {
        return script_refuse(&call->base, "SIM-CONSENT-UNKNOWN", 404, "There is no such consent.");
    }
    sim_reply_json(call->base.reply, 200, body);
    return 0;
}

int script_list_consents(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    struct store *store = call->sim->store;
    cJSON *body = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(body, "consents");
    store_lock(store);
    for (size_t i = 0; i < store_count(store) && i < RECENT; i++) {
        struct consent *consent = store_at(store, i);
        const cJSON *created = json_get(cJSON_GetArrayItem(consent->history, 0), "at");
        cJSON *entry = describe(call->sim, consent);
        cJSON_AddStringToObject(entry, "tppName", consent->tpp->name);
        cJSON_AddStringToObject(entry, "slug", consent->tpp->slug);
        cJSON_AddStringToObject(entry, "status", consent_status(call->sim, consent).ptr);
        cJSON_AddItemToObject(entry, "at", cJSON_Duplicate(created, false));
        cJSON_AddNumberToObject(entry, "findings", cJSON_GetArraySize(consent->findings));
        cJSON_AddBoolToObject(entry, "pays", consent_pays(consent));
        cJSON_AddItemToArray(list, entry);
    }
    store_unlock(store);
    sim_reply_json(call->base.reply, 200, body);
    return 0;
}

int script_show_callback(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    store_lock(call->sim->store);
    const struct consent *consent =
        store_find_state(call->sim->store, contract_parameter(&base->parameters, SIM_STATE));
    cJSON *body = consent ? cJSON_Duplicate(consent->callback, true) : NULL;
    store_unlock(call->sim->store);
    if (!body) {
        return script_refuse(&call->base, "SIM-CALLBACK", 404, "The customer has not come back.");
    }
    sim_reply_json(call->base.reply, 200, body);
    return 0;
}
