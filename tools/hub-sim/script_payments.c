/* Scripting calls about payments: what a TPP asks, and what its Hub makes of it. */
#include "contract_sim.h"
#include "pay.h"
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

/* What the call leaves out is as the consent has it. */
static void copy_asked(cJSON *to, const char *name, const struct sim_call *call, const char *member,
                       const struct consent *consent)
{
    const cJSON *asked = json_get(json_get(consent->data, "request"), "consent");
    bool given = json_get(call->body, member);
    copy_if_any(to, name, given ? call->body : asked, given ? member : name);
}

static cJSON *write_data(const struct sim_call *call, const struct consent *consent)
{
    cJSON *data = cJSON_CreateObject();
    if (json_get_bool(call->body, "file", false)) {
        cJSON_AddStringToObject(data, "ConsentId", consent->id);
        copy_asked(data, "PaymentPurposeCode", call, "purpose", consent);
        copy_asked(data, "DebtorReference", call, "debtorReference", consent);
        return data;
    }
    cJSON *instruction = cJSON_CreateObject(), *amount = cJSON_CreateObject();
    const cJSON *billing = json_get(call->body, "billing");
    cJSON_AddStringToObject(data, "ConsentId", consent->id);
    copy_if_any(amount, "Amount", call->body, "amount");
    add_text(amount, "Currency", json_get_string(call->body, "currency"), "AED");
    cJSON_AddItemToObject(instruction, "Amount", amount);
    cJSON_AddItemToObject(data, "Instruction", instruction);
    copy_if_any(data, "PersonalIdentifiableInformation", call->body, "pii");
    copy_asked(data, "PaymentPurposeCode", call, "purpose", consent);
    copy_asked(data, "DebtorReference", call, "debtorReference", consent);
    copy_asked(data, "CreditorReference", call, "creditorReference", consent);
    cJSON_AddItemToObject(data, "OpenFinanceBilling",
                          billing ? cJSON_Duplicate(billing, true)
                                  : json_parse(SLICE("{\"Type\":\"PushP2P\"}")));
    return data;
}

/* request.Data with its personal data sealed, under the lock for the consent; NULL: refused. */
static cJSON *prepare_data(struct sim_call *call, struct lfi_slice consent_id)
{
    struct consent *consent = store_find(call->sim->store, NULL, consent_id);
    struct lfi_error error = {""};
    if (!consent) {
        (void)script_refuse(&call->base, "SIM-CONSENT-UNKNOWN", 404, "There is no such consent.");
        return NULL;
    }
    const struct pii_sender sender = {call->sim, consent->hub, consent->tpp, NULL};
    cJSON *data = write_data(call, consent);
    bool file = json_get_bool(call->body, "file", false);
    if (!file && pii_seal_member(&sender, data, &error) != 0) {
        cJSON_Delete(data);
        (void)script_refuse(&call->base, "SIM-PII", 400, error.message);
        return NULL;
    }
    return data;
}

static int make_payment(struct sim_call *call, const struct payment_ask *ask)
{
    struct bank_answer answer;
    int rc = pay(call->sim, ask, call->base.arena, &answer, call->base.refusal);
    if (rc == 0) {
        sim_reply_json(call->base.reply, 200, script_describe_answer(&answer, call->base.arena));
    }
    bank_answer_free(&answer);
    return rc;
}

int script_make_payment(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    char fresh[ID_UUID_MAX] = "";
    struct lfi_slice consent_id = contract_parameter(&base->parameters, SIM_CONSENT_ID);
    struct lfi_slice key = json_get_string(call->body, "key");
    if (!key.ptr && !id_uuid4(fresh)) {
        return script_refuse(base, "SIM-TOKEN", 500, "No random numbers.");
    }
    key = key.ptr ? key : slice_of(fresh);
    store_lock(call->sim->store);
    cJSON *data = prepare_data(call, consent_id);
    store_unlock(call->sim->store);
    if (!data) {
        return -1;
    }
    cJSON *headers = write_headers(call, key.ptr);
    int rc = make_payment(
        call, &(struct payment_ask){.consent_id = consent_id,
                                    .data = data,
                                    .headers = headers,
                                    .idempotency_key = key,
                                    .file = json_get_bool(call->body, "file", false),
                                    .unchecked = json_get_bool(call->body, "unchecked", false)});
    cJSON_Delete(headers);
    cJSON_Delete(data);
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

/* --- files ------------------------------------------------------------------------------------ */

int script_upload_file(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    struct bank_answer answer;
    struct lfi_slice consent_id = contract_parameter(&base->parameters, SIM_CONSENT_ID);
    struct lfi_slice type = json_get_string(call->body, "contentType");
    const struct bank_about about = {
        .consent_id = consent_id,
        .method = "POST",
        .path = arena_format(base->arena, "/payment-consents/%.*s/file", SLICE_ARG(consent_id)),
        .body = json_get_string(call->body, "file"),
        .content_type = arena_text(base->arena, type),
    };
    if (!about.path.ptr || !about.content_type) {
        return script_refuse(base, "SIM-MEMORY", 500, "Out of memory.");
    }
    int rc = bank_ask_about(call->sim, &about, base->arena, &answer, base->refusal);
    if (rc == 0) {
        sim_reply_json(base->reply, 200, script_describe_answer(&answer, base->arena));
    }
    bank_answer_free(&answer);
    return rc;
}

int script_read_report(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    struct bank_answer answer;
    struct lfi_slice payment_id = contract_parameter(&base->parameters, SIM_PAYMENT_ID);
    const struct bank_about about = {
        .consent_id = contract_parameter(&base->parameters, SIM_CONSENT_ID),
        .method = "GET",
        .path = arena_format(base->arena, "/payments/%.*s/report-file", SLICE_ARG(payment_id)),
    };
    if (!about.path.ptr) {
        return script_refuse(base, "SIM-MEMORY", 500, "Out of memory.");
    }
    int rc = bank_ask_about(call->sim, &about, base->arena, &answer, base->refusal);
    if (rc == 0) {
        sim_reply_json(base->reply, 200, script_describe_answer(&answer, base->arena));
    }
    bank_answer_free(&answer);
    return rc;
}
