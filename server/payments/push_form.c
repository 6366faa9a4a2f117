/* What the Hub is told of a payment, in the forms of its versions. (Payments 6.3, 7.1, 7.2.) */
#include "base/array.h"
#include "payments/push.h"

#include <stdio.h>

static const char *const statuses[] = {
    [LFI_PAYMENT_PENDING] = "Pending",
    [LFI_PAYMENT_SETTLED] = "AcceptedSettlementCompleted",
    [LFI_PAYMENT_CREDITED] = "AcceptedCreditSettlementCompleted",
    [LFI_PAYMENT_ACCEPTED_WITHOUT_POSTING] = "AcceptedWithoutPosting",
    [LFI_PAYMENT_REJECTED] = "Rejected",
};

/* Also the prefix of its codes. */
static const char *name_of(enum lfi_rail rail)
{
    return rail == LFI_RAIL_AANI ? "AANI" : rail == LFI_RAIL_UAEFTS ? "FTS" : "LFI";
}

/* What the bank refuses itself is reported since v2.2 as the payment's rail would have. */
static const char *code_on_rail(const char *own)
{
    static const struct {
        const char *own, *rail;
    } codes[] = {{"InsufficientFunds", "AM04"}, {"AccountClosed", "AC07"},
                 {"AccountBlocked", "AC06"},    {"LimitExceeded", "AM14"},
                 {"UnknownCreditor", "UCRD"},   {"ScreeningRejected", "RR04"}};
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        if (strcmp(own, codes[i].own) == 0) {
            return codes[i].rail;
        }
    }
    return "MS03"; /* no reason that can be told */
}

static void write_reason(struct json_writer *w, const struct lfi_payment_facts *facts,
                         enum hub_form version)
{
    char code[64];
    const struct lfi_payment_reason *reason = &facts->reason;
    bool by_rail = reason->by == LFI_RAIL_AANI || reason->by == LFI_RAIL_UAEFTS;
    bool routed = facts->rail == LFI_RAIL_AANI || facts->rail == LFI_RAIL_UAEFTS;
    const char *prefix = name_of(by_rail ? reason->by : LFI_RAIL_NONE);
    const char *name = reason->code;
    if (version == HUB_FORM_2_2) {
        prefix = name_of(facts->rail);
        name = routed && !by_rail ? code_on_rail(reason->code) : reason->code;
    }
    (void)snprintf(code, sizeof(code), "%s.%s", prefix, name);
    json_open_array(w, "paymentResponse.rejectReasonCode");
    json_open_object(w, NULL);
    json_text(w, "code", code);
    json_text(w, "message", reason->message[0] ? reason->message : "The payment was rejected.");
    json_close_object(w);
    json_close_array(w);
}

void push_write(struct buf *out, const struct lfi_payment_facts *facts, enum hub_form version)
{
    struct json_writer w;
    bool has_id =
        version == HUB_FORM_2_1 || facts->rail == LFI_RAIL_AANI || facts->rail == LFI_RAIL_UAEFTS;
    json_begin(&w, out);
    json_open_object(&w, NULL);
    if (version == HUB_FORM_2_2) {
        json_text(&w, "paymentResponse.paymentRail", name_of(facts->rail));
    }
    json_text(&w, "paymentResponse.status", statuses[facts->status]);
    if (has_id) {
        json_string_if_any(&w, "paymentResponse.paymentTransactionId",
                           slice_of(facts->transaction_id));
    }
    if (facts->file && version == HUB_FORM_2_1) {
        json_open_object(&w, "paymentResponse.OpenFinanceBilling");
        json_int(&w, "NumberOfSuccessfulTransactions", facts->successes);
        json_close_object(&w);
    }
    if (facts->status == LFI_PAYMENT_REJECTED) {
        write_reason(&w, facts, version);
    }
    json_close_object(&w);
}
