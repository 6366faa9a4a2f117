/* What the bank tells of a payment, judged by form and by the states of a payment. (Payments 6, 7.)
 */
#include "base/array.h"
#include "base/datetime.h"
#include "payments.h"

#define STATUS "paymentResponse.status"
#define TRANSACTION "paymentResponse.paymentTransactionId"
#define REASONS "paymentResponse.rejectReasonCode"
#define RAIL "paymentResponse.paymentRail"
#define BILLING "paymentResponse.OpenFinanceBilling"

static int refuse(struct refusal *refusal, const char *id, const char *message)
{
    return refusal_set(refusal, id, 400, "Body.InvalidFormat", message);
}

/* --- checks ----------------------------------------------------------------------------------- */

/* Where nothing follows, the status is final. */
static bool may_follow(struct lfi_slice from, struct lfi_slice to)
{
    static const char *const moves[][2] = {
        {"Pending", "AcceptedSettlementCompleted"},
        {"Pending", "AcceptedWithoutPosting"},
        {"Pending", "AcceptedCreditSettlementCompleted"},
        {"Pending", "Rejected"},
        {"Received", "AcceptedSettlementCompleted"}, /* of a file */
        {"Received", "AcceptedCreditSettlementCompleted"},
        {"Received", "Rejected"},
        {"AcceptedSettlementCompleted", "AcceptedWithoutPosting"},
        {"AcceptedSettlementCompleted", "AcceptedCreditSettlementCompleted"},
        {"AcceptedSettlementCompleted", "Rejected"},
    };
    for (size_t i = 0; i < ARRAY_LEN(moves); i++) {
        if (slice_equal_text(from, moves[i][0]) && slice_equal_text(to, moves[i][1])) {
            return true;
        }
    }
    return false;
}

static int check_rail(const cJSON *payment, const cJSON *patch, enum hub_form version,
                      struct refusal *refusal)
{
    struct lfi_slice rail = json_get_string(patch, RAIL), known = json_get_string(payment, "rail");
    bool named = rail.ptr;
    if (named != (version == HUB_FORM_2_2)) {
        return refuse(refusal, "PAYMENT-FORM",
                      named ? "The rail is named since v2.2." : "The rail must be named.");
    }
    return !known.ptr || slice_equal(known, rail)
               ? 0
               : refuse(refusal, "PAYMENT-RAIL", "paymentRail cannot change.");
}

static int check_patch(const cJSON *payment, const cJSON *patch, enum hub_form version,
                       struct refusal *refusal)
{
    struct lfi_slice from = json_get_string(json_get(payment, "paymentResponse"), "status");
    struct lfi_slice to = json_get_string(patch, STATUS);
    struct lfi_slice transaction = json_get_string(patch, TRANSACTION);
    struct lfi_slice known = json_get_string(payment, "transactionId");
    bool rejected = slice_equal_text(to, "Rejected");
    if (check_rail(payment, patch, version, refusal) != 0) {
        return -1;
    }
    bool has_reasons = json_get(patch, REASONS);
    if (rejected != has_reasons) {
        return refuse(refusal, "PAYMENT-REASON",
                      "What is rejected has a rejectReasonCode, and nothing else has.");
    }
    if (known.ptr && transaction.ptr && !slice_equal(known, transaction)) {
        return refuse(refusal, "PAYMENT-TRANSACTION", "paymentTransactionId cannot change.");
    }
    if (!slice_equal(from, to) && !may_follow(from, to)) {
        refuse(refusal, "PAYMENT-MOVE", "The status does not follow the present one.");
        refusal_detail(refusal, "%.*s to %.*s", SLICE_ARG(from), SLICE_ARG(to));
        return -1;
    }
    return 0;
}

/* --- what is lawful and odd ------------------------------------------------------------------- */

/* Whether each reason that is known is told again: a list replaces the one before. */
static bool keeps_reasons(const cJSON *known, const cJSON *told)
{
    const cJSON *reason, *again;
    cJSON_ArrayForEach(reason, known)
    {
        bool kept = false;
        cJSON_ArrayForEach(again, told)
        {
            kept |= cJSON_Compare(reason, again, true);
        }
        if (!kept) {
            return false;
        }
    }
    return true;
}

static bool has_strange_code(const cJSON *reasons)
{
    const cJSON *reason;
    cJSON_ArrayForEach(reason, reasons)
    {
        struct lfi_slice code = json_get_string(reason, "code");
        if (!slice_starts_with(code, "AANI.") && !slice_starts_with(code, "FTS.") &&
            !slice_starts_with(code, "LFI.")) {
            return true;
        }
    }
    return false;
}

