/* Scripting calls of CAAP, where customers of some Hubs decide: its page plays the platform. */
#include "bank.h"
#include "grant.h"
#include "jwe_key.h"
#include "query.h"
#include "rows_hub_heimdall.h"
#include "script.h"

#include "base/array.h"
#include "base/limits.h"

#define JOURNEY_UNKNOWN "SIM-JOURNEY", 404, "There is no such journey at CAAP."

/* --- a journey begins ------------------------------------------------------------------------- */

static int find_request(struct sim_call *call, struct lfi_slice query)
{
    struct lfi_slice uri = request_parameter(call->base.arena, query, "request_uri", NULL);
    call->consent = uri.ptr ? store_find_request(call->sim->store, uri) : NULL;
    if (!call->consent || !call->consent->hub->caap) {
        return script_refuse(&call->base, JOURNEY_UNKNOWN);
    }
    call->hub = call->consent->hub;
    return 0;
}

/* What the page is told, or where the customer goes at once when the request cannot be used. */
static cJSON *describe_journey(const struct sim_call *call)
{
    const struct consent *consent = call->consent;
    cJSON *reply = cJSON_CreateObject();
    if (call->location.ptr) {
        cJSON_AddStringToObject(reply, "location", call->location.ptr);
        return reply;
    }
    cJSON_AddStringToObject(reply, "interactionId", consent->interaction_id);
    cJSON_AddStringToObject(reply, "providerId", call->hub->config->provider_id);
    cJSON_AddStringToObject(reply, "tppName", consent->tpp->name);
    cJSON_AddBoolToObject(reply, "pays", consent_pays(consent));
    cJSON_AddItemToObject(reply, "consent", cJSON_Duplicate(consent->data, true));
    return reply;
}

int script_begin_caap(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    struct request request = *base->request;
    request.query = json_get_string(call->body, "query");
    struct sim_call inner = *call;
    inner.base.request = &request;
    store_lock(call->sim->store);
    int rc = find_request(&inner, request.query);
    rc = rc == 0 ? heimdall_get_auth(&inner.base) : rc;
    buf_clear(&base->reply->body);
    if (rc == 0) {
        sim_reply_json(base->reply, 200, describe_journey(&inner));
    }
    store_unlock(call->sim->store);
    return rc;
}

/* --- calls to the bank ------------------------------------------------------------------------ */

/* The journey's Hub and consent, as texts and constants. */
static int find_journey(struct sim_call *call, const struct sim_hub **hub, struct lfi_slice *id)
{
    struct lfi_slice interaction = json_get_string(call->body, "interactionId");
    struct consent *consent = NULL;
    store_lock(call->sim->store);
    for (size_t i = 0; i < call->sim->hub_count && !consent; i++) {
        const struct sim_hub *one = &call->sim->hubs[i];
        consent = one->caap ? store_find_interaction(call->sim->store, one, interaction) : NULL;
    }
    if (consent) {
        *hub = consent->hub;
        *id = arena_keep(call->base.arena, slice_of(consent->id));
    }
    store_unlock(call->sim->store);
    return consent ? 0 : script_refuse(&call->base, JOURNEY_UNKNOWN);
}

/* Who the customer is goes to the bank encrypted alone. */
static int seal_identity(struct sim_call *call, cJSON *body)
{
    struct buf jwe;
    struct lfi_error error = {""};
    const char *id = json_get_string(call->body, "emiratesId").ptr;
    if (!id) {
        return 0;
    }
    if (!call->sim->bank_key) {
        return script_refuse(&call->base, "SIM-KEY", 500, "There is no key of the bank.");
    }
    struct lfi_slice plain = arena_format(call->base.arena, "{\"emiratesId\":\"%s\"}", id);
    buf_init(&jwe, LIMIT_PII_BYTES);
    int rc = jwe_key_encrypt(call->sim->bank_key, plain, &jwe, &error);
    cJSON *data = cJSON_GetObjectItemCaseSensitive(body, "data");
    struct lfi_slice text = arena_keep(call->base.arena, buf_slice(&jwe));
    if (rc == 0 && text.ptr) {
        cJSON_AddStringToObject(data, "personalIdentifiableInformation",
                                arena_text(call->base.arena, text));
    }
    buf_free(&jwe);
    return rc == 0 ? 0 : script_refuse(&call->base, "SIM-KEY", 500, "Encryption failed.");
}

