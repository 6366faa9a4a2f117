#include "psu/own_payments.h"

#include "base/array.h"
#include "base/datetime.h"
#include "psu/payment_terms.h"

#include <stdlib.h>

/* --- terms ------------------------------------------------------------------------------------ */

static void append_money(struct json_writer *w, const char *name, const cJSON *amount)
{
    if (amount) {
        json_open_object(w, name);
        json_string(w, "value", json_get_string(amount, "Amount"));
        json_string(w, "currency", json_get_string(amount, "Currency"));
        json_close_object(w);
    }
}

static void append_count(struct json_writer *w, const char *name, const cJSON *used,
                         const char *member)
{
    int64_t count;
    if (json_get_int(used, member, &count)) {
        json_int(w, name, count);
    }
}

static void append_used(struct json_writer *w, const cJSON *used)
{
    if (!used) {
        return;
    }
    json_open_object(w, "used");
    append_count(w, "count", used, "CumulativeNumberOfPayments");
    append_money(w, "value", json_get(used, "CumulativeValueOfPayments"));
    append_count(w, "periodCount", used, "CumulativeNumberOfPaymentsInCurrentPeriod");
    append_money(w, "periodValue", json_get(used, "CumulativeValueOfPaymentsInCurrentPeriod"));
    json_close_object(w);
}

void own_payments_append_terms(struct actor actor, const cJSON *tree, const struct consent *consent,
                               struct json_writer *w)
{
    struct payment_terms terms;
    if (payment_terms_read(actor, tree, consent, &terms)) {
        json_raw(w, "payment", terms.json);
    }
    append_used(w, json_get(consent->data, "PaymentConsumption"));
}

/* --- what was paid ---------------------------------------------------------------------------- */

struct payment {
    const cJSON *tree;
    int64_t made_us; /* 0: not known */
};

static const cJSON *response_of(const struct payment *payment)
{
    return json_get(payment->tree, "paymentResponse");
}

static const cJSON *amount_of(const struct payment *payment)
{
    const cJSON *data = json_get(json_get(payment->tree, "requestBody"), "Data");
    return json_get(json_get(data, "Instruction"), "Amount");
}

static int compare_newest_first(const void *left, const void *right)
{
    int64_t a = ((const struct payment *)left)->made_us;
    int64_t b = ((const struct payment *)right)->made_us;
    return a < b ? 1 : -(a > b);
}

/*
 * Those of the log that are of this consent and customer, whatever else the Hub may send, newest
 * first. NULL: out of memory.
 */
static const struct payment *sort(struct arena *arena, const cJSON *log,
                                  const struct consent *consent, size_t *count)
{
    struct payment *all = arena_array(arena, (size_t)cJSON_GetArraySize(log) + 1, sizeof(*all));
    const cJSON *tree;
    *count = 0;
    if (!all) {
        return NULL;
    }
    cJSON_ArrayForEach(tree, log)
    {
        const cJSON *psu = json_get(tree, "psuIdentifiers");
        if (slice_equal(json_get_string(tree, "consentId"), consent->id) &&
            slice_equal(json_get_string(psu, "userId"), consent->user_id)) {
            struct payment *payment = &all[(*count)++];
            struct datetime made;
            *payment = (struct payment){.tree = tree};
            if (datetime_parse(json_get_string(response_of(payment), "creationDateTime"), &made)) {
                payment->made_us = datetime_utc_us(&made);
            }
        }
    }
    qsort(all, *count, sizeof(*all), compare_newest_first);
    return all;
}

static bool is_successful(const struct payment *payment)
{
    static const char *const statuses[] = {"AcceptedSettlementCompleted",
                                           "AcceptedCreditSettlementCompleted",
                                           "AcceptedWithoutPosting"};
    struct lfi_slice status = json_get_string(response_of(payment), "status");
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        if (slice_equal_text(status, statuses[i])) {
            return true;
        }
    }
    return false;
}

/* "250.00" in hundredths. False: it is not written so. */
static bool read_hundredths(struct lfi_slice text, int64_t *out)
{
    int64_t value = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool point = i + 3 == text.len;
        if (point ? c != '.' : c < '0' || c > '9') {
            return false;
        }
        if (!point && (__builtin_mul_overflow(value, 10, &value) ||
                       __builtin_add_overflow(value, c - '0', &value))) {
            return false;
        }
    }
    *out = value;
    return text.len > 3;
}

/* Left out when it cannot be told: amounts of several currencies, or too large. */
static void append_paid(struct arena *arena, struct json_writer *w, const struct payment *all,
                        size_t count)
{
    struct lfi_slice currency = SLICE("AED");
    int64_t sum = 0, value;
    for (size_t i = 0; i < count; i++) {
        const cJSON *amount = amount_of(&all[i]);
        if (is_successful(&all[i]) &&
            (!slice_equal(json_get_string(amount, "Currency"), currency) ||
             !read_hundredths(json_get_string(amount, "Amount"), &value) ||
             __builtin_add_overflow(sum, value, &sum))) {
            return;
        }
    }
    json_open_object(w, "paid");
    json_string(w, "value",
                arena_format(arena, "%lld.%02d", (long long)(sum / 100), (int)(sum % 100)));
    json_string(w, "currency", currency);
    json_close_object(w);
}

static void append_payment(struct json_writer *w, const struct payment *payment)
{
    const cJSON *data = json_get(json_get(payment->tree, "requestBody"), "Data");
    json_open_object(w, NULL);
    json_string(w, "status", json_get_string(response_of(payment), "status"));
    if (payment->made_us > 0) {
        json_int(w, "made", payment->made_us / 1000);
    }
    append_money(w, "amount", amount_of(payment));
    json_string_if_any(w, "reference", json_get_string(data, "CreditorReference"));
    json_string_if_any(w, "purpose", json_get_string(data, "PaymentPurposeCode"));
    json_close_object(w);
}

static void append_page(struct arena *arena, struct json_writer *w, const struct payment *all,
                        size_t count, size_t first)
{
    size_t end = first + OWN_PAYMENTS_PAGE < count ? first + OWN_PAYMENTS_PAGE : count;
    json_open_array(w, "payments");
    for (size_t i = first; i < end; i++) {
        append_payment(w, &all[i]);
    }
    json_close_array(w);
    json_bool(w, "more", end < count);
    json_int(w, "count", (int64_t)count);
    append_paid(arena, w, all, count);
}

void own_payments_show(struct context *context, const struct consent *consent, int64_t page)
{
    struct lfi_error error = {{0}};
    struct json_writer w;
    cJSON *log = NULL;
    size_t count;
    enum hub_outcome outcome =
        hub_list_payments(context->endpoint->hub, context->arena, consent->id, &log, &error);
    if (outcome != HUB_OK) {
        context_refuse(context, 503, "HUB-DOWN", error.message);
        return;
    }
    const struct payment *all = sort(context->arena, log, consent, &count);
    size_t first = (size_t)(page - 1) * OWN_PAYMENTS_PAGE;
    if (!all) {
        context_refuse(context, 500, "INTERNAL", "out of memory");
    } else {
        context_begin_view(context, &w, "payments");
        append_page(context->arena, &w, all, count, first < count ? first : count);
        json_close_object(&w);
    }
    cJSON_Delete(log);
}