static void note_oddities(const struct sim *sim, struct consent *consent, const cJSON *payment,
                          const cJSON *patch)
{
    const cJSON *answer = json_get(payment, "paymentResponse");
    struct lfi_slice to = json_get_string(patch, STATUS);
    bool of_file = slice_equal_text(json_get_string(payment, "paymentType"), "cbuae-file-payment");
    bool identified = json_get(payment, "transactionId") || json_get_string(patch, TRANSACTION).ptr;
    const struct {
        bool odd;
        const char *id, *detail;
    } oddities[] = {
        {slice_equal_text(to, "Pending"), "PAYMENT-PENDING",
         "the Hub knows from the 201 that the payment is pending"},
        {slice_equal_text(to, "AcceptedWithoutPosting") && !identified,
         "PAYMENT-TRANSACTION-MISSING", "what Aani accepted has a paymentTransactionId"},
        {!keeps_reasons(json_get(answer, "rejectReasonCode"), json_get(patch, REASONS)),
         "PAYMENT-REASONS-LOST", "a list of reasons that leaves out one told before replaces it"},
        {has_strange_code(json_get(patch, REASONS)), "PAYMENT-REASON-CODE",
         "a reason begins with AANI., FTS. or LFI."},
        {json_get(patch, BILLING) && !of_file, "PAYMENT-BILLING",
         "OpenFinanceBilling is told of files only"},
    };
    for (size_t i = 0; i < ARRAY_LEN(oddities); i++) {
        if (oddities[i].odd) {
            store_note_finding(sim->store, consent, oddities[i].id, oddities[i].detail);
        }
    }
}

/* --- taking it -------------------------------------------------------------------------------- */

static void replace(cJSON *object, const char *name, const cJSON *value)
{
    if (value) {
        cJSON_DeleteItemFromObjectCaseSensitive(object, name);
        cJSON_AddItemToObject(object, name, cJSON_Duplicate(value, true));
    }
}

static void take(const struct sim *sim, cJSON *payment, const cJSON *patch)
{
    char now[DATETIME_TEXT_MAX];
    cJSON *answer = cJSON_GetObjectItemCaseSensitive(payment, "paymentResponse");
    datetime_format_utc_ms(clock_now_us(sim->clock), now);
    cJSON *updated = cJSON_CreateString(now);
    replace(answer, "status", json_get(patch, STATUS));
    replace(answer, "rejectReasonCode", json_get(patch, REASONS));
    replace(answer, "statusUpdateDateTime", updated);
    replace(payment, "transactionId", json_get(patch, TRANSACTION));
    replace(payment, "rail", json_get(patch, RAIL));
    cJSON_Delete(updated);
}

static void note_patch(const struct sim *sim, cJSON *payment, const cJSON *patch)
{
    char now[DATETIME_TEXT_MAX];
    cJSON *patches = cJSON_GetObjectItemCaseSensitive(payment, "patches");
    cJSON *note = cJSON_CreateObject();
    datetime_format_utc_ms(clock_now_us(sim->clock), now);
    cJSON_AddStringToObject(note, "at", now);
    cJSON_AddItemToObject(note, "patch", cJSON_Duplicate(patch, true));
    while (cJSON_GetArraySize(patches) >= PAYMENTS_PATCHES) {
        cJSON_DeleteItemFromArray(patches, 0);
    }
    cJSON_AddItemToArray(patches, note);
}

/* Whether it says word for word what the last one said, as after an answer that was lost. */
static bool is_repeat(const cJSON *payment, const cJSON *patch)
{
    const cJSON *patches = json_get(payment, "patches");
    const cJSON *last = cJSON_GetArrayItem(patches, cJSON_GetArraySize(patches) - 1);
    return cJSON_Compare(json_get(last, "patch"), patch, true);
}

int payments_patch(const struct sim *sim, struct consent *consent, cJSON *payment,
                   struct lfi_slice body, struct refusal *refusal)
{
    cJSON *patch = json_parse(body);
    int rc = check_patch(payment, patch, consent->hub->config->payment_log, refusal);
    if (rc == 0) {
        bool repeat = is_repeat(payment, patch);
        note_patch(sim, payment, patch);
        if (!repeat) {
            note_oddities(sim, consent, payment, patch);
            take(sim, payment, patch);
            if (sim->announce) {
                sim->announce(sim, consent, payment);
            }
        }
        payments_update_consent(sim, consent);
    }
    cJSON_Delete(patch);
    return rc;
}
