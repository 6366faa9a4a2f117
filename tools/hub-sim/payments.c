#include "payments.h"

#include "base/array.h"
#include "base/datetime.h"
#include "consent.h"
#include "payment_terms.h"

/* What the log keeps of a payment and does not show. */
static const char *const own[] = {"transactionId", "patches", "rail", "answer", "madeSeconds"};

cJSON *payments_find(const struct consent *consent, struct lfi_slice payment_id)
{
    cJSON *payment;
    cJSON_ArrayForEach(payment, consent->payments)
    {
        if (slice_equal(json_get_string(payment, "paymentId"), payment_id)) {
            return payment;
        }
    }
    return NULL;
}

struct consent *payments_consent_of(struct store *store, const struct sim_hub *hub,
                                    struct lfi_slice payment_id)
{
    for (size_t i = 0; i < store_count(store); i++) {
        struct consent *consent = store_at(store, i);
        if (consent->hub == hub && payments_find(consent, payment_id)) {
            return consent;
        }
    }
    return NULL;
}

cJSON *payments_show(const cJSON *payment)
{
    cJSON *shown = cJSON_Duplicate(payment, true);
    for (size_t i = 0; i < ARRAY_LEN(own); i++) {
        cJSON_DeleteItemFromObjectCaseSensitive(shown, own[i]);
    }
    return shown;
}

static void copy(cJSON *to, const char *name, const cJSON *from, const char *member)
{
    const cJSON *value = json_get(from, member);
    if (value) {
        cJSON_AddItemToObject(to, name, cJSON_Duplicate(value, true));
    }
}

cJSON *payments_told(const cJSON *payment)
{
    static const char *const patched[] = {"status", "statusUpdateDateTime", "rejectReasonCode"};
    cJSON *told = cJSON_Duplicate(json_get(payment, "answer"), true);
    const cJSON *transaction = json_get(payment, "transactionId");
    for (size_t i = 0; i < ARRAY_LEN(patched); i++) {
        cJSON_DeleteItemFromObjectCaseSensitive(told, patched[i]);
        copy(told, patched[i], json_get(payment, "paymentResponse"), patched[i]);
    }
    if (transaction) {
        cJSON_DeleteItemFromObjectCaseSensitive(told, "paymentTransactionId");
        copy(told, "paymentTransactionId", payment, "transactionId");
    }
    return told;
}

/* --- idempotency ------------------------------------------------------------------------------ */

#define PII "PersonalIdentifiableInformation"

/* Personal data does not count: an honest repeat may seal it anew. */
static bool is_same(const cJSON *a, const cJSON *b)
{
    cJSON *left = cJSON_Duplicate(a, true), *right = cJSON_Duplicate(b, true);
    cJSON_DeleteItemFromObjectCaseSensitive(left, PII);
    cJSON_DeleteItemFromObjectCaseSensitive(right, PII);
    bool same = cJSON_Compare(left, right, true);
    cJSON_Delete(left);
    cJSON_Delete(right);
    return same;
}

int payments_find_key(const struct sim *sim, const struct consent *consent,
                      struct lfi_slice idempotency_key, const cJSON *data, const cJSON **out,
                      struct refusal *refusal)
{
    int64_t now_s = clock_now_s(sim->clock), made_s;
    const cJSON *payment;
    *out = NULL;
    cJSON_ArrayForEach(payment, consent->payments)
    {
        if (slice_equal(json_get_string(payment, "idempotencyKey"), idempotency_key) &&
            json_get_int(payment, "madeSeconds", &made_s) && now_s - made_s < PAYMENTS_KEY_LIFE_S) {
            *out = payment;
        }
    }
    return !*out ||
                   switches_get(&sim->switches, SWITCH_IDEMPOTENCY_MISMATCH) ==
                       IDEMPOTENCY_STORED ||
                   is_same(json_get(json_get(*out, "requestBody"), "Data"), data)
               ? 0
               : refusal_set(refusal, "SIM-KEY-OTHER", 409, "GenericError",
                             "The idempotency key was used with another payment.");
}

