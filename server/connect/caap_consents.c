/* What CAAP asks about consents: decryption, validation and what to add. (CAAP 8 to 10.) */
#include "connect/additions.h"
#include "connect/caap.h"
#include "connect/judge.h"

#include "base/json.h"
#include "base/limits.h"
#include "contract_payment_pii.h"
#include "psu/accounts.h"
#include "rows_caap.h"

#include <string.h>

/* --- what a TPP encrypted --------------------------------------------------------------------- */

struct decrypted {
    struct lfi_slice jws; /* absent: there was none */
    struct lfi_slice payload;
};

/* One JSON object, which is handed on byte for byte: its claims, its order, its numbers. */
static int decrypt(struct call *call, struct lfi_slice compact, struct decrypted *out)
{
    struct lfi_slice clear;
    struct jose_token token;
    struct lfi_error error = {""};
    struct contract_violation violation;
    if (pii_decrypt(call->peers->pii, compact, call->arena, &clear, call->refusal) != 0) {
        return -1;
    }
    bool is_jws = jose_token_parse_within(call->arena, clear, LIMIT_PII_BYTES, &token, &error) == 0;
    *out = is_jws ? (struct decrypted){clear, token.payload} : (struct decrypted){{NULL, 0}, clear};
    if (contract_check_json(contract_schema_named(&contract_payment_pii, "AnyPii"), out->payload,
                            &violation) == 0) {
        return 0;
    }
    return is_jws ? refusal_set(call->refusal, "CAAP-PII-PAYLOAD", 400, "JWS.InvalidPayload",
                                "The payload of the decrypted JWS must be one JSON object.")
                  : refusal_set(call->refusal, "CAAP-PII-FORM", 400, "JWS.Malformed",
                                "What was decrypted must be a compact JWS or one JSON object.");
}

static void write_decrypted(const struct decrypted *decrypted, struct json_writer *w)
{
    json_string_if_any(w, "jws", decrypted->jws);
    json_raw(w, "payload", decrypted->payload);
}

static int take_decrypts(struct call *call, struct lfi_slice tpp)
{
    static const struct state_allowance of_all = {.times = LIMIT_CAAP_DECRYPTS, .window_s = 1};
    static const struct state_allowance of_tpp = {.times = LIMIT_CAAP_DECRYPTS_TPP, .window_s = 1};
    bool allowed = false;
    if (caap_take(call, "caap-decrypt", slice_of("all"), &of_all, &allowed) != 0 ||
        (allowed && caap_take(call, "caap-decrypt-tpp", tpp, &of_tpp, &allowed) != 0)) {
        return -1;
    }
    if (allowed) {
        return 0;
    }
    metrics_count(call->metrics, METRICS_CAAP_LIMIT);
    return refusal_set(call->refusal, "CAAP-DECRYPT-LIMIT", 403, "GenericRecoverableError",
                       "There were too many requests. Try again later.");
}

int connect_caap_decrypt(struct call *call)
{
    cJSON *tree;
    struct decrypted decrypted;
    const cJSON *data = caap_data(call, &tree);
    struct lfi_slice compact = json_get_string(data, "personalIdentifiableInformation");
    struct lfi_slice tpp = json_get_string(json_get(data, "tpp"), "orgId");
    int rc = take_decrypts(call, tpp) == 0 ? decrypt(call, compact, &decrypted) : -1;
    LOG_EVENT(call->connect->log, LOG_WARN, "caap-decrypt",
              LOG_TEXT("provider", slice_of(call->provider->id)), LOG_TEXT("tpp", tpp),
              LOG_TEXT("jwe", id_digest(call->arena, compact)),
              LOG_TEXT("outcome", slice_of(rc == 0 ? "opened" : call->refusal->id)));
    if (rc == 0) {
        struct json_writer w;
        json_begin(&w, &call->reply->body);
        json_open_object(&w, NULL);
        write_decrypted(&decrypted, &w);
        json_close_object(&w);
        metrics_count(call->metrics, METRICS_CAAP_DECRYPTED);
        call->reply->status = 200;
    }
    cJSON_Delete(tree);
    return rc;
}

/* --- validate --------------------------------------------------------------------------------- */

