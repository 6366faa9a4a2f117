/* Payments of a TPP under a customer's consent, and what became of them. */
#include "payments.h"
#include "pay.h"
#include "payment_terms.h"
#include "rows_hub_payment_initiation.h"
#include "tpp/answer.h"
#include "tpp/body.h"
#include "tpp/headers.h"
#include "tpp/pascal.h"
#include "tpp/payment_found.h"
#include "tpp/view.h"
#include "versions.h"

#define KEY_HEADER "x-idempotency-key"

static const struct pascal_rule refund_rules[] = {{"refundAccount.name", PASCAL_KEEP, NULL},
                                                  {NULL, PASCAL_RENAME, NULL}};

/* Of all payments, in the version of the call. */
static struct lfi_slice base_of(struct tpp_call *call)
{
    char number[VERSION_TEXT_MAX];
    version_format(tpp_version(call), number);
    return arena_format(call->base.base.arena, "%.*s/open-finance/payment/%s",
                        SLICE_ARG(tpp_base_of(call, TPP_RESOURCES)), number);
}

static void add_address(cJSON *links, struct tpp_call *call, const char *name, const char *kind,
                        struct lfi_slice id)
{
    struct lfi_slice address = arena_format(call->base.base.arena, "%.*s/%s/%.*s",
                                            SLICE_ARG(base_of(call)), kind, SLICE_ARG(id));
    cJSON_AddStringToObject(links, name, address.ptr ? address.ptr : "");
}

static const char *kind_of(bool file)
{
    return file ? "file-payments" : "payments";
}

/* An answer of v2.1 goes without it. */
static void add_rail(struct tpp_call *call, cJSON *data)
{
    struct lfi_slice id = json_get_string(data, "PaymentId");
    struct store *store = call->base.sim->store;
    store_lock(store);
    const struct consent *consent = payments_consent_of(store, call->base.hub, id);
    if (consent) {
        view_add_rail(data, payments_find(consent, id));
    }
    store_unlock(store);
}

/*
 * {Data, Links, Meta} of a payment: the bank's answer, the request that made it, and of a file what
 * the consent says of it.
 */
static cJSON *describe_payment(struct tpp_call *call, const cJSON *body, const cJSON *request,
                               const cJSON *file)
{
    cJSON *message = cJSON_CreateObject();
    cJSON *data = view_payment_data(json_get(body, "data"), request, file);
    cJSON_AddItemToObject(message, "Data", data);
    add_rail(call, data);
    cJSON *links = cJSON_AddObjectToObject(message, "Links");
    add_address(links, call, "Self", kind_of(file), json_get_string(data, "PaymentId"));
    add_address(links, call, "Related", "payment-consents", json_get_string(data, "ConsentId"));
    cJSON_AddObjectToObject(message, "Meta");
    return message;
}

/* --- making one ------------------------------------------------------------------------------- */

static int make(struct tpp_call *call, const cJSON *data, const cJSON *file)
{
    struct call *base = &call->base.base;
    struct bank_answer answer;
    struct refusal refusal = {0};
    cJSON *headers = headers_describe(call);
    const struct payment_ask ask = {
        .consent_id = call->access.consent_id,
        .data = data,
        .headers = headers,
        .idempotency_key = request_header(base->request, KEY_HEADER, NULL),
        .url = arena_format(base->arena, "%.*s/%s", SLICE_ARG(base_of(call)), kind_of(file)),
        .api_uri = tpp_api_uri(call),
        .file = file};
    (void)pay(call->base.sim, &ask, base->arena, &answer, &refusal);
    int rc = answer_judge(call, &answer, &refusal, 201);
    if (rc == 0) {
        cJSON *message = describe_payment(call, answer.shown, data, file);
        struct lfi_slice id = json_get_string(json_get(message, "Data"), "PaymentId");
        reply_header(base->reply, "Location", id);
        reply_header(base->reply, KEY_HEADER, ask.idempotency_key);
        sim_reply_json(base->reply, 201, message);
    }
    bank_answer_free(&answer);
    cJSON_Delete(headers);
    return rc;
}