int script_call_as_caap(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    struct bank_answer answer = {0};
    const struct sim_hub *hub;
    struct bank_caap_call caap = {.method = json_get_string(call->body, "method"),
                                  .path = json_get_string(call->body, "path"),
                                  .query = json_get_string(call->body, "query"),
                                  .user_id = json_get_string(call->body, "userId"),
                                  .use_case = json_get_string(call->body, "useCase")};
    cJSON *body = cJSON_GetObjectItemCaseSensitive(call->body, "body");
    if (find_journey(call, &hub, &caap.consent_id) != 0 || seal_identity(call, body) != 0) {
        return -1;
    }
    char *text = body ? cJSON_PrintUnformatted(body) : NULL;
    caap.caap = hub->caap;
    caap.body = slice_of(text);
    int rc = bank_send_as_caap(call->sim, &caap, base->arena, &answer, base->refusal);
    if (rc == 0) {
        sim_reply_json(base->reply, 200, script_describe_answer(&answer, base->arena));
    }
    bank_answer_free(&answer);
    cJSON_free(text);
    return rc;
}

/* --- a journey ends --------------------------------------------------------------------------- */

/* The consent as CAAP patches it at the Hub. */
static struct lfi_slice patch_of(struct sim_call *call, bool approved)
{
    static const char *const chosen[] = {"accountIds", "insurancePolicyIds"};
    cJSON *patch = cJSON_CreateObject(), *user = cJSON_CreateObject();
    cJSON_AddStringToObject(patch, "status", approved ? "Authorized" : "Rejected");
    cJSON_AddItemToObject(patch, "psuIdentifiers", user);
    cJSON_AddItemToObject(user, "userId", cJSON_Duplicate(json_get(call->body, "userId"), true));
    for (size_t i = 0; approved && i < ARRAY_LEN(chosen); i++) {
        const cJSON *ids = json_get(call->body, chosen[i]);
        if (ids) {
            cJSON_AddItemToObject(patch, chosen[i], cJSON_Duplicate(ids, true));
        }
    }
    cJSON_AddStringToObject(patch, "authorizationChannel", "App");
    char *text = cJSON_PrintUnformatted(patch);
    struct lfi_slice kept = arena_keep(call->base.arena, slice_of(text));
    cJSON_free(text);
    cJSON_Delete(patch);
    return kept;
}

static int end_journey(struct sim_call *call, bool approved)
{
    struct request request = *call->base.request;
    request.body = approved ? (struct lfi_slice){NULL, 0}
                            : SLICE("error=access_denied&error_description=user_rejected_consent");
    call->base.request = &request;
    if (consent_patch(call->sim, call->consent, patch_of(call, approved), call->base.refusal)) {
        return -1;
    }
    return approved ? heimdall_confirm(&call->base) : heimdall_fail(&call->base);
}

int script_end_caap(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    struct sim_call inner = *call;
    struct lfi_slice id;
    if (find_journey(call, &inner.hub, &id) != 0) {
        return -1;
    }
    store_lock(call->sim->store);
    inner.consent = store_find(call->sim->store, inner.hub, id);
    int rc = inner.consent ? end_journey(&inner, json_get_bool(call->body, "approve", false))
                           : script_refuse(base, JOURNEY_UNKNOWN);
    store_unlock(call->sim->store);
    buf_clear(&base->reply->body);
    if (rc == 0) {
        cJSON *reply = cJSON_CreateObject();
        cJSON_AddStringToObject(reply, "location", inner.location.ptr);
        sim_reply_json(base->reply, 200, reply);
    }
    return rc;
}
