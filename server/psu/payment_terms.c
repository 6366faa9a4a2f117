#include "psu/payment_terms.h"

#include "base/array.h"
#include "base/base64.h"
#include "payments/file_terms.h"
#include "payments/payee_verdict.h"
#include "payments/pii.h"

#define JSON_BYTES (32 * 1024) /* ten payees, 53 dates */

/* --- terms ------------------------------------------------------------------------------------ */

/* Where the terms of a payment are. */
enum place { PLACE_MULTI, PLACE_SCHEDULE, PLACE_CONTROLS, PLACES };

static void find_places(const struct consent *consent, const cJSON *places[PLACES])
{
    places[PLACE_MULTI] = json_get(consent->schedule, "MultiPayment");
    places[PLACE_SCHEDULE] = payment_type_terms(consent->schedule);
    places[PLACE_CONTROLS] = json_get(places[PLACE_SCHEDULE], "Controls");
}

static void append_money(struct json_writer *w, const char *name, const cJSON *amount)
{
    if (amount) {
        json_open_object(w, name);
        json_string(w, "value", json_get_string(amount, "Amount"));
        json_string(w, "currency", json_get_string(amount, "Currency"));
        json_close_object(w);
    }
}

static bool permits(const struct consent *consent, const char *permission)
{
    return json_lists(consent->permissions, slice_of(permission));
}

/* What the TPP is given besides the payment: a key of the pages' texts; NULL: nothing. */
static const char *grants_of(const struct consent *consent)
{
    bool account = permits(consent, "ReadAccountsBasic") || permits(consent, "ReadAccountsDetail");
    bool refund = permits(consent, "ReadRefundAccount");
    if (!account) {
        return refund ? "refund" : NULL;
    }
    if (permits(consent, "ReadBalances")) {
        return refund ? "balance-refund" : "balance";
    }
    return refund ? "account-refund" : "account";
}

/* What was agreed, by the names that the pages have for it. What is not there has no limit. */
static const struct term {
    const char *name;
    enum place place;
    const char *member; /* an amount, a whole number or a text */
} terms[] = {
    {"amount", PLACE_SCHEDULE, "Amount"},
    {"maximum", PLACE_SCHEDULE, "MaximumIndividualAmount"},
    {"maximum", PLACE_CONTROLS, "MaximumIndividualAmount"},
    {"period", PLACE_SCHEDULE, "PeriodType"},
    {"starts", PLACE_SCHEDULE, "PeriodStartDate"},
    {"count", PLACE_MULTI, "MaximumCumulativeNumberOfPayments"},
    {"total", PLACE_MULTI, "MaximumCumulativeValueOfPayments"},
    {"periodCount", PLACE_CONTROLS, "MaximumCumulativeNumberOfPaymentsPerPeriod"},
    {"periodTotal", PLACE_CONTROLS, "MaximumCumulativeValueOfPaymentsPerPeriod"},
};

static void append_term(struct json_writer *w, const char *name, const cJSON *value)
{
    if (cJSON_IsObject(value)) {
        append_money(w, name, value);
    } else if (cJSON_IsNumber(value)) {
        json_int(w, name, (int64_t)value->valuedouble);
    } else {
        json_string_if_any(w, name, slice_of(cJSON_GetStringValue(value)));
    }
}

static void append_dates(struct json_writer *w, const cJSON *schedule)
{
    const cJSON *entry;
    json_open_array(w, "dates");
    cJSON_ArrayForEach(entry, schedule)
    {
        json_open_object(w, NULL);
        json_string(w, "date", json_get_string(entry, "PaymentExecutionDate"));
        append_money(w, "amount", json_get(entry, "Amount"));
        append_money(w, "maximum", json_get(entry, "MaximumIndividualAmount"));
        json_close_object(w);
    }
    json_close_array(w);
}