static cJSON *find_reserved(const struct consent *consent, struct lfi_slice idempotency_key)
{
    cJSON *entry;
    cJSON_ArrayForEach(entry, consent->reserved)
    {
        if (slice_equal(json_get_string(entry, "key"), idempotency_key)) {
            return entry;
        }
    }
    return NULL;
}

bool payments_is_reserved(const struct consent *consent, struct lfi_slice idempotency_key)
{
    return find_reserved(consent, idempotency_key);
}

void payments_reserve(struct consent *consent, struct lfi_slice idempotency_key, const cJSON *data)
{
    cJSON *entry = cJSON_CreateObject();
    transcript_add_text(entry, "key", idempotency_key, idempotency_key.len);
    cJSON_AddItemToObject(entry, "data", cJSON_Duplicate(data, true));
    if (!consent->reserved) {
        consent->reserved = cJSON_CreateArray();
    }
    cJSON_AddItemToArray(consent->reserved, entry);
}

void payments_release(struct consent *consent, struct lfi_slice idempotency_key)
{
    cJSON *entry = find_reserved(consent, idempotency_key);
    if (entry) {
        cJSON_Delete(cJSON_DetachItemViaPointer(consent->reserved, entry));
    }
}

/* --- a new one -------------------------------------------------------------------------------- */

static cJSON *describe_answer(const cJSON *data)
{
    cJSON *answer = cJSON_CreateObject();
    copy(answer, "id", data, "id");
    copy(answer, "status", data, "status");
    copy(answer, "creationDateTime", data, "creationDateTime");
    copy(answer, "statusUpdateDateTime", data, "statusUpdateDateTime");
    copy(answer, "OpenFinanceBilling", data, "openFinanceBilling");
    copy(answer, "rejectReasonCode", data, "rejectReasonCode");
    return answer;
}

static void describe_asking(cJSON *payment, const struct consent *consent,
                            const struct payment_made *made)
{
    const cJSON *account = cJSON_GetArrayItem(json_get(consent->data, "accountIds"), 0);
    cJSON *interaction = cJSON_AddObjectToObject(payment, "interactionId");
    cJSON_AddStringToObject(interaction, "ozoneInteractionId", made->interaction_id);
    cJSON_AddItemToObject(payment, "accountId", cJSON_Duplicate(account, false));
    copy(payment, "psuIdentifiers", consent->data, "psuIdentifiers");
    copy(payment, "tpp", made->request, "tpp");
    cJSON_AddObjectToObject(payment, "authorizationCode");
    copy(payment, "requestBody", made->request, "request");
    copy(payment, "requestHeaders", made->request, "requestHeaders");
}

void payments_update_consent(const struct sim *sim, struct consent *consent)
{
    consent_note_consumption(sim, consent);
    store_touch(sim->store, consent);
    if (payment_terms_used_up(consent)) {
        consent_consume(sim, consent);
    }
}

void payments_add(const struct sim *sim, struct consent *consent, const struct payment_made *made)
{
    payments_release(consent, made->idempotency_key);
    if (payments_find(consent, json_get_string(made->data, "id"))) {
        return; /* the bank's answer to a repeat */
    }
    cJSON *payment = cJSON_CreateObject();
    cJSON_AddStringToObject(payment, "consentId", consent->id);
    copy(payment, "paymentType", made->request, "paymentType");
    copy(payment, "paymentId", made->data, "id");
    transcript_add_text(payment, "idempotencyKey", made->idempotency_key,
                        made->idempotency_key.len);
    cJSON_AddItemToObject(payment, "paymentResponse", describe_answer(made->data));
    describe_asking(payment, consent, made);
    cJSON_AddItemToObject(payment, "answer", cJSON_Duplicate(made->data, true));
    cJSON_AddNumberToObject(payment, "madeSeconds", (double)clock_now_s(sim->clock));
    cJSON_AddArrayToObject(payment, "patches");
    while (cJSON_GetArraySize(consent->payments) >= PAYMENTS_MAX) {
        cJSON_DeleteItemFromArray(consent->payments, 0);
    }
    cJSON_AddItemToArray(consent->payments, payment);
    payments_update_consent(sim, consent);
}
