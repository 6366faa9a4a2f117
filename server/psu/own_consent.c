#include "psu/own_consent.h"

#include "base/datetime.h"
#include "psu/consent.h"

#define DATA_SHARING "cbuae-account-access-consents"
#define PAYMENT "cbuae-service-initiation-consents"

static const cJSON *data_of(const cJSON *consent)
{
    return json_get(json_get(consent, "consentBody"), "Data");
}

bool own_consent_is_of(const cJSON *consent, struct lfi_slice user_id)
{
    struct lfi_slice owner = json_get_string(json_get(consent, "psuIdentifiers"), "userId");
    return owner.len > 0 && slice_equal(owner, user_id);
}

bool own_consent_is_revocable(const cJSON *consent)
{
    static const char *const open[] = {"AwaitingAuthorization", "Authorized", "Suspended"};
    struct lfi_slice status = json_get_string(consent, "status");
    for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
        if (slice_equal_text(status, open[i])) {
            return true;
        }
    }
    return false;
}

struct lfi_slice own_consent_base(const cJSON *consent)
{
    return json_get_string(data_of(consent), "BaseConsentId");
}

/* --- the card --------------------------------------------------------------------------------- */

static const cJSON *single_payment(const cJSON *consent)
{
    const cJSON *request = json_get(json_get(consent, "request"), "consent");
    const cJSON *schedule = json_get(json_get(request, "ControlParameters"), "ConsentSchedule");
    return json_get(schedule, "SinglePayment");
}

static const char *kind_of(const cJSON *consent)
{
    struct lfi_slice type = json_get_string(consent, "consentType");
    if (slice_equal_text(type, DATA_SHARING)) {
        return "data-sharing";
    }
    if (!slice_equal_text(type, PAYMENT)) {
        return "other";
    }
    return single_payment(consent) != NULL ? "single-payment" : "flexi-pay";
}

static void append_text(struct json_writer *w, const char *name, struct lfi_slice text)
{
    if (text.len > 0) {
        json_string(w, name, text);
    }
}

/* The Hub's `updatedAt` is a number since the epoch; in which unit, its document does not say. */
static void append_instant(struct json_writer *w, const char *name, const cJSON *number)
{
    static const double newest_in_seconds = 1e11;
    if (cJSON_IsNumber(number) && number->valuedouble > 0) {
        bool seconds = number->valuedouble < newest_in_seconds;
        json_int(w, name, (int64_t)(seconds ? number->valuedouble * 1000 : number->valuedouble));
    }
}

/* Awaiting authorization nothing is agreed yet, so the amount is nothing. */
static void append_amount(struct json_writer *w, const cJSON *consent)
{
    const cJSON *amount = json_get(single_payment(consent), "Amount");
    bool awaiting = slice_equal_text(json_get_string(consent, "status"), "AwaitingAuthorization");
    if (amount != NULL) {
        json_open_object(w, "amount");
        json_string(w, "value", awaiting ? SLICE("0.00") : json_get_string(amount, "Amount"));
        json_string(w, "currency", json_get_string(amount, "Currency"));
        json_close_object(w);
    }
}

void own_consent_append_card(const cJSON *consent, bool pending, struct json_writer *w)
{
    struct consent terms;
    consent_read(consent, &terms);
    json_string(w, "id", json_get_string(consent, "id"));
    json_string(w, "tpp", consent_beneficiary(&terms));
    json_string(w, "status", terms.status);
    json_text(w, "kind", kind_of(consent));
    json_int(w, "accounts", cJSON_GetArraySize(terms.account_ids));
    append_text(w, "created", json_get_string(data_of(consent), "CreationDateTime"));
    append_instant(w, "updated", json_get(consent, "updatedAt"));
    append_text(w, "lastShared",
                json_get_string(json_get(consent, "consentUsage"), "lastDataShared"));
    append_text(w, "expires", terms.expires);
    append_amount(w, consent);
    json_bool(w, "revocable", own_consent_is_revocable(consent) && !pending);
    json_bool(w, "pending", pending && own_consent_is_revocable(consent));
}