/* What the payments cost, as the consent has it. */
static void append_charges(struct json_writer *w, const cJSON *charges)
{
    const cJSON *charge;
    json_open_array(w, "charges");
    cJSON_ArrayForEach(charge, charges)
    {
        json_open_object(w, NULL);
        json_string(w, "type", json_get_string(charge, "Type"));
        json_string(w, "bearer", json_get_string(charge, "ChargeBearer"));
        append_money(w, "amount", json_get(charge, "Amount"));
        json_close_object(w);
    }
    json_close_array(w);
}

static void append_terms(const struct consent *consent, const struct exchange_terms *exchange,
                         struct json_writer *w)
{
    const cJSON *places[PLACES];
    const char *grants = grants_of(consent);
    find_places(consent, places);
    json_text(w, "type", consent->payment->name);
    for (size_t i = 0; i < ARRAY_LEN(terms); i++) {
        append_term(w, terms[i].name, json_get(places[terms[i].place], terms[i].member));
    }
    if (json_get(places[PLACE_SCHEDULE], "Schedule")) {
        append_dates(w, json_get(places[PLACE_SCHEDULE], "Schedule"));
    }
    json_string_if_any(w, "expires", consent->expires);
    json_string_if_any(w, "reference", json_get_string(consent->data, "DebtorReference"));
    json_string_if_any(w, "purpose", json_get_string(consent->data, "PaymentPurposeCode"));
    json_string_if_any(w, "sponsored",
                       json_get_string(json_get(consent->data, "SponsoredTPPInformation"), "Name"));
    const cJSON *charges =
        exchange->json.ptr ? exchange_terms_charges(exchange) : json_get(consent->data, "Charges");
    if (cJSON_GetArraySize(charges) > 0) {
        append_charges(w, charges);
    }
    if (exchange->json.ptr) {
        json_raw(w, "exchange", exchange->json);
    }
    if (grants) {
        json_text(w, "grants", grants);
    }
}

/* --- a file ----------------------------------------------------------------------------------- */

/* As the core knows it, whose file the customer decides on; false: it has not come. */
static bool find_file(struct actor actor, const struct consent *consent,
                      struct lfi_file_facts *facts)
{
    struct lfi_error error = {""};
    struct lfi_file_terms asked;
    const struct provider *provider = actor.endpoint->provider;
    struct lfi_call call = actor_core_call(actor);
    call.tpp_id = (struct lfi_slice){NULL, 0};
    *facts = (struct lfi_file_facts){.size = sizeof(*facts)};
    return provider->files &&
           provider->files->find(provider->core, &call, consent->id, facts, &error) == LFI_OK &&
           facts->taken &&
           !file_terms_read(json_get(consent->schedule, "FilePayment"), actor.arena, &asked) &&
           file_terms_match(&asked, facts);
}

static void append_file(struct actor actor, const struct lfi_file_facts *facts,
                        struct json_writer *w, struct payment_terms *out)
{
    struct buf hash;
    buf_init(&hash, 2 * LFI_FILE_HASH_SIZE);
    base64_append_standard(&hash, facts->hash, sizeof(facts->hash));
    out->instructions = facts->count;
    out->amount = arena_format(actor.arena, "%lld.%02d", (long long)(facts->total_minor / 100),
                               (int)(facts->total_minor % 100));
    out->currency = arena_keep(actor.arena, slice_of(facts->currency));
    json_open_object(w, "file");
    json_text(w, "type", facts->file_type);
    json_string_if_any(w, "reference", slice_of(facts->reference));
    json_string(w, "hash", buf_slice(&hash));
    json_int(w, "count", (int64_t)facts->count);
    json_string_if_any(w, "date", slice_of(facts->execution_date));
    json_open_object(w, "total");
    json_string(w, "value", out->amount);
    json_string(w, "currency", out->currency);
    json_close_object(w);
    json_close_object(w);
    buf_free(&hash);
}

/* --- payees ----------------------------------------------------------------------------------- */

