/* Scripting calls about events, and where the simulated TPPs receive them. */
#include "contract_sim.h"
#include "script.h"
#include "webhook_receiver.h"

int script_receive_webhook(struct call *base)
{
    struct lfi_slice header = request_header(base->request, "content-type", NULL), type;
    if (!slice_next(&header, ';', &type) ||
        !slice_equal_nocase(slice_trim(type), "application/jwe")) {
        return script_refuse(base, "SIM-WEBHOOK-TYPE", 415, "The body must be application/jwe.");
    }
    if (webhook_receive(sim_call_of(base)->sim, base->arena, slice_trim(base->request->body),
                        base->refusal) != 0) {
        return -1;
    }
    base->reply->status = 202;
    return 0;
}

int script_list_events(struct call *base)
{
    struct store *store = sim_call_of(base)->sim->store;
    store_lock(store);
    const struct consent *consent =
        store_find(store, NULL, contract_parameter(&base->parameters, SIM_CONSENT_ID));
    cJSON *events = consent ? cJSON_Duplicate(consent->events, true) : NULL;
    store_unlock(store);
    if (!events) {
        return script_refuse(base, "SIM-CONSENT-UNKNOWN", 404, "There is no such consent.");
    }
    cJSON *body = cJSON_CreateObject();
    cJSON_AddItemToObject(body, "events", events);
    sim_reply_json(base->reply, 200, body);
    return 0;
}
