/* The consents of a TPP: it lists, reads and revokes them, of each family. */
#include "consent.h"
#include "rows_hub_account_information.h"
#include "tpp/body.h"
#include "tpp/family.h"
#include "tpp/view.h"
#include "webhooks.h"

/* Which consents the call is about. */
static const struct tpp_family *begin(struct tpp_call *call)
{
    return family_of_path(contract_operation_path(call->base.base.operation));
}

static bool is_own(const struct tpp_call *call, const struct consent *consent,
                   const struct tpp_family *family)
{
    return consent->hub == call->base.hub && consent->tpp == call->tpp && consent->grant &&
           family_of_consent(consent) == family;
}

/* The consent of the path; NULL with a refusal. Under the lock. */
static struct consent *find(struct tpp_call *call, const struct tpp_family *family)
{
    struct call *base = &call->base.base;
    struct lfi_slice id = request_decode(base->arena, base->found.contract.path_values[0], false);
    struct consent *consent = store_find(call->base.sim->store, call->base.hub, id);
    if (consent && is_own(call, consent, family)) {
        return consent;
    }
    if (contract_response_names(base->operation, 404)) {
        resource_refuse(call, "TPP-CONSENT", 404, NULL, "There is no such consent.");
    } else {
        resource_refuse(call, "TPP-CONSENT", 400, "Consent.Invalid", "There is no such consent.");
    }
    return NULL;
}

static int need_scope(struct tpp_call *call, const struct tpp_family *family)
{
    return resource_need_scope(call, family->scope) == 0 ? resource_need_client(call) : -1;
}

/* --- reading ---------------------------------------------------------------------------------- */

static bool is_listed(struct consent *consent, struct lfi_slice base_id)
{
    const cJSON *data = json_get(json_get(consent->data, "consentBody"), "Data");
    return !base_id.ptr || slice_equal_text(base_id, consent->id) ||
           slice_equal(base_id, json_get_string(data, "BaseConsentId"));
}

static cJSON *envelope_of(struct tpp_call *call, cJSON *list)
{
    cJSON *message = cJSON_CreateObject();
    cJSON_AddItemToObject(message, "Data", list);
    resource_add_pages(message, call, 1);
    return message;
}

int tpp_list_consents(struct call *base)
{
    struct tpp_call *call = tpp_call_of(base);
    struct store *store = call->base.sim->store;
    const struct tpp_family *family = begin(call);
    if (need_scope(call, family) != 0) {
        return -1;
    }
    struct lfi_slice base_id =
        request_parameter(base->arena, base->request->query, family->base_id, NULL);
    cJSON *list = cJSON_CreateArray();
    store_lock(store);
    for (size_t i = 0; i < store_count(store); i++) {
        struct consent *consent = store_at(store, i);
        if (is_own(call, consent, family) && is_listed(consent, base_id)) {
            cJSON *view = view_consent(call->base.sim, consent, tpp_version(call));
            cJSON_AddItemToArray(list, family->lists_data ? cJSON_DetachItemFromObject(view, "Data")
                                                          : view);
            if (family->lists_data) {
                cJSON_Delete(view);
            }
        }
    }
    store_unlock(store);
    sim_reply_json(base->reply, 200, family->lists_data ? envelope_of(call, list) : list);
    return 0;
}

int tpp_show_consent(struct call *base)
{
    struct tpp_call *call = tpp_call_of(base);
    const struct tpp_family *family = begin(call);
    if (need_scope(call, family) != 0) {
        return -1;
    }
    store_lock(call->base.sim->store);
    struct consent *consent = find(call, family);
    cJSON *view = consent ? view_consent(call->base.sim, consent, tpp_version(call)) : NULL;
    store_unlock(call->base.sim->store);
    if (!view) {
        return -1;
    }
    sim_reply_json(base->reply, 200, view);
    return 0;
}

/* --- changing --------------------------------------------------------------------------------- */

/* The subscription with what the TPP changes in it; NULL with a refusal. Under the lock. */
static cJSON *merge(struct tpp_call *call, const struct consent *consent, const cJSON *changed)
{
    const cJSON *known = json_get(json_get(consent->data, "consentBody"), "Subscription"), *member;
    cJSON *merged = known ? cJSON_Duplicate(known, true) : cJSON_Parse("{\"Webhook\":{}}");
    cJSON *webhook = cJSON_GetObjectItemCaseSensitive(merged, "Webhook");
    cJSON_ArrayForEach(member, json_get(changed, "Webhook"))
    {
        cJSON_DeleteItemFromObjectCaseSensitive(webhook, member->string);
        cJSON_AddItemToObject(webhook, member->string, cJSON_Duplicate(member, true));
    }
    const char *why = webhooks_why_not(merged);
    if (why) {
        cJSON_Delete(merged);
        (void)resource_refuse(call, "TPP-WEBHOOK", 400, "Body.InvalidFormat", why);
        return NULL;
    }
    return merged;
}

/* Only the end of the consent and the subscription can be changed. Under the lock. */
static int change(struct tpp_call *call, struct consent *consent, const cJSON *patch)
{
    struct sim *sim = call->base.sim;
    const cJSON *data = json_get(patch, "Data"), *changed = json_get(patch, "Subscription");
    struct lfi_slice by = json_get_string(data, "RevokedBy");
    if (data && tpp_switch(call, SWITCH_PATCH_TERMINAL) == PATCH_TERMINAL_REFUSE &&
        !consent_may_move(consent_status(sim, consent), SLICE("Revoked"), CONSENT_BY_REVOKE)) {
        return resource_refuse(call, "TPP-CONSENT-ENDED", 400, "Consent.Invalid",
                               "The consent has come to its end.");
    }
    if (changed) {
        cJSON *body = cJSON_GetObjectItemCaseSensitive(consent->data, "consentBody");
        cJSON *subscription = merge(call, consent, changed);
        if (!subscription) {
            return -1;
        }
        cJSON_DeleteItemFromObjectCaseSensitive(body, "Subscription");
        cJSON_AddItemToObject(body, "Subscription", subscription);
        store_touch(sim->store, consent);
    }
    if (data) { /* one that has come to its end stays as it is */
        (void)consent_take_back(sim, consent, by.ptr ? by.ptr : "TPP");
    }
    return 0;
}

int tpp_patch_consent(struct call *base)
{
    struct tpp_call *call = tpp_call_of(base);
    const struct tpp_family *family = begin(call);
    cJSON *patch = NULL;
    if (need_scope(call, family) != 0 ||
        body_read(call, family->patch, !family->signs || tpp_switch(call, SWITCH_PATCH_JSON),
                  &patch) != 0) {
        return -1;
    }
    store_lock(call->base.sim->store);
    struct consent *consent = find(call, family);
    int rc = consent ? change(call, consent, patch) : -1;
    store_unlock(call->base.sim->store);
    cJSON_Delete(patch);
    if (rc == 0) {
        base->reply->status = 204;
    }
    return rc;
}
