#include "psu/consent_card.h"

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
static void append_amount(struct json_writer *w, const struct consent *consent)
{
    const cJSON *amount = json_get(json_get(consent->schedule, "SinglePayment"), "Amount");
    bool awaiting = slice_equal_text(consent->status, "AwaitingAuthorization");
    if (amount) {
        json_open_object(w, "amount");
        json_string(w, "value", awaiting ? SLICE("0.00") : json_get_string(amount, "Amount"));
        json_string(w, "currency", json_get_string(amount, "Currency"));
        json_close_object(w);
    }
}

/* Payments under way included, as the Hub counts. */
static void append_paid_total(struct json_writer *w, const struct consent *consent)
{
    const cJSON *total =
        json_get(json_get(consent->data, "PaymentConsumption"), "CumulativeValueOfPayments");
    if (total) {
        json_open_object(w, "paidTotal");
        json_string(w, "value", json_get_string(total, "Amount"));
        json_string(w, "currency", json_get_string(total, "Currency"));
        json_close_object(w);
    }
}

void consent_card_append(const struct consent *consent, bool pending, struct json_writer *w)
{
    bool revocable = consent_is_revocable(consent);
    json_string(w, "id", consent->id);
    json_string(w, "tpp", consent_beneficiary(consent));
    json_string(w, "status", consent->status);
    json_text(w, "kind", consent->payment ? consent->payment->kind : consent->kind->name);
    json_int(w, consent->kind->policies ? "policies" : "accounts",
             cJSON_GetArraySize(consent_chosen(consent)));
    json_string_if_any(w, "created", consent->created);
    append_instant(w, "updated", consent->updated);
    json_string_if_any(w, "lastShared", consent->last_shared);
    json_string_if_any(w, "expires", consent->expires);
    json_string_if_any(w, "lastPaid", consent->last_paid);
    append_amount(w, consent);
    append_paid_total(w, consent);
    json_bool(w, "revocable", revocable && !pending);
    json_bool(w, "pending", pending && revocable);
}