static struct lfi_slice payee_name(const cJSON *creditor)
{
    const cJSON *names = json_get(json_get(creditor, "CreditorAccount"), "Name");
    struct lfi_slice name = json_get_string(json_get(creditor, "Creditor"), "Name");
    if (name.len == 0) {
        name = json_get_string(names, "en");
    }
    return name.len > 0 ? name : json_get_string(names, "ar");
}

struct lfi_slice payment_terms_iban(struct arena *arena, struct lfi_slice iban)
{
    char *plain = arena_alloc(arena, iban.len + 1);
    size_t len = 0;
    for (size_t i = 0; plain && i < iban.len; i++) {
        char c = iban.ptr[i];
        if (c != ' ') {
            plain[len++] = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
        }
    }
    return (struct lfi_slice){plain, plain ? len : 0};
}

static void append_payees(struct actor actor, const cJSON *initiation, struct json_writer *w)
{
    static const char *const matches[] = {
        [PAYEE_MATCH] = "full", [PAYEE_MATCH_IN_PART] = "partial", [PAYEE_NO_MATCH] = "none"};
    const cJSON *creditor;
    json_open_array(w, "payees");
    cJSON_ArrayForEach(creditor, json_get(initiation, "Creditor"))
    {
        const cJSON *account = json_get(creditor, "CreditorAccount");
        enum payee_verdict verdict = payee_verdict_read(
            actor.psu->verdicts, json_get_string(creditor, "ConfirmationOfPayeeResponse"),
            actor.arena);
        json_open_object(w, NULL);
        bool iban = slice_equal_text(json_get_string(account, "SchemeName"), "IBAN");
        json_string(w, "name", payee_name(creditor));
        json_string(w, iban ? "iban" : "account",
                    payment_terms_iban(actor.arena, json_get_string(account, "Identification")));
        if (verdict != PAYEE_NOT_KNOWN) {
            json_text(w, "match", matches[verdict]);
        }
        json_close_object(w);
    }
    json_close_array(w);
}

/* The bank checks it when the consent is made; a Hub that let it pass is not trusted with money. */
static bool has_right_payees(const struct payment_type *type, const cJSON *initiation)
{
    return payment_type_allows(type, cJSON_GetArraySize(json_get(initiation, "Creditor")));
}

static void read_pii(struct actor actor, const cJSON *pii, struct json_writer *w,
                     struct payment_terms *out)
{
    const cJSON *initiation = json_get(pii, "Initiation");
    const cJSON *creditors = json_get(initiation, "Creditor");
    const cJSON *merchant =
        json_get(json_get(json_get(json_get(pii, "Risk"), "CreditorIndicators"), "MerchantDetails"),
                 "MerchantName");
    append_payees(actor, initiation, w);
    json_string_if_any(w, "merchant", slice_of(cJSON_GetStringValue(merchant)));
    out->debtor = payment_terms_iban(
        actor.arena, json_get_string(json_get(initiation, "DebtorAccount"), "Identification"));
    if (cJSON_GetArraySize(creditors) == 1) {
        const cJSON *account = json_get(creditors->child, "CreditorAccount");
        out->payee = arena_keep(actor.arena, payee_name(creditors->child));
        if (slice_equal_text(json_get_string(account, "SchemeName"), "IBAN")) {
            out->payee_iban =
                payment_terms_iban(actor.arena, json_get_string(account, "Identification"));
        }
    }
}

/* --- both ------------------------------------------------------------------------------------- */

static void log_refusal(struct actor actor, const struct refusal *refusal)
{
    LOG_EVENT(actor.psu->log, LOG_ERROR, "payment-pii", LOG_TEXT("id", slice_of(refusal->id)),
              LOG_TEXT("provider", slice_of(actor.endpoint->provider->id)),
              LOG_TEXT("interaction", actor.session->interaction_id),
              LOG_TEXT("reason", slice_of(refusal->detail)));
}

