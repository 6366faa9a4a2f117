/* What the consent behind a payment allows: its state, its customer, its creditors. */
#include "payments/payment.h"

#include "base/error.h"
#include "base/limits.h"
#include "payments/agreed.h"
#include "payments/proof.h"
#include "payments/tpp_headers.h"

/* --- the consent ------------------------------------------------------------------------------ */

/* Whether the payment is into the currency, and under the quote, of the consent; or neither is. */
static bool has_agreed_currency(const struct payment *payment)
{
    const cJSON *agreed = json_get(payment->consent.data, "CurrencyRequest");
    const cJSON *request = json_get(payment->data, "CurrencyRequest");
    if (!agreed || !request) {
        return !agreed && !request;
    }
    return slice_equal(json_get_string(agreed, "FxQuoteId"), payment->order.quote_id) &&
           slice_equal(json_get_string(agreed, "CurrencyOfTransfer"),
                       json_get_string(request, "CurrencyOfTransfer"));
}

static int judge_consent(struct payment *payment)
{
    const struct consent *consent = &payment->consent;
    if (!consent->payment || consent->payment->file != payment->file) {
        return agreed_refuse(payment->call, "PAYMENT-CONSENT-KIND",
                             payment->file ? "The consent is not one to a file of payments."
                                           : "The consent is not one to domestic payments.");
    }
    if (!consent_may_pay(consent) ||
        consent_is_expired(consent, clock_now_us(payment->means->clock))) {
        return agreed_refuse(payment->call, "PAYMENT-CONSENT-STATE",
                             "The consent is not in force.");
    }
    if (!has_agreed_currency(payment)) {
        return refusal_set(payment->call->refusal, "PAYMENT-EXCHANGE", 400,
                           "Consent.FailsControlParameters",
                           "CurrencyOfTransfer and FxQuoteId must be those of the consent.");
    }
    payment->order.one_in_flight = consent->payment->one_in_flight;
    return agreed_account(payment->call, consent, &payment->order.account_id);
}

enum payment_step payment_read_consent(struct payment *payment)
{
    struct call *call = payment->call;
    const struct payment_means *means = payment->means;
    const struct consent_ref ref = {call->provider->id, call->core.consent_id};
    if (means->copies && !payment->asks_hub) {
        payment->consent_tree = consent_copies_find(means->copies, &ref, call->arena);
    }
    payment->asks_hub = !payment->consent_tree;
    if (payment->asks_hub && agreed_fetch(call, means, &payment->consent_tree) != 0) {
        return PAYMENT_REFUSED;
    }
    consent_read(payment->consent_tree, &payment->consent);
    return judge_consent(payment) == 0 ? PAYMENT_GO_ON : PAYMENT_REFUSED;
}

/* --- the TPP's headers ------------------------------------------------------------------------ */

static enum payment_step refuse_header(struct payment *payment, const char *id, const char *message)
{
    (void)refusal_set(payment->call->refusal, id, 400, "Body.InvalidFormat", message);
    return PAYMENT_REFUSED;
}

enum payment_step payment_check_headers(struct payment *payment)
{
    const cJSON *headers = json_get(payment->body, "requestHeaders");
    struct lfi_slice value;
    if (payment->consent.payment->delegated &&
        (tpp_header_find(headers, "x-fapi-auth-date", &value) != TPP_HEADER_THERE ||
         !tpp_header_read_date(value, &payment->auth_us))) {
        return refuse_header(payment, "PAYMENT-AUTH-DATE",
                             "x-fapi-auth-date must be in requestHeaders, as an HTTP-date.");
    }
    if (payment->consent.payment->customer_present &&
        (tpp_header_find(headers, "x-fapi-customer-ip-address", &value) != TPP_HEADER_THERE ||
         !tpp_header_is_address(value))) {
        return refuse_header(payment, "PAYMENT-ADDRESS",
                             "x-fapi-customer-ip-address must be in requestHeaders, as an IPv4 or "
                             "IPv6 address.");
    }
    return PAYMENT_GO_ON;
}

/* --- the creditor ----------------------------------------------------------------------------- */

/* A repeat comes before its consent is read; it is compared with what was taken under it. */
static unsigned forms_of(const struct payment *payment)
{
    const struct payment_type *type = payment->consent.payment;
    if (!payment->call->provider->payment_rules.other_pii_forms) {
        return 0;
    }
    return type && type->id == PAYMENT_SINGLE_INSTANT ? PII_FORM_NESTED
                                                      : PII_FORM_NESTED | PII_FORM_CONSENT;
}

