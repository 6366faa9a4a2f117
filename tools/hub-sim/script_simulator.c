/* Scripting calls about the simulator itself, and what the plain listener shows besides. */
#include "app.h"
#include "base/datetime.h"
#include "base/file.h"
#include "contract/version.h"
#include "script.h"
#include "tpp_app/app.h"

#define SLOW_MS 10000
#define PLACES_BYTES (256 * 1024)

int script_set_fault(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    enum fault_target target;
    struct fault fault = {.then = FAULT_NONE};
    int64_t times = 0, skip = 0, ms = SLOW_MS;
    struct lfi_slice then = json_get_string(call->body, "then");
    if (!faults_target_named(json_get_string(call->body, "target"), &target) ||
        !faults_kind_named(json_get_string(call->body, "kind"), &fault.kind) ||
        (then.ptr && !faults_kind_named(then, &fault.then)) || !faults_fit(target, fault.kind) ||
        !faults_fit(target, fault.then)) {
        return script_refuse(base, "SIM-FAULT", 400, "There is no such fault.");
    }
    json_get_int(call->body, "times", &times);
    json_get_int(call->body, "ms", &ms);
    json_get_int(call->body, "skip", &skip);
    fault.times = (int)times;
    fault.skip = (int)skip;
    fault.ms = (int)ms;
    faults_set(call->sim->faults, target, &fault);
    base->reply->status = 204;
    return 0;
}

int script_clear_faults(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    faults_clear(call->sim->faults);
    base->reply->status = 204;
    return 0;
}

int script_show_switches(struct call *base)
{
    sim_reply_json(base->reply, 200, switches_describe(&sim_call_of(base)->sim->switches));
    return 0;
}

int script_set_switches(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    switches_apply(&call->sim->switches, call->body);
    return script_show_switches(base);
}

int script_show_setup(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    const struct sim *sim = call->sim;
    cJSON *body = cJSON_CreateObject();
    char now[DATETIME_TEXT_MAX];
    datetime_format_utc_ms(clock_now_us(sim->clock), now);
    cJSON_AddStringToObject(body, "now", now);
    cJSON *bank = cJSON_AddObjectToObject(body, "bank");
    if (sim->config->bank_pages_url) {
        cJSON_AddStringToObject(bank, "pagesUrl", sim->config->bank_pages_url);
    }
    if (sim->config->bank_admin_url) {
        cJSON_AddStringToObject(bank, "adminUrl", sim->config->bank_admin_url);
    }
    cJSON *hubs = cJSON_AddArrayToObject(body, "hubs");
    for (size_t i = 0; i < sim->hub_count; i++) {
        cJSON *hub = cJSON_CreateObject();
        cJSON_AddStringToObject(hub, "providerId", sim->hubs[i].config->provider_id);
        cJSON_AddStringToObject(hub, "segment", sim->hubs[i].config->segment);
        if (sim->hubs[i].config->name) {
            cJSON_AddRawToObject(hub, "name", sim->hubs[i].config->name);
        }
        if (sim->hubs[i].config->text) {
            cJSON_AddRawToObject(hub, "text", sim->hubs[i].config->text);
        }
        cJSON *versions = cJSON_AddArrayToObject(hub, "versions");
        for (const uint32_t *at = sim->hubs[i].config->versions; *at; at++) {
            char text[VERSION_TEXT_MAX];
            version_format(*at, text);
            cJSON_AddItemToArray(versions, cJSON_CreateString(text));
        }
        cJSON_AddItemToArray(hubs, hub);
    }
    cJSON *list = cJSON_AddArrayToObject(body, "tpps");
    for (size_t i = 0; i < tpp_count; i++) {
        cJSON *tpp = cJSON_CreateObject();
        cJSON_AddStringToObject(tpp, "clientId", tpps[i].client_id);
        cJSON_AddStringToObject(tpp, "name", tpps[i].name);
        cJSON_AddStringToObject(tpp, "organisationId", tpps[i].org_id);
        cJSON_AddStringToObject(tpp, "softwareStatementId", tpps[i].software_id);
        cJSON_AddStringToObject(tpp, "slug", tpps[i].slug);
        cJSON_AddStringToObject(tpp, "segment", tpps[i].segment);
        cJSON_AddStringToObject(tpp, "pitch", tpps[i].pitch);
        cJSON_AddBoolToObject(tpp, "callsHub", tpp_app_calls(sim->app, i));
        cJSON_AddBoolToObject(tpp, "pays", tpp_app_may(sim->app, i, TPP_PAYS));
        cJSON_AddBoolToObject(tpp, "insures", tpp_app_may(sim->app, i, TPP_INSURES));
        cJSON_AddItemToArray(list, tpp);
    }
    sim_reply_json(base->reply, 200, body);
    return 0;
}

/* The file is read at each call, for it may be made anew while this runs. */
int script_show_places(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    const char *path = call->sim->config->places;
    struct lfi_error error = {0};
    struct buf text;
    buf_init(&text, PLACES_BYTES);
    cJSON *body = cJSON_CreateObject(), *places = NULL;
    if (path && !file_read(path, &text, &error)) {
        places = json_parse(buf_slice(&text));
    }
    if (path && !places) {
        LOG_EVENT(call->sim->log, LOG_WARN, "places-unreadable",
                  LOG_TEXT("cause", slice_of(error.message)));
    }
    cJSON_AddItemToObject(body, "places", places ? places : cJSON_CreateArray());
    sim_reply_json(base->reply, 200, body);
    buf_free(&text);
    return 0;
}

typedef const cJSON *notes_fn(const struct store *store);

/* {name: notes} */
static int show_notes(struct call *base, const char *name, notes_fn *notes)
{
    struct store *store = sim_call_of(base)->sim->store;
    cJSON *body = cJSON_CreateObject();
    store_lock(store);
    cJSON_AddItemToObject(body, name, cJSON_Duplicate(notes(store), true));
    store_unlock(store);
    sim_reply_json(base->reply, 200, body);
    return 0;
}

int script_show_findings(struct call *base)
{
    return show_notes(base, "findings", store_findings);
}

int script_show_exchanges(struct call *base)
{
    return show_notes(base, "exchanges", store_exchanges);
}

/* --- what a browser asks for ------------------------------------------------------------------ */

int script_receive_customer(struct call *base)
{
    app_receive_customer(sim_call_of(base)->sim, base->request, base->reply);
    return 0;
}