/* What the customer is told, whose journey ends with it. */
static const struct told {
    const char *code, *en, *ar;
} told[] = {
    {"UserNotLinked", "You are not registered with the bank here. Please register first.",
     "أنت غير مسجّل لدى البنك هنا. يُرجى التسجيل أولاً."},
    {"UserBlocked", "The bank cannot serve you here. Please contact the bank.",
     "لا يستطيع البنك خدمتك هنا. يُرجى التواصل مع البنك."},
    {"NoEligibleAccounts", "You have no account at this bank that can be used for this.",
     "ليس لديك حساب في هذا البنك يمكن استخدامه لهذا الغرض."},
    {"UnsupportedAccount", "An account that was chosen cannot be used for this.",
     "أحد الحسابات المختارة لا يمكن استخدامه لهذا الغرض."},
    {"InvalidDebtorAccount", "The account to pay from cannot be used. Please choose another one.",
     "لا يمكن استخدام حساب الدفع. يُرجى اختيار حساب آخر."},
    {"InvalidCreditor", "The payee's details are not right. Please check them with the provider.",
     "بيانات المستفيد غير صحيحة. يُرجى مراجعتها مع مقدم الخدمة."},
    {"UnreachableCreditorAccount", "The payee's account cannot be paid to at the moment.",
     "لا يمكن الدفع إلى حساب المستفيد حالياً."},
    {"InvalidPII", "The details of the payment cannot be read. Please begin again.",
     "تعذّرت قراءة تفاصيل الدفع. يُرجى البدء من جديد."},
    {"PaymentTypeNotSupported", "The bank does not offer this kind of payment.",
     "لا يقدم البنك هذا النوع من المدفوعات."},
    {NULL, "The bank cannot accept this request. Please begin again at the provider.",
     "لا يستطيع البنك قبول هذا الطلب. يُرجى البدء من جديد لدى مقدم الخدمة."},
};

static const struct told *told_of(const char *code)
{
    const struct told *row = told;
    while (row->code && strcmp(row->code, code) != 0) {
        row++;
    }
    return row;
}

static void write_told(const struct call *call, const char *code, struct json_writer *w)
{
    const struct told *row = told_of(code);
    switch (call->provider->caap_rules.language) {
    case CAAP_ENGLISH:
        json_text(w, "userMessage", row->en);
        break;
    case CAAP_ARABIC:
        json_text(w, "userMessage", row->ar);
        break;
    case CAAP_BOTH:
        json_string(w, "userMessage", arena_format(call->arena, "%s\n%s", row->en, row->ar));
        break;
    }
}

/* What can be said of the customer, once CAAP knows who it is. */
static int check_user(struct call *call, struct lfi_slice user_id, struct consent_finding *out)
{
    struct caap_user user;
    if (caap_user_of(call, user_id, &user) != 0) {
        if (strcmp(call->refusal->id, "CAAP-USER") != 0) {
            return -1;
        }
        *call->refusal = (struct refusal){0};
        *out = (struct consent_finding){"UserNotLinked", "The user is not known."};
    } else if (user.person.blocked) {
        *out = (struct consent_finding){"UserBlocked", "The user may not be served."};
    } else if (user.link.state != LINK_LINKED) {
        *out = (struct consent_finding){"UserNotLinked", "The user is not registered."};
    }
    return 0;
}

static bool offers_account(const struct account_offers *offers, struct lfi_slice id)
{
    for (size_t i = 0; i < offers->count; i++) {
        if (slice_equal(offers->items[i].id, id)) {
            return true;
        }
    }
    return false;
}

/* The accounts that the customer could choose, and those that were chosen. */
static int check_accounts(struct call *call, const struct consent *consent,
                          struct consent_finding *out)
{
    const cJSON *chosen;
    struct account_offers offers;
    struct lfi_error error = {""};
    int status = accounts_find(call->provider, call->arena, &call->core, consent, &offers, &error);
    if (outcome_check(call, OUTCOME_USER, status, &error) != 0) {
        return -1;
    }
    if (offers.count == 0) {
        *out = (struct consent_finding){"NoEligibleAccounts", "The user has no such account."};
    }
    cJSON_ArrayForEach(chosen, consent->account_ids)
    {
        if (!out->code && !offers_account(&offers, slice_of(cJSON_GetStringValue(chosen)))) {
            *out = (struct consent_finding){"UnsupportedAccount",
                                            "An account of accountIds is not eligible."};
        }
    }
    return 0;
}