static struct pii_query query_of(const struct payment *payment, enum pii_stage stage,
                                 const cJSON *member)
{
    return (struct pii_query){.member = member,
                              .stage = stage,
                              .client_id = payment->means->client_id,
                              .software_id = payment->means->software_id,
                              .created_s = consent_created_s(&payment->consent),
                              .provider_id = slice_of(payment->call->provider->id),
                              .consent_id = payment->call->core.consent_id,
                              .audience = payment->call->provider->payment_rules.pii_audience,
                              .forms = forms_of(payment),
                              .abroad = payment->order.quote_id.ptr};
}

enum payment_step payment_open_pii(struct payment *payment)
{
    struct call *call = payment->call;
    const struct pii_query query = query_of(
        payment, PII_OF_PAYMENT, json_get(payment->data, "PersonalIdentifiableInformation"));
    if (payment->pii.tree || payment->file) {
        return PAYMENT_GO_ON;
    }
    if (pii_open(payment->means->pii, &query, call->arena, &payment->pii, call->refusal) != 0) {
        return PAYMENT_REFUSED;
    }
    if (!creditor_read(creditor_of_payment(payment->pii.tree), &payment->creditor)) {
        (void)refusal_set(call->refusal, "PAYMENT-CREDITOR-ABSENT", 400, "Body.InvalidFormat",
                          "Initiation must be there and name one creditor.");
        return PAYMENT_REFUSED;
    }
    payment->order.creditor = (struct lfi_creditor){.iban = payment->creditor.iban,
                                                    .name_en = payment->creditor.name_en,
                                                    .name_ar = payment->creditor.name_ar};
    if (slice_equal_text(payment->creditor.agent_scheme, "BICFI")) {
        payment->order.creditor.bic = payment->creditor.agent_id;
    }
    return payment_digest(payment);
}

static enum payment_step refuse_creditor(struct payment *payment, const char *id,
                                         const char *message)
{
    (void)refusal_set(payment->call->refusal, id, 400, "Consent.FailsControlParameters", message);
    return PAYMENT_REFUSED;
}

/* A creditor that the consent left to the payment. */
static enum payment_step check_open(struct payment *payment)
{
    struct call *call = payment->call;
    struct lfi_error why = {""};
    payment->order.creditor_open = 1;
    switch (creditor_judge(&payment->creditor, call->provider, &call->core, &why)) {
    case CREDITOR_FINE:
        return PAYMENT_GO_ON;
    case CREDITOR_UNKNOWN:
        return outcome_check(call, OUTCOME_BANK, LFI_UNAVAILABLE, &why) == 0 ? PAYMENT_GO_ON
                                                                             : PAYMENT_REFUSED;
    case CREDITOR_INVALID:
    case CREDITOR_UNREACHABLE:
        break;
    }
    return refuse_creditor(payment, "PAYMENT-CREDITOR-RULES", why.message);
}

static enum payment_step check_listed(struct payment *payment, const cJSON *creditors)
{
    const cJSON *entry;
    struct creditor allowed;
    cJSON_ArrayForEach(entry, creditors)
    {
        if (creditor_read(entry, &allowed) && creditor_equal(&payment->creditor, &allowed)) {
            return PAYMENT_GO_ON;
        }
    }
    return refuse_creditor(payment, "PAYMENT-CREDITOR",
                           "The creditor is not one that the consent names.");
}

enum payment_step payment_check_creditor(struct payment *payment)
{
    struct call *call = payment->call;
    struct pii agreed;
    if (payment->file) {
        return PAYMENT_GO_ON;
    }
    payment->order.creditor_open = 0;
    const cJSON *asked = json_get(json_get(payment->consent_tree, "request"), "consent");
    const struct pii_query query =
        query_of(payment, PII_OF_REVIEW, json_get(asked, "PersonalIdentifiableInformation"));
    if (pii_open(payment->means->pii, &query, call->arena, &agreed, call->refusal) != 0) {
        return PAYMENT_REFUSED;
    }
    const cJSON *creditors = json_get(json_get(agreed.tree, "Initiation"), "Creditor");
    enum payment_step step = creditors ? check_listed(payment, creditors) : check_open(payment);
    pii_close(&agreed);
    return step;
}

/* --- the proof -------------------------------------------------------------------------------- */

enum payment_step payment_check_proof(struct payment *payment)
{
    const struct proof_times times = {payment->auth_us, clock_now_us(payment->means->clock)};
    if (!payment->consent.payment->delegated ||
        proof_check(payment->pii.tree, &payment->call->provider->payment_rules, times,
                    payment->call->refusal) == 0) {
        return PAYMENT_GO_ON;
    }
    return PAYMENT_REFUSED;
}
