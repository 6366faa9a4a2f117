/* Quotes: two of travel insurance, both accepted, one completed. Nothing changes. */
#include "small_bank.h"

static const struct lfi_quote_facts QUOTES[] = {
    {.size = sizeof(struct lfi_quote_facts),
     .sector = LFI_INSURANCE_TRAVEL,
     .status = LFI_QUOTE_COMPLETED,
     .quote_id = "e7000001-0000-4000-8000-000000000001",
     .client_id = "broker"},
    {.size = sizeof(struct lfi_quote_facts),
     .sector = LFI_INSURANCE_TRAVEL,
     .status = LFI_QUOTE_APPLIED,
     .quote_id = "e7000002-0000-4000-8000-000000000001",
     .client_id = "broker"},
};
#define QUOTE_COUNT (sizeof(QUOTES) / sizeof(QUOTES[0]))

static const struct {
    size_t quote;
    uint32_t number;
    enum lfi_quote_status status;
} CHANGES[] = {
    {0, 1, LFI_QUOTE_APPLIED},
    {1, 1, LFI_QUOTE_APPLIED},
    {0, 2, LFI_QUOTE_COMPLETED},
};
#define CHANGE_COUNT (sizeof(CHANGES) / sizeof(CHANGES[0]))

static const char RATING[] =
    "\"ServiceRating\":{\"FinancialStrength\":{\"SolvencyRatio\":90.5,\"YearsInBusiness\":12},"
    "\"ClaimsServicePerformance\":{\"AverageClaimSettlementTime\":7.5,\"ClaimSettlementRatio\":"
    "95.0,\"ClaimRejectionRate\":5.0,\"ClaimsPaymentCapacityRatio\":80.0},"
    "\"CustomerServiceComplaintHandling\":{\"CustomerComplaintRate\":0.5,"
    "\"ComplaintResolutionTime\":3,\"NetPromoterScore\":40},\"PolicyDigitalConvenience\":{"
    "\"InstantDigitalPolicyIssuance\":true,\"DigitalClaimsFiling\":true,\"SelfServiceOptions\":["
    "\"WebPortal\"],\"CustomerSupportAvailability\":[\"Email\"]}}";

static int quote(void *core, const struct lfi_call *call, const struct lfi_quote_request *request,
                 struct lfi_answer *answer, struct lfi_error *error)
{
    (void)core, (void)call, (void)request, (void)answer, (void)error;
    return LFI_OK; /* it declines all */
}

static int find(void *core, const struct lfi_call *call, const struct lfi_query *query,
                struct lfi_answer *answer, struct lfi_error *error)
{
    const struct bank *bank = core;
    char json[2048];
    (void)call, (void)error;
    for (size_t i = 0; i < QUOTE_COUNT; i++) {
        struct lfi_quote_facts facts = QUOTES[i];
        if (!same(query->subject_id, facts.quote_id)) {
            continue;
        }
        if (breaks(bank, "quote-facts")) {
            (void)snprintf(facts.client_id, sizeof(facts.client_id), "another");
        }
        (void)snprintf(json, sizeof(json),
                       "{\"QuoteStatus\":\"%s\",\"QuoteId\":\"%s\",\"QuoteReference\":\"r\","
                       "\"CreationDateTime\":\"2026-03-01T08:00:00Z\",%s,"
                       "\"PolicyIssuanceAllowed\":{\"CustomerVerification\":false,\"Payment\":"
                       "false,\"PolicyDocuments\":false}}",
                       breaks(bank, "quote-shape")           ? "Accepted"
                       : facts.status == LFI_QUOTE_COMPLETED ? "Completed"
                                                             : "ApplicationPending",
                       facts.quote_id, RATING);
        return give(bank, answer, json, &facts) ? LFI_OK : LFI_STOPPED;
    }
    return LFI_UNKNOWN;
}

static int update(void *core, const struct lfi_call *call, const struct lfi_quote_change *change,
                  struct lfi_answer *answer, struct lfi_error *error)
{
    const struct bank *bank = core;
    (void)call, (void)change, (void)answer, (void)error;
    return breaks(bank, "quote-unknown") ? LFI_DENIED : LFI_UNKNOWN;
}

static int issue(void *core, const struct lfi_call *call, const struct lfi_quote_issue *issue,
                 struct lfi_answer *answer, struct lfi_error *error)
{
    (void)core, (void)call, (void)issue, (void)answer, (void)error;
    return LFI_UNKNOWN;
}

static bool give_change(const struct bank *bank, size_t at, struct lfi_answer *answer)
{
    struct lfi_quote_entry entry = {.size = sizeof(entry),
                                    .number = breaks(bank, "quote-order") ? 1 : CHANGES[at].number,
                                    .facts = QUOTES[CHANGES[at].quote]};
    entry.facts.status = CHANGES[at].status;
    (void)snprintf(entry.cursor, sizeof(entry.cursor), "after-%zu", at + 1);
    return give(bank, answer, "{}", &entry);
}

static int changes(void *core, const struct lfi_call *call, const struct lfi_change_query *query,
                   struct lfi_answer *answer, struct lfi_error *error)
{
    const struct bank *bank = core;
    size_t from = 0;
    char cursor[16];
    (void)call, (void)error;
    while (query->cursor.ptr && from < CHANGE_COUNT) {
        (void)snprintf(cursor, sizeof(cursor), "after-%zu", ++from);
        if (same(query->cursor, cursor)) {
            break;
        }
        if (from == CHANGE_COUNT) {
            return LFI_UNKNOWN;
        }
    }
    from = breaks(bank, "quote-cursor") ? 0 : from;
    for (size_t i = from; i < CHANGE_COUNT && i - from < query->limit; i++) {
        if (!give_change(bank, i, answer)) {
            return LFI_STOPPED;
        }
    }
    return LFI_OK;
}

const struct lfi_quotes SMALL_QUOTES = {.size = sizeof(SMALL_QUOTES),
                                        .quote = quote,
                                        .find = find,
                                        .update = update,
                                        .issue = issue,
                                        .changes = changes};