/* A copy of what the token's consent says of a file; NULL: it is to none. */
static cJSON *copy_file_terms(struct tpp_call *call)
{
    struct store *store = call->base.sim->store;
    store_lock(store);
    const struct consent *consent = store_find(store, call->base.hub, call->access.consent_id);
    const cJSON *terms = consent ? payment_file_terms(consent) : NULL;
    cJSON *copy = terms ? cJSON_Duplicate(terms, true) : NULL;
    store_unlock(store);
    return copy;
}

static int check_and_make(struct tpp_call *call, const cJSON *data, bool wants_file)
{
    if (!slice_equal(json_get_string(data, "ConsentId"), call->access.consent_id)) {
        return resource_refuse(call, "TPP-CONSENT", 400, "Consent.Invalid",
                               "The access token is for another consent.");
    }
    cJSON *file = copy_file_terms(call);
    int rc = wants_file == (bool)file
                 ? make(call, data, file)
                 : resource_refuse(call, "TPP-CONSENT", 400, "Consent.Invalid",
                                   wants_file ? "The consent is to no file of payments."
                                              : "The consent is to a file of payments.");
    cJSON_Delete(file);
    return rc;
}

static int read_and_make(struct call *base, const char *schema, bool file)
{
    struct tpp_call *call = tpp_call_of(base);
    cJSON *request = NULL;
    if (resource_need_scope(call, "payments") != 0 || resource_need_customer(call) != 0 ||
        body_read(call, schema, false, &request) != 0) {
        return -1;
    }
    int rc = check_and_make(call, json_get(request, "Data"), file);
    cJSON_Delete(request);
    return rc;
}

int tpp_make_payment(struct call *base)
{
    return read_and_make(base, "PaymentRequest", false);
}

int tpp_make_file_payment(struct call *base)
{
    return read_and_make(base, "FilePaymentRequest", true);
}

/* --- what became of it ------------------------------------------------------------------------ */

bool tpp_payment_find(struct tpp_call *call, struct lfi_slice id, bool file,
                      struct payment_found *out)
{
    struct store *store = call->base.sim->store;
    *out = (struct payment_found){0};
    store_lock(store);
    const struct consent *consent = payments_consent_of(store, call->base.hub, id);
    const cJSON *terms = consent ? payment_file_terms(consent) : NULL;
    bool found = consent && consent->tpp == call->tpp && consent->grant && file == (bool)terms;
    if (found) {
        const cJSON *payment = payments_find(consent, id);
        memcpy(out->consent_id, consent->id, sizeof(out->consent_id));
        out->asked = cJSON_Duplicate(json_get(json_get(payment, "requestBody"), "Data"), true);
        out->file = terms ? cJSON_Duplicate(terms, true) : NULL;
    }
    store_unlock(store);
    if (!found) {
        (void)resource_refuse(call, "TPP-PAYMENT", 404, NULL, "There is no such payment.");
    }
    return found;
}

void tpp_payment_found_free(struct payment_found *found)
{
    cJSON_Delete(found->asked);
    cJSON_Delete(found->file);
}

static int show(struct call *base, bool file)
{
    struct tpp_call *call = tpp_call_of(base);
    struct bank_answer answer;
    struct refusal refusal = {0};
    struct payment_found found;
    struct lfi_slice id = request_decode(base->arena, base->found.contract.path_values[0], false);
    if (resource_need_scope(call, "payments") != 0 || !tpp_payment_find(call, id, file, &found)) {
        return -1;
    }
    (void)bank_ask_about(
        call->base.sim,
        &(struct bank_about){.consent_id = slice_of(found.consent_id),
                             .method = "GET",
                             .path = arena_format(base->arena, "/payments/%.*s", SLICE_ARG(id)),
                             .api_uri = tpp_api_uri(call),
                             .interaction_id = call->interaction_id},
        base->arena, &answer, &refusal);
    int rc = answer_judge(call, &answer, &refusal, 200);
    if (rc == 0) {
        sim_reply_json(base->reply, 200,
                       describe_payment(call, answer.shown, found.asked, found.file));
    }
    bank_answer_free(&answer);
    tpp_payment_found_free(&found);
    return rc;
}

int tpp_show_payment(struct call *base)
{
    return show(base, false);
}

int tpp_show_file_payment(struct call *base)
{
    return show(base, true);
}

