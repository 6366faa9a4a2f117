/* The Consent Manager: the Hub's consents, as the bank calls them. */
#include "consent.h"
#include "contract_hub_consent_manager.h"
#include "judge.h"
#include "payments.h"
#include "rows_hub_consent_manager.h"

#include <stdlib.h>

#define PAGE_SIZE 25     /* when the bank names none */
#define LOG_PAGE_SIZE 25 /* of payments, since v2.2 */

static int refuse_unknown(struct sim_call *call)
{
    return refusal_set(call->base.refusal, "CONSENT-UNKNOWN", 400, "Consent.Invalid",
                       "There is no such consent.");
}

int consents_show(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    if (!call->consent) {
        return refuse_unknown(call);
    }
    consent_status(call->sim, call->consent);
    sim_reply_json(call->base.reply, 200, consent_envelope(call->consent->data));
    return 0;
}

int consents_patch(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    if (!call->consent) {
        return refuse_unknown(call);
    }
    if (consent_patch(call->sim, call->consent, call->base.request->body, call->base.refusal)) {
        return -1;
    }
    call->base.reply->status = 204;
    return 0;
}

int consents_revoke(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    if (!call->consent) {
        return refuse_unknown(call);
    }
    if (consent_revoke(call->sim, call->consent, call->base.request->body, call->base.refusal)) {
        return -1;
    }
    call->base.reply->status = 204;
    return 0;
}

static cJSON *describe_change(const struct sim_call *call, const cJSON *change)
{
    const cJSON *patch = json_get(change, "patch"), *id = json_get(change, "id");
    cJSON *entry = cJSON_CreateObject();
    cJSON_AddItemToObject(entry, "id", cJSON_Duplicate(id, false));
    cJSON_AddStringToObject(entry, "providerId", call->hub->config->provider_id);
    cJSON_AddItemToObject(entry, "operation",
                          cJSON_Duplicate(json_get(change, "operation"), false));
    cJSON_AddItemToObject(entry, "timestamp",
                          cJSON_Duplicate(json_get(change, "timestamp"), false));
    cJSON_AddItemToObject(entry, "fkMongoId", cJSON_Duplicate(id, false));
    cJSON_AddStringToObject(entry, "fkId", call->consent->id);
    cJSON_AddItemToObject(entry, "ozoneInteractionId", cJSON_Duplicate(id, false));
    if (patch) {
        cJSON_AddItemToObject(entry, "patch", cJSON_Duplicate(patch, false));
    }
    return entry;
}

int consents_show_audit(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    if (!call->consent) {
        return refuse_unknown(call);
    }
    cJSON *envelope = cJSON_CreateObject(), *data = cJSON_AddArrayToObject(envelope, "data");
    const cJSON *change;
    cJSON_ArrayForEach(change, call->consent->history)
    {
        cJSON_AddItemToArray(data, describe_change(call, change));
    }
    cJSON_AddItemToObject(envelope, "meta", cJSON_CreateObject());
    sim_reply_json(call->base.reply, 200, envelope);
    return 0;
}

/* --- lists ------------------------------------------------------------------------------------ */

/* What a list is narrowed to; absent: not at all. */
struct selection {
    struct lfi_slice user, account, group;
};

static bool has_account(const cJSON *data, struct lfi_slice account)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, json_get(data, "accountIds"))
    {
        if (slice_equal_text(account, item->valuestring)) {
            return true;
        }
    }
    return false;
}

static bool is_equal_or_open(struct lfi_slice wanted, struct lfi_slice value)
{
    return !wanted.ptr || slice_equal(wanted, value);
}

static bool is_selected(struct sim_call *call, struct consent *consent,
                        const struct selection *selection)
{
    const cJSON *data = consent->data;
    struct lfi_slice status = consent_status(call->sim, consent);
    struct lfi_slice since =
        contract_parameter(&call->base.parameters, HUB_CONSENT_MANAGER_UPDATED_AT);
    struct lfi_slice user = json_get_string(json_get(data, "psuIdentifiers"), "userId");
    const char *since_text = since.ptr ? arena_text(call->base.arena, since) : NULL;
    if (since_text && json_get(data, "updatedAt")->valuedouble <= strtod(since_text, NULL)) {
        return false;
    }
    return consent->hub == call->hub && is_equal_or_open(selection->user, user) &&
           is_equal_or_open(selection->group, json_get_string(data, "consentGroupId")) &&
           (!selection->account.ptr || has_account(data, selection->account)) &&
           is_equal_or_open(contract_parameter(&call->base.parameters, HUB_CONSENT_MANAGER_STATUS),
                            status) &&
           is_equal_or_open(
               contract_parameter(&call->base.parameters, HUB_CONSENT_MANAGER_CONSENT_TYPE),
               json_get_string(data, "consentType"));
}

