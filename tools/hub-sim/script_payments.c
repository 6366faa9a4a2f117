/* Scripting calls about payments: what a TPP asks, and what its Hub makes of it. */
#include "bank.h"
#include "contract_sim.h"
#include "payments.h"
#include "pii.h"
#include "script.h"

#define CUSTOMER_ADDRESS "192.0.2.10"

static void add_text(cJSON *object, const char *name, struct lfi_slice text, const char *fallback)
{
    cJSON_AddStringToObject(object, name, text.ptr ? text.ptr : fallback);
}

static void copy_if_any(cJSON *to, const char *name, const cJSON *from, const char *member)
{
    const cJSON *value = json_get(from, member);
    if (value) {
        cJSON_AddItemToObject(to, name, cJSON_Duplicate(value, true));
    }
}

static cJSON *write_headers(const struct sim_call *call, const char *key)
{
    cJSON *headers = cJSON_CreateObject();
    const cJSON *member;
    cJSON_AddStringToObject(headers, "x-idempotency-key", key);
    cJSON_AddStringToObject(headers, "x-fapi-customer-ip-address", CUSTOMER_ADDRESS);
    cJSON_ArrayForEach(member, json_get(call->body, "headers"))
    {
        cJSON_DeleteItemFromObject(headers, member->string);
        if (!cJSON_IsNull(member)) {
            cJSON_AddItemToObject(headers, member->string, cJSON_Duplicate(member, true));
        }
    }
    return headers;
}

static cJSON *write_data(const struct sim_call *call, const char *consent_id)
{
    cJSON *data = cJSON_CreateObject();
    cJSON *instruction = cJSON_CreateObject(), *amount = cJSON_CreateObject();
    const cJSON *billing = json_get(call->body, "billing");
    cJSON_AddStringToObject(data, "ConsentId", consent_id);
    copy_if_any(amount, "Amount", call->body, "amount");
    cJSON_AddStringToObject(amount, "Currency", "AED");
    cJSON_AddItemToObject(instruction, "Amount", amount);
    cJSON_AddItemToObject(data, "Instruction", instruction);
    copy_if_any(data, "PersonalIdentifiableInformation", call->body, "pii");
    add_text(data, "PaymentPurposeCode", json_get_string(call->body, "purpose"), "ACM");
    copy_if_any(data, "DebtorReference", call->body, "debtorReference");
    copy_if_any(data, "CreditorReference", call->body, "creditorReference");
    cJSON_AddItemToObject(data, "OpenFinanceBilling",
                          billing ? cJSON_Duplicate(billing, true)
                                  : json_parse(SLICE("{\"Type\":\"PushP2P\"}")));
    return data;
}

/* The body of POST /payments at the bank; NULL with the refusal when its data cannot be sealed. */
static cJSON *write_request(struct sim_call *call, const struct consent *consent, const char *key)
{
    const struct pii_sender sender = {call->sim, consent->hub, consent->tpp};
    struct lfi_error error = {""};
    cJSON *body = cJSON_CreateObject(), *data = write_data(call, consent->id);
    cJSON_AddItemToObject(cJSON_AddObjectToObject(body, "request"), "Data", data);
    if (pii_seal_member(&sender, data, &error) != 0) {
        cJSON_Delete(body);
        (void)script_refuse(&call->base, "SIM-PII", 400, error.message);
        return NULL;
    }
    cJSON_AddStringToObject(body, "paymentType", "cbuae-payment");
    cJSON_AddItemToObject(body, "requestHeaders", write_headers(call, key));
    cJSON_AddItemToObject(body, "tpp", tpp_describe(consent->tpp, call->sim->config->url));
    return body;
}