static void reply_judgement(struct call *call, const struct judged_consent *judged,
                            const struct consent_finding *finding)
{
    struct json_writer w;
    json_begin(&w, &call->reply->body);
    json_open_object(&w, NULL);
    json_open_object(&w, "data");
    json_text(&w, "status", finding->code ? "invalid" : "valid");
    if (!finding->code && judged->pii.payload.ptr) {
        const struct decrypted decrypted = {judged->pii.jws, judged->pii.payload};
        json_open_object(&w, "pii");
        write_decrypted(&decrypted, &w);
        json_close_object(&w);
    }
    if (finding->code) {
        json_text(&w, "errorCode", finding->code);
        json_text(&w, "errorDescription", finding->description);
        write_told(call, finding->code, &w);
    }
    json_close_object(&w);
    json_close_object(&w);
    call->reply->status = 200;
}

static int validate(struct call *call, const cJSON *data, struct lfi_slice text)
{
    struct judged_consent judged = {.tree = data, .text = text, .pii.stage = PII_OF_CONSENT};
    struct consent_finding finding = {NULL, NULL};
    consent_read(data, &judged.consent);
    bool user_known = judged.consent.user_id.len > 0;
    if (user_known) {
        judged.pii.stage = PII_OF_REVIEW; /* the customer decides long after it was signed */
        if (check_user(call, judged.consent.user_id, &finding) != 0) {
            return -1;
        }
    }
    if (!finding.code && judge_consent(call, &judged, &finding) != 0) {
        return -1;
    }
    if (!finding.code && user_known && judged.consent.kind->accounts &&
        check_accounts(call, &judged.consent, &finding) != 0) {
        return -1;
    }
    reply_judgement(call, &judged, &finding);
    return 0;
}

int connect_caap_validate(struct call *call)
{
    cJSON *tree;
    const cJSON *data = caap_data(call, &tree);
    char *text = cJSON_PrintUnformatted(data);
    int rc = text ? validate(call, data, slice_of(text)) : outcome_fail(call, "out of memory");
    cJSON_free(text);
    cJSON_Delete(tree);
    return rc;
}

/* --- augment ---------------------------------------------------------------------------------- */

static int refuse_debtor(struct call *call)
{
    return refusal_set(call->refusal, "CAAP-DEBTOR", 403, "Consent.PermanentAccountAccessFailure",
                       "The user cannot pay from this account.");
}

/* The account that the TPP named, which must be among those that the customer could choose. */
static int find_debtor(struct call *call, const struct consent *consent, struct lfi_slice iban,
                       struct lfi_account_by_iban *out)
{
    struct account_offers offers;
    struct lfi_error error = {""};
    const struct provider *provider = call->provider;
    if (!provider->payments || !consent->kind || !consent->kind->pays) {
        return refuse_debtor(call);
    }
    int status =
        provider->payments->account_by_iban(provider->core, &call->core, iban, out, &error);
    if (status == LFI_UNKNOWN) {
        return refuse_debtor(call);
    }
    if (status == LFI_OK) {
        status = accounts_find(provider, call->arena, &call->core, consent, &offers, &error);
    }
    if (outcome_check(call, OUTCOME_USER, status, &error) != 0) {
        return -1;
    }
    return offers_account(&offers, slice_of(out->account_id)) ? 0 : refuse_debtor(call);
}

static int augment(struct call *call, const cJSON *data)
{
    struct caap_user user;
    struct json_writer w;
    struct consent consent;
    struct additions additions;
    struct lfi_account_by_iban debtor = {.size = sizeof(debtor)};
    const cJSON *named = json_get(data, "debtorAccount");
    consent_read(data, &consent);
    if ((named || consent.user_id.len > 0) && caap_user_of(call, consent.user_id, &user) != 0) {
        return -1;
    }
    if (named &&
        (user.person.blocked ||
         find_debtor(call, &consent, json_get_string(named, "Identification"), &debtor) != 0)) {
        return user.person.blocked ? refuse_debtor(call) : -1;
    }
    if (additions_find(call, data, &additions) != 0) {
        return -1;
    }
    json_begin(&w, &call->reply->body);
    json_open_object(&w, NULL);
    json_open_object(&w, "data");
    additions_write(&w, &additions);
    if (named) {
        json_text(&w, "accountId", debtor.account_id);
    }
    json_close_object(&w);
    json_close_object(&w);
    call->reply->status = 200;
    return 0;
}

int connect_caap_augment(struct call *call)
{
    cJSON *tree;
    const cJSON *data = caap_data(call, &tree);
    int rc = augment(call, data);
    json_wipe(tree);
    return rc;
}
