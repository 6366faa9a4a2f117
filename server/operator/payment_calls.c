/* What the operator asks about payments: the newest, and to move one on. */
#include "base/array.h"
#include "base/core_answer.h"
#include "contract_operator.h"
#include "operator/call.h"
#include "rows_operator.h"

#include <stdio.h>

#define SHOWN 100

static int append_item(void *ctx, struct lfi_slice json, const void *facts)
{
    (void)facts;
    json_raw(ctx, NULL, json);
    return 0;
}

int operator_list_payments(struct call *call)
{
    struct json_writer w;
    struct lfi_error error = {{0}};
    const struct provider *provider = call->provider;
    const struct lfi_payment_list_query query = {
        .base = {.size = sizeof(query),
                 .subject_id = contract_parameter(&call->parameters, OPERATOR_CONSENT_ID),
                 .window = {0, SHOWN}}};
    if (!provider->payments) {
        return operator_refuse_absent(call);
    }
    json_begin(&w, &call->reply->body);
    json_open_object(&w, NULL);
    json_open_array(&w, "payments");
    const struct lfi_call core = core_call(provider->host, NULL);
    struct core_answer answer = core_answer(append_item, &w);
    int rc = provider->payments->list(provider->core, &core, &query, &answer.base, &error);
    json_close_array(&w);
    json_close_object(&w);
    if (operator_check_outcome(call, OUTCOME_LEVER, rc, &error) != 0) {
        buf_clear(&call->reply->body);
        return -1;
    }
    call->reply->status = 200;
    return 0;
}

/* The contract check has made sure that the word is one of them. */
static int index_of(const char *const *words, size_t count, struct lfi_slice word)
{
    for (size_t i = 0; i < count; i++) {
        if (words[i] && slice_equal_text(word, words[i])) {
            return (int)i;
        }
    }
    return 0;
}

static void read_reason(const cJSON *reason, struct lfi_payment_reason *out)
{
    static const char *const rails[] = {
        [LFI_RAIL_NONE] = "LFI", [LFI_RAIL_AANI] = "AANI", [LFI_RAIL_UAEFTS] = "FTS"};
    out->by = (enum lfi_rail)index_of(rails, ARRAY_LEN(rails), json_get_string(reason, "by"));
    (void)snprintf(out->code, sizeof(out->code), "%.*s",
                   SLICE_ARG(json_get_string(reason, "code")));
    (void)snprintf(out->message, sizeof(out->message), "%.*s",
                   SLICE_ARG(slice_cut(json_get_string(reason, "message"), 500)));
}

int operator_set_payment(struct call *call)
{
    static const char *const statuses[] = {
        [LFI_PAYMENT_SETTLED] = "AcceptedSettlementCompleted",
        [LFI_PAYMENT_CREDITED] = "AcceptedCreditSettlementCompleted",
        [LFI_PAYMENT_ACCEPTED_WITHOUT_POSTING] = "AcceptedWithoutPosting",
        [LFI_PAYMENT_REJECTED] = "Rejected"};
    struct lfi_error error = {{0}};
    struct lfi_payment_reason reason = {.by = LFI_RAIL_NONE};
    const struct provider *provider = call->provider;
    const cJSON *body = operator_call_of(call)->body;
    const cJSON *given = json_get(body, "reason");
    enum lfi_payment_status status = (enum lfi_payment_status)index_of(
        statuses, ARRAY_LEN(statuses), json_get_string(body, "status"));
    if (!PROVIDER_SERVES(provider, levers, payment_set_status)) {
        return operator_refuse_absent(call);
    }
    bool has_reason = given;
    if ((status == LFI_PAYMENT_REJECTED) != has_reason) {
        return operator_refuse(call, "LEVER-BODY", 400,
                               "The body is invalid: Rejected has a reason, and nothing else has.");
    }
    read_reason(given, &reason);
    const struct lfi_call core = core_call(provider->host, NULL);
    int rc = provider->levers->payment_set_status(
        provider->core, &core, contract_parameter(&call->parameters, OPERATOR_PAYMENT_ID), status,
        given ? &reason : NULL, &error);
    return operator_check_outcome(call, OUTCOME_MOVE, rc, &error);
}