/* The Hub's part, under the lock: what was answered to the key before, its checks, the request. */
static int prepare(struct sim_call *call, struct lfi_slice consent_id, const char *key,
                   cJSON **request, cJSON **before)
{
    struct consent *consent = store_find(call->sim->store, NULL, consent_id);
    bool checked = !json_get_bool(call->body, "unchecked", false);
    if (!consent) {
        return script_refuse(&call->base, "SIM-CONSENT-UNKNOWN", 404, "There is no such consent.");
    }
    const cJSON *known = checked ? payments_find_key(consent, slice_of(key)) : NULL;
    if (known) {
        *before = cJSON_Duplicate(json_get(known, "paymentResponse"), true);
        return 0;
    }
    if (checked && payments_check(call->sim, consent, json_get_string(call->body, "amount"),
                                  call->base.refusal) != 0) {
        return -1;
    }
    *request = write_request(call, consent, key);
    return *request ? 0 : -1;
}

static void note_made(struct sim_call *call, struct lfi_slice consent_id, const cJSON *request,
                      const struct bank_answer *answer, const char *key)
{
    struct store *store = call->sim->store;
    const struct payment_made made = {.request = request,
                                      .data = json_get(answer->shown, "data"),
                                      .idempotency_key = key,
                                      .interaction_id = answer->interaction_id};
    store_lock(store);
    struct consent *consent = store_find(store, NULL, consent_id);
    if (consent && answer->http.status == 201 && made.data) {
        payments_add(call->sim, consent, &made);
    }
    store_unlock(store);
}

static int ask_bank(struct sim_call *call, struct lfi_slice consent_id, const cJSON *request,
                    const char *key)
{
    struct bank_answer answer;
    char *text = cJSON_PrintUnformatted(request);
    int rc = bank_pay(call->sim, consent_id, slice_of(text), call->base.arena, &answer,
                      call->base.refusal);
    if (rc == 0) {
        note_made(call, consent_id, request, &answer, key);
        sim_reply_json(call->base.reply, 200, script_describe_answer(&answer, call->base.arena));
    }
    bank_answer_free(&answer);
    cJSON_free(text);
    return rc;
}

static void reply_before(struct sim_call *call, cJSON *payment)
{
    cJSON *reply = cJSON_CreateObject();
    cJSON_AddNumberToObject(reply, "status", 201);
    cJSON_AddObjectToObject(reply, "headers");
    cJSON_AddItemToObject(cJSON_AddObjectToObject(reply, "body"), "data", payment);
    cJSON_AddStringToObject(reply, "interactionId", "");
    sim_reply_json(call->base.reply, 200, reply);
}

int script_make_payment(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    char fresh[ID_UUID_MAX] = "";
    cJSON *request = NULL, *before = NULL;
    struct lfi_slice consent_id = contract_parameter(&base->parameters, SIM_CONSENT_ID);
    struct lfi_slice given = json_get_string(call->body, "key");
    if (!given.ptr && !id_uuid4(fresh)) {
        return script_refuse(base, "SIM-TOKEN", 500, "No random numbers.");
    }
    const char *key = given.ptr ? given.ptr : fresh;
    store_lock(call->sim->store);
    int rc = prepare(call, consent_id, key, &request, &before);
    store_unlock(call->sim->store);
    if (rc == 0 && before) {
        reply_before(call, before);
    } else if (rc == 0) {
        rc = ask_bank(call, consent_id, request, key);
    }
    cJSON_Delete(request);
    return rc;
}

int script_list_payments(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    store_lock(call->sim->store);
    const struct consent *consent =
        store_find(call->sim->store, NULL, contract_parameter(&base->parameters, SIM_CONSENT_ID));
    cJSON *payments = consent ? cJSON_Duplicate(consent->payments, true) : NULL;
    store_unlock(call->sim->store);
    if (!payments) {
        return script_refuse(base, "SIM-CONSENT-UNKNOWN", 404, "There is no such consent.");
    }
    cJSON *body = cJSON_CreateObject();
    cJSON_AddItemToObject(body, "payments", payments);
    sim_reply_json(base->reply, 200, body);
    return 0;
}