static uint64_t number_or(struct sim_call *call, enum hub_consent_manager_parameter which,
                          uint64_t fallback)
{
    uint64_t number;
    return slice_to_u64(contract_parameter(&call->base.parameters, which), &number) ? number
                                                                                    : fallback;
}

static void add_page_meta(cJSON *envelope, uint64_t page, uint64_t size, uint64_t found)
{
    cJSON *meta = cJSON_AddObjectToObject(envelope, "meta");
    cJSON_AddNumberToObject(meta, "pageNumber", (double)page);
    cJSON_AddNumberToObject(meta, "pageSize", (double)size);
    cJSON_AddNumberToObject(meta, "totalPages", (double)(found / size + (found % size > 0)));
    cJSON_AddNumberToObject(meta, "totalRecords", (double)found);
}

static int list(struct sim_call *call, const struct selection *selection)
{
    struct store *store = call->sim->store;
    uint64_t page = number_or(call, HUB_CONSENT_MANAGER_PAGE, 1),
             size = number_or(call, HUB_CONSENT_MANAGER_PAGE_SIZE, PAGE_SIZE);
    uint64_t first = page - 1 > STORE_CONSENTS ? STORE_CONSENTS : (page - 1) * size, found = 0;
    cJSON *envelope = cJSON_CreateObject(), *data = cJSON_AddArrayToObject(envelope, "data");
    for (size_t i = 0; i < store_count(store); i++) {
        struct consent *consent = store_at(store, i);
        if (!is_selected(call, consent, selection)) {
            continue;
        }
        if (found >= first && found - first < size) {
            cJSON_AddItemToArray(data, cJSON_Duplicate(consent->data, true));
        }
        found++;
    }
    add_page_meta(envelope, page, size, found);
    sim_reply_json(call->base.reply, 200, envelope);
    return 0;
}

int consents_list(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    return list(call, &(struct selection){0});
}

int consents_list_of_user(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    return list(call, &(struct selection){.user = contract_parameter(&call->base.parameters,
                                                                     HUB_CONSENT_MANAGER_USER_ID)});
}

int consents_list_of_account(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    struct lfi_slice account =
        contract_parameter(&call->base.parameters, HUB_CONSENT_MANAGER_ACCOUNT_ID);
    return list(call, &(struct selection){.account = account});
}

int consents_list_of_group(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    struct lfi_slice group =
        contract_parameter(&call->base.parameters, HUB_CONSENT_MANAGER_CONSENT_GROUP_ID);
    return list(call, &(struct selection){.group = group});
}

/* Consents of the group that have ended already stay as they are. */
int consents_revoke_group(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    struct lfi_slice group =
        contract_parameter(&call->base.parameters, HUB_CONSENT_MANAGER_CONSENT_GROUP_ID);
    size_t found = 0;
    for (size_t i = 0; i < store_count(call->sim->store); i++) {
        struct consent *consent = store_at(call->sim->store, i);
        struct refusal refusal = {0};
        if (!is_selected(call, consent, &(struct selection){.group = group})) {
            continue;
        }
        found++;
        if (consent_revoke(call->sim, consent, call->base.request->body, &refusal) &&
            strcmp(refusal.id, "REVOKE-MOVE") != 0) {
            *call->base.refusal = refusal;
            return -1;
        }
    }
    if (found == 0) {
        return refuse_unknown(call);
    }
    call->base.reply->status = 204;
    return 0;
}

/* --- payments --------------------------------------------------------------------------------- */

/* Whole in v2.1, a page in v2.2. (Versions 4, change 4.) */
int payment_log_list(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    const cJSON *payment;
    if (!call->consent) {
        return refuse_unknown(call);
    }
    bool paged = call->consent->hub->config->payment_log == HUB_FORM_2_2;
    uint64_t page = number_or(call, HUB_CONSENT_MANAGER_PAGE, 1),
             size = number_or(call, HUB_CONSENT_MANAGER_PAGE_SIZE, LOG_PAGE_SIZE), found = 0;
    cJSON *envelope = cJSON_CreateObject(), *data = cJSON_AddArrayToObject(envelope, "data");
    cJSON_ArrayForEach(payment, call->consent->payments)
    {
        if (!paged || found / size == page - 1) {
            cJSON_AddItemToArray(data, payments_show(payment));
        }
        found++;
    }
    if (paged) {
        add_page_meta(envelope, page, size, found);
    } else {
        cJSON_AddItemToObject(envelope, "meta", cJSON_CreateObject());
    }
    sim_reply_json(call->base.reply, 200, envelope);
    return 0;
}

