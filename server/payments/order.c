/* What the body of POST /payments says by itself. (Payments 2, 3.1.) */
#include "payments/payment.h"

#include "base/array.h"
#include "base/decimal.h"
#include "base/limits.h"
#include "payments/exchange.h"
#include "payments/file_terms.h"
#include "payments/tpp_headers.h"

#include <openssl/evp.h>

#define INTERACTION_MAX 128 /* bytes; longer than any UUID */

static int refuse_body(struct payment *payment, const char *id, const char *message)
{
    return refusal_set(payment->call->refusal, id, 400, "Body.InvalidFormat", message);
}

/* --- its type --------------------------------------------------------------------------------- */

/* The contract takes a body of either shape with any paymentType. */
static int check_type(struct payment *payment)
{
    struct lfi_slice type = json_get_string(payment->body, "paymentType");
    bool domestic = slice_equal_text(type, "cbuae-payment");
    bool is_payment = json_get(payment->data, "OpenFinanceBilling");
    if (!domestic && !slice_equal_text(type, "cbuae-file-payment")) {
        return refuse_body(payment, "PAYMENT-TYPE",
                           "paymentType must be cbuae-payment or cbuae-file-payment.");
    }
    if (domestic != is_payment) {
        return refuse_body(payment, "PAYMENT-SHAPE", "request is not of what paymentType says.");
    }
    payment->file = !domestic;
    return domestic || payment->call->provider->files
               ? 0
               : refusal_set(payment->call->refusal, "PAYMENT-FILE", 400, "GenericError",
                             "The bank takes no payments by file.");
}

static void lower_first(cJSON *item)
{
    if (item->string && item->string[0] >= 'A' && item->string[0] <= 'Z') {
        item->string[0] = (char)(item->string[0] - 'A' + 'a');
    }
}

static int check_consent_id(struct payment *payment)
{
    if (slice_equal(json_get_string(payment->data, "ConsentId"), payment->call->core.consent_id)) {
        return 0;
    }
    return refusal_set(payment->call->refusal, "PAYMENT-CONSENT-ID", 400, "Consent.Invalid",
                       "ConsentId is not the consent that o3-consent-id names.");
}

/* --- into another currency -------------------------------------------------------------------- */

/* The same members, named as in the reply; NULL: out of memory. */
static cJSON *answered_form(const cJSON *request, struct lfi_slice quote_id)
{
    cJSON *item;
    cJSON *copy = cJSON_Duplicate(request, true);
    cJSON_ArrayForEach(item, copy)
    {
        cJSON *inner;
        lower_first(item);
        cJSON_ArrayForEach(inner, item)
        {
            lower_first(inner);
        }
    }
    if (copy && !cJSON_AddStringToObject(copy, "fxQuoteId", quote_id.ptr)) {
        cJSON_Delete(copy);
        copy = NULL;
    }
    return copy;
}

static int keep_request(struct payment *payment)
{
    struct lfi_payment_order *order = &payment->order;
    cJSON *form = answered_form(json_get(payment->data, "CurrencyRequest"), order->quote_id);
    char *text = form ? cJSON_PrintUnformatted(form) : NULL;
    order->currency_request =
        text ? arena_keep(payment->call->arena, slice_of(text)) : (struct lfi_slice){0};
    cJSON_free(text);
    cJSON_Delete(form);
    return order->currency_request.ptr ? 0 : outcome_fail(payment->call, "out of memory");
}

static int read_exchange(struct payment *payment)
{
    const cJSON *request = json_get(payment->data, "CurrencyRequest");
    struct lfi_slice quote_id = json_get_string(payment->data, "FxQuoteId");
    if (!request && !quote_id.ptr) {
        return 0;
    }
    if (!exchange_is_offered(payment->call->provider)) {
        return refusal_set(payment->call->refusal, "PAYMENT-INTERNATIONAL", 400,
                           "Consent.FailsControlParameters",
                           "A domestic payment has neither CurrencyRequest nor FxQuoteId.");
    }
    if (!request || !quote_id.ptr) {
        return refusal_set(payment->call->refusal, "PAYMENT-EXCHANGE-PARTS", 400,
                           "Consent.FailsControlParameters",
                           "A payment into another currency has CurrencyRequest and FxQuoteId.");
    }
    payment->order.quote_id = quote_id;
    return keep_request(payment);
}