static bool open_pii(struct actor actor, const cJSON *tree, const struct consent *consent,
                     struct pii *out)
{
    const cJSON *member =
        json_get(json_get(json_get(tree, "request"), "consent"), "PersonalIdentifiableInformation");
    const cJSON *tpp = json_get(tree, "tpp");
    struct refusal refusal = {.id = "PII-KEYS-MISSING"};
    const struct pii_query query = {
        .member = member ? member : json_get(consent->data, "PersonalIdentifiableInformation"),
        .stage = PII_OF_REVIEW,
        .client_id = json_get_string(tpp, "clientId"),
        .software_id = json_get_string(tpp, "softwareStatementId"),
        .created_s = consent_created_s(consent),
        .provider_id = slice_of(actor.endpoint->provider->id),
        .consent_id = json_get_string(tree, "id"),
        .audience = actor.endpoint->provider->payment_rules.pii_audience,
        .abroad = json_get(consent->data, "CurrencyRequest"),
    };
    if (actor.psu->pii && pii_open(actor.psu->pii, &query, actor.arena, out, &refusal) == 0) {
        return true;
    }
    log_refusal(actor, &refusal);
    return false;
}

/* The amount of each payment, or the most that it may be; with the charges of an exchange. */
static void read_amount(struct arena *arena, const struct consent *consent,
                        struct payment_terms *out)
{
    const cJSON *places[PLACES];
    find_places(consent, places);
    if (out->exchange.total.len > 0) { /* else a file's may be there */
        out->amount = out->exchange.total;
        out->currency = out->exchange.currency;
    }
    for (size_t i = 0; i < ARRAY_LEN(terms) && out->amount.len == 0; i++) {
        const cJSON *value = json_get(places[terms[i].place], terms[i].member);
        if (strcmp(terms[i].name, "amount") == 0 || strcmp(terms[i].name, "maximum") == 0) {
            out->amount = arena_keep(arena, json_get_string(value, "Amount"));
            out->currency = arena_keep(arena, json_get_string(value, "Currency"));
        }
    }
}

int64_t payment_terms_deadline_s(const struct payment_terms *payment, const struct consent *consent)
{
    int64_t deadline_s = consent_deadline_s(consent);
    int64_t expires_s = payment->exchange.expires_s;
    return expires_s < deadline_s ? expires_s : deadline_s;
}

bool payment_terms_read(struct actor actor, const cJSON *tree, const struct consent *consent,
                        struct payment_terms *out)
{
    const struct payment_type *type = consent->payment;
    struct pii pii;
    struct lfi_file_facts file;
    struct buf json;
    struct json_writer w;
    *out = (struct payment_terms){.single = type && type->id == PAYMENT_SINGLE_INSTANT,
                                  .exchange.expires_s = INT64_MAX};
    if (!type || !open_pii(actor, tree, consent, &pii)) {
        return false;
    }
    if (!has_right_payees(type, json_get(pii.tree, "Initiation"))) {
        log_refusal(actor, &(struct refusal){.id = "PAYMENT-PAYEES"});
        pii_close(&pii);
        return false;
    }
    if (type->file && !find_file(actor, consent, &file)) {
        log_refusal(actor, &(struct refusal){.id = "PAYMENT-FILE-MISSING"});
        out->lacks_file = true;
        pii_close(&pii);
        return false;
    }
    if (!exchange_terms_read(actor, tree, consent, &out->exchange)) {
        log_refusal(actor, &(struct refusal){.id = "PAYMENT-QUOTE-MISSING"});
        exchange_terms_free(&out->exchange);
        pii_close(&pii);
        return false;
    }
    buf_init_secret(&json, JSON_BYTES);
    json_begin(&w, &json);
    json_open_object(&w, NULL);
    append_terms(consent, &out->exchange, &w);
    if (type->file) {
        append_file(actor, &file, &w, out);
    }
    read_pii(actor, pii.tree, &w, out);
    json_close_object(&w);
    out->json = arena_take(actor.arena, &json);
    read_amount(actor.arena, consent, out);
    exchange_terms_free(&out->exchange);
    pii_close(&pii);
    return out->json.ptr;
}