/* The address of the payment that was made with a key; the bank is not asked. */
static int find_by_key(struct call *base, bool file)
{
    struct tpp_call *call = tpp_call_of(base);
    struct store *store = call->base.sim->store;
    struct lfi_slice key = request_header(base->request, KEY_HEADER, NULL), found = {NULL, 0};
    if (resource_need_scope(call, "payments") != 0 || resource_need_client(call) != 0) {
        return -1;
    }
    store_lock(store);
    for (size_t i = 0; !found.ptr && i < store_count(store); i++) {
        const struct consent *consent = store_at(store, i);
        const cJSON *payment;
        if (consent->hub != call->base.hub || consent->tpp != call->tpp || !consent->grant ||
            file != (bool)payment_file_terms(consent)) {
            continue;
        }
        cJSON_ArrayForEach(payment, consent->payments)
        {
            if (slice_equal(json_get_string(payment, "idempotencyKey"), key)) {
                found = arena_keep(base->arena, json_get_string(payment, "paymentId"));
            }
        }
    }
    store_unlock(store);
    if (!found.ptr) {
        return resource_refuse(call, "TPP-PAYMENT", 400, "Resource.InvalidFormat",
                               "No payment was made with this " KEY_HEADER ".");
    }
    cJSON *message = cJSON_CreateObject();
    cJSON_AddObjectToObject(message, "Data");
    add_address(cJSON_AddObjectToObject(message, "Links"), call, "Self", kind_of(file), found);
    sim_reply_json(base->reply, 200, message);
    return 0;
}

int tpp_find_payment(struct call *base)
{
    return find_by_key(base, false);
}

int tpp_find_file_payment(struct call *base)
{
    return find_by_key(base, true);
}

/* --- money back ------------------------------------------------------------------------------- */

static int check_refund(struct tpp_call *call, struct lfi_slice consent_id)
{
    store_lock(call->base.sim->store);
    const struct consent *consent = store_find(call->base.sim->store, call->base.hub, consent_id);
    const cJSON *body = consent ? json_get(consent->data, "consentBody") : NULL;
    bool own = consent && consent->tpp == call->tpp && consent->grant;
    bool permitted =
        json_lists(json_get(json_get(body, "Data"), "Permissions"), SLICE("ReadRefundAccount"));
    store_unlock(call->base.sim->store);
    if (!own) {
        return resource_refuse(call, "TPP-CONSENT", 404, NULL, "There is no such consent.");
    }
    return permitted ? 0
                     : resource_refuse(call, "TPP-PERMISSION", 403, "AccessToken.InvalidScope",
                                       "The consent does not permit this.");
}

/* The bank's account, with what the Hub knows of the consent. */
static void reply_refund(struct tpp_call *call, struct lfi_slice id, const cJSON *account)
{
    struct store *store = call->base.sim->store;
    cJSON *message = cJSON_CreateObject(), *data = pascal_convert(account, refund_rules);
    cJSON_AddItemToObject(message, "Data", data);
    cJSON *links = resource_add_self(message, call);
    store_lock(store);
    const struct consent *consent = store_find(store, call->base.hub, id);
    if (consent) {
        const cJSON *terms = json_get(json_get(consent->data, "consentBody"), "Data");
        view_copy_if_missing(data, terms, "ConsentId");
        view_copy_if_missing(data, terms, "BaseConsentId");
        view_add_payments(links, consent, tpp_version(call));
    }
    store_unlock(store);
    sim_reply_json(call->base.base.reply, 200, message);
}

int tpp_show_refund_account(struct call *base)
{
    struct tpp_call *call = tpp_call_of(base);
    struct bank_answer answer;
    struct refusal refusal = {0};
    struct lfi_slice id = request_decode(base->arena, base->found.contract.path_values[0], false);
    if (resource_need_scope(call, "payments") != 0 || resource_need_client(call) != 0 ||
        check_refund(call, id) != 0) {
        return -1;
    }
    (void)bank_ask_about(
        call->base.sim,
        &(struct bank_about){
            .consent_id = id,
            .method = "GET",
            .path = arena_format(base->arena, "/payment-consents/%.*s/refund", SLICE_ARG(id)),
            .api_uri = tpp_api_uri(call),
            .interaction_id = call->interaction_id},
        base->arena, &answer, &refusal);
    int rc = answer_judge(call, &answer, &refusal, 200);
    if (rc == 0) {
        reply_refund(call, id, json_get(answer.shown, "data"));
    }
    bank_answer_free(&answer);
    return rc;
}