/* --- amount ----------------------------------------------------------------------------------- */

static int read_amount(struct payment *payment)
{
    if (payment->file) {
        return 0; /* the file's total */
    }
    const cJSON *amount = json_get(json_get(payment->data, "Instruction"), "Amount");
    struct lfi_money *out = &payment->order.amount;
    if (!slice_equal_text(json_get_string(amount, "Currency"), "AED")) {
        return refuse_body(payment, "PAYMENT-CURRENCY", "Currency must be AED.");
    }
    *out = (struct lfi_money){.minor = decimal_minor(json_get_string(amount, "Amount")),
                              .currency = "AED"};
    return out->minor > 0 ? 0
                          : refuse_body(payment, "PAYMENT-AMOUNT", "Amount must be above zero.");
}

/* --- references ------------------------------------------------------------------------------- */

/* Letters and digits of ASCII, a blank, and the signs that the rails take. (Payments 2.3.) */
static bool is_plain(struct lfi_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && (c < '0' || c > '9') && !memchr(" /?:().,'+-", c, 11)) {
            return false;
        }
    }
    return true;
}

static int check_references(struct payment *payment)
{
    const struct lfi_payment_order *order = &payment->order;
    if (payment->call->provider->payment_rules.any_references ||
        (is_plain(order->debtor_reference) && is_plain(order->creditor_reference))) {
        return 0;
    }
    return refuse_body(payment, "PAYMENT-REFERENCE",
                       "DebtorReference and CreditorReference must have letters from A to Z, "
                       "digits, blanks and / ? : ( ) . , ' + - alone.");
}

/* --- idempotency key -------------------------------------------------------------------------- */

static bool has_blank(struct lfi_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == ' ' || (text.ptr[i] >= '\t' && text.ptr[i] <= '\r')) {
            return true;
        }
    }
    return false;
}

/* The Hub repeats a call with the same key; without one, with the same interaction id. */
static int read_key(struct payment *payment)
{
    struct lfi_slice *key = &payment->order.idempotency_key;
    enum tpp_header found =
        tpp_header_find(json_get(payment->body, "requestHeaders"), "x-idempotency-key", key);
    size_t max = LIMIT_PAYMENT_KEY;
    if (found != TPP_HEADER_AMBIGUOUS && key->len == 0) {
        *key = payment->call->core.interaction_id;
        max = INTERACTION_MAX;
    }
    if (found == TPP_HEADER_AMBIGUOUS || key->len == 0 || key->len > max || has_blank(*key)) {
        return refuse_body(payment, "PAYMENT-KEY",
                           "x-idempotency-key must be one text of at most 40 characters without "
                           "blanks.");
    }
    payment->order.key_life_s = payment->call->provider->payment_rules.key_life_s;
    return 0;
}

/* --- all of it -------------------------------------------------------------------------------- */

static int read_user(struct payment *payment)
{
    if (access_read_user(payment->call) != 0) {
        return -1;
    }
    payment->order.consent_id = payment->call->core.consent_id;
    return 0;
}

enum payment_step payment_read_order(struct payment *payment)
{
    struct lfi_payment_order *order = &payment->order;
    payment->body = json_parse(payment->call->request->body);
    payment->data = json_get(json_get(payment->body, "request"), "Data");
    const cJSON *billing = json_get(payment->data, "OpenFinanceBilling");
    if (!payment->body) { /* the contract has checked it */
        (void)outcome_fail(payment->call, "out of memory");
        return PAYMENT_REFUSED;
    }
    order->size = sizeof(*order);
    order->purpose = json_get_string(payment->data, "PaymentPurposeCode");
    order->debtor_reference = json_get_string(payment->data, "DebtorReference");
    order->creditor_reference = json_get_string(payment->data, "CreditorReference");
    order->billing_type = json_get_string(billing, "Type");
    order->merchant_id = json_get_string(billing, "MerchantId");
    bool fine = check_type(payment) == 0 && check_consent_id(payment) == 0 &&
                read_exchange(payment) == 0 && read_amount(payment) == 0 &&
                check_references(payment) == 0 && read_key(payment) == 0 && read_user(payment) == 0;
    return fine ? PAYMENT_GO_ON : PAYMENT_REFUSED;
}