int payment_log_patch(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    struct lfi_slice id = contract_parameter(&base->parameters, HUB_CONSENT_MANAGER_ID);
    if (!call->consent) {
        return refusal_set(base->refusal, "PAYMENT-UNKNOWN", 400, "Resource.InvalidFormat",
                           "There is no such payment.");
    }
    if (payments_patch(call->sim, call->consent, payments_find(call->consent, id),
                       base->request->body, base->refusal) != 0) {
        return -1;
    }
    base->reply->status = 204;
    return 0;
}

/* --- accounts that a TPP's customers ask for ----------------------------------------------------
 */

/* The simulator asks for none itself: it notes what it is told of those that others ask for. */
int opening_log_patch(struct call *base)
{
    const struct sim_call *call = sim_call_of(base);
    cJSON *patch = json_parse(base->request->body);
    LOG_EVENT(
        call->sim->log, LOG_INFO, "opening-told",
        LOG_TEXT("account", contract_parameter(&base->parameters, HUB_CONSENT_MANAGER_LOG_ID)),
        LOG_TEXT("status", json_get_string(patch, "OpeningStatus")),
        LOG_TEXT("information", json_get_string(patch, "AdditionalStatusInformation")));
    cJSON_Delete(patch);
    base->reply->status = 204;
    return 0;
}

int fx_log_patch(struct call *base)
{
    const struct sim_call *call = sim_call_of(base);
    cJSON *patch = json_parse(base->request->body);
    LOG_EVENT(call->sim->log, LOG_INFO, "fx-quote-told",
              LOG_TEXT("quote", contract_parameter(&base->parameters, HUB_CONSENT_MANAGER_LOG_ID)),
              LOG_TEXT("status", json_get_string(patch, "QuoteStatus")),
              LOG_TEXT("information", json_get_string(patch, "AdditionalStatusInformation")));
    cJSON_Delete(patch);
    base->reply->status = 204;
    return 0;
}

/* Of quotes with a price, and of an issued policy's days, a Hub is told since v2.2. */
static bool is_later_quote(const cJSON *patch)
{
    return slice_equal_text(json_get_string(patch, "QuoteStatus"), "Available") ||
           json_get(patch, "ConfirmedPolicyStartDate") || json_get(patch, "ConfirmedPolicyEndDate");
}

int quote_log_patch(struct call *base)
{
    const struct sim_call *call = sim_call_of(base);
    cJSON *patch = json_parse(base->request->body);
    if (call->hub->config->quote_log == HUB_FORM_2_1 && is_later_quote(patch)) {
        cJSON_Delete(patch);
        return refusal_set(base->refusal, "QUOTE-FORM", 400, "Body.InvalidFormat",
                           "This form of the log is known since v2.2.");
    }
    LOG_EVENT(call->sim->log, LOG_INFO, "insurance-quote-told",
              LOG_TEXT("quote", contract_parameter(&base->parameters, HUB_CONSENT_MANAGER_LOG_ID)),
              LOG_TEXT("status", json_get_string(patch, "QuoteStatus")),
              LOG_TEXT("policy", json_get_string(patch, "InsurancePolicyId")),
              LOG_TEXT("starts", json_get_string(patch, "ConfirmedPolicyStartDate")),
              LOG_TEXT("ends", json_get_string(patch, "ConfirmedPolicyEndDate")));
    cJSON_Delete(patch);
    base->reply->status = 204;
    return 0;
}

/* --- the interface ---------------------------------------------------------------------------- */

static struct consent *find(struct sim_call *call, struct lfi_slice id)
{
    const struct flow_row *row = call->base.row;
    if (row->handler == payment_log_patch) {
        return payments_consent_of(call->sim->store, call->hub, id);
    }
    if (row->handler == payment_log_list) {
        id = contract_parameter(&call->base.parameters, HUB_CONSENT_MANAGER_CONSENT_ID);
    }
    return store_find(call->sim->store, call->hub, id);
}

const struct judge_interface consent_manager_interface = {
    .name = "consent-manager",
    .api = {.flow = &flow_hub_consent_manager},
    .target = FAULT_CONSENT_MANAGER,
    .find = find,
    .refuse = reply_refusal,
};