/* --- a file ----------------------------------------------------------------------------------- */

static enum payment_step refuse_file(struct payment *payment, const char *id, const char *code,
                                     const char *message)
{
    (void)refusal_set(payment->call->refusal, id, 400, code, message);
    return PAYMENT_REFUSED;
}

enum payment_step payment_read_file(struct payment *payment)
{
    struct call *call = payment->call;
    const struct provider *provider = call->provider;
    const cJSON *instruction = json_get(payment->data, "Instruction");
    struct lfi_error error = {""};
    struct lfi_file_terms terms;
    struct lfi_file_facts facts = {.size = sizeof(facts)};
    if (!payment->file) {
        return PAYMENT_GO_ON;
    }
    int status =
        provider->files->find(provider->core, &call->core, call->core.consent_id, &facts, &error);
    if (status == LFI_UNKNOWN || (status == LFI_OK && !facts.taken)) {
        return refuse_file(payment, "PAYMENT-FILE-MISSING", "Consent.Invalid",
                           "No file was taken for the consent.");
    }
    if (outcome_check(call, OUTCOME_BANK, status, &error) != 0) {
        return PAYMENT_REFUSED;
    }
    if (instruction &&
        (file_terms_read(instruction, call->arena, &terms) || !file_terms_match(&terms, &facts))) {
        return refuse_file(payment, "PAYMENT-FILE-TERMS", "Consent.FailsControlParameters",
                           "Instruction is not what the consent says of the file.");
    }
    payment->order.file = 1;
    payment->order.amount.minor = facts.total_minor;
    memcpy(payment->order.amount.currency, facts.currency, sizeof(facts.currency));
    memcpy(payment->file_hash, facts.hash, sizeof(payment->file_hash));
    return payment_digest(payment);
}

/* With its length, so that no two lists of texts look alike; an absent text differs from "". */
static bool add_text(EVP_MD_CTX *digest, struct lfi_slice text)
{
    uint64_t len = text.ptr ? text.len : UINT64_MAX;
    return EVP_DigestUpdate(digest, &len, sizeof(len)) == 1 &&
           (text.len == 0 || EVP_DigestUpdate(digest, text.ptr, text.len) == 1);
}

enum payment_step payment_digest(struct payment *payment)
{
    struct lfi_payment_order *order = &payment->order;
    const struct creditor *creditor = &payment->creditor;
    const struct lfi_slice amount = {(const char *)&order->amount.minor,
                                     sizeof(order->amount.minor)};
    const struct lfi_slice parts[] = {order->consent_id,
                                      amount,
                                      slice_of(order->amount.currency),
                                      order->purpose,
                                      order->debtor_reference,
                                      order->creditor_reference,
                                      order->billing_type,
                                      order->merchant_id,
                                      creditor->scheme,
                                      creditor->iban,
                                      creditor->name_en,
                                      creditor->name_ar,
                                      creditor->agent_scheme,
                                      creditor->agent_id,
                                      {(const char *)payment->file_hash, LFI_FILE_HASH_SIZE}};
    const struct lfi_slice exchange[] = {order->quote_id, order->currency_request};
    size_t count = ARRAY_LEN(parts) - (payment->file ? 0 : 1);
    size_t more = order->quote_id.ptr ? ARRAY_LEN(exchange) : 0;
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    bool whole = digest && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1;
    for (size_t i = 0; whole && i < count; i++) {
        whole = add_text(digest, parts[i]);
    }
    for (size_t i = 0; whole && i < more; i++) {
        whole = add_text(digest, exchange[i]);
    }
    whole = whole && EVP_DigestFinal_ex(digest, order->digest, NULL) == 1;
    EVP_MD_CTX_free(digest);
    if (!whole) {
        (void)outcome_fail(payment->call, "out of memory");
    }
    return whole ? PAYMENT_GO_ON : PAYMENT_REFUSED;
}
